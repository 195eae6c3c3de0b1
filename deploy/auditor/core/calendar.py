"""What the calendar brings about: sessions, months, decisions to post; in the order of keys."""

from collections.abc import Collection, Iterator
from datetime import date, datetime, time, timedelta
from typing import Final

from deploy.auditor.core.law import Law, Laws, Unit
from deploy.auditor.core.single import PROVINCE
from deploy.auditor.core.wall import DAY, VIETNAM, BeyondCalendar

LOOK_BACK: Final = timedelta(days=30)
"""How long after a decision it is still looked for: decisions are recorded late at times."""

QUARTERS: Final = {1: 1, 4: 2, 7: 3, 10: 4}
"""The month in which each quarter begins."""

BEFORE_WORK: Final = timedelta(hours=7)


def brought_about(
    laws: Laws, upto: datetime, there: Collection[str] = ()
) -> Iterator[tuple[str, datetime]]:
    """Yield each subject that the calendar opened before a moment, and when it did.

    Nothing opens before the day that a unit's row names, nor before that was recorded. Memory
    is that of one unit's subjects.

    Args:
        laws: Every change of the law.
        upto: The moment.
        there: Subjects of units whose code has changed in which something happened: of a
            period's names the calendar takes one that is there already.
    """
    last = laws.last
    if last is None:
        return
    named = [
        (name, unit) for unit in last.units.values() for name in laws.codes.names(unit.code)
    ]
    for name, unit in sorted(named, key=lambda one: f"{one[0]}/"):
        if unit.begins is not None:
            found = dict[str, datetime]()
            opened_by = (
                *_of_unit(unit, unit.begins, laws, last, upto),
                *_staff_lists(unit, unit.begins, laws, upto),
            )
            for called, own, opened in opened_by:
                others = (f"{code}/{own}" for code in laws.codes.names(unit.code))
                key = next((other for other in others if other in there), f"{called}/{own}")
                if key.startswith(f"{name}/"):
                    found[key] = min(opened, found.get(key, opened))
            yield from sorted(found.items())


def _of_unit(
    unit: Unit, begins: date, laws: Laws, last: Law, upto: datetime
) -> Iterator[tuple[str, str, datetime]]:
    """Yield the name of a period, what follows it in the subject, and when it was opened."""
    day = max(begins, unit.known.date())
    while day <= upto.date():
        opened = max(_midnight(day), unit.known)
        for name in _sessions(unit.code, day, opened, laws):
            yield laws.codes.name_on(unit.code, day), f"duty/{day}/{name}", opened
        if day.day == 1 and unit.code != PROVINCE:
            yield laws.codes.name_on(unit.code, day), f"conditions/{day:%Y-%m}", opened
        if day.day == 1 and day.month in QUARTERS:
            quarter = f"{day.year}-Q{QUARTERS[day.month]}"
            yield laws.codes.name_on(unit.code, day), f"meeting/{quarter}", opened
        day += DAY
    if unit.code != PROVINCE:
        yield from _postings(unit, begins, last, upto)


def _sessions(unit: str, day: date, opened: datetime, laws: Laws) -> Iterator[str]:
    """Yield the sessions of a day, by the law as it was before work began."""
    index = laws.at(max(opened, _midnight(day) + BEFORE_WORK))
    wall = None if index is None else laws.changes[index].wall(unit)
    if wall is None:
        return
    try:
        yield from (name for name in ("am", "pm") if wall.session(day, name) is not None)
    except BeyondCalendar:
        return


def _postings(
    unit: Unit, begins: date, last: Law, upto: datetime
) -> Iterator[tuple[str, str, datetime]]:
    for one in last.procedures.values():
        called = last.codes.name_on(unit.code, one.decided)
        moments = [(one.decided, one.known)]
        if one.expired is not None and one.expiry_known is not None:
            moments.append((one.expired, one.expiry_known))
        for day, known in moments:
            opened = max(_midnight(day), known, unit.known)
            lately = opened.date() <= day + LOOK_BACK
            if one.communes and begins <= day and lately and opened < upto:
                yield called, f"posting/{one.code}/{one.decided}", opened


def _staff_lists(
    unit: Unit, begins: date, laws: Laws, upto: datetime
) -> Iterator[tuple[str, str, datetime]]:
    """Yield the staff lists to be posted: at the beginning, and after each change of a role."""
    days: list[tuple[date, datetime, datetime | None]] = [(begins, unit.known, None)]
    for holding in laws.holdings.get(unit.code, ()):
        days += [(day, known, holding.until) for day, known in holding.days]
    for day, known, until in days:
        opened = max(_midnight(day), known, unit.known)
        lately = opened.date() <= day + LOOK_BACK
        replaced = until is not None and until <= opened
        if begins <= day and lately and opened < upto and not replaced:
            yield laws.codes.name_on(unit.code, day), f"staff_posting/{day}", opened


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), VIETNAM)

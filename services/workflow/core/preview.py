"""What a decision would move: the same recount that its approval brings, on a copy.

Nothing here works a date out. A subject is counted under what holds, then under what would
hold, and what that would tell is counted.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from services.workflow.core.counting import recount
from services.workflow.core.kinds.dossier import DEADLINE
from services.workflow.core.kinds.duty import KIND as DUTY
from services.workflow.core.ladder import MOMENTS
from services.workflow.core.law import law_of
from services.workflow.core.model import Obligation, Subject
from shared.calendar.errors import DateOutsideCalendarError
from shared.events.obligations import (
    ObligationDischarged,
    ObligationDueChanged,
    ObligationOpened,
    ObligationRungWithdrawn,
)
from shared.reference.errors import NoCalendarError
from shared.reference.view import Reference
from shared.subjects.fold import Context, Emission

COUNTED: Final = (
    "later",  # Promises that move to a later moment.
    "earlier",  # Promises of matters that move earlier; those of dossiers never do.
    "kept",  # The promise stays as printed, though the statutory end comes earlier.
    "beside",  # Only another date moves: a later statutory end, or the index's.
    "dated",  # What had no date, past the published calendar or without a rule, gets one.
    "undated",  # What had a date loses it.
    "still_undated",  # What has no date, and gets none.
    "become_overdue",
    "stop_overdue",
    "alerts_void",  # Rungs already told that are withdrawn.
    "rungs_moved",  # Rungs not yet told that move, come or go.
    "opened",  # Obligations that come to be owed, but sessions of duty.
    "voided",  # Obligations that are owed no more, but sessions of duty.
    "citizens",  # Applicants who are told a new date.
    "sessions_voided",
    "sessions_opened",
    "sessions_begun",  # Sessions that have begun, which the change leaves alone.
)
"""What a preview counts, unit by unit."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One obligation that a decision would touch, before and after."""

    subject: str
    unit: str
    obligation: str
    what: tuple[str, ...]
    old_due: datetime | None
    new_due: datetime | None
    old_limit: datetime | None
    new_limit: datetime | None
    no_deadline: str | None


@dataclass(frozen=True, slots=True)
class Effect:
    """What a decision would do in one subject.

    Attributes:
        counts: Unit to how many of each of `COUNTED`.
        moved: The obligations that are touched.
        emissions: What would be told, as the approval will tell it.
    """

    counts: Mapping[str, Counter[str]]
    moved: tuple[Moved, ...] = ()
    emissions: tuple[Emission, ...] = ()


@dataclass(frozen=True, slots=True)
class _Before:
    unit: str
    open: bool
    overdue: bool
    due: datetime | None
    limit: datetime | None
    no_deadline: str | None
    planned: frozenset[tuple[str, int, datetime]] = field(default_factory=frozenset)


def effect_of(subject: Subject, now: datetime, held: Reference, would: Reference) -> Effect:
    """Return what a decision would do in a subject, which is spent afterwards.

    Args:
        subject: A copy; it is counted anew in place.
        now: The moment at which it is decided.
        held: What holds.
        would: What would hold.
    """
    if subject.law != law_of(held):
        recount(subject, Context(now, held))
    before = {ob.id: _look(ob, now) for ob in subject.obligations.values()}
    emissions = tuple(recount(subject, Context(now, would)))
    counts: dict[str, Counter[str]] = {}
    moved: list[Moved] = []
    told = _told(emissions)
    for ob in subject.obligations.values():
        was = before.get(ob.id)
        what = [*told.get(ob.id, ()), *_states(was, ob, now)]
        planned = _planned(ob) ^ (was.planned if was else frozenset())
        count = counts.setdefault(ob.unit, Counter())
        count.update(what)
        if planned:
            count["rungs_moved"] += len({(rung, repeat) for rung, repeat, _ in planned})
        if set(what) - {"still_undated", "citizens"}:
            moved.append(_moved(subject, ob, was, tuple(dict.fromkeys(what))))
    return Effect(counts, tuple(moved), emissions)


def sessions_of_days(
    days: Collection[date],
    now: datetime,
    held: Reference,
    would: Reference,
) -> dict[str, Counter[str]]:
    """Count the duty sessions of some days that would be voided or opened, by unit.

    A session that has begun by now stays as it is.
    """
    counts: dict[str, Counter[str]] = {}
    for unit in held.units.values():
        begins = unit.obligations_from
        for day in days if begins is not None else ():
            if begins is None or day < begins:
                continue
            old, new = _sessions(held, unit.code, day), _sessions(would, unit.code, day)
            for session in old ^ new:
                word = "sessions_voided" if session in old else "sessions_opened"
                if session[1] <= now:
                    word = "sessions_begun"
                counts.setdefault(unit.code, Counter())[word] += 1
    return counts


def _sessions(
    reference: Reference, unit: str, day: date
) -> frozenset[tuple[str, datetime, datetime]]:
    try:
        found = reference.opening(unit).sessions(day)
    except (DateOutsideCalendarError, NoCalendarError):
        return frozenset()
    return frozenset((one.name, one.opens, one.closes) for one in found)


def _look(ob: Obligation, now: datetime) -> _Before:
    return _Before(
        ob.unit, ob.open, _overdue(ob, now), ob.due, ob.limit, ob.no_deadline, _planned(ob)
    )


def _overdue(ob: Obligation, now: datetime) -> bool:
    return ob.open and ob.due is not None and ob.due < now


def _planned(ob: Obligation) -> frozenset[tuple[str, int, datetime]]:
    """Return the rungs to come: of the cycle that runs, while it is owed."""
    cycle = ob.cycle if ob.open else None
    if cycle is None:
        return frozenset()
    return frozenset(
        (rung.rung, rung.repeat, rung.at)
        for rung in cycle.rungs
        if rung.status == "planned" and rung.rung not in MOMENTS
    )


def _told(emissions: tuple[Emission, ...]) -> dict[str, list[str]]:
    """Sort what would be told by obligation, in the words of `COUNTED`."""
    told: dict[str, list[str]] = {}
    for emission in emissions:
        data, words = emission.data, told.setdefault(emission.data.get("obligation", ""), [])
        if emission.name == ObligationDueChanged.NAME:
            words.extend(_changed(data))
        elif emission.name == ObligationRungWithdrawn.NAME:
            words.append("alerts_void")
        elif data.get("kind") == DUTY:
            continue  # Sessions are counted by the day.
        elif emission.name == ObligationOpened.NAME:
            words.append("opened")
        elif emission.name == ObligationDischarged.NAME and data.get("void"):
            words.append("voided")
    return told


def _changed(data: Mapping[str, Any]) -> Iterator[str]:
    old, new = _read(data.get("old_due")), _read(data.get("new_due"))
    if old is not None and new is not None and new != old:
        yield "later" if new > old else "earlier"
    elif old is not None:
        was, limit = _read(data.get("old_limit")), _read(data.get("new_limit"))
        kept = was is not None and limit is not None and limit < was
        yield "kept" if kept else "beside"
    if data["obligation"] == DEADLINE and new is not None and new != old:
        yield "citizens"


def _read(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _states(was: _Before | None, ob: Obligation, now: datetime) -> Iterator[str]:
    """Say what no event tells: what is overdue by now, and what has no date."""
    overdue = was is not None and was.overdue
    if _overdue(ob, now) != overdue:
        yield "stop_overdue" if overdue else "become_overdue"
    if was is None or not (was.open and ob.open):
        return
    if ob.no_deadline is not None:
        yield "undated" if was.no_deadline is None else "still_undated"
    elif was.no_deadline is not None:
        yield "dated"


def _moved(
    subject: Subject, ob: Obligation, was: _Before | None, what: tuple[str, ...]
) -> Moved:
    return Moved(
        subject=subject.id,
        unit=ob.unit,
        obligation=ob.id,
        what=what,
        old_due=None if was is None else was.due,
        new_due=ob.due if ob.open else None,
        old_limit=None if was is None else was.limit,
        new_limit=ob.limit if ob.open else None,
        no_deadline=ob.no_deadline,
    )

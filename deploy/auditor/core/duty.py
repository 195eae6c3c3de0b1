"""Somebody is on duty in every session in which a unit is open."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from deploy.auditor.core.history import Fact
from deploy.auditor.core.law import Law
from deploy.auditor.core.owing import BREACH, Count, Ladder, Owed, Stretch, moments

DUTY: Final = "duty"
GRACE: Final = timedelta(minutes=15)
"""How long a counter may be empty."""


def session_of(
    subject: str, facts: Sequence[Fact], law: Law
) -> tuple[datetime, datetime] | None:
    """Return when the session of a duty matter begins and ends; None if nothing is owed.

    A unit whose code has changed has one record of a session.
    """
    named, _, own = subject.split("/", 2)
    code = law.codes.now(named)
    unit, wall = law.units.get(code), law.wall(code)
    day = date.fromisoformat(own[:10])
    if unit is None or wall is None or unit.begins is None or day < unit.begins:
        return None
    if not facts and not law.codes.is_named(subject, day):
        return None
    return wall.session(day, own[11:])


def owed(subject: str, facts: Sequence[Fact], law: Law, ladder: Ladder) -> list[Owed]:
    """Say in which stretches of a session nobody was there."""
    session = session_of(subject, facts, law)
    code = law.codes.now(subject.split("/", 1)[0])
    wall = law.wall(code)
    if session is None or wall is None:
        return []
    gaps = list(_gaps(session, facts))
    stretches = []
    for key, since, filled in gaps:
        due = since + GRACE
        hung = moments(ladder, Count(wall, due, since), since)
        breach = (BREACH, 0, due)
        stretches.append(
            Stretch(key, since, filled, due, None, (*hung, breach), lapses=session[1])
        )
    _, since, filled = gaps[-1]
    discharged = None if filled is None else (filled, "covered")
    return [Owed(DUTY, DUTY, code, tuple(stretches), discharged=discharged, due=since + GRACE)]


def _gaps(
    session: tuple[datetime, datetime], facts: Sequence[Fact]
) -> Iterator[tuple[str, datetime, datetime | None]]:
    """Yield the stretches without anybody: what began each, when, and when it was filled."""
    opens, closes = session
    there: set[str] = set()
    gap: tuple[str, datetime] | None = ("session", opens)
    for fact in facts:
        if fact.time > closes:
            break
        match fact.name:
            case "duty.checked_in":
                there.add(fact.data["person"])
            case "duty.replaced":
                there.discard(fact.data["person"])
                there.add(fact.data["by"])
            case "duty.checked_out":
                there.discard(fact.data["person"])
        if there and gap is not None:
            yield (*gap, fact.time)
            gap = None
        elif not there and gap is None and fact.time + GRACE < closes:
            gap = (fact.id, max(fact.time, opens))
    if gap is not None:
        yield (*gap, None)

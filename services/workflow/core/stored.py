"""Cycles and their rungs as the store keeps them, and instants as both do.

Instants are kept as whole microseconds since 1970: exact, small, and in order when indexed.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from services.workflow.core.model import Cycle, RungState, RungStatus
from shared.calendar.zone import ICT

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC).astimezone(ICT)
_MICROSECOND: Final = timedelta(microseconds=1)
_INSTANTS_KEPT: Final = 32_768
"""How many instants are kept at hand: dossiers of one day share most of their moments."""

_STATUSES: Final[tuple[RungStatus, ...]] = (
    "planned",
    "raised",
    "skipped",
    "withdrawn",
    "not_applicable",
    "quiet",
    "moot",
    "grouped",
)
_PLANNED_FIELDS: Final = 3
_SETTLED_MORE: Final = 3
"""How many fields of a settled rung are left out where they say nothing."""

_NUMBERS: Final = {status: number for number, status in enumerate(_STATUSES)}


@lru_cache(maxsize=_INSTANTS_KEPT)
def stamp(moment: datetime) -> int:
    """Return an instant as the store keeps it."""
    return (moment - _EPOCH) // _MICROSECOND


@lru_cache(maxsize=_INSTANTS_KEPT)
def unstamp(number: int) -> datetime:
    """Return the instant that a stored number stands for."""
    return _EPOCH + number * _MICROSECOND


def cycle_row(cycle: Cycle) -> dict[str, Any]:
    """Return a cycle as the store keeps it."""
    return {
        "number": cycle.number,
        "key": cycle.key,
        "opened": stamp(cycle.opened),
        "due": maybe(cycle.due),
        "limit": maybe(cycle.limit),
        "known_at": stamp(cycle.known_at),
        "ended_at": maybe(cycle.ended_at),
        "ended_why": cycle.ended_why,
        "rungs": [_rung(rung) for rung in cycle.rungs],
        **({} if cycle.moved_at is None else {"moved_at": stamp(cycle.moved_at)}),
    }


def read_cycle(document: Mapping[str, Any]) -> Cycle:
    """Return the cycle that was stored."""
    return Cycle(
        number=int(document["number"]),
        key=document["key"],
        opened=unstamp(document["opened"]),
        due=read_maybe(document["due"]),
        limit=read_maybe(document["limit"]),
        known_at=unstamp(document["known_at"]),
        ended_at=read_maybe(document["ended_at"]),
        ended_why=document["ended_why"],
        rungs=[_read_rung(rung) for rung in document["rungs"]],
        moved_at=read_maybe(document.get("moved_at")),
    )


def _rung(rung: RungState) -> list[Any]:
    untouched = rung.status == "planned" and not rung.times and not rung.kept
    if untouched and (rung.role, rung.incident, rung.why) == (None, None, None):
        return [rung.rung, stamp(rung.at), rung.repeat]  # Most of them, most of the time.
    row = [
        rung.rung,
        stamp(rung.at),
        rung.repeat,
        _NUMBERS[rung.status],
        maybe(rung.settled_at),
        rung.why,
        rung.times,
        rung.role,
    ]
    more = [rung.incident, rung.kept or None, rung.told_in]
    while more and more[-1] is None:
        more.pop()
    return [*row, *more]


def _read_rung(row: Sequence[Any]) -> RungState:
    if len(row) == _PLANNED_FIELDS:
        return RungState(row[0], unstamp(row[1]), row[2])
    name, at, repeat, status, settled_at, why, times, role, *more = row
    incident, kept, told_in = (*more, *[None] * _SETTLED_MORE)[:_SETTLED_MORE]
    return RungState(
        rung=name,
        at=unstamp(at),
        repeat=int(repeat),
        status=_STATUSES[int(status)],
        settled_at=read_maybe(settled_at),
        why=why,
        times=int(times),
        role=role,
        incident=incident,
        kept=bool(kept),
        told_in=told_in,
    )


def maybe(moment: datetime | None) -> int | None:
    """Return an instant as the store keeps it, if there is one."""
    return None if moment is None else stamp(moment)


def read_maybe(number: int | None) -> datetime | None:
    """Return the instant that a stored number stands for, if there is one."""
    return None if number is None else unstamp(number)

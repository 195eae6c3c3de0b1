"""The named pair between a subject and what the store keeps of it, and what it is found by."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from services.workflow.core.gathering import active_in, hangs
from services.workflow.core.incident import Told
from services.workflow.core.kinds.registry import KINDS
from services.workflow.core.late import Recordings
from services.workflow.core.model import (
    Asked,
    Gap,
    Lapse,
    Obligation,
    Opening,
    Promise,
    Subject,
)
from services.workflow.core.past import Past
from services.workflow.core.stored import (
    cycle_row,
    maybe,
    read_cycle,
    read_maybe,
    stamp,
    unstamp,
)
from shared.events.partitioner import partition_of
from shared.events.progress import LATE_WAIT
from shared.events.topics import PARTITIONS
from shared.reference.units import Units
from shared.subjects.errors import StopServiceError

FIRST_ROLE: Final = "handler"
OPEN_END: Final = 253_402_300_799_000_000
"""Stands for no end: the last second of the year 9999."""

_MOMENTS: Final = (
    "due",
    "limit",
    "index_due",
    "first_due",
    "last_due",
    "last_limit",
    "last_index_due",
    "limit_missed",
    "suspended_since",
    "discharged_at",
    "quiet_until",
    "relook_at",
)
_PLAIN: Final = (
    "in_time",
    "by_limit",
    "by_index",
    "why",
    "void",
    "no_deadline",
    "rule",
)


def shard_of(subject: str) -> int:
    """Return the shard of a subject: the partition that its events come on."""
    return partition_of(subject.encode(), PARTITIONS)


class SubjectCodec:
    """Between a `Subject` and its document.

    A subject is read with the units' codes of now, whatever it was stored with.

    Args:
        late_wait: How long what is overdue waits for a backlog: it is part of `next_at`.
        units: Returns the units as they are now.
    """

    def __init__(
        self, late_wait: timedelta = LATE_WAIT, units: Callable[[], Units] = Units
    ) -> None:
        self._late_wait = late_wait
        self._units = units

    def to_document(self, state: Subject) -> dict[str, Any]:
        """Return everything of a subject as the store keeps it."""
        document: dict[str, Any] = {
            "id": state.id,
            "unit": state.unit,
            "law": state.law,
            "history": state.history.values(),
            "obligations": [_obligation(each) for each in state.obligations.values()],
            "gaps": [_gap(each) for each in state.gaps.values()],
            "adopted": [list(pair) for pair in state.adopted.items()],
            **_asked(state),
        }
        if state.opening is not None:
            document["opening"] = [stamp(state.opening.at), state.opening.law]
        if state.recordings is not None:
            document["recordings"] = _recordings(state.recordings)
        if state.incidents:
            document["incidents"] = [_told(each) for each in state.incidents.values()]
        return document

    def from_document(self, document: Mapping[str, Any]) -> Subject:
        """Return the subject that a stored document holds.

        Raises:
            StopServiceError: a build from before 0.1.0 stored it, in another form.
        """
        units = self._units()
        history = document["history"]
        if history and not isinstance(history[0], bytes):
            raise StopServiceError(
                f"{document['id']} was stored by a build from before 0.1.0: drop workflow's "
                "database but its archive, then `motcua replay --for workflow`"
            )
        obligations = [_read_obligation(each, units) for each in document["obligations"]]
        return Subject(
            id=document["id"],
            unit=units.current(document["unit"]),
            law=int(document["law"]),
            history=Past(history, units.current if units.aliases else None),
            obligations={each.id: each for each in obligations},
            gaps={gap.id: gap for gap in (_read_gap(row, units) for row in document["gaps"])},
            adopted=dict(document["adopted"]),
            asked={row[0]: _read_asked(row) for row in document.get("asked", ())},
            opening=_read_opening(document.get("opening")),
            recordings=_read_recordings(document.get("recordings")),
            incidents={
                told.incident: told
                for told in (_read_told(row, units) for row in document.get("incidents", ()))
            },
        )

    def index(self, state: Subject) -> dict[str, Any]:
        """Return what subjects are found by: shard and next moment, unit, what is open.

        `ends` is the earliest promise of what is owed, `OPEN_END` where nothing owed has a
        date now; `roles` are those whose turn it is. Both are absent where nothing is owed.
        `incidents` are those that are there in a matter, `hangs` what hangs on one in a
        dossier; `gathering_since` and `hangs_on` are what the two are asked by.
        """
        next_at = state.next_at(self._late_wait)
        still = [each for each in state.obligations.values() if each.open]
        kinds = sorted({each.kind for each in still})
        main = [each for each in still if not KINDS[each.kind].beside]
        undated = any(each.no_deadline == "beyond_horizon" for each in still)
        incidents = list(active_in(state))
        hung = hangs(state)
        return {
            "shard": shard_of(state.id),
            "next_at": None if next_at is None else stamp(next_at),
            "unit": state.unit,
            "open": kinds or None,
            "ends": min((end_stamp(each.due) for each in main or still), default=None),
            "roles": sorted({role for each in still for role in answering(each)}) or None,
            "law": state.law if still else None,
            "undated": True if undated else None,
            "incidents": [
                [one.id, one.unit, one.system, stamp(one.since), one.common]
                for one in incidents
            ]
            or None,
            "gathering_since": min((stamp(i.since) for i in incidents), default=None),
            "hangs": [list(row) for row in hung] or None,
            "hangs_on": sorted({incident for incident, _, _ in hung}) or None,
        }


def end_stamp(moment: datetime | None) -> int:
    """Return an end as it is indexed; what has none comes after everything that has."""
    return OPEN_END if moment is None else stamp(moment)


def answering(obligation: Obligation) -> Collection[str]:
    """Return the roles that were told of an obligation; before anybody was, the handler's."""
    return obligation.heard or (FIRST_ROLE,)


def _asked(state: Subject) -> dict[str, Any]:
    rows = [
        [one.event, one.name, one.obligation, stamp(one.at)] for one in state.asked.values()
    ]
    return {"asked": rows} if rows else {}


def _read_asked(row: Sequence[Any]) -> Asked:
    event, name, obligation, at = row
    return Asked(event, name, obligation, unstamp(at))


def _read_opening(row: Sequence[int] | None) -> Opening | None:
    return None if row is None else Opening(unstamp(row[0]), row[1])


def _recordings(known: Recordings) -> list[Any]:
    return [known.publisher, [stamp(one) for one in known.moments], maybe(known.late)]


def _read_recordings(row: Sequence[Any] | None) -> Recordings | None:
    if row is None:
        return None
    publisher, moments, late = row
    return Recordings(publisher, tuple(map(unstamp, moments)), read_maybe(late))


def _read_gap(row: Sequence[Any], units: Units) -> Gap:
    code, role, why, since, *reasons = row
    unit = units.current(code)
    named = None if unit == code else code
    return Gap(unit, role, why, unstamp(since), tuple(*reasons), named)


def _gap(gap: Gap) -> list[Any]:
    row = [gap.named or gap.unit, gap.role, gap.why, stamp(gap.since)]
    return [*row, list(gap.reasons)] if gap.reasons else row


def _obligation(ob: Obligation) -> dict[str, Any]:
    document: dict[str, Any] = {
        "id": ob.id,
        "kind": ob.kind,
        "unit": ob.unit,
        "opened_at": stamp(ob.opened_at),
        "cause": ob.cause,
        "cycles": [cycle_row(cycle) for cycle in ob.cycles],
    }
    for name in _MOMENTS:
        moment = getattr(ob, name)
        if moment is not None:
            document[name] = stamp(moment)
    for name in _PLAIN:
        value = getattr(ob, name)
        if value is not None and value != "" and (name != "void" or value):
            document[name] = value
    parts: dict[str, Any] = {
        "lapse": ob.lapse and [stamp(ob.lapse.at), ob.lapse.why, ob.lapse.in_time],
        "promise": ob.promise and _promise(ob.promise),
        "persons": {role: list(who) for role, who in ob.persons.items()},
        "about": dict(ob.about),
        "flags": list(ob.flags),
        "ledger": list(ob.ledger),
    }
    document.update((name, part) for name, part in parts.items() if part)
    return document


def _read_obligation(document: Mapping[str, Any], units: Units) -> Obligation:
    lapse = document.get("lapse")
    promise = document.get("promise")
    obligation = Obligation(
        id=document["id"],
        kind=document["kind"],
        unit=units.current(document["unit"]),
        opened_at=unstamp(document["opened_at"]),
        cause=document["cause"],
        cycles=[read_cycle(cycle) for cycle in document["cycles"]],
        lapse=None if lapse is None else Lapse(unstamp(lapse[0]), lapse[1], lapse[2]),
        promise=None if promise is None else _read_promise(promise),
        persons={role: tuple(who) for role, who in document.get("persons", {}).items()},
        about=dict(document.get("about", {})),
        flags=tuple(document.get("flags", ())),
        ledger=document.get("ledger", ()),
    )
    for name in _MOMENTS:
        if document.get(name) is not None:
            setattr(obligation, name, unstamp(document[name]))
    for name in _PLAIN:
        if document.get(name) is not None:
            setattr(obligation, name, document[name])
    return obligation


def _told(told: Told) -> list[Any]:
    return [
        told.incident,
        told.cause,
        told.system,
        stamp(told.since),
        stamp(told.at),
        told.times,
        [list(pair) for pair in told.heard],
        told.count,
        told.over,
        list(told.units),
    ]


def _read_told(row: Sequence[Any], units: Units) -> Told:
    incident, cause, system, since, at, times, heard, count, over, *codes = row
    return Told(
        incident=incident,
        cause=cause,
        system=system,
        since=unstamp(since),
        at=unstamp(at),
        times=int(times),
        heard=tuple((role, subject) for role, subject in heard),
        count=int(count),
        over=bool(over),
        units=tuple(dict.fromkeys(map(units.current, codes[0]))) if codes else (),
    )


def _promise(promise: Promise) -> dict[str, Any]:
    return {
        "event": promise.event,
        "cycle": promise.cycle,
        "rung": promise.rung,
        "by": promise.by,
        "cause": promise.cause,
        "promised": promise.promised.isoformat(),
        "made_at": stamp(promise.made_at),
        "expires_at": stamp(promise.expires_at),
        "role": promise.role,
        "broken_at": maybe(promise.broken_at),
    }


def _read_promise(document: Mapping[str, Any]) -> Promise:
    return Promise(
        event=document["event"],
        cycle=int(document["cycle"]),
        rung=document["rung"],
        by=document["by"],
        cause=document["cause"],
        promised=date.fromisoformat(document["promised"]),
        made_at=unstamp(document["made_at"]),
        expires_at=unstamp(document["expires_at"]),
        role=document["role"],
        broken_at=read_maybe(document["broken_at"]),
    )

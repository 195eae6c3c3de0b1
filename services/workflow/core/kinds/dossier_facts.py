"""A dossier's facts as its deadline needs them: start, waits, new dates, end."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.workflow.core.facts import CORRECTED, Facts
from shared.calendar.history import Extension, Wait
from shared.calendar.limits import Limit, LimitUnit
from shared.calendar.zone import legal_day
from shared.events.answers import NoticeProven
from shared.events.dossiers import (
    DossierAccepted,
    DossierAssigned,
    DossierExtended,
    DossierMoved,
    DossierSupplementRequested,
)
from shared.events.envelope import Event
from shared.events.history import effective
from shared.reference.errors import NoRuleError
from shared.reference.view import Reference

ENDS = (
    ("dossier.completed",),
    ("dossier.returned",),
    ("dossier.stopped", "dossier.refused"),
    ("dossier.withdrawn",),
)
"""Which event ends a dossier: the first kind found, in this order (index 766, F766)."""

ENDS_WHILE_WAITING = frozenset({"dossier.stopped", "dossier.refused", "dossier.withdrawn"})
"""These end at the request when the applicant was being waited for."""


@dataclass(frozen=True, slots=True)
class Dossier:
    """What a deadline is counted from.

    Attributes:
        accepted: The event that accepted it.
        start: The event that started the clock: the same, or the first arrival at the competent
            agency; None while it has not arrived.
        unit: The competent unit.
        procedure: Its code.
        waits: Supplement requests after acceptance, one after the other.
        extensions: New dates.
        end: The event that ended it, if one did.
        handler: Who settles it, as assigned last.
        requests: How often a supplement was asked for.
    """

    accepted: Event
    start: Event | None
    unit: str
    procedure: str
    channel: str
    waits: tuple[Wait, ...]
    extensions: tuple[Extension, ...]
    end: Event | None
    handler: str | None
    requests: int

    @property
    def given(self) -> datetime | None:
        """The deadline of the system that the dossier comes from."""
        assert isinstance(self.accepted.data, DossierAccepted), "the name says so"
        return self.accepted.data.given


def read_dossier(facts: Facts) -> Dossier | None:
    """Return what the facts say of a dossier; None before it was accepted."""
    return facts.once("dossier", lambda: _read(facts))


def _read(facts: Facts) -> Dossier | None:
    accepted = facts.first("dossier.accepted")
    if accepted is None or not isinstance(accepted.data, DossierAccepted):
        return None
    end = _end(facts)
    events = facts.events
    if end is not None and events[-1] is not end:
        events = [event for event in events if event.time <= end.time]
    asked = [event for event in events if event.name == "dossier.supplement_requested"]
    return Dossier(
        accepted=accepted,
        start=_start(accepted, facts),
        unit=_unit(accepted, events, facts.unit),
        procedure=accepted.data.procedure,
        channel=accepted.data.channel,
        waits=_waits(accepted, events) if asked else (),
        extensions=tuple(
            Extension(decided=e.time, new_day=e.data.new_date, cause=e.id)
            for e in events
            if isinstance(e.data, DossierExtended) and e.time >= accepted.time
        ),
        end=end,
        handler=next(
            (e.data.handler for e in reversed(events) if isinstance(e.data, DossierAssigned)),
            None,
        ),
        requests=sum(event.time >= accepted.time for event in asked),
    )


def handler_now(events: Iterable[Event]) -> dict[str, tuple[str, ...]]:
    """Return who settles a dossier: whoever it was given to last, corrections applied."""
    known = tuple(events)
    corrected = any(event.name.endswith(CORRECTED) for event in known)
    held = effective(known) if corrected else known
    given = [event for event in held if isinstance(event.data, DossierAssigned)]
    if not given:
        return {}
    last = max(given, key=lambda event: (event.time, event.sequence or 0))
    assert isinstance(last.data, DossierAssigned), "chosen so"
    return {"handler": (last.data.handler,)}


def limit_of(dossier: Dossier, reference: Reference) -> tuple[Limit, str] | None:
    """Return the limit that holds for a dossier and the row it stands in, if there is one.

    A dossier stays under the version of the rule that it was received under.
    """
    if dossier.given is not None:
        return Limit(LimitUnit.GIVEN, given=dossier.given), "given"
    try:
        row = reference.rule(
            dossier.procedure,
            legal_day(dossier.accepted.time),
            unit=dossier.accepted.competentunit or dossier.unit,
            channel=dossier.channel,
        )
    except NoRuleError:
        return None
    if row.limit.unit is LimitUnit.GIVEN:
        return None  # The row says that the source system gives the date, and it gave none.
    return row.limit, row.rule


def _start(accepted: Event, facts: Facts) -> Event | None:
    receiving, competent = accepted.receivingunit, accepted.competentunit
    if receiving is None or competent is None or receiving == competent:
        return accepted
    return facts.first("dossier.arrived", after=accepted.time)


def _unit(accepted: Event, events: Sequence[Event], otherwise: str) -> str:
    moved = next((e for e in reversed(events) if isinstance(e.data, DossierMoved)), None)
    if moved is not None and isinstance(moved.data, DossierMoved):
        return moved.data.to_unit
    return accepted.competentunit or otherwise


def _end(facts: Facts) -> Event | None:
    for names in ENDS:
        found = [event for name in names for event in facts.called(name)]
        if found:
            # Of one instant the table decides which came first, not the order of recording.
            return found[0] if len(found) == 1 else facts.named(names)[0]
    return None


def _waits(accepted: Event, events: Sequence[Event]) -> tuple[Wait, ...]:
    """Pair requests with receipts; a request inside an open wait opens no second one."""
    proofs = {e.data.about: e for e in reversed(events) if isinstance(e.data, NoticeProven)}
    waits: list[Wait] = []
    asked: Event | None = None
    for event in events:
        if event.time < accepted.time:
            continue
        if event.name == "dossier.supplement_requested" and asked is None:
            asked = event
        elif event.name == "dossier.supplement_received" and asked is not None:
            waits.append(_wait(asked, proofs.get(asked.id), event))
            asked = None
    if asked is not None:
        waits.append(_wait(asked, proofs.get(asked.id), None))
    return tuple(waits)


def _wait(asked: Event, proof: Event | None, received: Event | None) -> Wait:
    assert isinstance(asked.data, DossierSupplementRequested), "the name says so"
    proven, proof_id = None, None
    if asked.data.in_person:
        proven, proof_id = asked.time, asked.id
    elif proof is not None and isinstance(proof.data, NoticeProven):
        proven, proof_id = proof.data.at, proof.id
    return Wait(
        requested=asked.time,
        proven=proven,
        received=None if received is None else received.time,
        cause=asked.id,
        proof_cause=proof_id,
        receipt_cause=None if received is None else received.id,
    )

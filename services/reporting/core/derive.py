"""From a dossier's histories to its fact.

Pure and total: whatever the histories say, there is a fact, once the dossier itself was heard
of. Nothing here looks at the clock; what depends on now is asked of the fact later.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from services.reporting.core.clocks import Setting, late_spans, local_day
from services.reporting.core.dates import (
    Clocks,
    as_they_stand,
    gather,
    index_settings,
    index_verdict,
    late_by_law,
    law_verdict,
    verdict,
)
from services.reporting.core.dossier_obligations import kept_obligations
from services.reporting.core.fact import (
    Acknowledgement,
    Fact,
    Hold,
    Inconsistency,
    LawDay,
    Stint,
    Verdict,
    Wait,
)
from services.reporting.core.outages import delays, escalations
from services.reporting.core.pauses import pause_marks
from services.reporting.core.state import FactState
from services.reporting.core.submission import payment_of, submission_of
from shared.events import dossiers
from shared.events.answers import ObligationAcknowledged
from shared.events.envelope import Event
from shared.events.history import effective
from shared.events.model import EventData
from shared.events.transitions import Status, recorded_status

AFTER_THE_END: Final = frozenset(
    {
        dossiers.DossierReturned.NAME,
        dossiers.DossierPaid.NAME,
        dossiers.DossierResultDisputed.NAME,
        dossiers.DossierResultCorrected.NAME,
        dossiers.DossierCorrected.NAME,
        ObligationAcknowledged.NAME,
        "notice.proven",
        "notice.undeliverable",
    }
)
"""What may follow an end lawfully, so it is no inconsistency."""

BEGINNINGS: Final = frozenset(
    {dossiers.DossierSubmitted.NAME, dossiers.DossierAccepted.NAME},
)
ENDINGS: Final = {
    dossiers.DossierCompleted.NAME: Status.COMPLETED,
    dossiers.DossierReturned.NAME: Status.RETURNED,
    dossiers.DossierStopped.NAME: Status.STOPPED,
    dossiers.DossierRefused.NAME: Status.REFUSED,
    dossiers.DossierWithdrawn.NAME: Status.WITHDRAWN,
}
END_ORDER: Final = (
    (Status.COMPLETED,),
    (Status.RETURNED,),
    (Status.STOPPED, Status.REFUSED),
    (Status.WITHDRAWN,),
)
"""Which status gives the end time: the first found (F766)."""

TAKEN_BACK: Final = frozenset({Status.WITHDRAWN, Status.STOPPED})

MOMENT: Final = timedelta(microseconds=1)

FieldOf = Callable[[str], str | None]


@dataclass(slots=True)
class Walk:
    """What one pass over the dossier's own events, by occurrence, brings to light."""

    status: Status | None = None
    accepted: Event | None = None
    requests: list[datetime] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    asked: list[Event] = field(default_factory=list)
    ends: dict[Status, datetime] = field(default_factory=dict)
    moves: list[Event] = field(default_factory=list)


def walk(history: Sequence[Event]) -> Walk:
    """Go through effective events by occurrence."""
    seen = Walk()
    accepted_at = min(
        (one.time for one in history if isinstance(one.data, dossiers.DossierAccepted)),
        default=None,
    )
    for event in history:
        before = seen.status
        seen.status, _legal = recorded_status(
            before, event.name, was_accepted=seen.accepted is not None
        )
        data = event.data
        if isinstance(data, dossiers.DossierAccepted):
            seen.accepted = seen.accepted or event
        elif isinstance(data, dossiers.DossierMoved):
            seen.moves.append(event)
        elif accepted_at is not None and event.time >= accepted_at:
            _note_wait(seen, event)
        if (ending := ENDINGS.get(event.name)) and ending not in seen.ends:
            seen.ends[ending] = _end_moment(seen, event, ending, before)
    return seen


def _note_wait(seen: Walk, event: Event) -> None:
    """Open or close a wait for the applicant; before acceptance there is none."""
    waiting = bool(seen.waits) and seen.waits[-1].received is None
    if isinstance(event.data, dossiers.DossierSupplementRequested):
        seen.requests.append(event.time)
        if not waiting:
            seen.waits.append(Wait(event.time, None))
            seen.asked.append(event)
    elif isinstance(event.data, dossiers.DossierSupplementReceived) and waiting:
        seen.waits[-1] = Wait(seen.waits[-1].requested, event.time)


def _end_moment(seen: Walk, event: Event, ending: Status, before: Status | None) -> datetime:
    """Return when an ending counts: at the request, if it waited for its applicant since."""
    waited = before is Status.SUPPLEMENT_REQUESTED and bool(seen.waits)
    if waited and ending in {Status.REFUSED, Status.WITHDRAWN, Status.STOPPED}:
        return seen.waits[-1].requested
    return event.time


def end_of(seen: Walk) -> tuple[datetime | None, Status | None]:
    """Return when a received dossier ended and by what; nothing else can end."""
    if seen.accepted is None:
        return None, None
    for statuses in END_ORDER:
        found = [(seen.ends[one], one) for one in statuses if one in seen.ends]
        if found:
            return min(found)
    return None, None


def derive(state: FactState, field_of: FieldOf) -> Fact | None:
    """Return the fact of a dossier; None before its first own event is in line."""
    own = state.own
    if not own:
        return None
    history = list(effective(own))
    said = [one.data for one in history]
    seen = walk(history)
    ended, ended_status = end_of(seen)
    dues = state.dues
    clocks = gather(seen.accepted, dues)
    index = index_settings(clocks.index or _unsuspended(clocks), seen.waits, seen.requests)
    law = law_verdict(clocks, ended) if seen.accepted else "none"
    new_date = next(
        (data.new_date for data in said if isinstance(data, dossiers.DossierExtended)), None
    )
    first = next((data for data in said if hasattr(data, "procedure")), None)
    procedure = getattr(first, "procedure", None)
    receiving = own[0].receivingunit or own[0].competentunit or ""
    stints = _stints(seen, ended)
    dates = as_they_stand(clocks, new_date, ended)
    return Fact(
        code=state.subject,
        first_seen=min((one.time for one in history), default=own[0].time),
        last_recorded=max((one.recordedtime for one in own if one.recordedtime), default=None),
        status=seen.status or Status.SUBMITTED,
        unit=stints[-1].unit if stints else _competent(own[0]),
        receiving_unit=receiving,
        procedure=procedure,
        field=(field_of(procedure) if procedure else None) or _field_told(dues),
        channel=getattr(first, "channel", None),
        received=seen.accepted.time if seen.accepted else None,
        ended=ended,
        ended_status=ended_status,
        deadlines=dates,
        law=law,
        law_day=_law_day(law, ended, ended_status, dates.limit),
        index=_index_verdict(law, clocks, index, seen.requests, ended),
        new_date_kept=None
        if new_date is None or ended is None
        else local_day(ended) <= new_date,
        stints=stints,
        late_promise=late_spans(clocks.promise, ended=ended) if law != "none" else (),
        late_law=late_by_law(clocks, ended),
        late_index=late_spans(index, ended=ended) if law != "none" else (),
        waits=tuple(seen.waits),
        supplement_requests=len(seen.requests),
        pause_marks=_pauses(history, seen, clocks),
        holds=_holds(history, seen, ended),
        handler=_handler(history),
        apology_at=_first_at(history, dossiers.DossierApologyIssued),
        acknowledgements=_acknowledgements(history),
        escalations=escalations(dues),
        delays=delays(dues),
        obligations=kept_obligations(dues),
        inconsistency=_inconsistency(history, ended, ended_status),
        backfill=any(one.backfill for one in own),
        backfill_events=sum(one.backfill for one in own),
        lookup_hash=next(
            (found for one in own if (found := getattr(one.data, "lookup_hash", None))), None
        ),
        submission=submission_of(history, seen, dues, _competent(own[0])),
        payment=payment_of(history),
        online_level=state.levels.get(procedure) if procedure else None,
    )


def _pauses(
    history: Sequence[Event], seen: Walk, clocks: Clocks
) -> tuple[tuple[str, datetime], ...]:
    """Return what was amiss with the waits; a date that the source gave has no last day."""
    limits = () if clocks.given else clocks.limit
    missed = None if clocks.given else clocks.missed
    marks = pause_marks(history, seen.asked, seen.waits, seen.requests, limits, missed)
    return tuple(marks.items())


def _index_verdict(
    law: Verdict,
    clocks: Clocks,
    index: Sequence[Setting],
    requests: Sequence[datetime],
    ended: datetime | None,
) -> Verdict:
    """Judge by the index; a dossier is in both rates or in neither."""
    if law == "none":
        return "none"
    found = index_verdict(index, requests, ended)
    return verdict(clocks.limit, ended) if found == "none" else found


def _handler(history: Sequence[Event]) -> str | None:
    given = [
        data.handler
        for one in history
        if isinstance(data := one.data, dossiers.DossierAssigned)
    ]
    return given[-1] if given else None


def _first_at(history: Sequence[Event], kind: type[EventData]) -> datetime | None:
    return next((one.time for one in history if isinstance(one.data, kind)), None)


def _unsuspended(clocks: Clocks) -> list[Setting]:
    """Return the statute's dates, for an index that nobody gave a date of its own."""
    return [one for one in clocks.limit if one.deadline is not None]


def _competent(event: Event) -> str:
    return event.competentunit or event.receivingunit or ""


def _field_told(dues: Sequence[Event]) -> str | None:
    return next((found for one in dues if (found := getattr(one.data, "field", None))), None)


def _stints(seen: Walk, ended: datetime | None) -> tuple[Stint, ...]:
    """Return which unit was competent when, from acceptance to the end."""
    if seen.accepted is None:
        return ()
    start = seen.accepted.time
    # An import may end a dossier before it begins; it counts as ended when it began.
    last = None if ended is None else max(ended, start)
    unit = _competent(seen.accepted)
    stints: list[Stint] = []
    for event in seen.moves:
        assert isinstance(event.data, dossiers.DossierMoved), "only moves are gathered"
        target = event.data.to_unit
        if target == unit or (last is not None and event.time > last):
            continue
        if event.time <= start and not stints:
            unit = target
            continue
        stints.append(
            Stint(unit, start, event.time, "moved" if stints else "received", "moved")
        )
        unit, start = target, event.time
    stints.append(
        Stint(
            unit,
            start,
            last,
            "moved" if stints else "received",
            None if last is None else "ended",
        )
    )
    return tuple(stints)


def _law_day(
    law: Verdict, ended: datetime | None, status: Status | None, limit: datetime | None
) -> LawDay:
    if law != "on_time":
        return law
    assert ended is not None, "an ended dossier was judged"
    assert limit is not None, "by a limit"
    if status in TAKEN_BACK:
        return "last_day"
    return "before" if local_day(ended) < _last_day(limit) else "last_day"


def _last_day(limit: datetime) -> date:
    """Return the last day of a limit; one printed as midnight ends the day before."""
    return local_day(limit - MOMENT)


def _holds(history: Sequence[Event], seen: Walk, ended: datetime | None) -> tuple[Hold, ...]:
    """Return who had the dossier when, from acceptance to the end."""
    if seen.accepted is None:
        return ()
    holds: list[Hold] = []
    holder, name, start = "desk", None, seen.accepted.time
    back: tuple[str, str | None] = ("desk", None)
    for event in history:
        if event.time < start or (ended is not None and event.time > ended):
            continue
        after = _holder_after(event, (holder, name), back)
        if after is None or after == (holder, name):
            continue
        if holder in {"desk", "specialist"}:
            back = (holder, name)
        if event.time > start:
            holds.append(Hold(holder, start, event.time, name))  # type: ignore[arg-type]  # Literals.
        (holder, name), start = after, event.time
    if ended is None or ended > start:
        holds.append(Hold(holder, start, ended, name))  # type: ignore[arg-type]  # Literals.
    return tuple(holds)


def _holder_after(
    event: Event, now: tuple[str, str | None], back: tuple[str, str | None]
) -> tuple[str, str | None] | None:
    """Return who has the dossier after an event; None where it does not change hands."""
    data = event.data
    if isinstance(data, dossiers.DossierAssigned):
        return ("specialist", None)
    if isinstance(data, dossiers.DossierStepStarted):
        return ("agency", data.agency)
    if isinstance(data, dossiers.DossierStepFinished):
        return back if now[0] == "agency" else None
    if isinstance(data, dossiers.DossierSupplementRequested):
        return ("applicant", None)
    if isinstance(data, dossiers.DossierSupplementReceived):
        return back if now[0] == "applicant" else None
    return None


def _acknowledgements(history: Sequence[Event]) -> tuple[Acknowledgement, ...]:
    return tuple(
        Acknowledgement(one.time, data.by, data.rung, data.cause, data.promised)
        for one in history
        if isinstance(data := one.data, ObligationAcknowledged)
    )


def _inconsistency(
    history: Sequence[Event], ended: datetime | None, ended_status: Status | None
) -> Inconsistency:
    """Compare the end with every event that is neither a beginning nor lawful afterwards."""
    marks = tuple(sorted({one.inconsistency for one in history if one.inconsistency}))
    if ended is None:
        return Inconsistency(marks=marks)
    between = [
        one.time
        for one in history
        if one.backfill  # What came in live was checked against the table.
        and one.name not in BEGINNINGS
        and one.name not in AFTER_THE_END
        and ENDINGS.get(one.name) is not ended_status
    ]
    return Inconsistency(
        after_end=any(at > ended for at in between),
        end_before_first=bool(between) and ended < min(between),
        marks=marks,
    )

"""A dossier's story: what happened, when, and what became of it, line by line.

Entries are data: a key, parameters, notes beneath. Their words are the pages' business.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from services.reporting.core.dates import DEADLINE_KIND
from services.reporting.core.state import FactState
from shared.events import dossiers, notices, obligations
from shared.events.answers import Corrected, NoticeProven, ObligationAcknowledged
from shared.events.envelope import Event
from shared.events.history import effective
from shared.events.model import EventData

Value = str | int | float | bool | date | datetime | None
Tone = Literal["plain", "attention", "reminder", "end"]


@dataclass(frozen=True, slots=True)
class Note:
    """Something said beneath an entry."""

    key: str
    params: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the story. `recorded` is when the system learned of it."""

    at: datetime
    recorded: datetime | None
    key: str
    params: Mapping[str, Value]
    notes: tuple[Note, ...]
    tone: Tone
    mark: str | None
    event: str


ATTENTION: Final = frozenset(
    {
        dossiers.DossierSupplementRequested.NAME,
        dossiers.DossierApologyIssued.NAME,
        dossiers.DossierExtended.NAME,
        dossiers.DossierResultDisputed.NAME,
        obligations.ObligationBreached.NAME,
    }
)
ABOVE_THE_CENTRE: Final = frozenset({"chairman", "province"})
ENDS: Final = frozenset(
    {
        dossiers.DossierCompleted.NAME,
        dossiers.DossierReturned.NAME,
        dossiers.DossierRefused.NAME,
        dossiers.DossierWithdrawn.NAME,
        dossiers.DossierStopped.NAME,
    }
)
SILENT: Final = frozenset(
    {
        "notice.proven",  # Told beneath what the notice was about.
        ObligationAcknowledged.NAME,  # Told beneath its rung.
        obligations.ObligationRungSkipped.NAME,
        obligations.ObligationDischarged.NAME,
        obligations.ObligationSuspended.NAME,
        obligations.ObligationResumed.NAME,
    }
)
TOLD_DUES: Final = (
    obligations.ObligationDueChanged,
    obligations.ObligationRungReached,
    obligations.ObligationRungWithdrawn,
    obligations.ObligationBreached,
)


def timeline(state: FactState) -> list[Entry]:
    """Tell a dossier's story, by occurrence."""
    own = list(effective(state.own))
    told = [one for one in own if one.name not in SILENT]
    told += [one for one in state.own if isinstance(one.data, Corrected)]
    told += [one for one in state.dues if isinstance(one.data, TOLD_DUES)]
    sent = [event for events in state.notices.values() for event in events]
    entries = [
        Entry(
            at=_moment(event),
            recorded=event.recordedtime,
            key=event.name,
            params=_params(event.data.model_dump()),
            notes=tuple(_notes(event, own, state.dues, sent)),
            tone=_tone(event.data),
            mark=event.inconsistency,
            event=event.id,
        )
        for event in told
    ]
    return sorted(entries, key=lambda one: one.at)


def _moment(event: Event) -> datetime:
    return (
        event.data.rung_at
        if isinstance(event.data, obligations.ObligationRungReached)
        else event.time
    )


def _tone(data: EventData) -> Tone:
    if isinstance(data, obligations.ObligationRungReached):
        return "attention" if data.role in ABOVE_THE_CENTRE else "reminder"
    name = data.NAME
    if name in ATTENTION:
        return "attention"
    return "end" if name in ENDS else "plain"


def _params(data: Mapping[str, object]) -> dict[str, Value]:
    """Keep what a sentence can use; lists become their length or their parts joined."""
    found: dict[str, Value] = {}
    for name, value in data.items():
        if isinstance(value, str | int | float | bool | date | datetime):
            found[name] = value
        elif isinstance(value, list | tuple):
            found[name] = ", ".join(str(one) for one in value if isinstance(one, str | int))
    return found


def _notes(
    event: Event, own: Sequence[Event], dues: Iterable[Event], sent: Sequence[Event]
) -> Iterator[Note]:
    yield from _deadline_notes(event, dues)
    for one in own:
        data = one.data
        if isinstance(data, NoticeProven) and data.about == event.id:
            yield Note("proven", {"at": data.at, "proof": data.proof})
        elif isinstance(data, ObligationAcknowledged) and _answers(data, event):
            yield Note(
                "acknowledged",
                {"at": one.time, "cause": data.cause, "promised": data.promised, "by": data.by},
            )
    yield from _notice_notes(event, sent)


def _answers(data: ObligationAcknowledged, event: Event) -> bool:
    rung = event.data
    return isinstance(rung, obligations.ObligationRungReached) and (
        (rung.obligation, rung.cycle, rung.rung) == (data.obligation, data.cycle, data.rung)
    )


def _deadline_notes(event: Event, dues: Iterable[Event]) -> Iterator[Note]:
    """Say what an event did to the promise."""
    for one in dues:
        data = one.data
        if getattr(data, "cause", None) != event.id:
            continue
        if getattr(data, "kind", DEADLINE_KIND) != DEADLINE_KIND:
            continue  # Its other obligations are told by their own ladders.
        if isinstance(data, obligations.ObligationOpened) and data.due is not None:
            yield Note("promise", {"due": data.due})
        elif isinstance(data, obligations.ObligationSuspended):
            yield Note("suspended", {"since": data.since, "proven": data.proven})
        elif isinstance(data, obligations.ObligationResumed) and data.due is not None:
            yield Note("resumed", {"due": data.due})


def _notice_notes(event: Event, sent: Sequence[Event]) -> Iterator[Note]:
    """Say what became of each notice of an event: its last state, once."""
    last: dict[str, Event] = {}
    for one in sent:
        if isinstance(one.data, notices.NoticeData) and one.data.about == event.id:
            last[one.subject] = one
    for one in last.values():
        data = one.data
        assert isinstance(data, notices.NoticeData), "gathered above"
        at = getattr(data, "at", None) or one.time
        state = one.name.partition(".")[2]
        yield Note(
            f"notice_{state}", {"at": at, "channel": data.channel, "person": data.person}
        )

"""What may happen to a subject of any kind: lawful events, with data drawn from small sets."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st

from shared.calendar.zone import legal_day
from shared.events import centre_head, centres, dossiers
from shared.events.answers import (
    Corrected,
    NoticeProven,
    ObligationAcknowledged,
    Replacement,
)
from shared.events.codes import is_matter
from shared.events.envelope import Event
from shared.events.model import EventData
from shared.events.transitions import NAMES, Status, is_legal, next_status
from tests.unit.workflow.province import (
    BY_CLOCK,
    BY_CLOCK_SUBTRACTING,
    NO_RULE,
    OTHER_UNIT,
    SAME_DAY,
    SUBTRACTING,
    TEN_DAYS,
    THREE_DAYS,
    UNIT,
)

PROCEDURES: Final = (
    THREE_DAYS,
    TEN_DAYS,
    SAME_DAY,
    SUBTRACTING,
    BY_CLOCK,
    BY_CLOCK_SUBTRACTING,
    NO_RULE,
)
PEOPLE: Final = ("p-a", "p-b")
Draw = Callable[["Life", st.DataObject, datetime], EventData | None]


@dataclass
class Life:
    """One subject: what was recorded of it so far, as intake numbers it."""

    subject: str
    elsewhere: bool = False
    events: list[Event] = field(default_factory=list)
    status: Status | None = None
    was_accepted: bool = False
    competent: str = UNIT

    def record(
        self, data: EventData, *, at: datetime, now: datetime, version: int | None = None
    ) -> Event:
        """Number an event that intake would take, under a version of the reference data."""
        name = data.NAME
        if name in NAMES and not is_matter(self.subject):
            self.status = next_status(self.status, name, was_accepted=self.was_accepted)
            self.was_accepted |= name == "dossier.accepted"
        if isinstance(data, dossiers.DossierMoved):
            self.competent = data.to_unit
        number = len(self.events) + 1
        event = Event(
            id=f"{self.subject.replace('/', '.')}-{number}",
            source="urn:motcua:publisher:counter",
            name=name,
            subject=self.subject,
            time=at,
            sequence=number,
            recordedtime=now.astimezone(UTC),
            referenceversion=version,
            receivingunit=OTHER_UNIT if self.elsewhere else UNIT,
            competentunit=None if is_matter(self.subject) else self.competent,
            data=data,
        )
        self.events.append(event)
        return event

    def lawful(self) -> Sequence[str]:
        """Return what may happen now."""
        if is_matter(self.subject):
            return MATTERS[self.subject.split("/")[1]]
        return [
            name
            for name in DOSSIER
            if name not in NAMES or is_legal(self.status, name, was_accepted=self.was_accepted)
        ]

    def last(self, name: str) -> Event | None:
        """Return the last event of a name."""
        return next((one for one in reversed(self.events) if one.name == name), None)


def happening(
    life: Life, data: st.DataObject, at: datetime, among: Collection[str] = ()
) -> EventData | None:
    """Draw what happens to a subject next, one of a few names if these are given.

    None if nothing of them may happen now, or the draw makes no sense.
    """
    names = [name for name in life.lawful() if not among or name in among]
    if not names:
        return None
    name = data.draw(st.sampled_from(names), label=life.subject)
    return _MAKE[name](life, data, at)


def any_event_of(
    life: Life, few: Sequence[int], data: st.DataObject, at: datetime
) -> EventData | None:
    """Draw an event, lawful there and then or not; None if the draw makes no sense.

    It is of one of a few names, given by number, so that the same come together often. A
    dossier's first is its acceptance, without which there is nothing to say.
    """
    kind = life.subject.split("/")[1] if is_matter(life.subject) else None
    names = MATTERS[kind] if kind else DOSSIER if life.events else ("dossier.accepted",)
    name = names[data.draw(st.sampled_from(few), label=life.subject) % len(names)]
    return _MAKE[name](life, data, at)


def correction(life: Life, data: st.DataObject, now: datetime) -> EventData | None:
    """Draw that an event is struck, or put right: its time, or what it says.

    Any event may be wrong, a correction among them, and the same one again and again. Its right
    time may lie before its subject's first event, after its last, or past any other one.
    """
    wrong = [one for one in life.events if not isinstance(one.data, ObligationAcknowledged)]
    if not wrong:
        return None
    event = data.draw(st.sampled_from(wrong), label="wrong")
    right = None
    if data.draw(st.booleans(), label="put right"):
        time = _moment_among(life, data, now)
        right = Replacement(time=time, data=_put_right(life, event, data, time))
    model = centres.CentreCorrected if is_matter(life.subject) else dossiers.DossierCorrected
    return model(replaces=event.id, right=right, reason="wrong", by="p-a")


def _moment_among(life: Life, data: st.DataObject, now: datetime) -> datetime:
    """Draw a moment between two events of a subject, before them all, or after them all."""
    moments = sorted({event.time for event in life.events})
    borders = [moments[0] - timedelta(hours=60), *moments, max(now, moments[-1])]
    place = data.draw(st.integers(0, len(borders) - 2), label="place")
    share = data.draw(st.sampled_from([0.1, 0.5, 0.9]), label="share")
    return borders[place] + (borders[place + 1] - borders[place]) * share


def _put_right(
    life: Life, event: Event, data: st.DataObject, time: datetime
) -> Mapping[str, Any]:
    """Draw what an event should have said: mostly the same; a correction, another time."""
    said = event.data
    if isinstance(said, Corrected):
        right = said.right and Replacement(time=time, data=said.right.data)
        said = said.model_copy(update={"right": right})
    elif data.draw(st.integers(0, 3), label="says otherwise") == 0:
        said = _MAKE[event.name](life, data, time) or said
    return said.model_dump(mode="json", exclude_none=True)


def _procedure(life: Life, data: st.DataObject) -> str:
    known = life.last("dossier.submitted")
    if known is not None and isinstance(known.data, dossiers.DossierSubmitted):
        return known.data.procedure
    return data.draw(st.sampled_from(PROCEDURES), label="procedure")


def _submitted(life: Life, data: st.DataObject, _at: datetime) -> EventData:
    return dossiers.DossierSubmitted(procedure=_procedure(life, data), channel="online")


def _accepted(life: Life, data: st.DataObject, at: datetime) -> EventData:
    given = at + timedelta(hours=50) if data.draw(st.integers(0, 9)) == 0 else None
    channel = data.draw(st.sampled_from(["direct", "online"]), label="channel")
    return dossiers.DossierAccepted(
        procedure=_procedure(life, data), channel=channel, given=given
    )


def _step(_life: Life, data: st.DataObject, _at: datetime) -> EventData:
    unit = data.draw(
        st.sampled_from(["working_days", "hours", "clock_hours", "half_days"]), label="unit"
    )
    limit = dossiers.StepLimit(unit=unit, value=data.draw(st.integers(1, 6), label="value"))
    return dossiers.DossierStepStarted(step="tax", agency="G12.20", limit=limit)


def _asked(life: Life, data: st.DataObject, _at: datetime) -> EventData:
    before = sum(one.name == "dossier.supplement_requested" for one in life.events)
    in_person = data.draw(st.booleans(), label="in person")
    return dossiers.DossierSupplementRequested(
        items=("x",), number=before + 1, in_person=in_person
    )


def _extended(_life: Life, data: st.DataObject, at: datetime) -> EventData:
    days = data.draw(st.integers(1, 20), label="days")
    return dossiers.DossierExtended(new_date=legal_day(at) + timedelta(days=days))


def _moved(life: Life, _data: st.DataObject, _at: datetime) -> EventData:
    to = UNIT if life.competent == OTHER_UNIT else OTHER_UNIT
    return dossiers.DossierMoved(from_unit=life.competent, to_unit=to)


def _proven(life: Life, _data: st.DataObject, at: datetime) -> EventData | None:
    asked = life.last("dossier.supplement_requested")
    if asked is None:
        return None
    return NoticeProven(notice="n", about=asked.id, about_name=asked.name, at=at)


def _plain(model: type[EventData], **fields: object) -> Draw:
    """Return how to make an event whose data are always the same."""
    made = model.model_validate(fields)
    return lambda _life, _data, _at: made


def _some(model: type[EventData], name: str, choices: Sequence[object], **more: object) -> Draw:
    """Return how to make an event of which one field is drawn."""

    def make(_life: Life, data: st.DataObject, _at: datetime) -> EventData:
        return model.model_validate({name: data.draw(st.sampled_from(choices)), **more})

    return make


def _outage(_life: Life, data: st.DataObject, at: datetime) -> EventData:
    starts = at + timedelta(days=data.draw(st.integers(1, 20), label="days"))
    return centres.OutagePlanned(starts=starts, ends=starts + timedelta(hours=4), cause="x")


_REPORT = {"items": ({"item": "wifi", "state": "good"},), "by": "p-a"}

_MEETING = {"agencies": ("G12.20",), "minutes": "1", "by": "p-a"}
_STAFF = {"staff": ({"person": "p-a", "role": "director"},), "by": "p-a"}

_SECONDMENT = {
    "person": "p-b",
    "agency": "G12.20",
    "from_day": date(2025, 12, 15),
    "until_day": date(2026, 2, 20),
}

_LOSS = {
    "publisher": "portal",
    "partition": 0,
    "first_offset": 0,
    "end_offset": 2,
    "until": datetime(2026, 1, 7, 2, tzinfo=UTC),
    "by": "p-a",
}

_MAKE: Final[Mapping[str, Draw]] = {
    "dossier.submitted": _submitted,
    "dossier.accepted": _accepted,
    "dossier.refused": _plain(dossiers.DossierRefused, reason="x"),
    "dossier.arrived": _plain(dossiers.DossierArrived),
    "dossier.assigned": _some(dossiers.DossierAssigned, "handler", PEOPLE),
    "dossier.step_started": _step,
    "dossier.step_finished": _plain(dossiers.DossierStepFinished, step="tax", agency="G12.20"),
    "dossier.supplement_requested": _asked,
    "dossier.supplement_received": _plain(dossiers.DossierSupplementReceived, items=("x",)),
    "dossier.confirmation_requested": _plain(dossiers.DossierConfirmationRequested),
    "dossier.confirmed": _plain(dossiers.DossierConfirmed),
    "dossier.payment_requested": _plain(dossiers.DossierPaymentRequested, amount=1),
    "dossier.paid": _plain(dossiers.DossierPaid, amount=1),
    "dossier.apology_issued": _plain(dossiers.DossierApologyIssued, reason="x", agency="H37"),
    "dossier.extended": _extended,
    "dossier.moved": _moved,
    "dossier.withdrawn": _plain(dossiers.DossierWithdrawn),
    "dossier.stopped": _some(
        dossiers.DossierStopped, "reason", ("x", dossiers.NOT_SUPPLEMENTED)
    ),
    "dossier.completed": _plain(dossiers.DossierCompleted, result="K"),
    "dossier.returned": _plain(dossiers.DossierReturned, how="direct"),
    "dossier.result_disputed": _some(
        dossiers.DossierResultDisputed, "fault", ("officials", "applicant"), reason="x"
    ),
    "dossier.result_corrected": _plain(dossiers.DossierResultCorrected),
    "notice.proven": _proven,
    "duty.rostered": _some(centres.DutyRostered, "persons", [("p-a",), ("p-a", "p-b")]),
    "duty.checked_in": _some(centres.DutyCheckedIn, "person", PEOPLE),
    "duty.checked_out": _some(centres.DutyCheckedOut, "person", PEOPLE),
    "duty.replaced": _plain(centres.DutyReplaced, person="p-a", by="p-b", reason="x"),
    "conditions.reported": _plain(centres.ConditionsReported, **_REPORT),
    "defect.reported": _some(
        centres.DefectReported, "priority", ("low", "normal", "high"), item="wifi", by="p-a"
    ),
    "defect.repaired": _plain(centres.DefectRepaired, by="p-a"),
    "posting.published": _plain(centres.PostingPublished, procedure=THREE_DAYS),
    "posting.withdrawn": _plain(centres.PostingWithdrawn, procedure=THREE_DAYS),
    "meeting.held": _plain(centre_head.MeetingHeld, **_MEETING),
    "staff.posted": _plain(centre_head.StaffPosted, **_STAFF),
    "secondment.started": _plain(centre_head.SecondmentStarted, **_SECONDMENT),
    "secondment.assessed": _some(
        centre_head.SecondmentAssessed, "month", ("2026-01", "2026-02", "2026-03"), by="p-a"
    ),
    "secondment.ended": _plain(centre_head.SecondmentEnded, by="p-a"),
    "petition.received": _plain(centres.PetitionReceived, channel="direct"),
    "petition.classified": _some(
        centres.PetitionClassified,
        "outcome",
        ("accepted", "refused", "supplement", "forwarded"),
    ),
    "petition.answered": _plain(centres.PetitionAnswered, by="p-a"),
    "petition.published": _plain(centres.PetitionPublished),
    "support.requested": _some(
        centres.SupportRequested, "priority", ("low", "normal", "high"), topic="x", by="p-a"
    ),
    "support.assigned": _some(centres.SupportAssigned, "to", PEOPLE),
    "support.resolved": _plain(centres.SupportResolved, by="p-a"),
    "centre.interrupted": _plain(centres.CentreInterrupted, cause="x"),
    "centre.resumed": _plain(centres.CentreResumed),
    "outage.planned": _outage,
    "connection.lost": _plain(centres.ConnectionLost),
    "connection.restored": _plain(centres.ConnectionRestored),
    "loss.accepted": _plain(centres.LossAccepted, **_LOSS),
    "datarequest.received": _some(
        centres.DataRequestReceived, "right", ("see", "erase", "restrict")
    ),
    "datarequest.answered": _plain(centres.DataRequestAnswered, outcome="done", by="p-a"),
}

DOSSIER: Final = tuple(name for name in _MAKE if name.startswith(("dossier.", "notice.")))
_OWN_IDS: Final = {
    "duty": "2026-01-07/am",
    "conditions": "2026-02",
    "posting": f"{THREE_DAYS}/2026-01-06",
    "meeting": "2026-Q1",
    "staff_posting": "2026-01-06",
}
MATTERS: Final[Mapping[str, Sequence[str]]] = {
    kind: [
        model.NAME for model, of in centres.KINDS.items() if of == kind and model.NAME in _MAKE
    ]
    for kind in sorted(set(centres.KINDS.values()) - {"rating", "coverage", "figures"})
}
SUBJECTS: Final = (
    "H37.100-260105-0001",
    *(f"{UNIT}/{kind}/{_OWN_IDS.get(kind, 'm-1')}" for kind in MATTERS),
)

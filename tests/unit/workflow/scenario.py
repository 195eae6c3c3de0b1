"""A scenario: things happen, the clock walks, and exactly the emissions named must follow.

An emission is written as one line, for example
`07:30 Tue 6 Jan  half → handler p-handler`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.workflow.core.codec import SubjectCodec
from services.workflow.core.fold import fold, open_by_calendar, sweep
from services.workflow.core.model import Obligation, Subject
from shared.calendar.zone import ICT
from shared.events import answers, centres, dossiers, obligations
from shared.events.envelope import Event
from shared.events.model import EventData
from shared.events.units import event_under
from shared.reference.units import Units
from shared.reference.view import Reference
from shared.subjects.fold import Context, Emission
from tests.fakes.emitted import read_back
from tests.unit.workflow.province import THREE_DAYS, UNIT, decide, province

CODE = "H37.101-260105-0001"
JUDGED = {True: "in time", False: "late", None: "undated"}
STEP = timedelta(minutes=15)
MODELS: dict[str, type[EventData]] = {
    model.NAME: model for module in (dossiers, centres) for model in module.MODELS
} | {
    model.NAME: model
    for model in (
        answers.ObligationAcknowledged,
        answers.NoticeProven,
        answers.NoticeUndeliverable,
    )
}


def moment(text: str) -> datetime:
    """Return the instant of `2026-01-05 09:00` in Viet Nam."""
    return datetime.fromisoformat(text).replace(tzinfo=ICT)


MONDAY = moment("2026-01-05 08:00")


@dataclass
class Scenario:
    """One subject, its clock, and what was emitted since somebody last looked."""

    subject: str = CODE
    reference: Reference = field(default_factory=province)
    now: datetime = MONDAY
    state: Subject | None = None
    told: list[Emission] = field(default_factory=list)
    everything: list[Emission] = field(default_factory=list)
    sequence: int = 0

    def happens(
        self,
        name: str,
        when: str,
        *,
        recorded: str | None = None,
        version: int | None = None,
        backfill: bool = False,
        publisher: str = "counter",
        units: tuple[str, str] = (UNIT, UNIT),
        **data: Any,  # noqa: ANN401 -- The data of any event.
    ) -> str:
        """Let an event come in; it is recorded when it happens, unless said otherwise.

        One that names the version of the reference data was recorded when it is said to have
        been, and comes in now, however much later that is.
        """
        at = moment(when)
        taken = moment(recorded) if recorded else at
        self.now = max(self.now, taken)
        self.sequence += 1
        event = Event(
            id=f"{self.subject}-{self.sequence}",
            source=f"urn:motcua:publisher:{publisher}",
            name=name,
            subject=self.subject,
            time=at,
            sequence=self.sequence,
            recordedtime=self.now if version is None else taken,
            referenceversion=version,
            receivingunit=units[0],
            competentunit=units[1],
            backfill=backfill,
            data=MODELS[name].model_validate(data),
        )
        read = event_under(event, self.reference.current)
        folded = fold(self._kept(), read, self._context())
        self.state = stored(folded.state, self.reference)
        self._tell(folded.emissions)
        return event.id

    def accepted(self, when: str, procedure: str = THREE_DAYS, **more: Any) -> str:  # noqa: ANN401
        """Let the dossier be accepted; online, so that no paper has to be handed over."""
        data = {"procedure": procedure, "channel": "online", **more}
        return self.happens("dossier.accepted", when, **data)

    def assigned(self, when: str, handler: str = "p-handler") -> str:
        """Let the dossier be given to somebody."""
        return self.happens("dossier.assigned", when, handler=handler)

    def acknowledged(self, when: str, rung: str, promised: str, **more: Any) -> str:  # noqa: ANN401
        """Let somebody promise a day."""
        fields = {
            "obligation": "dossier_deadline",
            "cycle": 1,
            "cause": "workload",
            "by": "p-06112-chairman",
            **more,
        }
        return self.happens(
            "obligation.acknowledged",
            when,
            rung=rung,
            promised=date.fromisoformat(promised),
            **fields,
        )

    def decides(self, data: EventData) -> None:
        """Let the reference data change."""
        self.reference = decide(self.reference, data, self.now)

    def opens(self) -> None:
        """Let the calendar open the subject."""
        state, emissions = open_by_calendar(self.subject, UNIT, self._context())
        self.state = stored(state, self.reference)
        self._tell(emissions)

    def sweeps(self, upto: str | None = None, **more: Any) -> None:  # noqa: ANN401
        """Look once, as a sweep does."""
        assert self.state is not None, "a sweep looks at what is there"
        until = moment(upto) if upto else self.now
        self.state = self._kept()
        assert self.state is not None, "it was there"
        emissions = sweep(self.state, self._context(), upto=until, **more)
        if emissions is not None:
            self.state = stored(self.state, self.reference)
            self._tell(emissions)

    def walks_to(self, when: str) -> None:
        """Let the clock run in small steps, with a sweep of all that lies behind at each.

        A rung is told at the first step after its moment, and shown with its moment.
        """
        until = moment(when)
        while self.now < until:
            quarter = timedelta(minutes=self.now.minute % 15)
            self.now = min(self.now - quarter + STEP, until)
            self.sweeps()

    def jumps_to(self, when: str) -> None:
        """Let the clock run without any sweep, as when we are down."""
        self.now = moment(when)

    def heard(self) -> list[str]:
        """Return what was emitted since somebody last asked, a line each."""
        lines = [line_of(emission) for emission in self.told]
        self.told = []
        return lines

    def persons_of(self, rung: str) -> tuple[str, ...]:
        """Return who was told of a rung the last time."""
        told = [
            data.persons
            for emission in self.everything
            if isinstance(data := read_back(emission), obligations.ObligationRungReached)
            and data.rung == rung
        ]
        return told[-1]

    def obligation(self, obligation: str = "dossier_deadline") -> Obligation:
        """Return one obligation as it stands."""
        assert self.state is not None, "something has happened"
        return self.state.obligations[obligation]

    def _tell(self, emissions: Sequence[Emission]) -> None:
        for emission in emissions:
            read_back(emission)
        self.told.extend(emissions)
        self.everything.extend(emissions)

    def _kept(self) -> Subject | None:
        """Return the state as the store gives it back now."""
        return self.state and stored(self.state, self.reference)

    def _context(self) -> Context:
        return Context(self.now.astimezone(UTC), self.reference)


def stored(state: Subject, reference: Reference | None = None) -> Subject:
    """Return a state as the store would give it back."""
    units = Units() if reference is None else reference.units
    codec = SubjectCodec(units=lambda: units)
    return codec.from_document(codec.to_document(state))


def shown(at: datetime | None) -> str:
    """Write an instant as a test reads it."""
    return "–" if at is None else at.astimezone(ICT).strftime("%a %-d %b %H:%M")


def line_of(emission: Emission) -> str:
    """Write an emission as one line."""
    return written(read_back(emission))


def written(data: EventData) -> str:  # noqa: C901, PLR0911 -- One line for each type.
    """Write what is said of an obligation as one line."""
    match data:
        case obligations.ObligationOpened():
            return f"opened {data.obligation}/{data.cycle} due {shown(data.due)}"
        case obligations.ObligationDueChanged():
            dates = f"{shown(data.old_due)} → {shown(data.new_due)}"
            return f"due {data.obligation}/{data.cycle} {dates} ({data.reason})"
        case obligations.ObligationSuspended():
            return f"suspended {data.obligation} since {shown(data.since)}"
        case obligations.ObligationResumed():
            return f"resumed {data.obligation}/{data.cycle} due {shown(data.due)}"
        case obligations.ObligationRungReached():
            return _reached(data)
        case obligations.ObligationRungWithdrawn():
            return f"withdrawn {data.obligation}/{data.cycle} {data.rung} ({data.why})"
        case obligations.ObligationRungSkipped():
            return f"skipped {data.obligation}/{data.cycle} {data.rung} ({data.why})"
        case obligations.ObligationDischarged():
            how = "void" if data.void else JUDGED[data.in_time]
            return f"discharged {data.obligation} {data.why} {how}"
        case obligations.ObligationBreached():
            return f"breached {data.obligation}/{data.cycle} at {shown(data.at)}"
        case obligations.ObligationAcknowledgementRefused():
            return f"refused {data.obligation} {data.rung} ({data.why})"
        case obligations.CoverageGapOpened():
            return f"gap opened {data.gap} ({data.why})"
        case obligations.CoverageGapClosed():
            return f"gap closed {data.gap} ({data.why})"
    raise AssertionError(data)


def _reached(data: obligations.ObligationRungReached) -> str:
    name = data.rung if not data.repeat else f"{data.rung}~{data.repeat}"
    line = f"{shown(data.rung_at)} {data.obligation}/{data.cycle} {name} → {data.role}"
    if data.late_by_outage_hours:
        line += f" late {data.late_by_outage_hours} h"
    if data.data_incomplete_since:
        line += f" incomplete since {shown(data.data_incomplete_since)}"
    if data.promise_broken:
        line += f" broken by {data.promise_broken.by}"
    return line

"""A house with many dossiers and the links of its units: what is told of which, as lines."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.calendar.zone import ICT
from shared.events.answers import ObligationAcknowledged
from shared.events.centres import (
    CentreCorrected,
    CentreInterrupted,
    CentreResumed,
    ConnectionLost,
    ConnectionRestored,
)
from shared.events.codes import is_matter
from shared.events.dossiers import DossierAccepted, DossierCompleted
from shared.events.envelope import Event, from_document
from shared.events.model import EventData
from shared.events.obligations import (
    IncidentClosed,
    IncidentData,
    IncidentUpdated,
    ObligationRungReached,
    ObligationRungSkipped,
    ObligationRungWithdrawn,
)
from shared.ops.clock import FixedClock
from tests.fakes.workflow import Durable, Process
from tests.unit.workflow.province import SYSTEM, THREE_DAYS, UNIT, province
from tests.unit.workflow.scenario import moment

STEP = timedelta(minutes=15)
LINK = f"{UNIT}/connection/{SYSTEM}"
CENTRE = f"{UNIT}/interruption/power-1"


def code(number: int) -> str:
    """Return a dossier's code."""
    return f"H37.100-260105-{number:04d}"


@dataclass
class Centre:
    """Workflow over a store in memory, and what was published since somebody last asked."""

    durable: Durable = field(
        default_factory=lambda: Durable(province(), FixedClock(moment("2026-01-05 08:00")))
    )
    process: Process = field(init=False)
    numbers: Counter[str] = field(default_factory=Counter)
    seen: int = 0
    facts: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start the service."""
        self.process = Process(self.durable)

    @property
    def now(self) -> datetime:
        """The time on the clock."""
        return self.durable.clock.instant

    def happens(
        self, subject: str, data: EventData, when: str | None = None, *, unit: str = UNIT
    ) -> str:
        """Let an event come in and be applied; return its id."""
        self.numbers[subject] += 1
        at = moment(when) if when else self.now
        if at > self.now:
            self.durable.clock.instant = at
        event = Event(
            id=f"{subject}-{self.numbers[subject]}",
            source="urn:motcua:publisher:counter",
            name=data.NAME,
            subject=subject,
            time=at,
            sequence=self.numbers[subject],
            recordedtime=self.now,
            receivingunit=unit,
            competentunit=unit,
            data=data,
        )
        self.facts.append(event)
        asyncio.run(self.process.applies([event]))
        return event.id

    def accepted(
        self, *numbers: int, when: str, procedure: str = THREE_DAYS, unit: str = UNIT
    ) -> None:
        """Let dossiers be accepted."""
        for number in numbers:
            data = DossierAccepted(procedure=procedure, channel="online")
            self.happens(code(number), data, when, unit=unit)

    def completed(self, number: int, when: str) -> None:
        """Let a dossier end."""
        self.happens(code(number), DossierCompleted(result="KQ.1"), when)

    def lost(self, when: str, subject: str = LINK) -> str:
        """Let a link be lost."""
        return self.happens(subject, ConnectionLost(), when, unit=subject[:5])

    def restored(self, when: str, subject: str = LINK) -> str:
        """Let it come back."""
        return self.happens(subject, ConnectionRestored(), when, unit=subject[:5])

    def interrupted(self, when: str) -> str:
        """Let the whole centre stand still."""
        return self.happens(CENTRE, CentreInterrupted(cause="power_cut"), when)

    def resumed(self, when: str) -> str:
        """Let it work again."""
        return self.happens(CENTRE, CentreResumed(), when)

    def struck(self, subject: str, event: str, when: str) -> None:
        """Let an event turn out never to have happened."""
        data = CentreCorrected(
            replaces=event, reason="wrong_subject", by="p-06112-director", right=None
        )
        self.happens(subject, data, when)

    def acknowledged(self, number: int, rung: str, promised: str, when: str) -> None:
        """Let the Chairman promise a day."""
        data = ObligationAcknowledged.model_validate(
            {
                "obligation": "dossier_deadline",
                "cycle": 1,
                "rung": rung,
                "cause": "system_outage",
                "promised": promised,
                "by": "p-06112-chairman",
            }
        )
        self.happens(code(number), data, when)

    def jumps_to(self, when: str) -> None:
        """Let the clock run without a sweep."""
        self.durable.clock.instant = moment(when)
        self.durable.mark.at = moment(when)

    def looks(self) -> None:
        """Sweep once."""
        self.durable.mark.at = self.now
        asyncio.run(self.process.sweep())

    def walks_to(self, when: str) -> None:
        """Let the clock run in small steps, with a sweep at each."""
        until = moment(when)
        while self.now < until:
            quarter = timedelta(minutes=self.now.astimezone(ICT).minute % 15)
            self.durable.clock.instant = min(self.now - quarter + STEP, until)
            self.looks()

    def events(self) -> list[Event]:
        """Return everything that was published, a repeat once."""
        found: dict[str, Event] = {}
        for out in self.durable.publisher.published:
            assert out.value is not None, "workflow publishes events only"
            found.setdefault(out.id, from_document(out.value))
        return list(found.values())

    def heard(self) -> list[str]:
        """Return rungs of dossiers, and incidents, since somebody last asked; a line each."""
        events = self.events()
        fresh, self.seen = events[self.seen :], len(events)
        lines = [
            line
            for event in fresh
            if isinstance(event.data, IncidentData) or not is_matter(event.subject)
            if (line := line_of(event)) is not None
        ]
        return sorted(lines)

    def province_heard(self) -> list[str]:
        """Return what goes to the provincial centre since somebody last asked, and ends."""
        events = self.events()
        fresh, self.seen = events[self.seen :], len(events)
        return [
            line
            for event in fresh
            if getattr(event.data, "role", "province") == "province"
            and not isinstance(event.data, ObligationRungSkipped | ObligationRungWithdrawn)
            and (line := line_of(event)) is not None
        ]


def line_of(event: Event) -> str | None:
    """Write what concerns the ladder as one line; None for the rest."""
    data: Any = event.data
    who = event.subject[-4:]
    match data:
        case ObligationRungReached():
            how = "" if data.incident is None else " in the incident"
            late = f" late {data.late_by_outage_hours}" if data.late_by_outage_hours else ""
            return f"{who} {data.rung} → {data.role}{how}{late}"
        case ObligationRungSkipped():
            return f"{who} {data.rung} skipped ({data.why})"
        case ObligationRungWithdrawn():
            return f"{who} {data.rung} withdrawn"
        case IncidentData():
            word = "opened"
            if isinstance(data, IncidentUpdated):
                word = "updated"
            if isinstance(data, IncidentClosed):
                word = "struck" if data.reversed else "closed"
            names = ",".join(one[-4:] for one in data.subjects)
            persons = ",".join(getattr(data, "persons", ()))
            of = f"of {','.join(data.units)} " if data.units else ""
            said = f"~ {word} {data.cause} {of}{names} ({data.obligations_count}) {persons}"
            return said.strip()
    return None

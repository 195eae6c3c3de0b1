"""Stories played on the engine as the service would, and the archives that come of them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from deploy.auditor.core.auditing import Subject, audit_subject
from deploy.auditor.core.comparing import Tally
from deploy.auditor.core.ladders import ladders_of
from deploy.auditor.core.law import Laws
from services.workflow.core.codec import SubjectCodec
from services.workflow.core.fold import fold, open_by_calendar, sweep
from services.workflow.core.law import law_of
from services.workflow.core.model import Subject as State
from shared.events.envelope import Event, to_document
from shared.events.model import EventData
from shared.events.units import event_under
from shared.reference.view import Reference
from shared.subjects.fold import Context, Emission
from tests.unit.workflow.province import UNIT, decision, province, province_events

Json = dict[str, Any]
LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
KINDS: Final = json.loads(Path("services/workflow/kinds.json").read_text(encoding="utf-8"))
TOLD: Final = ("vn.motcua.obligation.rung_reached.", "vn.motcua.coverage.gap_opened.")
LADDERS: Final = ladders_of(KINDS)


@dataclass
class Played:
    """One subject on the engine, with everything that was said of it."""

    subject: str
    reference: Reference = field(default_factory=province)
    law: list[Event] = field(default_factory=lambda: list(province_events()))
    facts: list[Event] = field(default_factory=list)
    told: list[tuple[datetime, Emission]] = field(default_factory=list)
    state: State | None = None
    opened: datetime | None = None
    swept: datetime = LONG_AGO

    def decides(self, data: EventData, at: datetime) -> None:
        """Let the reference data change."""
        from shared.reference.view import apply  # noqa: PLC0415

        event = decision(data, self.reference.version + 1).model_copy(
            update={"recordedtime": at.astimezone(UTC), "time": at}
        )
        self.law.append(event)
        self.reference = apply(self.reference, event)

    def opens(self, now: datetime) -> None:
        """Let the calendar bring the subject about."""
        self.opened = now
        unit = self.reference.current(UNIT)
        self.state, emissions = open_by_calendar(self.subject, unit, self._context(now))
        self._tell(now, emissions)

    def happens(self, event: Event, now: datetime) -> None:
        """Let an event be recorded, and applied at once."""
        self.hears(self.records(event), now)

    def records(self, event: Event) -> Event:
        """Let intake record an event, under the law that it knows; return it."""
        event = event.model_copy(update={"referenceversion": self.reference.version})
        self.facts.append(event)
        return event

    def hears(self, event: Event, now: datetime) -> None:
        """Let an event be applied, however long ago it was recorded."""
        self.swept = max(now, self.swept)
        read = event_under(event, self.reference.current)
        folded = fold(self._stored(), read, self._context(now))
        self.state = folded.state
        self._tell(now, folded.emissions)

    def sweeps(self, now: datetime) -> None:
        """Look once, as a sweep does: recount first, then what is due."""
        self.swept = max(now, self.swept)
        if self.state is None:
            return
        due = self.state.next_at()
        if (due is None or due >= now) and self.state.law == law_of(self.reference):
            return
        state = self._stored()
        assert state is not None, "it is there"
        emissions = sweep(state, self._context(now), upto=now)
        self.state = state
        self._tell(now, emissions or ())

    def obligations(self) -> list[Json]:
        """Return what workflow's archive has of the subject."""
        return [
            {
                "id": emission.id,
                "source": "urn:motcua:service:workflow",
                "type": f"vn.motcua.{emission.name}.v1",
                "subject": self.subject,
                "time": emission.time.isoformat(),
                "sequence": number,
                "recordedtime": now.isoformat(),
                "data": dict(emission.data),
            }
            for number, (now, emission) in enumerate(self.told, start=1)
        ]

    def notices(self) -> list[Json]:
        """Return what notifications' archive would have: everybody was told."""
        return [notice for told in self.obligations() for notice in notices_of(told)]

    def audit(
        self,
        upto: datetime,
        *,
        obligations: Sequence[Json] | None = None,
        notices: Sequence[Json] | None = None,
    ) -> Tally:
        """Let the auditor judge what was said, or what somebody made of it."""
        tally = Tally()
        mine = self.obligations() if obligations is None else list(obligations)
        audit_subject(
            Subject(
                self.subject,
                [to_document(event) for event in self.facts],
                mine,
                self.notices() if notices is None else list(notices),
                self.opened,
            ),
            Laws(to_document(event) for event in self.law),
            LADDERS,
            upto=upto,
            tally=tally,
        )
        return tally

    def _stored(self) -> State | None:
        if self.state is None:
            return None
        codec = SubjectCodec(units=lambda: self.reference.units)
        return codec.from_document(codec.to_document(self.state))

    def _context(self, now: datetime) -> Context:
        return Context(now.astimezone(UTC), self.reference)

    def _tell(self, now: datetime, emissions: Sequence[Emission]) -> None:
        self.told += [(now, emission) for emission in emissions]


def notices_of(told: Json) -> list[Json]:
    """Return the notices, planned and sent, of what people are told of."""
    by_itself = told["type"].startswith(TOLD)
    by_itself = by_itself and told["data"].get("incident") is None
    if not by_itself and not told["type"].startswith("vn.motcua.incident."):
        return []
    return [
        {
            "id": f"{told['id']}-{person}-{name}",
            "source": "urn:motcua:service:notifications",
            "type": f"vn.motcua.notice.{name}.v1",
            "subject": f"n-{told['id']}-{person}",
            "time": told["recordedtime"],
            "sequence": number,
            "recordedtime": told["recordedtime"],
            "data": {"about": told["id"], "person": person, "channel": "email"},
        }
        for person in told["data"].get("persons", ())
        for number, name in enumerate(("planned", "sent"), start=1)
    ]

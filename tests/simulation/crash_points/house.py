"""One consumer put together from the real machinery, on ports that keep their content."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.events.envelope import Event, encode
from shared.reference.view import Reference
from shared.subjects.apply import ApplyBatch
from shared.subjects.change import ChangeSubjects
from shared.subjects.decide_parked import DecideParked
from shared.subjects.document import Document
from shared.subjects.parking import Decided, Parked
from shared.subjects.records import Record
from shared.subjects.relay import Relay
from tests.fakes.counting import START, NamesCodec, say_back
from tests.fakes.subjects import (
    FixedReference,
    MemoryArchive,
    MemoryParking,
    MemoryPublisher,
    MemorySubjects,
)
from tests.simulation.crash_points.harm import Fragile, Script

TOPIC = "motcua.dossiers.v1"
LATER = timedelta(seconds=10)


@dataclass
class MemoryDesk(MemoryParking):
    """Parking with the operators' desk before it."""

    decisions: list[tuple[str, str]] = field(default_factory=list)

    async def list(self, *, limit: int) -> Sequence[Parked]:
        return [*self.parked.values()][:limit]

    async def get(self, parked_id: str) -> Parked | None:
        return self.parked.get(parked_id)

    async def record_decision(
        self, parked: Parked, *, decision: str, who: str, why: str, at: datetime
    ) -> None:
        assert who, (why, at)
        self.decisions.append((parked.id, decision))

    async def decided(self, *, limit: int) -> Sequence[Decided]:
        raise AssertionError(f"only a page reads decisions, {limit} of them")


@dataclass
class Marks:
    """What a service is told after a batch, before its position is committed."""

    subjects: set[str] = field(default_factory=set)

    async def after(self, documents: Sequence[Document[list[str]]]) -> None:
        self.subjects.update(document.id for document in documents)


class StandingClock:
    def now(self) -> datetime:
        return START


@dataclass
class Disk:
    """What outlives a process."""

    store: MemorySubjects[list[str]] = field(
        default_factory=lambda: MemorySubjects(NamesCodec())
    )
    publisher: MemoryPublisher = field(default_factory=MemoryPublisher)
    archive: MemoryArchive = field(default_factory=MemoryArchive)
    parking: MemoryDesk = field(default_factory=MemoryDesk)
    marks: Marks = field(default_factory=Marks)

    def result(self) -> dict[str, Any]:
        """Return every lasting effect; a repeat of a published id is no effect."""
        streams: dict[str, dict[str, int]] = {}
        for out in self.publisher.published:
            number = int((out.value or {})["sequence"])
            streams.setdefault(out.key, {}).setdefault(out.id, number)
        return {
            "documents": {name: _lasting(row) for name, row in self.store.rows.items()},
            "published": {key: list(ids.items()) for key, ids in streams.items()},
            "archived": sorted(self.archive.kept),
            "parked": sorted(self.parking.parked),
            "decided": sorted(set(self.parking.decisions)),
            "told": sorted(self.marks.subjects),
        }


def _lasting(row: Mapping[str, Any]) -> dict[str, Any]:
    held = [(stream, event["sequence"]) for stream, event in row["held"]]
    kept = {name: row[name] for name in ("sequences", "emitted", "outbox", "state")}
    return {**kept, "held": held, "pending": row["pending_at"] is not None}


class Process:
    """A consumer from its start to its end; every call outwards goes by the script."""

    def __init__(self, disk: Disk, script: Script) -> None:
        store: Any = Fragile(disk.store, "SubjectStore", script)
        publisher: Any = Fragile(disk.publisher, "Publisher", script)
        archive: Any = Fragile(disk.archive, "Archive", script)
        desk: Any = Fragile(disk.parking, "ParkingDesk", script)
        source: Any = Fragile(FixedReference(Reference.empty()), "ReferenceSource", script)
        marks: Any = Fragile(disk.marks, "Marks", script)
        self.relay = Relay[list[str]](store, publisher, archive, wall_now=lambda: START)
        self.apply = ApplyBatch[list[str]](
            service="workflow",
            store=store,
            fold=say_back,
            relay=self.relay,
            parking=desk,
            reference=source,
            clock=StandingClock(),
            wall_now=lambda: START,
            after=marks.after,
        )
        self.change = ChangeSubjects[list[str]](
            "workflow", store, self.relay, source, StandingClock(), lambda: START
        )
        self.disk = disk
        self.desk = desk
        self.decide = DecideParked(self.apply, desk)

    async def sweep(self) -> None:
        """Publish what was left behind, as the service does every two seconds."""
        await self.relay.sweep_left_behind(wall_now=START + LATER)


def records(events: Sequence[Event], *raw: bytes) -> list[Record]:
    """Return events, and values that are none, as the broker would hand them over."""
    values = [(event.subject.encode(), encode(event)) for event in events]
    values += [(b"H37.112-260105-0099", value) for value in raw]
    return [Record(TOPIC, 0, offset, key, value) for offset, (key, value) in enumerate(values)]

"""Workflow on our own fakes: the real use cases, core and codec, without an engine."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from services.workflow.core.codec import OPEN_END, SubjectCodec
from services.workflow.core.fold import fold
from services.workflow.core.incident import Hanging, Incident
from services.workflow.core.kinds.registry import KINDS
from services.workflow.core.model import Subject
from services.workflow.core.stored import stamp, unstamp
from services.workflow.ports import Ends, OpenQuery
from services.workflow.usecases.calendar import OpenByCalendar
from services.workflow.usecases.freshness import Freshness, ReadTogether
from services.workflow.usecases.incidents import GatherOnIncidents
from services.workflow.usecases.reachability import CheckReachability
from services.workflow.usecases.sweep import SweepObligations, Swept
from shared.events.envelope import Event, encode
from shared.events.topics import PARTITIONS
from shared.ops.clock import FixedClock
from shared.reference.view import Reference
from shared.subjects.apply import ApplyBatch
from shared.subjects.change import ChangeSubjects
from shared.subjects.records import Record
from shared.subjects.relay import Relay
from tests.fakes.crashing import Crashing, Fuse
from tests.fakes.subjects import (
    FixedReference,
    MemoryArchive,
    MemoryParking,
    MemoryPublisher,
    MemorySubjects,
)

ALL_SHARDS = frozenset(range(PARTITIONS))


@dataclass
class MemoryIndex:
    """Finds subjects in the rows of `MemorySubjects`."""

    subjects: MemorySubjects[Subject]
    asked: int = 0
    look_max: int = 1_000_000
    """How many subjects one look names, where a test wants few."""

    async def due(
        self, shards: Collection[int], *, before: datetime, limit: int
    ) -> Sequence[str]:
        """Return the subjects whose next moment lies before `before`, oldest first."""
        self.asked += 1
        limit_at = stamp(before)
        rows = [
            row
            for row in self.subjects.rows.values()
            if row.get("next_at") is not None
            and row["next_at"] < limit_at
            and row["shard"] in shards
        ]
        rows.sort(key=lambda row: row["next_at"])
        return [row["_id"] for row in rows[: min(limit, self.look_max)]]

    async def behind(self, shards: Collection[int], *, law: int, limit: int) -> Sequence[str]:
        """Return subjects that still owe something and were counted under an older law."""
        found = [
            row["_id"]
            for row in self.subjects.rows.values()
            if row.get("law") is not None and row["law"] < law and row["shard"] in shards
        ]
        return sorted(found)[:limit]

    async def earliest(self, *, now: datetime) -> datetime | None:
        """Return the first moment at which time alone will change something."""
        del now  # Only a real engine looks near it first.
        moments = [
            row["next_at"]
            for row in self.subjects.rows.values()
            if row.get("next_at") is not None
        ]
        return unstamp(min(moments)) if moments else None

    async def open_by_kind(self) -> Mapping[str, int]:
        """Return how many subjects owe something, by kind."""
        rows = self.subjects.rows.values()
        return {kind: sum(kind in (row.get("open") or ()) for row in rows) for kind in KINDS}

    async def undated(self) -> int:
        """Return how many have no date."""
        return sum(bool(row.get("undated")) for row in self.subjects.rows.values())

    async def without_date(
        self, units: Collection[str] | None, *, limit: int
    ) -> Sequence[Subject]:
        """Return what owes something past the published calendar."""
        found = await self.subjects.load(
            [
                row["_id"]
                for row in self.subjects.rows.values()
                if row.get("undated") and (units is None or row["unit"] in units)
            ]
        )
        states = [found[name].state for name in sorted(found)]
        return [state for state in states if state is not None][:limit]

    async def every_open(self) -> AsyncIterator[Subject]:
        """Yield every subject that still owes something."""
        for row in list(self.subjects.rows.values()):
            if row.get("law") is not None and (found := await self.read(row["_id"])):
                yield found

    async def read(self, subject: str) -> Subject | None:
        """Return one subject."""
        found = await self.subjects.load([subject])
        return found[subject].state if subject in found else None

    async def read_all(self, subjects: Collection[str]) -> Sequence[Subject]:
        """Return these subjects, those that there are, in their order."""
        found = await self.subjects.load(subjects)
        states = [found[name].state for name in sorted(found)]
        return [state for state in states if state is not None]

    async def still_open(
        self, wanted: OpenQuery, *, skip: int = 0, limit: int
    ) -> Sequence[Subject]:
        """Return what still owes something, what ends first at the top."""
        rows = sorted(self._open(wanted), key=lambda row: (row["ends"], row["_id"]))
        names = [row["_id"] for row in rows[skip : skip + limit]]
        found = await self.subjects.load(names)
        states = [found[name].state for name in names]
        return [state for state in states if state is not None]

    async def count_open(self, wanted: OpenQuery) -> int:
        """Return how many still owe something."""
        return len(self._open(wanted))

    def _open(self, wanted: OpenQuery) -> list[dict[str, Any]]:
        return [
            row
            for row in self.subjects.rows.values()
            if row.get("ends") is not None
            and (wanted.units is None or row["unit"] in wanted.units)
            and (wanted.roles is None or set(row["roles"]) & set(wanted.roles))
            and (wanted.before is None or row["ends"] < stamp(wanted.before))
            and wanted.dated in {None, row["ends"] != OPEN_END}
        ]


@dataclass
class MemoryIncidents:
    """Finds incidents, and what hangs on them, in the same rows."""

    subjects: MemorySubjects[Subject]

    async def active(self) -> Sequence[tuple[str, Incident]]:
        """Return the incidents that are there now, each after its matter."""
        return [
            (row["_id"], Incident(name, unit, system, unstamp(since), common))
            for row in self.subjects.rows.values()
            for name, unit, system, since, common in row.get("incidents") or ()
        ]

    async def hanging(self, incidents: Collection[str]) -> Mapping[str, Sequence[Hanging]]:
        """Return what hangs on each of some incidents."""
        return {
            incident: [
                Hanging(row["_id"], obligation, role)
                for row in self.subjects.rows.values()
                for name, obligation, role in row.get("hangs") or ()
                if name == incident
            ]
            for incident in incidents
        }

    async def hanging_elsewhere(
        self, shards: Collection[int], *, than: Collection[str], limit: int
    ) -> Sequence[str]:
        """Return the subjects in which something hangs on another incident than these."""
        found = [
            row["_id"]
            for row in self.subjects.rows.values()
            if row["shard"] in shards and set(row.get("hangs_on") or ()) - set(than)
        ]
        return sorted(found)[:limit]


@dataclass
class MemoryMarks:
    """Days through which shards were opened."""

    days: dict[int, date] = field(default_factory=dict)

    async def opened_through(self, shards: Collection[int]) -> Mapping[int, date]:
        """Return them."""
        return {shard: self.days[shard] for shard in shards if shard in self.days}

    async def set_opened_through(self, shards: Collection[int], day: date) -> None:
        """Remember one."""
        for shard in shards:
            self.days[shard] = max(day, self.days.get(shard, day))


@dataclass
class Mark:
    """Intake's least mark, and what it says of late events."""

    at: datetime | None = None
    lately: dict[str, datetime] = field(default_factory=dict)

    def least(self) -> datetime | None:
        """Return it."""
        return self.at

    def late(self) -> Mapping[str, datetime]:
        """Return when the last late event of each publisher was recorded."""
        return dict(self.lately)


@dataclass
class Held:
    """The shards of this instance, and those that it has read to their ends."""

    held: frozenset[int] = ALL_SHARDS
    read: frozenset[int] = ALL_SHARDS

    def shards(self) -> frozenset[int]:
        """Return what is held."""
        return self.held

    async def ends(self) -> Ends:
        """Return where the log ends now."""
        return {}

    def passed(self, ends: Ends) -> frozenset[int]:
        """Return what has been read to its end."""
        del ends  # Tests say what has been read.
        return self.read & self.held


@dataclass
class Durable:
    """What outlives a process: store, broker, archive, marks, clock."""

    reference: Reference
    clock: FixedClock
    mark: Mark = field(default_factory=Mark)
    held: Held = field(default_factory=Held)
    subjects: MemorySubjects[Subject] = field(init=False)
    publisher: MemoryPublisher = field(default_factory=MemoryPublisher)
    archive: MemoryArchive = field(default_factory=MemoryArchive)
    parking: MemoryParking = field(default_factory=MemoryParking)
    marks: MemoryMarks = field(default_factory=MemoryMarks)
    checked: MemoryMarks = field(default_factory=MemoryMarks)
    wall: float = 0.0

    def __post_init__(self) -> None:
        """Read subjects with the codes that units have in the reference data."""
        self.subjects = MemorySubjects(SubjectCodec(units=lambda: self.reference.units))

    def said(self) -> dict[str, dict[int, tuple[str, str]]]:
        """Return what was published: subject → sequence → (id, name), repeats put together."""
        found: dict[str, dict[int, tuple[str, str]]] = {}
        for out in self.publisher.published:
            assert out.value is not None, "workflow publishes events only"
            entry = (out.id, out.value["type"])
            at = found.setdefault(out.key, {})
            number = out.value["sequence"]
            assert at.setdefault(number, entry) == entry, "a number stands for one event"
        return found


@dataclass
class DurableReference:
    """The reference data as they are when somebody asks, like those of a topic read along."""

    durable: Durable

    def current(self) -> Reference:
        """Return the view."""
        return self.durable.reference

    async def at_least(self, version: int) -> Reference:
        """Return the view, or refuse as one that never catches up."""
        return await FixedReference(self.durable.reference).at_least(version)


class Process:
    """One life of the service, from a start to its end or its death."""

    def __init__(self, durable: Durable, fuse: Fuse | None = None) -> None:
        fuse = fuse or Fuse()
        self._durable = durable

        def port(one: Any) -> Any:  # noqa: ANN401 -- Any port.
            return Crashing(one, fuse)

        store = port(durable.subjects)
        relay = Relay[Subject](
            store, port(durable.publisher), port(durable.archive), wall_now=self._wall_now
        )
        reference = DurableReference(durable)
        wall_now = self._wall_now
        self.relay = relay
        self.apply = ApplyBatch[Subject](
            "workflow",
            store,
            fold,
            relay,
            port(durable.parking),
            reference,
            durable.clock,
            wall_now,
        )
        change = ChangeSubjects[Subject](
            "workflow", store, relay, reference, durable.clock, wall_now
        )
        self.change = change
        self.index = MemoryIndex(durable.subjects)
        self.sweep = SweepObligations(
            index=port(self.index),
            change=change,
            freshness=Freshness(durable.mark, lambda: durable.wall),
            reading=ReadTogether(durable.held, lambda: durable.wall),
            reference=reference,
            clock=durable.clock,
            incidents=GatherOnIncidents(port(MemoryIncidents(durable.subjects)), change),
        )
        self.check_reachability = CheckReachability(
            change=change,
            marks=port(durable.checked),
            holding=durable.held,
            reference=reference,
            clock=durable.clock,
        )
        self.open_by_calendar = OpenByCalendar(
            change=change,
            marks=port(durable.marks),
            holding=durable.held,
            reference=reference,
            clock=durable.clock,
        )

    async def applies(self, events: Sequence[Event]) -> None:
        """Apply a batch, and finish what an earlier life left in outboxes."""
        records = [
            Record(event.topic.name, 0, number, event.subject.encode(), encode(event))
            for number, event in enumerate(events)
        ]
        await self.apply(records)

    async def looks(self) -> Swept:
        """Open what the day brings, sweep, and publish what was left behind."""
        await self.open_by_calendar()
        await self.check_reachability()
        swept = await self.sweep()
        await self.relay.sweep_left_behind(wall_now=datetime.max.replace(tzinfo=UTC))
        return swept

    def _wall_now(self) -> datetime:
        return datetime.fromtimestamp(self._durable.wall, UTC)

"""The sweep: its cost follows what is due, not what is open."""

import asyncio
import secrets
import time
from collections.abc import Collection as Many
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from deploy.reference.load import bundled_reference
from services.workflow.adapters.index import INDEXES, MongoIncidents, MongoObligationIndex
from services.workflow.core.codec import SubjectCodec, shard_of
from services.workflow.core.fold import fold
from services.workflow.core.model import Subject
from services.workflow.core.stored import stamp
from services.workflow.ports import Ends
from services.workflow.usecases.freshness import Freshness, ReadTogether
from services.workflow.usecases.incidents import GatherOnIncidents
from services.workflow.usecases.sweep import SweepObligations
from shared.calendar.zone import ICT
from shared.events.dossiers import DossierAccepted
from shared.events.envelope import Event
from shared.events.topics import DOSSIERS, PARTITIONS
from shared.kafka.publisher import KafkaPublisher
from shared.mongo.archive import MongoArchive
from shared.mongo.client import Mongo
from shared.mongo.collection import Collection
from shared.mongo.subjects import MongoSubjects
from shared.ops.clock import wall_now
from shared.subjects.change import ChangeSubjects
from shared.subjects.fold import Context
from shared.subjects.relay import Relay
from tests.bench.measuring import Budget, Rounds, Say, table
from tests.fakes.subjects import FixedReference

DUE: Final = 1_000
ROUNDS: Final = 7
ROUNDS_MIN: Final = 3
UNMEASURED: Final = 2
INSERT: Final = 1_000
BAR: Final = 1.2
REST_S_OF_A_MILLION: Final = 60.0
"""The store goes on writing down what was loaded for some checkpoints, 15 s apart."""
EARLY: Final = datetime(2026, 8, 3, 8, 0, tzinfo=ICT)
LATE: Final = datetime(2026, 8, 10, 8, 0, tzinfo=ICT)
PROCEDURE: Final = "1.004873"


class StandingClock:
    """Stands at the moment of the late template, a little before anything of it is due."""

    def now(self) -> datetime:
        return LATE + timedelta(minutes=1)


class AllShards:
    """Holds every shard, all read to the end."""

    def shards(self) -> frozenset[int]:
        return frozenset(range(PARTITIONS))

    async def ends(self) -> Ends:
        return {}

    def passed(self, ends: Ends) -> frozenset[int]:
        del ends
        return self.shards()


class Marks:
    """Intake has read everything up to now."""

    def least(self) -> datetime:
        return StandingClock().now()

    def late(self) -> Mapping[str, datetime]:
        return {}


@dataclass
class Templates:
    """A stored dossier that is due, and one that is not."""

    due: dict[str, Any]
    later: dict[str, Any]


@dataclass
class Province:
    """A database with so many open obligations, and the sweep over it."""

    mongo: Mongo
    rows: Collection
    sweep: SweepObligations
    rounds: Rounds

    async def round(self, due: dict[str, Any]) -> float:
        """Make 1,000 due again, sweep, and return how many milliseconds that took."""
        documents = [*_documents(due, 0, DUE)]
        await self.rows.delete_many({"_id": {"$in": [one["_id"] for one in documents]}})
        await self.rows.insert_new(documents)
        began = time.perf_counter()
        swept = await self.sweep()
        took = (time.perf_counter() - began) * 1_000
        assert swept.subjects == DUE, f"{swept.subjects} of {DUE} were swept"
        return took


async def measure(
    bootstrap: str, mongo_url: str, say: Say, *, sizes: Many[int], seconds: float
) -> None:
    """Sweep 1,000 due among few open ones and among many, in turn, on one server."""
    templates = Templates(_template(EARLY), _template(LATE))
    assert templates.due["next_at"] < stamp(StandingClock().now()) < templates.later["next_at"]
    publisher = KafkaPublisher([bootstrap], client_id="bench")
    provinces: dict[int, Province] = {}
    for size in sizes:
        provinces[size] = await _loaded(mongo_url, publisher, templates.later, size)
        say(f"  {size:,} open are loaded")
    await asyncio.sleep(REST_S_OF_A_MILLION * max(sizes) / 1_000_000)
    budget = Budget(seconds * len(sizes))
    for number in range(UNMEASURED + ROUNDS):
        if not budget.left and number >= UNMEASURED + ROUNDS_MIN:
            break
        for province in provinces.values():
            took = await province.round(templates.due)
            if number >= UNMEASURED:
                province.rounds.add(took)
    least = provinces[min(sizes)].rounds
    found = {size: province.rounds for size, province in provinces.items()}
    rows = [(f"{size:,} open", f"{rounds.text()} ms") for size, rounds in found.items()]
    for size in sorted(sizes)[1:]:
        pairs = zip(found[size].values, least.values, strict=True)
        ratios = Rounds([many / few for many, few in pairs])
        rows.append((f"{size:,} / {min(sizes):,}", f"{ratios.text(2)}   (bar: ≤ {BAR})"))
    table(f"A sweep with {DUE:,} due, embedded store, sizes in turn", rows, say)
    await publisher.stop()
    for province in provinces.values():
        await province.mongo.drop()
        await province.mongo.close()


def _template(at: datetime) -> dict[str, Any]:
    reference = bundled_reference()
    event = Event(
        id="bench",
        source="urn:motcua:publisher:demo",
        name="dossier.accepted",
        subject="TEMPLATE",
        time=at,
        sequence=1,
        recordedtime=at,
        receivingunit="06112",
        competentunit="06112",
        referenceversion=reference.version,
        data=DossierAccepted(procedure=PROCEDURE, channel="direct"),
    )
    state = fold(None, event, Context(at, reference)).state
    codec = SubjectCodec()
    index = {name: one for name, one in codec.index(state).items() if one is not None}
    return {
        "version": 1,
        "sequences": [[DOSSIERS.name, 1]],
        "emitted": [],
        "held": [],
        "outbox": [],
        "state": codec.to_document(state),
        **index,
    }


def _documents(template: dict[str, Any], first: int, count: int) -> Iterator[dict[str, Any]]:
    for number in range(first, first + count):
        code = f"G09.20-26-{number:07d}"
        state = {**template["state"], "id": code}
        yield {**template, "_id": code, "shard": shard_of(code), "state": state}


async def _loaded(
    mongo_url: str, publisher: KafkaPublisher, later: dict[str, Any], size: int
) -> Province:
    mongo = Mongo(mongo_url, f"bench_{secrets.token_hex(4)}")
    subjects = MongoSubjects[Subject](mongo, "subjects", SubjectCodec(), indexes=INDEXES)
    archive = MongoArchive(mongo)
    await subjects.prepare()
    await archive.prepare()
    for first in range(DUE, size, INSERT):
        await subjects.collection.insert_new([*_documents(later, first, INSERT)])
    sweep = _sweep(subjects, Relay(subjects, publisher, archive, wall_now=wall_now))
    return Province(mongo, subjects.collection, sweep, Rounds())


def _sweep(subjects: MongoSubjects[Subject], relay: Relay[Subject]) -> SweepObligations:
    reference = FixedReference(bundled_reference())
    change = ChangeSubjects[Subject](
        "workflow", subjects, relay, reference, StandingClock(), wall_now
    )
    return SweepObligations(
        index=MongoObligationIndex(subjects),
        change=change,
        freshness=Freshness(Marks(), time.monotonic),
        reading=ReadTogether(AllShards(), time.monotonic),
        reference=reference,
        clock=StandingClock(),
        incidents=GatherOnIncidents(MongoIncidents(subjects), change),
    )

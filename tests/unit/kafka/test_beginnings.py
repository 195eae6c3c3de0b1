"""What is read, what is not and why, when a subscription is given partitions."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalStateError

from shared.kafka.beginnings import HINDERED_LOOK_S, Beginnings, halted_sentence
from shared.kafka.logs import Looked, last_record
from shared.kafka.positions import Positions
from shared.subjects.errors import UnavailableError
from shared.subjects.read_positions import Log, Loss, Place, StoredPosition
from tests.fakes.read_positions import MemoryReadPositions

pytestmark = pytest.mark.asyncio

TOPIC = "motcua.inbound.bpi.v1"
ONE, TWO = (TOPIC, 0), (TOPIC, 1)


@dataclass
class Client:
    """What Kafka's client is asked of: positions, pauses, committed offsets."""

    group: dict[Place, int] = field(default_factory=dict)
    assigned: set[Place] = field(default_factory=lambda: {ONE, TWO})
    at: dict[Place, int] = field(default_factory=dict)
    paused: set[Place] = field(default_factory=set)

    def pause(self, tp: TopicPartition) -> None:
        if (tp.topic, tp.partition) not in self.assigned:
            raise IllegalStateError(tp)
        self.paused.add((tp.topic, tp.partition))

    def resume(self, tp: TopicPartition) -> None:
        self.paused.discard((tp.topic, tp.partition))

    def seek(self, tp: TopicPartition, offset: int) -> None:
        self.at[tp.topic, tp.partition] = offset

    async def committed(self, tp: TopicPartition) -> int | None:
        return self.group.get((tp.topic, tp.partition))


@dataclass
class Logs:
    """Logs as a test says they are; those not named do not answer."""

    logs: dict[Place, Log]
    away: bool = False
    asked: int = 0

    async def look(self, places: Mapping[Place, StoredPosition | None]) -> Looked:
        self.asked += 1
        if self.away:
            raise UnavailableError("the brokers are away")
        hindered = {one: "has no leader" for one in places if one not in self.logs}
        return Looked({one: self.logs[one] for one in places if one in self.logs}, {}, hindered)


@dataclass
class Site:
    """A subscription that was given two partitions."""

    logs: Logs
    stored: MemoryReadPositions = field(default_factory=MemoryReadPositions)
    client: Client = field(default_factory=Client)
    positions: Positions = field(default_factory=Positions)
    now_s: float = 0.0
    ignored: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.beginnings = Beginnings(
            "intake",
            self.stored,
            self.logs,  # type: ignore[arg-type]  # It has the one method that is called.
            self.ignored.append,
            lambda: self.now_s,
        )
        self.beginnings.assigned(self.client, [ONE, TWO])

    async def decide(self) -> None:
        """Give it time for a look."""
        self.now_s += HINDERED_LOOK_S
        await self.beginnings.decide(self.client, self.positions)


async def test_nothing_is_fetched_before_it_is_decided() -> None:
    """Paused at once; then each from its own offset, and the store knows the holder."""
    site = Site(Logs({ONE: Log(0, 9), TWO: Log(3, 5)}))
    site.stored.kept[ONE] = StoredPosition(4)
    assert site.client.paused == {ONE, TWO}
    assert site.positions.durable == {}
    await site.decide()
    assert site.client.paused == set()
    assert site.client.at == {ONE: 4, TWO: 3}
    assert site.positions.durable == {ONE: 4, TWO: 3}
    assert set(site.stored.holders.values()) == {site.beginnings.holder}


async def test_a_store_or_broker_that_is_away_is_asked_again_and_named() -> None:
    """The partitions stay paused; nobody asks more than once a second."""
    site = Site(Logs({ONE: Log(0, 9), TWO: Log(0, 5)}))
    site.stored.away = True
    await site.decide()
    assert site.client.paused == {ONE, TWO}
    assert "does not know yet where to begin in 2 partitions" in str(site.beginnings.waiting())
    assert "the store does not answer" in str(site.beginnings.waiting())
    site.stored.away, site.logs.away = False, True
    await site.decide()
    await site.beginnings.decide(site.client, site.positions)
    assert site.logs.asked == 1
    site.logs.away = False
    await site.decide()
    assert site.client.paused == set()
    assert site.beginnings.waiting() is None


async def test_a_partition_without_a_leader_hinders_itself_alone() -> None:
    """It is named, asked about again, and read once it has one."""
    site = Site(Logs({ONE: Log(0, 9)}))
    await site.decide()
    assert site.client.paused == {TWO}
    assert site.positions.durable == {ONE: 0}
    assert site.beginnings.sentences() == [f"{TOPIC}/1 is not read: it has no leader"]
    site.logs.logs[TWO] = Log(0, 2)
    await site.decide()
    assert site.client.paused == set()
    assert site.beginnings.sentences() == []


async def test_a_loss_halts_its_partition_until_it_is_passed_over() -> None:
    """The others are read; the store knows what is lost, for every replica and operator."""
    site = Site(Logs({ONE: Log(6, 9), TWO: Log(0, 5)}))
    site.stored.kept[ONE] = StoredPosition(4)
    await site.decide()
    assert site.client.paused == {ONE}
    assert site.positions.durable == {ONE: 4, TWO: 0}
    (loss,) = await site.stored.halted()
    assert (loss.first_offset, loss.end_offset, loss.offsets) == (4, 6, 2)
    await site.decide()
    assert site.client.paused == {ONE}
    await site.stored.pass_over(loss)
    await site.decide()
    assert site.client.paused == set()
    assert site.client.at[ONE] == 6
    assert site.beginnings.sentences() == []


async def test_partitions_given_out_anew_meanwhile_are_decided_about_anew() -> None:
    """What was looked at belongs to the assignment before."""
    site = Site(Logs({ONE: Log(0, 9), TWO: Log(0, 5)}))
    inner = site.logs.look

    async def look(places: Mapping[Place, StoredPosition | None]) -> Looked:
        site.beginnings.assigned(site.client, [ONE])
        return await inner(places)

    site.logs.look = look  # type: ignore[method-assign]
    await site.decide()
    assert site.positions.durable == {}
    site.logs.look = inner  # type: ignore[method-assign]
    await site.decide()
    assert site.positions.durable == {ONE: 0}
    assert TWO in site.client.paused


async def test_a_committed_offset_that_is_not_believed_is_counted() -> None:
    """And committed anew with the next records."""
    site = Site(Logs({ONE: Log(0, 9), TWO: Log(0, 5)}), client=Client({ONE: 9, TWO: 5}))
    site.stored.kept |= {ONE: StoredPosition(4), TWO: StoredPosition(5)}
    await site.decide()
    assert site.ignored == [TOPIC]
    assert site.positions.uncommitted() == {ONE: 4}


async def test_a_partition_that_went_meanwhile_is_left_alone() -> None:
    """The client refuses to pause what it does not have any more."""
    site = Site(Logs({ONE: Log(0, 9), TWO: Log(0, 5)}))
    site.client.assigned.discard(TWO)
    site.beginnings.assigned(site.client, [ONE, TWO])
    assert site.beginnings.undecided == {ONE}


async def test_the_sentence_names_what_is_lost_and_the_command() -> None:
    """An inbound topic's loss is accepted; a canonical one's is restored."""
    loss = Loss(TOPIC, 3, 120, 450, 1_770_000_000_000, 1_770_100_000_000)
    assert halted_sentence("intake", loss) == (
        f"{TOPIC}/3 is halted: the broker deleted offsets 120 to 449, written between "
        "2026-02-02T09:40:00+07:00 and 2026-02-03T13:26:40+07:00, before intake read them; "
        "see what is lost, and go on, with `motcua topics accept-loss bpi --partition 3`"
    )
    unknown = Loss("motcua.dossiers.v1", 3, 0, 2, None, 2**62)
    assert halted_sentence("workflow", unknown).endswith(
        "written before an unknown time, before workflow read them; "
        "bring them back with `motcua restore topics`"
    )


async def test_a_record_is_known_by_key_value_and_time() -> None:
    """Whatever differs makes another record; absent is not empty."""

    def record(key: bytes | None, value: bytes | None, time_ms: int = 1) -> str:
        made = ConsumerRecord(TOPIC, 0, 5, time_ms, 0, key, value, None, -1, 0, ())
        return last_record(made).digest

    digests = [
        record(b"a", b"b"),
        record(b"", b"ab"),
        record(b"ab", b""),
        record(None, b"ab"),
        record(b"ab", None),
        record(b"a", b"b", 2),
    ]
    assert len(set(digests)) == len(digests)
    assert record(b"a", b"b") == digests[0]

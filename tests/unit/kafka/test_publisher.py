"""How long a publication waits, what a broker refuses, and who else it concerns."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.events.partitioner import partition_of
from shared.events.topics import RECORD_BYTES_MAX, rejected
from shared.kafka.delivery import PUBLISH_S_MAX, TRIAL_S_MAX
from shared.kafka.publisher import KafkaPublisher
from shared.kafka.topic_states import TOPIC_RETRY_S
from shared.subjects.document import Outgoing
from shared.subjects.errors import UnavailableError
from shared.subjects.refused import RefusedRecord, Scope
from tests.fakes.kafka import BAD_TIME, FakeKafka, publisher_on
from tests.fakes.leaping import run_leaping

TOPIC, OTHER, MISSING = "motcua.notices.v1", "motcua.obligations.v1", "motcua.missing.v1"
ResultT = TypeVar("ResultT")


def brokers() -> FakeKafka:
    """Return brokers with two topics."""
    return FakeKafka({TOPIC: 3, OTHER: 3})


def run(kafka: FakeKafka, work: Callable[[KafkaPublisher], Awaitable[ResultT]]) -> ResultT:
    """Do this with a publisher, on a clock that leaps."""

    async def scene() -> ResultT:
        publisher = publisher_on(kafka, encode)
        try:
            return await work(publisher)
        finally:
            await publisher.stop()

    return run_leaping(scene())


def slowly(kafka: FakeKafka, count: int) -> list[BaseException | None]:
    """Publish so many records at once, each by itself."""
    values = [f"{number}".encode() for number in range(count)]

    async def work(publisher: KafkaPublisher) -> list[BaseException | None]:
        return await asyncio.gather(
            *(publisher.publish_raw([(TOPIC, value, value, ())]) for value in values),
            return_exceptions=True,
        )

    return run(kafka, work)


def out(name: str, key: str = "a", topic: str = TOPIC, size: int = 0) -> Outgoing:
    """Return a record; one by the name of `bad…` has a time that no broker takes."""
    return Outgoing(name, topic, key, {"id": name, "filling": "." * size})


def encode(value: Mapping[str, Any]) -> bytes:
    """Return what is written."""
    if value["id"].startswith("bad"):
        return BAD_TIME
    return f"{value['id']}{value['filling']}".encode()


def publish(kafka: FakeKafka, *outgoing: Outgoing) -> Sequence[RefusedRecord]:
    """Publish these in one call."""

    async def work(publisher: KafkaPublisher) -> Sequence[RefusedRecord]:
        return await publisher.publish(outgoing)

    return run(kafka, work)


def test_a_slow_broker_has_all_its_time() -> None:
    """The last is acknowledged long after the limit, and is not given up."""
    kafka = brokers()
    kafka.pause_s = PUBLISH_S_MAX * 0.8
    assert slowly(kafka, 10) == [None] * 10
    assert len(kafka.values(TOPIC)) == 10


def test_a_silent_broker_is_given_up() -> None:
    """No acknowledgement within the limit, of any topic."""
    kafka = brokers()
    kafka.pause_s = PUBLISH_S_MAX * 1.1
    results = slowly(kafka, 3)
    assert [type(result) for result in results] == [UnavailableError] * 3


def test_a_full_client_is_waited_for() -> None:
    """Its own time-out hands nothing over, so the record is offered again and taken once."""
    kafka = brokers()
    kafka.full_times = 2
    assert slowly(kafka, 1) == [None]
    assert kafka.values(TOPIC) == [b"0"]


def test_a_client_that_stays_full_is_given_up() -> None:
    """Nobody is acknowledged meanwhile: the limit holds for the handing over, too."""
    kafka = brokers()
    kafka.full_times = 40
    (result,) = slowly(kafka, 1)
    assert isinstance(result, UnavailableError)
    assert kafka.values(TOPIC) == []


def acknowledged(kafka: FakeKafka, count: int) -> list[tuple[str, int, int]]:
    """Publish so many records of one subject in one call; return what the hook was given."""
    seen: list[tuple[str, int, int]] = []

    async def work(publisher: KafkaPublisher) -> None:
        publisher.on_acknowledged = lambda *written: seen.append(written)
        await publisher.publish_raw([(TOPIC, b"one", b"one", ())] * count)

    run(kafka, work)
    return seen


def test_the_last_offset_of_each_batch_is_reported() -> None:
    """Three to a batch, and one alone."""
    partition = partition_of(b"one", 3)
    assert acknowledged(brokers(), 7) == [(TOPIC, partition, last) for last in (2, 5, 6)]
    assert acknowledged(brokers(), 1) == [(TOPIC, partition, 0)]


def test_an_unknown_offset_is_not_reported() -> None:
    """The broker has the batch, but no longer knows where."""
    kafka = brokers()
    kafka.known_offsets = False
    assert acknowledged(kafka, 2) == []
    assert len(kafka.values(TOPIC)) == 2


def test_partitions_that_an_operator_added_to_our_topics_stay_empty() -> None:
    """A subject keeps its partition; a topic of a publisher's has what it has."""
    key = next(one for one in map(str, range(99)) if partition_of(one.encode(), 24) >= 12)
    for topic, partitions in ((TOPIC, 12), (rejected("portal").name, 1), ("a.topic", 24)):
        kafka = FakeKafka({topic: 24})
        assert not publish(kafka, Outgoing("1", topic, key, {"id": "1", "filling": ""}))
        assert list(kafka.log) == [(topic, partition_of(key.encode(), partitions))]


def test_a_refused_record_waits_with_what_follows_it_and_the_rest_is_taken() -> None:
    """The error's name, what it is about, and which record; in the middle of a full batch."""
    kafka = brokers()
    names = [("1", "a"), ("bad", "b"), ("2", "a"), ("3", "b"), ("4", "c"), ("5", "a")]
    refused = publish(kafka, *(out(name, key) for name, key in names))
    assert [(one.outgoing.id, one.follows) for one in refused] == [("bad", False), ("3", True)]
    assert {(one.error, one.scope) for one in refused} == {
        ("InvalidTimestampError", Scope.RECORD)
    }
    assert sorted(kafka.values(TOPIC)) == [b"1", b"2", b"4", b"5"]


def test_a_refusal_costs_nobody_else_anything() -> None:
    """Others who shared the producer are taken once, by its successor; it stays connected."""
    kafka = brokers()

    async def work(publisher: KafkaPublisher) -> None:
        calls = [publisher.publish([out(f"bad-{number}")]) for number in range(2)]
        calls += [publisher.publish([out(f"{number}")]) for number in range(20)]
        results = await asyncio.gather(*calls)
        assert [len(refused) for refused in results] == [1, 1, *[0] * 20]
        assert publisher.alive

    run(kafka, work)
    assert sorted(kafka.values(TOPIC)) == sorted(f"{number}".encode() for number in range(20))


def test_after_a_refusal_nobody_meets_the_spent_numbers() -> None:
    """The next call goes out at the first attempt."""
    kafka = brokers()

    async def work(publisher: KafkaPublisher) -> None:
        await publisher.publish([out("bad")])
        before = kafka.attempts[TOPIC]
        assert await publisher.publish([out("1")]) == []
        assert kafka.attempts[TOPIC] == before + 1

    run(kafka, work)


def test_a_record_over_our_own_limit_does_not_go_by_the_shared_producer() -> None:
    """The broker decides, since its limit may be another; nobody's numbers are spoiled."""
    kafka = brokers()
    kafka.bytes_max[TOPIC] = 2 * RECORD_BYTES_MAX
    refused = publish(
        kafka,
        out("1", "a", size=RECORD_BYTES_MAX),
        out("2", "b", size=3 * RECORD_BYTES_MAX),
        out("3", "c"),
    )
    assert [(one.outgoing.id, one.error) for one in refused] == [
        ("2", "MessageSizeTooLargeError")
    ]
    assert "max.message.bytes" in refused[0].sentence
    assert not any(producer.spoiled for producer in kafka.producers)


def test_a_batch_that_is_too_large_is_sent_record_by_record() -> None:
    """None of them is refused."""
    kafka = brokers()
    kafka.bytes_max[TOPIC] = 250
    assert publish(kafka, *(out(f"{number}", size=100) for number in range(6))) == []
    assert len(kafka.values(TOPIC)) == 6


def test_a_missing_topic_delays_no_other() -> None:
    """Found missing within a few seconds; then it is left alone for some more."""
    kafka = brokers()

    async def work(publisher: KafkaPublisher) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        refused = await publisher.publish([out("1", topic=MISSING), out("2")])
        assert [(one.outgoing.id, one.error, one.scope) for one in refused] == [
            ("1", "UnknownTopicOrPartitionError", Scope.TOPIC)
        ]
        assert loop.time() - started < 5.0
        assert "`motcua topics provision`" in publisher.refusing()[MISSING]
        started = loop.time()
        assert len(await publisher.publish([out("3", topic=MISSING), out("4")])) == 1
        assert loop.time() - started < 0.1

        kafka.partitions[MISSING] = 1
        await asyncio.sleep(TOPIC_RETRY_S)
        assert await publisher.publish([out("1", topic=MISSING)]) == []
        assert publisher.refusing() == {}

    run(kafka, work)
    assert len(kafka.values(TOPIC)) == 2
    assert len(kafka.values(MISSING)) == 1


def test_a_forbidden_topic_is_tried_with_one_record_now_and_then() -> None:
    """By the producer that a refusal does not spoil; once it is allowed, all goes out."""
    kafka = brokers()
    kafka.forbidden = {OTHER}
    many = [out(f"{number}", key=f"{number}", topic=OTHER) for number in range(20)]

    async def work(publisher: KafkaPublisher) -> None:
        assert len(await publisher.publish([*many, out("here")])) == len(many)
        before = kafka.attempts[OTHER]
        made = len(kafka.producers)
        for _ in range(5):
            await asyncio.sleep(TOPIC_RETRY_S)
            assert len(await publisher.publish(many)) == len(many)
        assert kafka.attempts[OTHER] == before + 5
        assert len(kafka.producers) == made
        kafka.forbidden.clear()
        await asyncio.sleep(TOPIC_RETRY_S)
        assert await publisher.publish(many) == []

    run(kafka, work)
    assert len(kafka.values(OTHER)) == len(many)
    assert len(kafka.values(TOPIC)) == 1


def test_a_topic_that_vanishes_under_way_is_found_missing() -> None:
    """The producer that holds its records is ended: they must not come behind our back."""
    kafka = brokers()

    async def work(publisher: KafkaPublisher) -> None:
        await publisher.publish([out("1", topic=OTHER)])
        kafka.silent, kafka.partitions = {OTHER}, {TOPIC: 3}
        publishing = asyncio.create_task(publisher.publish([out("2", topic=OTHER)]))
        await asyncio.sleep(0.5)
        producer = await publisher.producers.shared()
        await producer.client.force_metadata_update()
        assert (await publishing)[0].error == "UnknownTopicOrPartitionError"
        assert producer.client.closed
        assert await publisher.publish([out("3")]) == []

    run(kafka, work)


def test_a_topic_without_acknowledgements_is_left_alone_while_others_move() -> None:
    """After the limit the first time, within seconds after that."""
    kafka = brokers()
    kafka.silent = {OTHER}

    async def work(publisher: KafkaPublisher) -> None:
        async def others() -> None:
            while True:
                assert await publisher.publish([out("x")]) == []
                await asyncio.sleep(1.0)

        loop, moving = asyncio.get_running_loop(), asyncio.create_task(others())
        for limit in (PUBLISH_S_MAX, TRIAL_S_MAX):
            started = loop.time()
            (refused,) = await publisher.publish([out("1", topic=OTHER)])
            assert refused.error == "NotAcknowledgedError"
            assert loop.time() - started < limit + 3.0
            await asyncio.sleep(TOPIC_RETRY_S)
        kafka.silent.clear()
        assert await publisher.publish([out("1", topic=OTHER)]) == []
        moving.cancel()

    run(kafka, work)


def test_a_partition_without_a_leader_delays_no_other_partition() -> None:
    """Of the same topic; it is tried again later."""
    kafka = brokers()
    key = next(key for key in "abcdefgh" if partition_of(key.encode(), 3) == 1)
    other = next(key for key in "abcdefgh" if partition_of(key.encode(), 3) == 2)
    kafka.leaderless = {(TOPIC, 1)}

    async def work(publisher: KafkaPublisher) -> None:
        (refused,) = await publisher.publish([out("1", key), out("2", other)])
        assert (refused.outgoing.id, refused.error) == ("1", "LeaderNotAvailableError")
        assert await publisher.publish([out("3", other)]) == []
        kafka.leaderless.clear()
        await asyncio.sleep(TOPIC_RETRY_S)
        assert await publisher.publish([out("1", key)]) == []
        assert publisher.refusing() == {}

    run(kafka, work)


def test_brokers_that_are_away_are_no_missing_topic() -> None:
    """Nothing is known of a topic while nobody answers."""
    kafka = brokers()
    kafka.away = True
    (result,) = slowly(kafka, 1)
    assert isinstance(result, UnavailableError)


names = st.lists(
    st.sampled_from([(bad, key) for bad in ("", "bad") for key in "abc"]),
    min_size=1,
    max_size=9,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(names, min_size=1, max_size=3))
def test_every_key_is_taken_in_order_up_to_its_first_refused_record(
    calls: list[list[tuple[str, str]]],
) -> None:
    """Any batches, several calls at once with keys of their own: by the definition itself."""
    kafka = brokers()
    outgoing = [
        [out(f"{bad}{at:02d}", f"{key}{call}") for at, (bad, key) in enumerate(one)]
        for call, one in enumerate(calls)
    ]

    async def work(publisher: KafkaPublisher) -> list[Sequence[RefusedRecord]]:
        return await asyncio.gather(*(publisher.publish(one) for one in outgoing))

    refused = run(kafka, work)

    for sent, missed in zip(outgoing, refused, strict=True):
        for key in {one.key for one in sent}:
            mine = [one.id for one in sent if one.key == key]
            bad = next((at for at, one in enumerate(mine) if one.startswith("bad")), len(mine))
            written = [
                (value or b"").decode()
                for records in kafka.log.values()
                for named, value in records
                if named == key.encode()
            ]
            assert written == mine[:bad]
            assert [one.outgoing.id for one in missed if one.outgoing.key == key] == mine[bad:]

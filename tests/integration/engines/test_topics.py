"""Provisioning against a real broker: what is missing is made, what differs is refused."""

import pytest

from deploy.durability import ALONE, Durability, NotDurableError
from deploy.errors import CommandError
from deploy.topics import (
    Checked,
    TopicsDifferError,
    check,
    known_publishers,
    provision,
    wanted,
)
from shared.events.topics import Topic, inbound, rejected
from shared.kafka.admin import TopicAdmin, TopicSpec

pytestmark = pytest.mark.connected


def topic(name: str, partitions: int = 3, retention_ms: int = 3_600_000) -> Topic:
    """Return a topic that no contract declares."""
    return Topic(
        name=name,
        says="A test's own.",
        key="none",
        writer="a test",
        readers=(),
        partitions=partitions,
        retention_ms=retention_ms,
    )


@pytest.mark.asyncio
async def test_the_session_has_every_topic_of_the_contract(kafka_bootstrap: str) -> None:
    """What the fixtures provision passes the same check that an operator runs."""
    assert await check([kafka_bootstrap]) == Checked(len(wanted()), ALONE)


@pytest.mark.asyncio
async def test_a_second_run_creates_nothing(kafka_bootstrap: str, unique: str) -> None:
    """The first run creates, the second finds."""
    asked = [topic(f"{unique}.a"), topic(f"{unique}.b", partitions=1)]

    first = await provision([kafka_bootstrap], asked)
    second = await provision([kafka_bootstrap], asked)

    assert set(first.created) == {f"{unique}.a", f"{unique}.b"}
    assert second.created == ()
    assert set(second.kept) == {f"{unique}.a", f"{unique}.b"}


@pytest.mark.asyncio
async def test_a_topic_that_differs_is_named_and_left_alone_and_the_missing_one_created(
    kafka_bootstrap: str, unique: str
) -> None:
    """A person puts the first one right; the second one need not wait for that."""
    weak, new = topic(f"{unique}.weak"), topic(f"{unique}.new")
    async with TopicAdmin([kafka_bootstrap]) as admin:
        await admin.create([TopicSpec(weak.name, 1, {"retention.ms": "5000"})])

    done = await provision([kafka_bootstrap], [weak, new])

    assert done.created == (new.name,)
    assert done.differs is not None
    assert "1 partitions instead of 3 (kafka-topics.sh --alter" in done.differs
    assert "retention.ms is 5000 instead of 3600000" in done.differs
    assert "--add-config retention.ms=3600000," in done.differs
    async with TopicAdmin([kafka_bootstrap]) as admin:
        found = await admin.describe([weak.name, new.name])
    assert (found[weak.name].partitions, found[new.name].partitions) == (1, 3)
    assert found[weak.name].config["retention.ms"] == "5000"


@pytest.mark.asyncio
async def test_the_check_names_what_is_missing_and_what_differs_together(
    kafka_bootstrap: str, unique: str
) -> None:
    """Both are found in one run, each with its remedy."""
    weak, gone = topic(f"{unique}.weak"), topic(f"{unique}.gone")
    async with TopicAdmin([kafka_bootstrap]) as admin:
        await admin.create([TopicSpec(weak.name, 1, {"retention.ms": "3600000"})])

    with pytest.raises(TopicsDifferError, match="1 of 2 topics are missing") as refused:
        await check([kafka_bootstrap], [weak, gone])

    assert "1 partitions instead of 3" in str(refused.value)


@pytest.mark.asyncio
async def test_partitions_that_an_operator_added_are_accepted(
    kafka_bootstrap: str, unique: str
) -> None:
    """Kafka cannot take them away again, so nobody is asked to."""
    asked = [inbound(unique), rejected(unique)]
    more = TopicSpec(asked[0].name, asked[0].partitions + 4, asked[0].config)
    async with TopicAdmin([kafka_bootstrap]) as admin:
        await admin.create([more])

    done = await provision([kafka_bootstrap], asked)

    assert (done.created, done.differs) == ((asked[1].name,), None)
    assert (await check([kafka_bootstrap], asked)).topics == len(asked)


@pytest.mark.asyncio
async def test_a_missing_topic_is_named(kafka_bootstrap: str, unique: str) -> None:
    """The check says what is missing and which command makes it."""
    with pytest.raises(TopicsDifferError, match=rf"{unique}\.gone for one: create them with"):
        await check([kafka_bootstrap], [topic(f"{unique}.gone")])


@pytest.mark.asyncio
async def test_an_inbound_topic_takes_records_that_intake_must_refuse(
    kafka_bootstrap: str,
) -> None:
    """The broker's own limits let an oversize record in, for intake to answer."""
    door = inbound("counter")
    async with TopicAdmin([kafka_bootstrap]) as admin:
        found = await admin.describe([door.name, rejected("counter").name])

    assert found[door.name].config["max.message.bytes"] == str(6 * 1024 * 1024)
    assert found[door.name].config["message.timestamp.type"] == "LogAppendTime"
    assert found[rejected("counter").name].partitions == 1


@pytest.mark.asyncio
async def test_a_broker_that_is_away_is_one_sentence() -> None:
    """Nobody listens there: the command stops with the address."""
    with pytest.raises(CommandError, match=r"no Kafka answers at 127\.0\.0\.1:9"):
        await provision(["127.0.0.1:9"])


@pytest.mark.asyncio
async def test_who_may_publish_is_read_from_the_topics(
    kafka_bootstrap: str, unique: str
) -> None:
    """A publisher that was let in stays known to later checks."""
    assert unique not in await known_publishers([kafka_bootstrap])

    await provision([kafka_bootstrap], [inbound(unique), rejected(unique)])

    assert unique in await known_publishers([kafka_bootstrap])


@pytest.mark.asyncio
async def test_one_broker_alone_refuses_what_it_cannot_keep(
    kafka_bootstrap: str, unique: str
) -> None:
    """Three copies are wanted and one broker answers: nothing is created."""
    asked = [topic(f"{unique}.three")]

    with pytest.raises(NotDurableError, match=r"3 brokers .* 1 answer \(1\): start the others"):
        await provision([kafka_bootstrap], asked, durability=Durability.of(3))

    async with TopicAdmin([kafka_bootstrap]) as admin:
        assert f"{unique}.three" not in await admin.names()


@pytest.mark.asyncio
async def test_topics_that_are_there_state_how_new_ones_are_kept(
    kafka_bootstrap: str, unique: str
) -> None:
    """A publisher is let in without stating again what the installation has."""
    done = await provision(
        [kafka_bootstrap], [inbound(unique), rejected(unique)], durability=None
    )

    assert done.created == (inbound(unique).name, rejected(unique).name)
    found = await check([kafka_bootstrap], [inbound(unique)], durability=None)
    assert found.durability == ALONE

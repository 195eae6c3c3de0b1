"""Rejections whose topic takes nothing: nobody else waits, and they are published in order."""

import json
from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.intake.usecases import rejections as module
from services.intake.usecases.progress import PublishProgress
from services.intake.usecases.rejections import RETRY_AFTER, PublishRejections
from shared.events.topics import CONTACTS, DOSSIERS, rejected
from shared.subjects.document import Outgoing
from shared.subjects.errors import UnavailableError
from shared.subjects.refused import Scope
from tests.contract.intake.doors import kafka_door, record, rejections
from tests.fakes.intake import NOW, MemoryRejections, World, event
from tests.fakes.subjects import MemoryPublisher
from tests.unit.intake.test_waiting import accepted, asked, completed

FIRST, SECOND = rejected("first").name, rejected("second").name


class Site:
    """A publisher that keeps rejections, on memory and a wall clock that stands."""

    def __init__(self) -> None:
        self.wall = NOW
        self.broker = MemoryPublisher()
        self.store = MemoryRejections()
        self.start()

    def start(self) -> None:
        """Begin as a new process."""
        self.publisher = PublishRejections(self.broker, self.store, lambda: self.wall)

    def later(self) -> None:
        """Wait until a topic may be tried again."""
        self.wall += RETRY_AFTER

    def ids(self, topic: str) -> list[str]:
        """Return what a topic has."""
        return self.broker.ids(topic)


def some(topic: str, *names: str) -> list[Outgoing]:
    """Return rejections."""
    return [Outgoing(name, topic, name, {}) for name in names]


@pytest.mark.asyncio
async def test_a_missing_topic_stops_neither_events_nor_other_publishers() -> None:
    """What it does not take is kept; what comes later waits behind it, in order."""
    site = Site()
    site.broker.missing = {FIRST}
    event = Outgoing("e", DOSSIERS.name, "s", {})
    sent = [*some(FIRST, "1", "2"), event, *some(SECOND, "a")]
    assert await site.publisher.publish(sent) == []
    assert (site.ids(DOSSIERS.name), site.ids(SECOND), site.ids(FIRST)) == (["e"], ["a"], [])
    said = await site.publisher.impaired()
    assert said is not None
    assert f"2 rejections wait in the store for {FIRST}" in said
    assert "UnknownTopicOrPartitionError" in said

    site.broker.missing.clear()
    await site.publisher.publish(some(FIRST, "3"))
    assert site.ids(FIRST) == []
    assert await site.publisher.publish_waiting() == 0
    site.later()
    assert await site.publisher.publish_waiting() == 3
    assert site.ids(FIRST) == ["1", "2", "3"]
    assert await site.publisher.impaired() is None
    await site.publisher.publish(some(FIRST, "4"))
    assert site.ids(FIRST) == ["1", "2", "3", "4"]


@pytest.mark.asyncio
async def test_another_process_publishes_what_was_kept() -> None:
    """It finds it in the store; what it refuses itself comes behind that."""
    site = Site()
    site.broker.missing = {FIRST}
    await site.publisher.publish(some(FIRST, "1"))
    site.start()
    assert await site.publisher.publish_waiting() == 0
    await site.publisher.publish(some(FIRST, "2"))
    site.broker.missing.clear()
    site.later()
    assert await site.publisher.publish_waiting() == 2
    assert site.ids(FIRST) == ["1", "2"]


@pytest.mark.asyncio
async def test_brokers_that_are_away_are_no_refusal() -> None:
    """The batch comes again: nothing is kept that will be rejected once more."""
    site = Site()
    site.broker.away = True
    with pytest.raises(UnavailableError):
        await site.publisher.publish(some(FIRST, "1"))
    assert site.store.kept == {}


@pytest.mark.asyncio
async def test_other_refusals_are_returned() -> None:
    """A canonical record that is refused waits with its subject, not here."""
    site = Site()
    site.broker.missing = {DOSSIERS.name, FIRST}
    sent = [Outgoing("e", DOSSIERS.name, "s", {}), *some(FIRST, "1")]
    assert [one.outgoing.id for one in await site.publisher.publish(sent)] == ["e"]
    assert list(site.store.kept) == ["1"]


@pytest.mark.asyncio
async def test_no_more_are_kept_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest is counted and said; the receipt of each event has the answer, too."""
    monkeypatch.setattr(module, "KEPT_MAX", 2)
    site = Site()
    site.broker.missing = {FIRST}
    await site.publisher.publish(some(FIRST, "1", "2", "3"))
    await site.publisher.publish(some(FIRST, "4"))
    assert list(site.store.kept) == ["1", "2"]
    assert "2 more were not kept" in (await site.publisher.impaired() or "")


steps = st.lists(
    st.one_of(
        st.lists(st.sampled_from([FIRST, SECOND]), min_size=1, max_size=4),
        st.sampled_from(["missing", "there", "pass", "restart"]),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps)
@pytest.mark.asyncio
async def test_each_topic_gets_every_rejection_once_and_in_order(
    steps: Sequence[str | list[str]],
) -> None:
    """Whatever the first topic does meanwhile, in one process after another."""
    site, sent = Site(), list[tuple[str, str]]()
    for step in steps:
        if isinstance(step, list):
            batch = [(topic, f"{len(sent) + at:03d}") for at, topic in enumerate(step)]
            sent += batch
            await site.publisher.publish(
                [Outgoing(one, topic, "k", {}) for topic, one in batch]
            )
        elif step == "pass":
            site.later()
            await site.publisher.publish_waiting()
        elif step == "restart":
            site.start()
            await site.publisher.publish_waiting()
        else:
            site.broker.missing = {FIRST} if step == "missing" else set()
    site.broker.missing.clear()
    site.later()
    await site.publisher.publish_waiting()
    for topic in (FIRST, SECOND):
        assert site.ids(topic) == [one for named, one in sent if named == topic]


def wrong(number: int) -> bytes:
    """Return a record that is rejected."""
    return f"not an event {number}".encode()


@pytest.mark.asyncio
async def test_the_door_goes_on_without_the_topic_of_rejections() -> None:
    """Its own events are applied; the rejection comes once the topic is there."""
    world = World()
    door = kafka_door(world)
    world.publisher.missing = {rejected("demo").name}
    await door([record(wrong(1), 0)])
    answers = await world.send(event("dossier.accepted", "GOES-ON-0001"))
    assert [answer.is_applied for answer in answers] == [True]
    assert (rejections(world), len(world.stream(DOSSIERS.name))) == ([], 1)

    world.publisher.missing.clear()
    world.wall += RETRY_AFTER
    assert await world.publishing.publish_waiting() == 1
    assert [one["offset"] for one in rejections(world)] == [0]


@pytest.mark.asyncio
async def test_an_expired_event_waits_for_no_topic_of_rejections() -> None:
    """Its rejection is in its subject's outbox, which must not wait for it."""
    world = World()
    world.publisher.missing = {rejected("demo").name}
    sent = [accepted(), asked(1, 10), completed(30)]
    await kafka_door(world)(
        [record(json.dumps(one).encode(), offset) for offset, one in enumerate(sent)]
    )
    world.later(hours=1)
    assert await world.expires() == 1
    assert [row["outbox"] for row in world.subjects.rows.values()] == [[]]
    assert len(world.rejections.kept) == 1


@pytest.mark.asyncio
async def test_a_tombstone_that_its_topic_does_not_take_is_no_proof() -> None:
    """It waits in the outbox; the caller is asked to erase again."""
    world = World()
    world.publisher.missing = {CONTACTS.name}
    with pytest.raises(UnavailableError, match="does not take the tombstone"):
        await world.receive.contacts.erase("p-one")
    world.publisher.missing.clear()
    world.wall += timedelta(seconds=10)
    await world.relay.sweep()
    assert [out.value for out in world.publisher.published] == [None]


class Held:
    """One partition that was read to its end."""

    async def high_watermarks(self) -> dict[tuple[str, int], int]:
        """Return the end."""
        return {("motcua.inbound.demo.v1", 0): 3}

    async def next_offsets(self) -> dict[tuple[str, int], int]:
        """Return the position."""
        return {("motcua.inbound.demo.v1", 0): 3}


@pytest.mark.asyncio
@pytest.mark.parametrize("scope", [*Scope])
async def test_marks_wait_for_a_topic_but_not_for_a_refused_record(scope: Scope) -> None:
    """A position that passed an event in an outbox does not say that it is published."""
    world = World()
    if scope is Scope.TOPIC:
        world.publisher.missing = {DOSSIERS.name}
    else:
        world.publisher.too_large = {"urn:motcua:publisher:demo#dossier.accepted-WAITS-0001-0"}
    await world.send(event("dossier.accepted", "WAITS-0001"))
    (refused,) = await world.subjects.refused(limit=9)
    assert refused.refused.scope == scope.value

    async def waits() -> bool:
        return bool(
            [one for one in await world.subjects.count_refused() if one.scope == "topic"]
        )

    async def nothing() -> None:
        return None

    marks = MemoryPublisher()
    progress = PublishProgress(
        Held(), marks, world.receive.in_work, nothing, 0, held_back=waits
    )
    assert await progress() == (2 if scope is Scope.RECORD else 0)
    world.publisher.missing.clear()
    world.wall += timedelta(seconds=20)
    await world.relay.sweep()
    assert await progress() == (0 if scope is Scope.RECORD else 2)


@pytest.mark.asyncio
async def test_a_repeat_of_a_refused_event_does_not_overtake_it() -> None:
    """It is applied already; later events of the dossier wait behind the refused one."""
    world = World()
    world.publisher.too_large = {f"urn:motcua:publisher:demo#{accepted()['id']}"}
    await world.send(accepted())
    world.publisher.too_large.clear()
    await world.send(accepted())
    await world.send(asked(1, 10))
    await world.send(event("dossier.accepted", "GOES-ON-0001"))
    assert [one["subject"] for one in world.stream(DOSSIERS.name)] == ["GOES-ON-0001"]
    world.wall += timedelta(hours=1)
    await world.relay.sweep()
    waited = [one["sequence"] for one in world.stream(DOSSIERS.name)[1:]]
    assert waited == [1, 2]
    assert world.stream(DOSSIERS.name)[0]["subject"] == "GOES-ON-0001"


@pytest.mark.asyncio
async def test_a_copy_made_before_the_refusal_does_not_overtake() -> None:
    """Both events are recorded, then the first is refused, then the second one's turn comes."""
    world = World()
    first, second = await world.settle(accepted()), await world.settle(asked(1, 10))
    world.publisher.too_large = {f"urn:motcua:publisher:demo#{accepted()['id']}"}
    await world.relay.now(first)
    world.publisher.too_large.clear()
    await world.relay.now(second)
    assert world.stream(DOSSIERS.name) == []
    world.wall += timedelta(hours=1)
    await world.relay.sweep()
    assert [one["sequence"] for one in world.stream(DOSSIERS.name)] == [1, 2]

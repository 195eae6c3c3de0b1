"""A process that dies while events wait, are released or expire loses and doubles nothing."""

import pytest

from services.intake.core.receipts import Outcome
from shared.events.topics import CONTACTS, DOSSIERS, rejected
from shared.subjects.document import Outgoing
from tests.contract.intake.doors import kafka_door, rejections
from tests.fakes.crashing import DiedError
from tests.fakes.intake import World
from tests.fakes.records import record_of
from tests.unit.intake.test_crashes import (
    numbers,
    outboxes,
    run_dying_at,
    states,
    steps_of,
)
from tests.unit.intake.test_waiting import (
    CODE,
    accepted,
    asked,
    brought,
    completed,
    recorded,
    returned,
    state,
)

STORY = (
    accepted(),
    asked(1, 10),
    completed(30),
    brought(1, 20, contact={"phone": "0912345678"}),
    returned(40),
)


async def send_story(world: World) -> object:
    """Send the events in one after the other: the end waits for the receipt."""
    for one in STORY:
        await world.send(one)
    return None


@pytest.mark.asyncio
async def test_a_story_sent_again_after_a_crash_is_there_once() -> None:
    """Whatever step it died at, between holding and releasing too."""
    calm = World()
    await send_story(calm)
    assert len(recorded(calm)) == len(STORY)
    for step in range(1, await steps_of(World, send_story) + 1):
        world = World()
        with pytest.raises(DiedError):
            await run_dying_at(world, step, send_story)
        await send_story(world)
        world.later(seconds=10)
        await world.relay.sweep()
        assert numbers(world, DOSSIERS.name) == numbers(calm, DOSSIERS.name), step
        assert states(world) == states(calm), step
        assert [one["version"] for one in world.stream(CONTACTS.name)] == [1], step
        assert outboxes(world) == [], step
        for one in STORY:
            assert (await world.receipt(one["id"])).outcome is Outcome.APPLIED, step


@pytest.mark.asyncio
async def test_a_release_that_nobody_repeats_shows_in_the_receipts_all_the_same() -> None:
    """The subject's document answers for a receipt that a crash has left waiting."""

    async def release(world: World) -> object:
        return await world.send(brought(1, 20))

    async def waiting() -> World:
        world = World()
        await world.send(accepted(), asked(1, 10), completed(30))
        return world

    steps = (await run_dying_at(await waiting(), None, release)).steps
    for step in range(1, steps + 1):
        world = await waiting()
        with pytest.raises(DiedError):
            await run_dying_at(world, step, release)
        world.later(seconds=10)
        await world.relay.sweep()
        is_recorded = completed(30)["id"] in recorded(world)
        told = await world.receipt(completed(30)["id"])
        assert told.outcome is (Outcome.APPLIED if is_recorded else Outcome.WAITING), step
        assert outboxes(world) == [], step


@pytest.mark.asyncio
async def test_what_expires_is_rejected_once_whatever_dies() -> None:
    """The rejection is in the outbox with the change; the next pass ends what is left."""

    async def expire(world: World) -> object:
        return await world.expires()

    async def over() -> World:
        world = World()
        door = kafka_door(world)
        await door([record_of(one) for one in (accepted(), asked(1, 10), completed(30))])
        world.later(minutes=15)
        return world

    steps = (await run_dying_at(await over(), None, expire)).steps
    assert steps >= 8, "looked up, loaded, saved, receipts closed, published"
    for step in range(1, steps + 1):
        world = await over()
        with pytest.raises(DiedError):
            await run_dying_at(world, step, expire)
        world.later(seconds=10)
        await world.relay.sweep()
        await world.expires()
        assert len({one["offset"] for one in rejections(world)}) == 1, step
        assert {out.id for out in published(world)} == {published(world)[0].id}, step
        assert "held" not in state(world), step
        assert outboxes(world) == [], step
        told = await world.receipt(completed(30)["id"])
        assert told.outcome is Outcome.REFUSED, step
        assert [one["subject"] for one in world.stream(DOSSIERS.name)] == [CODE] * 2, step


def published(world: World) -> list[Outgoing]:
    """Return the rejections as they were published, repeats included."""
    return [out for out in world.publisher.published if out.topic == rejected("demo").name]

"""Records that were deleted before they were read: listed, accepted, published, read on."""

from collections.abc import Sequence
from typing import Any

import httpx2
import pytest
from typing_extensions import override

from services.intake.usecases.losses import Decision
from shared.events.topics import CENTRES, rejected
from shared.subjects.document import Outgoing
from shared.subjects.errors import UnavailableError
from shared.subjects.read_positions import Loss, StoredPosition
from shared.subjects.refused import RefusedRecord
from tests.contract.intake.doors import HttpDoor
from tests.fakes.intake import World
from tests.fakes.subjects import MemoryPublisher

pytestmark = pytest.mark.asyncio

TOPIC = "motcua.inbound.bpi.v1"
LOSS = Loss(TOPIC, 3, 120, 450, 1_770_000_000_000, 1_770_100_000_000)
OTHER = Loss("motcua.inbound.portal.v1", 0, 7, 9, None, 1_770_100_000_000)
DECISION = Decision("p-20-officer-1", "we were closed", "key")
ACCEPT = {"publisher": "bpi", "by": "p-20-officer-1", "why": "we were closed for Tết"}


async def halted(world: World) -> None:
    """Halt two partitions of two publishers."""
    for loss in (LOSS, OTHER):
        world.read_positions.kept[loss.place] = StoredPosition(loss.first_offset)
        world.read_positions.losses[loss.place] = loss


@pytest.fixture
def world() -> World:
    """A fresh intake."""
    return World()


@pytest.fixture
def http(world: World, tmp_path_factory: pytest.TempPathFactory) -> HttpDoor:
    """The application before it."""
    return HttpDoor(world, tmp_path_factory.mktemp("door"))


async def accept(http: HttpDoor, **more: object) -> httpx2.Response:
    """Ask as the operator."""
    async with http.client(http.keys.operator) as client:
        return await client.post("/v1/losses/accept", json={**ACCEPT, **more})


def rejections(world: World) -> list[dict[str, Any]]:
    """Return what the publisher reads."""
    return world.stream(rejected("bpi").name)


async def test_a_dry_run_says_what_is_lost_and_changes_nothing(
    http: HttpDoor, world: World
) -> None:
    """It is the default; the partition may be named."""
    await halted(world)
    answer = await accept(http)
    assert answer.json() == {
        "done": False,
        "losses": [
            {
                "publisher": "bpi",
                "topic": TOPIC,
                "partition": 3,
                "first_offset": 120,
                "end_offset": 450,
                "since": "2026-02-02T09:40:00+07:00",
                "until": "2026-02-03T13:26:40+07:00",
            }
        ],
    }
    assert (await accept(http, partition=4)).json()["losses"] == []
    assert len(await world.read_positions.halted()) == 2
    assert world.publisher.published == []


async def test_an_accepted_loss_is_published_and_passed_over(
    http: HttpDoor, world: World
) -> None:
    """For the audit, with the person; and to the publisher, with the times to send again."""
    await halted(world)
    answer = await accept(http, dry_run=False)
    assert answer.json()["done"]
    assert [one["partition"] for one in answer.json()["losses"]] == [3]
    assert await world.read_positions.halted() == [OTHER]
    assert world.read_positions.kept[LOSS.place] == StoredPosition(450)
    await world.relay.finish()
    (event,) = world.stream(CENTRES.name)
    assert event["type"] == "vn.motcua.loss.accepted.v1"
    assert event["subject"] == "20/loss/bpi-3-120"
    assert event["data"] == {
        "publisher": "bpi",
        "partition": 3,
        "first_offset": 120,
        "end_offset": 450,
        "since": "2026-02-02T09:40:00+07:00",
        "until": "2026-02-03T13:26:40+07:00",
        "by": "p-20-officer-1",
    }
    (record,) = rejections(world)
    assert (record["topic"], record["partition"], record["offset"]) == (TOPIC, 3, 120)
    (fault,) = record["faults"]
    assert fault["rule"] == "deleted-unread"
    assert "330 offsets of this partition, 120 to 449" in fault["detail"]
    assert "2026-02-02T09:40:00+07:00 and 2026-02-03T13:26:40+07:00" in fault["detail"]
    assert "chưa rõ" not in fault["detail_vi"]


async def test_who_accepted_what_and_why_stays_to_be_read(http: HttpDoor, world: World) -> None:
    """The reason's words are in the store alone: events have no free text."""
    await halted(world)
    await accept(http, dry_run=False)
    async with http.client(http.keys.operator) as client:
        answer = (await client.get("/v1/losses")).json()
    assert [one["publisher"] for one in answer["halted"]] == ["portal"]
    (kept,) = answer["accepted"]
    assert (kept["by"], kept["why"]) == (ACCEPT["by"], ACCEPT["why"])
    assert ACCEPT["why"] not in str(world.publisher.published)


async def test_a_crash_in_between_is_mended_by_doing_it_again(world: World) -> None:
    """The partition stays halted until the publisher's record is out; the event is one."""
    await halted(world)

    class Away(MemoryPublisher):
        @override
        async def publish(self, outgoing: Sequence[Outgoing]) -> Sequence[RefusedRecord]:
            raise UnavailableError(f"the broker is away with {len(outgoing)} records")

    broker, world.publisher = world.publisher, Away()
    world.start()
    with pytest.raises(UnavailableError):
        await world.accepting.accept(LOSS, DECISION)
    assert LOSS in await world.read_positions.halted()
    world.publisher = broker
    world.start()
    world.later(minutes=5)
    assert await world.accepting.accept(LOSS, DECISION)
    assert not await world.accepting.accept(LOSS, DECISION)
    await world.relay.sweep()
    assert len(world.stream(CENTRES.name)) == 1
    assert len(world.losses.kept) == 1


async def test_an_unknown_loss_says_that_nothing_is_halted(
    http: HttpDoor, world: World
) -> None:
    """A loss of times that nobody knows is accepted, too."""
    answer = await accept(http, dry_run=False)
    assert answer.json() == {"done": True, "losses": []}
    await halted(world)
    answer = await accept(http, publisher="portal", dry_run=False)
    assert answer.json()["losses"][0]["since"] is None
    (record,) = world.stream(rejected("portal").name)
    assert "between an unknown time and" in record["faults"][0]["detail"]
    assert "từ một thời điểm chưa rõ đến" in record["faults"][0]["detail_vi"]


@pytest.mark.parametrize("role", ["publisher", "clerk", "director", "province"])
async def test_operators_alone_accept(http: HttpDoor, world: World, role: str) -> None:
    """Nobody else, whatever is halted."""
    await halted(world)
    async with http.client(getattr(http.keys, role)) as client:
        answer = await client.post("/v1/losses/accept", json={**ACCEPT, "dry_run": False})
        assert answer.status_code == 403
        assert (await client.get("/v1/losses")).status_code == 403
    assert len(await world.read_positions.halted()) == 2


async def test_a_publisher_cannot_send_such_an_event(http: HttpDoor, world: World) -> None:
    """It would look as if an operator had accepted something."""
    await halted(world)
    await accept(http, dry_run=False)
    await world.relay.finish()
    (event,) = world.stream(CENTRES.name)
    sent = {name: event[name] for name in ("specversion", "type", "subject", "time", "data")}
    (answer,) = await world.send(
        {**sent, "id": "mine", "source": "urn:motcua:publisher:demo"}, publisher="demo"
    )
    assert answer.is_refused
    assert [one.rule for one in answer.faults] == ["not-allowed"]

"""Contacts of a batch are numbered together, each for its own event."""

from typing import Any

import pytest

from shared.events.topics import CONTACTS, DOSSIERS
from tests.fakes.crashing import Crashing, Fuse
from tests.fakes.intake import World, event


def _received(number: int) -> dict[str, Any]:
    contact = {"name": f"Nguyễn Văn {number}", "phone": f"09123456{number:02}"}
    return event("dossier.accepted", f"case-{number}", {"contact": contact})


@pytest.mark.asyncio
@pytest.mark.parametrize("count", [1, 2, 20])
async def test_a_batch_asks_the_contacts_as_often_as_one_event(count: int) -> None:
    """A store that makes each write last takes as long for one as for many."""
    world, fuse = World(), Fuse(None)
    world.contacts = Crashing(world.contacts, fuse)
    world.start()
    settled = await world.settle(*(_received(number) for number in range(count)))
    assert all(answer.is_applied for answer in settled.answers)
    assert fuse.steps == 4  # Before and after one read and one write.

    await world.relay.now(settled)
    versions = {one["subject"]: one["contactversion"] for one in world.stream(DOSSIERS.name)}
    assert versions == {f"case-{number}": 1 for number in range(count)}
    keys = {out.key for out in world.publisher.published if out.topic == CONTACTS.name}
    assert keys == set(versions)

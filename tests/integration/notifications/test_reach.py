"""The nightly check on real engines: said once, found after a restart, ended by a contact."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import pytest

from deploy.engines.embedded import EmbeddedEngines
from deploy.topics import provision
from services.notifications.adapters.reach import MongoNights, MongoSaidVerdicts
from shared.calendar.zone import legal_day
from shared.events.centres import CoverageReachChecked
from shared.events.envelope import Event
from shared.events.reference import RoleAssigned
from tests.fakes.mail_sink import Sink, mail_sink
from tests.fakes.notified import MONDAY, UNIT, contact
from tests.integration.notifications.running import Engines, Running, eventually, running
from tests.unit.workflow.province import decision, province_events

pytestmark = [pytest.mark.connected, pytest.mark.asyncio]

LADDER: Final = f"{UNIT}/coverage/ladder"
DIRECTOR: Final = "p-director"
TUESDAY: Final = MONDAY + timedelta(days=1)


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A mail sink."""
    with mail_sink() as started:
        yield started


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    """Engines of this module alone: the reference topic is one for all."""
    with EmbeddedEngines.at(tmp_path_factory.mktemp("reach")) as started:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, provision([started.kafka.bootstrap])).result()
        yield Engines(started.kafka.bootstrap, started.store.url)


def reference() -> list[Event]:
    """Return a province in which one Director holds a role."""
    assigned = RoleAssigned(
        person=DIRECTOR, role="director", unit=UNIT, from_day=date(2026, 1, 1)
    )
    decided = [one.data for one in province_events() if not isinstance(one.data, RoleAssigned)]
    return [decision(data, number) for number, data in enumerate([*decided, assigned], start=1)]


def said(world: Running) -> list[list[tuple[str, tuple[str, ...]]]]:
    """Return every verdict on the inbound topic."""
    return [
        [(one.role, one.reasons) for one in event.data.unreached]
        for event in world.answered(LADDER)
        if isinstance(event.data, CoverageReachChecked)
    ]


async def test_a_night_is_checked_once_whoever_restarts(
    tmp_path: Path, ground: Engines, sink: Sink, unique: str
) -> None:
    """The first day is not; a restart in the night says nothing again; a contact ends it."""
    nobody = [("director", ("no_contact",))]
    async with running(tmp_path, ground, sink, database=unique) as world:
        await world.say(*reference())
        await eventually(lambda: world.service.reference.current().organisation.assignments)
        await eventually(lambda: not world.service.judging.waits)
        await world.rests()
        assert said(world) == []
        world.clock.advance(TUESDAY)
        await eventually(lambda: said(world))
        await world.rests()
        assert said(world) == [nobody]
        assert (await world.service.status())["marks"]["unchecked"] == 0
        # As if it had died between the verdicts and the mark of the night.
        await world.service.mongo.collection("reach_marks").replace(
            {"_id": "checked", "through": legal_day(MONDAY).isoformat()}
        )

    async with running(tmp_path, ground, sink, database=unique, now=TUESDAY) as world:
        mongo = world.service.mongo
        await eventually(lambda: not world.service.judging.waits)
        await world.rests()
        assert said(world) == [nobody]
        await world.say(contact(DIRECTOR, role="staff", email="director@example.test"))
        await eventually(lambda: len(said(world)) == 2)
        await world.rests()
        assert said(world) == [nobody, []]
        last = (await MongoSaidVerdicts(mongo).last({LADDER, "06040/coverage/ladder"}))[LADDER]
        assert last.data == CoverageReachChecked()
        nights = MongoNights(mongo)
        await nights.keep(legal_day(MONDAY))
        assert await nights.last() == legal_day(TUESDAY)
        archived = await mongo.collection("archive").find({"key": LADDER})
        assert len(archived) == 2
        assert "director@" not in str(archived)

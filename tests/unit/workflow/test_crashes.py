"""The process dies before or after any call; nothing is lost and nothing doubled."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from shared.events.centres import ConnectionLost, ConnectionRestored, DutyCheckedIn
from shared.events.dossiers import DossierAccepted, DossierAssigned, DossierCompleted
from shared.events.envelope import Event
from shared.events.model import EventData
from shared.ops.clock import FixedClock
from tests.fakes.crashing import DiedError, Fuse
from tests.fakes.workflow import Durable, Process
from tests.unit.workflow.province import SYSTEM, THREE_DAYS, UNIT, province
from tests.unit.workflow.scenario import moment

FIRST, SECOND = "H37.100-260105-0001", "H37.100-260105-0002"
DUTY = f"{UNIT}/duty/2026-01-06/am"
LINK = f"{UNIT}/connection/{SYSTEM}"
STEPS_MAX = 2_000
STRIDE = 3  # Every third step of the story is tried here; the story has some hundred.

Step = Callable[[Process], Awaitable[object]]


def event(data: EventData, when: str, sequence: int, subject: str) -> Event:
    """Return a canonical event."""
    return Event(
        id=f"{subject.replace('/', '-')}-{sequence}",
        source="urn:motcua:publisher:counter",
        name=data.NAME,
        subject=subject,
        time=moment(when),
        sequence=sequence,
        recordedtime=moment(when),
        receivingunit=UNIT,
        competentunit=UNIT,
        data=data,
    )


def started() -> Durable:
    """Return an empty house on the morning of the 5th."""
    return Durable(province(), FixedClock(moment("2026-01-05 08:00")))


def story() -> list[tuple[str, Step]]:
    """Return what happens: the time on the clock, and what the process does then."""
    begin = [
        event(
            DossierAccepted(procedure=THREE_DAYS, channel="online"), "2026-01-05 09:00", 1, one
        )
        for one in (FIRST, SECOND)
    ]
    given = [
        event(DossierAssigned(handler="p-a"), "2026-01-05 09:10", 2, one)
        for one in (FIRST, SECOND)
    ]
    end = [event(DossierCompleted(result="K"), "2026-01-07 09:00", 3, FIRST)]
    lost = [event(ConnectionLost(), "2026-01-07 16:00", 1, LINK)]
    back = [event(ConnectionRestored(), "2026-01-07 17:20", 2, LINK)]
    came = [event(DutyCheckedIn(person="p-a"), "2026-01-06 07:50", 1, DUTY)]
    return [
        ("2026-01-05 09:15", lambda process: process.applies([*begin, *given])),
        ("2026-01-06 00:00", lambda process: process.looks()),
        ("2026-01-06 07:48", lambda process: process.looks()),
        ("2026-01-06 07:50", lambda process: process.applies(came)),
        ("2026-01-07 08:00", lambda process: process.looks()),
        ("2026-01-07 09:00", lambda process: process.applies(end)),
        ("2026-01-07 16:00", lambda process: process.applies(lost)),
        ("2026-01-07 17:10", lambda process: process.looks()),
        ("2026-01-07 17:20", lambda process: process.applies(back)),
        ("2026-01-07 17:30", lambda process: process.looks()),
        ("2026-01-12 18:00", lambda process: process.looks()),
    ]


async def lived(durable: Durable, fuse: Fuse) -> Durable:
    """Live through the story; a process that dies is started again and does its step again."""
    process = Process(durable, fuse)
    for when, step in story():
        durable.clock.instant = moment(when)
        durable.mark.at = moment(when)
        for _ in range(2):
            try:
                await step(process)
                break
            except DiedError:
                process = Process(durable, Fuse())
    await Process(durable).looks()
    return durable


def steps_of_the_story() -> int:
    """Count the calls of the story."""
    fuse = Fuse()
    asyncio.run(lived(started(), fuse))
    return fuse.steps


EVERY_STEP = range(1, steps_of_the_story() + 1, STRIDE)


def test_the_story_has_enough_steps_to_die_at() -> None:
    """Every port is called, and more than once."""
    assert 40 < steps_of_the_story() < STEPS_MAX


def test_the_story_tells_what_it_should() -> None:
    """What every other life is compared with."""
    said = asyncio.run(lived(started(), Fuse())).said()
    names = [name.removeprefix("vn.motcua.") for _, (_, name) in sorted(said[SECOND].items())]
    assert names.count("obligation.opened.v1") == 2
    assert names.count("obligation.rung_reached.v1") == 5
    assert said[DUTY]
    link = [name.removeprefix("vn.motcua.") for _, (_, name) in sorted(said[LINK].items())]
    assert [name for name in link if name.startswith("incident.")] == [
        "incident.opened.v1",
        "incident.closed.v1",
    ]


@pytest.mark.parametrize("burns_at", EVERY_STEP)
def test_dying_at_any_step_loses_and_doubles_nothing(burns_at: int) -> None:
    """The same events with the same ids and numbers, and the same state."""
    whole = asyncio.run(lived(started(), Fuse()))
    broken = asyncio.run(lived(started(), Fuse(burns_at)))
    assert broken.said() == whole.said()
    assert {
        subject: row["state"]["obligations"] for subject, row in broken.subjects.rows.items()
    } == {subject: row["state"]["obligations"] for subject, row in whole.subjects.rows.items()}
    assert not any(row["outbox"] for row in broken.subjects.rows.values())

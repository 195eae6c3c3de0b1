"""The store is lost and everything is replayed: nothing is told or sent twice."""

from datetime import timedelta

import pytest

from services.notifications.core.notice import Channel
from services.notifications.core.policy import Rules
from services.notifications.core.settling import Lost, Never
from shared.events.dossiers import DossierAccepted
from shared.events.envelope import Event
from shared.subjects.document import Outgoing
from tests.fakes.notified import MONDAY, PROCEDURE, Numbered, contact, opened, reached
from tests.unit.notifications.world import World

pytestmark = pytest.mark.asyncio

CODE, CHAIR, DIRECTOR = "H37.112-261123-0001", "p-06112-chairman", "p-06112-director"
RULES = Rules(frozenset({Channel.EMAIL, Channel.INBOX}))


def story() -> list[Event | Outgoing]:
    """Return a dossier that was accepted, is overdue and was told to two people."""
    numbered = Numbered()
    return [
        contact(CODE, email="a@example.test"),
        contact(CHAIR, role="staff", email="chair@example.test"),
        contact(DIRECTOR, role="staff", email="director@example.test"),
        numbered.event(
            CODE, DossierAccepted(procedure=PROCEDURE, channel="direct"), contactversion=1
        ),
        numbered.event(CODE, opened(due=MONDAY)),
        numbered.event(CODE, reached([CHAIR, DIRECTOR])),
    ]


async def test_what_was_sent_is_not_sent_again() -> None:
    """The notices come back as they were; their events are not repeated, and go on."""
    world = World(rules=RULES)
    await world.hear(*story())
    await world.work()
    sent, told = len(world.mail.taken), list(world.publisher.ids())
    before = {one.id: one.state for one in world.notices.all()}
    world.rebuild()
    await world.hear(*story())
    await world.work()
    await world.pass_time(wall=3_600, simulated=timedelta(hours=1))
    assert len(world.mail.taken) == sent == 3
    assert world.publisher.ids() == told
    assert {one.id: one.state for one in world.notices.all()} == before


async def test_a_channel_that_had_failed_is_not_tried_again() -> None:
    """The notice by the next channel is adopted with it."""
    world = World(rules=RULES)
    world.mail.answers = [Never("address_refused", "550")]
    numbered = Numbered()
    told: list[Event | Outgoing] = [
        contact(CHAIR, role="staff", email="chair@example.test"),
        numbered.event(CODE, opened(due=MONDAY)),
        numbered.event(CODE, reached([CHAIR])),
    ]
    await world.hear(*told)
    await world.work()
    assert world.states() == {"failed": 1, "sent": 1}
    published = list(world.publisher.ids())
    world.rebuild()
    await world.hear(*told)
    await world.work()
    assert world.states() == {"failed": 1, "sent": 1}
    assert world.publisher.ids() == published
    assert world.mail.taken == []


async def test_what_was_planned_and_perhaps_sent_goes_once_more_and_is_marked() -> None:
    """Nobody knows whether it was claimed: one marked resend, numbered on."""
    world = World(rules=RULES)
    await world.hear(*story())
    world.rebuild()
    await world.hear(*story())
    await world.work()
    assert len(world.mail.taken) == 3
    assert all(one.resent for one in world.mail.taken)
    numbers = {
        (str(out.value["subject"]), out.value["sequence"])
        for out in world.publisher.published
        if out.value is not None
    }
    assert len(numbers) == len(world.publisher.published)


async def test_an_answer_lost_twice_stays_lost() -> None:
    """It is not tried a third time by forgetting."""
    world = World(rules=RULES)
    world.mail.answers = [Lost("reset"), Lost("reset")]
    numbered = Numbered()
    told: list[Event | Outgoing] = [
        contact(CHAIR, role="staff", email="chair@example.test"),
        numbered.event(CODE, opened(due=MONDAY)),
        numbered.event(CODE, reached([CHAIR])),
    ]
    await world.hear(*told)
    await world.work()
    await world.pass_time(wall=6)
    assert world.states() == {"unknown": 1, "sent": 1}
    world.rebuild()
    await world.hear(*told)
    await world.pass_time(wall=3_600)
    assert world.mail.taken == []
    assert world.states() == {"unknown": 1, "sent": 1}

"""After an outage of ours nobody's telephone is flooded, and nothing is lost."""

from collections import Counter
from datetime import timedelta

import pytest

from services.notifications.core.notice import Channel
from services.notifications.core.policy import Rules
from services.notifications.core.rates import DIGEST_MAX, MERGED_MAX
from shared.events.obligations import ObligationDischarged
from tests.fakes.notified import MONDAY, UNIT, Numbered, contact, opened, reached
from tests.unit.notifications.world import Recorder, World

CHAIR = "p-06112-chairman"
RUNGS = 2_000
BURST, INTERVAL = 6, timedelta(minutes=10)


def dossier(number: int) -> str:
    """Return a dossier's code."""
    return f"H37.112-261123-{number:04d}"


async def flooded(count: int) -> tuple[World, Numbered]:
    """Return a world in which so many rungs are due for one person at this moment."""
    world, numbered = World(), Numbered()
    await world.hear(contact(CHAIR, role="staff", email="chair@example.test"))
    for number in range(count):
        code = dossier(number)
        await world.hear(
            numbered.event(code, opened(due=MONDAY)), numbered.event(code, reached([CHAIR]))
        )
    return world, numbered


@pytest.mark.asyncio
async def test_two_thousand_rungs_are_a_burst_and_two_digests() -> None:
    """Never more than the rate allows; every notice in one message; each says how it stands."""
    world, _ = await flooded(RUNGS)
    await world.work(passes=50)
    sizes = [len(one.notices) for one in world.mail.taken]
    assert sizes == [MERGED_MAX] * BURST
    held = RUNGS - BURST * MERGED_MAX
    assert world.states() == {"sent": BURST * MERGED_MAX, "held": held}
    await world.pass_time(simulated=INTERVAL)
    assert [len(one.notices) for one in world.mail.taken[BURST:]] == [DIGEST_MAX]
    await world.pass_time(simulated=INTERVAL)
    assert [len(one.notices) for one in world.mail.taken[BURST:]] == [DIGEST_MAX, 200]
    assert world.states() == {"sent": RUNGS}
    carried = Counter(notice.id for one in world.mail.taken for notice in one.notices)
    assert len(carried) == RUNGS
    assert set(carried.values()) == {1}
    told = Counter(world.told())
    assert (told["notice.planned"], told["notice.held"], told["notice.sent"]) == (
        RUNGS,
        held + 200,
        RUNGS,
    )


@pytest.mark.asyncio
async def test_a_digest_names_the_rest_line_by_line() -> None:
    """The most urgent in full, the others by a line, what is beyond by its number."""
    world, _ = await flooded(900)
    await world.work(passes=50)
    await world.pass_time(simulated=INTERVAL)
    digest = world.mail.taken[BURST].content
    assert digest.subject.startswith("600 việc cần xem")
    assert "Các việc khác:" in digest.text
    assert digest.text.count("\n- ") == 451
    assert "và 100 việc nữa ở trang Việc của tôi." in digest.text
    assert digest.html.count("<li>") == 451


@pytest.mark.asyncio
async def test_what_is_done_meanwhile_is_not_in_the_digest() -> None:
    """Asked again at the moment when it goes."""
    world, numbered = await flooded(400)
    await world.work(passes=50)
    done = ObligationDischarged(
        obligation="dossier_deadline",
        kind="dossier_deadline",
        unit=UNIT,
        at=MONDAY + timedelta(minutes=5),
        why="completed",
    )
    held = {one.plan.subject for one in world.notices.all() if one.state.value == "held"}
    gone = sorted(held)[:30]
    for code in gone:
        await world.hear(numbered.event(code, done))
    await world.pass_time(simulated=INTERVAL)
    assert world.states() == {"sent": 370, "obsolete": 30}
    assert len(world.mail.taken) == BURST + 1


@pytest.mark.asyncio
async def test_what_waited_for_the_morning_is_one_digest() -> None:
    """Sixty reminders of the night are one mail at seven."""
    night, handler = MONDAY + timedelta(hours=14), "p-06112-handler-1"
    world, numbered = World(now=night), Numbered(now=night)
    await world.hear(contact(handler, role="staff", email="h@example.test"))
    due = night + timedelta(days=3)
    for number in range(60):
        rung = reached([handler], rung="most", role="handler", at=night, due=due)
        code = dossier(number)
        await world.hear(numbered.event(code, opened(due=due)), numbered.event(code, rung))
    await world.work()
    assert world.mail.taken == []
    await world.pass_time(simulated=timedelta(hours=8))
    assert [len(one.notices) for one in world.mail.taken] == [60]


@pytest.mark.asyncio
async def test_two_that_waited_come_one_by_one() -> None:
    """A digest is for many; each of a few has its own button."""
    night, handler = MONDAY + timedelta(hours=14), "p-06112-handler-1"
    world, numbered = World(now=night), Numbered(now=night)
    await world.hear(contact(handler, role="staff", email="h@example.test"))
    due = night + timedelta(days=3)
    for number in range(2):
        rung = reached([handler], rung="most", role="handler", at=night, due=due)
        code = dossier(number)
        await world.hear(numbered.event(code, opened(due=due)), numbered.event(code, rung))
    await world.pass_time(simulated=timedelta(hours=8))
    assert [len(one.notices) for one in world.mail.taken] == [1, 1]


@pytest.mark.asyncio
async def test_a_telephone_gets_a_few_texts_and_then_one_for_all_the_rest() -> None:
    """Six short messages, then one that says how many matters wait."""
    rules = Rules(channels=frozenset({Channel.EMAIL, Channel.SMS, Channel.INBOX}))
    phone = Recorder()
    world, numbered = World(rules=rules, ports={Channel.SMS: phone}), Numbered()
    await world.hear(contact(CHAIR, role="staff", phone="0912345678"))
    for number in range(40):
        code = dossier(number)
        await world.hear(
            numbered.event(code, opened(due=MONDAY)), numbered.event(code, reached([CHAIR]))
        )
    await world.work(passes=50)
    assert [len(one.notices) for one in phone.taken] == [1] * BURST
    await world.pass_time(simulated=INTERVAL)
    assert [len(one.notices) for one in phone.taken[BURST:]] == [34]
    assert phone.taken[-1].content.short == "34 viec can xem o trang Viec cua toi."


def test_a_full_digest_fits_into_the_headers_that_relays_take() -> None:
    """Postfix reads 102,400 bytes of headers; the others need far less than 4,000."""
    mark = len("X-Motcua-Notice: ") + len("00000000-0000-5000-8000-000000000000") + len("\r\n")
    assert DIGEST_MAX * mark <= 102_400 - 4_000

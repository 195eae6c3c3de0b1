"""Seventy-two hours without workflow: one message for each thing that is owed, and no flood."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from services.notifications.core.rates import DIGEST_MAX
from services.workflow.usecases.sweep import BATCH_SUBJECTS_MAX
from tests.simulation.scenarios.house import House
from tests.simulation.scenarios.storm import (
    BACK,
    HEARD_AGAIN,
    KINDS,
    busiest,
    missed,
    missed_three_days,
    obligations_due,
    silent_weeks,
    subject_of,
    told_and_skipped,
)

BURST, WINDOW = 6, timedelta(minutes=10)


def weather_the_storm(dossiers: int, communes: int, *, until_sent: bool = True) -> House:
    """Let three days pass without workflow, and everything be sent that is due afterwards."""
    return asyncio.run(_weather(dossiers, communes, until_sent=until_sent))


async def _weather(dossiers: int, communes: int, *, until_sent: bool) -> House:
    house = await missed_three_days(dossiers, communes)
    batches: list[int] = []
    house.durable.subjects.before_save = lambda: batches.append(_published(house))
    await house.starts("workflow")
    batches.append(_published(house))
    per_batch = [later - earlier for earlier, later in pairwise(batches)]
    # A dossier says at most a handful of things at once: rungs, skipped rungs, breaches, gaps.
    assert max(per_batch) <= 10 * BATCH_SUBJECTS_MAX
    _check_workflow(house, dossiers)
    if not until_sent:
        return house
    await house.starts("notifications")
    while house.notifications.states().keys() & {"planned", "held", "claimed", "unknown"}:
        await house.walks_to(house.clock.now() + timedelta(hours=6))
    _check_messages(house)
    return house


def test_after_weeks_of_silence_each_hears_the_highest_rung_that_is_theirs() -> None:
    """Of one thing each person gets one message, however often it was raised meanwhile."""
    asyncio.run(_break_the_silence(200, communes=2))


async def _break_the_silence(dossiers: int, *, communes: int) -> None:
    house = await silent_weeks(dossiers, communes)
    told, skipped = told_and_skipped(house)
    assert not skipped, "workflow was there all the time"
    highest: dict[tuple[str, str, str], tuple[datetime, str]] = {}
    for one in told:
        for person in one.persons:
            whose = (one.subject, one.obligation, person)
            highest[whose] = max(highest.get(whose, (one.at, one.rung)), (one.at, one.rung))
    raised = sum(len(one.persons) for one in told)
    assert raised > len(highest) > dossiers, "some were overtaken"

    await house.starts("notifications")
    while house.notifications.states().keys() & {"planned", "held", "claimed", "unknown"}:
        await house.walks_to(house.clock.now() + timedelta(hours=6))
    sent = Counter(
        (plan.subject, plan.obligation, plan.recipient, plan.rung)
        for message in house.messages
        for plan in message.plans
        if plan.rung is not None and plan.planned_at < HEARD_AGAIN
    )
    assert sent == Counter(
        (subject, obligation, person, rung)
        for (subject, obligation, person), (_, rung) in highest.items()
    )


def _published(house: House) -> int:
    return len(house.durable.publisher.published)


def _check_workflow(house: House, dossiers: int) -> None:
    """Only the highest rung of each obligation is told; every lower one is on record."""
    told, skipped = told_and_skipped(house)
    expected, lower = {}, Counter[tuple[str, str, str]]()
    for number in range(dossiers):
        _, days, day = KINDS[number % len(KINDS)]
        for obligation, rungs in missed(days, day).items():
            for rung in sorted(rungs, key=lambda one: rungs[one])[:-1]:
                lower[subject_of(number), obligation, rung] += 1
            if rungs:
                highest = max(rungs, key=lambda one: rungs[one])
                hours = (BACK - rungs[highest]) // timedelta(hours=1)
                expected[subject_of(number), obligation] = (highest, rungs[highest], hours)
    assert {(t.subject, t.obligation): (t.rung, t.at, t.late_hours) for t in told} == expected
    assert len(told) == len(expected) == obligations_due(dossiers), "each is told once"
    assert skipped == lower
    waited = {
        subject_of(number): min(at for one in missed(days, day).values() for at in one.values())
        for number in range(dossiers)
        for _, days, day in [KINDS[number % len(KINDS)]]
    }
    order = [waited[one.subject] for one in told]
    assert order == sorted(order), "what has waited longest is told first"


def _check_messages(house: House) -> None:
    """Nobody gets more than their rate, nothing is lost, nothing is said twice."""
    told, _ = told_and_skipped(house)
    owed = Counter(
        (one.subject, one.obligation, one.rung, person)
        for one in told
        for person in one.persons
    )
    sent: Counter[tuple[str, str | None, str | None, str]] = Counter()
    by_person: dict[str, list[datetime]] = {}
    for message in house.messages:
        plans = message.plans
        assert len({plan.recipient for plan in plans}) == 1
        assert len(plans) <= DIGEST_MAX
        by_person.setdefault(plans[0].recipient, []).append(message.at)
        sent.update((p.subject, p.obligation, p.rung, p.recipient) for p in plans)
    assert sent == owed
    for person, moments in by_person.items():
        assert busiest(moments, WINDOW) <= BURST + 1, person
        hours = WINDOW * 6
        assert busiest(moments, hours) <= BURST + hours // WINDOW, person


@pytest.mark.timeout(600)
@pytest.mark.nightly
def test_five_thousand_obligations_due_after_three_days() -> None:
    """Two communes, so that each of their people is owed hundreds of messages."""
    house = weather_the_storm(3_340, communes=2)
    assert obligations_due(3_340) >= 5_000
    assert house.messages


@pytest.mark.nightly
@pytest.mark.timeout(3_600)
def test_two_hundred_thousand_obligations_due_after_three_days() -> None:
    """As many as a province could owe at once; what workflow says of them."""
    house = weather_the_storm(133_400, communes=65, until_sent=False)
    assert obligations_due(133_400) >= 200_000
    assert not house.messages


@pytest.mark.nightly
@pytest.mark.timeout(3_600)
def test_forty_thousand_messages_after_three_days() -> None:
    """Every one is sent, within everybody's rate."""
    house = weather_the_storm(26_700, communes=65)
    assert obligations_due(26_700) >= 40_000
    assert house.messages

"""Cases with the moments of a real desk, shuffled within ten minutes, end as they do in order.

The moments are those of the log, moved to 2026. What happened at them is drawn, lawfully, by
the table of statuses of the auditor: waits for the applicant often, an end last. By default a
sample is played; `MOTCUA_SHUFFLED_CASES=1000` plays a thousand.
"""

import asyncio
import os
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

import pytest

from deploy.auditor.core.instants import after, allowed
from services.intake.core.receipts import Outcome
from shared.calendar.zone import ICT
from shared.events.topics import DOSSIERS
from tests.contract.intake.doors import kafka_door, rejections
from tests.fakes.intake import UNIT, World, event, reference
from tests.fakes.records import record_of
from tests.fakes.verdicts import verdict_of
from tests.property.intake.test_disorder import DATA
from tests.receipt_log import MISSING, WHY_MISSING, traces

CASES: Final = int(os.environ.get("MOTCUA_SHUFFLED_CASES", "60"))
SEED: Final = 7
WITHIN_S: Final = 600
"""How much later than it happened an event arrives, at most."""

START: Final = datetime(2026, 3, 2, 8, 0, tzinfo=ICT)
LATEST: Final = datetime(2026, 11, 20, 17, 0, tzinfo=ICT)
LIKELY: Final = (
    "dossier.supplement_requested",
    "dossier.supplement_received",
    "dossier.assigned",
    "dossier.payment_requested",
    "dossier.paid",
)
ENDS: Final = ("dossier.completed", "dossier.returned")
Json = dict[str, Any]


def cases() -> list[list[Json]]:
    """Return lawful cases, each at the moments of one case of the log."""
    rng = Random(SEED)
    made: list[list[Json]] = []
    for _, moments in traces():
        if len(made) == CASES:
            break
        told = sorted(moments)
        shift = START + timedelta(seconds=rng.randint(0, 30_000)) - told[0]
        found = [(at + shift).astimezone(ICT).replace(microsecond=0) for at in told]
        within = [at for at in found if at <= LATEST]
        if len(within) > 2:
            made.append(case(rng, f"case-{len(made)}", within))
    return made


def case(rng: Random, code: str, moments: list[datetime]) -> list[Json]:
    """Draw what happened at the moments of one case."""
    status, accepted, told = 0, False, list[Json]()
    for number, at in enumerate(moments):
        left = len(moments) - number
        wanted = ENDS[-left:] if left <= len(ENDS) else LIKELY
        names = [one for one in wanted if allowed(one, status, accepted=accepted)]
        if number == 0:
            names = ["dossier.accepted"]
        elif left <= len(ENDS):
            names = names[-1:]
        if not names:
            continue
        name = rng.choice(names)
        told.append(
            event(
                name,
                code,
                DATA.get(name, {}),
                number=number,
                time=at.isoformat(),
                receivingunit=UNIT,
            )
        )
        status = after(name, status, accepted=accepted)
        accepted = accepted or name == "dossier.accepted"
    return told


async def in_order(told: list[Json]) -> World:
    """Send a case in as it happened."""
    world = World()
    for one in told:
        (answer,) = await world.send(one)
        assert answer.is_applied, answer
    return world


async def shuffled(told: list[Json], rng: Random) -> World:
    """Bring a case's records as they arrive, over two partitions, its first one first."""
    world = World(now=START)
    door = kafka_door(world)
    first, *others = [
        (datetime.fromisoformat(one["time"]) + timedelta(seconds=rng.randint(0, WITHIN_S)), one)
        for one in told
    ]
    ordered = [(datetime.fromisoformat(first[1]["time"]), first[1])]
    ordered += sorted(others, key=lambda one: one[0])
    for at, one in ordered:
        world.later(seconds=max(0.0, (at - world.clock.now()).total_seconds()))
        await world.expires()
        await door([record_of(one, partition=rng.randint(0, 1))])
    return world


def published(world: World) -> list[Json]:
    """Return the dossier's stream."""
    return world.stream(DOSSIERS.name)


@pytest.mark.skipif(MISSING, reason=WHY_MISSING)
def test_real_cases_shuffled_within_ten_minutes_end_as_in_order() -> None:
    """No event is lost, none waits in the end, and no verdict is another one."""
    rng = Random(SEED)
    lost, wrong, waited = 0, 0, 0

    async def play(told: list[Json]) -> tuple[World, World]:
        return await in_order(told), await shuffled(told, rng)

    made = cases()
    assert len(made) == CASES
    for told in made:
        right, other = asyncio.run(play(told))
        ids = {one["id"] for one in published(other)}
        lost += len(told) - len(ids) + len(rejections(other))
        lost += sum(one.outcome is not Outcome.APPLIED for one in other.receipts.kept.values())
        waited += [one["id"] for one in published(other)] != [one["id"] for one in told]
        wrong += verdict_of(published(other), reference()) != verdict_of(
            published(right), reference()
        )
    assert (lost, wrong) == (0, 0), f"of {len(made)} cases, {waited} out of order"
    assert waited > 0, "some did arrive out of order"

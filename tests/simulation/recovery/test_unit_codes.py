"""A unit's code changes while its installation runs: the days go on, and everything adds up.

The province is played in lock-step on real engines, as in the drill of backups. One unit gets
another code by the province's row. Its software goes on with the old code, a counter uses the
new one, and everything is restarted, rebuilt and restored. What is counted at the end are the
figures, alerts and messages of all days, by witnesses that share no code with the services.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import orjson
import pytest

from deploy.reference.load import reference_documents
from shared.events.topics import CENTRES, DOSSIERS
from shared.kafka.whole import read_to_end
from tests.simulation.recovery.test_backup_drill import (
    FIRST,
    STEPS_AFTER,
    STEPS_BEFORE,
    STEPS_BETWEEN,
    Drill,
    drill,
    insist,
    tell,
)

__all__ = ["tell"]

pytestmark = [
    pytest.mark.recovery,
    pytest.mark.nightly,
    pytest.mark.asyncio,
    pytest.mark.timeout(1_800),
]

NEW: Final = "06999"


async def test_a_unit_moves_while_it_works(tmp_path: Path, tell: Callable[[str], None]) -> None:
    """Its open dossiers, sessions, keys and people go with it; nothing is alerted twice."""
    async with drill(tmp_path / "data", tell) as one:
        old = one.playing.units[0]
        key = one.playing.keys.operator
        await one.steps(STEPS_BEFORE)
        before = await figures(one, old, key)
        await change_code(one, old)
        await one.play.clock.rest()
        for code in (old, NEW):
            assert await figures(one, code, key) == before
        await one.steps(STEPS_BETWEEN)
        insist(await one.account({NEW: old}))
        assert await units_on_topics(one) >= {old, NEW}
        await one.motcua("units", "list")
        await one.motcua("backup", str(tmp_path / "moved"))
        await one.steps(STEPS_AFTER)
        await one.restore(tmp_path / "moved")
        await one.steps(STEPS_AFTER)
        insist(await one.account({NEW: old}))


async def change_code(one: Drill, old: str) -> None:
    """Send the row that gives the unit its new code from tomorrow on, as the province does."""
    documents = reference_documents(obligations_from=FIRST)
    row: dict[str, Any] = next(each for each in documents if each["subject"] == f"unit:{old}")
    tomorrow = one.play.clock.now.date() + timedelta(days=1)
    former = {"code": old, "until": tomorrow.isoformat(), "source": "Quyết định thử"}
    data = {**row["data"], "unit": NEW, "former": [former]}
    moved = {**row, "id": f"moved-{NEW}", "subject": f"unit:{NEW}", "data": data}
    answer = await one.playing.http.post(
        f"{one.playing.installation.http('intake')}/v1/events",
        content=orjson.dumps(moved),
        headers={
            "authorization": f"Bearer {one.playing.keys.province}",
            "content-type": "application/cloudevents+json",
        },
    )
    assert answer.is_success, answer.text


async def figures(one: Drill, unit: str, key: str) -> dict[str, Any]:
    """Return what the figures say of a unit, by whichever code."""
    answer = await one.playing.http.get(
        f"{one.playing.installation.http('reporting')}/v1/figures",
        params={"unit": unit},
        headers={"authorization": f"Bearer {key}"},
    )
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    names = ("received", "ended", "pending", "overdue_open", "duty", "on_time_law")
    return {name: found[name] for name in names}


async def units_on_topics(one: Drill) -> set[str]:
    """Return the codes that canonical events bear: history keeps what it had."""
    found = set[str]()
    for topic in (DOSSIERS, CENTRES):
        for record in await read_to_end(one.playing.installation.kafka, topic.name):
            found.add(str(orjson.loads(record.value or b"{}").get("competentunit")))
    return found

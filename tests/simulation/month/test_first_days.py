"""The first days of the demo's month, on engines of their own: everything reconciles, twice.

The whole month is `make demo ARGS=--once`.
"""

from datetime import timedelta
from pathlib import Path

import pytest

from deploy.demo.once import FIRST, play_once
from deploy.demo.report import Report

pytestmark = [
    pytest.mark.connected,
    pytest.mark.nightly,
    pytest.mark.asyncio,
    pytest.mark.timeout(600),
]

DAYS = 4
"""A weekend, a Monday and a Tuesday."""

SCALE = 1 / 100
COMMUNES = 65
"""On the Tuesday all of them lose the national database."""

LEAST_RECEIVED = 20
LEAST_MAILS = 100


async def _played(folder: Path, told: list[str]) -> Report:
    return await play_once(
        folder, told.append, scale=SCALE, last=FIRST + timedelta(days=DAYS - 1)
    )


async def test_the_first_days_reconcile(tmp_path: Path) -> None:
    """Every figure, rung and message is what was sent."""
    once = await _played(tmp_path, [])
    assert once.ok, once.text()
    found = {line.name: line.found for line in once.lines}
    assert found["figures of the province: received"] >= LEAST_RECEIVED
    assert found["messages at the mail catcher"] >= LEAST_MAILS
    assert found["rungs raised: dossier_deadline"] > 0
    assert found["rungs that hung on an outage"] >= COMMUNES
    assert found["incidents told, and told to be over"] > 0


async def test_the_same_seed_counts_the_same(tmp_path: Path) -> None:
    """A second play of the same days has the same lines, after as many steps."""
    told: list[str] = []
    once = await _played(tmp_path / "once", told)
    again = await _played(tmp_path / "again", told)
    assert again.text() == once.text()
    steps = [line for line in told if "times at rest" in line]
    assert steps[0].partition(",")[0] == steps[1].partition(",")[0]

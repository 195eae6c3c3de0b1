"""What the clock of the demo and the tests takes for unrest."""

from datetime import UTC, datetime
from typing import Any

import pytest

from deploy.demo.lockstep import unrest

NOW = datetime(2026, 8, 3, 1, 59, 59, tzinfo=UTC)
RESTING: dict[str, Any] = {"positions": {"motcua.dossiers.v1": 7}, "outbox": 0, "next_at": None}


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (RESTING, []),
        (RESTING | {"positions": {}}, ["workflow holds no partition yet"]),
        (RESTING | {"held_up": {"date": 1}}, ["workflow is held up by {'date': 1}"]),
        (RESTING | {"outbox": 2}, ["workflow has 2 outboxes to publish"]),
        (RESTING | {"marks": {"unfinished": 1}}, ["workflow's unfinished stands at 1"]),
        ({"away": "ConnectError"}, ["workflow does not answer (ConnectError)"]),
    ],
)
def test_a_service_rests_when_it_has_all_it_reads_and_nothing_to_do(
    status: dict[str, Any], said: list[str]
) -> None:
    """One that was started again answers before it is given partitions: that is no rest."""
    assert unrest({"workflow": status}, NOW) == said

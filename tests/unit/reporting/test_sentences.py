"""A dossier's story in words: what an outage held back says what held it."""

from datetime import UTC, datetime

import pytest

from services.reporting.adapters.pages.sentences import details, headline
from services.reporting.core.timeline import Entry

AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
DATES = ("due", "limit", "index_due")


@pytest.mark.parametrize(
    ("incident", "said"),
    [
        (
            "06112/connection/civil-status-db~0a1b2c3d4e5f",
            "told with the incident: the link to civil-status-db was lost",
        ),
        (
            "06112/interruption/power-1~0a1b2c3d4e5f",
            "told with the incident: the centre stood still",
        ),
    ],
)
def test_a_rung_that_hung_on_an_incident_names_its_cause(incident: str, said: str) -> None:
    """The incident's id begins with the matter, so the dossier's own events are enough."""
    params = {"kind": "dossier_deadline", "role": "chairman", "incident": incident}
    entry = Entry(AT, AT, "obligation.rung_reached", params, (), "attention", None, "e1")
    assert said in details(entry, "en")
    assert any("gộp vào thông báo chung" in line for line in details(entry, "vi"))


def test_a_rung_told_by_itself_names_none() -> None:
    """It is told as ever."""
    params = {"kind": "dossier_deadline", "role": "chairman"}
    entry = Entry(AT, AT, "obligation.rung_reached", params, (), "attention", None, "e1")
    assert not [line for line in details(entry, "en") if "incident" in line]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"new_due": LATER, "new_limit": LATER}, "Promise moved"),
        ({"new_limit": LATER, "new_index_due": LATER}, "Legal limit moved"),
        ({"new_index_due": LATER}, "Due date by index 766 moved"),
        ({"limit_missed": AT}, "The legal limit passed"),
        ({}, "No legal limit counts as missed any more"),
    ],
)
def test_a_promise_that_did_not_move_is_not_said_to_have(
    changed: dict[str, datetime], said: str
) -> None:
    """Another date may have moved, or a limit count as missed that did not before."""
    dates = {f"{side}_{name}": AT for side in ("old", "new") for name in DATES} | changed
    entry = Entry(AT, AT, "obligation.due_changed", dates, (), "plain", None, "e1")
    assert headline(entry, "en").startswith(said)

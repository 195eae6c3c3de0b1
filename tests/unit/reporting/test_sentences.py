"""A dossier's story in words: what an outage held back says what held it."""

from datetime import UTC, datetime

import pytest

from services.reporting.adapters.pages.sentences import details
from services.reporting.core.timeline import Entry

AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


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

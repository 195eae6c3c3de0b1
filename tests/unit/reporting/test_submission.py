"""A submission and its answer, whatever a correction made of their moments."""

import asyncio
from datetime import datetime, timedelta

import pytest

from services.reporting.core.clocks import local_day
from services.reporting.core.figures import Period
from services.reporting.core.form_figures import FormRow, form_row
from shared.events import dossiers
from shared.events.answers import Replacement
from shared.events.envelope import Event
from tests.fakes.histories import Teller
from tests.fakes.reporting import MemoryReporting
from tests.property.reporting.lives import NOW, PROCEDURE, UNITS
from tests.property.reporting.test_figures import REFERENCE

ASKED = NOW - timedelta(days=12)
ENDED = NOW - timedelta(days=9)
CORRECTED_TO = NOW - timedelta(days=4)


def corrected(right: datetime | None) -> list[Event]:
    """Return a submission that was refused, then struck or put at another moment."""
    teller = Teller("H37.101-261102-0001", UNITS[0])
    data = dossiers.DossierSubmitted(procedure=PROCEDURE, channel="online")
    submitted = teller.tell(data, ASKED)
    teller.tell(dossiers.DossierRefused(reason="not_listed"), ENDED)
    teller.tell(
        dossiers.DossierCorrected(
            replaces=submitted.id,
            right=None if right is None else Replacement(time=right, data=data.model_dump()),
            reason="wrong_time",
            by="p-06112-director",
        ),
        NOW,
    )
    return teller.events


def rows_by_day(events: list[Event]) -> list[FormRow]:
    """Return the total of form 07a/BTP from each day on, the corrected day in the middle."""
    service = MemoryReporting(REFERENCE, NOW)
    asyncio.run(service.take(events))
    found = []
    for back in range(15):
        period = Period(local_day(NOW) - timedelta(days=back), None)
        overview = asyncio.run(service.overview(period, None))
        sums = overview.total_sums
        found.append(form_row("07a", "", overview.total, sums.within, sums.through()))
    return found


@pytest.mark.parametrize(
    ("right", "answered"), [(CORRECTED_TO, 1), (ASKED + timedelta(days=1), 1), (None, 0)]
)
def test_no_level_of_submissions_is_below_zero(right: datetime | None, answered: int) -> None:
    """An answer that comes to lie before its submission counts as given with it."""
    rows = rows_by_day(corrected(right))
    assert max(row.numbers["not_received"] for row in rows) == answered
    assert max(row.flow("submitted") for row in rows) == answered
    for row in rows:
        assert row.awaiting_carried >= 0
        assert row.level("awaiting") == 0
        assert row.numbers["awaiting_in_time"] == row.numbers["awaiting_late"] == 0

"""The receipt log of a real desk, folded into figures, against a count by hand.

What intake makes of the log is its own test; here the same events are told to reporting.
"""

import asyncio
from datetime import date, datetime

import pytest

from deploy.reference.load import bundled_reference
from services.reporting.core.figures import Period
from shared.calendar.zone import ICT
from shared.events import dossiers
from shared.events.envelope import Event
from tests.fakes.histories import Teller
from tests.fakes.reporting import MemoryReporting
from tests.receipt_log import MISSING, WHY_MISSING, count_by_hand, traces

UNIT = "06112"
NOW = datetime(2026, 11, 23, 9, 12, tzinfo=ICT)

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(MISSING, reason=WHY_MISSING),
]


def history(own: dict[str, str], moments: list[datetime]) -> list[Event]:
    """Tell a dossier of the log as intake records it: by occurrence, the end when it came."""
    teller = Teller(own["concept:name"], UNIT, backfill=True)
    given = datetime.fromisoformat(own["deadline"])
    accepted = dossiers.DossierAccepted(procedure="1.013225", channel="direct", given=given)
    teller.tell(accepted, datetime.fromisoformat(own["startdate"]))
    if "enddate" in own:
        teller.tell(
            dossiers.DossierCompleted(result="done"), datetime.fromisoformat(own["enddate"])
        )
    step = dossiers.DossierStepFinished(step="t02", agency="group-1")
    for moment in moments:
        teller.tell(step, moment)
    return teller.events


def test_the_figures_of_the_real_log_are_those_of_a_count_by_hand() -> None:
    """1,434 received, 1,329 ended, on time and late by the log's own deadlines as instants."""
    counted = count_by_hand()
    events = [event for own, moments in traces() for event in history(own, moments)]
    reporting = MemoryReporting(bundled_reference(), NOW)

    async def take() -> None:
        for start in range(0, len(events), 1_000):
            await reporting.take(events[start : start + 1_000])

    asyncio.run(take())
    found = asyncio.run(reporting.overview(Period(None, None))).total
    assert (found.received, found.ended, found.pending) == (1_434, 1_329, 105)
    assert counted.ended == 1_329
    assert (len(counted.after_end), len(counted.end_before_first)) == (145, 117)
    assert found.on_time_law.num == counted.on_time == 952
    assert found.flows["ended_late"] == counted.late == 377
    assert found.flows["events_after_end"] == len(counted.after_end)
    assert found.flows["end_before_first"] == len(counted.end_before_first)
    assert found.without_deadline == 0
    assert found.open.late_open == 105
    for name in ("events_after_end", "end_before_first", "ended_late"):
        listed = asyncio.run(reporting.listed(name, Period(None, None)))
        assert len(listed.rows) == found.flows[name]
    year = asyncio.run(reporting.overview(Period(date(2011, 1, 1), date(2011, 12, 31)))).total
    assert year.received + year.carried == year.ended + year.pending

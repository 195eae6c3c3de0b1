"""Reported forms are shown beside counted figures, with their history, and never enter them."""

import asyncio
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from services.reporting.core.figures import Period
from services.reporting.core.form_figures import form_row
from shared.events.centres import CentreCorrected, FiguresReported, ReportedColumn, ReportedRow
from shared.events.codes import figures_subject
from shared.events.envelope import Event
from shared.events.forms import II06A
from tests.fakes.histories import Teller
from tests.fakes.reporting import MemoryReporting
from tests.fakes.reporting_site import NOW, Site
from tests.property.reporting.test_figures import REFERENCE
from tests.property.reporting.test_unit_codes import MOVED, NEW, OLD

UNIT = "06112"
FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)
PERIOD = Period(FIRST, LAST)
NUMBERS = (120, 70, 40, 10, 100, 60, 35, 5, 20, 18, 2)


def report(factor: int = 1, mark: str = "a") -> FiguresReported:
    """Return a report of one field; its numbers times a factor."""
    columns = tuple(
        ReportedColumn(column=code, count=count * factor)
        for code, count in zip(II06A.codes, NUMBERS, strict=True)
    )
    return FiguresReported(
        form="ii06a",
        first_day=FIRST,
        last_day=LAST,
        rows=(ReportedRow(field="ho_tich", columns=columns),),
        file_sha256=mark * 64,
        by="p-20-province",
    )


def history(*reports: FiguresReported, unit: str = UNIT) -> list[Event]:
    """Return the events of one unit's reports, an hour apart."""
    teller = Teller(figures_subject(unit, "ii06a", FIRST, LAST), unit)
    for index, one in enumerate(reports):
        teller.tell(one, NOW - timedelta(hours=10 - index))
    return teller.events


def taken(events: list[Event]) -> MemoryReporting:
    """Return reporting after it took events in."""
    service = MemoryReporting(REFERENCE, NOW)
    asyncio.run(service.take(events))
    return service


def test_the_newest_report_holds_and_the_others_stay_as_its_history() -> None:
    """Each with who brought it, when, and from which file."""
    service = taken(history(report(), report(2, "b")))
    (found,) = asyncio.run(service.facts.reported("ii06a", None))
    assert found.newest.total("ii06a")["handled"] == 240
    assert [(one.file_sha256[0], one.by) for one in found.versions] == [
        ("b", "p-20-province"),
        ("a", "p-20-province"),
    ]
    assert asyncio.run(service.facts.reported("07a", None)) == []
    assert asyncio.run(service.facts.reported("ii06a", frozenset({"06115"}))) == []


def test_a_report_that_was_wrong_is_struck_and_the_one_before_holds() -> None:
    """A correction of the subject is applied as everywhere."""
    events = history(report(), report(2, "b"))
    teller = Teller(events[0].subject, UNIT, events=events, last={"own": 2})
    teller.tell(
        CentreCorrected(replaces=events[1].id, reason="wrong_file", by="p-20-province"), NOW
    )
    (found,) = asyncio.run(taken(events).facts.reported("ii06a", None))
    assert found.newest.total("ii06a")["handled"] == 120
    assert len(found.versions) == 1


def test_a_unit_with_a_former_code_is_shown_once_by_its_code_of_now() -> None:
    """Its reports by either code are one history, also where both have a subject."""
    assert UNIT == OLD
    service = taken(history(report()))
    service.reference = MOVED
    (before,) = asyncio.run(service.facts.reported("ii06a", frozenset({NEW})))
    assert (before.unit, len(before.versions)) == (NEW, 1)
    later = [
        one.model_copy(update={"recordedtime": NOW})
        for one in history(report(2, "b"), unit=NEW)
    ]
    asyncio.run(service.take(later))
    for scope in (None, frozenset({NEW})):
        (found,) = asyncio.run(service.facts.reported("ii06a", scope))
        assert [one.file_sha256[0] for one in found.versions] == ["b", "a"]


def test_reported_numbers_enter_no_counted_figure() -> None:
    """Every figure of the unit and of the province is what it was without the report."""
    service = taken(history(report()))
    for scope in (None, frozenset({UNIT})):
        found = asyncio.run(service.overview(PERIOD, scope))
        sums = found.total_sums
        row = form_row("ii06a", "", found.total, sums.within, sums.through())
        assert set(row.numbers.values()) == {0}
        assert found.atoms[UNIT] == {}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_rebuild_has_the_reports(order: tuple[int, int]) -> None:
    """Read again, once or twice, the same report holds."""
    events = history(report(), report(2, "b"))
    service = taken(events)
    asyncio.run(service.take([events[index] for index in order]))
    (found,) = asyncio.run(service.facts.reported("ii06a", None))
    assert len(found.versions) == 2


def test_the_page_shows_both_and_links_to_the_reports_own_period(tmp_path: Path) -> None:
    """Reported and counted numbers of one period are two rows; the unit's by field."""
    site = Site(tmp_path, history(report()))
    headers = {"Authorization": f"Bearer {site.key('province')}"}
    with TestClient(site.app, base_url="http://testserver") as client:

        def page(query: str) -> str:
            return client.get(f"/forms/ii06a?lang=en&{query}", headers=headers).text

        whole = page("from=2026-11-01&to=2026-11-30")
        assert "Reported by units, not added to the figures above" in whole
        assert "Counted here, same period" in whole
        assert "p-20-province, file aaaaaaaaaaaa…" in whole
        assert "Hộ tịch" in page(f"unit={UNIT}&from=2026-11-01&to=2026-11-30")
        other = page("from=2026-11-10&to=2026-11-20")
        assert "from=2026-11-01&amp;to=2026-11-30" in other
        assert "Counted here, same period" not in other
        assert "Reported by units" not in page("from=2026-01-01&to=2026-01-31")


def test_a_report_proves_nothing_about_when_a_unit_was_connected() -> None:
    """It comes from the province: the unit stays silent."""
    event = history(report())[0].model_copy(
        update={"receivingunit": None, "competentunit": None}
    )
    service = taken([event])
    assert asyncio.run(service.hearing.last()) == {}
    assert isinstance(event.time, datetime)

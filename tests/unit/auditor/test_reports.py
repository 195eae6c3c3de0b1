"""What the calendar is expected to bring, what a report says, and what is exported of it."""

import asyncio
import json
import urllib.error
import urllib.request
from datetime import UTC, date, datetime, timedelta

import pytest

from deploy.auditor.core.calendar import brought_about
from deploy.auditor.core.comparing import Tally
from deploy.auditor.core.finding import Finding, Sense
from deploy.auditor.core.ladders import not_audited
from deploy.auditor.core.law import Laws
from deploy.auditor.core.report import SHOWN_MAX, Report
from deploy.auditor.reading import kinds
from deploy.auditor.running import audit
from deploy.auditor.serving import Auditor, Recount, serve
from shared.calendar.zone import ICT
from shared.events.envelope import to_document
from shared.events.reference import ProcedureDecided, ProcedureExpired
from shared.ops.clock import SystemClock
from shared.subjects.errors import UnavailableError
from tests.property.auditor.played import Played
from tests.unit.workflow.province import SOURCE, UNIT, day_off, decision, province_events

CELL = (UNIT, "dossier_deadline", "overdue")
MONDAY = datetime(2026, 1, 5, 12, 0, tzinfo=ICT)


def auditor_that(recount: Recount) -> Auditor:
    """Return an auditor of a store that nobody asks."""
    nowhere, never = "mongodb://127.0.0.1:9", timedelta(1)
    return Auditor(nowhere, (), SystemClock(), never, timedelta(0), recount=recount)


def found(sense: Sense, number: int = 1) -> Finding:
    """Return a difference."""
    return Finding(sense, "so it is", f"H37-{number}", *CELL, None)


def report_of(*findings: Finding) -> Report:
    """Return a report with these differences."""
    report, tally = Report(MONDAY), Tally()
    tally.expected[CELL], tally.done[CELL] = 3, 2
    tally.findings += findings
    report.take(tally)
    assert not tally.findings
    return report


def test_the_calendar_brings_sessions_of_open_days_in_the_order_of_keys() -> None:
    """Two sessions of each unit on Monday, none before its row says so, none on a Sunday."""
    laws = Laws(to_document(event) for event in province_events())
    subjects = list(brought_about(laws, MONDAY))
    assert [key for key, _ in subjects] == sorted(key for key, _ in subjects)
    assert [key for key, _ in subjects if key.startswith(f"{UNIT}/duty")] == [
        f"{UNIT}/duty/2026-01-05/am",
        f"{UNIT}/duty/2026-01-05/pm",
    ]
    until_sunday = list(brought_about(laws, MONDAY + timedelta(days=6)))
    days = {key.split("/")[2] for key, _ in until_sunday if "/duty/" in key}
    # The 10th is the Saturday that is worked for the 2nd.
    assert days == {f"2026-01-{day:02}" for day in (5, 6, 7, 8, 9, 10)}


def test_the_law_is_that_of_its_moment_or_of_a_version_known_then() -> None:
    """Roles have versions too: a later one than the law's does not bring the next law early."""
    decided = [decision(day_off(date(2026, 1, day)), 100 + day) for day in (12, 13)]
    later = [
        event.model_copy(update={"recordedtime": MONDAY + timedelta(days=number)})
        for number, event in enumerate(decided, start=1)
    ]
    laws = Laws(to_document(event) for event in [*province_events(), *later])
    last = len(laws.changes) - 1
    assert laws.at(MONDAY - timedelta(days=999)) is None
    assert laws.at(MONDAY) == laws.at(MONDAY, version=111) == last - 2
    assert laws.at(MONDAY, version=112) == laws.at(MONDAY + timedelta(days=1)) == last - 1
    assert laws.at(MONDAY + timedelta(days=9)) == last


def test_a_month_and_a_decision_are_brought_about_too() -> None:
    """On the first of a month every commune, the provincial centre not."""
    decided = ProcedureDecided.model_validate(
        {
            "procedure": "1.000077",
            "name": "New",
            "field": "ho_tich",
            "decided_on": date(2026, 1, 28),
            "source": SOURCE,
        }
    )
    events = [*province_events(), decision(decided, 90)]
    laws = Laws(to_document(event) for event in events)
    keys = {key for key, _ in brought_about(laws, datetime(2026, 2, 1, 9, tzinfo=ICT))}
    assert f"{UNIT}/conditions/2026-02" in keys
    assert f"{UNIT}/posting/1.000077/2026-01-28" in keys
    assert not any(key.startswith(("20/conditions", "20/posting")) for key in keys)


def test_an_expired_procedure_is_owed_to_be_taken_down() -> None:
    """The engine opens it on the day, and the auditor agrees."""
    played = Played(f"{UNIT}/posting/1.000003/2025-01-01")
    expired = ProcedureExpired(procedure="1.000003", expired_on=date(2026, 1, 6))
    played.decides(expired, MONDAY)
    played.opens(datetime(2026, 1, 6, 0, 1, tzinfo=ICT))
    for day in range(7, 28):
        for hour in (8, 18):
            played.sweeps(datetime(2026, 1, day, hour, tzinfo=ICT))
    tally = played.audit(datetime(2026, 1, 27, 12, tzinfo=ICT))
    assert [one.text() for one in tally.findings] == []
    assert {kind for _, kind, _ in tally.expected} == {"posting_withdrawal"}
    assert tally.expected == tally.done


def test_missing_and_unexpected_never_make_up_for_each_other() -> None:
    """A gap is what is missing; only where nothing is, what is too much, below zero."""
    assert report_of(found("missing"), found("unexpected")).gap(CELL) == 1
    assert report_of(found("unexpected")).gap(CELL) == -1
    assert report_of().gap(CELL) == 0
    assert report_of().ok
    assert not report_of(found("unexpected")).ok


def test_it_counts_all_and_shows_some() -> None:
    """However many differences there are, its memory has an end."""
    report = report_of(*(found("missing", number) for number in range(500)))
    assert (report.missing[CELL], len(report.shown)) == (500, SHOWN_MAX)
    assert "missing 500" in report.summary()
    assert json.loads(json.dumps(report.as_json()))["rungs"][0]["missing"] == 500


def test_what_it_does_not_count_it_says_by_name() -> None:
    """Never in silence, be it a kind that is newer than it."""
    published = kinds()
    published["kinds"].append({"kind": "weather", "ladder": [], "ladders": {}, "watches": []})
    lines = not_audited(published)
    assert any(line.startswith("roster_gap: ") for line in lines)
    assert "weather: a kind that the auditor does not know" in lines


@pytest.mark.asyncio
async def test_what_it_exports() -> None:
    """Counts by commune and rung, and what the last audit came to."""
    auditor = auditor_that(audit)
    server = serve(auditor, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        assert _get(f"{url}/livez")[0] == 200
        assert json.loads(_get(f"{url}/statusz")[1]) == {"last": None}
        assert _get(f"{url}/anything")[0] == 404
        auditor.tell(report_of(found("missing")))
        last = json.loads(_get(f"{url}/statusz")[1])["last"]
        assert (last["missing"], last["unexpected"]) == (1, 0)
        series = (
            'motcua_escalations_expected_minus_done{kind="dossier_deadline",'
            f'rung="overdue",unit="{UNIT}"}} 1.0'
        )
        assert series in _get(f"{url}/metrics")[1]
        auditor.tell(report_of())
        assert series.replace("1.0", "0.0") in _get(f"{url}/metrics")[1]
    finally:
        server.shutdown()
        server.server_close()
    assert auditor.clock.now().tzinfo is UTC


@pytest.mark.asyncio
async def test_it_is_ready_while_it_can_audit() -> None:
    """Not held up by its first audit; not ready once that, or three in a row, were in vain."""
    outcomes: list[Report | None] = []

    async def audited(*_given: object) -> Report:
        outcome = outcomes.pop(0)
        if outcome is None:
            raise UnavailableError("nobody answers")
        return outcome

    auditor = auditor_that(audited)

    async def ready_after(*coming: Report | None) -> bool:
        outcomes.extend(coming)
        for _ in coming:
            await auditor.once()
        return auditor.ready

    assert auditor.ready
    assert not await ready_after(None)
    assert await ready_after(report_of())
    assert await ready_after(None, None)
    assert not await ready_after(None)
    assert await ready_after(report_of())


@pytest.mark.asyncio
async def test_it_stops_in_the_middle_of_an_audit() -> None:
    """Who asks it to stop does not wait for a province to be recounted."""
    stopping, begun = asyncio.Event(), asyncio.Event()

    async def never_done(*_given: object) -> Report:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError("it is given up")

    auditor = auditor_that(never_done)
    running = asyncio.create_task(auditor.run(stopping))
    await begun.wait()
    stopping.set()
    async with asyncio.timeout(10):
        await running
    assert auditor.last is None


def _get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - of this machine.
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()

"""The small parts of the core: spans, intervals, bands, sums that do not add up."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from deploy.reference.load import bundled_reference
from services.reporting.adapters.codec import entry_from_document, entry_to_document
from services.reporting.core.account import days_used
from services.reporting.core.clocks import Setting, Span, late_spans
from services.reporting.core.counts import Cell, OpenEntry
from services.reporting.core.fact import Fact, Hold
from services.reporting.core.figures import (
    FLOWS,
    Figures,
    NotReconciledError,
    OpenCounts,
    Period,
    Ratio,
    check,
    stand_at,
)
from services.reporting.core.matter_counts import matter_counts
from services.reporting.core.matters import derive_matter
from services.reporting.core.rollups import next_month
from services.reporting.core.standing import standing
from services.reporting.core.state import FactState
from services.reporting.core.stats import wilson
from shared.calendar.zone import ICT
from shared.events import centres, obligations
from shared.events.transitions import Status
from tests.fakes.histories import WORKFLOW, Teller

CALENDAR = bundled_reference().calendar
NOW = datetime(2026, 11, 23, 9, 12, tzinfo=ICT)


def at(day: int, hour: int = 17) -> datetime:
    """Return a moment of November 2026."""
    return datetime(2026, 11, day, hour, tzinfo=ICT)


def test_a_span_begins_at_the_deadline_and_ends_with_the_dossier() -> None:
    """In time means no span at all."""
    settings = [Setting(at(2), at(5))]
    assert late_spans(settings, ended=at(5)) == ()
    assert late_spans(settings, ended=at(6)) == (Span(at(5), at(6)),)
    assert late_spans(settings, ended=None) == (Span(at(5), None),)


def test_a_restart_ends_lateness_and_a_suspension_keeps_it() -> None:
    """Late when suspended stays late until the clock runs to a new date."""
    settings = [
        Setting(at(2), at(5)),
        Setting(at(6), None),
        Setting(at(9), at(12)),
    ]
    assert late_spans(settings, ended=at(13)) == (Span(at(5), at(9)), Span(at(12), at(13)))
    early = [Setting(at(2), at(5)), Setting(at(4), None), Setting(at(9), at(12))]
    assert late_spans(early, ended=at(11)) == ()


@pytest.mark.parametrize(
    ("num", "den", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (81, 263, 0.2553, 0.3662)],
)
def test_wilsons_interval(num: int, den: int, low: float, high: float) -> None:
    """The published examples of Wilson's score interval."""
    found = wilson(num, den)
    assert found is not None
    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)


def test_nothing_counted_has_no_interval_and_no_rate() -> None:
    """0 of 0 is no proportion."""
    assert wilson(0, 0) is None
    assert Ratio(0, 0).share is None


ENTRY = OpenEntry(
    "ho_tich", dated=True, waiting=False, overdue_at=None, late_at=None, index_late_at=None
)


@pytest.mark.parametrize(
    ("overdue_at", "band"),
    [
        (at(12), "overdue_over_5"),
        (at(20), "overdue_1_5"),
        (at(23, 9), "overdue_1_5"),
        (at(23), "due_today"),
        (at(24), "left_1_2"),
        (at(25), "left_1_2"),
        (at(30), "left_3_5"),
        (at(30) + timedelta(days=1), "left_3_5"),
        (at(30) + timedelta(days=2), "left_over_5"),
        (None, "waiting_undue"),
    ],
)
def test_bands_are_counted_in_working_days(overdue_at: datetime | None, band: str) -> None:
    """Each open dossier is in exactly one band."""
    entry = replace(ENTRY, overdue_at=overdue_at, waiting=overdue_at is None)
    assert standing(entry, NOW, CALENDAR) == band
    assert standing(replace(entry, dated=False), NOW, CALENDAR) == "undated"


def test_exactly_at_its_moment_nothing_is_overdue() -> None:
    """The moment itself is still in time."""
    entry = replace(ENTRY, overdue_at=NOW)
    assert stand_at([(entry, 1)], NOW).overdue == 0
    assert stand_at([(entry, 1)], NOW + timedelta(microseconds=1)).overdue == 1


def figures(**more: int) -> Figures:
    """Return figures of nothing but what is said."""
    flows = dict.fromkeys(FLOWS, 0) | more
    return Figures(flows, carried=0, open=OpenCounts(pending=1))


@pytest.mark.parametrize(
    "more",
    [
        {"received": 2},
        {"received": 2, "ended": 1},
        {"received": 2, "ended": 1, "ended_on_time": 1, "ended_late": 1},
        {"received": 2, "ended": 1, "ended_on_time": 1},
    ],
)
def test_figures_that_do_not_add_up_are_not_handed_out(more: dict[str, int]) -> None:
    """A part missing, a part too many, a verdict of one clock without the other's."""
    with pytest.raises(NotReconciledError):
        check(figures(**more))
    check(figures(received=1))


def test_periods_and_months() -> None:
    """Days are included at both ends; a month ends where the next begins."""
    period = Period(date(2026, 11, 1), date(2026, 11, 30))
    assert period.has(date(2026, 11, 30))
    assert not period.has(date(2026, 12, 1))
    assert period.is_current(NOW)
    assert not Period(None, date(2026, 11, 22)).is_current(NOW)
    assert next_month(date(2026, 12, 1)) == date(2027, 1, 1)
    assert Cell.parse(Cell("06112", date(2026, 11, 3)).name) == Cell("06112", date(2026, 11, 3))


def test_an_open_entry_survives_the_store() -> None:
    """The named pair keeps every moment to the microsecond."""
    entry = replace(ENTRY, overdue_at=NOW + timedelta(microseconds=7), waiting=True)
    assert entry_from_document(entry_to_document(entry)) == entry


def test_used_days_are_working_days_and_what_is_overdue_stands_apart() -> None:
    """Over a weekend and over 24 November, a day off, nothing is used."""
    fact = Fact(
        code="x",
        first_seen=at(20, 7),
        last_recorded=None,
        status=Status.PROCESSING,
        unit="06112",
        receiving_unit="06112",
        received=at(20, 7),
        holds=(Hold("desk", at(20, 7), at(23, 17)), Hold("applicant", at(23, 17), None)),
        late_promise=(Span(at(23, 17), None),),
    )
    found = {one.holder: one.days for one in days_used(fact, at(25, 17), CALENDAR)}
    assert found == pytest.approx({"desk": 2.0, "over_part": 1.0})


def duty(covered: bool, told: bool = True) -> FactState:  # noqa: FBT001, FBT002 - two cases.
    """Tell a duty session."""
    subject = "06112/duty/2026-11-23/am"
    teller = Teller(subject, "06112")
    which = {"obligation": "duty", "kind": "duty", "unit": "06112"}
    if covered:
        teller.tell(centres.DutyCheckedIn(person="p-06112-handler-1"), at(23, 7))
    if told:
        teller.tell(
            obligations.ObligationOpened(**which, opened_at=at(23, 7)),
            at(23, 7),
            source=WORKFLOW,
        )
        judged = (
            obligations.ObligationDischarged(**which, at=at(23, 7), in_time=True)
            if covered
            else obligations.ObligationBreached(**which, at=at(23, 8), clock="due")
        )
        teller.tell(judged, at(23, 8), source=WORKFLOW)
    state = FactState(subject)
    for event in teller.events:
        state.take(event)
    return state


@pytest.mark.parametrize(
    ("state", "atoms"),
    [
        (duty(covered=True), {"duty_expected": 1, "duty_met": 1}),
        (duty(covered=False), {"duty_expected": 1, "duty_missed": 1}),
        (duty(covered=True, told=False), {"duty_expected": 1, "duty_met": 1}),
    ],
)
def test_a_duty_session_counts_once_it_is_over(state: FactState, atoms: dict[str, int]) -> None:
    """Covered or not, on the day that its subject names."""
    fact = derive_matter(state)
    assert fact is not None
    (count,) = matter_counts(fact)
    assert (count.cell, count.atoms) == (Cell("06112", date(2026, 11, 23)), atoms)


def test_a_gap_in_the_roster_is_not_an_uncovered_session() -> None:
    """Another obligation of the same session does not judge it."""
    state = duty(covered=True)
    gap = Teller("06112/duty/2026-11-23/am", "06112")
    missed = obligations.ObligationBreached(
        obligation="roster_gap", kind="roster_gap", unit="06112", at=at(20), clock="due"
    )
    state.take(gap.tell(missed, at(20), source=WORKFLOW))
    fact = derive_matter(state)
    assert fact is not None
    assert fact.outcome == "met"

"""Matters of centres: how each is judged, when it was open, and what is counted of it."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest

from deploy.reference.load import bundled_reference
from services.reporting.core.counts import Cell
from services.reporting.core.fact import MatterFact
from services.reporting.core.figures import Period
from services.reporting.core.matter_counts import (
    LASTING,
    MATTER_FLOWS,
    MATTER_LEVELS,
    matter_counts,
)
from services.reporting.core.matters import BY_CALENDAR, derive_matter
from services.reporting.core.state import FactState
from shared.calendar.zone import ICT, legal_day
from shared.events import centres, obligations
from shared.events.envelope import Event
from tests.fakes.histories import WORKFLOW, Teller
from tests.fakes.matters import BY_LAW, matters
from tests.fakes.reporting import MemoryReporting

UNITS = ("06046", "06112", "06148", "06151")
FIRST = datetime(2026, 10, 26, 8, tzinfo=ICT)
NOW = datetime(2026, 11, 23, 9, 12, tzinfo=ICT)
LISTED = (*BY_LAW, "seats", "digitising")
"""What the law lists, in no order."""

MINUTE, SPLIT = timedelta(minutes=1), timedelta(microseconds=1)
PERIODS = (
    Period(None, None),
    Period(date(2026, 11, 1), date(2026, 11, 30)),
    Period(date(2026, 10, 1), date(2026, 10, 31)),
    Period(date(2026, 11, 3), date(2026, 11, 12)),
)


def at(day: int, hour: int = 8, minute: int = 0) -> datetime:
    """Name a moment of the month."""
    return datetime(2026, 11, day, hour, minute, tzinfo=ICT)


def fact_of(teller: Teller) -> MatterFact:
    """Work out the fact of what was told."""
    state = FactState(teller.subject)
    for event in teller.events:
        state.take(event)
    fact = derive_matter(state)
    assert fact is not None
    return fact


def atoms_of(fact: MatterFact) -> dict[Cell, dict[str, int]]:
    """Return what it gives, cell by cell."""
    return {count.cell: count.atoms for count in matter_counts(fact)}


def test_a_connection_that_is_lost_again_has_a_span_for_each_time() -> None:
    """Its minutes fall on the days on which it was lost; it is open at the ends of days."""
    teller = Teller("06112/connection/lgsp", "06112")
    teller.tell(centres.ConnectionLost(), at(2, 9))
    teller.tell(centres.ConnectionRestored(), at(2, 9, 45))
    teller.tell(centres.ConnectionLost(), at(3, 22))
    teller.tell(centres.ConnectionRestored(), at(4, 1))
    teller.tell(centres.ConnectionLost(), at(6))
    fact = fact_of(teller)
    assert [one.end for one in fact.spans] == [at(2, 9, 45), at(4, 1), None]
    assert atoms_of(fact) == {
        Cell("06112", date(2026, 11, 2)): {
            "connection_new": 1,
            "connection_lasted": 1,
            "connection_minutes": 45,
        },
        Cell("06112", date(2026, 11, 3)): {
            "connection_in": 1,
            "connection_lasted": 1,
            "connection_minutes": 120,
        },
        Cell("06112", date(2026, 11, 4)): {
            "connection_out": 1,
            "connection_lasted": 1,
            "connection_minutes": 60,
        },
        Cell("06112", date(2026, 11, 6)): {"connection_in": 1},
    }


@pytest.mark.parametrize(
    ("outcome", "open_"), [("accepted", True), ("refused", False), ("forwarded", False)]
)
def test_a_petition_that_is_not_ours_needs_no_answer(outcome: str, open_: bool) -> None:  # noqa: FBT001 - a case.
    """Refused or forwarded it is over; accepted it waits for its answer."""
    teller = Teller("06112/petition/p1", "06112")
    teller.tell(centres.PetitionReceived(channel="online"), at(2))
    teller.tell(centres.PetitionClassified.model_validate({"outcome": outcome}), at(3))
    (span,) = fact_of(teller).spans
    assert (span.end is None) == open_


def test_one_obligation_missed_is_not_mended_by_the_next_one_met() -> None:
    """Assigned too late and resolved in time: the request was not handled in time."""
    teller = Teller("06112/support/s1", "06112")
    teller.tell(centres.SupportRequested(topic="software", by="p-1"), at(2))
    for name, in_time in (("support_assign", False), ("support_resolve", True)):
        which = {"obligation": name, "kind": name, "unit": "06112"}
        opened = obligations.ObligationOpened(**which, opened_at=at(2), due=at(3))
        teller.tell(opened, at(2), source=WORKFLOW)
        done = obligations.ObligationDischarged(**which, at=at(4), in_time=in_time)
        teller.tell(done, at(4), source=WORKFLOW)
    assert fact_of(teller).outcome == "missed"


def test_what_is_not_owed_after_all_counts_nowhere() -> None:
    """A posting that workflow found void gives no atom."""
    teller = Teller("06112/posting/1.004873/2026-11-02", "06112")
    which = {"obligation": "posting", "kind": "posting", "unit": "06112"}
    opened = obligations.ObligationOpened(**which, opened_at=at(2), due=at(9))
    teller.tell(opened, at(2), source=WORKFLOW)
    assert atoms_of(fact_of(teller)) != {}
    void = obligations.ObligationDischarged(**which, at=at(3), void=True)
    teller.tell(void, at(3), source=WORKFLOW)
    assert atoms_of(fact_of(teller)) == {}


@pytest.mark.parametrize(
    ("items", "lacking"),
    [
        ((), ()),
        (("writing_desks",), ("writing_desks:unassessed",)),
        (
            ("touch_screens", "digitising"),
            ("touch_screens:unassessed", "digitising:unassessed"),
        ),
    ],
)
def test_an_assessment_leaves_out_what_the_law_lists(
    items: tuple[str, ...], lacking: tuple[str, ...]
) -> None:
    """The law's items are all counted; those of the directive only if they were assessed."""
    report = assessment([item for item in LISTED if item not in items])
    fact = fact_of(report)
    assert (fact.lacking, fact.assessed, fact.good) == (lacking, 11, 11 - len(items))


def test_older_codes_stand_for_the_items_of_the_law() -> None:
    """A kiosk is a touch screen, and a scanner is digitising equipment."""
    renamed = {"touch_screens": "lookup_kiosk", "digitising": "scanner"}
    fact = fact_of(assessment([renamed.get(item, item) for item in LISTED]))
    assert (fact.lacking, fact.assessed) == ((), 11)


def test_before_the_decree_nothing_is_left_out() -> None:
    """An assessment of June 2025 is of the items that it names."""
    fact = fact_of(assessment(["wifi"], datetime(2025, 6, 30, 9, tzinfo=ICT)))
    assert (fact.lacking, fact.assessed) == ((), 1)


def assessment(items: Sequence[str], moment: datetime | None = None) -> Teller:
    """Report that these items are good, and nothing of others."""
    teller = Teller("06112/conditions/2026-11", "06112")
    states = [{"item": item, "state": "good"} for item in items]
    data = {"items": states, "by": "p-06112-director"}
    teller.tell(centres.ConditionsReported.model_validate(data), moment or at(20))
    return teller


@pytest.mark.parametrize("seed", range(4))
def test_the_figures_of_matters_are_their_rows_and_those_of_a_plain_count(seed: int) -> None:
    """For any period and scope: totals, rows, minutes; open ones against what was told."""
    told = list(matters(seed, UNITS, first=FIRST, now=NOW))
    service = MemoryReporting(bundled_reference(), NOW)

    async def take() -> None:
        for start in range(0, len(told), 7):
            await service.take(told[start : start + 7])

    asyncio.run(take())
    seen = 0
    for period in PERIODS:
        for scope in (None, frozenset({"06148"})):
            expected = plain_count(told, period, scope)
            for name in (*MATTER_FLOWS, *MATTER_LEVELS):
                found = asyncio.run(service.listed(name, period, scope))
                assert len(found.rows) == found.total, name
                if name in expected:
                    number = found.total if found.amount is None else found.amount
                    assert (name, period, number) == (name, period, expected[name])
                    seen += expected[name] > 0
    assert seen > 60


def plain_count(
    told: Sequence[Event], period: Period, scope: frozenset[str] | None
) -> Counter[str]:
    """Count from the events alone: what began, what was open at the end, for how long."""
    counted: Counter[str] = Counter()
    end = min(period.last or NOW.date(), NOW.date())
    names = (
        *(f"{kind}_{what}" for kind in LASTING for what in ("new", "open")),
        *("interruption_minutes", "connection_minutes", "rating_given"),
        *("conditions_items", "conditions_lacking"),
    )
    counted.update(dict.fromkeys(names, 0))
    by_subject: dict[str, list[Event]] = {}
    for event in told:
        unit, kind, *_ = event.subject.split("/")
        # What the calendar opens is begun by workflow alone; all others begin by themselves.
        owed = kind in BY_CALENDAR and event.name == "obligation.opened"
        if (scope is None or unit in scope) and (owed or event.source != WORKFLOW):
            by_subject.setdefault(event.subject, []).append(event)
    for subject, events in by_subject.items():
        _count_one(counted, subject.split("/")[1], events, period, end)
    return counted


def _count_one(
    counted: Counter[str], kind: str, events: Sequence[Event], period: Period, end: date
) -> None:
    events = sorted(events, key=lambda event: event.time)
    first = legal_day(events[0].time)
    report = events[-1].data
    if isinstance(report, centres.ConditionsReported) and period.has(first):
        states: dict[str, str] = {item.item: item.state for item in report.items}
        listed = {*states, *BY_LAW}
        good = sum(states.get(item) == "good" for item in listed)
        counted["conditions_items"] += len(listed)
        counted["conditions_lacking"] += len(listed) - good
    if kind == "rating":
        counted["rating_given"] += period.has(first)
    if kind not in LASTING:
        return
    counted[f"{kind}_new"] += period.has(first)
    pairs = [events[place : place + 2] for place in range(0, len(events), 2)]
    until = [pair for pair in pairs if legal_day(pair[0].time) <= end]
    last = until[-1] if until else None
    counted[f"{kind}_open"] += last is not None and (
        len(last) == 1 or legal_day(last[1].time) > end
    )
    if kind in {"interruption", "connection"}:
        over = [pair for pair in pairs if len(pair) > 1]
        counted[f"{kind}_minutes"] += sum(
            period.has(legal_day(start.time + minute * MINUTE - SPLIT))
            for start, ended in over
            for minute in range(1, (ended.time - start.time) // MINUTE + 1)
        )

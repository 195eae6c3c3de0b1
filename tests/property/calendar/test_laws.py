"""What holds for every deadline, whatever the numbers."""

import random
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.calendar.cases import answer, parse_case
from shared.calendar.deadline import Deadline, compute
from shared.calendar.errors import DateOutsideCalendarError, RefusedInputError
from shared.calendar.history import History, Wait
from shared.calendar.ledger import explain
from shared.calendar.limits import AfterSupplement, Limit, LimitUnit
from shared.calendar.shares import moment_at_share
from shared.calendar.vectors.engine import calendar_of, opening_of
from shared.calendar.zone import ICT
from tests.property.calendar.worlds import OPENINGS, fixture, random_case

CALENDAR = calendar_of(fixture())
OFFICES = {name: opening_of(opening, CALENDAR) for name, opening in OPENINGS.items()}
OPENING = OFFICES["default"]

acceptance_days = st.dates(date(2024, 1, 2), date(2029, 12, 31))
instants = st.datetimes(
    datetime(2024, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone itself.
    datetime(2029, 6, 30),  # noqa: DTZ001 - as above.
    timezones=st.just(ICT),
)
numbers = st.integers(1, 60)
limits = st.one_of(
    st.builds(
        Limit, st.sampled_from([LimitUnit.WORKING_DAYS, LimitUnit.CALENDAR_DAYS]), numbers
    ),
    st.builds(Limit, st.sampled_from([LimitUnit.HOURS, LimitUnit.HALF_DAYS]), numbers),
    st.just(Limit(LimitUnit.SAME_DAY)),
)
seeds = st.integers(0, 10**9)


def counted(limit: Limit, start: datetime, *waits: Wait) -> Deadline:
    """Compute a deadline in the default office."""
    return compute(limit, History(start, waits), CALENDAR, OPENING)


@given(acceptance_days, st.integers(2, 120), st.data())
def test_limits_add_up(accepted_on: date, whole: int, data: st.DataObject) -> None:
    """Going on from a first part gives the day that the whole limit gives."""
    part = data.draw(st.integers(1, whole - 1), label="part")
    half_way = CALENDAR.add_working_days(accepted_on, part)
    by_parts = CALENDAR.add_working_days(half_way, whole - part)
    assert by_parts == CALENDAR.add_working_days(accepted_on, whole)


@given(acceptance_days, numbers)
def test_adding_is_undone_by_counting(accepted_on: date, count: int) -> None:
    """Between a day and the n-th working day after it lie n working days."""
    last = CALENDAR.add_working_days(accepted_on, count)
    assert CALENDAR.is_working(last)
    assert CALENDAR.count_between(accepted_on, last) == count
    assert CALENDAR.subtract_working_days(last, count) <= accepted_on


@given(limits, instants, st.integers(0, 20_000))
@example(
    limit=Limit(LimitUnit.SAME_DAY), start=datetime(2026, 2, 13, 15, tzinfo=ICT), later_min=1
)
def test_accepting_later_is_never_due_earlier(
    limit: Limit, start: datetime, later_min: int
) -> None:
    """Nobody gains by waiting with the acceptance."""
    later = start + timedelta(minutes=later_min)
    assert counted(limit, start).limit is not None
    assert _moments(counted(limit, start)) <= _moments(counted(limit, later))


@given(limits, instants)
def test_the_promise_is_kept_within_the_law(limit: Limit, start: datetime) -> None:
    """Without a new date what is promised is never after what the law allows."""
    found = counted(limit, start)
    assert found.due is not None
    assert found.limit is not None
    assert found.due <= found.limit
    assert start <= found.limit
    assert found.due == found.index_due == found.first.due


@given(instants, numbers, st.integers(0, 8_000), st.integers(0, 30_000))
def test_a_restart_gives_no_less_time_than_a_subtraction(
    start: datetime, count: int, before_min: int, length_min: int
) -> None:
    """The law's restarted clock never ends before the index's, nor that before no wait."""
    asked = start + timedelta(minutes=before_min)
    wait = Wait(asked, asked, asked + timedelta(minutes=length_min))
    limit = Limit(LimitUnit.WORKING_DAYS, count)
    without, restarted = counted(limit, start), counted(limit, start, wait)
    assert restarted.due is not None
    assert restarted.index_due is not None
    assert without.due is not None
    assert without.due <= restarted.index_due <= restarted.due
    subtracting = Limit(
        LimitUnit.WORKING_DAYS, count, after_supplement=AfterSupplement.SUBTRACT
    )
    # The notice is proven at once, so a subtracting rule and the index agree.
    found = counted(subtracting, start, wait)
    assert found.due == found.index_due == restarted.index_due


@given(instants, numbers, st.lists(st.integers(1, 4_000), min_size=2, max_size=6))
def test_a_wait_in_two_touching_parts_is_the_same_wait(
    start: datetime, count: int, gaps_min: list[int]
) -> None:
    """Cutting a wait in two changes no date by the index, only that there were two."""
    asked = start + timedelta(minutes=gaps_min[0])
    middle = asked + timedelta(minutes=gaps_min[1])
    brought = middle + timedelta(minutes=sum(gaps_min[2:]))
    for unit in (LimitUnit.WORKING_DAYS, LimitUnit.CALENDAR_DAYS, LimitUnit.HOURS):
        limit = Limit(unit, count)
        whole = counted(limit, start, Wait(asked, asked, brought))
        parts = counted(limit, start, Wait(asked, asked, middle), Wait(middle, middle, brought))
        assert parts.index_late
        assert not whole.index_late
        assert parts.due == whole.due
        # The second part counts unless the first has already used all there was to use.
        if parts.index_due is not None and middle <= _index_after(limit, start, asked, middle):
            assert parts.index_due == whole.index_due


@given(limits, instants)
def test_shares_come_in_order(limit: Limit, start: datetime) -> None:
    """A greater share of a limit is never used earlier, and none before the start."""
    found = counted(limit, start)
    shares = (Fraction(1, 10), Fraction(1, 2), Fraction(4, 5), Fraction(1))
    moments = [moment_at_share(found, share) for share in shares]
    assert all(moment is not None and moment >= start for moment in moments)
    assert found.due is not None
    for earlier, later in pairwise([*moments, max(found.due, start)]):
        assert earlier is not None
        assert later is not None
        if limit.unit is not LimitUnit.CALENDAR_DAYS:
            assert earlier <= later
    # A counted Sunday is used when the office opens, which may be after a day that rolled.


@given(seeds)
@settings(max_examples=400)
def test_every_ledger_adds_up_and_can_be_read(seed: int) -> None:
    """The running count begins at 0, grows by one, and ends at the limit on the last day."""
    rng = random.Random(seed)
    case, office = random_case(rng), rng.choice(list(OFFICES))
    try:
        parsed = parse_case(case)
        found = compute(parsed.limit, parsed.history, CALENDAR, OFFICES[office])
    except (RefusedInputError, DateOutsideCalendarError):
        return
    rows = [entry for entry in found.ledger if entry.clock == "law"]
    assert rows
    assert all(line.text for lang in ("vi", "en") for line in explain(found.ledger, lang))
    assert [entry.at for entry in rows] == sorted(entry.at for entry in rows)
    if parsed.limit.unit in {LimitUnit.WORKING_DAYS, LimitUnit.HALF_DAYS}:
        counts = [entry.count for entry in rows if entry.count is not None]
        assert counts[0] == 0
        for earlier, later in pairwise(counts):
            assert later in {0, earlier, earlier + 1}
        if not found.suspended:
            assert counts[-1] == parsed.limit.value
    if found.due is not None and parsed.limit.unit is LimitUnit.WORKING_DAYS:
        assert any("until" in entry.params and entry.day == found.last_day for entry in rows)


@given(seeds)
def test_the_order_in_which_waits_are_told_does_not_matter(seed: int) -> None:
    """A history is what happened, not how it was written down."""
    rng = random.Random(seed)
    case = random_case(rng)
    told = dict(case)
    told["waits"] = list(reversed(case.get("waits", [])))
    assert _answered(case) == _answered(told)


def _answered(case: object) -> object:
    try:
        return answer(parse_case(case), CALENDAR, OPENING)
    except RefusedInputError as refused:
        return refused.rule
    except DateOutsideCalendarError:
        return "outside-calendar"


def _moments(found: Deadline) -> tuple[datetime, datetime]:
    assert found.due is not None
    assert found.limit is not None
    return found.due, found.limit


def _index_after(limit: Limit, start: datetime, asked: datetime, brought: datetime) -> datetime:
    """Return the index's promise after the first part alone."""
    due = counted(limit, start, Wait(asked, asked, brought)).index_due
    assert due is not None
    return due

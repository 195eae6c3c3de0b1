"""Form 07a/BTP is that of a slow count, each column has its rows, and its sums agree."""

import asyncio
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reporting.core.figures import NotReconciledError, Period
from services.reporting.core.form_figures import FORM_FLOWS, FormRow, checks, form_row
from services.reporting.usecases.reading import Overview
from shared.events.envelope import Event
from shared.events.forms import F07A, FORM_CODES, FORMS, FormCode
from tests.fakes.reporting import MemoryReporting
from tests.property.reporting.form_oracle import count_form
from tests.property.reporting.lives import NOW, populations
from tests.property.reporting.test_figures import (
    LAST,
    LENIENT,
    days,
    periods,
    reporting,
    scopes,
)

pytestmark = pytest.mark.timeout(600)
OPEN_COLUMNS = ("carried", "in_time_open", "late_open")
"""Columns that `test_figures` counts by its own oracle."""


def read(service: MemoryReporting, period: Period, scope: frozenset[str] | None) -> Overview:
    """Read the figures of a scope and a period."""
    return asyncio.run(service.overview(period, scope))


def whole(form: FormCode, found: Overview) -> FormRow:
    """Return the total row of a form."""
    sums = found.total_sums
    return form_row(form, "", found.total, sums.within, sums.through())


@LENIENT
@given(populations(), periods, scopes, st.integers(0, 9999))
def test_every_column_is_that_of_a_slow_count(
    population: list[list[Event]], period: Period, scope: frozenset[str] | None, seed: int
) -> None:
    """An oracle that shares no code counts the same, for any scope and period."""
    service = reporting([list(events) for events in population], seed, 4)
    row = whole("07a", read(service, period, scope))
    expected = count_form(population, scope, period.first, period.last, NOW)
    names = [code for code in F07A.codes if code not in OPEN_COLUMNS]
    assert {name: row.numbers[name] for name in names} == {
        name: expected[name] for name in names
    }
    assert row.awaiting_carried == expected["awaiting_carried"]
    assert row.flow("submitted") == expected["submitted"]
    assert row.flow("paid_unstated") == expected["paid_unstated"]


@LENIENT
@given(populations(), periods, scopes, st.integers(0, 9999))
def test_a_column_and_its_list_have_the_same_number(
    population: list[list[Event]], period: Period, scope: frozenset[str] | None, seed: int
) -> None:
    """Every number of both forms opens as many rows as it says."""
    service = reporting([list(events) for events in population], seed, 4)
    found = read(service, period, scope)
    row = whole("07a", found)
    numbers: dict[str, int] = {name: row.flow(name) for name in FORM_FLOWS}
    for form in FORM_CODES:
        numbers |= whole(form, found).numbers
    numbers["carried"] = (
        found.total.carried
    )  # The column nets the moves, the list has it plain.
    numbers["awaiting"] = row.level("awaiting")
    numbers["awaiting_carried"] = row.awaiting_carried
    numbers["paid"] = sum(row.flow(f"paid_{how}") for how in ("online", "counter", "unstated"))
    for name, number in numbers.items():
        listed = asyncio.run(service.listed(name, period, scope))
        assert (name, listed.total, len(listed.rows)) == (name, number, number)


@LENIENT
@given(populations(), periods, st.integers(0, 9999))
def test_the_sums_agree_in_every_row(
    population: list[list[Event]], period: Period, seed: int
) -> None:
    """By unit, by field and in all: each check holds, and the rows add up to the total."""
    service = reporting([list(events) for events in population], seed, 4)
    found = read(service, period, None)
    for form in FORM_CODES:
        by_unit = [
            form_row(form, unit, mine, found.atoms[unit], found.levels[unit])
            for unit, mine in found.by_unit.items()
        ]
        by_field = [
            form_row(form, name, mine, sums.within, sums.through())
            for (name, mine), sums in zip(
                found.by_field.items(), found.field_sums.values(), strict=True
            )
        ]
        total = whole(form, found)
        for row in (*by_unit, *by_field, total):
            assert all(one.holds for one in checks(form, row))
        for rows in (by_unit, by_field):
            assert dict(total.numbers) == {
                code: sum(row.numbers[code] for row in rows) for code in FORMS[form].codes
            }


@LENIENT
@given(populations(), days, scopes)
def test_what_waits_at_the_end_is_carried_into_the_next_period(
    population: list[list[Event]], cut: date, scope: frozenset[str] | None
) -> None:
    """Submissions without an answer at the end are those with which the next period begins."""
    if cut == LAST:
        return
    service = reporting([list(events) for events in population], 1, 5)
    earlier = whole("07a", read(service, Period(None, cut), scope))
    later = whole("07a", read(service, Period(cut + timedelta(days=1), None), scope))
    assert later.awaiting_carried == earlier.level("awaiting")


def test_a_form_whose_sums_do_not_agree_is_not_handed_out() -> None:
    """A number that a roll-up lost shows as a broken sum, and no row is made."""
    service = MemoryReporting(reporting([], 0, 1).reference, NOW)
    found = read(service, Period(None, None), None)
    with pytest.raises(NotReconciledError, match="07a"):
        form_row("07a", "", found.total, {"received_direct": 1}, {"received_direct": 1})

"""Whose electronic id the simulation's own reading puts into a counter's code."""

from datetime import date

import pytest

from deploy.demo.province import Span, centres, simulate
from deploy.demo.stage import procedures
from deploy.demo.story import Procedure
from deploy.reference.load import bundled_reference

FIRST, LAST = date(2026, 8, 1), date(2026, 8, 31)
UNITS = [f"0611{number}" for number in range(9)]


@pytest.mark.parametrize("linked", [False, True])
def test_a_code_is_the_competent_units_or_a_linked_groups_receivers(linked: bool) -> None:  # noqa: FBT001 -- A table's column.
    """Stories of one prefix are sent one by one; so the same seed gives the same codes."""
    span = Span(FIRST, LAST, 7)
    month = simulate(
        centres(UNITS, seed=7, scale=0.05),
        [Procedure("1.000000", "working_days", 2, 1.0, linked=linked)],
        dict.fromkeys(UNITS, "p"),
        bundled_reference().calendar,
        span,
    )
    elsewhere = [one for one in month.stories if one.receiving != one.competent]
    assert elsewhere
    for story in month.stories:
        assert story.code_of == (story.receiving if linked else story.competent)


def test_the_catalogues_groups_are_linked_in_the_simulation() -> None:
    """Of the two groups one has a limit, and is simulated."""
    assert {one.code for one in procedures(FIRST, LAST) if one.linked} == {"3.000722"}

"""The law watch: complete, dated, and due when its day has come."""

import json
from datetime import date, timedelta

import pytest

from deploy.law_watch import law_watch_lines
from deploy.reference.load import bundled_reference
from shared.ops.law_watch import bundled_law_watch
from shared.reference.law_watch import FIELDS, WatchedText, read_law_watch

HEAD = ",".join(FIELDS)
ROW = "tet,Lịch nghỉ Tết,rows of calendar.csv,2027-10-01,Công văn 1/2026,S"
TEXT = WatchedText(
    "tet", "Lịch nghỉ Tết", "rows of calendar.csv", date(2027, 10, 1), "Công văn 1/2026", "S"
)


def test_the_bundled_file_is_read_in_the_order_of_its_days() -> None:
    """Each text says what it would change; the ids fit a label."""
    texts = bundled_law_watch()
    assert [one.look_on for one in texts] == sorted(one.look_on for one in texts)
    assert all(one.watch.replace("-", "").isalnum() for one in texts)
    assert {"civil-status-decree", "culture-day-2027", "tet-2028"} <= {
        one.watch for one in texts
    }


def test_the_calendar_is_looked_at_when_its_first_alert_rises() -> None:
    """The first of three alerts rises 120 days before the end."""
    horizon = bundled_reference().horizon
    assert horizon is not None
    (row,) = (one for one in bundled_law_watch() if one.watch.startswith("calendar-after"))
    assert row.look_on == horizon - timedelta(days=120)


@pytest.mark.parametrize(
    ("today", "due"),
    [("2027-09-30", False), ("2027-10-01", True), ("2027-10-03", True)],
)
def test_a_text_is_due_from_its_day_on(today: str, due: bool) -> None:  # noqa: FBT001 -- A case.
    """On the day itself somebody must look."""
    assert TEXT.is_due(date.fromisoformat(today)) is due


def test_a_row_is_read_as_it_is_written() -> None:
    """Every column has its place; a text that was not found has no weight."""
    assert read_law_watch([HEAD, ROW]) == (TEXT,)
    (unfound,) = read_law_watch([HEAD, ROW.removesuffix("S")])
    assert unfound.weight == ""


@pytest.mark.parametrize(
    "lines",
    [
        [HEAD, ROW, ROW],
        [HEAD, ROW.replace(",S", ",X")],
        [HEAD, ROW.replace("Lịch nghỉ Tết", "")],
        [HEAD, ROW + ",more"],
        [HEAD, ROW.removesuffix(",S")],
        [HEAD, ROW.replace("2027-10-01", "soon")],
        [HEAD.replace("source", "origin"), ROW],
    ],
)
def test_a_row_that_says_too_little_is_refused(lines: list[str]) -> None:
    """A mistake in the file stops a release, and not an operator."""
    with pytest.raises(ValueError, match=r"law watch|isoformat"):
        read_law_watch(lines)


def test_what_is_due_is_marked() -> None:
    """For people a word, for programs a field."""
    later = WatchedText("form", "Mẫu", "layout", date(2027, 10, 2), "nguồn", "")
    texts, today = (TEXT, later), date(2027, 10, 1)
    assert list(law_watch_lines(today, as_json=False, texts=texts)) == [
        "Texts to look at again:",
        "  DUE 2027-10-01 tet: Lịch nghỉ Tết (weight S): rows of calendar.csv",
        "  2027-10-02 form: Mẫu (not found): layout",
    ]
    rows = [json.loads(line) for line in law_watch_lines(today, as_json=True, texts=texts)]
    assert [(one["state"], one["due"], one["row"]["watch"]) for one in rows] == [
        ("watched", True, "tet"),
        ("watched", False, "form"),
    ]
    assert rows[1]["row"]["weight"] is None

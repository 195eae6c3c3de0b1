"""Where a rule is written, by date, in both languages."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from shared.law.citation import NoCitationError, cite, find
from shared.law.rules import Rule
from shared.law.table import ROWS, Row, Weight

MAY_2025 = date(2025, 5, 12)
TODAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("rule", "day", "vi", "en"),
    [
        (
            Rule.LIMIT_STARTS_ANEW,
            MAY_2025,
            "NĐ 61/2018/NĐ-CP Điều 19 khoản 4",
            "Decree 61/2018/NĐ-CP, art. 19.4",
        ),
        (
            Rule.LIMIT_STARTS_ANEW,
            TODAY,
            "NĐ 118/2025/NĐ-CP Điều 19 khoản 5",
            "Decree 118/2025/NĐ-CP, art. 19.5",
        ),
        (
            Rule.SUPPLEMENT_ONCE,
            TODAY,
            "NĐ 118/2025/NĐ-CP Điều 11 khoản 2 điểm c",
            "Decree 118/2025/NĐ-CP, art. 11.2(c)",
        ),
        (
            Rule.PETITIONS,
            TODAY,
            "NĐ 118/2025/NĐ-CP Điều 8 khoản 1 điểm đ",
            "Decree 118/2025/NĐ-CP, art. 8.1(đ)",
        ),
        (
            Rule.LINKED_PROCEDURES,
            MAY_2025,
            "NĐ 61/2018/NĐ-CP Điều 19 khoản 6, khoản 7",
            "Decree 61/2018/NĐ-CP, arts. 19.6, 19.7",
        ),
        (
            Rule.EVALUATION,
            MAY_2025,
            "NĐ 61/2018/NĐ-CP Điều 30, Điều 31, Điều 32",
            "Decree 61/2018/NĐ-CP, arts. 30, 31, 32",
        ),
        (
            Rule.LIMIT_FROM_RECEIPT,
            TODAY,
            "NĐ 118/2025/NĐ-CP Điều 17 khoản 3, sửa đổi bởi NĐ 309/2026/NĐ-CP Điều 8 khoản 3",
            "Decree 118/2025/NĐ-CP, art. 17.3, amended by Decree 309/2026/NĐ-CP, art. 8.3",
        ),
        (
            Rule.INDEX_POSTING,
            TODAY,
            "QĐ 766/QĐ-TTg, chỉ số 1.2",
            "Decision 766/QĐ-TTg, metric 1.2",
        ),
        (Rule.DATA_PROTECTION, TODAY, "Luật 91/2025/QH15", "Law 91/2025/QH15"),
    ],
    ids=str,
)
def test_a_rule_is_cited_by_the_law_of_the_day(rule: Rule, day: date, vi: str, en: str) -> None:
    """The same rule is another article of another decree on another day."""
    citation = cite(rule, day)
    assert (citation.vi, citation.en) == (vi, en)


def test_a_decree_ends_on_the_day_that_the_next_begins() -> None:
    """The last day of June 2025 belongs to the old decree, the first of July to the new one."""
    new = date(2025, 7, 1)
    old = new - timedelta(days=1)
    assert cite(Rule.APOLOGY_AND_NEW_DATE, old).vi == "NĐ 61/2018/NĐ-CP Điều 19 khoản 9"
    assert cite(Rule.APOLOGY_AND_NEW_DATE, new).vi == "NĐ 118/2025/NĐ-CP Điều 19 khoản 6"


def test_an_amendment_is_named_from_its_first_day() -> None:
    """Before 5 August 2026 the article is cited as it was issued."""
    first = date(2026, 8, 5)
    before = cite(Rule.LIMIT_FROM_RECEIPT, first - timedelta(days=1))
    assert before.vi == "NĐ 118/2025/NĐ-CP Điều 17 khoản 3"
    assert "309/2026" in cite(Rule.LIMIT_FROM_RECEIPT, first).vi


def test_a_rule_that_no_text_held_is_not_cited() -> None:
    """No decree before July 2025 demanded an answer within eight hours."""
    assert find(Rule.ONLINE_ANSWER, MAY_2025) is None
    with pytest.raises(NoCitationError, match="online_answer on 2025-05-12"):
        cite(Rule.ONLINE_ANSWER, MAY_2025)
    assert find(Rule.SUPPLEMENT_ONCE, date(2018, 6, 20)) is None
    assert find(Rule.SUPPLEMENT_ONCE, date(2018, 6, 21)) is not None


@pytest.mark.parametrize("rule", Rule)
def test_a_rule_is_in_one_place_at_a_time_and_somewhere_today(rule: Rule) -> None:
    """Rows of one rule follow each other and do not overlap; the last one is in force."""
    rows = sorted((row for row in ROWS if row.rule is rule), key=lambda row: row.begins)
    assert rows[-1].in_force(TODAY)
    for before, after in pairwise(rows):
        assert before.ends == after.begins


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.rule}-{row.begins}")
def test_a_row_lies_within_the_life_of_its_texts(row: Row) -> None:
    """A place is cited while its text is in force, an amendment from when it is."""
    assert row.begins < row.ends
    assert row.text.first is None or row.text.first <= row.begins
    assert row.text.until is None or row.ends <= row.text.until
    assert row.amended is None or row.amended[0].first == row.begins


def test_one_secondary_source_is_not_verified() -> None:
    """Weight 1 is never verified."""
    weights = {row.weight: cite(row.rule, row.begins).verified for row in ROWS}
    assert weights == {Weight.WORDING: True, Weight.SEVERAL: True, Weight.ONE: False}

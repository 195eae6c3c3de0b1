"""The table of citations against the handbook's page on the law of today."""

import re
from datetime import date
from pathlib import Path

import pytest

from shared.law.rules import Rule
from shared.law.table import ROWS, Row, Weight

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "../shared/handbook/law.md"
TODAY = date(2026, 11, 30)

pytestmark = pytest.mark.skipif(not PAGE.exists(), reason=f"there is no {PAGE}")

#: How each row of the page begins, and the rules that it is about.
RULES: dict[str, tuple[Rule, ...]] = {
    "a supplement may be asked for once": (
        Rule.SUPPLEMENT_ONCE,
        Rule.SUPPLEMENT_ONCE_AT_COUNTER,
    ),
    "request for a supplement: notice within 3 working days": (
        Rule.SUPPLEMENT_NOTICE,
        Rule.LIMIT_STARTS_ANEW,
    ),
    "not supplemented within": (Rule.CLOSED_WITHOUT_SUPPLEMENT,),
    "refusal after examination": (Rule.REFUSAL,),
    "apology and one new date": (Rule.APOLOGY_AND_NEW_DATE,),
    "a consulted agency": (Rule.CONSULTATION_LATE,),
    "linked procedures": (Rule.LINKED_PROCEDURES,),
    "dossier of another authority": (Rule.OTHER_AUTHORITY,),
    "paper received before 15:00": (Rule.HAND_OVER,),
    "an early result": (Rule.EARLY_RESULT,),
    "a wrong result": (Rule.WRONG_RESULT,),
    "stop on the applicant's wish": (Rule.WITHDRAWAL,),
    "limit counted from the complete, valid receipt": (Rule.LIMIT_FROM_RECEIPT,),
    "online dossier": (Rule.ONLINE_ANSWER,),
    "staffing reserve": (Rule.RESERVE_STAFF,),
    "complaints and petitions": (Rule.PETITIONS,),
    "head of the centre": (Rule.AGENCY_MEETING, Rule.SECONDED_STAFF_NOTE, Rule.STAFF_POSTED),
    "secondment": (Rule.SECONDMENT,),
    "what a centre has": (Rule.PREMISES, Rule.INTERPRETING),
    "dossier code": (Rule.DOSSIER_CODE,),
    "evaluation": (Rule.EVALUATION,),
}


def _page_rows() -> dict[str, tuple[set[str], str]]:
    """Read section 3 of the page: what a row says, its articles, its weight."""
    section = PAGE.read_text(encoding="utf-8").partition("\n## 3. ")[2].partition("\n## ")[0]
    found = dict[str, tuple[set[str], str]]()
    for line in section.splitlines():
        cells = [cell.strip().replace("**", "") for cell in line.strip("| ").split(" | ")]
        if len(cells) != 3 or cells[0] == "rule":
            continue
        says, articles, weight = cells
        articles = articles.partition("(")[0]  # What another decree says about it.
        places = set(re.findall(r"\b[0-9]+(?:\.[0-9]+[a-zđ]?)?(?=[,;]|\s|$)", _bare(articles)))
        places |= set(re.findall(r"\(Đ\.([0-9.]+[a-zđ]?)\)", says))
        found[says] = places, weight
    return found


def _bare(articles: str) -> str:
    return articles.replace("NĐ 118", "").replace("NĐ 309", "").replace("Đ.", "")


def _today(rule: Rule) -> Row:
    return next(row for row in ROWS if row.rule is rule and row.in_force(TODAY))


def test_every_row_of_the_page_is_in_the_table() -> None:
    """A row that the page adds has no rule yet, and this test says so."""
    page = _page_rows()
    for says, (places, weight) in page.items():
        rules = [rules for begins, rules in RULES.items() if says.startswith(begins)]
        assert len(rules) == 1, says
        rows = [_today(rule) for rule in rules[0]]
        assert {place for row in rows for place in row.places} == places, says
        assert {row.weight for row in rows} == {Weight(weight)}, says
        assert {row.text.vi for row in rows} == {"NĐ 118/2025/NĐ-CP"}, says
    for begins in RULES:
        assert any(says.startswith(begins) for says in page), begins


def test_the_page_says_when_the_old_decree_ends_and_what_was_amended() -> None:
    """The day of repeal and the three amended articles stand in the page's words."""
    text = PAGE.read_text(encoding="utf-8")
    assert "repealed on 1 July 2025 by NĐ 118/2025 Đ.40.1" in text
    amended = re.search(r"NĐ 309/2026 amends Điều ([0-9a-z., ]+ and [0-9a-z.]+)", text)
    assert amended is not None
    places = set(re.split(r", | and ", amended[1]))
    assert {place for row in ROWS if row.amended for place in row.places} == places

"""Which law an explanation and a slip name: that of the dossier's time, not of today."""

from datetime import date

import pytest

from deploy.cli.explain import lines_of
from services.workflow.adapters.pages.frame import Frame
from services.workflow.adapters.pages.today import slip_law
from services.workflow.adapters.pages.words import words
from services.workflow.core.kinds.registry import KINDS
from services.workflow.usecases.views import explanation
from shared.web.formats import Language
from tests.unit.workflow.province import province
from tests.unit.workflow.scenario import MONDAY, Scenario

OLD, NEW = "61/2018", "118/2025"


def explained(accepted: str, asked: str, brought: str, language: Language) -> list[str]:
    """Return what the command prints of a dossier that was supplemented."""
    scenario = Scenario()
    scenario.accepted(accepted)
    scenario.happens(
        "dossier.supplement_requested",
        asked,
        items=["giay-khai-sinh"],
        number=1,
        in_person=True,
    )
    scenario.happens("dossier.supplement_received", brought, items=["giay-khai-sinh"])
    assert scenario.state is not None
    return list(lines_of(explanation(scenario.state, language), language))


def test_a_dossier_of_may_2025_is_explained_by_the_old_decree() -> None:
    """Kinds and ledger name the decree that was in force, and no other."""
    lines = explained("2025-05-12 09:10", "2025-05-13 10:00", "2025-05-14 10:00", "vi")
    text = "\n".join(lines)
    assert text.count("NĐ 61/2018/NĐ-CP Điều 19 khoản 4") == len(["restart", "notice"])
    assert "tính lại từ đầu (NĐ 61/2018/NĐ-CP Điều 19 khoản 4)" in text
    assert "  NĐ 61/2018/NĐ-CP Điều 19 khoản 9" in lines
    assert NEW not in text


def test_a_dossier_of_november_2026_is_explained_by_the_new_one() -> None:
    """The same facts, other articles; in English too."""
    lines = explained("2026-11-09 09:10", "2026-11-10 10:00", "2026-11-11 10:00", "en")
    text = "\n".join(lines)
    assert "counted anew (Decree 118/2025/NĐ-CP, art. 19.5)" in text
    assert "  Decree 118/2025/NĐ-CP, art. 19.6" in lines
    amended = "art. 17.3, amended by Decree 309/2026/NĐ-CP, art. 8.3"
    assert f"  Decree 118/2025/NĐ-CP, {amended}" in lines
    assert OLD not in text


def test_a_supplement_after_the_change_is_explained_by_the_law_of_its_day() -> None:
    """Received in June 2025: the slip by the old decree, the restart in July by the new one."""
    lines = explained("2025-06-27 09:10", "2025-06-30 10:00", "2025-07-02 10:00", "vi")
    assert "  NĐ 61/2018/NĐ-CP Điều 19 khoản 9" in lines
    assert any("tính lại từ đầu (NĐ 118/2025/NĐ-CP Điều 19 khoản 5)" in one for one in lines)


def test_what_no_text_held_is_explained_without_one() -> None:
    """Of 2017 no one-stop decree is in the table: no line of it, and nothing made up."""
    assert KINDS["apology_slip"].source_on(date(2017, 5, 12)) is None
    scenario = Scenario()
    scenario.accepted("2026-11-09 09:10")
    assert scenario.state is not None
    answer = explanation(scenario.state, "vi")
    answer["obligations"][0]["source"] = None
    lines = list(lines_of(answer, "vi"))
    assert lines
    assert not any("None" in line for line in lines)


@pytest.mark.parametrize(
    ("language", "day", "law"),
    [
        ("vi", date(2025, 5, 12), "(NĐ 61/2018/NĐ-CP Điều 19 khoản 9)"),
        ("vi", date(2026, 11, 30), "(NĐ 118/2025/NĐ-CP Điều 19 khoản 6)"),
        ("en", date(2025, 5, 12), "(Decree 61/2018/NĐ-CP, art. 19.9)"),
        ("en", date(2026, 11, 30), "(Decree 118/2025/NĐ-CP, art. 19.6)"),
    ],
)
def test_a_slip_names_the_law_of_the_receipt(language: Language, day: date, law: str) -> None:
    """The page's note is the slip's own law."""
    assert law in slip_law(frame(language), day)


def test_a_slip_of_long_ago_names_no_law() -> None:
    """The note stays a whole sentence."""
    assert "ngày hẹn trả. Việc hẹn lại" in slip_law(frame("vi"), date(2017, 5, 12))


def frame(language: Language) -> Frame:
    """Return a request for a page."""
    return Frame(
        path="/slips",
        language=language,
        now=MONDAY,
        principal=None,
        words=words(),
        unit=None,
        reference=province(),
        figures_url="",
    )

"""The pages of wrong results: an error is recorded, then the corrected result."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from services.reporting.adapters.pages.sentences import ERRORS
from services.workflow.adapters.pages.words import words
from services.workflow.core.asking import RESULT_FAULTS
from shared.events.dossiers import (
    RESULT_ERRORS,
    DossierResultCorrected,
    DossierResultDisputed,
)
from shared.events.faults import fault
from tests.fakes.workflow_site import (
    DUE_NEXT,
    GIVEN,
    NOW,
    OTHER_UNIT,
    UNIT,
    DeskSite,
    a_morning,
    a_result,
    a_wrong_result,
    at,
)
from tests.unit.workflow.test_desk import Browser, codes

PAGE = f"/results/{GIVEN}"
ERROR = {"reason": "wrong_name", "fault": "officials"}


@pytest.fixture
def site(tmp_path: Path) -> DeskSite:
    """A morning on which one dossier has its result; nobody found an error yet."""
    return DeskSite(tmp_path, [*a_morning(), *a_result().events])


@pytest.fixture
def applicants(tmp_path: Path) -> DeskSite:
    """The same, where an error of the applicant's is open."""
    return DeskSite(tmp_path, [*a_morning(), *a_wrong_result()])


@pytest.fixture
def officials(tmp_path: Path) -> DeskSite:
    """The same, where an error of the officials' is open."""
    teller = a_result()
    teller.tell(DossierResultDisputed(reason="wrong_name", fault="officials"), at(20, 10))
    return DeskSite(tmp_path, [*a_morning(), *teller.events])


def test_an_error_is_recorded_and_its_correction_comes_back(site: DeskSite) -> None:
    """The error opens the date, the corrected result ends it; each is sent once."""
    clerk = Browser(site, "clerk", UNIT)
    assert "có kết quả 15:30 thứ Hai 16/11/2026" in clerk.get(PAGE).text
    assert clerk.post(f"{PAGE}/dispute", **ERROR).status_code == 303
    [found] = site.asked()
    assert found.data == DossierResultDisputed(reason="wrong_name", fault="officials")
    assert "đang ghi nhận" in clerk.get(PAGE).text
    assert "không cần gửi lại" in clerk.post(f"{PAGE}/dispute", **ERROR).text
    assert site.asked() == [found]

    site.intake_records([found], after=4)
    page = clerk.get(PAGE).text
    assert "17:00 thứ Sáu 27/11/2026" in page
    assert "sai họ tên" in page
    assert "chưa sửa" in page
    assert "(NĐ 118/2025/NĐ-CP Điều 23 khoản 1)" in page
    assert codes(clerk.get("/results").text) == [GIVEN]
    assert f'href="{PAGE}"' in Browser(site, "director", UNIT).get("/desk?of=all").text

    site.durable.clock.instant = NOW + timedelta(hours=1)
    assert clerk.post(f"{PAGE}/correct", result="KQ.2").status_code == 303
    back = site.asked()[-1]
    assert back.data == DossierResultCorrected(result="KQ.2")
    site.intake_records([back], after=5)
    page = clerk.get(PAGE).text
    assert "chưa sửa" not in page
    assert "đã sửa 10:12 thứ Hai 23/11/2026" in page
    assert codes(clerk.get("/results").text) == []


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"reason": "ugly"}, "Hãy chọn một sai sót"),
        ({"reason": ""}, "Hãy chọn một sai sót"),
        ({"fault": "nobody"}, "Hãy chọn bên có lỗi"),
    ],
)
def test_an_error_that_cannot_be_recorded(
    site: DeskSite, changes: dict[str, str], shown: str
) -> None:
    """Refused with what to mend, and nothing is sent."""
    answer = Browser(site, "clerk", UNIT).post(f"{PAGE}/dispute", **ERROR | changes)
    assert answer.status_code == 422
    assert shown in answer.text
    assert site.asked() == []


@pytest.mark.parametrize(
    ("code", "sent"), [("", None), ("KQ.G15-2", "KQ.G15-2"), (" KQ.2 ", "KQ.2")]
)
def test_the_code_of_the_corrected_result_may_be_left_out(
    officials: DeskSite, code: str, sent: str | None
) -> None:
    """Then it is unchanged."""
    clerk = Browser(officials, "clerk", UNIT)
    assert clerk.post(f"{PAGE}/correct", result=code).status_code == 303
    assert [one.data for one in officials.asked()] == [DossierResultCorrected(result=sent)]


def test_a_code_that_is_none_is_refused(officials: DeskSite) -> None:
    """It stays in the form, to be mended."""
    answer = Browser(officials, "clerk", UNIT).post(f"{PAGE}/correct", result="kết quả 2")
    assert answer.status_code == 422
    assert "Mã kết quả chỉ gồm" in answer.text
    assert 'value="kết quả 2"' in answer.text
    assert officials.asked() == []


def test_nothing_is_corrected_where_nothing_was_wrong(site: DeskSite) -> None:
    """The page has no such form, and a request of its own is refused."""
    clerk = Browser(site, "clerk", UNIT)
    assert f'action="{PAGE}/correct"' not in clerk.get(PAGE).text
    assert "Không có sai sót nào" in clerk.post(f"{PAGE}/correct").text
    assert site.asked() == []


def test_while_the_officials_correct_it_no_second_error_is_recorded(
    officials: DeskSite,
) -> None:
    """It would open nothing of its own."""
    clerk = Browser(officials, "clerk", UNIT)
    assert f'action="{PAGE}/dispute"' not in clerk.get(PAGE).text
    assert "đang chờ sửa" in clerk.post(f"{PAGE}/dispute", **ERROR).text
    assert officials.asked() == []


def test_an_error_of_the_applicants_has_no_date(applicants: DeskSite) -> None:
    """It can be corrected, and an error of the officials' can still be recorded."""
    clerk = Browser(applicants, "clerk", UNIT)
    page = clerk.get(PAGE).text
    assert "sai số hoặc ngày của giấy tờ" in page
    assert "Hạn sửa" not in page
    assert f'action="{PAGE}/correct"' in page
    assert codes(clerk.get("/results").text) == []
    assert clerk.post(f"{PAGE}/dispute", **ERROR).status_code == 303


def test_what_intake_refused_is_shown_with_the_form(site: DeskSite) -> None:
    """So that it can be sent again at once."""
    clerk = Browser(site, "clerk", UNIT)
    clerk.post(f"{PAGE}/dispute", **ERROR)
    site.refusals.faults[site.asked()[0].id] = [fault("future-time", "/time")]
    page = clerk.get(PAGE).text
    assert "Chưa ghi nhận: " in page
    assert f'action="{PAGE}/dispute"' in page


def test_a_chairman_reads_and_records_nothing(site: DeskSite) -> None:
    """The counter and the Director do."""
    chairman = Browser(site, "chairman", UNIT)
    assert "Chỉ bộ phận một cửa và Giám đốc" in chairman.get(PAGE).text
    answer = chairman.post(f"{PAGE}/dispute", token=chairman.token(), **ERROR)
    assert answer.status_code == 403
    assert site.asked() == []


def test_only_a_dossier_that_has_its_result_has_such_a_page(site: DeskSite) -> None:
    """Of one's own centre; a code that is written leads to its page."""
    clerk = Browser(site, "clerk", UNIT)
    assert "chưa có kết quả" in clerk.get(f"/results/{DUE_NEXT}").text
    refused = clerk.post(f"/results/{DUE_NEXT}/dispute", **ERROR)
    assert "chưa có kết quả" in refused.text
    assert clerk.get("/results/H37.117-261110-9999").status_code == 404
    stranger = Browser(site, "clerk", OTHER_UNIT)
    assert stranger.get(PAGE).status_code == 404
    assert stranger.post(f"{PAGE}/dispute", **ERROR).status_code == 404
    assert site.asked() == []
    assert clerk.get(f"/results?code=+{GIVEN}+").headers["location"] == PAGE


@pytest.mark.parametrize("path", ["/results", PAGE])
def test_the_other_language_has_no_vietnamese_left(officials: DeskSite, path: str) -> None:
    """But for names: of centres, procedures and decrees, and the switch itself."""
    page = Browser(officials, "director", UNIT).get(f"{path}?lang=en").text
    page = page.replace("118/2025/NĐ-CP", "")
    names = (one.name for one in officials.durable.reference.procedures.values())
    for name in ("Xã Bình Gia", *names):
        page = page.replace(name, "")
    assert not re.findall(r"[ăâđêôơưĂÂĐÊÔƠƯ]\w*", page)


def test_every_error_and_every_fault_has_words() -> None:
    """In both languages, here and in the dossier's story."""
    assert set(ERRORS) == set(RESULT_ERRORS)
    for word in RESULT_ERRORS:
        assert tuple(words()[f"error_{word}"]) == ERRORS[word]
    for key in RESULT_FAULTS:
        vi, en = words()[f"fault_{key}"]
        assert vi != en

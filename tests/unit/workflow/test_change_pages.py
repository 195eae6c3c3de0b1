"""The pages of changes: who sees what would move, and who may say yes."""

from pathlib import Path
from typing import get_args

import pytest

from services.workflow.adapters.pages.changes import COLUMNS
from services.workflow.adapters.pages.words import words
from services.workflow.core.preview import COUNTED
from shared.events.envelope import Event
from shared.events.faults import fault
from shared.events.model import EventData
from shared.events.reference import (
    CalendarApproved,
    CalendarProposed,
    CalendarWithdrawn,
    RuleLimit,
    RuleProposed,
)
from shared.reference.proposals import withdrawal_of
from shared.reference.view import apply
from shared.web.principal import Role
from tests.fakes.workflow_site import NOW, UNIT, DeskSite, a_morning
from tests.unit.workflow.province import decide
from tests.unit.workflow.test_desk import Browser

FIRST, SECOND = "p-20-officer-1", "p-20-officer-2"
SUBJECT = "calendar:VN-2026-11-25"
PATH = f"/changes/{SUBJECT}"
DAY_OFF = CalendarProposed.model_validate(
    {
        "row": "VN-2026-11-25",
        "day": "2026-11-25",
        "kind": "off",
        "reason": "closure",
        "source": "CV 9/2026",
        "by": FIRST,
    }
)


@pytest.fixture
def site(tmp_path: Path) -> DeskSite:
    """A morning, and a day off that is proposed for Wednesday."""
    made = DeskSite(tmp_path, a_morning())
    proposes(made, DAY_OFF)
    return made


def proposes(site: DeskSite, data: EventData) -> None:
    """Let somebody propose something."""
    site.durable.reference = decide(site.durable.reference, data, NOW)


def province(site: DeskSite, person: str | None = SECOND) -> Browser:
    """Somebody of the provincial centre."""
    return Browser(site, "province", person=person)


def test_the_list_names_each_change_its_source_and_who_proposed_it(site: DeskSite) -> None:
    """In both languages, with how far the calendar goes."""
    page = province(site).get("/changes").text
    assert "1 thay đổi chờ người thứ hai" in page
    assert "Nghỉ ngày 25/11/2026" in page
    assert "CV 9/2026" in page
    assert FIRST in page
    assert "lịch công bố đến 31/10/2027" in page
    english = province(site).get("/changes?lang=en").text
    assert "Day off, 25/11/2026" in english
    assert 'href="/changes/calendar:VN-2026-11-25?lang=en"' in english


def test_the_page_of_a_change_shows_what_would_move(site: DeskSite) -> None:
    """Numbers, centres, and each date before and after."""
    page = province(site).get(PATH).text
    assert "thời hạn lùi lại" in page
    assert "người nộp được báo ngày mới" in page
    assert "Hạn sau thay đổi" in page
    assert "Phê duyệt" in page
    assert site.asked() == [], "looking sends nothing"


def test_a_second_person_approves_and_intake_is_told_once(site: DeskSite) -> None:
    """Sent in that person's name, with the row as it was proposed; a repeat repeats its id."""
    browser = province(site)
    page = browser.get(PATH).text
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    answer = browser.post(PATH, decision="approve", seen=seen)
    assert answer.status_code == 303
    there = answer.headers["location"]
    assert there.startswith(f"{PATH}?sent=approve&event=")
    browser.post(PATH, decision="approve", seen=seen)
    told = site.asked()
    assert len({event.id for event in told}) == 1
    assert isinstance(told[0].data, CalendarApproved)
    assert told[0].subject == SUBJECT
    assert told[0].data.model_dump() == {**DAY_OFF.model_dump(), "by": SECOND}
    assert "có hiệu lực khi cửa tiếp nhận ghi nhận" in browser.get(there).text
    comes_back(site, told[0])
    over = browser.get(there)
    assert (over.status_code, "Đã phê duyệt" in over.text) == (200, True)


def comes_back(site: DeskSite, event: Event) -> None:
    """Let intake record what was sent."""
    view = site.durable.reference
    recorded = {"sequence": view.version + 1, "recordedtime": NOW}
    site.durable.reference = apply(view, event.model_copy(update=recorded))


@pytest.mark.parametrize("decision", ["approve", "withdraw"])
def test_what_intake_refuses_is_told_to_who_sent_it(site: DeskSite, decision: str) -> None:
    """The page's own check passed, and something else was decided in between."""
    browser = province(site)
    page = browser.get(PATH).text
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    there = browser.post(PATH, decision=decision, seen=seen).headers["location"]
    assert "Chưa ghi nhận" not in browser.get(there).text
    (told,) = site.asked()
    site.refusals.faults[told.id] = [fault("approval-differs", "/data")]
    refused = browser.get(there)
    assert (refused.status_code, 'role="alert"' in refused.text) == (200, True)
    assert "Chưa ghi nhận: Dòng được phê duyệt khác dòng đã đề xuất." in refused.text
    assert 'value="withdraw"' in refused.text, "it may be decided again"
    english = browser.get(f"{there}&lang=en").text
    assert "Not recorded: The row approved is not the row that was proposed." in english
    site.durable.reference = decide(site.durable.reference, withdrawal_of(DAY_OFF, FIRST), NOW)
    gone = browser.get(there).text
    assert "Chưa ghi nhận: Dòng được phê duyệt" in gone, "nor is it said to be done"
    assert "Đã phê duyệt" not in gone


def test_who_was_overtaken_is_not_told_that_it_was_them(site: DeskSite) -> None:
    """A third person withdrew it before the approval came in."""
    browser = province(site)
    page = browser.get(PATH).text
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    there = browser.post(PATH, decision="approve", seen=seen).headers["location"]
    site.durable.reference = decide(site.durable.reference, withdrawal_of(DAY_OFF, FIRST), NOW)
    assert "Không còn đề xuất này" in browser.get(there).text


def test_the_proposer_may_withdraw_and_not_approve(site: DeskSite) -> None:
    """The form is not there; who sends it all the same is refused in intake's words."""
    browser = province(site, FIRST)
    page = browser.get(PATH).text
    assert "người thứ hai phải phê duyệt" in page
    assert 'value="approve"' not in page
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    refused = browser.post(PATH, decision="approve", seen=seen)
    assert refused.status_code == 422
    assert "Người đề xuất không được tự phê duyệt." in refused.text
    assert site.asked() == []
    assert browser.post(PATH, decision="withdraw", seen=seen).status_code == 303
    (told,) = site.asked()
    assert isinstance(told.data, CalendarWithdrawn)
    assert told.data.by == FIRST


def test_what_was_proposed_anew_meanwhile_is_not_approved_unseen(site: DeskSite) -> None:
    """The form carries what was seen."""
    browser = province(site)
    page = browser.get(PATH).text
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    proposes(site, DAY_OFF.model_copy(update={"source": "CV 10/2026"}))
    refused = browser.post(PATH, decision="approve", seen=seen)
    assert refused.status_code == 422
    assert "Phê duyệt đúng như đề xuất, hoặc đề xuất lại." in refused.text
    assert site.asked() == []


def test_a_key_without_a_person_decides_nothing(site: DeskSite) -> None:
    """It sees everything, and is told why it cannot decide."""
    browser = province(site, None)
    page = browser.get(PATH).text
    assert "không gắn với người nào" in page
    assert 'name="decision"' not in page
    refused = browser.post(PATH, token=browser.token(), decision="approve", seen="reference-1")
    assert refused.status_code == 422
    assert site.asked() == []


@pytest.mark.parametrize(
    ("role", "looking", "sending"), [("auditor", 200, 403), ("director", 403, 403)]
)
def test_others_look_or_do_not(site: DeskSite, role: Role, looking: int, sending: int) -> None:
    """The inspector looks; a centre's people do not even see the link."""
    browser = Browser(site, role, *([UNIT] if role == "director" else []))
    assert browser.get(PATH).status_code == looking
    token = browser.token()
    sent = browser.post(PATH, token=token, decision="approve", seen="reference-1")
    assert sent.status_code == sending
    assert ('href="/changes"' in browser.get("/desk").text) is (looking == 200)


def test_a_form_without_its_token_is_refused(site: DeskSite) -> None:
    """Nobody approves by a link from elsewhere."""
    assert province(site).post(PATH, token="x", decision="approve", seen="e").status_code == 403


def test_a_proposal_that_is_none_is_said_so(site: DeskSite) -> None:
    """An old link, or one that was decided."""
    page = province(site).get("/changes/calendar:none")
    assert page.status_code == 404
    assert "Không còn đề xuất này" in page.text


def test_a_broker_that_is_away_promises_nothing(site: DeskSite) -> None:
    """The page says so; the same form can be sent again."""
    browser = province(site)
    page = browser.get(PATH).text
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    token = browser.token()
    site.durable.publisher.away = True
    answer = browser.post(PATH, token=token, decision="approve", seen=seen)
    assert answer.status_code == 503
    site.durable.publisher.away = False
    assert browser.post(PATH, token=token, decision="approve", seen=seen).status_code == 303


BY_CLOCK = RuleLimit(unit="clock_hours", value=24)


@pytest.mark.parametrize(
    ("limit", "words_of_it"),
    [
        (RuleLimit(unit="working_days", value=2), "2 ngày làm việc"),
        (BY_CLOCK, "24 giờ liên tục"),
        (
            BY_CLOCK.model_copy(update={"outside_opening": "next_opening"}),
            "24 giờ liên tục, hết ngoài giờ làm việc thì hẹn trả lúc mở cửa tiếp theo",
        ),
    ],
)
def test_a_limit_is_said_in_words(site: DeskSite, limit: RuleLimit, words_of_it: str) -> None:
    """Which procedure, how long, from when; and that it reaches into the past."""
    proposes(
        site,
        RuleProposed.model_validate(
            {
                "rule": "new",
                "procedure": "1.004873",
                "limit": limit,
                "valid_from": "2026-11-02",
                "source": "NĐ 1/2026",
                "by": FIRST,
            }
        ),
    )
    page = province(site).get("/changes/rule:new").text
    assert f"{words_of_it}, áp dụng cho hồ sơ nhận từ 02/11/2026" in page
    assert "có hiệu lực lùi về trước" in page


def test_every_count_and_every_limit_has_its_words() -> None:
    """Else a page would fail on the first change of that sort."""
    units = get_args(RuleLimit.model_fields["unit"].annotation)
    kinds = ("off", "work", "published_through")
    wanted = [f"limit_{unit}" for unit in units] + [f"change_{kind}" for kind in kinds]
    wanted += [f"count_{word}{form}" for word in COUNTED for form in ("", "_short")]
    assert set(wanted) <= words().keys()
    assert set(COLUMNS) <= set(COUNTED)

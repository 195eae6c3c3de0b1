"""The pages of proposing: written down, looked at, sent, and told what became of it."""

from datetime import date
from pathlib import Path
from urllib.parse import urlencode

import pytest

from services.workflow.adapters.pages.propose import (
    AFTER_SUPPLEMENT,
    CHANNELS,
    KINDS_OF_DAY,
    LIMITS,
    OUTSIDE_OPENING,
    ChangeForm,
)
from services.workflow.adapters.pages.words import words
from services.workflow.core.proposing import CALENDAR_FIELDS, RULE_FIELDS, draft, row_of_form
from shared.events.faults import fault
from shared.events.reference import (
    CalendarProposed,
    RuleApproved,
    RuleLimit,
    RuleProposed,
    RungRow,
)
from shared.web.principal import Role
from tests.fakes.workflow_site import NOW, UNIT, DeskSite, a_morning
from tests.unit.workflow.province import decide
from tests.unit.workflow.test_change_pages import FIRST, comes_back, province
from tests.unit.workflow.test_desk import Browser

DAY = {
    "kind": "off",
    "day": "2026-11-25",
    "unit": "",
    "reason": "closure",
    "counterpart": "",
    "source": "CV 9/2026",
    "row": "",
}
LIMIT = {
    "procedure": "1.004873",
    "unit": UNIT,
    "limit": "working_days",
    "value": "5",
    "after_supplement": "subtract",
    "valid_from": "2026-11-02",
    "source": "QĐ 3/2026",
}
CALENDAR, RULE = "/changes/propose/calendar", "/changes/propose/rule"
SUBJECT = "calendar:VN-2026-11-25"


@pytest.fixture
def site(tmp_path: Path) -> DeskSite:
    """A morning; nothing is proposed."""
    return DeskSite(tmp_path, a_morning())


def look(path: str, written: dict[str, str], language: str = "") -> str:
    """Return the address at which a form shows what would move."""
    return f"{path}?{urlencode(written)}{language}"


def test_the_list_leads_to_both_forms(site: DeskSite) -> None:
    """For who may propose; an inspector looks only."""
    page = province(site).get("/changes?lang=en").text
    for kind in ("calendar", "rule"):
        assert f'href="/changes/propose/{kind}?lang=en"' in page
    assert "/changes/propose" not in Browser(site, "auditor").get("/changes").text


def test_a_day_off_is_looked_at_before_it_is_sent(site: DeskSite) -> None:
    """How many dates move, by centre, and each; looking sends nothing and proposes nothing."""
    browser = province(site, FIRST)
    empty = browser.get(CALENDAR).text
    assert "Gửi đề xuất" not in empty
    page = browser.get(look(CALENDAR, DAY)).text
    for said in ("thời hạn lùi lại", "Theo trung tâm", "Hạn sau thay đổi", "Gửi đề xuất"):
        assert said in page
    assert 'value="CV 9/2026"' in page, "the form keeps what was written"
    assert (site.asked(), site.durable.reference.proposals) == ([], {})


def test_the_figures_are_those_the_second_person_sees(site: DeskSite) -> None:
    """Looked at before and after it was proposed: one preview, one set of numbers."""
    browser = province(site, FIRST)
    before = browser.get(look(CALENDAR, DAY)).text
    there = browser.post(CALENDAR, **DAY).headers["location"]
    comes_back(site, site.asked()[0])
    after = province(site).get(there.partition("?")[0]).text
    assert figures(before) == figures(after) != ""


def figures(page: str) -> str:
    """Return the table of what moves."""
    return page.partition('<table class="data"><tbody>')[2].partition("</table>")[0]


def test_a_proposal_is_sent_once_and_waits_for_a_second_person(site: DeskSite) -> None:
    """In the person's name; pressed twice it is one event; the page follows it by itself."""
    browser = province(site, FIRST)
    there = browser.post(CALENDAR, **DAY).headers["location"]
    assert there.startswith(f"/changes/{SUBJECT}?sent=propose&event=")
    assert browser.post(CALENDAR, **DAY).headers["location"] == there
    first, again = site.asked()
    assert first == again
    assert first.data == CalendarProposed.model_validate(
        {
            "row": "VN-2026-11-25",
            "by": FIRST,
            **{name: text for name, text in DAY.items() if text},
        }
    )
    waiting = browser.get(there)
    assert (waiting.status_code, "Đã gửi đề xuất" in waiting.text) == (200, True)
    assert 'data-live-every="3"' in waiting.text
    comes_back(site, first)
    recorded = browser.get(there).text
    assert "đã được ghi nhận và chờ người thứ hai" in recorded
    assert 'value="withdraw"' in recorded
    assert 'value="approve"' not in recorded
    assert 'value="approve"' in province(site).get(f"/changes/{SUBJECT}").text


def test_what_was_withdrawn_can_be_proposed_again(site: DeskSite) -> None:
    """Under another id, else intake would take it for a repeat and record nothing."""
    browser = province(site, FIRST)
    browser.post(CALENDAR, **DAY)
    comes_back(site, site.asked()[0])
    page = browser.get(f"/changes/{SUBJECT}").text
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    browser.post(f"/changes/{SUBJECT}", decision="withdraw", seen=seen)
    comes_back(site, site.asked()[1])
    browser.post(CALENDAR, **DAY)
    first, _, again = site.asked()
    assert first.id != again.id
    comes_back(site, again)
    assert SUBJECT in site.durable.reference.proposals


@pytest.mark.parametrize(
    ("path", "written", "said"),
    [
        (CALENDAR, DAY | {"source": ""}, "Căn cứ: Thiếu trường bắt buộc."),
        (CALENDAR, DAY | {"day": "25/11/2026"}, "Ngày: Giá trị không đúng dạng"),
        (CALENDAR, DAY | {"day": "2026-11-29"}, "Ngày: Ngày này đã như vậy"),
        (CALENDAR, DAY | {"unit": "99999"}, "Trung tâm: "),
        (RULE, LIMIT | {"value": ""}, "Thời hạn, số lượng: Thời hạn theo đơn vị này"),
        (RULE, LIMIT | {"value": "ba"}, "Thời hạn, số lượng: Trường không phải là"),
        (RULE, LIMIT | {"unit": ""}, "Áp dụng từ ngày: Dòng 1.004873"),
    ],
)
def test_a_row_that_cannot_be_is_refused_in_the_doors_words(
    site: DeskSite, path: str, written: dict[str, str], said: str
) -> None:
    """While it is looked at, and when it is sent; nothing reaches intake."""
    browser = province(site, FIRST)
    for answer in (
        browser.get(look(path, written)),
        browser.post(path, token=browser.token(), **written),
    ):
        assert answer.status_code == 422
        assert f"Chưa ghi nhận: {said}" in answer.text
        assert "Gửi đề xuất" not in answer.text
    assert site.asked() == []


def test_what_intake_refuses_after_all_is_told(site: DeskSite) -> None:
    """On the page that waits for it, with a way back; it is not said to wait."""
    browser = province(site, FIRST)
    there = browser.post(CALENDAR, **DAY).headers["location"]
    site.refusals.faults[site.asked()[0].id] = [fault("day-already-so", "/data/day")]
    page = browser.get(there).text
    assert "Chưa ghi nhận: Ngày này đã như vậy: không có gì thay đổi." in page
    assert "Đã gửi đề xuất" not in page
    assert 'href="/changes"' in page


def test_a_published_span_is_no_day_off(site: DeskSite) -> None:
    """Whatever reason the form has chosen; the calendar then reaches further."""
    browser = province(site, FIRST)
    span = {"kind": "published_through", "day": "2027-12-31", "counterpart": "2027-02-01"}
    assert '<option value="swap" selected>' in browser.get(CALENDAR).text
    browser.post(CALENDAR, **span, reason="tet", source="QĐ 5/2026")
    (told,) = site.asked()
    assert isinstance(told.data, CalendarProposed)
    assert (told.data.kind, told.data.reason) == ("published_through", "published")


def test_a_limit_is_proposed_for_one_centre(site: DeskSite) -> None:
    """With how a supplement counts, and its row's id made of what it is about."""
    browser = province(site, FIRST)
    page = browser.get(look(RULE, LIMIT)).text
    assert "Đang có hiệu lực cho thủ tục này" in page
    assert "Gửi đề xuất" in page
    browser.post(RULE, **LIMIT)
    (told,) = site.asked()
    assert isinstance(told.data, RuleProposed)
    assert told.subject == f"rule:1.004873-{UNIT}-2026-11-02"
    assert told.data.limit == RuleLimit(
        unit="working_days", value=5, after_supplement="subtract"
    )


def test_a_limit_by_the_clock_is_proposed_with_its_choice(site: DeskSite) -> None:
    """The form shows both choices as written, and sends them."""
    browser = province(site, FIRST)
    written = {
        **LIMIT, "limit": "clock_hours", "value": "24", "outside_opening": "next_opening"
    }  # fmt: skip
    page = browser.get(look(RULE, written)).text
    assert '<option value="clock_hours" selected>giờ liên tục, cả ngày lẫn đêm' in page
    assert '<option value="next_opening" selected>lúc mở cửa tiếp theo' in page
    browser.post(RULE, **written)
    (told,) = site.asked()
    assert isinstance(told.data, RuleProposed)
    assert told.data.limit == RuleLimit(
        unit="clock_hours",
        value=24,
        after_supplement="subtract",
        outside_opening="next_opening",
    )


def test_what_a_form_does_not_show_stays_as_it_holds(site: DeskSite) -> None:
    """Ending a row must not change its roll, its cut-off or its ladder by the way."""
    held = RuleApproved(
        rule="own",
        procedure="1.004873",
        unit=UNIT,
        limit=RuleLimit(
            unit="calendar_days",
            value=9,
            roll="none",
            cutoff="11:00",
            promise_at="same_clock_hour",
        ),
        ladder=(RungRow(rung="half", role="handler", share=0.5),),
        valid_from=date(2026, 1, 1),
        source="QĐ 1/2026",
    )
    view = decide(site.durable.reference, held, NOW)
    written = {
        "rule": "own", "procedure": "1.004873", "unit": UNIT, "limit": "calendar_days",
        "value": "9", "after_supplement": "restart", "valid_from": "2026-01-01",
        "valid_to": "2026-12-01", "source": "QĐ 4/2026",
    }  # fmt: skip
    made = draft(view, "rule", row_of_form("rule", written, view), by=FIRST, now=NOW)
    assert not isinstance(made, list), made
    same = {"valid_to", "source", "by"}
    assert made.proposal.data.model_dump(exclude=same) == held.model_dump(exclude=same)
    assert made.proposal.data.source == "QĐ 4/2026"


def test_a_row_that_holds_leads_to_its_own_form(site: DeskSite) -> None:
    """Filled with what holds, so that it can be ended or put right."""
    browser = province(site, FIRST)
    page = browser.get(look(CALENDAR, DAY | {"day": "2026-01-02"})).text
    assert "row=VN-2026-01-02" in page
    assert "counterpart=2026-01-10" in page
    limits = browser.get(f"{RULE}?procedure=1.004873").text
    assert "value=3" in limits.partition('id="holds"')[2]


@pytest.mark.parametrize(
    ("role", "units", "looking"), [("auditor", (), 403), ("director", (UNIT,), 403)]
)
def test_only_the_provincial_centre_proposes(
    site: DeskSite, role: Role, units: tuple[str, ...], looking: int
) -> None:
    """Neither looking at a draft nor sending one is for others."""
    browser = Browser(site, role, *units)
    assert browser.get(CALENDAR).status_code == looking
    assert browser.post(CALENDAR, token=browser.token(), **DAY).status_code == looking


def test_a_key_without_a_person_is_told_why_it_cannot_propose(site: DeskSite) -> None:
    """No form, and who sends one all the same is refused."""
    browser = province(site, None)
    page = browser.get(CALENDAR).text
    assert "không gắn với người nào" in page
    assert 'class="act"' not in page
    assert browser.post(CALENDAR, token=browser.token(), **DAY).status_code == 422
    assert site.asked() == []


def test_a_form_without_its_token_is_refused(site: DeskSite) -> None:
    """Nobody proposes by a link from elsewhere."""
    assert province(site, FIRST).post(CALENDAR, token="x", **DAY).status_code == 403


def test_a_broker_that_is_away_promises_nothing(site: DeskSite) -> None:
    """The page says so; the same form can be sent again."""
    browser = province(site, FIRST)
    site.durable.publisher.away = True
    assert browser.post(CALENDAR, token=browser.token(), **DAY).status_code == 503
    site.durable.publisher.away = False
    assert browser.post(CALENDAR, token=browser.token(), **DAY).status_code == 303


def test_every_choice_and_every_field_has_its_words() -> None:
    """Else a page would fail, or a fault stand without the name of its field."""
    wanted = [f"kind_{word}" for word in KINDS_OF_DAY]
    wanted += [f"channel_{word}" for word in CHANNELS]
    wanted += [f"after_{word}" for word in AFTER_SUPPLEMENT]
    wanted += [f"outside_{word}" for word in OUTSIDE_OPENING]
    wanted += [f"unit_{word}" for word in LIMITS] + [f"limit_{word}" for word in LIMITS]
    wanted += [f"field_{name}" for name in (*CALENDAR_FIELDS, *RULE_FIELDS)]
    assert set(wanted) <= words().keys()
    choices = {"limit", "value", "after_supplement", "outside_opening"}
    shown = {*CALENDAR_FIELDS, *RULE_FIELDS, *choices}
    assert set(ChangeForm.model_fields) == shown

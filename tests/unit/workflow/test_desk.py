"""What people see of what is theirs, and what becomes of what they do there."""

import asyncio
import html
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import get_args
from urllib.parse import urlencode

import httpx2
import pytest

from services.workflow.adapters.pages.gaps import SHOWN_MAX
from services.workflow.adapters.pages.words import words
from services.workflow.adapters.telling import REASONS
from services.workflow.core.asking import CAUSES
from shared.calendar.zone import ICT
from shared.events.answers import ObligationAcknowledged
from shared.events.centres import CoverageReachChecked
from shared.events.dossiers import DossierApologyIssued, DossierCompleted, DossierExtended
from shared.events.envelope import Event
from shared.events.faults import fault
from shared.events.obligations import UnreachedWhy
from shared.events.reference import LeaveRecorded
from shared.web.auth import Authenticator
from shared.web.principal import Role
from tests.fakes.histories import Teller
from tests.fakes.workflow_site import (
    BROKEN,
    DUE_NEXT,
    DUE_TODAY,
    NOW,
    OTHER_UNIT,
    OVERDUE,
    PROMISED,
    RETURNED,
    STEP_LATE,
    UNIT,
    UNPROVEN,
    WAITING,
    DeskSite,
    a_morning,
)
from tests.unit.workflow.province import decide

DEADLINE = "dossier_deadline"
CHAIRMAN = f"p-{UNIT}-chairman"
THIRD = "06040"


class Browser:
    """Somebody who is signed in."""

    def __init__(
        self, site: DeskSite, role: Role, *units: str, person: str | None = None
    ) -> None:
        self._site = site
        authenticator: Authenticator = site.app.state.authenticator
        principal = authenticator.ring.find(site.key(role, *units, person=person))
        assert principal is not None
        session = authenticator.sessions.begin(principal.key_id)
        self._cookie = authenticator.sessions.set_cookie(session).partition(";")[0]

    async def _send(
        self, method: str, path: str, form: Mapping[str, str] | None = None, cookie: str = ""
    ) -> httpx2.Response:
        headers = {"accept": "text/html", "sec-fetch-site": "same-origin"}
        if cookie:
            headers["cookie"] = cookie
        content = None
        if form is not None:
            headers["content-type"] = "application/x-www-form-urlencoded"
            content = urlencode(form)
        transport = httpx2.ASGITransport(app=self._site.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://t") as client:
            return await client.request(method, path, headers=headers, content=content)

    def get(self, path: str) -> httpx2.Response:
        """Open a page."""
        return asyncio.run(self._send("GET", path, cookie=self._cookie))

    def post(self, path: str, *, token: str | None = None, **form: str) -> httpx2.Response:
        """Send a form with the token that its page carries."""
        if token is None:
            found = re.search(r'name="csrf" value="([^"]+)"', self.get(path).text)
            token = found[1] if found else self.token()
        return asyncio.run(
            self._send("POST", path, {**form, "csrf": token}, cookie=self._cookie)
        )

    def token(self) -> str:
        """Return the session's token, as the sign-out form carries it."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.get("/desk").text)
        assert found is not None
        return found[1]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> DeskSite:
    """A morning that nobody changes."""
    return DeskSite(tmp_path_factory.mktemp("desk"), a_morning())


@pytest.fixture
def site(tmp_path: Path) -> DeskSite:
    """A morning of one's own."""
    return DeskSite(tmp_path, a_morning())


def codes(page: str) -> list[str]:
    """Return the codes of a page's rows, in order."""
    return re.findall(r'<th scope="row"[^>]*>\s*<a [^>]*>([^<]+)</a>', page)


def section(page: str, key: str) -> str:
    """Return one section of the page of today."""
    return page.partition(f'aria-labelledby="{key}"')[2].partition("</section>")[0]


def answer_path(code: str) -> str:
    """Return the address of the form of a dossier's deadline."""
    return f"/desk/answer?subject={code}&obligation={DEADLINE}"


def test_a_supervisor_sees_what_they_were_told_of_the_most_urgent_first(
    shown: DeskSite,
) -> None:
    """The chairman's own unit alone; the dossier that is late longest on top."""
    page = Browser(shown, "chairman", UNIT).get("/desk").text
    found = list(dict.fromkeys(codes(page)))
    assert found == [OVERDUE, STEP_LATE, BROKEN, PROMISED, DUE_TODAY]
    assert "5 việc đang mở của tôi" in page
    assert "4 đã quá hạn" in page
    assert "hẹn 20/11, không giữ lời hẹn" in page
    assert "hẹn 25/11" in page


def test_everything_that_is_open_can_be_asked_for(shown: DeskSite) -> None:
    """What nobody was told of yet too; the province sees the other unit's as well."""
    own = codes(Browser(shown, "director", UNIT).get("/desk?of=all").text)
    assert {WAITING, RETURNED, DUE_NEXT} <= set(own)
    assert not [code for code in own if code.startswith("H37.184")]
    everywhere = codes(Browser(shown, "province").get("/desk?of=all").text)
    assert [code for code in everywhere if code.startswith("H37.184")]
    one_unit = codes(Browser(shown, "province").get(f"/desk?of=all&unit={OTHER_UNIT}").text)
    assert all(code.startswith("H37.184") for code in one_unit)


def test_only_who_is_asked_is_offered_to_answer(shown: DeskSite) -> None:
    """In the list of everything the others' rows have no button, an inspector's none at all."""
    chairman = Browser(shown, "chairman", UNIT).get("/desk?of=all").text
    assert f"/desk/answer?subject={OVERDUE}" in chairman
    director = Browser(shown, "director", UNIT).get("/desk?of=all").text
    assert f"/desk/answer?subject={OVERDUE}" not in director
    assert "/desk/answer" not in Browser(shown, "auditor").get("/desk").text


def test_who_stands_in_sees_what_they_stand_in_for(site: DeskSite) -> None:
    """While the chairman is on leave it is the deputy's; the day after it is not."""
    deputy = Browser(site, "chairman", UNIT, person=f"p-{UNIT}-vice-chairman")
    assert codes(deputy.get("/desk").text) == []
    day = NOW.date()
    site.durable.reference = decide(
        site.durable.reference,
        LeaveRecorded(person=CHAIRMAN, unit=UNIT, first_day=day, last_day=day, deputy=None),
    )
    assert OVERDUE in codes(deputy.get("/desk").text)
    assert codes(Browser(site, "chairman", UNIT, person=CHAIRMAN).get("/desk").text) == []
    site.durable.clock.instant = NOW + timedelta(days=1)
    assert codes(deputy.get("/desk").text) == []


def test_a_clerk_sees_the_day(shown: DeskSite) -> None:
    """Overdue, today, the next working day (24 November is off), brought back, waited for."""
    clerk = Browser(shown, "clerk", UNIT)
    assert clerk.get("/").headers["location"] == "/today"
    page = clerk.get("/today").text
    assert codes(section(page, "overdue")) == [OVERDUE, STEP_LATE, BROKEN, PROMISED]
    assert set(codes(section(page, "today"))) == {STEP_LATE, DUE_TODAY}
    soon = section(page, "soon")
    assert "25/11/2026" in soon
    assert DUE_NEXT in codes(soon)
    assert codes(section(page, "returned")) == [RETURNED]
    assert codes(section(page, "waiting")) == [WAITING]
    assert UNPROVEN in codes(soon)


def test_the_slips_that_are_due(shown: DeskSite) -> None:
    """By their own due moment; what ended or is not near is not among them."""
    page = Browser(shown, "director", UNIT).get("/slips").text
    found = codes(page)
    assert found[:2] == [OVERDUE, BROKEN]
    assert {STEP_LATE, DUE_TODAY, DUE_NEXT} <= set(found)
    assert not {WAITING, RETURNED} & set(found)
    assert "(NĐ 118/2025/NĐ-CP Điều 19 khoản 6)" in page


@pytest.mark.parametrize(
    ("role", "unit", "path", "status"),
    [
        ("auditor", "*", "/desk", 200),
        ("operator", "*", "/desk", 403),
        ("clerk", OTHER_UNIT, f"/desk?unit={UNIT}", 403),
        ("clerk", OTHER_UNIT, f"/slips/{DUE_NEXT}", 404),
        ("clerk", OTHER_UNIT, answer_path(OVERDUE), 404),
        ("auditor", "*", answer_path(OVERDUE), 403),
        ("clerk", UNIT, "/slips/H37.117-261110-9999", 404),
        ("clerk", UNIT, "/desk?page=0", 422),
        ("clerk", UNIT, "/desk?of=theirs", 422),
    ],
)
def test_who_may_see_what(
    shown: DeskSite, role: Role, unit: str, path: str, status: int
) -> None:
    """Default deny; another unit's dossier is answered as one that is not there."""
    units = () if unit == "*" else (unit,)
    assert Browser(shown, role, *units).get(path).status_code == status


def test_an_acknowledgement_goes_through_intake_and_comes_back(site: DeskSite) -> None:
    """Sent once however often the button is pressed; in force only once intake has it."""
    chairman = Browser(site, "chairman", UNIT, person=CHAIRMAN)
    path = answer_path(OVERDUE)
    sent = chairman.post(path, cause="workload", promised="2026-11-26")
    assert sent.status_code == 303
    (event,) = site.asked()
    assert event.source == "urn:motcua:publisher:workflow"
    assert event.subject == OVERDUE
    assert event.data == ObligationAcknowledged(
        obligation=DEADLINE,
        cycle=1,
        rung="overdue",
        cause="workload",
        promised=date(2026, 11, 26),
        by=CHAIRMAN,
    )
    assert "đang ghi nhận" in chairman.get(path).text
    again = chairman.post(path, cause="workload", promised="2026-11-27")
    assert again.status_code == 422
    assert "không cần gửi lại" in again.text
    assert len(site.asked()) == 1
    assert "chưa xác nhận" in chairman.get("/desk").text.partition(OVERDUE)[2]

    site.intake_records([event], after=2)
    page = chairman.get(path).text
    assert "Đã hẹn xong 26/11: quá tải." in page
    assert 'class="act"' not in page


def test_what_never_came_back_can_be_sent_again(site: DeskSite) -> None:
    """Ten minutes later, as another event."""
    chairman = Browser(site, "chairman", UNIT, person=CHAIRMAN)
    path = answer_path(OVERDUE)
    chairman.post(path, cause="workload", promised="2026-11-26")
    site.durable.clock.instant = NOW + timedelta(minutes=11)
    assert chairman.post(path, cause="workload", promised="2026-11-26").status_code == 303
    first, second = site.asked()
    assert first.id != second.id


def test_what_intake_refused_is_told_and_can_be_sent_again_at_once(site: DeskSite) -> None:
    """The page's own check had passed; the list does not go on to call it being recorded."""
    chairman = Browser(site, "chairman", UNIT, person=CHAIRMAN)
    path = answer_path(OVERDUE)
    chairman.post(path, cause="workload", promised="2026-11-26")
    assert "đang ghi nhận" in chairman.get("/desk").text
    (first,) = site.asked()
    site.refusals.faults[first.id] = [fault("future-time", "/time")]
    page = chairman.get(path).text
    assert "Chưa ghi nhận: " in page
    assert site.refusals.faults[first.id][0].detail_vi in html.unescape(page)
    assert 'class="act"' in page
    assert "đang ghi nhận" not in chairman.get("/desk").text
    site.durable.clock.instant = NOW + timedelta(minutes=1)
    assert chairman.post(path, cause="workload", promised="2026-11-26").status_code == 303
    assert len({event.id for event in site.asked()}) == 2
    waiting = chairman.get(path).text
    assert "Chưa ghi nhận" not in waiting
    assert "đang ghi nhận" in waiting


def test_a_refusal_of_a_slip_is_told_on_the_slip(site: DeskSite) -> None:
    """With the form beneath it, to be given again."""
    clerk = Browser(site, "clerk", UNIT)
    path = f"/slips/{STEP_LATE}"
    clerk.post(path, reason="awaiting_other_agency", agency="cong-an-xa", new_date="2026-11-27")
    apology, extended = site.asked()
    site.refusals.faults[extended.id] = [fault("future-time", "/time")]
    site.intake_records([apology], after=3)
    page = clerk.get(path).text
    assert "Chưa ghi nhận: " in page


def test_a_key_of_an_office_says_who_acknowledges(site: DeskSite) -> None:
    """One of those who fill the role today, and nobody else."""
    chairman = Browser(site, "chairman", UNIT)
    path = answer_path(OVERDUE)
    stranger = chairman.post(path, cause="workload", promised="2026-11-26", by="p-stranger")
    assert "Hãy chọn người xác nhận" in stranger.text
    assert (
        chairman.post(path, cause="workload", promised="2026-11-26", by=CHAIRMAN).status_code
        == 303
    )
    assert len(site.asked()) == 1


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"cause": "laziness", "promised": "2026-11-26"}, "Hãy chọn một nguyên nhân"),
        ({"cause": "workload", "promised": "soon"}, "Hãy chọn một ngày"),
        ({"cause": "workload", "promised": "2026-11-22"}, "Ngày hẹn đã qua"),
        ({"cause": "workload", "promised": "2027-11-22"}, "trong vòng 60 ngày tới"),
        ({}, "Hãy chọn một nguyên nhân"),
    ],
)
def test_a_form_that_cannot_be_taken(shown: DeskSite, form: dict[str, str], said: str) -> None:
    """Refused with what to mend, and nothing is sent."""
    chairman = Browser(shown, "chairman", UNIT, person=CHAIRMAN)
    answer = chairman.post(answer_path(OVERDUE), **form)
    assert answer.status_code == 422
    assert said in answer.text
    assert shown.asked() == []


def test_what_is_done_cannot_be_acknowledged(site: DeskSite) -> None:
    """A form that was open while the dossier ended records nothing, and says so."""
    chairman = Browser(site, "chairman", UNIT, person=CHAIRMAN)
    path = answer_path(OVERDUE)
    token = chairman.token()
    ended = Teller(OVERDUE, UNIT).tell(DossierCompleted(), NOW)
    site.intake_records([ended], after=2)
    answer = chairman.post(path, token=token, cause="workload", promised="2026-11-26")
    assert "không còn chờ xác nhận của bạn" in answer.text
    assert site.asked() == []


def test_a_promise_that_stands_is_not_made_again(shown: DeskSite) -> None:
    """The same rung, a day not yet over; a broken one may be."""
    chairman = Browser(shown, "chairman", UNIT, person=CHAIRMAN)
    page = chairman.get(answer_path(PROMISED)).text
    assert "Đã hẹn xong 25/11" in page
    assert 'class="act"' not in page
    answer = chairman.post(
        answer_path(PROMISED), token=chairman.token(), cause="workload", promised="2026-11-26"
    )
    assert "lời hẹn còn hiệu lực" in answer.text
    broken = chairman.get(answer_path(BROKEN)).text
    assert "hãy hẹn lại" in broken
    assert 'class="act"' in broken


def test_without_the_forms_token_nothing_is_recorded(shown: DeskSite) -> None:
    """A form from elsewhere is refused."""
    chairman = Browser(shown, "chairman", UNIT, person=CHAIRMAN)
    answer = chairman.post(
        answer_path(OVERDUE), token="wrong", cause="workload", promised="2026-11-26"
    )
    assert answer.status_code == 403
    assert shown.asked() == []


def test_a_slip_is_drafted_with_what_is_known(shown: DeskSite) -> None:
    """The late agency and its reason, the promise that breaks, a date that is a proposal."""
    clerk = Browser(shown, "clerk", UNIT)
    page = clerk.get(f"/slips/{STEP_LATE}").text
    assert "<dd>Công an cấp xã</dd>" in page
    assert '<option value="cong-an-xa" selected>Công an cấp xã</option>' in page
    assert "<dd>chờ cơ quan khác</dd>" in page
    assert "17:00 thứ Hai 23/11/2026" in page
    assert "17:00 thứ Sáu 27/11/2026" in page
    assert "(NĐ 118/2025/NĐ-CP Điều 19 khoản 6)" in page
    unknown = clerk.get(f"/slips/{DUE_NEXT}").text
    assert "<dt>Lý do</dt><dd>……" in unknown
    assert "thuộc" not in unknown.partition("<article")[2].partition("</article>")[0]


def test_a_slip_is_issued_with_its_date_and_comes_back(site: DeskSite) -> None:
    """One click: the apology and the new date, in this order, once."""
    clerk = Browser(site, "clerk", UNIT)
    path = f"/slips/{DUE_NEXT}"
    form = {"reason": "verification_needed", "agency": UNIT, "new_date": "2026-11-30"}
    assert clerk.post(path, **form).status_code == 303
    events = site.asked()
    assert [event.data for event in events] == [
        DossierApologyIssued(reason="verification_needed", agency=UNIT),
        DossierExtended(new_date=date(2026, 11, 30)),
    ]
    assert "đang ghi nhận" in clerk.get(path).text
    assert "không cần gửi lại" in clerk.post(path, token=clerk.token(), **form).text
    assert len(site.asked()) == 2

    site.intake_records(events, after=2)
    page = clerk.get(path).text
    assert "đã phát hành lúc 09:12 thứ Hai 23/11/2026" in page
    assert "<dd>17:00 thứ Tư 25/11/2026</dd>" in page
    assert "17:00 thứ Hai 30/11/2026" in page
    assert DUE_NEXT not in codes(clerk.get("/slips").text)
    again = clerk.post(path, token=clerk.token(), **form)
    assert "Phiếu đã phát hành" in again.text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reason": ""}, "Hãy chọn một nguyên nhân"),
        ({"agency": "sao-hoa"}, "Hãy chọn cơ quan gây chậm trễ"),
        ({"new_date": "2026-11-25"}, "phải sau ngày hẹn cũ"),
        ({"new_date": "2026-11-28"}, "Ngày đó không làm việc"),
        ({"new_date": "2027-11-29"}, "trong vòng 180 ngày tới"),
        ({"new_date": "30/11/2026"}, "Hãy chọn một ngày"),
    ],
)
def test_a_slip_that_cannot_be_issued(
    shown: DeskSite, changes: dict[str, str], said: str
) -> None:
    """Refused with what to mend, and nothing is sent."""
    clerk = Browser(shown, "clerk", UNIT)
    good = {"reason": "workload", "agency": UNIT, "new_date": "2026-11-30"}
    answer = clerk.post(f"/slips/{DUE_NEXT}", **good | changes)
    assert answer.status_code == 422
    assert said in answer.text
    assert shown.asked() == []


def test_a_new_date_beyond_the_published_calendar_is_refused(site: DeskSite) -> None:
    """Nobody knows whether that day works."""
    known = site.durable.reference
    shorter = known.calendars.withdrawn("VN-published-2027", known.version)
    site.durable.reference = replace(known, calendars=shorter)
    clerk = Browser(site, "clerk", UNIT)
    answer = clerk.post(
        f"/slips/{DUE_NEXT}", reason="workload", agency=UNIT, new_date="2027-03-01"
    )
    assert answer.status_code == 422
    assert "vượt quá lịch làm việc đã công bố" in answer.text
    assert site.asked() == []


def test_a_dossier_that_waits_needs_no_slip_yet(shown: DeskSite) -> None:
    """Nothing is due while the applicant is waited for."""
    clerk = Browser(shown, "clerk", UNIT)
    assert "chưa đến hạn phiếu nào" in clerk.get(f"/slips/{WAITING}").text
    answer = clerk.post(
        f"/slips/{WAITING}",
        token=clerk.token(),
        reason="workload",
        agency=UNIT,
        new_date="2026-12-30",
    )
    assert "đang tạm dừng" in answer.text
    assert shown.asked() == []


def test_a_chairman_reads_a_slip_and_does_not_issue_it(shown: DeskSite) -> None:
    """The counter and the Director do."""
    chairman = Browser(shown, "chairman", UNIT)
    assert "Chỉ bộ phận một cửa và Giám đốc" in chairman.get(f"/slips/{DUE_NEXT}").text
    answer = chairman.post(f"/slips/{DUE_NEXT}", token=chairman.token(), reason="workload")
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "path", ["/desk", "/desk?of=all", "/today", "/slips", f"/slips/{DUE_NEXT}"]
)
def test_the_other_language_has_no_vietnamese_left(shown: DeskSite, path: str) -> None:
    """But for names: of centres, procedures and decrees, and the switch itself."""
    sign = "&" if "?" in path else "?"
    page = Browser(shown, "director", UNIT).get(f"{path}{sign}lang=en").text
    page = page.replace("118/2025/NĐ-CP", "")
    for name in ("Xã Bình Gia", *(p.name for p in shown.durable.reference.procedures.values())):
        page = page.replace(name, "")
    assert not re.findall(r"[ăâđêôơưĂÂĐÊÔƠƯ]\w*", page)


def test_every_cause_has_words() -> None:
    """In both languages, and they differ."""
    for cause in CAUSES:
        vi, en = words()[f"cause_{cause}"]
        assert vi != en


def test_the_moment_of_now_is_the_clocks(shown: DeskSite) -> None:
    """No page asks another clock."""
    assert datetime(2026, 11, 23, 9, 12, tzinfo=ICT) == NOW
    assert "dữ liệu đến 09:12" in Browser(shown, "clerk", UNIT).get("/today").text


def unheard(site: DeskSite, unit: str, *roles: str) -> None:
    """Let notifications say that no channel reaches these roles of a unit."""
    unreached = [{"role": role, "reasons": ["no_contact"]} for role in roles]
    event = Event(
        id=f"r-{unit}",
        source="urn:motcua:publisher:notifications",
        name=CoverageReachChecked.NAME,
        subject=f"{unit}/coverage/ladder",
        time=NOW - timedelta(hours=9, minutes=12),
        sequence=1,
        recordedtime=NOW,
        data=CoverageReachChecked.model_validate({"unreached": unreached}),
    )
    asyncio.run(site.process.applies([event]))


def test_roles_that_nobody_hears_stand_on_the_desk(site: DeskSite) -> None:
    """Of the units that one may see, in words, with the reason and since when."""
    unheard(site, UNIT, "director")
    unheard(site, OTHER_UNIT, "chairman")
    own = section(Browser(site, "chairman", UNIT).get("/desk").text, "gaps")
    assert own.count("<li>") == 1
    assert "không kênh nào tới được Giám đốc trung tâm (chưa có thông tin liên hệ)" in own
    assert "từ 00:00" in own
    all_units = section(Browser(site, "province").get("/desk?lang=en").text, "gaps")
    assert all_units.count("<li>") == 2
    assert "no channel reaches the Chairman (no contact is on record), since" in all_units
    assert (
        "Vai trò chưa có ai nhận được thông báo"
        not in Browser(site, "chairman", THIRD).get("/desk").text
    )


def test_more_gaps_than_a_page_takes_are_counted(site: DeskSite) -> None:
    """The first by name, the others by their number."""
    for unit in (UNIT, OTHER_UNIT, THIRD):
        unheard(site, unit, "handler", "division_head", "director", "chairman")
    unheard(site, "20", "province", "handler")
    shown = section(Browser(site, "province").get("/desk").text, "gaps")
    assert shown.count("<li>") == SHOWN_MAX == 12
    assert "và 2 vai trò khác" in shown


def test_every_gap_and_every_reason_has_words() -> None:
    """In both languages."""
    keys = [f"gap_{why}" for why in REASONS]
    keys += [f"unreached_{why}" for why in get_args(UnreachedWhy)]
    for key in keys:
        vi, en = words()[key]
        assert vi
        assert vi != en

"""The ledger in words: as the dossier's page shows it."""

from dataclasses import replace
from datetime import date

import pytest

from shared.calendar.days import DeadlineCalendar
from shared.calendar.deadline import Deadline, compute
from shared.calendar.history import Extension, History, Wait
from shared.calendar.ledger import (
    Line,
    entry_from_document,
    explain,
    ledger_to_documents,
)
from shared.calendar.limits import AfterHours, AfterSupplement, Limit, LimitUnit, Roll
from shared.calendar.opening import OpeningHours, OpeningRules
from shared.calendar.wording import DAY_REASONS, LAW, TEXTS
from tests.unit.calendar.calendars import (
    CALENDAR,
    OPENING,
    days,
    deadline,
    extension,
    ict,
    wait,
)

DAY_0 = "Bộ luật Dân sự 2015 Điều 147 khoản 2, khoản 3"


def in_2025(start: str, *waits: Wait, extensions: tuple[Extension, ...] = ()) -> Deadline:
    """Return five working days by a calendar of 2025, made up: no day off but weekends."""
    calendar = DeadlineCalendar(
        first_day=date(2025, 1, 1), last_day=date(2025, 12, 31), notes={}
    )
    history = History(ict(start), waits, extensions, cause="accepted")
    return compute(days(5), history, calendar, OpeningHours(calendar, OpeningRules()))


def said(found: Deadline, language: str = "vi") -> list[str]:
    """Return the lines as one reads them."""
    lines = explain(found.ledger, "vi" if language == "vi" else "en")
    return [_line(line) for line in lines if line.clock == "law"]


def _line(line: Line) -> str:
    return f"{line.day:%d/%m} {line.text} {line.count}"


def test_as_on_the_page_of_a_dossier() -> None:
    """Restart after a supplement, over the Saturday that is worked for 2 January."""
    found = deadline(days(3), "2026-01-05 09:10", wait("2026-01-06 10:30", "2026-01-08 14:20"))
    assert said(found) == [
        f"05/01 tiếp nhận, ngày này không tính ({DAY_0}) 0",
        "06/01 ngày làm việc 1",
        "06/01 yêu cầu bổ sung, thông báo đã đến: dừng tính –",
        "08/01 nhận đủ bổ sung: tính lại từ đầu (NĐ 118/2025/NĐ-CP Điều 19 khoản 5) 0",
        "09/01 ngày làm việc 1",
        "10/01 thứ Bảy làm bù cho 02/01 2",
        "11/01 Chủ nhật –",
        "12/01 ngày làm việc, hết 17:00 3",
    ]
    assert [line.text for line in explain(found.ledger, "vi") if line.clock == "index"] == [
        "theo chỉ số 766: trừ thời gian chờ 2 ngày làm việc (QĐ 766/QĐ-TTg, chỉ số 2.1)",
        "theo chỉ số 766: hạn 17:00 ngày 10/01/2026 (QĐ 766/QĐ-TTg, chỉ số 2.1)",
    ]


def test_in_english() -> None:
    """The same rows for whoever reads English."""
    found = deadline(days(3), "2025-12-31 09:10")
    assert said(found, "en") == [
        "31/12 accepted; this day is not counted (Civil Code 2015, arts. 147.2, 147.3) 0",
        "01/01 New Year's Day –",
        "02/01 off in exchange for 10/01 –",
        "03/01 Saturday –",
        "04/01 Sunday –",
        "05/01 working day 1",
        "06/01 working day 2",
        "07/01 working day, until 17:00 3",
    ]


def test_a_wait_that_is_subtracted() -> None:
    """The count goes on where it stopped."""
    limit = replace(days(3), after_supplement=AfterSupplement.SUBTRACT)
    found = deadline(limit, "2026-01-05 09:10", wait("2026-01-06 10:30", "2026-01-08 14:20"))
    assert said(found)[2:5] == [
        "06/01 yêu cầu bổ sung, thông báo đã đến: dừng tính –",
        "08/01 nhận đủ bổ sung: thời gian chờ không tính (2 ngày làm việc) –",
        "09/01 ngày làm việc 2",
    ]


def test_calendar_days_that_roll() -> None:
    """The row names the roll and the article, and the choice not to."""
    limit = Limit(LimitUnit.CALENDAR_DAYS, 3)
    assert said(deadline(limit, "2026-03-05 09:00")) == [
        f"05/03 tiếp nhận, ngày này không tính ({DAY_0}) 0",
        "06/03 ngày 1",
        "07/03 thứ Bảy 2",
        "08/03 Chủ nhật 3",
        (
            "09/03 ngày làm việc đầu tiên sau ngày nghỉ: là ngày cuối của thời hạn, hết 17:00"
            " (Bộ luật Dân sự 2015 Điều 148 khoản 5) 3"
        ),
    ]
    fixed = said(deadline(replace(limit, roll=Roll.NONE), "2026-03-05 09:00"))
    assert fixed[-1] == "08/03 ngày cuối là ngày nghỉ, luật chuyên ngành không cho chuyển –"
    assert fixed[-2] == "08/03 Chủ nhật, hết 17:00 3"


def test_hours_half_days_and_same_day() -> None:
    """Each unit explains itself in its own rows."""
    hours = said(deadline(Limit(LimitUnit.HOURS, 4), "2026-03-03 10:30"))
    assert hours == [
        "03/03 tiếp nhận, tính từ 10:30 (Bộ luật Dân sự 2015 Điều 147 khoản 1) 0",
        "03/03 giờ làm việc buổi sáng 1",
        "03/03 giờ làm việc buổi chiều, hết 16:30 4",
    ]
    half_days = said(deadline(Limit(LimitUnit.HALF_DAYS, 1), "2026-03-03 10:30"))
    assert half_days[-1] == "03/03 buổi chiều, hết 17:00 1"
    same_day = said(deadline(Limit(LimitUnit.SAME_DAY), "2026-02-13 15:05"))
    assert same_day == [
        "13/02 tiếp nhận sau 15:00: trả vào ngày làm việc tiếp theo 0",
        "23/02 ngày cuối của thời hạn, hết 17:00 –",
    ]


def test_a_start_that_was_moved_to_the_next_session() -> None:
    """The rule row's choice is named where it mattered."""
    limit = replace(days(1), after_hours=AfterHours.NEXT_SESSION)
    lines = said(deadline(limit, "2026-03-07 20:00"))
    assert lines[1] == "07/03 ngoài giờ: coi như tiếp nhận lúc 07:30 ngày 09/03/2026 –"
    assert lines[-1] == "10/03 ngày làm việc, hết 17:00 1"


def test_a_new_date_and_a_second_request() -> None:
    """What an inspector asks about is in the rows, with its article."""
    found = deadline(
        days(5),
        "2026-03-02 09:00",
        wait("2026-03-03 09:00", "2026-03-04 09:00"),
        wait("2026-03-05 09:00", "2026-03-06 09:00"),
        extensions=(extension("2026-03-12 10:00", "2026-03-20"),),
    )
    lines = said(found)
    once, again = (
        "NĐ 118/2025/NĐ-CP Điều 11 khoản 2 điểm c",
        "NĐ 118/2025/NĐ-CP Điều 19 khoản 6",
    )
    assert f"05/03 yêu cầu bổ sung lần 2: vượt quá một lần ({once}) –" in lines
    assert f"12/03 xin lỗi và hẹn lại: ngày 20/03/2026 ({again}) –" in lines


def test_an_old_dossier_is_explained_by_the_law_of_its_time() -> None:
    """In May 2025 the old decree was in force; its articles have other numbers."""
    found = in_2025(
        "2025-05-12 09:00",
        wait("2025-05-13 09:00", "2025-05-14 09:00"),
        wait("2025-05-15 09:00", "2025-05-16 09:00"),
        extensions=(extension("2025-05-22 10:00", "2025-05-30"),),
    )
    cited = {entry.key: entry.law.vi for entry in found.ledger if entry.law is not None}
    assert cited["accepted"] == DAY_0
    assert cited["restart"] == "NĐ 61/2018/NĐ-CP Điều 19 khoản 4"
    assert cited["second_request"] == "NĐ 61/2018/NĐ-CP Điều 11 khoản 2 điểm c"
    assert cited["extension"] == "NĐ 61/2018/NĐ-CP Điều 19 khoản 9"
    assert not any("118/2025" in text for text in cited.values())


def test_what_a_later_event_brings_about_is_explained_by_the_law_of_its_day() -> None:
    """Received in June 2025; the supplement came when the new decree was in force."""
    found = in_2025("2025-06-25 09:00", wait("2025-06-27 09:00", "2025-07-01 09:00"))
    restart = next(entry for entry in found.ledger if entry.key == "restart")
    assert restart.law is not None
    assert restart.law.vi == "NĐ 118/2025/NĐ-CP Điều 19 khoản 5"
    assert restart.law.en == "Decree 118/2025/NĐ-CP, art. 19.5"


@pytest.mark.parametrize(
    ("day", "amended"), [("2026-08-04", False), ("2026-08-05", True)], ids=str
)
def test_arrival_is_explained_by_the_amendment_from_its_first_day(
    day: str, *, amended: bool
) -> None:
    """The start at the competent agency's receipt is law since 5 August 2026."""
    at = ict(f"{day} 09:00")
    history = History(start=at, accepted=at, cause="arrived", start_key="arrived")
    entry = compute(days(3), history, CALENDAR, OPENING).ledger[0]
    assert entry.law is not None
    assert ("NĐ 309/2026/NĐ-CP Điều 8 khoản 3" in entry.law.vi) is amended
    assert entry.law.vi.startswith(DAY_0)


def test_survives_being_stored() -> None:
    """What is written to the store and read back is the same ledger."""
    found = deadline(
        Limit(LimitUnit.HOURS, 9),
        "2026-03-03 10:30",
        wait("2026-03-03 11:00", "2026-03-04 08:00"),
    )
    documents = ledger_to_documents(found.ledger)
    assert tuple(entry_from_document(document) for document in documents) == found.ledger
    assert documents[0]["cause"] == "accepted"


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_both_languages_need_the_same_words(key: str) -> None:
    """No text asks for a word that its translation does not know."""
    vietnamese, english = TEXTS[key]
    for name in (
        "hour",
        "day",
        "cutoff",
        "counterpart",
        "weekday",
        "reason",
        "moved",
        "number",
    ):
        assert (f"{{{name}}}" in vietnamese) == (f"{{{name}}}" in english), name


def test_every_article_belongs_to_a_text() -> None:
    """The table of articles names no entry that does not exist."""
    assert set(LAW) <= set(TEXTS)
    assert all(len(pair) == 2 for pair in DAY_REASONS.values())

"""The words of the ledger, in Vietnamese and English, and the rules of law behind them."""

from collections.abc import Mapping
from datetime import date
from typing import Final, Literal

from shared.law.rules import Rule

LAW: Final[Mapping[str, tuple[Rule, ...]]] = {
    "accepted": (Rule.FIRST_DAY_NOT_COUNTED,),
    "arrived": (Rule.FIRST_DAY_NOT_COUNTED, Rule.LIMIT_FROM_COMPETENT_RECEIPT),
    "step": (Rule.FIRST_DAY_NOT_COUNTED, Rule.LINKED_PROCEDURES),
    "accepted_hours": (Rule.HOURS_FROM_THE_MOMENT,),
    "arrived_hours": (Rule.HOURS_FROM_THE_MOMENT, Rule.LIMIT_FROM_COMPETENT_RECEIPT),
    "step_hours": (Rule.HOURS_FROM_THE_MOMENT, Rule.LINKED_PROCEDURES),
    "disputed": (Rule.FIRST_DAY_NOT_COUNTED, Rule.WRONG_RESULT),
    "noticed": (Rule.FIRST_DAY_NOT_COUNTED, Rule.CLOSED_WITHOUT_SUPPLEMENT),
    "submitted_hours": (Rule.HOURS_FROM_THE_MOMENT, Rule.ONLINE_ANSWER),
    "rolled": (Rule.DAY_OFF_MOVES_THE_END,),
    "restart": (Rule.LIMIT_STARTS_ANEW,),
    "second_request": (Rule.SUPPLEMENT_ONCE,),
    "extension": (Rule.APOLOGY_AND_NEW_DATE,),
    "second_extension": (Rule.APOLOGY_AND_NEW_DATE,),
    "index_late": (Rule.INDEX_PROGRESS,),
    "index_moved": (Rule.INDEX_PROGRESS,),
    "index_due": (Rule.INDEX_PROGRESS,),
}
"""The rules that an entry rests on; the table of law says where they are written on its day."""

TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "accepted": ("tiếp nhận, ngày này không tính", "accepted; this day is not counted"),
    "arrived": (
        "cơ quan có thẩm quyền nhận hồ sơ, ngày này không tính",
        "reached the competent agency; this day is not counted",
    ),
    "step": ("cơ quan phối hợp nhận, ngày này không tính", "step begun; day not counted"),
    "accepted_hours": ("tiếp nhận, tính từ {hour}", "accepted; counted from {hour}"),
    "arrived_hours": (
        "cơ quan có thẩm quyền nhận hồ sơ, tính từ {hour}",
        "reached the competent agency; counted from {hour}",
    ),
    "step_hours": ("cơ quan phối hợp nhận, tính từ {hour}", "step begun; from {hour}"),
    "disputed": (
        "ghi nhận kết quả sai, ngày này không tính",
        "the result was recorded as wrong; this day is not counted",
    ),
    "noticed": (
        "thông báo bổ sung đã đến, ngày này không tính",
        "the notice of the supplement arrived; this day is not counted",
    ),
    "submitted_hours": (
        "hệ thống nhận hồ sơ, tính từ {hour}",
        "received by the system; counted from {hour}",
    ),
    "accepted_session": (
        "tiếp nhận, buổi này không tính",
        "accepted; this session is not counted",
    ),
    "arrived_session": (
        "cơ quan có thẩm quyền nhận hồ sơ, buổi này không tính",
        "reached the competent agency; this session is not counted",
    ),
    "step_session": ("cơ quan phối hợp nhận, buổi này không tính", "step begun; not counted"),
    "moved_to_opening": (
        "ngoài giờ: coi như tiếp nhận lúc {hour} ngày {day}",
        "after hours: taken as accepted at {hour} on {day}",
    ),
    "same_day_in_time": (
        "tiếp nhận trước hoặc đúng {cutoff}: trả trong ngày",
        "accepted at or before {cutoff}: due the same day",
    ),
    "same_day_after_cutoff": (
        "tiếp nhận sau {cutoff}: trả vào ngày làm việc tiếp theo",
        "accepted after {cutoff}: due the next working day",
    ),
    "same_day_on_day_off": (
        "tiếp nhận vào ngày nghỉ: trả vào ngày làm việc tiếp theo",
        "accepted on a day off: due the next working day",
    ),
    "given": ("hạn do hệ thống nguồn ấn định", "deadline given by the source system"),
    "working_day": ("ngày làm việc", "working day"),
    "makeup_day": ("{weekday} làm bù cho {counterpart}", "{weekday} worked for {counterpart}"),
    "weekend": ("{weekday}", "{weekday}"),
    "day_off": ("{reason}", "{reason}"),
    "day_off_swapped": (
        "nghỉ, làm bù ngày {counterpart}",
        "off in exchange for {counterpart}",
    ),
    "calendar_day": ("ngày", "day"),
    "rolled_over": ("{weekday}, ngày nghỉ: hạn chuyển tiếp", "{weekday}, off: carried over"),
    "rolled": (
        "ngày làm việc đầu tiên sau ngày nghỉ: là ngày cuối của thời hạn",
        "first working day after the day off: the last day of the limit",
    ),
    "not_rolled": (
        "ngày cuối là ngày nghỉ, luật chuyên ngành không cho chuyển",
        "last day is a day off; the special law does not carry it over",
    ),
    "session_am": ("buổi sáng", "morning session"),
    "session_pm": ("buổi chiều", "afternoon session"),
    "opening_am": ("giờ làm việc buổi sáng", "office hours, morning"),
    "opening_pm": ("giờ làm việc buổi chiều", "office hours, afternoon"),
    "clock_hours": ("giờ tính liên tục, cả ngày lẫn đêm", "hours by the clock, day and night"),
    "last_day": ("ngày cuối của thời hạn", "the last day of the limit"),
    "wait_opened": (
        "yêu cầu bổ sung, thông báo đã đến: dừng tính",
        "supplement requested, notice arrived: the count stops",
    ),
    "wait_unproven": (
        "yêu cầu bổ sung, chưa có chứng từ thông báo đã đến: vẫn tính",
        "supplement requested, arrival of the notice not proven: the count goes on",
    ),
    "wait_before_acceptance": (
        "yêu cầu bổ sung trước khi tiếp nhận: không phải thời gian chờ",
        "supplement requested before acceptance: no wait",
    ),
    "wait_after_due": (
        "yêu cầu bổ sung sau khi đã hết hạn: không thay đổi hạn",
        "supplement requested after the due moment: moves nothing",
    ),
    "wait_after_limit": (
        "thông báo yêu cầu bổ sung đến sau khi hết thời hạn: không dừng, vẫn quá hạn",
        "notice of a supplement request arrived after the limit: nothing stops, still late",
    ),
    "limit_missed": (
        "hết thời hạn theo luật mà chưa có kết quả: lượt này quá hạn",
        "the statutory limit passed without a result: this cycle is late",
    ),
    "second_request": (
        "yêu cầu bổ sung lần {number}: vượt quá một lần",
        "supplement request number {number}: more than once",
    ),
    "restart": ("nhận đủ bổ sung: tính lại từ đầu", "supplement received: counted anew"),
    "subtract": (
        "nhận đủ bổ sung: thời gian chờ không tính ({moved})",
        "supplement received: the wait is not counted ({moved})",
    ),
    "given_unmoved": (
        "nhận đủ bổ sung: hạn do hệ thống nguồn ấn định, không thay đổi",
        "supplement received: a given deadline does not move",
    ),
    "extension": ("xin lỗi và hẹn lại: ngày {day}", "apology and new date: {day}"),
    "second_extension": (
        "hẹn lại lần thứ hai: ghi nhận, không thay đổi ngày hẹn",
        "a second new date: recorded, moves nothing",
    ),
    "extension_not_later": (
        "ngày hẹn lại {day} không muộn hơn ngày đã hẹn: không thay đổi",
        "new date {day} is not later than the promise: moves nothing",
    ),
    "extension_not_working": (
        "ngày hẹn lại {day} là ngày nghỉ: không thay đổi",
        "new date {day} is a day off: moves nothing",
    ),
    "promise_at_opening": (
        "hết thời hạn ngoài giờ làm việc: hẹn trả lúc mở cửa tiếp theo, {hour} ngày {day}",
        "the limit ends outside opening hours: promised at the next opening, {hour}, {day}",
    ),
    "promise_kept": (
        "lời hẹn đã in {day} không lùi về sớm hơn",
        "the printed promise of {day} does not move earlier",
    ),
    "index_moved": ("theo chỉ số 766: trừ thời gian chờ {moved}", "index 766: less {moved}"),
    "index_late": (
        "theo chỉ số 766: yêu cầu bổ sung quá một lần là quá hạn",
        "index 766: more than one supplement request is late",
    ),
    "index_due": ("theo chỉ số 766: hạn {hour} ngày {day}", "index 766: due {hour}, {day}"),
    "index_suspended": (
        "theo chỉ số 766: đang chờ người nộp, chưa có hạn",
        "index 766: waiting for the applicant, no due moment",
    ),
}

_UNTIL: Final = (", hết {until}", ", until {until}")

DAY_REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "new_year": ("Tết Dương lịch", "New Year's Day"),
    "tet": ("Tết Nguyên đán", "Lunar New Year"),
    "hung_kings": ("Giỗ Tổ Hùng Vương", "Hung Kings' Commemoration Day"),
    "reunification_day": ("Ngày Chiến thắng 30/4", "Reunification Day"),
    "labour_day": ("Quốc tế Lao động 1/5", "Labour Day"),
    "national_day": ("Quốc khánh", "National Day"),
    "culture_day": ("Ngày Văn hóa Việt Nam", "Viet Nam Culture Day"),
    "substitute": ("nghỉ bù", "substitute day off"),
    "swap": ("hoán đổi ngày làm việc", "exchanged working day"),
    "closure": ("trung tâm đóng cửa", "centre closed"),
    "reception": ("tiếp nhận ngoài ngày làm việc", "reception on a day off"),
}

_WEEKDAYS: Final = {
    "vi": ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}

_UNITS: Final = {
    "vi": {
        "days": "{n} ngày",
        "working_days": "{n} ngày làm việc",
        "sessions": "{n} buổi",
        "time": "{n} giờ làm việc",
        "clock": "{n} giờ",
    },
    "en": {
        "days": "{n} day(s)",
        "working_days": "{n} working day(s)",
        "sessions": "{n} session(s)",
        "time": "{n} opening hours",
        "clock": "{n} hours",
    },
}

_DATES: Final = frozenset({"day", "counterpart"})


def text_of(
    key: str, params: Mapping[str, str], language: Literal["vi", "en"], *, law: str | None
) -> str:
    """Return one entry in words, the article in brackets behind it.

    Raises:
        KeyError: the key is in no version of the wording.
    """
    side = 0 if language == "vi" else 1
    if key == "makeup_day" and "counterpart" not in params:
        text = {"vi": "{weekday} làm bù", "en": "{weekday}, worked"}[language]
    else:
        text = TEXTS[key][side]
    if "until" in params:
        text += _UNTIL[side]
    words = {name: _word(name, value, language) for name, value in params.items()}
    sentence = text.format(**words)
    return f"{sentence} ({law})" if law else sentence


def weekday_name(day: date, language: Literal["vi", "en"]) -> str:
    """Return the name of a day of the week."""
    return _WEEKDAYS[language][day.weekday()]


def reason_text(reason: str, language: Literal["vi", "en"]) -> str:
    """Return why a day is off or worked; an unknown code stands for itself."""
    pair = DAY_REASONS.get(reason)
    return reason.replace("_", " ") if pair is None else pair[0 if language == "vi" else 1]


def _word(name: str, value: str, language: Literal["vi", "en"]) -> str:
    if name in _DATES:
        day = date.fromisoformat(value)
        return f"{day:%d/%m/%Y}" if name == "day" else f"{day:%d/%m}"
    if name == "weekday":
        return _WEEKDAYS[language][int(value)]
    if name == "reason":
        return reason_text(value, language)
    if name == "moved":
        unit, _, amount = value.partition(":")
        return _UNITS[language][unit].format(n=amount)
    return value

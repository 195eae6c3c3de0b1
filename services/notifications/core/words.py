"""The words of codes, Vietnamese first: one term for one thing, everywhere.

A code that is not in the list reads as itself, so that nothing is hidden.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from services.notifications.core.ladderwords import COMMON_RUNGS, KIND_WORDS, RUNG_WORDS
from services.notifications.core.notice import Language
from shared.calendar.zone import ICT
from shared.events.codes import duty_session, parse_matter

_Pair = tuple[str, str]

WORDS: Final[Mapping[str, Mapping[str, _Pair]]] = {
    "role": {
        "handler": ("người xử lý", "handler"),
        "division_head": ("trưởng bộ phận", "head of division"),
        "director": ("Giám đốc trung tâm", "Director of the centre"),
        "chairman": ("Chủ tịch UBND", "Chairman"),
        "province": ("Trung tâm tỉnh", "provincial centre"),
    },
    "cause": {
        "awaiting_other_agency": ("chờ cơ quan khác", "waiting for another agency"),
        "awaiting_applicant": ("chờ người nộp", "waiting for the applicant"),
        "verification_needed": ("cần xác minh", "verification is needed"),
        "specialist_absent": ("vắng người chuyên môn", "the specialist is absent"),
        "workload": ("quá tải", "workload"),
        "system_outage": ("hệ thống gián đoạn", "system outage"),
        "data_error": ("dữ liệu sai", "an error in the data"),
        "done_not_recorded": ("đã xong, chưa ghi nhận", "done but not recorded"),
        "force_majeure": ("bất khả kháng", "force majeure"),
        "other": ("lý do khác", "another reason"),
    },
    "closed": {
        "done": ("Việc này đã xong.", "This is done."),
        "superseded": (
            "Thời hạn đã được tính lại; lời nhắc này không còn hiệu lực.",
            "The date was worked out anew; this reminder no longer holds.",
        ),
        "withdrawn": ("Lời nhắc này đã được rút lại.", "This reminder was withdrawn."),
    },
    "refused_form": {
        "choose_cause": ("Hãy chọn một nguyên nhân.", "Choose a cause."),
        "choose_day": ("Hãy chọn một ngày hẹn.", "Choose a day."),
        "day_past": ("Ngày hẹn đã qua.", "That day is past."),
        "day_far": (
            "Ngày hẹn phải trong vòng 60 ngày tới.",
            "The day must be within the next 60 days.",
        ),
    },
    "reason": {
        "calendar": ("lịch làm việc thay đổi", "the calendar changed"),
        "rule": ("quy định về thời hạn thay đổi", "the rule on the limit changed"),
        "incomplete": ("hồ sơ không đầy đủ", "the dossier is incomplete"),
        "not_supplemented": (
            "hồ sơ không được bổ sung đúng hạn",
            "it was not supplemented in time",
        ),
        "not_eligible": ("không đủ điều kiện", "the conditions are not met"),
        "not_competent": ("không thuộc thẩm quyền", "another authority is competent"),
        "vacant": ("chưa có người giữ vai trò", "nobody holds the role"),
        "on_leave": ("vắng mặt, không có người thay", "on leave without a deputy"),
        "leave": ("vắng mặt, không có người thay", "on leave without a deputy"),
        "unreachable": ("không liên lạc được", "cannot be reached"),
        "void": ("việc này không còn phải làm", "nothing is owed any more"),
        "discharged": ("việc này đã xong", "the matter is done"),
        "suspended": ("thời hạn đang tạm dừng", "the clock stands still"),
        "cycle_over": ("thời hạn đã được tính lại", "the date was worked out anew"),
        "rung_not_reached": ("mốc này chưa đến", "the rung was not reached"),
        "promise_in_the_past": ("ngày hẹn đã qua", "the promised day is past"),
        "unknown_obligation": ("không có việc này", "there is no such obligation"),
        "workload": ("quá tải", "workload"),
        "system_outage": ("mất kết nối hệ thống", "a system cannot be reached"),
        "centre_interrupted": ("trung tâm gián đoạn", "the centre stands still"),
        "overtaken": ("có sự kiện xảy ra trước đó", "something happened before it"),
        "event": ("thời hạn đã được tính lại", "the date was worked out anew"),
        "correction": ("sự kiện ghi sai đã được đính chính", "a wrong event was put right"),
        "struck": ("sự kiện ghi sai đã bị hủy", "a wrong event was struck"),
        "not_owed": ("việc này không còn phải làm", "nothing is owed any more"),
        "supplement": ("hồ sơ đã được bổ sung", "the supplement was brought"),
        "extension": ("đã hẹn lại ngày trả", "a new date was given"),
        "completed": ("đã có kết quả", "the result was ready"),
        "returned": ("đã trả kết quả", "the result was handed out"),
        "stopped": ("hồ sơ đã dừng giải quyết", "the dossier was stopped"),
        "refused": ("hồ sơ đã bị từ chối", "the dossier was refused"),
        "withdrawn": ("người nộp đã rút", "it was taken back"),
        "issued": ("phiếu xin lỗi đã được phát hành", "the slip was issued"),
        "done": ("đã làm xong", "it was done"),
        "confirmed": ("người dân đã xác nhận", "the applicant confirmed"),
        "handed_over": ("hồ sơ đã được chuyển", "it was handed over"),
        "covered": ("đã có người trực", "somebody was on duty"),
        "filled": ("đã có người thay", "somebody stood in"),
        "reported": ("đã gửi bản tự đánh giá", "the assessment was sent"),
        "sent": ("đã gửi nhận xét", "the note was sent"),
        "ended": ("đã kết thúc biệt phái", "the secondment has ended"),
        "held": ("đã họp với các cơ quan", "the meeting was held"),
        "repaired": ("đã sửa xong", "it was repaired"),
        "published": ("đã công khai", "it was published"),
        "classified": ("đã phân loại", "it was classified"),
        "answered": ("đã trả lời", "it was answered"),
        "assigned": ("đã phân công", "it was assigned"),
        "resolved": ("đã giải quyết", "it was resolved"),
        "resumed": ("đã hoạt động trở lại", "the service was restored"),
        "restored": ("đã kết nối lại", "the link was restored"),
    },
    "unreached": {
        "no_contact": ("chưa có thông tin liên hệ", "no contact is on record"),
        "erased": ("thông tin liên hệ đã bị xóa", "the contact was erased"),
        "no_address": (
            "không có địa chỉ cho kênh nào đang dùng",
            "no address for any channel in use",
        ),
        "suppressed": (
            "nhà cung cấp không chuyển được đến địa chỉ đã ghi",
            "providers do not deliver to the address on record",
        ),
        "endpoint_disabled": (
            "webhook của vai trò này đã ngừng nhận",
            "the webhook of this role stopped taking messages",
        ),
    },
    "how": {
        "direct": ("nhận trực tiếp", "in person"),
        "online": ("nhận trực tuyến", "online"),
        "post": ("qua bưu chính", "by post"),
    },
}


def kind_word(kind: str, language: Language) -> str:
    """Return what an obligation is called."""
    return _pick(KIND_WORDS.get(kind), kind, language)


def rung_word(kind: str, rung: str, language: Language) -> str:
    """Return what a rung of an obligation's ladder says."""
    pair = RUNG_WORDS.get(kind, {}).get(rung) or COMMON_RUNGS.get(rung)
    return _pick(pair, rung, language)


_SESSIONS: Final[Mapping[str, _Pair]] = {
    "am": ("buổi sáng", "the morning of"),
    "pm": ("buổi chiều", "the afternoon of"),
}


def subject_title(subject: str, language: Language) -> str:
    """Return a subject as people would call it: a dossier's code, a session, an id."""
    matter = parse_matter(subject)
    if matter is None:
        return subject
    if matter.kind == "duty":
        day, session = duty_session(matter)
        return f"{_pick(_SESSIONS[session], session, language)} {day_text(day, language)}"
    return matter.id


_DAYS: Final = (
    ("thứ Hai", "Monday"),
    ("thứ Ba", "Tuesday"),
    ("thứ Tư", "Wednesday"),
    ("thứ Năm", "Thursday"),
    ("thứ Sáu", "Friday"),
    ("thứ Bảy", "Saturday"),
    ("Chủ nhật", "Sunday"),
)


def word(group: str, code: str, language: Language) -> str:
    """Return the words of a code."""
    return _pick(WORDS[group].get(code), code, language)


def _pick(pair: _Pair | None, code: str, language: Language) -> str:
    if pair is None:
        return code.replace("_", " ")
    return pair[0 if language == "vi" else 1]


def moment_text(moment: datetime, language: Language) -> str:
    """Write an instant as people say it: `17:00 thứ Hai 12/01/2026`."""
    local = moment.astimezone(ICT)
    return f"{local:%H:%M} {day_text(local.date(), language)}"


def day_text(day: date, language: Language) -> str:
    """Write a day as people say it: `thứ Hai 12/01/2026`."""
    return f"{_DAYS[day.weekday()][0 if language == 'vi' else 1]} {day:%d/%m/%Y}"


def amount_text(dong: int) -> str:
    """Write an amount as people do: `50.000 đồng`."""
    return f"{dong:,}".replace(",", ".") + " đồng"

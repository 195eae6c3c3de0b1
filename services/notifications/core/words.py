"""The words of codes, Vietnamese first: one term for one thing, everywhere.

A code that is not in the list reads as itself, so that nothing is hidden.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from services.notifications.core.notice import Language
from shared.events.model import ICT

_Pair = tuple[str, str]

WORDS: Final[Mapping[str, Mapping[str, _Pair]]] = {
    "kind": {
        "dossier_deadline": ("Giải quyết hồ sơ", "Settling a dossier"),
        "apology_slip": ("Phiếu xin lỗi và hẹn lại ngày trả", "Slip of apology and new date"),
        "agency_step": ("Bước của cơ quan phối hợp", "Step of another agency"),
        "duty": ("Trực theo ca tại trung tâm", "Staff on duty at the centre"),
        "restore_service": ("Khôi phục phục vụ", "Restoring service"),
        "interruption": ("Khôi phục phục vụ", "Restoring service"),
        "conditions": ("Tự đánh giá điều kiện phục vụ", "Self-assessment of conditions"),
        "defect": ("Khắc phục hư hỏng", "Repair of a defect"),
        "posting": ("Niêm yết thủ tục", "Posting of a procedure"),
        "posting_withdrawal": ("Gỡ niêm yết hết hiệu lực", "Withdrawing an expired posting"),
        "petition": ("Trả lời phản ánh, kiến nghị", "Answer to a petition"),
        "support_assign": ("Phân công hỗ trợ vướng mắc", "Assigning a support request"),
        "support_resolve": ("Tháo gỡ vướng mắc", "Resolving a support request"),
        "connection": ("Khôi phục kết nối dữ liệu", "Restoring a data connection"),
        "datarequest": ("Trả lời yêu cầu dữ liệu", "Answer to a data request"),
    },
    "rung": {
        "half": ("đã dùng một nửa thời hạn", "half of the limit is used"),
        "half_used": ("đã dùng một nửa thời hạn", "half of the limit is used"),
        "most": ("đã dùng 80 % thời hạn", "80 % of the limit is used"),
        "most_used": ("đã dùng 80 % thời hạn", "80 % of the limit is used"),
        "share_50": ("đã dùng một nửa thời hạn", "half of the limit is used"),
        "share_80": ("đã dùng 80 % thời hạn", "80 % of the limit is used"),
        "due": ("đến hạn", "due"),
        "overdue": ("quá hạn", "overdue"),
        "overdue_1": ("quá hạn 1 ngày làm việc", "1 working day overdue"),
        "overdue_3": ("quá hạn 3 ngày làm việc", "3 working days overdue"),
        "overdue_5": ("quá hạn 5 ngày làm việc", "5 working days overdue"),
        "plus_1": ("quá hạn 1 ngày làm việc", "1 working day overdue"),
        "plus_3": ("quá hạn 3 ngày làm việc", "3 working days overdue"),
        "plus_5": ("quá hạn 5 ngày làm việc", "5 working days overdue"),
        "draft": ("mai là hạn gửi phiếu xin lỗi", "the slip of apology is due tomorrow"),
        "last_moment": ("hạn cuối gửi phiếu xin lỗi", "last legal moment for the slip"),
        "promise_broken": ("lời hẹn không được giữ", "a promise was not kept"),
        "reminder": ("nhắc", "reminder"),
    },
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
        "not_eligible": ("không đủ điều kiện", "the conditions are not met"),
        "not_competent": ("không thuộc thẩm quyền", "another authority is competent"),
        "vacant": ("chưa có người giữ vai trò", "nobody holds the role"),
        "on_leave": ("vắng mặt, không có người thay", "on leave without a deputy"),
        "leave": ("vắng mặt, không có người thay", "on leave without a deputy"),
        "unreachable": ("không liên lạc được", "cannot be reached"),
    },
    "how": {
        "direct": ("nhận trực tiếp", "in person"),
        "online": ("nhận trực tuyến", "online"),
        "post": ("qua bưu chính", "by post"),
    },
}

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
    pair = WORDS[group].get(code)
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

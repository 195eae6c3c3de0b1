"""The words of the pages, Vietnamese first."""

from collections.abc import Mapping
from typing import Final

from services.notifications.core.notice import Language

PAGE_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "title": ("Xác nhận", "Acknowledge"),
    "desk": ("Việc của tôi", "My matters"),
    "desk_open": ("Mở trang Việc của tôi", "Open My matters"),
    "due": ("Hạn", "Due"),
    "no_due": ("chưa có hạn", "no date"),
    "limit": ("hạn theo luật", "legal limit"),
    "matter": ("Việc", "Matter"),
    "rung": ("Mốc", "Rung"),
    "promise": ("Xác nhận, hẹn", "Acknowledged, promised"),
    "promise_phone": ("Hẹn:", "Promised:"),
    "no_promise": ("chưa xác nhận", "not acknowledged"),
    "todo": ("Làm gì", "To do"),
    "acknowledge": ("Xác nhận", "Acknowledge"),
    "see": ("Xem", "See"),
    "overdue": ("quá hạn", "overdue"),
    "today": ("đến hạn hôm nay", "due today"),
    "open": ("còn hạn", "in time"),
    "reached": ("từ {moment}", "since {moment}"),
    "ask": (
        (
            "Lời nhắc: {rung}. Xin cho biết nguyên nhân và ngày sẽ xong. "
            "Xác nhận là một lời hẹn: các lần nhắc lại dừng đến hết ngày hẹn; "
            "thời hạn theo luật không dừng."
        ),
        (
            "The reminder: {rung}. Please give the cause and the day. An acknowledgement is a "
            "promise: repeats are silent until that day's close; the legal limit runs on."
        ),
    ),
    "cause": ("Nguyên nhân", "Cause"),
    "day": ("Ngày hẹn xong", "Promised day"),
    "day_hint": (
        "Quá ngày này mà chưa xong, cấp tiếp theo sẽ được báo.",
        "If it is not done by then, the next role hears of it.",
    ),
    "send": ("Gửi xác nhận", "Send"),
    "promised_title": ("Đã xác nhận", "Acknowledged"),
    "promised": ("Nguyên nhân: {cause}. Hẹn: {day}.", "Cause: {cause}. Promised: {day}."),
    "promised_at": ("ghi nhận lúc {moment}", "recorded at {moment}"),
    "promised_after": (
        "Lời hẹn đã được ghi nhận và không sửa được ở đây. Khi việc xong, lời nhắc tự đóng.",
        (
            "The promise is recorded and cannot be changed here. When the matter is done, "
            "the reminder closes by itself."
        ),
    ),
    "refused": (
        "Lần xác nhận trước không có hiệu lực ({why}). Xin xác nhận lại.",
        "The earlier acknowledgement had no effect ({why}). Please acknowledge again.",
    ),
    "now": ("Dữ liệu đến {moment}", "Data as of {moment}"),
    "forged_title": ("Đường dẫn không đúng", "This link is not right"),
    "forged": (
        "Đường dẫn bị thiếu hoặc không do hệ thống cấp. Hãy mở lại từ thư.",
        "The link is damaged or was not made here. Open it again from the mail.",
    ),
    "expired_title": ("Đường dẫn đã hết hạn", "This link has expired"),
    "expired": (
        "Đường dẫn chỉ dùng được trong một thời gian. Việc còn mở vẫn có ở trang Việc của tôi.",
        "Links work for a while only. What is still open stands in My matters.",
    ),
    "gone_title": ("Không còn việc này", "This matter is not here"),
    "gone": (
        "Việc này đã xong, hoặc không thuộc phạm vi của ông/bà.",
        "It is done, or not within your scope.",
    ),
    "signed_out": ("Đăng nhập lại để tiếp tục", "Sign in again to go on"),
}


def words(key: str, language: Language, **values: object) -> str:
    """Return a page's words with their values filled in."""
    text = PAGE_WORDS[key][0 if language == "vi" else 1]
    return text.format(**values) if values else text

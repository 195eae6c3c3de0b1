"""The words for what becomes of obligations and rungs, in both languages."""

from collections.abc import Mapping
from typing import Final, Literal

Wording = Mapping[str, tuple[str, str]]

STATUS_WORDS: Final[Wording] = {
    "open": ("đang thực hiện", "open"),
    "suspended": ("tạm dừng, chờ bổ sung", "suspended, waiting for the applicant"),
    "discharged": ("đã hoàn thành", "discharged"),
    "void": ("không phải thực hiện", "not owed"),
    "breach": ("Hết thời hạn theo luật", "The statutory limit passed"),
    "promise_broken": ("Lời hẹn không được giữ", "A promise was not kept"),
}

RUNG_STATUS_WORDS: Final[Wording] = {
    "planned": ("sắp tới", "to come"),
    "raised": ("đã báo", "told"),
    "skipped": ("bỏ qua, có lý do", "skipped, with a reason"),
    "withdrawn": ("đã rút lại", "withdrawn"),
    "not_applicable": ("không áp dụng", "not applicable"),
    "grouped": ("gộp vào thông báo sự cố chung", "told with the incident it hangs on"),
    "quiet": ("trước khi ghi nhận dữ liệu", "before the data were recorded"),
}

DISCHARGE_WORDS: Final[Wording] = {
    "corrected": ("đã sửa kết quả", "the result was corrected"),
    "handed_over": ("đã chuyển hồ sơ", "handed over"),
    "closed": ("đã đóng do không bổ sung", "closed without a supplement"),
    "answered": ("đã trả lời", "answered"),
    "not_owed": ("không còn phải thực hiện", "not needed any more"),
    "completed": ("có kết quả", "the result is ready"),
    "returned": ("đã trả kết quả", "the result was returned"),
    "stopped": ("dừng giải quyết", "processing was stopped"),
    "refused": ("từ chối", "refused"),
    "withdrawn": ("người dân rút hồ sơ", "withdrawn by the applicant"),
    "issued": ("đã phát hành phiếu", "the slip was issued"),
    "never_issued": ("không phát hành phiếu", "no slip was issued"),
    "not_needed": ("không cần phiếu", "no slip was needed"),
    "covered": ("có người trực", "somebody was on duty"),
    "lapsed": ("hết thời gian, không thực hiện", "it ended without being done"),
    "struck": ("sự kiện mở đã bị hủy bỏ", "what opened it was struck"),
    "calendar": ("lịch làm việc thay đổi", "the calendar changed"),
    "rule": ("quy định về thời hạn thay đổi", "the rule on the limit changed"),
}


FLAG_WORDS: Final[Wording] = {
    "second_request": (
        "yêu cầu bổ sung quá một lần",
        "a supplement was asked for more than once",
    ),
    "request_on_or_after_last_day": (
        "yêu cầu bổ sung vào ngày cuối hoặc sau ngày cuối",
        "a supplement was asked for on or after the last day",
    ),
    "request_after_limit": (
        "yêu cầu bổ sung chỉ có hiệu lực sau khi hết thời hạn theo luật: hồ sơ vẫn quá hạn",
        "a supplement request took effect after the statutory limit: the dossier stays late",
    ),
    "wait_unproven": (
        "chưa có chứng từ thông báo bổ sung đã đến: theo luật thời hạn vẫn chạy",
        "no proof that the notice arrived: by law the clock runs on",
    ),
    "notice_undeliverable": (
        "thông báo bổ sung không đến được người nộp",
        "the notice did not reach the applicant",
    ),
    "secondment_outside_term": (
        "thời gian biệt phái ngoài khoảng 12 đến 36 tháng",
        "the secondment is shorter than 12 or longer than 36 months",
    ),
    "closed_early": (
        "đóng trước khi hết thời hạn bổ sung",
        "closed before the applicant's time was over",
    ),
    "second_extension": ("hẹn lại quá một lần", "put off more than once"),
    "extension_not_later": ("ngày hẹn lại không muộn hơn", "the new date is not later"),
    "extension_not_working": (
        "ngày hẹn lại không phải ngày làm việc",
        "the new date is no working day",
    ),
}


def word(words: Wording, key: str, language: Literal["vi", "en"]) -> str:
    """Return a word in a language; one that is not listed is given as it is."""
    pair = words.get(key)
    if pair is None:
        return key
    return pair[0] if language == "vi" else pair[1]

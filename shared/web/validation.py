"""What pydantic says of a request, in the words of our faults and without its values."""

from collections.abc import Iterator, Sequence
from typing import Any

from shared.events.faults import Fault

RULE = "invalid-request"
FAULTS_MAX = 50

_REMEDY = "Send the value in the form that /openapi.json describes."
_REMEDY_VI = "Gửi giá trị theo định dạng mô tả tại /openapi.json."
_VIETNAMESE = {
    "missing": "Thiếu trường bắt buộc.",
    "extra_forbidden": "Trường này không được chấp nhận.",
    "json_invalid": "Nội dung không phải JSON hợp lệ.",
    "string_too_long": "Chuỗi quá dài.",
    "string_too_short": "Chuỗi quá ngắn.",
    "string_pattern_mismatch": "Chuỗi không đúng mẫu quy định.",
    "timezone_aware": "Thời điểm phải kèm múi giờ.",
    "enum": "Giá trị không nằm trong danh sách cho phép.",
    "literal_error": "Giá trị không nằm trong danh sách cho phép.",
}


def faults_of(errors: Sequence[Any]) -> Iterator[Fault]:
    """Turn pydantic's errors into faults; the input itself is never repeated."""
    for error in errors[:FAULTS_MAX]:
        kind = str(error["type"])
        yield Fault(
            rule=RULE,
            path="/" + "/".join(str(part).replace("/", "~1") for part in error["loc"]),
            detail=_english(kind, str(error["msg"])),
            detail_vi=_VIETNAMESE.get(kind, "Giá trị không hợp lệ."),
            remedy=_REMEDY,
            remedy_vi=_REMEDY_VI,
        )


def _english(kind: str, message: str) -> str:
    if kind == "json_invalid":
        return "The content is not valid JSON."
    if kind in {"value_error", "assertion_error"}:
        return "The value is not valid."  # The message of a validator may quote what it found.
    return message[:1].upper() + message[1:] + "."

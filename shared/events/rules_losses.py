"""The rule on records that were deleted before they were read."""

from typing import Final

from shared.events.rule import Rule

LOSSES: Final = (
    Rule(
        "deleted-unread",
        "{count} offsets of this partition, {first} to {last}, were deleted before they were "
        "read: we were away for longer than the topic keeps records. They were written between "
        "{since} and {until}.",
        "Send again, in their order and with the same ids, all events that you sent between "
        "these times. What was recorded already is answered as a repeat and changes nothing.",
        "{count} vị trí của phân vùng này, từ {first} đến {last}, đã bị xoá khi chưa được đọc, "
        "do hệ thống ngừng tiếp nhận lâu hơn thời gian lưu của chủ đề. Các bản ghi đó được ghi "
        "từ {since_vi} đến {until}.",
        "Gửi lại, theo đúng thứ tự và với cùng id, mọi sự kiện đã gửi trong khoảng thời gian "
        "trên. Sự kiện đã được ghi nhận chỉ được trả lời là lặp lại, không thay đổi gì.",
    ),
)

"""The rules of changing the law's arithmetic: a day, a limit, and who may decide it."""

from typing import Final

from shared.events.rule import Rule

CHANGES: Final = (
    Rule(
        "proposal-without-person",
        "A change is proposed by a person, and none is named.",
        "Say who proposes, in `by`.",
        "Thay đổi phải do một người đề xuất, nhưng chưa nêu ai.",
        "Ghi người đề xuất vào `by`.",
    ),
    Rule(
        "proposal-repeated",
        "The same row is proposed already.",
        "Let a second person approve it, or withdraw it first.",
        "Dòng này đã được đề xuất đúng như vậy.",
        "Để người thứ hai phê duyệt, hoặc rút đề xuất trước.",
    ),
    Rule(
        "row-holds-already",
        "The row holds already, just as it is sent.",
        "Nothing is to be done; to change it, propose it with other content.",
        "Dòng này đã có hiệu lực đúng như vậy.",
        "Không cần làm gì; muốn thay đổi, hãy đề xuất với nội dung khác.",
    ),
    Rule(
        "day-already-so",
        "The day is so already: nothing would move.",
        "Look the day up in the calendar; propose the day that is to change.",
        "Ngày này đã như vậy: không có gì thay đổi.",
        "Xem lại ngày trong lịch; đề xuất đúng ngày cần thay đổi.",
    ),
    Rule(
        "published-already",
        "The calendar is published through that day already.",
        "Name a later last day.",
        "Lịch đã được công bố đến hết ngày này.",
        "Ghi ngày cuối cùng muộn hơn.",
    ),
    Rule(
        "published-with-gap",
        "Days between the published calendar and this span are missing.",
        "Begin the day after the last published day, or leave counterpart out.",
        "Giữa lịch đã công bố và khoảng này còn thiếu ngày.",
        "Bắt đầu từ ngày sau ngày cuối đã công bố, hoặc bỏ counterpart.",
    ),
    Rule(
        "limit-not-allowed",
        "A limit in this unit needs a number from 1 upwards.",
        "Give the number that the law states; only same_day and given have none.",
        "Thời hạn theo đơn vị này cần một số từ 1 trở lên.",
        "Ghi số theo quy định; chỉ same_day và given không cần số.",
    ),
    Rule(
        "rule-overlaps",
        "The row {row} holds for the same in part of this time.",
        "End that row first (propose it with valid_to), or begin when it ends.",
        "Dòng {row} đang có hiệu lực cho cùng đối tượng trong một phần thời gian này.",
        "Kết thúc dòng đó trước (đề xuất với valid_to), hoặc bắt đầu khi dòng đó hết hiệu lực.",
    ),
    Rule(
        "rule-id-taken",
        "The row of this id is for another procedure, unit or channel.",
        "Give a new row an id of its own.",
        "Mã dòng này đã dùng cho thủ tục, đơn vị hoặc kênh khác.",
        "Đặt mã riêng cho dòng mới.",
    ),
    Rule(
        "approval-without-proposal",
        "Nobody has proposed this row, or the proposal was withdrawn.",
        "Propose it first, so that a second person can see what would move.",
        "Chưa có ai đề xuất dòng này, hoặc đề xuất đã được rút.",
        "Hãy đề xuất trước để người thứ hai thấy những gì sẽ thay đổi.",
    ),
    Rule(
        "approval-without-person",
        "A proposed row is approved by a person, and none is named.",
        "Say who approves, in `by`.",
        "Dòng đã đề xuất phải do một người phê duyệt, nhưng chưa nêu ai.",
        "Ghi người phê duyệt vào `by`.",
    ),
    Rule(
        "approval-by-proposer",
        "Who proposed a change may not approve it.",
        "Let a second person approve it.",
        "Người đề xuất không được tự phê duyệt.",
        "Để người thứ hai phê duyệt.",
    ),
    Rule(
        "approval-differs",
        "The row approved is not the row that was proposed.",
        "Approve it as proposed, or propose it anew.",
        "Dòng được phê duyệt khác dòng đã đề xuất.",
        "Phê duyệt đúng như đề xuất, hoặc đề xuất lại.",
    ),
    Rule(
        "withdrawal-without-person",
        "A proposal is withdrawn by a person, and none is named.",
        "Say who withdraws it, in `by`.",
        "Đề xuất phải do một người rút, nhưng chưa nêu ai.",
        "Ghi người rút vào `by`.",
    ),
    Rule(
        "withdrawal-without-proposal",
        "Nobody has proposed this row, or it was withdrawn already.",
        "Look at the list of proposals.",
        "Chưa có ai đề xuất dòng này, hoặc đề xuất đã được rút.",
        "Xem danh sách đề xuất.",
    ),
    Rule(
        "withdrawal-of-held",
        "The row holds already: taking it back moves dates too.",
        "Propose the row that undoes it, so that a second person can see what would move.",
        "Dòng này đã có hiệu lực: rút lại cũng làm thay đổi thời hạn.",
        "Hãy đề xuất dòng hủy tác dụng của nó để người thứ hai thấy những gì sẽ thay đổi.",
    ),
    Rule(
        "by-other-person",
        "`by` is not the person of the key.",
        "Send it with the key of that person.",
        "`by` không phải là người của khóa này.",
        "Gửi bằng khóa của chính người đó.",
    ),
    Rule(
        "key-without-person",
        "The key stands for no person, and a change is decided by persons.",
        "Ask the operator for your own key (`motcua keys add --role province --person …`).",
        "Khóa này không gắn với người nào, mà thay đổi phải do người quyết định.",
        "Đề nghị quản trị cấp khóa riêng (`motcua keys add --role province --person …`).",
    ),
)

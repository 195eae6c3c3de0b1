"""Every rule that an event can break, with its words in English and Vietnamese, in one place.

Both doors, `motcua check` and the contract's pages speak these sentences. `{…}` is filled with
limits, names of ours and closed lists only: never with a value of an event.
"""

from collections.abc import Mapping
from typing import Final

from shared.events.rule import Rule
from shared.events.rules_changes import CHANGES
from shared.events.rules_forms import FORMS, PERSONAL
from shared.events.rules_judged import JUDGED
from shared.events.rules_losses import LOSSES
from shared.events.rules_numbering import NUMBERING
from shared.events.rules_sheets import SHEETS

_RECORD: Final = (
    Rule(
        "empty-record",
        "The record has no value.",
        "Send one CloudEvents JSON object; to take an event back, send a correction.",
        "Bản ghi không có nội dung.",
        "Gửi một đối tượng JSON CloudEvents; muốn hủy một sự kiện, hãy gửi sự kiện đính chính.",
    ),
    Rule(
        "record-too-large",
        "The record has {size} bytes; at most {limit} are taken.",
        "Send one event per record, and codes instead of documents or attachments.",
        "Bản ghi có {size} byte; chỉ nhận tối đa {limit} byte.",
        "Mỗi bản ghi chỉ gửi một sự kiện; gửi mã thay cho văn bản hoặc tệp đính kèm.",
    ),
    Rule(
        "not-utf8",
        "The value is not UTF-8 (first bad byte at position {position}).",
        "Encode the JSON text as UTF-8.",
        "Nội dung không phải UTF-8 (byte sai đầu tiên ở vị trí {position}).",
        "Mã hóa văn bản JSON bằng UTF-8.",
    ),
    Rule(
        "header-not-utf8",
        "A header is not UTF-8.",
        "Encode the content type and every CloudEvents attribute as UTF-8.",
        "Một trường tiêu đề (header) không phải UTF-8.",
        "Mã hóa content-type và mọi thuộc tính CloudEvents bằng UTF-8.",
    ),
    Rule(
        "duplicate-header",
        "A CloudEvents header stands twice.",
        "Send each attribute once.",
        "Một tiêu đề CloudEvents xuất hiện hai lần.",
        "Mỗi thuộc tính chỉ gửi một lần.",
    ),
    Rule(
        "unknown-content-type",
        "The content type is none that is read here.",
        "Use application/cloudevents+json (structured) or ce_ headers with application/json "
        "(binary); batches are not read.",
        "Kiểu nội dung (content-type) không được hỗ trợ.",
        "Dùng application/cloudevents+json (structured) hoặc tiêu đề ce_ kèm application/json "
        "(binary); không nhận dạng gộp (batch).",
    ),
    Rule(
        "not-json",
        "The value is not JSON (line {line}, column {column}).",
        "Send one JSON object; check quotes, commas and brackets, and that nothing follows it.",
        "Nội dung không phải JSON (dòng {line}, cột {column}).",
        "Gửi một đối tượng JSON; kiểm tra dấu nháy, dấu phẩy, dấu ngoặc và phần thừa phía sau.",
    ),
    Rule(
        "not-an-object",
        "The value is JSON but not an object.",
        "Send one CloudEvents object per record, not a list or a bare value.",
        "Nội dung là JSON nhưng không phải một đối tượng.",
        "Mỗi bản ghi gửi một đối tượng CloudEvents, không gửi danh sách hay giá trị đơn.",
    ),
    Rule(
        "duplicate-key",
        "A field stands twice in one object.",
        "Write each field once.",
        "Một trường xuất hiện hai lần trong cùng một đối tượng.",
        "Mỗi trường chỉ ghi một lần.",
    ),
    Rule(
        "too-deep",
        "The JSON is nested deeper than {limit} levels.",
        "Send the fields that the schema names; none of them is nested so deep.",
        "JSON lồng nhau quá {limit} cấp.",
        "Chỉ gửi các trường có trong lược đồ; không trường nào lồng sâu như vậy.",
    ),
    Rule(
        "too-many-values",
        "The JSON holds more than {limit} values.",
        "Send one event per record, and only the fields that its schema names.",
        "JSON chứa hơn {limit} giá trị.",
        "Mỗi bản ghi chỉ gửi một sự kiện, và chỉ gửi các trường có trong lược đồ.",
    ),
    Rule(
        "bad-number",
        "A number is NaN, infinite or longer than {limit} digits.",
        "Write a plain JSON number, or leave the field out.",
        "Có số là NaN, vô cực hoặc dài hơn {limit} chữ số.",
        "Ghi số JSON thông thường, hoặc bỏ trường đó.",
    ),
    Rule(
        "forbidden-character",
        "The text holds a control character, a direction mark or half a character.",
        "Remove it; a line break or tab inside a value is one too.",
        "Văn bản chứa ký tự điều khiển, ký tự đổi chiều hoặc ký tự không trọn vẹn.",
        "Xóa ký tự đó; xuống dòng hoặc tab trong giá trị cũng không được phép.",
    ),
)

_FIELDS: Final = (
    Rule(
        "missing-field",
        "A required field is missing.",
        "Add it{hint}.",
        "Thiếu trường bắt buộc.",
        "Bổ sung trường này{hint_vi}.",
    ),
    Rule(
        "unknown-field",
        "This type has no such field.",
        "Leave it out{hint}; free text and personal data have no place in an event.",
        "Kiểu sự kiện này không có trường như vậy.",
        "Bỏ trường này{hint_vi}; sự kiện không chứa văn bản tự do hay dữ liệu cá nhân.",
    ),
    Rule(
        "set-by-intake",
        "This field is set by intake, never by a publisher.",
        "Leave it out.",
        "Trường này do hệ thống tiếp nhận ghi, bên gửi không được ghi.",
        "Bỏ trường này.",
    ),
    Rule(
        "wrong-type",
        "The field is not {expected}.",
        "Send {expected}.",
        "Trường không phải là {expected_vi}.",
        "Gửi {expected_vi}.",
    ),
    Rule(
        "not-in-list",
        "The value is not in the closed list of this field.",
        "Use one of: {values}.",
        "Giá trị không nằm trong danh mục của trường này.",
        "Dùng một trong các giá trị: {values}.",
    ),
    Rule(
        "wrong-shape",
        "The value has not the shape of {shape}.",
        "Write it like {example}.",
        "Giá trị không đúng dạng của {shape_vi}.",
        "Ghi theo mẫu {example}.",
    ),
    Rule(
        "too-long",
        "The value is longer than {limit} characters or items.",
        "Shorten it: codes and ids only.",
        "Giá trị dài hơn {limit} ký tự hoặc phần tử.",
        "Rút ngắn lại: chỉ gửi mã và định danh.",
    ),
    Rule(
        "too-short",
        "The value is shorter than {limit} characters or items.",
        "Fill it, or leave the field out where it is optional.",
        "Giá trị ngắn hơn {limit} ký tự hoặc phần tử.",
        "Điền đủ, hoặc bỏ trường nếu không bắt buộc.",
    ),
    Rule(
        "out-of-range",
        "The value lies outside {range}.",
        "Send a value within {range}.",
        "Giá trị nằm ngoài khoảng {range}.",
        "Gửi giá trị trong khoảng {range}.",
    ),
    Rule(
        "bad-value",
        "The value is not one that this field takes.",
        "See the schema of this type in the contract.",
        "Giá trị không hợp lệ cho trường này.",
        "Xem lược đồ của kiểu sự kiện này trong hợp đồng dữ liệu.",
    ),
    Rule(
        "wrong-order",
        "It ends before it begins, or not after it.",
        "Put {first} before {second}.",
        "Thời điểm kết thúc không sau thời điểm bắt đầu.",
        "Ghi {first} trước {second}.",
    ),
    Rule(
        "same-value-twice",
        "The same value stands where two different ones are needed.",
        "Name each once.",
        "Cùng một giá trị xuất hiện ở nơi cần hai giá trị khác nhau.",
        "Mỗi giá trị chỉ nêu một lần.",
    ),
)

_ENVELOPE: Final = (
    Rule(
        "wrong-specversion",
        "The event is not CloudEvents 1.0.",
        'Send specversion "1.0".',
        "Sự kiện không theo CloudEvents 1.0.",
        'Gửi specversion "1.0".',
    ),
    Rule(
        "unknown-type",
        "There is no such type of event.",
        "Use a type of the contract{hint}.",
        "Không có kiểu sự kiện này.",
        "Dùng kiểu có trong hợp đồng dữ liệu{hint_vi}.",
    ),
    Rule(
        "unknown-major",
        "This type has no such major version.",
        "Use version {major} of it.",
        "Kiểu sự kiện này không có phiên bản chính như vậy.",
        "Dùng phiên bản {major}.",
    ),
    Rule(
        "not-for-publishers",
        "This type is written by {writer} alone.",
        "Publish what happened; {writer} draws the conclusions.",
        "Kiểu sự kiện này chỉ do {writer} ghi.",
        "Hãy gửi việc đã xảy ra; {writer} sẽ tự suy ra.",
    ),
    Rule(
        "bad-time",
        "The value is not a moment in ISO 8601.",
        "Write it like 2026-11-23T08:05:00+07:00.",
        "Giá trị không phải thời điểm theo ISO 8601.",
        "Ghi theo mẫu 2026-11-23T08:05:00+07:00.",
    ),
    Rule(
        "naive-time",
        "The moment has no offset, so it is not known when it was.",
        "Add +07:00 (or Z when it is UTC).",
        "Thời điểm không có múi giờ nên không xác định được.",
        "Thêm +07:00 (hoặc Z nếu là giờ UTC).",
    ),
    Rule(
        "wrong-offset",
        "The moment's offset is neither +07:00 nor Z.",
        "Write it in Vietnam's time (+07:00) or in UTC (Z); only imported history may differ.",
        "Múi giờ của thời điểm không phải +07:00 hoặc Z.",
        "Ghi theo giờ Việt Nam (+07:00) hoặc UTC (Z); chỉ dữ liệu nhập lịch sử được khác.",
    ),
    Rule(
        "time-out-of-range",
        "The moment lies outside {range}.",
        "Check the year.",
        "Thời điểm nằm ngoài khoảng {range}.",
        "Kiểm tra lại năm.",
    ),
    Rule(
        "wrong-subject",
        "The subject is not {shape}.",
        "Write it like {example}.",
        "Chủ thể (subject) không phải là {shape_vi}.",
        "Ghi theo mẫu {example}.",
    ),
    Rule(
        "subject-contradicts",
        "The subject and the data name different things.",
        "Make {field} the same in both.",
        "Chủ thể (subject) và dữ liệu không khớp nhau.",
        "Ghi {field} giống nhau ở cả hai nơi.",
    ),
)

RULES: Final[Mapping[str, Rule]] = {
    rule.name: rule
    for rule in (
        *_RECORD,
        *FORMS,
        *_FIELDS,
        *PERSONAL,
        *_ENVELOPE,
        *JUDGED,
        *NUMBERING,
        *SHEETS,
        *LOSSES,
        *CHANGES,
    )
}

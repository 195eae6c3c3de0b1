"""The rules that need a clock, the reference data, rights, or what was recorded before."""

from typing import Final

from shared.events.rule import Rule

JUDGED: Final = (
    Rule(
        "wrong-source",
        "The source is not that of the publisher who sent it.",
        "Send urn:motcua:publisher:{publisher} as the source, to your own topic.",
        "Nguồn (source) không phải của bên gửi.",
        "Ghi source là urn:motcua:publisher:{publisher} và gửi vào chủ đề của mình.",
    ),
    Rule(
        "unknown-publisher",
        "There is no such publisher.",
        "Ask the provincial centre to admit the system before it sends.",
        "Không có bên gửi này.",
        "Đề nghị trung tâm tỉnh cấp quyền cho hệ thống trước khi gửi.",
    ),
    Rule(
        "not-allowed",
        "The sender may not send this type or for this unit.",
        "Ask the provincial centre for the right, or send as the one who has it.",
        "Bên gửi không được gửi kiểu sự kiện này hoặc không được gửi thay đơn vị này.",
        "Đề nghị trung tâm tỉnh cấp quyền, hoặc gửi bằng tài khoản có quyền.",
    ),
    Rule(
        "backfill-not-allowed",
        "Only an import may send history (backfill).",
        "Send it through `motcua import`, or leave backfill out of live events.",
        "Chỉ chức năng nhập dữ liệu mới được gửi lịch sử (backfill).",
        "Dùng `motcua import`, hoặc bỏ backfill ở sự kiện đang diễn ra.",
    ),
    Rule(
        "future-time",
        "The moment lies in the future.",
        "Check the sender's clock; send an event after it happened.",
        "Thời điểm nằm trong tương lai.",
        "Kiểm tra đồng hồ của bên gửi; chỉ gửi sau khi việc đã xảy ra.",
    ),
    Rule(
        "wait-ends-before-it-starts",
        "The supplement was brought before it was asked for.",
        "Correct the moment of the receipt, or send a correction of the request first.",
        "Thời điểm nhận bổ sung trước thời điểm yêu cầu bổ sung.",
        "Sửa thời điểm nhận, hoặc gửi đính chính yêu cầu bổ sung trước.",
    ),
    Rule(
        "overlapping-waits",
        "The supplement was asked for within an earlier wait for the applicant.",
        "A dossier is in one wait at a time: correct the moment of the request.",
        "Yêu cầu bổ sung nằm trong một lần chờ bổ sung trước đó.",
        "Mỗi lúc chỉ có một lần chờ bổ sung: sửa thời điểm yêu cầu.",
    ),
    Rule(
        "unit-code-is-former",
        "The code is a former code of the unit {unit}.",
        "Send the row under {unit}; if the unit has its old code again, name {unit} in former.",
        "Mã này là mã cũ của đơn vị {unit}.",
        "Gửi dòng này với mã {unit}; nếu đơn vị dùng lại mã cũ, ghi {unit} vào former.",
    ),
    Rule(
        "former-code-of-other",
        "The code is a former code of another unit, {unit}.",
        "Name only codes that this unit itself had.",
        "Mã này là mã cũ của đơn vị khác ({unit}).",
        "Chỉ ghi những mã mà chính đơn vị này đã dùng.",
    ),
    Rule(
        "former-code-in-use",
        "The code is the current code of a unit with another name and electronic id.",
        "Check the code. If {unit} is this unit, send its name or electronic id with the row.",
        "Mã này đang là mã của một đơn vị có tên và mã định danh điện tử khác.",
        "Kiểm tra mã. Nếu {unit} chính là đơn vị này, ghi đúng tên hoặc mã định danh của nó.",
    ),
    Rule(
        "outside-calendar",
        "The day lies past the published calendar.",
        "Promise an earlier day, or publish the calendar further.",
        "Ngày này vượt quá lịch làm việc đã công bố.",
        "Hẹn một ngày sớm hơn, hoặc công bố thêm lịch làm việc.",
    ),
    Rule(
        "unknown-unit",
        "There is no such unit.",
        "Use the 5-digit code of one of the province's communes, such as 06112.",
        "Không có đơn vị này.",
        "Dùng mã 5 chữ số của một xã, phường trong tỉnh, ví dụ 06112.",
    ),
    Rule(
        "unknown-procedure",
        "There is no such procedure in the catalogue.",
        "Use the national code, such as 1.000656; a new procedure is loaded first.",
        "Không có thủ tục này trong danh mục.",
        "Dùng mã thủ tục quốc gia, ví dụ 1.000656; thủ tục mới phải được nạp trước.",
    ),
    Rule(
        "foreign-unit",
        "The unit is neither the receiving nor the competent one of this dossier.",
        "Let the unit that has the dossier send it, or send dossier.moved first.",
        "Đơn vị không phải nơi tiếp nhận cũng không phải nơi có thẩm quyền của hồ sơ.",
        "Để đơn vị đang giữ hồ sơ gửi, hoặc gửi dossier.moved trước.",
    ),
    Rule(
        "unknown-dossier",
        "The dossier is not known, and {name} can't be its first event.",
        "Send dossier.submitted or dossier.accepted first.",
        "Chưa có hồ sơ này, và {name} không thể là sự kiện đầu tiên.",
        "Gửi dossier.submitted hoặc dossier.accepted trước.",
    ),
    Rule(
        "key-not-subject",
        "The record's key is not its subject, or its partition is not that of the key: an "
        "earlier event of the same subject may be read after it.",
        "Send every record with its subject as the key (CloudEvents: partitionkey) by the "
        "murmur2 partitioner; then send this event again under its id.",
        "Khóa (key) của bản ghi không phải là chủ thể (subject), hoặc bản ghi không nằm ở phân "
        "vùng của khóa, nên sự kiện trước của cùng chủ thể có thể được đọc sau.",
        "Gửi mọi bản ghi với khóa là subject (CloudEvents: partitionkey) và bộ phân vùng "
        "murmur2; sau đó gửi lại sự kiện này với mã cũ.",
    ),
    Rule(
        "too-many-waiting",
        "{limit} events of this subject wait for an earlier event; more do not wait.",
        "Send the events that are missing, then this event again under its id.",
        "Đã có {limit} sự kiện của chủ thể này chờ sự kiện trước; không nhận chờ thêm.",
        "Gửi các sự kiện còn thiếu, sau đó gửi lại sự kiện này với mã cũ.",
    ),
    Rule(
        "illegal-transition",
        "{name} can't follow status {current}; it may follow {allowed}.",
        "Send the step that is missing, then this event again under its id; or correct the "
        "earlier event that was wrong.",
        "{name} không thể theo sau trạng thái {current}; chỉ nhận khi ở {allowed}.",
        "Gửi bước còn thiếu rồi gửi lại sự kiện này với mã cũ; nếu sự kiện trước sai, hãy đính "
        "chính sự kiện đó.",
    ),
    Rule(
        "procedure-contradicts",
        "The dossier was submitted for another procedure.",
        "Send the procedure it was submitted for, or correct dossier.submitted first.",
        "Hồ sơ đã nộp theo thủ tục khác.",
        "Gửi đúng thủ tục đã nộp, hoặc đính chính dossier.submitted trước.",
    ),
    Rule(
        "unknown-event",
        "This subject has no event with that id.",
        "Name the id (and source) under which the wrong event was sent.",
        "Chủ thể này không có sự kiện mang mã đó.",
        "Ghi đúng mã (và nguồn) của sự kiện sai đã gửi.",
    ),
    Rule(
        "too-many-events",
        "The subject has {limit} events; more are not taken.",
        "Look whether something sends them again and again under new ids.",
        "Chủ thể đã có {limit} sự kiện; không nhận thêm.",
        "Kiểm tra xem có phần mềm nào gửi lặp lại với mã mới hay không.",
    ),
    Rule(
        "id-reused",
        "An event with this id and other content was already applied.",
        "Give a new event a new id; to change an applied one, send a correction.",
        "Đã có sự kiện mang mã này với nội dung khác.",
        "Dùng mã mới cho sự kiện mới; muốn sửa sự kiện đã ghi, hãy gửi đính chính.",
    ),
    Rule(
        "still-running",
        "The same request is being worked on.",
        "Wait a moment and ask again with the same key.",
        "Yêu cầu này đang được xử lý.",
        "Chờ giây lát rồi gửi lại với cùng khóa.",
    ),
    Rule(
        "idempotency-key-missing",
        "The request has no usable Idempotency-Key.",
        "Send one of 1 to 128 letters, digits or -_.:, new for each new request.",
        "Yêu cầu không có Idempotency-Key hợp lệ.",
        "Gửi khóa từ 1 đến 128 chữ cái, chữ số hoặc -_.:, mỗi yêu cầu mới một khóa mới.",
    ),
    Rule(
        "idempotency-key-reused",
        "The Idempotency-Key was used for another request.",
        "Use a new key for a new request; repeat a key only with the same content.",
        "Idempotency-Key đã dùng cho yêu cầu khác.",
        "Dùng khóa mới cho yêu cầu mới; chỉ lặp lại khóa với cùng nội dung.",
    ),
)

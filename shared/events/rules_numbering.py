"""The rules on dossier codes: whose sequence they belong to, and who may open under them."""

from typing import Final

from shared.events.rule import Rule

NUMBERING: Final = (
    Rule(
        "may-not-number",
        "The code is of this installation's own pattern, and the sender has no right to number "
        "under its prefix.",
        "Send a code of your own system's, or have the operator register you: motcua topics "
        "add-publisher {publisher} --numbers-for UNIT (or PREFIX). A counter gets its codes "
        "from POST /v1/dossiers.",
        "Mã hồ sơ theo mẫu đánh số của hệ thống này, nhưng bên gửi không có quyền cấp số với "
        "tiền tố đó.",
        "Gửi mã do hệ thống của bên gửi cấp, hoặc đề nghị quản trị viên đăng ký: motcua topics "
        "add-publisher {publisher} --numbers-for ĐƠN_VỊ (hoặc TIỀN_TỐ). Quầy tiếp nhận lấy mã "
        "qua POST /v1/dossiers.",
    ),
    Rule(
        "code-taken",
        "Another dossier has this code.",
        "Send the same request again: it gets the next number.",
        "Mã này đã thuộc về hồ sơ khác.",
        "Gửi lại yêu cầu: hệ thống sẽ cấp số tiếp theo.",
    ),
    Rule(
        "numbers-its-own",
        "The dossiers of this unit are numbered by its own software.",
        "Send dossier.accepted or dossier.submitted to /v1/events, with the code that the "
        "software gave.",
        "Hồ sơ của đơn vị này do phần mềm của đơn vị đánh số.",
        "Gửi dossier.accepted hoặc dossier.submitted tới /v1/events, kèm mã của phần mềm đó.",
    ),
    Rule(
        "portal-numbers-it",
        "The portal numbers online dossiers of this group of linked procedures.",
        "Send dossier.accepted or dossier.submitted to /v1/events, with the code that the "
        "portal gave. Received on paper, the group gets its code here.",
        "Hồ sơ trực tuyến của nhóm thủ tục liên thông này do Cổng dịch vụ công cấp mã.",
        "Gửi dossier.accepted hoặc dossier.submitted tới /v1/events, kèm mã do Cổng cấp. Nếu "
        "nhận hồ sơ giấy thì mã được cấp tại đây.",
    ),
    Rule(
        "not-a-prefix",
        "The value is neither a unit of this installation nor a prefix of codes.",
        "Name a unit (06112), an electronic id (H37.117), or all below one (H37.*).",
        "Giá trị không phải đơn vị của hệ thống này, cũng không phải tiền tố của mã hồ sơ.",
        "Ghi mã đơn vị (06112), mã định danh điện tử (H37.117), hoặc mọi mã cấp dưới (H37.*).",
    ),
)

"""What a client is told when something is not as it should be: RFC 9457, in two languages.

The same faults, in the same words, go back over Kafka as `rejected`. A type URI ends in the
name of its rule; the rules of events stand in `shared.events.faults`, those of HTTP here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson
from starlette.datastructures import Headers
from starlette.responses import Response

from shared.events.faults import Fault

TYPE_BASE = "https://motcua.vn/problems/"
MEDIA_TYPE = "application/problem+json"

Language = Literal["vi", "en"]


@dataclass(frozen=True)
class Kind:
    """A problem of the HTTP door itself: its status and its wording."""

    status: int
    title: str
    title_vi: str
    detail: str
    detail_vi: str


KINDS: Mapping[str, Kind] = {
    "refused": Kind(
        422,
        "The request was understood and refused.",
        "Yêu cầu bị từ chối.",
        "See the list of faults.",
        "Xem danh sách lỗi kèm theo.",
    ),
    "invalid-request": Kind(
        422,
        "The request does not have the agreed form.",
        "Yêu cầu không đúng định dạng.",
        "See the list of faults; /openapi.json describes the form.",
        "Xem danh sách lỗi kèm theo; định dạng được mô tả tại /openapi.json.",
    ),
    "unauthenticated": Kind(
        401,
        "A valid key is needed.",
        "Cần khóa truy cập hợp lệ.",
        "Send the header Authorization: Bearer mc_… with a key that has not expired.",
        "Gửi tiêu đề Authorization: Bearer mc_… với khóa còn hạn, hoặc đăng nhập lại.",
    ),
    "role-not-allowed": Kind(
        403,
        "This key's role may not do this.",
        "Vai trò của khóa này không được phép thực hiện việc này.",
        "Use a key with one of the roles that the route allows.",
        "Dùng khóa có vai trò được phép.",
    ),
    "outside-scope": Kind(
        403,
        "This unit is outside the key's scope.",
        "Đơn vị này nằm ngoài phạm vi của khóa.",
        "Ask for a unit of yours, or use a key whose scope holds this one.",
        "Chọn đơn vị của mình, hoặc dùng khóa có phạm vi bao gồm đơn vị này.",
    ),
    "wrong-csrf-token": Kind(
        403,
        "The form was not sent from its page, or the page is too old.",
        "Biểu mẫu không được gửi từ đúng trang, hoặc trang đã quá cũ.",
        "Open the page again and send the form from there.",
        "Mở lại trang rồi gửi lại biểu mẫu.",
    ),
    "not-found": Kind(
        404,
        "There is nothing at this address.",
        "Không tìm thấy nội dung tại địa chỉ này.",
        "Check the address.",
        "Kiểm tra lại địa chỉ.",
    ),
    "method-not-allowed": Kind(
        405,
        "This address does not take this method.",
        "Địa chỉ này không nhận phương thức này.",
        "The header Allow names the methods that it takes.",
        "Tiêu đề Allow nêu các phương thức được nhận.",
    ),
    "conflict": Kind(
        409,
        "The request contradicts what is recorded.",
        "Yêu cầu mâu thuẫn với dữ liệu đã ghi nhận.",
        "Read the present state, then decide.",
        "Đọc trạng thái hiện tại rồi quyết định.",
    ),
    "too-large": Kind(
        413,
        "The request is too large.",
        "Yêu cầu quá lớn.",
        "Send it in smaller parts.",
        "Chia nhỏ yêu cầu rồi gửi lại.",
    ),
    "unsupported-media-type": Kind(
        415,
        "This address does not take this type of content.",
        "Địa chỉ này không nhận loại nội dung này.",
        "Set the header Content-Type as /openapi.json says.",
        "Đặt tiêu đề Content-Type theo mô tả tại /openapi.json.",
    ),
    "too-many-requests": Kind(
        429,
        "Too many requests.",
        "Quá nhiều yêu cầu.",
        "Wait for as long as the header Retry-After says.",
        "Chờ theo thời gian nêu trong tiêu đề Retry-After rồi thử lại.",
    ),
    "bad-request": Kind(
        400,
        "The request could not be read.",
        "Không đọc được yêu cầu.",
        "Check its encoding and its form.",
        "Kiểm tra mã hóa và định dạng của yêu cầu.",
    ),
    "internal": Kind(
        500,
        "Something went wrong on our side.",
        "Hệ thống gặp lỗi.",
        "Nothing was lost that we confirmed; try again, and tell the operator when it lasts.",
        "Dữ liệu đã xác nhận không bị mất; hãy thử lại, và báo quản trị nếu lỗi còn tiếp diễn.",
    ),
    "unavailable": Kind(
        503,
        "The service cannot do this at the moment.",
        "Hệ thống tạm thời chưa thực hiện được yêu cầu này.",
        "Try again after the time that the header Retry-After says; nothing was recorded.",
        "Thử lại sau thời gian nêu trong tiêu đề Retry-After; yêu cầu chưa được ghi nhận.",
    ),
}
_BY_STATUS = {
    400: "bad-request",
    401: "unauthenticated",
    403: "role-not-allowed",
    404: "not-found",
    405: "method-not-allowed",
    409: "conflict",
    413: "too-large",
    415: "unsupported-media-type",
    422: "invalid-request",
    429: "too-many-requests",
    503: "unavailable",
}
_CLIENT_ERROR, _SERVER_ERROR = 400, 500


class ProblemError(Exception):
    """Raised anywhere while a request is answered, it becomes the answer.

    `rule` is one of KINDS, or with faults may be any rule of theirs. `detail` and `detail_vi`
    replace the kind's own words; they hold no personal data and no internals.
    """

    def __init__(
        self,
        rule: str,
        *,
        status: int | None = None,
        detail: str | None = None,
        detail_vi: str | None = None,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(rule)
        kind = KINDS.get(rule, KINDS["refused"])
        self.rule = rule
        self.kind = kind
        self.status = status or kind.status
        self.detail = detail
        self.detail_vi = detail_vi
        self.faults = tuple(faults)
        self.headers = dict(headers or {})


def refused(
    faults: Sequence[Fault], *, status: int = 422, headers: Mapping[str, str] | None = None
) -> ProblemError:
    """Make the problem of an event or command that was refused; its first fault names it."""
    assert faults, "a refusal has a reason"
    return ProblemError(faults[0].rule, status=status, faults=faults, headers=headers)


def unavailable(retry_after_seconds: int, what: str = "") -> ProblemError:
    """Make the problem of a service that lacks something for a while."""
    return ProblemError(
        "unavailable",
        detail=what or None,
        headers={"Retry-After": str(retry_after_seconds)},
    )


def of_status(status: int) -> ProblemError:
    """Make the problem that a bare HTTP status stands for."""
    fallback = "internal" if status >= _SERVER_ERROR else "bad-request"
    return ProblemError(_BY_STATUS.get(status, fallback), status=status)


@dataclass(frozen=True)
class _Words:
    title: str
    detail: str
    faults: list[dict[str, str]] = field(default_factory=list)


def document(problem: ProblemError, language: Language) -> dict[str, Any]:
    """Render a problem as the members of RFC 9457, with `faults` as an extension."""
    words = _words(problem, language)
    members: dict[str, Any] = {
        "type": TYPE_BASE + problem.rule,
        "title": words.title,
        "status": problem.status,
        "detail": words.detail,
    }
    return members | {"faults": words.faults} if words.faults else members


def fault_members(fault: Fault, language: Language) -> dict[str, str]:
    """Render one fault in one language."""
    vietnamese = language == "vi"
    return {
        "path": fault.path,
        "rule": fault.rule,
        "detail": fault.detail_vi if vietnamese else fault.detail,
        "remedy": fault.remedy_vi if vietnamese else fault.remedy,
    }


def response(problem: ProblemError, language: Language) -> Response:
    """Answer with a problem."""
    headers = {"Content-Language": language, "Vary": "Accept-Language", **problem.headers}
    if problem.status == KINDS["unauthenticated"].status:
        headers.setdefault("WWW-Authenticate", 'Bearer realm="motcua"')
    return Response(
        orjson.dumps(document(problem, language)),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=headers,
    )


def language_of(headers: Headers) -> Language:
    """Choose the language of an answer by Accept-Language; Vietnamese when nothing is said."""
    best: tuple[float, Language] = (0.0, "vi")
    for part in headers.get("accept-language", "")[:200].split(","):
        tag, _, parameters = part.strip().partition(";")
        weight = _weight(parameters)
        name = tag.strip().lower().split("-")[0]
        if name == "en" and weight > best[0]:
            best = (weight, "en")
        elif name == "vi" and weight >= best[0]:
            best = (weight, "vi")
    return best[1]


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0


def _words(problem: ProblemError, language: Language) -> _Words:
    kind, vietnamese = problem.kind, language == "vi"
    title = kind.title_vi if vietnamese else kind.title
    own = (problem.detail_vi or problem.detail) if vietnamese else problem.detail
    faults = [fault_members(fault, language) for fault in problem.faults]
    if own is None and faults:
        own = faults[0]["detail"]
    return _Words(title, own or (kind.detail_vi if vietnamese else kind.detail), faults)


def table() -> str:
    """Render the problem types of HTTP in Markdown, for whoever follows a type URI."""
    rows = [
        f"| `{TYPE_BASE}{rule}` | {kind.status} | {kind.title} | {kind.detail} |"
        for rule, kind in KINDS.items()
    ]
    return "\n".join(["| type | status | meaning | what to do |", "|---|---|---|---|", *rows])

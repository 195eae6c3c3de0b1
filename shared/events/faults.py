"""What is wrong with an event, in words that a human can act on.

A fault names the field (as a JSON pointer), the rule and the remedy; it never holds a value of
the event's data. The constructors below are for the rules that need a clock, the reference data
or what was recorded before; `inbound` finds the others.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from shared.events.rules import RULES as RULES  # noqa: PLC0414  # Re-exported on purpose.
from shared.events.transitions import Status

_NONE_YET: Final = "no status yet"
_NONE_YET_VI: Final = "chưa có trạng thái"
_NO_HINT: Final[dict[str, str | int]] = {"hint": "", "hint_vi": ""}

#: The statuses' names as the national portal prints them.
STATUS_VI: Final = {
    Status.SUBMITTED: "Mới đăng ký",
    Status.ACCEPTED: "Được tiếp nhận",
    Status.REFUSED: "Không được tiếp nhận",
    Status.PROCESSING: "Đang xử lý",
    Status.SUPPLEMENT_REQUESTED: "Yêu cầu bổ sung giấy tờ",
    Status.PAYMENT_REQUESTED: "Yêu cầu thực hiện nghĩa vụ tài chính",
    Status.WITHDRAWN: "Công dân yêu cầu rút hồ sơ",
    Status.STOPPED: "Dừng xử lý",
    Status.COMPLETED: "Đã xử lý xong",
    Status.RETURNED: "Đã trả kết quả",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where, by which rule, and what to do about it."""

    rule: str
    path: str
    detail: str
    remedy: str
    detail_vi: str
    remedy_vi: str

    def to_document(self) -> dict[str, str]:
        """Write the fault as the doors answer with it."""
        return {
            "path": self.path,
            "rule": self.rule,
            "detail": self.detail,
            "remedy": self.remedy,
            "detail_vi": self.detail_vi,
            "remedy_vi": self.remedy_vi,
        }


def fault(rule: str, path: str = "", **words: str | int) -> Fault:
    """Say that a rule is broken at a path, with the rule's words filled in.

    Raises:
        KeyError: No such rule, or a word that its sentences need is missing.
    """
    texts, words = RULES[rule], _NO_HINT | words
    return Fault(
        rule=rule,
        path=path,
        detail=texts.detail.format(**words),
        remedy=texts.remedy.format(**words),
        detail_vi=texts.detail_vi.format(**words),
        remedy_vi=texts.remedy_vi.format(**words),
    )


def wrong_source(publisher: str) -> Fault:
    """Say that the source is not the publisher's own."""
    return fault("wrong-source", "/source", publisher=publisher)


def unknown_publisher() -> Fault:
    """Say that nobody admitted this publisher."""
    return fault("unknown-publisher", "/source")


def not_allowed(path: str = "/type") -> Fault:
    """Say that the sender has not the right."""
    return fault("not-allowed", path)


def may_not_number(publisher: str) -> Fault:
    """Say that the sender may not give codes under this prefix, and how a publisher may."""
    return fault("may-not-number", "/subject", publisher=publisher)


def backfill_not_allowed() -> Fault:
    """Say that history comes through an import only."""
    return fault("backfill-not-allowed", "/backfill")


def future_time(path: str = "/time") -> Fault:
    """Say that a moment lies in the future."""
    return fault("future-time", path)


def unknown_unit(path: str) -> Fault:
    """Say that there is no such unit."""
    return fault("unknown-unit", path)


def unknown_procedure(path: str = "/data/procedure") -> Fault:
    """Say that there is no such procedure."""
    return fault("unknown-procedure", path)


def foreign_unit(path: str = "/receivingunit") -> Fault:
    """Say that the unit has nothing to do with the dossier."""
    return fault("foreign-unit", path)


def unknown_dossier(name: str) -> Fault:
    """Say that the event can't be a dossier's first."""
    return fault("unknown-dossier", "/subject", name=name)


def illegal_transition(
    name: str, current: Status | None, allowed: Iterable[Status | None]
) -> Fault:
    """Say that the transition table has no row for it, and which rows it has."""
    order = sorted(allowed, key=lambda status: 0 if status is None else int(status))
    texts = fault(
        "illegal-transition",
        "/type",
        name=name,
        current=_status(current),
        allowed=", ".join(map(_status, order)),
    )
    texts_vi = fault(
        "illegal-transition",
        "/type",
        name=name,
        current=_status_vi(current),
        allowed=", ".join(map(_status_vi, order)),
    )
    return Fault(
        rule=texts.rule,
        path=texts.path,
        detail=texts.detail,
        remedy=texts.remedy,
        detail_vi=texts_vi.detail_vi,
        remedy_vi=texts_vi.remedy_vi,
    )


def procedure_contradicts() -> Fault:
    """Say that the dossier was submitted for another procedure."""
    return fault("procedure-contradicts", "/data/procedure")


def unknown_event() -> Fault:
    """Say that a correction names an event that this subject does not have."""
    return fault("unknown-event", "/data/replaces")


def id_reused() -> Fault:
    """Say that the id was applied with other content."""
    return fault("id-reused", "/id")


def _status(status: Status | None) -> str:
    return _NONE_YET if status is None else f"{int(status)} ({status.name.lower()})"


def _status_vi(status: Status | None) -> str:
    return _NONE_YET_VI if status is None else f"{int(status)} ({STATUS_VI[status]})"

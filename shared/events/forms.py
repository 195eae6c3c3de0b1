"""The statistical forms II.06a and 07a/BTP: their columns, and the sums that must agree.

Columns 1 and 2 of both are the row's number and its field of administration; the columns here
begin with 3. Sources: form II.06a as printed under TT 01/2020/TT-VPCP; 07a/BTP by the list of
its columns (TT 09/2026/TT-BTP, one secondary source). The layout of 07a/BTP is not verified.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

FormCode = Literal["ii06a", "07a"]
FORM_CODES: Final[tuple[FormCode, ...]] = get_args(FormCode)
FIRST_COLUMN: Final = 3
COUNT_MAX: Final = 100_000_000
"""More than any unit can have; a larger number in a file is a mistake."""


ROWS_MAX: Final = 300
"""How many fields of administration a form may have."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a form.

    `balance`: what moved between units is netted here, so the number may be below zero.
    """

    code: str
    group: str
    vi: str
    en: str
    balance: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """Two sums of columns that must agree; with `at_most`, the left is not above the right."""

    left: tuple[str, ...]
    right: tuple[str, ...]
    at_most: bool = False

    def holds(self, numbers: Mapping[str, int]) -> bool:
        """Say whether a row's numbers agree."""
        left, right = total(numbers, self.left), total(numbers, self.right)
        return left <= right if self.at_most else left == right


@dataclass(frozen=True, slots=True)
class Form:
    """One form. `layout_verified`: somebody compared the columns with the text in force."""

    code: FormCode
    name: str
    vi: str
    en: str
    source: str
    layout_verified: bool
    columns: tuple[Column, ...]
    identities: tuple[Identity, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """Return the columns' codes, in order."""
        return tuple(column.code for column in self.columns)

    @property
    def last(self) -> int:
        """Return the number of the last column."""
        return FIRST_COLUMN + len(self.columns) - 1

    def number_of(self, code: str) -> int:
        """Return the number that a column has on the form."""
        return FIRST_COLUMN + self.codes.index(code)

    def column(self, code: str) -> Column:
        """Return a column by its code."""
        return self.columns[self.codes.index(code)]

    def broken(self, numbers: Mapping[str, int]) -> list[Identity]:
        """Return the identities that a row's numbers do not fulfil."""
        return [one for one in self.identities if not one.holds(numbers)]

    def text(self, one: Identity) -> str:
        """Write an identity by the columns' numbers, such as "3 = 4 + 5 + 6"."""
        left, right = (
            " + ".join(str(self.number_of(code)) for code in side)
            for side in (one.left, one.right)
        )
        return f"{left} {'≤' if one.at_most else '='} {right}"


def total(numbers: Mapping[str, int], codes: Iterable[str]) -> int:
    """Add some columns of a row up."""
    return sum(numbers[code] for code in codes)


GROUPS: Final[Mapping[str, tuple[str, str]]] = {
    "received": ("Tiếp nhận", "Received"),
    "awaiting": ("Chờ tiếp nhận", "To be received"),
    "left": ("Không giải quyết", "Not resolved"),
    "ended": ("Đã giải quyết", "Resolved"),
    "pending": ("Đang giải quyết", "Pending"),
    "ended_before": ("Giải quyết trước hạn", "Resolved before time"),
    "ended_on": ("Giải quyết đúng hạn", "Resolved on time"),
    "ended_late": ("Giải quyết quá hạn", "Resolved late"),
    "paid": ("Thanh toán", "Paid"),
}
"""The headings above columns that belong together, vi and en."""

_WITH: Final = ("có thư xin lỗi", "with a letter of apology")
_WITHOUT: Final = ("không có thư xin lỗi", "without a letter of apology")

II06A: Final = Form(
    code="ii06a",
    name="II.06a/VPCP/KSTT",
    vi="Tình hình, kết quả giải quyết thủ tục hành chính",
    en="State and results of the handling of administrative procedures",
    source="TT 01/2020/TT-VPCP",
    layout_verified=True,
    columns=(
        Column("handled", "received", "Tổng", "Total"),
        Column("received_online", "received", "Trực tuyến", "Online"),
        Column("received_offline", "received", "Trực tiếp, bưu chính", "In person, by post"),
        Column("carried", "received", "Từ kỳ trước", "Carried over", balance=True),
        Column("ended", "ended", "Tổng", "Total"),
        Column("ended_before_last_day", "ended", "Trước hạn", "Before"),
        Column("ended_on_day", "ended", "Đúng hạn", "On time"),
        Column("ended_late", "ended", "Quá hạn", "Late"),
        Column("pending", "pending", "Tổng", "Total"),
        Column("in_time_open", "pending", "Trong hạn", "In time"),
        Column("late_open", "pending", "Quá hạn", "Late"),
    ),
    identities=(
        Identity(("handled",), ("received_online", "received_offline", "carried")),
        Identity(("ended",), ("ended_before_last_day", "ended_on_day", "ended_late")),
        Identity(("pending",), ("in_time_open", "late_open")),
        Identity(("handled",), ("ended", "pending")),
    ),
)

ENDED_07A: Final = (
    "before_with_apology",
    "before_without_apology",
    "on_time_with_apology",
    "on_time_without_apology",
    "late_with_apology",
    "late_without_apology",
)
"""Resolved, by when and whether with a letter of apology; neither stopped nor withdrawn."""

RECEIVED_07A: Final = ("received_full", "received_partial", "received_direct", "received_post")

F07A: Final = Form(
    code="07a",
    name="07a/BTP",
    vi="Tình hình, kết quả giải quyết thủ tục hành chính",
    en="State and results of the handling of administrative procedures",
    source="TT 09/2026/TT-BTP",
    layout_verified=False,
    columns=(
        Column("awaiting_in_time", "awaiting", "Trong hạn", "In time"),
        Column("awaiting_late", "awaiting", "Quá hạn", "Late"),
        Column("not_received", "left", "Không tiếp nhận", "Not received"),
        Column("stopped", "left", "Dừng", "Stopped"),
        Column("withdrawn", "left", "Rút", "Withdrawn"),
        Column("carried", "received", "Từ kỳ trước", "Carried over", balance=True),
        Column("received_full", "received", "Trực tuyến toàn trình", "Fully online"),
        Column("received_partial", "received", "Trực tuyến một phần", "Partly online"),
        Column("received_direct", "received", "Trực tiếp", "In person"),
        Column("received_post", "received", "Bưu chính", "By post"),
        Column(
            "received_across",
            "received",
            "Trong đó phi địa giới",
            "Of these across boundaries",
        ),
        Column("before_with_apology", "ended_before", *_WITH),
        Column("before_without_apology", "ended_before", *_WITHOUT),
        Column("on_time_with_apology", "ended_on", *_WITH),
        Column("on_time_without_apology", "ended_on", *_WITHOUT),
        Column("late_with_apology", "ended_late", *_WITH),
        Column("late_without_apology", "ended_late", *_WITHOUT),
        Column("in_time_open", "pending", "Trong hạn", "In time"),
        Column("late_open", "pending", "Quá hạn", "Late"),
        Column("paid_online", "paid", "Trực tuyến", "Online"),
        Column("paid_counter", "paid", "Tại quầy", "At the counter"),
    ),
    identities=(
        Identity(
            ("carried", *RECEIVED_07A),
            ("stopped", "withdrawn", *ENDED_07A, "in_time_open", "late_open"),
        ),
        Identity(("received_across",), RECEIVED_07A, at_most=True),
    ),
)

FORMS: Final[Mapping[str, Form]] = {form.code: form for form in (II06A, F07A)}


@dataclass(frozen=True, slots=True)
class CrossCheck:
    """Columns of 07a/BTP that must make the same as columns of II.06a."""

    of_07a: tuple[str, ...]
    of_ii06a: tuple[str, ...]

    @property
    def text(self) -> str:
        """Write it by the columns' numbers."""
        left = " + ".join(str(F07A.number_of(code)) for code in self.of_07a)
        right = " + ".join(str(II06A.number_of(code)) for code in self.of_ii06a)
        return f"07a: {left} = II.06a: {right}"


CROSS_CHECKS: Final = (
    CrossCheck(("received_full", "received_partial"), ("received_online",)),
    CrossCheck(("received_direct", "received_post"), ("received_offline",)),
    CrossCheck(("carried",), ("carried",)),
    CrossCheck(("before_with_apology", "before_without_apology"), ("ended_before_last_day",)),
    CrossCheck(("stopped", "withdrawn", *ENDED_07A), ("ended",)),
    CrossCheck(("in_time_open",), ("in_time_open",)),
    CrossCheck(("late_open",), ("late_open",)),
)
"""What both forms say of the same unit and period."""

"""Writes `calendar.csv` anew: `python -m deploy.reference.build_calendar`.

The days off and the exchanged days come from the package `holidays`; what it lacks is in
`calendar_overrides.csv`, each row with its source. `TEXTS` names the legal texts that the days
were compared with. The result is committed and reviewed: no service asks the package.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import holidays

HERE: Final = Path(__file__).resolve().parent
FIELDS: Final = ("row", "day", "unit", "kind", "reason", "counterpart", "source", "verified")
FIRST_YEAR: Final = 2024

_PACKAGE: Final = "holidays 0.109 (VN)"


@dataclass(frozen=True, slots=True)
class Text:
    """A legal text, and the days off that it names: from `first` to `last` for a reason.

    Days between the two that have another reason are not its own. Both days of an exchange
    have the reason `swap`, so the span reaches over both.
    """

    first: date
    last: date
    reason: str
    source: str


_TET_2026: Final = "Thông báo 9441/TB-BNV"
_CULTURE_DAY: Final = "Nghị quyết 28/2026/QH16 ngày 24/04/2026"
_SWAP_2026: Final = "Công văn 12729/VPCP-KGVX"
_HOLIDAYS_2027: Final = "Công văn 10065/VPCP-KGVX ngày 02/10/2026"
_LAW: Final = "Bộ luật Lao động 2019 Đ.112"
_SUBSTITUTE_LAW: Final = "Bộ luật Lao động 2019 Đ.111.3, Đ.112"

# Through here the days are published, and why: decision record 0039.
PUBLISHED: Final = (
    (date(2024, 1, 1), date(2024, 12, 31), f"{_PACKAGE}, năm 2024", False),
    (date(2025, 1, 1), date(2025, 12, 31), f"{_PACKAGE}, năm 2025", False),
    (
        date(2026, 1, 1),
        date(2026, 12, 31),
        f"{_PACKAGE}; {_SWAP_2026}; {_TET_2026}; {_CULTURE_DAY}",
        False,
    ),
    (date(2027, 1, 1), date(2027, 10, 31), f"{_HOLIDAYS_2027}; {_SUBSTITUTE_LAW}", True),
)
# Days that several sources agree on; the package alone is the source of all others.
TEXTS: Final = (
    Text(date(2026, 2, 16), date(2026, 2, 20), "tet", _TET_2026),
    Text(date(2026, 8, 22), date(2026, 8, 31), "swap", _TET_2026),
    Text(date(2026, 11, 24), date(2026, 11, 24), "culture_day", _CULTURE_DAY),
    Text(date(2027, 1, 1), date(2027, 1, 1), "new_year", _LAW),
    Text(date(2027, 2, 4), date(2027, 2, 10), "tet", _HOLIDAYS_2027),
    Text(date(2027, 4, 16), date(2027, 4, 16), "hung_kings", _LAW),
    Text(date(2027, 4, 30), date(2027, 4, 30), "reunification_day", _LAW),
    Text(date(2027, 5, 1), date(2027, 5, 1), "labour_day", _LAW),
    Text(date(2027, 5, 3), date(2027, 5, 3), "substitute", _SUBSTITUTE_LAW),
    Text(date(2027, 9, 2), date(2027, 9, 3), "national_day", _HOLIDAYS_2027),
)
_REASONS: Final = (
    ("Tết Dương lịch", "new_year"),
    ("Hùng Vương", "hung_kings"),
    ("Chiến thắng", "reunification_day"),
    ("Lao động", "labour_day"),
    ("Quốc khánh", "national_day"),
    ("Văn hóa", "culture_day"),
    ("Tết", "tet"),
)
_INSTEAD_OF: Final = re.compile(r"thay cho ngày (\d{2})/(\d{2})/(\d{4})")
_SUBSTITUTE: Final = "nghỉ bù"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the file."""

    day: date
    kind: str
    reason: str
    counterpart: date | None
    source: str
    verified: bool
    unit: str = ""

    def cells(self) -> dict[str, str]:
        """Return the row as the file has it; its id is its day, or its year."""
        published = self.kind == "published_through"
        return {
            "row": f"VN-published-{self.day.year}" if published else f"VN-{self.day}",
            "day": self.day.isoformat(),
            "unit": self.unit,
            "kind": self.kind,
            "reason": self.reason,
            "counterpart": self.counterpart.isoformat() if self.counterpart else "",
            "source": self.source,
            "verified": "true" if self.verified else "false",
        }


def published_rows() -> Iterator[Row]:
    """Yield the rows that say which days are published."""
    for first, last, source, verified in PUBLISHED:
        yield Row(last, "published_through", "published", first, source, verified=verified)


def package_rows() -> Iterator[Row]:
    """Yield what the package knows of the published days.

    Raises:
        ValueError: the package names a day in a way that is not known here.
    """
    last = PUBLISHED[-1][1]
    years = range(FIRST_YEAR, last.year + 1)
    # A worked weekend day is known only beside the day it was exchanged with.
    for day, name in sorted(
        holidays.country_holidays("VN", years=years, language="vi").items()
    ):
        if day > last:
            continue
        exchanged = _INSTEAD_OF.search(name)
        if exchanged is not None:
            worked = date(*(int(part) for part in reversed(exchanged.groups())))
            yield _row(day, "off", "swap", worked)
            yield _row(worked, "work", "swap", day)
            continue
        yield _row(day, "off", "substitute" if _SUBSTITUTE in name else _reason(name))


def _row(day: date, kind: str, reason: str, counterpart: date | None = None) -> Row:
    """Return a row with the text that names its day; without one it is not verified."""
    for text in TEXTS:
        if text.reason == reason and text.first <= day <= text.last:
            return Row(day, kind, reason, counterpart, text.source, verified=True)
    return Row(day, kind, reason, counterpart, _PACKAGE, verified=False)


def override_rows() -> Iterator[Row]:
    """Yield the dated overrides that were entered by hand."""
    with (HERE / "calendar_overrides.csv").open(encoding="utf-8", newline="") as file:
        for cells in csv.DictReader(file):
            yield Row(
                date.fromisoformat(cells["day"]),
                cells["kind"],
                cells["reason"],
                date.fromisoformat(cells["counterpart"]) if cells["counterpart"] else None,
                cells["source"],
                cells["verified"] == "true",
                cells["unit"],
            )


def render() -> str:
    """Return the whole file; an override takes the place of the package's row of its day."""
    rows = {
        (row.day, row.unit, row.kind == "published_through"): row for row in published_rows()
    }
    for row in (*package_rows(), *override_rows()):
        rows[row.day, row.unit, False] = row
    text = io.StringIO()
    writer = csv.DictWriter(text, FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows[key].cells() for key in sorted(rows))
    return text.getvalue()


def _reason(name: str) -> str:
    for part, reason in _REASONS:
        if part in name:
            return reason
    msg = f"the package names a day that is not known here: {name}"
    raise ValueError(msg)


if __name__ == "__main__":
    (HERE / "calendar.csv").write_text(render(), encoding="utf-8")

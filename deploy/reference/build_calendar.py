"""Writes `calendar.csv` anew: `python -m deploy.reference.build_calendar`.

The days off and the exchanged days come from the package `holidays`; what it lacks is in
`calendar_overrides.csv`, each row with its source. The result is committed and reviewed: no
service asks the package.
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

# Through here the days are published, and why: decision record 0010.
PUBLISHED: Final = (
    (date(2024, 1, 1), date(2024, 12, 31), "holidays 0.109 (VN), năm 2024"),
    (date(2025, 1, 1), date(2025, 12, 31), "holidays 0.109 (VN), năm 2025"),
    (date(2026, 1, 1), date(2026, 12, 31), "holidays 0.109 (VN) và hoán đổi 25/12/2025"),
    (
        date(2027, 1, 1),
        date(2027, 1, 31),
        "Bộ luật Lao động 2019 Đ.112; lịch nghỉ Tết 2027 chưa tìm thấy văn bản",
    ),
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
_PACKAGE: Final = "holidays 0.109 (VN)"
_CULTURE: Final = "holidays 0.109 (VN); NQ 80-NQ/TW, chưa đối chiếu văn bản luật"
# Checked against what was announced: the nine days of Tết 2026.
_VERIFIED: Final = {("tet", 2026)}


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
    for first, last, source in PUBLISHED:
        yield Row(last, "published_through", "published", first, source, verified=False)


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
            yield Row(day, "off", "swap", worked, _PACKAGE, verified=False)
            yield Row(worked, "work", "swap", day, _PACKAGE, verified=False)
            continue
        reason = "substitute" if _SUBSTITUTE in name else _reason(name)
        source = _CULTURE if reason == "culture_day" else _PACKAGE
        yield Row(day, "off", reason, None, source, verified=(reason, day.year) in _VERIFIED)


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

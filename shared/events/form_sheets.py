"""A statistical form as the rows of a sheet: read, checked, and faults named by their cell.

The columns are found by the row that numbers them, "(1)", "(2)" …, as printed forms have it; a
formula beside the number, as in "(3)=(4)+(5)+(6)", is passed over.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.events.centres import ReportedColumn, ReportedRow
from shared.events.codes import SLUG_PATTERN
from shared.events.faults import Fault, fault
from shared.events.forms import COUNT_MAX, FIRST_COLUMN, ROWS_MAX, Column, Form, total
from shared.events.ids import derived_id

Cell = str | int | float | bool | None
Sheet = Sequence[Sequence[Cell]]

NAME_COLUMN: Final = 2
FAULTS_MAX: Final = 20
"""How many faults of one file are named."""

SLUG_WORDS_MAX: Final = 8
SLUG_CHARACTERS_MAX: Final = 64
_NUMBERED: Final = re.compile(r"\(?([0-9]{1,2})\)?\s*(?:=.*)?")
_COUNT: Final = re.compile(r"[0-9]{1,9}|[0-9]{1,3}(?:\.[0-9]{3}){1,2}")
_TOTAL: Final = re.compile(r"(?:tổng|cộng|total)\b", re.IGNORECASE)
_SLUG: Final = re.compile(SLUG_PATTERN)
_NONE: Final = frozenset({"", "-", "–"})


@dataclass(frozen=True, slots=True)
class _Found:
    """Where a form's columns are: the row of their numbers, and the place of each."""

    sheet: Sheet
    row: int
    places: Mapping[int, int]

    def cell(self, row: int, column: int) -> str:
        """Name a cell as a spreadsheet does."""
        return cell_name(row, self.places[column])


def read_form(form: Form, sheets: Sequence[Sheet]) -> tuple[ReportedRow, ...] | list[Fault]:
    """Return the rows of a form from the sheets of a file, or everything that is wrong."""
    found = next((one for sheet in sheets if (one := _columns(form, sheet))), None)
    if found is None:
        return [fault("sheet-without-columns", "", last=form.last)]
    rows, faults = _read(form, found)
    if faults:
        return faults[:FAULTS_MAX]
    if not rows:
        return [fault("sheet-without-rows", cell_name(found.row, found.places[1]))]
    if len(rows) > ROWS_MAX:
        return [fault("sheet-too-many-rows", "", limit=ROWS_MAX)]
    return tuple(
        ReportedRow(
            field=field,
            columns=tuple(
                ReportedColumn(column=code, count=numbers[code]) for code in form.codes
            ),
        )
        for field, numbers in rows.items()
    )


def report_id(subject: str, file_sha256: str, by: str, now: datetime) -> str:
    """Return the id of a report's event.

    Within a minute the same file is one report, so that a button that is pressed twice imports
    once; later it can be brought again.
    """
    return derived_id(subject, file_sha256, by, f"{now:%Y-%m-%dT%H:%M}")


def _read(form: Form, found: _Found) -> tuple[dict[str, Mapping[str, int]], list[Fault]]:
    """Read the rows below the columns' numbers, until the total."""
    rows: dict[str, Mapping[str, int]] = {}
    faults: list[Fault] = []
    for index in range(found.row + 1, len(found.sheet)):
        if len(faults) >= FAULTS_MAX:
            break
        numbers, wrong = _numbers(form, found, index)
        name = _name(found, index)
        if _is_total(found, index):
            faults += wrong or _total_faults(form, found, index, numbers, rows)
            break
        if not any(numbers.values()) and not wrong:
            continue  # A heading, or a field without a dossier.
        field = field_of(name)
        if field is None:
            wrong = [*wrong, fault("sheet-field-unnamed", found.cell(index, NAME_COLUMN))]
        elif field in rows:
            wrong = [*wrong, fault("sheet-field-twice", found.cell(index, NAME_COLUMN))]
        faults += wrong or list(_sum_faults(form, found, index, numbers))
        rows[field or name] = numbers
    return rows, faults


def cell_name(row: int, column: int) -> str:
    """Name a cell by its place, both counted from 0: (13, 2) is C14."""
    letters = ""
    left = column + 1
    while left:
        left, digit = divmod(left - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return f"{letters}{row + 1}"


def field_of(name: str) -> str | None:
    """Return the code of a field of administration: its name in plain letters.

    "Hộ tịch" is `ho_tich`, as the catalogue writes it; None if no letter is left.
    """
    plain = unicodedata.normalize("NFD", name.lower().replace("đ", "d"))
    plain = "".join(one for one in plain if not unicodedata.combining(one))
    words = re.findall(r"[a-z0-9]+", plain)
    while words and not words[0][0].isalpha():
        words.pop(0)
    head = words[: SLUG_WORDS_MAX - 1]
    rest = "".join(words[SLUG_WORDS_MAX - 1 :])
    slug = "_".join([*head, *([rest] if rest else [])])[:SLUG_CHARACTERS_MAX].rstrip("_")
    return slug if _SLUG.fullmatch(slug) else None


def _columns(form: Form, sheet: Sheet) -> _Found | None:
    for row, cells in enumerate(sheet):
        places: dict[int, int] = {}
        for place, cell in enumerate(cells):
            match = _NUMBERED.fullmatch(_text(cell))
            number = int(match.group(1)) if match else 0
            if number == len(places) + 1:
                places[number] = place
        if len(places) == form.last:
            return _Found(sheet, row, places)
    return None


def _text(cell: Cell) -> str:
    if cell is None or isinstance(cell, bool):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return unicodedata.normalize("NFC", str(cell)).strip()


def _at(found: _Found, row: int, column: int) -> Cell:
    cells, place = found.sheet[row], found.places[column]
    return cells[place] if place < len(cells) else None


def _name(found: _Found, row: int) -> str:
    return _text(_at(found, row, NAME_COLUMN))


def _is_total(found: _Found, row: int) -> bool:
    return any(_TOTAL.match(_text(_at(found, row, column))) for column in (1, NAME_COLUMN))


def _numbers(form: Form, found: _Found, row: int) -> tuple[dict[str, int], list[Fault]]:
    """Return a row's numbers by column; what is none counts as 0, and is a fault."""
    numbers: dict[str, int] = {}
    wrong: list[Fault] = []
    for number, column in enumerate(form.columns, start=FIRST_COLUMN):
        count = _count(_at(found, row, number), column)
        numbers[column.code] = count or 0
        if count is None:
            wrong.append(fault("sheet-no-count", found.cell(row, number), column=number))
    return numbers, wrong


def _count(cell: Cell, column: Column) -> int | None:
    if isinstance(cell, bool):
        return None
    text = _text(cell)
    if text in _NONE:
        return 0
    digits = text.removeprefix("-") if column.balance else text
    if not _COUNT.fullmatch(digits):
        return None
    count = int(digits.replace(".", ""))
    if count > COUNT_MAX:
        return None
    return -count if digits != text else count


def _sum_faults(
    form: Form, found: _Found, row: int, numbers: Mapping[str, int]
) -> Iterator[Fault]:
    for broken in form.broken(numbers):
        yield fault(
            "sheet-sum",
            found.cell(row, form.number_of(broken.left[0])),
            columns=form.text(broken),
            left=total(numbers, broken.left),
            right=total(numbers, broken.right),
        )


def _total_faults(
    form: Form,
    found: _Found,
    row: int,
    numbers: Mapping[str, int],
    rows: Mapping[str, Mapping[str, int]],
) -> list[Fault]:
    faults = []
    for number, code in enumerate(form.codes, start=FIRST_COLUMN):
        made = sum(one[code] for one in rows.values())
        if made != numbers[code]:
            cell = found.cell(row, number)
            faults.append(
                fault("sheet-total", cell, column=number, left=numbers[code], right=made)
            )
    return faults

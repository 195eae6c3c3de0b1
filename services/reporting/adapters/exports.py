"""Exports: XLSX written row by row in bounded memory, CSV, JSON; each with its definitions."""

import csv
import io
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import orjson
import xlsxwriter
from starlette.responses import Response

from shared.calendar.zone import ICT

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that a spreadsheet would run as a formula."""

Value = str | int | float | bool | None
Table = Iterable[Mapping[str, Any]]


class Export:
    """One table with what must be known to read it."""

    def __init__(
        self,
        name: str,
        columns: Sequence[tuple[str, str]],
        rows: Sequence[Mapping[str, Any]],
        about: Sequence[tuple[str, str]],
        beneath: Sequence[str] = (),
    ) -> None:
        """Take a table.

        Args:
            name: The file's name, without its ending.
            columns: The key of each column and its heading.
            rows: The rows, by key.
            about: What is said beside the table: period, moment, definitions.
            beneath: A second row of headings, as the numbers of a form's columns.
        """
        self.name = name
        self.columns = columns
        self.rows = rows
        self.about = about
        self.beneath = beneath

    def response(self, form: str) -> Response:
        """Answer in one of the forms: xlsx, csv, json."""
        write, kind = {
            "xlsx": (self.xlsx, XLSX),
            "csv": (self.csv, "text/csv; charset=utf-8"),
            "json": (self.json, "application/json"),
        }[form]
        body = write()
        headers = {"Content-Disposition": f'attachment; filename="{self.name}.{form}"'}
        return Response(body, media_type=kind, headers=headers)

    def xlsx(self) -> bytes:
        """Write a workbook; a text is always a string cell, whatever it begins with."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "export.xlsx"
            options = {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "tmpdir": folder,
            }
            book = xlsxwriter.Workbook(str(path), options)
            bold = book.add_format({"bold": True})
            sheet = book.add_worksheet("motcua")
            heads = 2 if self.beneath else 1
            sheet.freeze_panes(heads, 1)
            for column, (_, heading) in enumerate(self.columns):
                sheet.set_column(column, column, max(12, min(40, len(heading) + 4)))
                sheet.write_string(0, column, heading, bold)
            for column, text in enumerate(self.beneath):
                sheet.write_string(1, column, text, bold)
            for number, row in enumerate(self.rows, start=heads):
                for column, (key, _) in enumerate(self.columns):
                    _write(sheet, number, column, row.get(key))
            notes = book.add_worksheet("definitions")
            notes.set_column(0, 0, 28)
            notes.set_column(1, 1, 120)
            for number, (name, text) in enumerate(self.about):
                notes.write_string(number, 0, name, bold)
                notes.write_string(number, 1, text)
            book.close()
            return path.read_bytes()

    def csv(self) -> bytes:
        """Write CSV in UTF-8; a text that could be a formula is set off by an apostrophe."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow([heading for _, heading in self.columns])
        if self.beneath:
            writer.writerow(self.beneath)
        for row in self.rows:
            writer.writerow([_safe(row.get(key)) for key, _ in self.columns])
        writer.writerow([])
        for name, said in self.about:
            writer.writerow([_safe(name), _safe(said)])
        return text.getvalue().encode("utf-8-sig")

    def json(self) -> bytes:
        """Write the rows as they are, with what is said beside them."""
        keys = [key for key, _ in self.columns]
        return orjson.dumps(
            {
                "about": [{"name": name, "text": text} for name, text in self.about],
                "rows": [{key: row.get(key) for key in keys} for row in self.rows],
            }
        )


def _write(sheet: Any, row: int, column: int, value: Value) -> None:  # noqa: ANN401 - xlsxwriter has no types.
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value)
    else:
        sheet.write_string(row, column, _flat(value))


def _flat(value: object) -> str:
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)


def _safe(value: object) -> object:
    if value is None or isinstance(value, int | float):
        return value
    text = _flat(value)
    return f"'{text}" if text.startswith(DANGEROUS) else text


def stamped(moment: datetime) -> str:
    """Write a moment for a file's name."""
    return f"{moment.astimezone(ICT):%Y-%m-%d-%H%M}"

"""Read the cells of a workbook that a stranger may have made."""

import io
import zipfile
from typing import Final

import xlrd
from openpyxl import load_workbook

BYTES_MAX: Final = 900_000
UNPACKED_BYTES_MAX: Final = 30_000_000
SHEETS_MAX: Final = 10
ROWS_MAX: Final = 2_000
COLUMNS_MAX: Final = 100
TEXT_CHARACTERS_MAX: Final = 2_000
XLS_MAGIC: Final = bytes.fromhex("d0cf11e0a1b11ae1")

Cell = str | int | float | bool | None
Sheet = list[list[Cell]]


class UnreadableSheetError(Exception):
    """The bytes are no workbook that can be read."""


def read_sheets(data: bytes) -> list[Sheet]:
    """Return the cells of each sheet, row by row, cut off at the limits.

    Formulas give the value that was saved with them. Dates are of no use here and come as text.

    Raises:
        UnreadableSheetError: It is neither XLSX nor XLS, too large, damaged, or has a password.
    """
    if len(data) > BYTES_MAX:
        raise UnreadableSheetError("too large")
    try:
        return _xls(data) if data.startswith(XLS_MAGIC) else _xlsx(data)
    except UnreadableSheetError:
        raise
    except MemoryError:
        raise
    except Exception as error:
        raise UnreadableSheetError(type(error).__name__) from error


def _xls(data: bytes) -> list[Sheet]:
    book = xlrd.open_workbook(file_contents=data, on_demand=True, logfile=io.StringIO())
    try:
        sheets: list[Sheet] = []
        for index in range(min(book.nsheets, SHEETS_MAX)):
            sheet = book.sheet_by_index(index)
            rows = range(min(sheet.nrows, ROWS_MAX))
            sheets.append(
                [[_of_xls(one) for one in sheet.row(row)[:COLUMNS_MAX]] for row in rows]
            )
        return sheets
    finally:
        book.release_resources()


def _of_xls(cell: xlrd.sheet.Cell) -> Cell:
    """Return a cell's value; xlrd gives errors, dates and truth as numbers."""
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    if cell.ctype in {xlrd.XL_CELL_ERROR, xlrd.XL_CELL_DATE}:
        return f"#{cell.value}"
    return _plain(cell.value)


def _xlsx(data: bytes) -> list[Sheet]:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        if sum(one.file_size for one in packed.infolist()) > UNPACKED_BYTES_MAX:
            raise UnreadableSheetError("too large when unpacked")
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    try:
        sheets: list[Sheet] = []
        for sheet in book.worksheets[:SHEETS_MAX]:
            rows = sheet.iter_rows(max_row=ROWS_MAX, max_col=COLUMNS_MAX, values_only=True)
            sheets.append([[_plain(one) for one in row] for row in rows])
        return sheets
    finally:
        book.close()


def _plain(value: object) -> Cell:
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)[:TEXT_CHARACTERS_MAX]

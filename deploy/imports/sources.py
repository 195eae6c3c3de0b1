"""Reading exports: CSV, XLSX and XES as a stream of dossiers with their rows.

Memory does not grow with the file: XES is read trace by trace, tables go through a
temporary SQLite file that puts each dossier's rows together.
"""

import csv
import gzip
import json
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any, Final, cast
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from deploy.imports.profile import Profile

CELL_CHARACTERS_MAX: Final = 20_000
CASE_ROWS_MAX: Final = 5_000
COLUMNS_MAX: Final = 500
SPOOL_ROWS: Final = 1_000
CHUNK_BYTES: Final = 1_048_576

Values = Mapping[str, str]


class SourceError(Exception):
    """The export cannot be read; the text says where and how to mend it."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row, or one event of a trace; `number` counts from 1 through the whole file."""

    number: int
    values: Values
    fault: str | None = None  # Why the row could not even be read.


@dataclass(frozen=True, slots=True)
class SourceCase:
    """One dossier of the export; its columns are those of its first row or of its trace."""

    number: int
    values: Values
    rows: Sequence[SourceRow] = field(default=())
    fault: str | None = None


def read_cases(path: Path, profile: Profile) -> Iterator[SourceCase]:
    """Yield the dossiers of an export, in the order in which they first appear.

    Raises:
        SourceError: the file is not what the profile says.
    """
    try:
        if profile.format == "xes":
            yield from _read_xes(path)
            return
        rows = (
            _read_csv(path, profile) if profile.format == "csv" else _read_xlsx(path, profile)
        )
        if profile.layout == "cases":
            yield from (SourceCase(row.number, row.values, (), row.fault) for row in rows)
        else:
            yield from _grouped(rows, profile.case.code.column)
    except FileNotFoundError:
        raise SourceError(f"There is no file {path}.") from None
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{path} is not {profile.encoding} (byte {error.start}): "
            "set `encoding` in the profile."
        ) from None
    except LookupError as error:
        raise SourceError(f"{path}: {error}; correct the profile.") from None
    except (OSError, EOFError, zipfile.BadZipFile, InvalidFileException) as error:
        raise SourceError(f"{path} cannot be read as {profile.format}: {error}.") from None


def columns_of(path: Path, profile: Profile) -> frozenset[str] | None:
    """Return the columns of a table, or None for XES, whose attributes vary by trace."""
    if profile.format == "xes":
        return None
    for case in read_cases(path, profile):
        first = case.rows[0] if case.rows else case
        return frozenset(first.values)
    return frozenset()


def _read_csv(path: Path, profile: Profile) -> Iterator[SourceRow]:
    csv.field_size_limit(CELL_CHARACTERS_MAX * 10)
    with path.open(encoding=profile.encoding, newline="") as file:
        reader = csv.reader(file, delimiter=profile.delimiter)
        try:
            header = _header(next(reader, []), path)
            for number, cells in enumerate(reader, start=1):
                if cells:
                    yield _table_row(number, header, cells)
        except csv.Error as error:
            raise SourceError(
                f"{path}, line {reader.line_num}: {error}; check `delimiter` in the profile."
            ) from None


def _read_xlsx(path: Path, profile: Profile) -> Iterator[SourceRow]:
    with path.open("rb") as file:
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        try:
            if profile.sheet is not None and profile.sheet not in book.sheetnames:
                offered = ", ".join(book.sheetnames)
                raise SourceError(f"{path} has no sheet {profile.sheet!r}; it has {offered}.")
            sheet = book[profile.sheet] if profile.sheet else book.worksheets[0]
            rows = sheet.iter_rows(values_only=True)
            header = _header([_cell(cell) for cell in next(rows, ())], path)
            for number, cells in enumerate(rows, start=1):
                texts = [_cell(cell) for cell in cells]
                if any(texts):
                    yield _table_row(number, header, texts[: len(header)])
        finally:
            book.close()


def _header(cells: Sequence[str], path: Path) -> list[str]:
    header = [cell.strip() for cell in cells]
    while header and not header[-1]:
        header.pop()
    if not header or len(header) > COLUMNS_MAX:
        raise SourceError(f"{path} has no first row with the names of its columns.")
    if repeated := sorted({name for name in header if header.count(name) > 1}):
        raise SourceError(f"{path} has two columns {repeated[0]!r}: rename one.")
    return header


def _table_row(number: int, header: Sequence[str], cells: Sequence[str]) -> SourceRow:
    values = {name: cell.strip() for name, cell in zip(header, cells, strict=False)}
    fault = None
    if len(cells) != len(header):
        fault = f"the row has {len(cells)} cells, its header {len(header)}"
    elif any(len(cell) > CELL_CHARACTERS_MAX for cell in cells):
        fault = f"a cell is longer than {CELL_CHARACTERS_MAX} characters"
    return SourceRow(number, values, fault)


def _cell(value: Any) -> str:  # noqa: ANN401 -- A spreadsheet's cell may hold anything.
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _grouped(rows: Iterator[SourceRow], code_column: str) -> Iterator[SourceCase]:
    """Put each dossier's rows together, however they are scattered over the file."""
    with (
        tempfile.TemporaryDirectory(prefix="motcua-import-") as folder,
        closing(sqlite3.connect(Path(folder) / "rows.db")) as spool,
    ):
        spool.execute("PRAGMA journal_mode = OFF")
        spool.execute("CREATE TABLE rows (code TEXT, number INTEGER, cells TEXT, fault TEXT)")
        spool.execute("CREATE TABLE cases (code TEXT PRIMARY KEY, first INTEGER)")
        pending: list[tuple[str, int, str, str | None]] = []
        for row in rows:
            code = row.values.get(code_column) or f"\0{row.number}"
            cells = json.dumps(dict(row.values), ensure_ascii=False)
            pending.append((code, row.number, cells, row.fault))
            if len(pending) >= SPOOL_ROWS:
                _spool(spool, pending)
        _spool(spool, pending)
        spool.execute("CREATE INDEX by_code ON rows (code, number)")
        found = spool.execute(
            "SELECT c.first, r.number, r.cells, r.fault FROM cases c "
            "JOIN rows r ON r.code = c.code ORDER BY c.first, r.number"
        )
        case: list[SourceRow] = []
        current: int | None = None
        for first, number, cells, fault in found:
            if first != current and case:
                yield _table_case(case)
                case = []
            current = first
            case.append(SourceRow(number, json.loads(cells), fault))
        if case:
            yield _table_case(case)


def _spool(spool: sqlite3.Connection, pending: list[tuple[str, int, str, str | None]]) -> None:
    spool.executemany("INSERT INTO rows VALUES (?, ?, ?, ?)", pending)
    spool.executemany(
        "INSERT OR IGNORE INTO cases VALUES (?, ?)", [(one[0], one[1]) for one in pending]
    )
    spool.commit()
    pending.clear()


def _table_case(rows: list[SourceRow]) -> SourceCase:
    fault = None
    if len(rows) > CASE_ROWS_MAX:
        fault = f"the dossier has {len(rows)} rows; the limit is {CASE_ROWS_MAX}"
    return SourceCase(rows[0].number, rows[0].values, tuple(rows), fault)


def _read_xes(path: Path) -> Iterator[SourceCase]:
    with _opened(path) as file:
        number, trace_number = 0, 0
        try:
            for happened, element in iterparse(file, events=("start", "end"), forbid_dtd=True):
                if happened == "start" or _tag(element) != "trace":
                    continue
                trace_number += 1
                rows = []
                for child in element:
                    if _tag(child) == "event":
                        number += 1
                        rows.append(SourceRow(number, _attributes(child)))
                fault = None
                if len(rows) > CASE_ROWS_MAX:
                    fault = f"the trace has {len(rows)} events; the limit is {CASE_ROWS_MAX}"
                yield SourceCase(trace_number, _attributes(element), tuple(rows), fault)
                element.clear()
        except ParseError as error:
            raise SourceError(f"{path} is not well-formed XES: {error}.") from None
        except DefusedXmlException:
            raise SourceError(
                f"{path} holds a document type or entities, which no log needs: remove them."
            ) from None
        if trace_number == 0:
            raise SourceError(f"{path} holds no trace: is it an XES log?")


def _opened(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return cast("IO[bytes]", gzip.open(path, "rb"))
    return path.open("rb")


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _attributes(element: Element) -> Values:
    return {
        child.get("key", ""): (child.get("value") or "").strip()[:CELL_CHARACTERS_MAX]
        for child in element
        if _tag(child) not in {"event", "trace"} and child.get("key")
    }


def extent(path: Path, profile: Profile) -> int | None:
    """Return how many traces or rows there are about, for a progress bar; None if unknown."""
    try:
        if profile.format == "xes":
            with _opened(path) as file:
                return _count(file, b"</trace>")
        if profile.format == "csv":
            with path.open("rb") as file:
                return _count(file, b"\n") - 1
    except (OSError, EOFError):
        return None  # Reading it in earnest says what is wrong.
    return None


def _count(file: IO[bytes], mark: bytes) -> int:
    found, tail = 0, b""
    while chunk := file.read(CHUNK_BYTES):
        block = tail + chunk
        found += block.count(mark)
        tail = block[-(len(mark) - 1) :] if len(mark) > 1 else b""
    return found

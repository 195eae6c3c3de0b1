"""Statistical forms are read from XLS and XLSX; what is wrong names its cell and a remedy."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from shared.events.centres import ReportedRow
from shared.events.faults import Fault
from shared.events.form_sheets import cell_name, field_of, read_form
from shared.events.forms import F07A, II06A, Form
from shared.sheets.reading import BYTES_MAX, UnreadableSheetError, read_sheets

XLS = Path(__file__).parent / "files" / "ii06a.xls"
HO_TICH = (120, 70, 40, 10, 100, 60, 35, 5, 20, 18, 2)
CHUNG_THUC = (30, 10, 20, 0, 30, 30, 0, 0, 0, 0, 0)


def workbook(*rows: Sequence[Any], form: Form = II06A) -> bytes:
    """Write a form as XLSX: a title, the numbers of its columns in row 2, then rows."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Biểu"])
    sheet.append([f"({number})" for number in range(1, form.last + 1)])
    for row in rows:
        sheet.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def read(content: bytes, form: Form = II06A) -> tuple[ReportedRow, ...] | list[Fault]:
    """Read a form."""
    return read_form(form, read_sheets(content))


def numbers(row: ReportedRow) -> tuple[int, ...]:
    """Return a row's numbers."""
    return tuple(one.count for one in row.columns)


def test_an_old_workbook_is_read_as_it_is_printed() -> None:
    """XLS with formulas beside the column numbers, a total and a line for the signature."""
    rows = read(XLS.read_bytes())
    assert isinstance(rows, tuple)
    assert [(one.field, numbers(one)) for one in rows] == [
        ("ho_tich", HO_TICH),
        ("chung_thuc", CHUNG_THUC),
    ]


def test_headings_empty_fields_and_written_numbers_are_read() -> None:
    """A heading has no numbers; an empty cell and a dash are none; 1.200 is a number."""
    big = ("1.200", 1200, "-", None, "1.200", 1200, 0, 0, 0, None, "–")
    rows = read(workbook(["I", "Cấp xã"], [1, "Hộ tịch", *big], [2, "Đất đai"]))
    assert isinstance(rows, tuple)
    assert [(one.field, numbers(one)[0]) for one in rows] == [("ho_tich", 1200)]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([[1, "Hộ tịch", 121, *HO_TICH[1:]]], [("sheet-sum", "C3"), ("sheet-sum", "C3")]),
        (
            [[1, "Hộ tịch", *HO_TICH[:4], 99, *HO_TICH[5:]]],
            [("sheet-sum", "G3"), ("sheet-sum", "C3")],
        ),
        ([[1, "Hộ tịch", 1.5, *HO_TICH[1:]]], [("sheet-no-count", "C3")]),
        ([[1, "Hộ tịch", "nhiều", *HO_TICH[1:]]], [("sheet-no-count", "C3")]),
        ([[1, "Hộ tịch", -1, *HO_TICH[1:]]], [("sheet-no-count", "C3")]),
        ([[1, "Hộ tịch", True, *HO_TICH[1:]]], [("sheet-no-count", "C3")]),
        ([[1, None, *HO_TICH]], [("sheet-field-unnamed", "B3")]),
        ([[1, "Hộ tịch", *HO_TICH], [2, "HỘ TỊCH", *HO_TICH]], [("sheet-field-twice", "B4")]),
        (
            [[1, "Hộ tịch", *HO_TICH], [None, "Tổng số", 121, *HO_TICH[1:]]],
            [("sheet-total", "C4")],
        ),
        ([], [("sheet-without-rows", "A2")]),
    ],
)
def test_what_is_wrong_names_its_cell(
    rows: list[list[Any]], expected: list[tuple[str, str]]
) -> None:
    """Sums of rows, totals, numbers and names, each with what to do."""
    found = read(workbook(*rows))
    assert isinstance(found, list)
    assert sorted((one.rule, one.path) for one in found) == sorted(expected)
    assert all(one.remedy and one.remedy_vi for one in found)


def test_a_file_of_the_other_form_has_not_the_columns() -> None:
    """The numbers of its columns end too early."""
    found = read(workbook([1, "Hộ tịch", *HO_TICH]), F07A)
    assert isinstance(found, list)
    assert [one.rule for one in found] == ["sheet-without-columns"]


def test_form_07a_is_read_with_its_balance() -> None:
    """Column 8 alone may lie below zero: more moved away than was there."""
    row = dict.fromkeys(F07A.codes, 0) | {
        "carried": -1,
        "received_direct": 3,
        "on_time_without_apology": 2,
    }
    rows = read(workbook([1, "Hộ tịch", *row.values()], form=F07A), F07A)
    assert isinstance(rows, tuple)
    assert numbers(rows[0]) == tuple(row.values())


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04", b"%PDF-1.7", XLS.read_bytes()[:600], b"\0" * (BYTES_MAX + 1)],
)
def test_what_is_no_workbook_is_refused(content: bytes) -> None:
    """Damaged, foreign or too large: one error, whatever the library raises."""
    with pytest.raises(UnreadableSheetError):
        read_sheets(content)


def test_every_damaged_workbook_is_refused_or_read() -> None:
    """A byte that is turned never raises anything else."""
    whole = XLS.read_bytes()
    for place in range(0, len(whole), 41):
        damaged = whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]
        try:
            read_sheets(damaged)
        except UnreadableSheetError:
            continue


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("Hộ tịch", "ho_tich"),
        ("Đất đai", "dat_dai"),
        ("2. Bảo trợ xã hội", "bao_tro_xa_hoi"),
        (
            "Thành lập và hoạt động của hộ kinh doanh cá thể",
            "thanh_lap_va_hoat_dong_cua_ho_kinhdoanhcathe",
        ),
        ("12", None),
    ],
)
def test_a_field_is_named_by_its_plain_letters(name: str, field: str | None) -> None:
    """As the catalogue writes codes of fields."""
    assert field_of(name) == field


def test_cells_are_named_as_a_spreadsheet_does() -> None:
    """Letters go on behind Z."""
    assert [cell_name(13, 2), cell_name(0, 26), cell_name(9, 51)] == ["C14", "AA1", "AZ10"]

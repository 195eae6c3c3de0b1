"""Exports hold what the page shows, say what it means, and run no formulas."""

import csv
import io

import openpyxl
import pytest
from starlette.testclient import TestClient

from services.reporting.adapters.exports import Export
from shared.events.form_sheets import read_form
from shared.events.forms import FORM_CODES, FORMS, FormCode
from shared.sheets.reading import read_sheets

EVIL = '=HYPERLINK("http://example.org")'
SMALL = Export(
    "small",
    [("name", "name"), ("count", "count")],
    [{"name": EVIL, "count": 3}, {"name": "@cmd", "count": None}],
    [("period", "+1")],
)
Headers = dict[str, str]


def test_a_workbook_holds_text_as_text() -> None:
    """A cell that begins like a formula is a string."""
    book = openpyxl.load_workbook(io.BytesIO(SMALL.xlsx()))
    cell = book["motcua"]["A2"]
    assert (cell.data_type, cell.value) == ("s", EVIL)
    assert book["motcua"]["B2"].value == 3
    assert book["definitions"]["B1"].data_type == "s"


def test_csv_sets_formulas_off() -> None:
    """Spreadsheets that open it run nothing."""
    rows = list(csv.reader(io.StringIO(SMALL.csv().decode("utf-8-sig"))))
    assert rows[1] == [f"'{EVIL}", "3"]
    assert rows[2][0] == "'@cmd"
    assert rows[-1] == ["period", "'+1"]


@pytest.mark.parametrize("form", ["xlsx", "csv", "json"])
def test_the_overview_exports_the_figures_of_the_page(
    client: TestClient, province: Headers, form: str
) -> None:
    """The same numbers, by unit and in all, with definitions and the moment."""
    figures = client.get("/v1/figures?period=this_month", headers=province).json()
    answer = client.get(f"/export/overview.{form}?period=this_month", headers=province)
    assert answer.status_code == 200
    assert f".{form}" in answer.headers["content-disposition"]
    if form == "json":
        total = answer.json()["rows"][-1]
        assert total["received"] == figures["received"]
        assert total["on_time_num"] == figures["on_time_law"]["num"]
        assert any(one["name"] == "data as of" for one in answer.json()["about"])
    elif form == "csv":
        assert "Tổng" in answer.content.decode("utf-8-sig")
    else:
        book = openpyxl.load_workbook(io.BytesIO(answer.content))
        headings = [cell.value for cell in book["motcua"][1]]
        last = [cell.value for cell in book["motcua"][book["motcua"].max_row]]
        assert last[headings.index("received")] == figures["received"]


def test_rows_export_whole_however_many_pages_there_are(
    client: TestClient, province: Headers
) -> None:
    """An export is not cut at a page."""
    total = client.get("/v1/rows?figure=received", headers=province).json()["total"]
    exported = client.get("/export/rows.json?figure=received&period=all", headers=province)
    assert len(exported.json()["rows"]) == total
    assert total > 50


def test_an_unknown_form_is_refused(client: TestClient, province: Headers) -> None:
    """Only three forms are written."""
    answer = client.get("/export/overview.exe", headers=province)
    assert answer.status_code == 422


@pytest.mark.parametrize("code", FORM_CODES)
def test_a_form_in_a_file_is_read_as_the_import_reads_forms(
    client: TestClient, province: Headers, code: FormCode
) -> None:
    """Its columns are numbered and its sums agree; what is not known has no zeros."""
    path = f"/export/forms/{code}"
    query = "unit=06112&period=all"
    answer = client.get(f"{path}.xlsx?{query}", headers=province)
    rows = read_form(FORMS[code], read_sheets(answer.content))
    assert isinstance(rows, tuple), rows
    written = client.get(f"{path}.json?{query}", headers=province).json()
    total = written["rows"][-1]
    for index, column in enumerate(FORMS[code].columns):
        assert sum(row.columns[index].count for row in rows) == total[column.code]
    names = {one["name"]: one["text"] for one in written["about"]}
    assert ("Bố cục" in names) == (code == "07a")
    whole = client.get(f"{path}.csv?period=all", headers=province).content.decode("utf-8-sig")
    assert "submissions" not in whole
    silent = next(line for line in whole.splitlines() if "Xã Quốc Khánh" in line)
    assert set(silent.partition("Xã Quốc Khánh")[2].strip()) == {","}

"""Every case in the runbook's table of recovery is shown by a test on real engines."""

import ast
import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = ROOT / "deploy" / "runbook" / "recovery.md"
CELLS: Final = 6
ON_ENGINES: Final = frozenset({"connected", "recovery"})


def rows() -> list[list[str]]:
    """Return the cells of each row of the table."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    table = [line for line in lines if line.startswith("| ")][1:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


@pytest.mark.parametrize("row", rows(), ids=lambda row: str(row[0])[:40])
def test_each_case_names_its_test(row: list[str]) -> None:
    """The test is there, on real engines, and each cell says something."""
    assert len(row) == CELLS
    assert all(row)
    path, name = row[-1].strip("`").split("::")
    source = (ROOT / path).read_text(encoding="utf-8")
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    assert name in {
        one.name for one in ast.walk(ast.parse(source)) if isinstance(one, functions)
    }
    assert ON_ENGINES & set(re.findall(r"pytest\.mark\.(\w+)", source))

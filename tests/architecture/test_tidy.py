"""What no linter checks: the size of modules and functions, and the files a checkout has."""

import ast
from pathlib import Path

import pytest

from shared.ops.log import ALLOWED

ROOT = Path(__file__).resolve().parents[2]
MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
CODE = sorted(
    path
    for folder in ("services", "shared", "deploy")
    for path in (ROOT / folder).rglob("*.py")
)


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_and_functions_can_be_read_at_once(path: Path) -> None:
    """A module has at most 400 lines and a function at most 70."""
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MODULE_LINES_MAX, "split the module by concept"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= FUNCTION_LINES_MAX, f"{node.name} has {length} lines"


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_field_of_a_log_line_is_dropped(path: Path) -> None:
    """Only fields that are named as free of personal data are written; others would be lost."""
    levels = {"debug", "info", "warning", "error", "exception"}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="LOG" | "_log"), attr=level)):
                fields = {one.arg for one in node.keywords if level in levels and one.arg}
                assert fields <= ALLOWED | {"exc_info"}, f"{path}:{node.lineno}"
            case _:
                continue


def test_the_top_level_is_as_agreed() -> None:
    """The folders and files that the order names exist, and the CI script can be run."""
    for name in ("services", "shared", "deploy", "tests", "Makefile", "pyproject.toml"):
        assert (ROOT / name).exists(), name
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111, ".ci/run has no run bit"

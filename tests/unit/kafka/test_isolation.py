"""Every consumer of the product reads committed records only."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
FOLDERS = ("shared", "services", "deploy")


def made(name: str) -> Iterator[tuple[Path, ast.Call]]:
    """Find each call of this name in the product's code."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(name):
                    yield path, node


def test_each_client_is_made_with_what_every_reader_is_made_with() -> None:
    """An aborted transaction was never sent; only the question about ends sets it anew."""
    calls = list(made("AIOKafkaConsumer"))
    assert len(calls) >= 4
    for path, call in calls:
        assert "reader_options()" in ast.unparse(call), f"{path}:{call.lineno}"


def test_each_subscription_reads_committed() -> None:
    """FastStream's default is the other one."""
    calls = list(made(".subscriber"))
    assert calls
    for path, call in calls:
        assert "isolation_level=READ_COMMITTED" in ast.unparse(call), f"{path}:{call.lineno}"

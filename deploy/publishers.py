"""The publishers of an embedded installation, remembered beside its broker.

A broker that lost its data has no topic that names them, so the folder keeps their names.
"""

from pathlib import Path
from typing import Final

FILE: Final = "publishers"


def remembered(data: Path) -> frozenset[str]:
    """Return the publishers that were added, as far as the folder knows."""
    try:
        return frozenset((data / FILE).read_text(encoding="ascii").split())
    except OSError:
        return frozenset()


def remember(data: Path, *names: str) -> None:
    """Add publishers to those that are remembered."""
    _write(data, remembered(data) | set(names))


def forget(data: Path, name: str) -> None:
    """Take away a publisher that was retired."""
    _write(data, remembered(data) - {name})


def _write(data: Path, names: frozenset[str]) -> None:
    if names == remembered(data):
        return
    partial = data / f"{FILE}.partial"
    partial.write_text("".join(f"{name}\n" for name in sorted(names)), encoding="ascii")
    partial.replace(data / FILE)

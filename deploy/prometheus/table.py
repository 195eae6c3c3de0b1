"""Keeps the README's table of metrics as the code declares them."""

from pathlib import Path
from typing import Final

from shared.ops.metrics import table

README: Final = Path(__file__).parent / "README.md"
BEGIN: Final = "<!-- metrics: written by `python -m deploy.prometheus.table` -->\n"
END: Final = "<!-- end of metrics -->\n"


def text() -> str:
    """Give the README with the present table in it."""
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{table()}\n{END}{after}"


def main() -> None:
    """Write the README."""
    README.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()

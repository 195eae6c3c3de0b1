"""Make the checkout importable, and `motcua` callable, in its virtual environment.

An editable install would have pip fetch the build backend, which no lock file of ours
covers. Two files do the same: a path entry, and a script.
"""

import sys
from pathlib import Path

SCRIPT = """#!{python}
import sys

from deploy.cli.main import run

sys.exit(run())
"""


def main(venv: Path) -> None:
    """Write the path entry and the script into `venv`."""
    root = Path(__file__).resolve().parent.parent
    (site_packages,) = venv.resolve().glob("lib/python3.*/site-packages")
    (site_packages / "motcua.pth").write_text(f"{root}\n", encoding="utf-8")
    script = venv.resolve() / "bin" / "motcua"
    script.write_text(SCRIPT.format(python=venv.resolve() / "bin" / "python"), encoding="utf-8")
    script.chmod(0o755)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

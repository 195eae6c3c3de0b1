"""Write the contract's files: `python -m shared.events.generate`.

`--release N` keeps today's schemas in `released/vN/schemas.json`, once, and adds golden files
for types that have none. What was released is never written over.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from shared.events.publishing.files import contract, golden
from shared.events.publishing.schemas import all_schemas

PROGRAM: Final = "python -m shared.events.generate"
CONTRACT: Final = Path(__file__).parent / "contract"
GOLDEN: Final = Path(__file__).parents[2] / "tests" / "contract" / "golden"


def drift(folder: Path = CONTRACT) -> list[str]:
    """Name the files that differ from what the sources say, those too many included."""
    wanted = contract()
    written = {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_file() and "released" not in path.relative_to(folder).parts
    }
    stale = [path for path in written if path not in wanted]
    differing = [
        path
        for path, text in wanted.items()
        if path not in written or written[path].read_text(encoding="utf-8") != text
    ]
    return sorted({*stale, *differing})


def write(folder: Path = CONTRACT) -> list[str]:
    """Write what differs, remove what is too many, and name both."""
    changed = drift(folder)
    wanted = contract()
    for path in changed:
        target = folder / path
        if path in wanted:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(wanted[path], encoding="utf-8")
        else:
            target.unlink()
    return changed


def release(number: int, folder: Path = CONTRACT, events: Path = GOLDEN) -> list[str]:
    """Keep today's schemas as a release, and a golden file of every type without one.

    Raises:
        FileExistsError: The release is there already.
    """
    target = folder / "released" / f"v{number}" / "schemas.json"
    if target.exists():
        raise FileExistsError(f"{target} was released; choose another number")
    target.parent.mkdir(parents=True)
    kept = dict(all_schemas())
    target.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    events.mkdir(parents=True, exist_ok=True)
    missing = {name: text for name, text in golden().items() if not (events / name).exists()}
    for name, value in missing.items():
        (events / name).write_bytes(value)
    return [str(target.relative_to(folder)), *missing]


def main(arguments: Sequence[str]) -> int:
    """Run the command and say what it wrote."""
    parser = argparse.ArgumentParser(
        prog="python -m shared.events.generate", description=__doc__
    )
    parser.add_argument("--check", action="store_true", help="write nothing; say what differs")
    parser.add_argument("--release", type=int, metavar="N", help="keep today's schemas")
    chosen = parser.parse_args(arguments)
    changed = drift() if chosen.check else write()
    if chosen.release is not None:
        changed += release(chosen.release)
    sys.stdout.write("".join(f"{path}\n" for path in changed))
    return 1 if chosen.check and changed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

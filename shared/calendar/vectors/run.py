"""Runs the published vectors against any engine; needs nothing but Python's own library.

Copy this folder and say `python run.py --command "./your-engine"`. The command is started once,
gets one question to a line on its standard input, and answers each with one line of JSON on its
standard output, in order. The README beside this file documents both.
"""

import argparse
import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

Json = Mapping[str, Any]
Answer = Callable[[Json], Json]
VECTORS = Path(__file__).resolve().parent / "deadlines.json"
SHOWN_MAX = 20


def questions(vectors: Json) -> Iterator[dict[str, Any]]:
    """Yield each case with its calendar and opening hours written out."""
    for vector in vectors["cases"]:
        yield {
            "name": vector["name"],
            "calendar": vectors["calendars"][vector["calendar"]],
            "opening": vectors["openings"][vector["opening"]],
            "case": vector["case"],
        }


def differences(expected: Json, answered: object) -> list[str]:
    """Return what is not as expected; fields that the vector does not name are not judged."""
    if not isinstance(answered, Mapping):
        return [f"no JSON object: {answered!r}"]
    return [
        f"{name}: expected {value!r}, got {answered.get(name)!r}"
        for name, value in expected.items()
        if answered.get(name) != value
    ]


def failures(vectors: Json, answered: Iterable[object]) -> Iterator[str]:
    """Yield a line for each vector that was answered otherwise, or not at all."""
    answers = iter(answered)
    for vector in vectors["cases"]:
        wrong = differences(vector["expect"], next(answers, None))
        if wrong:
            yield f"{vector['name']}: {'; '.join(wrong)}"


def ask_command(command: Sequence[str], asked: Iterable[Json]) -> Iterator[object]:
    """Yield what a command answers; a line that is no JSON counts as no answer."""
    lines = "".join(json.dumps(question, ensure_ascii=False) + "\n" for question in asked)
    done = subprocess.run(  # noqa: S603 - the operator names the command.
        command, input=lines, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=False
    )
    for line in done.stdout.splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            yield None


def main(arguments: Sequence[str] | None = None, own: Answer | None = None) -> int:
    """Run the vectors and return 0 if every answer is as expected, else 1."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("vectors", nargs="?", type=Path, default=VECTORS)
    parser.add_argument(
        "--command", required=own is None, help="the engine to ask, as a shell would read it"
    )
    options = parser.parse_args(arguments)
    vectors = json.loads(options.vectors.read_text(encoding="utf-8"))
    asked = questions(vectors)
    if options.command:
        answered = ask_command(shlex.split(options.command), asked)
    else:
        assert own is not None, "the parser requires a command without an engine"
        answered = (own(question) for question in asked)
    failed = list(failures(vectors, answered))
    for line in failed[:SHOWN_MAX]:
        sys.stdout.write(f"FAILED {line}\n")
    total = len(vectors["cases"])
    sys.stdout.write(f"{total - len(failed)} of {total} vectors are as expected\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

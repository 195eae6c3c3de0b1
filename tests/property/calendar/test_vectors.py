"""The published vectors: current, right by both counts, and runnable by anybody."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from shared.calendar.vectors.engine import answer_vector
from shared.calendar.vectors.run import VECTORS, differences, failures, main, questions
from tests.property.calendar.generate_vectors import (
    BREACH_CASES,
    BY_HAND,
    CASES_2027,
    CLOCK_CASES,
    RANDOM_CASES,
    render,
)
from tests.property.calendar.oracle import solve
from tests.property.calendar.worlds import OPENINGS, ROOT, official

ONLY_READING_REFUSES = {
    "receipt-without-request",
    "instant-without-offset",
    "limit-out-of-range",
    "given-without-instant",
    "unknown-choice",
}


def test_the_committed_file_is_what_the_generator_writes() -> None:
    """The file is generated, and nobody edits it by hand."""
    assert VECTORS.read_text(encoding="utf-8") == render(), (
        "run python -m tests.property.calendar.generate_vectors and review the difference"
    )


def test_there_are_a_thousand_and_more() -> None:
    """There are enough of them, each with a name of its own."""
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
    names = [case["name"] for case in vectors["cases"]]
    random_ones = RANDOM_CASES + CASES_2027 + CLOCK_CASES + BREACH_CASES
    assert len(names) == len(set(names)) == random_ones + len(BY_HAND) > 1_000


@pytest.mark.parametrize(("name", "case", "expect"), BY_HAND, ids=[v[0] for v in BY_HAND])
def test_counted_by_hand(name: str, case: dict[str, object], expect: dict[str, object]) -> None:
    """The engine and the oracle both say what an officer counted by hand."""
    question = {"calendar": official(), "opening": OPENINGS["default"], "case": case}
    assert differences(expect, answer_vector(question)) == [], name
    if expect.get("error") not in ONLY_READING_REFUSES:
        answered = solve(case, official(), OPENINGS["default"])
        assert differences(expect, answered) == [], f"oracle: {name}"


def test_our_engine_passes(capsys: pytest.CaptureFixture[str]) -> None:
    """The runner says 0 for the engine that we ship."""
    assert main([], own=answer_vector) == 0
    assert "vectors are as expected" in capsys.readouterr().out


def test_an_engine_that_forgets_a_swap_is_found_out() -> None:
    """The vectors catch what the package alone would get wrong."""
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
    forgetful = [
        answer_vector({**question, "calendar": {**question["calendar"], "work": []}})
        for question in questions(vectors)
        if question["name"].startswith("law/")
    ]
    found = {line.partition(":")[0] for line in failures(vectors, forgetful)}
    assert "law/new-year-2026" in found
    assert "law/swap" in found


def test_any_program_can_be_asked(tmp_path: Path) -> None:
    """A stranger copies the folder and runs it against a program of their own."""
    folder = tmp_path / "vectors"
    folder.mkdir()
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
    vectors["cases"] = vectors["cases"][:80]
    (folder / "deadlines.json").write_text(json.dumps(vectors), encoding="utf-8")
    (folder / "run.py").write_text(
        (VECTORS.parent / "run.py").read_text(encoding="utf-8"), encoding="utf-8"
    )
    engine = tmp_path / "engine.py"
    engine.write_text(
        "import json, sys\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from shared.calendar.vectors.engine import answer_vector\n"
        "for line in sys.stdin:\n"
        "    print(json.dumps(answer_vector(json.loads(line))))\n",
        encoding="utf-8",
    )
    silent = tmp_path / "silent.py"
    silent.write_text("print('nothing')\n", encoding="utf-8")

    passed = _run(folder, engine)
    failed = _run(folder, silent)

    assert (passed.returncode, passed.stdout) == (0, "80 of 80 vectors are as expected\n")
    assert failed.returncode == 1
    assert "0 of 80" in failed.stdout


def _run(folder: Path, engine: Path) -> subprocess.CompletedProcess[str]:
    command = f"{sys.executable} {engine}"
    return subprocess.run(
        [sys.executable, "run.py", "--command", command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )

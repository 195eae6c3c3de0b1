"""Documents keep their form: decisions, the services' pages, and what no file may say."""

import re
import subprocess
from pathlib import Path

import pytest

from deploy.installation import SERVICES

ROOT = Path(__file__).resolve().parents[2]
DECISIONS = sorted((ROOT / "shared" / "decisions").glob("[0-9]*.md"))
HEADINGS = ["Context", "Decision", "Consequences", "Alternatives"]
DECISION_LINES_MAX = 60
SERVICE_PAGE_LINES_MAX = 60
FILE_BYTES_MAX = 2_000_000

#: What must stand in no file but this one: why, and how it is recognised.
FORBIDDEN = {
    "a path of somebody's machine": re.compile(r"(?<![\w.<])/(?:home|Users|root|work)/[a-z]"),
    "work that was left for later": re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b"),
    "where packages come from": re.compile(
        r"--(?:extra-)?index-url|files\.pythonhosted\.org|\bpypi\.org/simple|artifactory"
    ),
}


def tracked() -> list[Path]:
    """Every file of the repository, as git knows them."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.name)
def test_a_decision_has_its_four_headings(path: Path) -> None:
    """Context, Decision, Consequences, Alternatives, in this order, on one page."""
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    assert text.startswith(f"# {path.name[:4]}: "), "the number of the file"
    assert "**" in text.partition("## Decision")[2].partition("## ")[0], "the line people quote"
    assert len(text.splitlines()) <= DECISION_LINES_MAX


def test_decisions_are_numbered_without_gaps_and_listed() -> None:
    """Read from top to bottom they tell the whole."""
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    index = (ROOT / "shared" / "decisions" / "README.md").read_text(encoding="utf-8")
    for path in DECISIONS:
        title = path.read_text(encoding="utf-8").splitlines()[0].partition(": ")[2]
        assert f"| [{path.name[:4]}]({path.name}) | {title} |" in index, path.name


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_its_page(service: str) -> None:
    """One screen says what it reads, writes, owns, and what always holds."""
    lines = (ROOT / "services" / service / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) < SERVICE_PAGE_LINES_MAX
    assert any(f"services.{service}.main" in line or "motcua." in line for line in lines)


@pytest.mark.parametrize(
    "line",
    [
        "see /home/somebody/notes",
        "TODO: mend this",
        "pip install " + "--index" + "-url https://mirror.example/simple",
    ],
)
def test_each_rule_recognises_what_it_is_for(line: str) -> None:
    """A rule that never matches would let everything through."""
    assert any(pattern.search(line) for pattern in FORBIDDEN.values())


def test_no_file_says_what_it_must_not() -> None:
    """No path of a machine, nothing left for later, no registry."""
    found = []
    for path in tracked():
        if path == Path(__file__).resolve() or path.stat().st_size > FILE_BYTES_MAX:
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [
            f"{path.relative_to(ROOT)}:{number}: {why}"
            for number, line in enumerate(text.splitlines(), start=1)
            for why, pattern in FORBIDDEN.items()
            if pattern.search(line)
        ]
    assert not found, "\n".join(found)

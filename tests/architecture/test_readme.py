"""The README says what is so: topics, commands, settings, dependencies, links."""

import re
import tomllib
from pathlib import Path

import pytest

from deploy.cli.main import own_version
from deploy.installation import SERVICES
from shared.ops.settings import COMMAND_LINE_ONLY
from shared.web.app import VERSION
from tests.architecture import tables

ROOT = Path(__file__).resolve().parents[2]
TEXT = tables.README.read_text(encoding="utf-8")
DOCUMENTS = [
    path
    for pattern in (
        "*.md",
        "shared/**/*.md",
        "services/**/*.md",
        "deploy/**/*.md",
        "tests/**/*.md",
    )
    for path in sorted(ROOT.glob(pattern))
]
COMMAND = re.compile(r"`motcua ([a-z]+)(?: ([a-z][a-z-]*))?")
LINK = re.compile(r"\[[^\]]*\]\((?!https?://)([^)#\s]+)(?:#[^)]*)?\)")
REQUIREMENT = re.compile(r"^([A-Za-z0-9][A-Za-z0-9_.-]*)")


@pytest.mark.parametrize("name", tables.TABLES)
def test_the_tables_are_those_of_the_code(name: str) -> None:
    """`python -m tests.architecture.tables` would change nothing."""
    assert tables.written(TEXT, name) == tables.TABLES[name]()


def test_each_command_says_what_it_does() -> None:
    """The help of a command begins with a sentence."""
    wordless = [name for name, one in tables.every_command() if not (one.help or "").strip()]
    assert not wordless


def test_each_setting_says_what_it_is() -> None:
    """A field without a description cannot be mended by its error sentence."""
    assert "| – |" not in tables.settings(), "give the field a description"


def test_what_only_the_command_line_reads_is_named_too() -> None:
    """The variables beside the services' own."""
    assert not [name for name in sorted(COMMAND_LINE_ONLY) if f"`{name}`" not in TEXT]


def test_no_variable_is_named_that_nobody_reads() -> None:
    """An operator who sets one would be refused."""
    known = tables.every_variable() | COMMAND_LINE_ONLY
    known |= {f"MOTCUA_{name.upper()}_URL" for name in SERVICES}
    named = set(re.findall(r"`(MOTCUA_[A-Z_]+[A-Z])(?:=[^`]*)?`", TEXT))
    assert not named - known


def test_each_dependency_earns_its_place() -> None:
    """What requirements/*.in ask for stands in the table, and nothing else does."""
    asked = {
        found.group(1)
        for path in (ROOT / "requirements").glob("*.in")
        for line in path.read_text(encoding="utf-8").splitlines()
        if (found := REQUIREMENT.match(line))
    }
    section = TEXT.partition("\n## Dependencies\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    rows = [line.strip("| ").split(" | ") for line in lines[2:]]
    said = {row[0] for row in rows}
    assert all(len(row) == 2 and row[1] for row in rows), "each says what for, in one line"
    assert said == asked


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    """A link to a file of ours names one that is there."""
    links = LINK.findall(path.read_text(encoding="utf-8"))
    assert not [link for link in links if not (path.parent / link).exists()]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_that_are_named_are_there(path: Path) -> None:
    """Whoever follows a runbook at night finds the command it names."""
    known = {name for name, _ in tables.every_command()}
    groups = {name.partition(" ")[0] for name in known if " " in name}
    for first, second in COMMAND.findall(path.read_text(encoding="utf-8")):
        if first in groups:
            assert not second or f"{first} {second}" in known, f"motcua {first} {second}"
        else:
            assert first in known, f"motcua {first}"


def test_the_version_is_the_same_everywhere() -> None:
    """In the package, in the services' own account and in the changelog."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## \[(.+?)\]", changelog, re.MULTILINE)
    assert newest is not None
    assert {project["version"], VERSION, own_version()} == {newest.group(1)}

"""`motcua form import`: a file becomes one event at intake, or errors that name the cells."""

import asyncio
import json
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from typer.testing import CliRunner
from typing_extensions import override

from deploy.cli.main import build
from deploy.errors import CommandError
from deploy.installation import SERVICES, State, local_key_file, write_state
from services.reporting.core.reported import Reported
from shared.events.codes import figures_subject
from shared.events.envelope import from_document
from shared.events.topics import CENTRES
from tests.fakes.intake import NOW, UNIT, World
from tests.fakes.reporting import MemoryReporting
from tests.property.reporting.test_figures import REFERENCE
from tests.unit.intake.test_unit_codes import NEW, move
from tests.unit.sheets.test_forms import HO_TICH, XLS, workbook

WHO = "p-20-province"
FIRST, LAST = "2026-07-01", "2026-09-30"


class Site:
    """An installation whose intake is the one in memory, behind a port of this machine."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.world = World()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(json.dumps({"now": site.world.clock.now().isoformat()}))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                self._answer("\n".join(map(json.dumps, site.take(body.splitlines()))))

            def _answer(self, text: str) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(text.encode())

            @override
            def log_message(self, format: str, *args: object) -> None:
                """Keep quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{self.server.server_port}"
        state = State(("nowhere:1",), "mongodb://nowhere", dict.fromkeys(SERVICES, url))
        write_state(data, state)
        key = local_key_file(data, "publisher-province")
        key.parent.mkdir(parents=True, exist_ok=True)
        key.write_text("key-of-province", encoding="ascii")

    def take(self, lines: list[bytes]) -> list[dict[str, Any]]:
        """Give events to intake as the province and return the receipts."""
        events = [json.loads(line) for line in lines]
        answers = asyncio.run(self.world.send(*events, publisher="province"))
        return [
            {
                "outcome": one.outcome.value,
                "faults": [each.to_document() for each in one.faults],
            }
            for one in answers
        ]

    def run(self, file: Path, unit: str = UNIT, *more: str, who: str = WHO) -> str:
        """Run the command; return what it printed.

        Raises:
            CommandError: it stopped.
        """
        options = ("--form", "ii06a", "--from", FIRST, "--to", LAST, "--data", str(self.data))
        command = ["form", "import", str(file), *options, "--unit", unit, "--who", who, *more]
        ran = CliRunner().invoke(build("form"), command)
        if isinstance(ran.exception, CommandError):
            raise ran.exception
        assert ran.exit_code == 0, ran.output
        return ran.output

    def reports(self) -> list[Reported]:
        """Return what reporting shows after it read everything that intake published."""
        service = MemoryReporting(REFERENCE, NOW)
        service.reference = self.world.references.view
        sent = [from_document(one) for one in self.world.stream(CENTRES.name)]
        asyncio.run(service.take(sent))
        return asyncio.run(service.facts.reported("ii06a", None))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """An installation in which nothing was reported."""
    made = Site(tmp_path)
    yield made
    made.server.shutdown()
    made.server.server_close()


def good(folder: Path, factor: int = 1) -> Path:
    """Write a good file."""
    file = folder / f"good{factor}.xlsx"
    file.write_bytes(workbook([1, "Hộ tịch", *(one * factor for one in HO_TICH)]))
    return file


def test_a_good_file_is_reported_with_who_when_and_hash(site: Site) -> None:
    """The old workbook of the tests: two fields, one event."""
    assert (
        site.run(XLS) == f"ii06a.xls: 2 fields of form II.06a/VPCP/KSTT reported for {UNIT}.\n"
    )
    (sent,) = site.world.stream(CENTRES.name)
    assert sent["type"] == "vn.motcua.figures.reported.v1"
    (found,) = site.reports()
    assert (found.unit, found.first.isoformat(), found.last.isoformat()) == (UNIT, FIRST, LAST)
    assert (found.newest.by, found.newest.at) == (WHO, NOW)
    assert found.newest.file_sha256 == sha256(XLS.read_bytes()).hexdigest()


def test_a_new_import_replaces_and_the_earlier_one_is_history(
    site: Site, tmp_path: Path
) -> None:
    """The same file within a minute is one report; another file is the next one."""
    file = good(tmp_path)
    for _ in range(2):
        site.run(file)
    site.world.later(minutes=5)
    site.run(good(tmp_path, 2))
    (found,) = site.reports()
    assert [one.total("ii06a")["handled"] for one in found.versions] == [240, 120]


def test_a_dry_run_sends_nothing(site: Site, tmp_path: Path) -> None:
    """It checks the file and the unit."""
    assert "every sum agrees. Nothing was sent." in site.run(good(tmp_path), UNIT, "--dry-run")
    assert site.world.stream(CENTRES.name) == []
    with pytest.raises(CommandError, match="code of 5 digits"):
        site.run(good(tmp_path), "Sở Tư pháp", "--dry-run")


def test_a_bad_file_names_its_cells_and_the_remedy(site: Site, tmp_path: Path) -> None:
    """A sum and a number that is none, each in a line of its own; nothing is sent."""
    file = tmp_path / "bad.xlsx"
    rows = [1, "Hộ tịch", 121, *HO_TICH[1:]], [2, "Chứng thực", "nhiều", *HO_TICH[1:]]
    file.write_bytes(workbook(*rows))
    with pytest.raises(CommandError) as stopped:
        site.run(file)
    lines = str(stopped.value).splitlines()
    assert all(line.startswith("bad.xlsx, cell C") for line in lines)
    assert any("C3: The columns 3 = 4 + 5 + 6 do not agree" in line for line in lines)
    assert any("C4:" in line and "Write a whole number" in line for line in lines)
    assert site.world.stream(CENTRES.name) == []


def test_what_is_wrong_beside_the_file_names_the_option(site: Site, tmp_path: Path) -> None:
    """No workbook, no file, a person who is none, a place that is two units."""
    text = tmp_path / "note.xls"
    text.write_text("no workbook")
    file = good(tmp_path)
    for path, unit, who, expected in (
        (text, UNIT, WHO, "without a password"),
        (tmp_path / "none.xls", UNIT, WHO, "There is no file"),
        (file, UNIT, "Nguyễn Văn Mẫu", "--who"),
        (file, "Xã Bính Xá", WHO, "not one unit today.*give its code of today"),
        (file, "06999", WHO, "no such unit"),
    ):
        with pytest.raises(CommandError, match=expected):
            site.run(path, unit, who=who)
    assert site.world.stream(CENTRES.name) == []


def test_an_old_commune_and_a_former_code_are_the_unit_of_today(
    site: Site, tmp_path: Path
) -> None:
    """A report by the former code, then one by the new: one subject, shown once."""
    site.run(good(tmp_path))
    move(site.world)
    site.world.later(minutes=5)
    site.run(good(tmp_path, 2))
    site.world.later(minutes=5)
    site.run(good(tmp_path, 3), NEW)
    subject = figures_subject(
        UNIT, "ii06a", *(one for one in (site.reports()[0].first, site.reports()[0].last))
    )
    assert {one["subject"] for one in site.world.stream(CENTRES.name)} == {subject}
    (found,) = site.reports()
    subject = figures_subject(UNIT, "ii06a", found.first, found.last)
    assert {one["subject"] for one in site.world.stream(CENTRES.name)} == {subject}
    assert found.unit == NEW
    assert [one.total("ii06a")["handled"] for one in found.versions] == [360, 240, 120]

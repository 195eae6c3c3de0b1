"""`motcua numbering`: what it asks of intake, what it prints, what stops it."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote

import pytest
from typing_extensions import override

from deploy.cli.main import run


class Intake(BaseHTTPRequestHandler):
    """Answers as intake does, and keeps the register."""

    kept: list[tuple[str, str]] = []  # noqa: RUF012 -- Of the one server.
    bearers: set[str | None] = set()  # noqa: RUF012 -- As above.

    def do_GET(self) -> None:
        rows = [
            {
                "publisher": one,
                "numbers_for": what,
                "by": "0a",
                "at": "2026-11-30T08:00:00+07:00",
            }
            for one, what in sorted(self.kept)
        ]
        self._answer({"pattern": "{unit}-{yyMMdd}-{seq:04d}", "grants": rows})

    def do_PUT(self) -> None:
        publisher, numbers_for = self._named()
        if numbers_for == "99999":
            fault = {"path": "/numbers_for", "detail": "No such unit.", "remedy": "Name one."}
            self._answer({"title": "Refused.", "faults": [fault]}, 422)
            return
        row = (publisher, numbers_for)
        added = row not in self.kept
        if added:
            self.kept.append(row)
        self._answer({"added": added})

    def do_DELETE(self) -> None:
        named = self._named()
        before = len(self.kept)
        self.kept[:] = [row for row in self.kept if row[: len(named)] != tuple(named)]
        self._answer({"removed": before - len(self.kept)})

    def _named(self) -> list[str]:
        route, _, rest = self.path.partition("/v1/numbering/")
        assert route == ""
        return [unquote(part) for part in rest.split("/")]

    def _answer(self, body: object, status: int = 200) -> None:
        self.bearers.add(self.headers.get("authorization"))
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    @override
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[tuple[str, str]]]:
    """An intake that answers, and the environment that leads to it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Intake)
    Thread(target=server.serve_forever, daemon=True).start()
    for name, value in {
        "MOTCUA_DATA": str(tmp_path),
        "MOTCUA_KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "MOTCUA_MONGO_URL": "mongodb://127.0.0.1:1",
        "MOTCUA_INTAKE_URL": f"http://127.0.0.1:{server.server_address[1]}",
        "MOTCUA_KEY": "mc_operator",
    }.items():
        monkeypatch.setenv(name, value)
    Intake.kept.clear()
    Intake.bearers.clear()
    yield Intake.kept
    server.shutdown()
    server.server_close()


def test_rights_are_added_listed_and_removed(
    kept: list[tuple[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Units and prefixes, one by one or all together, by the operator's key."""
    assert run(["numbering", "add", "portal", "06112", "H37.*", "06112"]) == 0
    assert run(["numbering", "add", "portal", "06112"]) == 0
    assert kept == [("portal", "06112"), ("portal", "H37.*")]
    assert capsys.readouterr().out.splitlines() == [
        "portal now numbers for 06112",
        "portal now numbers for H37.*",
        "portal already numbers for 06112",
    ]
    assert run(["numbering", "list"]) == 0
    listed = capsys.readouterr().out
    assert "{unit}-{yyMMdd}-{seq:04d}" in listed
    assert "H37.*" in listed
    assert run(["numbering", "remove", "portal", "H37.*"]) == 0
    assert kept == [("portal", "06112")]
    assert run(["numbering", "remove", "portal", "--all"]) == 0
    assert kept == []
    capsys.readouterr()
    assert run(["numbering", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["grants"] == []
    assert Intake.bearers == {"Bearer mc_operator"}


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["numbering", "add", "portal", "H37*"], 2, "is no unit and no prefix"),
        (["numbering", "add", "portal", "99999"], 1, "/numbers_for: No such unit."),
        (["numbering", "remove", "portal"], 2, "say --all"),
        (["numbering", "remove", "portal", "06112", "--all"], 2, "say --all"),
        (["numbering", "remove", "portal", "06112"], 1, "does not number for 06112"),
        (["topics", "add-publisher", "portal", "--numbers-for", "x"], 2, "no prefix"),
    ],
)
def test_what_stops_it_is_one_sentence(
    arguments: list[str],
    code: int,
    sentence: str,
    kept: list[tuple[str, str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """And nothing was registered."""
    assert run(arguments) == code
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
    assert kept == []

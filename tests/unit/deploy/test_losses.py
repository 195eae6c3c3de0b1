"""`motcua topics accept-loss`: what it asks of intake, and what it prints."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from typing_extensions import override

from deploy.cli.main import run

ROW = {
    "publisher": "bpi",
    "topic": "motcua.inbound.bpi.v1",
    "partition": 3,
    "first_offset": 120,
    "end_offset": 450,
    "since": None,
    "until": "2026-02-03T13:26:40+07:00",
}
BY = ["--who", "p-20-officer-1", "--why", "closed for Tết"]


class Intake(BaseHTTPRequestHandler):
    """Answers as intake does."""

    halted: list[dict[str, Any]] = []  # noqa: RUF012 -- Of the one server.
    asked: list[dict[str, Any]] = []  # noqa: RUF012 -- As above.

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.asked.append({"path": self.path, **body})
        wanted = [
            row
            for row in self.halted
            if row["publisher"] == body["publisher"]
            and body["partition"] in (None, row["partition"])
        ]
        content = json.dumps({"done": not body["dry_run"], "losses": wanted}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    @override
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(autouse=True)
def _intake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
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
    Intake.halted[:], Intake.asked[:] = [ROW], []
    yield
    server.shutdown()
    server.server_close()


def test_without_yes_it_says_what_is_gone(capsys: pytest.CaptureFixture[str]) -> None:
    """And asks intake for a dry run, with who and why."""
    assert run(["topics", "accept-loss", "bpi", *BY]) == 0
    printed = capsys.readouterr().out
    assert "120 to 449" in printed
    assert "an unknown time" in printed
    assert "Say --yes" in printed
    assert Intake.asked == [
        {
            "path": "/v1/losses/accept",
            "publisher": "bpi",
            "partition": None,
            "by": "p-20-officer-1",
            "why": "closed for Tết",
            "dry_run": True,
        }
    ]


def test_with_yes_it_is_done_and_the_publishers_topic_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Of one partition alone, if it is named."""
    assert run(["topics", "accept-loss", "bpi", "--partition", "3", *BY, "--yes"]) == 0
    assert "motcua.rejected.bpi.v1" in capsys.readouterr().out
    assert (Intake.asked[0]["partition"], Intake.asked[0]["dry_run"]) == (3, False)


def test_where_nothing_is_lost_it_says_so_and_fails(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A wrong name or number must not look like success."""
    assert run(["topics", "accept-loss", "bpi", "--partition", "4", *BY, "--yes"]) == 1
    captured = capsys.readouterr()
    assert "intake reads all that there is of bpi in partition 4" in captured.err + captured.out


def test_who_and_why_must_be_named() -> None:
    """An audit without them is none."""
    assert run(["topics", "accept-loss", "bpi"]) != 0
    assert Intake.asked == []

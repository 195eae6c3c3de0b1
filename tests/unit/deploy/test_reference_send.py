"""Loading reference data into a running intake, told by a small server that stands for it."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from typing_extensions import override

from deploy.errors import CommandError
from deploy.reference.load import bundled_reference
from deploy.reference.send import (
    ReferenceRefusedError,
    UnreadableReferenceError,
    send_reference,
)

Judge = Callable[[dict[str, Any]], dict[str, Any]]
KEY = "key-of-province"
PATIENCE_S = 5.0


class Intake:
    """Takes NDJSON as intake does, and remembers what came."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self.events: list[dict[str, Any]] = []
        self.keys: set[str | None] = set()

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """Return the handler of one request."""
        intake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                intake.keys.add(self.headers["authorization"])
                lines = [json.loads(line) for line in body.splitlines()]
                intake.events += lines
                answer = "".join(json.dumps(intake.judge(line)) + "\n" for line in lines)
                self.send_response(200)
                self.send_header("content-type", "application/x-ndjson")
                self.end_headers()
                self.wfile.write(answer.encode())

            @override
            def log_message(self, format: str, *args: object) -> None:
                """Keep quiet."""

        return Handler


@contextmanager
def running(judge: Judge) -> Iterator[tuple[str, Intake]]:
    """Run the stand-in on a free port."""
    intake = Intake(judge)
    server = ThreadingHTTPServer(("127.0.0.1", 0), intake.handler())
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", intake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def applied(event: dict[str, Any]) -> dict[str, Any]:
    """Take everything."""
    return {"line": 1, "outcome": "applied", "subject": event["subject"]}


def test_every_row_is_sent_in_order() -> None:
    """Units come before what names them, and the key is the publisher's."""
    with running(applied) as (url, intake):
        sent = send_reference(
            url, KEY, obligations_from=date(2026, 11, 1), patience_s=PATIENCE_S
        )
    assert len(sent.ids) == len(intake.events) == bundled_reference().version
    assert sent.new == len(sent.ids)
    assert intake.keys == {f"Bearer {KEY}"}
    assert [event["type"] for event in intake.events[:66]] == ["vn.motcua.unit.changed.v1"] * 66
    assert intake.events[0]["data"]["obligations_from"] == "2026-11-01"
    assert {event["source"] for event in intake.events} == {
        "urn:motcua:publisher:province:bundle"
    }


def test_rows_that_intake_had_are_not_new() -> None:
    """Recorded before: whether the topic has them is another question."""
    with running(lambda event: {**applied(event), "repeated": True}) as (url, _):
        sent = send_reference(url, KEY, patience_s=PATIENCE_S)
    assert sent.new == 0
    assert len(sent.ids) == bundled_reference().version


def test_what_is_refused_is_said() -> None:
    """The sentence names the row, the rule's words and the remedy."""

    def judge(event: dict[str, Any]) -> dict[str, Any]:
        if not event["subject"].startswith("rule:"):
            return applied(event)
        fault = {"path": "/data/procedure", "detail": "There is none.", "remedy": "Load it."}
        return {**applied(event), "outcome": "refused", "faults": [fault]}

    with (
        running(judge) as (url, _),
        pytest.raises(ReferenceRefusedError, match=r"refused 58 of \d+ rows: rule:2\.000815"),
    ):
        send_reference(url, KEY, patience_s=PATIENCE_S)


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    """Before anything is sent."""
    with pytest.raises(UnreadableReferenceError, match="no reference data"):
        send_reference("http://127.0.0.1:9", KEY, folder=tmp_path)


def test_nobody_there() -> None:
    """After its patience it says that nobody answers."""
    with running(applied) as (url, _):
        pass
    with pytest.raises(CommandError, match="does not answer"):
        send_reference(url, KEY, patience_s=0.1)

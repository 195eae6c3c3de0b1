"""`motcua up` goes on where a service waits for a person's command, and names it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typing_extensions import override

from deploy.engines.ports import HOST
from deploy.engines.process import ChildProcess
from deploy.errors import CommandError
from deploy.supervisor.plan import plan_for
from deploy.supervisor.supervisor import Supervisor

BEHIND = "the store lacks 3 events; `motcua restore store` has the store adopt them"


@contextmanager
def lacking(sentence: str) -> Iterator[str]:
    """Answer readiness with one thing that is missing; yield the address."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"ready": False, "missing": {"store and topics": sentence}})
            self.send_response(503)
            self.end_headers()
            self.wfile.write(body.encode())

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer((HOST, 0), Answers)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def supervisor(folder: Path, url: str, lines: list[str]) -> Supervisor:
    """Return the supervisor of one service that runs already at an address."""
    plan = plan_for(folder, 9000, {"MOTCUA_START_WAIT_S": "1"})
    spec = replace(plan.services[0], url=url)
    made = Supervisor(replace(plan, services=(spec,), auditor=None), lines.append)
    made.services[spec.name] = ChildProcess(spec.name, spec.command, folder, {})
    return made


def test_a_service_that_waits_for_a_command_is_not_waited_for(tmp_path: Path) -> None:
    """The command needs the installation to run."""
    lines: list[str] = []
    with lacking(BEHIND) as url:
        made = supervisor(tmp_path, url, lines)
        made.wait_ready()
    assert made.waits_for_person == {"intake"}
    assert lines == [f"intake waits: {BEHIND}"]


def test_a_service_that_lacks_anything_else_is_waited_for(tmp_path: Path) -> None:
    """Until it takes too long."""
    with lacking("the store does not answer") as url:
        made = supervisor(tmp_path, url, [])
        with pytest.raises(CommandError):
            made.wait_ready()
    assert made.waits_for_person == set()

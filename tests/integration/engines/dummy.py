"""A service small enough to test the supervisor with: `python dummy.py PORT [how]`.

It answers /readyz and /statusz, and stops at SIGTERM, noting that it did.
"""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import NoReturn

from typing_extensions import override


class Handler(BaseHTTPRequestHandler):
    """Answers as a service of ours does."""

    @override
    def log_message(self, *args: object) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        """Answer a probe."""
        missing = Path(os.environ["DUMMY_FOLDER"]) / "missing.json"
        ready = not missing.exists()
        body = b'{"lag": {"a.topic": 3}, "parked": 1, "outbox": 0}'
        if self.path == "/readyz":
            impaired = missing.with_name("impaired.json")
            well = impaired.read_bytes() if impaired.exists() else b'{"ready": true}'
            body = well if ready else missing.read_bytes()
        elif "Bearer mc_" not in self.headers.get("Authorization", ""):
            last = missing.with_name("last.json")  # What an auditor says to anybody.
            ready = last.exists()
            body = last.read_bytes() if ready else b"{}"
        self.send_response(200 if ready else 503)
        self.end_headers()
        self.wfile.write(body)


def main(port: int, how: str) -> NoReturn:
    """Serve until told to stop."""
    folder = Path(os.environ["DUMMY_FOLDER"])
    if how == "wrong-setting":
        sys.stderr.write("motcua: MOTCUA_DUMMY is wrong: give a number.\n")
        sys.exit(2)
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    seen = {name: value for name, value in os.environ.items() if name.startswith("MOTCUA_")}
    (folder / f"seen-{port}.json").write_text(json.dumps(seen))
    signal.sigwait({signal.SIGTERM})
    with (folder / "stopped").open("a") as stopped:
        stopped.write(f"{port}\n")
    sys.exit(0)


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")

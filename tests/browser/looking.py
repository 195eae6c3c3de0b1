"""Pages of reporting served for a real browser, and the browser that looks at them.

Headless Chromium cannot be given a cookie, so the server stands in front of the application and
brings the key; it also adds a script that reports what a person would notice: something wider
than the screen, an error, a target too small for a finger.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PROBE_PATH = "/probe.js"
PROBE = b"""
"use strict";
var page = document.documentElement;
window.addEventListener("error", function (e) { page.dataset.errors =
  (page.dataset.errors || "") + (e.message || "a resource did not load") + ";"; }, true);
window.addEventListener("load", function () {
  page.dataset.loaded = "yes";
  page.dataset.overflow = String(page.scrollWidth - window.innerWidth);
  page.dataset.font = String(document.fonts.check("600 14px 'Be Vietnam Pro'"));
});
"""
VIRTUAL_MS = 6_000
DESKTOP, PHONE = (1280, 960), (500, 1000)
PICTURES = os.environ.get("PICTURES")
"""A folder in which to keep a picture of every page, for whoever wants to look."""


class Dressed:
    """The application with a key on every request and the probe in every page."""

    def __init__(self, app: ASGIApp, key: str | None) -> None:
        self._app = app
        self._key = key
        self.rewrite: Callable[[bytes], bytes] = lambda body: body
        self.before: Callable[[], object] | None = None
        self.before_path = "/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"] == PROBE_PATH:
            await _answer(send, PROBE, b"text/javascript")
            return
        headers = list(scope["headers"])
        if self._key is not None:
            headers.append((b"authorization", f"Bearer {self._key}".encode()))
        if scope["path"] == self.before_path and self.before is not None:
            made = self.before()
            if asyncio.iscoroutine(made):
                await made
        await self._app({**scope, "headers": headers}, receive, _Adding(self, send).send)


class _Adding:
    def __init__(self, dressed: Dressed, send: Send) -> None:
        self._dressed, self._send = dressed, send
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        """Hold a page back until it is whole, then add the probe to it."""
        if message["type"] == "http.response.start":
            kinds = dict(message["headers"])
            if b"text/html" not in kinds.get(b"content-type", b""):
                await self._send(message)
            else:
                self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._whole(self._start)

    async def _whole(self, start: Message) -> None:
        script = f'<head><script src="{PROBE_PATH}"></script>'.encode()
        body = self._dressed.rewrite(self._body.replace(b"<head>", script))
        headers = [pair for pair in start["headers"] if pair[0] != b"content-length"]
        await self._send({**start, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


async def _answer(send: Send, body: bytes, kind: bytes) -> None:
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]}
    )
    await send({"type": "http.response.body", "body": body})


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """Serve an application on a port of its own."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@dataclass(frozen=True, slots=True)
class Seen:
    """What the browser made of a page."""

    html: str

    def told(self, name: str) -> str | None:
        """Return what the probe noted, or None."""
        start = self.html.find(f'data-{name}="')
        if start < 0:
            return None
        start += len(f'data-{name}="')
        return self.html[start : self.html.index('"', start)]


def look(address: str, *, width: int, height: int, picture: Path | None = None) -> Seen:
    """Open a page in headless Chromium, let its scripts run, and return what became of it."""
    assert CHROMIUM is not None, "the tier installs Chromium"
    common = [
        CHROMIUM,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        f"--window-size={width},{height}",
        f"--virtual-time-budget={VIRTUAL_MS}",
    ]
    if picture is not None:
        subprocess.run(
            [*common, f"--screenshot={picture}", address],
            check=True,
            capture_output=True,
            timeout=120,
        )
    dumped = subprocess.run(
        [*common, "--dump-dom", address],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return Seen(dumped.stdout)


def insist_that_it_fits(base: str, path: str, *, width: int, height: int) -> None:
    """Open a page: no sideways scrolling, nothing that fails, our own type face."""
    picture = None
    if PICTURES:
        name = "".join(one if one.isalnum() else "-" for one in path).strip("-") or "overview"
        picture = Path(PICTURES) / f"{name}-{width}.png"
    seen = look(base + path, width=width, height=height, picture=picture)
    assert seen.told("loaded") == "yes"
    assert seen.told("errors") is None
    assert int(seen.told("overflow") or "1") <= 0
    assert seen.told("font") == "true"

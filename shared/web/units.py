"""Addresses that name a unit by a former code: a page is redirected, anything else answered."""

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.web.pages import wants_page

PARAMETER: Final = "unit"
"""The query parameter that holds a unit's code, in every service."""

_PATH: Final = re.compile(r"^((?:/v[0-9]+)?/units/)([0-9]{2,5})(?=/|$)")
_READS: Final = frozenset({"GET", "HEAD"})


class CurrentUnits:
    """Gives the units in addresses their codes of now, before anything is routed.

    A person who reads a page is sent to its canonical address, so that bookmarks and links in
    old messages lead there and the page has one address. Programs get their answer at once.
    """

    def __init__(self, app: ASGIApp, current: Callable[[str], str]) -> None:
        self._app = app
        self._current = current

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        address = self._address(scope)
        if address is None:
            await self._app(scope, receive, send)
            return
        path, query = address
        if scope["method"] in _READS and wants_page(Request(scope)):
            target = quote(path) + (f"?{query}" if query else "")
            await RedirectResponse(target, status_code=307)(scope, receive, send)
            return
        moved = {
            **scope,
            "path": path,
            "raw_path": quote(path).encode(),
            "query_string": query.encode(),
        }
        await self._app(moved, receive, send)

    def _address(self, scope: Scope) -> tuple[str, str] | None:
        """Return path and query with current codes; None where they have them already."""
        path, query = scope["path"], scope["query_string"].decode("latin-1")
        named, there = _PATH.match(path), path
        if named is not None:
            there = f"{named[1]}{self._current(named[2])}{path[named.end() :]}"
        if PARAMETER in query:
            pairs = parse_qsl(query, keep_blank_values=True)
            changed = [
                (name, self._current(value) if name == PARAMETER else value)
                for name, value in pairs
            ]
            if changed != pairs:
                return there, urlencode(changed)
        return (there, query) if there != path else None

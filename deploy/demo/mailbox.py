"""A mail catcher: takes every message, keeps it, and shows it in the browser.

It shares nothing with the service that sends, so what it holds is an independent witness.
"""

import asyncio
import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final

from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

SHOWN_MAX: Final = 200
HEADERS = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}
PAGE = """<!doctype html><html lang="vi"><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width"><style>
body{{font:15px/1.5 'Be Vietnam Pro',system-ui,sans-serif;color:#1b2330}}
body{{margin:2rem;max-width:60rem}}
a{{color:#12436D}}table{{border-collapse:collapse;width:100%}}
td,th{{padding:.4rem .8rem .4rem 0;border-bottom:1px solid #dfe3e8;text-align:left}}
pre{{white-space:pre-wrap;font:inherit}}small{{color:#5a6473}}</style>
<h1>{title}</h1>{body}</html>"""


@dataclass(frozen=True, slots=True)
class Mail:
    """One accepted message."""

    number: int
    recipients: tuple[str, ...]
    raw: bytes

    def parsed(self) -> EmailMessage:
        """Return the message with its headers decoded."""
        parsed = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(parsed, EmailMessage), "policy.default gives EmailMessage"
        return parsed

    def text(self) -> str:
        """Return its plain text part."""
        part = self.parsed().get_body(("plain",))
        return str(part.get_content()) if part is not None else ""

    def notices(self) -> tuple[str, ...]:
        """Return the ids of the notices that it carries."""
        return tuple(str(one).strip() for one in self.parsed().get_all("X-Motcua-Notice", ()))


@dataclass(slots=True)
class Mailbox:
    """Everything accepted since the start, in order, and in a file if one is given."""

    journal: Path | None = None
    mails: list[Mail] = field(default_factory=list)
    _server: asyncio.Server | None = None

    async def start(self, port: int) -> int:
        """Listen on loopback; return the port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(self, enable_SMTPUTF8=True, loop=loop), "127.0.0.1", port
        )
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def handle_DATA(  # noqa: N802 - aiosmtpd looks for this name.
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Accept a message."""
        raw = envelope.original_content or b""
        mail = Mail(len(self.mails) + 1, tuple(envelope.rcpt_tos), raw)
        self.mails.append(mail)
        if self.journal is not None:
            with self.journal.open("a", encoding="utf-8") as journal:
                journal.write(f"{' '.join(mail.recipients)}\t{' '.join(mail.notices())}\n")
        return "250 OK"

    def since(self, number: int) -> Sequence[Mail]:
        """Return the messages after the `number`-th."""
        return self.mails[number:]

    def app(self) -> Starlette:
        """Return the pages on which the messages can be read."""
        return Starlette(
            routes=[Route("/", self._list), Route("/{number:int}", self._show)],
        )

    async def _list(self, _request: Request) -> Response:
        rows = "".join(
            f'<tr><td><a href="/{mail.number}">{mail.number}</a></td>'
            f"<td>{html.escape(', '.join(mail.recipients))}</td>"
            f"<td>{html.escape(str(mail.parsed().get('Subject', '')))}</td></tr>"
            for mail in reversed(self.mails[-SHOWN_MAX:])
        )
        body = (
            f"<p><small>{len(self.mails)} thư, {min(len(self.mails), SHOWN_MAX)} thư mới nhất "
            f"bên dưới</small></p><table><tr><th>#<th>Người nhận<th>Tiêu đề</tr>{rows}</table>"
            if self.mails
            else "<p>Chưa có thư nào.</p>"
        )
        return HTMLResponse(PAGE.format(title="Hộp thư thử nghiệm", body=body), headers=HEADERS)

    async def _show(self, request: Request) -> Response:
        number = int(request.path_params["number"])
        if not 1 <= number <= len(self.mails):
            return HTMLResponse(
                PAGE.format(title="Không có thư này", body='<p><a href="/">Danh sách</a></p>'),
                status_code=404,
                headers=HEADERS,
            )
        mail = self.mails[number - 1]
        parsed = mail.parsed()
        body = (
            f"<p><small>{html.escape(', '.join(mail.recipients))}</small></p>"
            f"<pre>{_linked(mail.text())}</pre><p><a href='/'>Danh sách</a></p>"
        )
        title = html.escape(str(parsed.get("Subject", "")))
        return HTMLResponse(PAGE.format(title=title, body=body), headers=HEADERS)


def _linked(text: str) -> str:
    """Escape a text and make its http addresses links."""
    words: list[Any] = []
    for line in text.splitlines():
        parts = [
            f'<a href="{html.escape(word)}">{html.escape(word)}</a>'
            if word.startswith(("http://", "https://"))
            else html.escape(word)
            for word in line.split(" ")
        ]
        words.append(" ".join(parts))
    return "\n".join(words)

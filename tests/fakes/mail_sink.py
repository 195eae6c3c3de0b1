"""A mail server that keeps what it takes, and can be told to misbehave."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Sink:
    """What came in.

    Attributes:
        mails: Everything accepted, in order.
        refuse: Answers to give, one for each message, before accepting again.
        drop_after_data: How many messages to accept and then hang up on, unanswered.
        bad_addresses: Addresses that are refused for good.
        slow_s: How long each message takes.
    """

    host: str = "127.0.0.1"
    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    refuse: list[str] = field(default_factory=list)
    drop_after_data: int = 0
    bad_addresses: set[str] = field(default_factory=set)
    slow_s: float = 0.0
    connections: int = 0

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name.
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        """Take or refuse a recipient."""
        if address in self.bad_addresses:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 -- aiosmtpd's name.
        """Take or refuse a message."""
        if self.slow_s:
            await asyncio.sleep(self.slow_s)
        if self.refuse:
            return self.refuse.pop(0)
        content = envelope.content
        assert isinstance(content, bytes), "decoding is off"
        self.raw.append(content)
        self.mails.append(message_from_bytes(content, policy=policy.default))
        if self.drop_after_data > 0:
            self.drop_after_data -= 1
            transport: Any = server.transport
            transport.abort()
            await asyncio.sleep(0.05)
        return "250 OK kept"

    def accepted(self) -> Counter[str]:
        """Count how often each notice was accepted."""
        return Counter(
            str(one).strip()
            for mail in self.mails
            for one in mail.get_all("X-Motcua-Notice", ())
        )

    def marked(self) -> Counter[str]:
        """Count how often each notice came as a marked resend."""
        return Counter(
            str(one).strip()
            for mail in self.mails
            for one in mail.get_all("X-Motcua-Resend", ())
        )

    def to(self, address: str) -> list[EmailMessage]:
        """Return the mails to one address."""
        return [mail for mail in self.mails if address in str(mail["To"])]


@contextmanager
def mail_sink() -> Iterator[Sink]:
    """Run a sink on a free port."""
    sink = Sink()
    controller = Controller(sink, hostname=sink.host, port=_free_port())
    controller.start()
    sink.port = controller.port
    try:
        yield sink
    finally:
        controller.stop()


def _free_port() -> int:
    import socket  # noqa: PLC0415 -- Only here.

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def text_of(mail: EmailMessage) -> str:
    """Return the plain text of a mail."""
    part = mail.get_body(("plain",))
    assert part is not None, "every mail has a text"
    return str(part.get_content())


def html_of(mail: EmailMessage) -> str:
    """Return the HTML of a mail."""
    part = mail.get_body(("html",))
    assert part is not None, "every mail has HTML"
    return str(part.get_content())

"""The bytes of a mail, from a fixed skeleton: text and HTML, both base64, headers checked.

Built once per message. What could end a header line is refused before it comes here, and
again here, because this is where it would do harm.
"""

import base64
from collections.abc import Sequence
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from typing import Final

from services.notifications.core.safety import (
    UnsafeTextError,
    email_address,
    header_text,
    person_name,
)

ENCODED_LINE: Final = 76
HEADER_LINE: Final = 76


def mail_bytes(  # noqa: PLR0913 -- The parts of a mail.
    *,
    message_id: str,
    sender: str,
    sender_name: str,
    to: str,
    to_name: str | None,
    subject: str,
    text: str,
    html: str,
    sent_at: datetime,
    language: str,
    marks: Sequence[tuple[str, str]] = (),
) -> bytes:
    """Return the mail, lines ended by CRLF.

    Raises:
        UnsafeTextError: an address or a header could change the shape of the mail.
    """
    domain = _address(sender).rpartition("@")[2]
    boundary = f"=_{message_id}"
    headers = [
        ("From", _mailbox(sender, sender_name)),
        ("To", _mailbox(to, to_name)),
        ("Subject", _encoded(subject)),
        ("Date", format_datetime(sent_at)),
        ("Message-ID", f"<{_token(message_id)}@{domain}>"),
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/alternative; boundary="{_token(boundary)}"'),
        ("Content-Language", _token(language)),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        *((_token(name), _token(value)) for name, value in marks),
    ]
    lines = [f"{name}: {value}" for name, value in headers]
    for kind, body in (("plain", text), ("html", html)):
        lines += [
            "",
            f"--{boundary}",
            f"Content-Type: text/{kind}; charset=utf-8",
            "Content-Transfer-Encoding: base64",
            "",
            *_base64_lines(body),
        ]
    lines += ["", f"--{boundary}--", ""]
    return "\r\n".join(lines).encode("ascii")


def _base64_lines(body: str) -> list[str]:
    encoded = base64.b64encode(body.encode()).decode("ascii")
    return [encoded[i : i + ENCODED_LINE] for i in range(0, len(encoded), ENCODED_LINE)]


def _mailbox(address: str, name: str | None) -> str:
    plain = _address(address)
    shown = person_name(name)
    return f"{_encoded(shown)}\r\n <{plain}>" if shown else plain


def _address(address: str) -> str:
    checked = email_address(address)
    if checked is None:
        raise UnsafeTextError("not one plain address")
    return checked


def _encoded(text: str) -> str:
    """Return header text as encoded words, which hold nothing that could end the line."""
    encoded = Header(header_text(text), "utf-8", maxlinelen=HEADER_LINE).encode(linesep="\r\n")
    # Folding may only ever begin a line with white space; anything else would be a header.
    if any(not line.startswith((" ", "\t")) for line in encoded.split("\r\n")[1:]):
        raise UnsafeTextError("the text does not fold safely")
    return encoded


def _token(text: str) -> str:
    checked = header_text(text)
    if not checked.isascii() or not checked:
        raise UnsafeTextError("a plain ASCII value was expected")
    return checked

"""The token of an acknowledge link: what it is about and whose it is, signed.

A token names no one in clear beyond an id, opens one form, and ends by itself. Its time is
wall time: a link lives in a real mailbox.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

MAC_BYTES: Final = 18
_FIELDS: Final = 7
_SEPARATOR: Final = "\x1f"
TOKEN_CHARACTERS_MAX: Final = 600


class ForgedTokenError(Exception):
    """The token was not made by this installation, or is damaged."""


class ExpiredTokenError(Exception):
    """The token was ours and its time is over."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token allows: one person to answer one rung."""

    subject: str
    obligation: str
    cycle: int
    rung: str
    person: str
    notice: str
    expires: datetime


def issue(grant: Grant, key: bytes) -> str:
    """Return the token of `grant`."""
    parts = (
        grant.subject,
        grant.obligation,
        str(grant.cycle),
        grant.rung,
        grant.person,
        grant.notice,
        str(int(grant.expires.timestamp())),
    )
    assert not any(_SEPARATOR in part for part in parts), "ids hold no control characters"
    body = _SEPARATOR.join(parts).encode()
    return _encode(_mac(body, key) + body)


def read(token: str, key: bytes, *, wall: datetime) -> Grant:
    """Return what a token allows.

    Raises:
        ForgedTokenError: it is not ours, or damaged.
        ExpiredTokenError: it was ours.
    """
    raw = _decode(token)
    mac, body = raw[:MAC_BYTES], raw[MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(body, key)):
        raise ForgedTokenError
    parts = body.decode().split(_SEPARATOR)
    assert len(parts) == _FIELDS, "a token that we signed is whole"
    subject, obligation, cycle, rung, person, notice, expires = parts
    grant = Grant(
        subject=subject,
        obligation=obligation,
        cycle=int(cycle),
        rung=rung,
        person=person,
        notice=notice,
        expires=datetime.fromtimestamp(int(expires), UTC),
    )
    if grant.expires <= wall:
        raise ExpiredTokenError
    return grant


def _mac(body: bytes, key: bytes) -> bytes:
    return hmac.digest(key, b"acknowledge\x00" + body, "sha256")[:MAC_BYTES]


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(token: str) -> bytes:
    if not token.isascii() or len(token) > TOKEN_CHARACTERS_MAX:
        raise ForgedTokenError
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ForgedTokenError from None
    if len(raw) <= MAC_BYTES or _encode(raw) != token:
        # Two spellings of one token would be two tokens to whoever counts them.
        raise ForgedTokenError
    return raw

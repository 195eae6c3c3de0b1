"""Sessions of people in a browser: a signed cookie that names the key they began with.

Nothing is kept on the server. The key is looked up on every request, so revoking it ends its
sessions at once. A session ends after an hour of rest, and after twelve hours in any case
(NIST SP 800-63B-4 asks for at most 1 h and 24 h).
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers

from shared.ops.clock import wall_now
from shared.ops.settings import derive_key

IDLE_SECONDS_MAX = 3_600
OVERALL_SECONDS_MAX = 12 * 3_600
# A request later than this after the last renewal renews the cookie.
RENEW_SECONDS = 300
COOKIE_CHARACTERS_MAX = 512
_NONCE_BYTES = 12
_PARTS = 5


@dataclass(frozen=True)
class Session:
    """A sign-in: with which key, when, when last seen, and a random name for its forms."""

    key_id: str
    began: int
    seen: int
    nonce: str


class Sessions:
    """Makes, reads and renews the cookies of sessions."""

    def __init__(self, secret: bytes, *, secure: bool) -> None:
        self._key = derive_key(secret, "session cookie")
        self._form_key = derive_key(secret, "form token")
        self._secure = secure
        # The prefix makes browsers insist on https, this host and the whole site.
        self.cookie = "__Host-motcua" if secure else "motcua"

    def begin(self, key_id: str) -> Session:
        """Begin a session for somebody who has just shown a key."""
        now = _now()
        return Session(key_id, now, now, secrets.token_hex(_NONCE_BYTES))

    def read(self, headers: Headers) -> Session | None:
        """Give the session of a request's cookie, or None when there is none that holds."""
        value = self._value(headers)
        if value is None:
            return None
        body, _, signature = value.rpartition(".")
        if not hmac.compare_digest(self._sign(body), signature):
            return None
        session = _parse(body)
        now = _now()
        if session is None or now >= session.began + OVERALL_SECONDS_MAX:
            return None
        return None if now >= session.seen + IDLE_SECONDS_MAX else session

    def renewed(self, session: Session) -> Session | None:
        """Give the session as seen now, or None when its cookie is fresh enough."""
        now = _now()
        return None if now < session.seen + RENEW_SECONDS else replace(session, seen=now)

    def set_cookie(self, session: Session) -> str:
        """Write the header that stores a session in the browser."""
        body = f"1.{session.key_id}.{session.began}.{session.seen}.{session.nonce}"
        left = session.began + OVERALL_SECONDS_MAX - _now()
        return self._header(f"{body}.{self._sign(body)}", max(1, left))

    def drop_cookie(self) -> str:
        """Write the header that removes a session from the browser."""
        return self._header("", 0)

    def form_token(self, session: Session) -> str:
        """Give the token that every form of this session carries."""
        text = f"{session.key_id}.{session.began}.{session.nonce}"
        return _encode(hmac.digest(self._form_key, text.encode(), hashlib.sha256))

    def is_form_token(self, session: Session, token: str) -> bool:
        """Tell whether a form's token is that of the session."""
        return hmac.compare_digest(self.form_token(session).encode(), token.encode())

    def _value(self, headers: Headers) -> str | None:
        jar: SimpleCookie = SimpleCookie()
        try:
            jar.load(headers.get("cookie", ""))
        except CookieError:
            return None
        morsel = jar.get(self.cookie)
        if morsel is None or len(morsel.value) > COOKIE_CHARACTERS_MAX:
            return None
        return morsel.value if morsel.value.isascii() else None

    def _sign(self, body: str) -> str:
        return _encode(hmac.digest(self._key, body.encode(), hashlib.sha256))

    def _header(self, value: str, seconds: int) -> str:
        flags = "HttpOnly; SameSite=Strict" + ("; Secure" if self._secure else "")
        return f"{self.cookie}={value}; Path=/; Max-Age={seconds}; {flags}"


def _parse(body: str) -> Session | None:
    parts = body.split(".")
    if len(parts) != _PARTS or parts[0] != "1":
        return None
    try:
        return Session(parts[1], int(parts[2]), int(parts[3]), parts[4])
    except (ValueError, binascii.Error):
        return None


def _encode(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _now() -> int:
    return int(wall_now().timestamp())

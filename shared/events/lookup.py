"""The secret on the slip, and the keyed hash of it that events carry.

The keys are derived from the installation's secret; neither is ever in an event.
"""

import base64
import hashlib
import hmac
from typing import Final

SECRET_CHARACTERS: Final = 10


def lookup_secret(key: bytes, code: str) -> str:
    """Give the secret that is printed beside a dossier's code."""
    digest = hmac.new(key, code.encode(), hashlib.sha256).digest()
    return base64.b32encode(digest).decode("ascii")[:SECRET_CHARACTERS]


def lookup_hash(key: bytes, code: str, secret: str) -> str:
    """Hash a secret as events carry it; the case in which people type it does not matter."""
    message = f"{code}\n{secret.strip().upper()}"
    return hmac.new(key, message.encode(), hashlib.sha256).hexdigest()

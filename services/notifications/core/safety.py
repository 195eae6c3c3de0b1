"""What must never reach a header, an address or a page: control and direction characters."""

import re
import unicodedata
from typing import Final

#: C0, DEL, C1, line and paragraph separators, and every bidirectional control.
_FORBIDDEN: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]"
)
_LOCAL: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL: Final = re.compile(rf"{_LOCAL}@{_LABEL}(?:\.{_LABEL})*")
_PHONE: Final = re.compile(r"(?:\+?84|0)([1-9]\d{8,9})")

EMAIL_CHARACTERS_MAX: Final = 254
NAME_CHARACTERS_MAX: Final = 120


class UnsafeTextError(ValueError):
    """A text holds a character that could change the shape of a message."""


def header_text(text: str) -> str:
    """Return `text` in composed form, fit for one header.

    Raises:
        UnsafeTextError: it holds a control or direction character.
    """
    if _FORBIDDEN.search(text):
        raise UnsafeTextError("a header may not hold control or direction characters")
    return unicodedata.normalize("NFC", text)


def printable(text: str) -> str:
    """Return `text` with every control and direction character taken out, composed."""
    return unicodedata.normalize("NFC", _FORBIDDEN.sub(" ", text)).strip()


def person_name(name: str | None) -> str | None:
    """Return a name fit to be printed in a greeting; None if nothing of it is left."""
    if not name:
        return None
    return " ".join(printable(name).split())[:NAME_CHARACTERS_MAX].strip() or None


def email_address(text: str | None) -> str | None:
    """Return a plain ASCII address, one and nothing else; None if it is no such thing."""
    if text is None or len(text) > EMAIL_CHARACTERS_MAX:
        return None
    return text if _EMAIL.fullmatch(text) else None


def phone_number(text: str | None) -> str | None:
    """Return a Vietnamese number as providers want it, `84…`; None if it is none."""
    if text is None:
        return None
    match = _PHONE.fullmatch(re.sub(r"[ .()-]", "", text))
    return f"84{match[1]}" if match else None


def masked(address: str) -> str:
    """Return an address that one recognises and cannot use."""
    local, at, domain = address.partition("@")
    if at:
        return f"{local[:1]}…@{domain}"
    return f"{address[:2]}…{address[-3:]}" if len(address) > len("84…000") else "…"

"""How long an SMS is: the GSM 7-bit alphabet where it suffices, UCS-2 elsewhere.

Source: 3GPP TS 23.038 (alphabet), TS 23.040 (concatenation headers).
"""

import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = frozenset("\f^{}\\[~]|€")

_SINGLE: Final = {"gsm7": 160, "ucs2": 70}
_PART: Final = {"gsm7": 153, "ucs2": 67}

SEGMENTS_MAX: Final = 3
"""More would cost more than a letter and be read by nobody."""


@dataclass(frozen=True, slots=True)
class SmsLength:
    """The encoding a text needs and how many messages it takes."""

    encoding: Literal["gsm7", "ucs2"]
    units: int
    segments: int


def measure(text: str) -> SmsLength:
    """Work out encoding, length in its units and number of segments."""
    if all(letter in _BASIC or letter in _EXTENDED for letter in text):
        sizes = [2 if letter in _EXTENDED else 1 for letter in text]
        return SmsLength("gsm7", sum(sizes), _segments(sizes, "gsm7"))
    sizes = [len(letter.encode("utf-16-be")) // 2 for letter in text]
    return SmsLength("ucs2", sum(sizes), _segments(sizes, "ucs2"))


def unaccented(text: str) -> str:
    """Write Vietnamese without marks, as SMS in the country commonly is."""
    spread = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    bare = "".join(letter for letter in spread if not unicodedata.combining(letter))
    return bare.replace("–", "-").replace("…", "...").replace("“", '"').replace("”", '"')


def fit(text: str, *, accents: bool) -> tuple[str, SmsLength]:
    """Return the text as it will be sent: with its marks if wanted and affordable.

    A text too long even without marks is cut at the end of a word, with dots.
    """
    if accents:
        length = measure(text)
        if length.segments <= SEGMENTS_MAX:
            return text, length
    bare = unaccented(text)
    while (length := measure(bare)).segments > SEGMENTS_MAX:
        head, _, _ = bare.removesuffix("...").rstrip().rpartition(" ")
        bare = (head or bare[: _PART["ucs2"] * SEGMENTS_MAX // 2]).rstrip(" ,.;") + "..."
    return bare, length


def _segments(sizes: list[int], encoding: str) -> int:
    """Count messages; a letter of two units is never split between two of them."""
    total = sum(sizes)
    if total <= _SINGLE[encoding]:
        return 1
    parts, room = 1, _PART[encoding]
    for size in sizes:
        if size > room:
            parts, room = parts + 1, _PART[encoding]
        room -= size
    return parts

"""Values that look like the number of a person: identity numbers and mobile numbers.

A code is judged as a whole. Digits inside a longer code are part of the code; a value that is
nothing but such a number, or such a number behind a word that names it, is refused.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from shared.events.faults import Fault, fault
from shared.events.reading import pointer

#: Fields that name other events, published texts and rows: they have shapes of their own.
_NOT_CODES: Final = frozenset(
    {
        "contact",
        "replaces",
        "replaces_source",
        "notice",
        "about",
        "dossier",
        "row",
        "rule",
        "source",
        "name",
        "field_name",
        "neutral_name",
    }
)

#: What a number is, in English and Vietnamese.
_IDENTITY_9: Final = ("an identity number of 9 digits", "số định danh 9 chữ số")
_IDENTITY_12: Final = ("an identity number of 12 digits", "số định danh 12 chữ số")
_MOBILE: Final = ("a mobile number", "số điện thoại di động")

#: The number alone; or in the groups in which it is usually written.
_SHAPES: Final = (
    (_MOBILE, re.compile(r"(?:0|84)[35789][0-9]{8}"), None),
    (_IDENTITY_9, re.compile(r"[0-9]{9}"), re.compile(r"[0-9]{3}(?:.[0-9]{3}){2}")),
    (
        _IDENTITY_12,
        re.compile(r"[0-9]{12}"),
        re.compile(r"[0-9]{3}(?:.[0-9]{3}){3}|0[0-9]+(?:.[0-9]{2,})+"),
    ),
)
#: Nine digits in a row, or with one separator between groups: all that is looked at further.
_SUSPECT: Final = re.compile(r"[0-9][0-9 ._-]{7,}[0-9]")
#: Digits in groups of two or more, with one and the same separator.
_GROUPS: Final = re.compile(r"[0-9]{2,}(?:([ ._-])[0-9]{2,}(?:\1[0-9]{2,})*)?")
#: A word that says that a person's number follows.
_NAMED: Final = re.compile(
    r"(?:tel|phone|mobile|sdt|zalo|cccd|cmnd|cmt)[ ._-]?(?=[0-9])", re.IGNORECASE
)
_PARTS: Final = re.compile(r"[/:]")
_PERSON: Final = "p-"

Words = tuple[str, str]


def personal_faults(subject: str, data: Mapping[str, Any] | None) -> Iterator[Fault]:
    """Yield where a code looks like somebody's number, and which shape it has."""
    if _SUSPECT.search(subject):
        yield from _faults(subject, "subject")
    waiting: list[tuple[tuple[str | int, ...], object]] = [
        (("data", key), value) for key, value in (data or {}).items() if key not in _NOT_CODES
    ]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            if _SUSPECT.search(value):
                yield from _faults(value, *path)
        elif isinstance(value, dict):
            waiting.extend(((*path, key), item) for key, item in value.items())
        elif isinstance(value, list):
            waiting.extend(((*path, index), item) for index, item in enumerate(value))


def personal_shape(code: str) -> Words | None:
    """Return which number of a person a code looks like, in both languages; None if none.

    Each part of a subject is judged alone, and each part of a person's id: nothing but the
    person stands there.
    """
    for part in _PARTS.split(code):
        words = part.split("-")[1:] if part.startswith(_PERSON) else ()
        for whole in (part, *words):
            named = _NAMED.match(whole)
            found = _number(whole[named.end() :] if named else whole)
            if found:
                return found
    return None


def _number(text: str) -> Words | None:
    grouped = _GROUPS.fullmatch(text)
    if grouped is None:
        return None
    separator = grouped.group(1)
    digits = text.replace(separator, "") if separator else text
    for words, shape, groups in _SHAPES:
        if shape.fullmatch(digits) and (
            separator is None or groups is None or groups.fullmatch(text)
        ):
            return words
    return None


def _faults(code: str, *path: str | int) -> Iterator[Fault]:
    found = personal_shape(code)
    if found:
        yield fault("looks-personal", pointer(*path), shape=found[0], shape_vi=found[1])

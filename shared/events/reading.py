"""Reading what somebody else wrote: bytes and headers to a JSON object, or faults.

Nothing here raises on any input, and nothing trusts it: sizes, depth, numbers, characters and
doubled keys are checked before a schema is asked.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote

from shared.events.faults import Fault, fault
from shared.events.topics import RECORD_BYTES_MAX

DEPTH_MAX: Final = 12
DIGITS_MAX: Final = 18
#: No event of ours has a tenth of it; a list without end must not hold up its neighbours.
VALUES_MAX: Final = 5_000
#: More faults than this are not told at once.
FAULTS_MAX: Final = 20

STRUCTURED: Final = "application/cloudevents+json"
_BATCH: Final = "application/cloudevents-batch"
_PREFIXES: Final = ("ce_", "ce-")
#: Controls, direction marks, zero-width marks, the byte order mark, and halves of characters.
_FORBIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff\ud800-\udfff]"
)
_SAFE_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,40}")
_MANY_DIGITS = re.compile(r"[0-9]{7}")

Document = dict[str, Any]


class _Doubled(dict[str, Any]):
    """An object in which one key stands twice."""

    key: str = ""


class _BadNumberError(ValueError):
    """A number that JSON or a computer can't hold."""


def pointer(*parts: str | int) -> str:
    """Write a JSON pointer; a key that could itself say something is not repeated."""
    return "".join(f"/{_key(part)}" for part in parts)


class Unreadable(Exception):  # noqa: N818  # It is an answer, not an accident.
    """The record holds no object that a schema could be asked about."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(", ".join(item.rule for item in faults))
        self.faults = list(faults)


def read_document(value: bytes | None, headers: Sequence[tuple[str, bytes]]) -> Document:
    """Read one CloudEvents object, structured or binary, from a record or a request.

    Raises:
        Unreadable: It is none, or one with doubled keys, forbidden characters and the like.
    """
    names = _headers(headers)
    content_type = names.get("content-type", "").strip().lower()
    attributes = {
        name[3:]: _attribute(name, text)
        for name, text in names.items()
        if name.startswith(_PREFIXES)
    }
    known = not content_type or _is_json(content_type)
    if not known or content_type.startswith(_BATCH):
        raise Unreadable(fault("unknown-content-type", "/headers/content-type"))
    if content_type.startswith(STRUCTURED) or not attributes:
        return _checked(read_object(value))
    return _checked({**attributes, "data": read_object(value)})


def read_object(value: bytes | None) -> Document:
    """Read one JSON object from bytes.

    Raises:
        Unreadable: The bytes are no JSON object in UTF-8 of a bearable size.
    """
    try:
        document = _DECODER.decode(_text(value))
    except json.JSONDecodeError as error:
        raise Unreadable(fault("not-json", line=error.lineno, column=error.colno)) from None
    except _BadNumberError:
        raise Unreadable(fault("bad-number", limit=DIGITS_MAX)) from None
    except RecursionError:
        raise Unreadable(fault("too-deep", limit=DEPTH_MAX)) from None
    if not isinstance(document, dict):
        raise Unreadable(fault("not-an-object"))
    return document


def _text(value: bytes | None) -> str:
    if not value:
        raise Unreadable(fault("empty-record"))
    if len(value) > RECORD_BYTES_MAX:
        raise Unreadable(fault("record-too-large", size=len(value), limit=RECORD_BYTES_MAX))
    # Commas are counted before anything is built: they bound the number of values.
    if value.count(b",") > VALUES_MAX:
        raise Unreadable(fault("too-many-values", limit=VALUES_MAX))
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(fault("not-utf8", position=error.start)) from None


def _checked(document: Document) -> Document:
    faults = _faults_of(document)
    if faults:
        raise Unreadable(*faults)
    return document


def _faults_of(document: Document) -> list[Fault]:
    """Walk the whole object for what no schema would find."""
    faults: list[Fault] = []
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), document)]
    while waiting and len(faults) < FAULTS_MAX:
        path, value = waiting.pop()
        if len(path) > DEPTH_MAX:
            return [fault("too-deep", pointer(*path[:3]), limit=DEPTH_MAX)]
        if isinstance(value, str):
            if _FORBIDDEN.search(value):
                faults.append(fault("forbidden-character", pointer(*path)))
        elif isinstance(value, dict):
            if isinstance(value, _Doubled):
                faults.append(fault("duplicate-key", pointer(*path, value.key)))
            if any(_FORBIDDEN.search(key) for key in value):
                faults.append(fault("forbidden-character", pointer(*path)))
            waiting.extend(((*path, key), item) for key, item in value.items())
        elif isinstance(value, list):
            waiting.extend(((*path, index), item) for index, item in enumerate(value))
    return sorted(faults, key=lambda item: item.path)


def _headers(headers: Sequence[tuple[str, bytes]]) -> Mapping[str, str]:
    names: dict[str, str] = {}
    for raw, value in headers:
        name = raw.strip().lower()
        path = f"/headers/{_key(name)}"
        try:
            text = bytes(value or b"").decode()
        except UnicodeDecodeError:
            raise Unreadable(fault("header-not-utf8", path)) from None
        if name in names and (name == "content-type" or name.startswith(_PREFIXES)):
            raise Unreadable(fault("duplicate-header", path))
        names[name] = text
    return names


def _attribute(name: str, text: str) -> str | bool:
    """Read one attribute: HTTP percent-encodes them, and our one boolean is a word."""
    plain = unquote(text) if name.startswith("ce-") else text
    word = plain.lower()
    return word == "true" if name[3:] == "backfill" and word in {"true", "false"} else plain


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip()
    return kind in {"application/json", "text/json"} or kind.endswith("+json")


def _key(part: str | int) -> str:
    if isinstance(part, int):
        return str(part)
    safe = _SAFE_KEY.fullmatch(part) and not _MANY_DIGITS.search(part)
    return part if safe else "…"


def _pairs(pairs: list[tuple[str, Any]]) -> Document:
    plain = dict(pairs)
    if len(plain) == len(pairs):
        return plain
    doubled = _Doubled(plain)
    counts = Counter(key for key, _ in pairs)
    doubled.key = next(key for key, count in counts.items() if count > 1)
    return doubled


def _integer(text: str) -> int:
    if len(text) > DIGITS_MAX:
        raise _BadNumberError
    return int(text)


def _float(text: str) -> float:
    number = float(text)
    if len(text) > 2 * DIGITS_MAX or number in {float("inf"), float("-inf")}:
        raise _BadNumberError
    return number


def _constant(_text: str) -> float:
    raise _BadNumberError


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_int=_integer, parse_float=_float, parse_constant=_constant
)

"""Reading what somebody else wrote: bytes and headers to a JSON object, or faults.

Nothing here raises on any input, and nothing trusts it: sizes, depth, numbers, characters and
doubled keys are checked before a schema is asked. A byte order mark before the JSON is taken,
wherever the bytes come from; a whole number is one, however it is written (1, 1.0, 1e0).
"""

import base64
import binascii
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, Final
from urllib.parse import unquote

from shared.events.faults import Fault, fault
from shared.events.media_types import media_type
from shared.events.topics import RECORD_BYTES_MAX

DEPTH_MAX: Final = 12
DIGITS_MAX: Final = 18
#: No event of ours has a tenth of it; a list without end must not hold up its neighbours.
VALUES_MAX: Final = 5_000
#: More faults than this are not told at once.
FAULTS_MAX: Final = 20

STRUCTURED: Final = "application/cloudevents+json"
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
BASE64: Final = "data_base64"
#: Up to here JavaScript's and Java's floating point holds every whole number.
WHOLE_MAX: Final = 2**53
_BATCH: Final = "application/cloudevents-batch"
#: What Kafka Connect's JsonConverter makes of a value while its schemas are enabled.
_CONNECT: Final = {"schema", "payload"}
_PREFIXES: Final = ("ce_", "ce-")
#: Controls, direction marks, zero-width marks, the byte order mark, and halves of characters.
_FORBIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff\ud800-\udfff]"
)
_SAFE_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,40}")
_MANY_DIGITS = re.compile(r"[0-9]{7}")

Document = dict[str, Any]
Path = tuple[str | int, ...]
Container = dict[str, Any] | list[Any]


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
    attributes = {
        name[3:]: _attribute(name, text)
        for name, text in names.items()
        if name.startswith(_PREFIXES)
    }
    if not _is_structured(names.get("content-type", "")) and attributes:
        return _checked({**attributes, "data": _unwrapped(read_object(value), "/data")})
    document = _unwrapped(read_object(value), "")
    if document.get(BASE64) is not None:
        _decode_data(document)
    _unwrapped(document.get("data"), "/data")
    return _checked(document)


def read_object(value: bytes | None) -> Document:
    """Read one JSON object from bytes.

    Raises:
        Unreadable: The bytes are no JSON object in UTF-8 of a bearable size.
    """
    document = _read_json(value)
    if not isinstance(document, dict):
        raise Unreadable(fault("not-an-object"))
    return document


def data_type_fault(text: object) -> Fault | None:
    """Return why data of this type cannot be read; None when they are JSON in UTF-8."""
    path = "/datacontenttype"
    if text is None:
        return None
    if not isinstance(text, str):
        return fault("wrong-type", path, expected="a text", expected_vi="chuỗi ký tự")
    kind = media_type(text)
    if kind is None or not kind.is_json or kind.name.startswith("application/cloudevents"):
        return fault("data-not-json", path)
    return None if kind.is_utf8 else fault("unknown-charset", path)


def _is_structured(content_type: str) -> bool:
    """Return whether the header says that the value is the whole event.

    Raises:
        Unreadable: It says that the value is no JSON in UTF-8, or many events.
    """
    path = "/headers/content-type"
    if not content_type.strip():
        return False
    kind = media_type(content_type)
    if kind is None or not kind.is_json or kind.name.startswith(_BATCH):
        raise Unreadable(fault("unknown-content-type", path))
    if not kind.is_utf8:
        raise Unreadable(fault("unknown-charset", path))
    return kind.name == STRUCTURED


def _unwrapped(value: Any, path: str) -> Any:  # noqa: ANN401  # Any JSON.
    """Return the value, unless Kafka Connect has wrapped it."""
    if isinstance(value, dict) and value.keys() == _CONNECT:
        raise Unreadable(fault("connect-wrapper", path))
    return value


def _decode_data(document: Document) -> None:
    """Put the data of an event in place of their base64, read as strictly as any others.

    Raises:
        Unreadable: They are no base64 of JSON, or there are data beside them.
    """
    if document.get("data") is not None:
        raise Unreadable(fault("data-twice", f"/{BASE64}"))
    wrong = data_type_fault(document.get("datacontenttype"))
    if wrong is not None:
        raise Unreadable(wrong)
    text = document.pop(BASE64)
    try:
        value = base64.b64decode(text, validate=True) if isinstance(text, str) else None
    except (binascii.Error, ValueError):
        value = None
    if value is None:
        raise Unreadable(fault("bad-base64", f"/{BASE64}"))
    try:
        document["data"] = _read_json(value)
    except Unreadable as refused:
        found = (replace(item, path=f"/{BASE64}") for item in refused.faults)
        raise Unreadable(*found) from None


def _read_json(value: bytes | None) -> Any:  # noqa: ANN401  # Any JSON.
    try:
        return _DECODER.decode(_text(value))
    except json.JSONDecodeError as error:
        raise Unreadable(fault("not-json", line=error.lineno, column=error.colno)) from None
    except _BadNumberError:
        raise Unreadable(fault("bad-number", limit=DIGITS_MAX)) from None
    except RecursionError:
        raise Unreadable(fault("too-deep", limit=DEPTH_MAX)) from None


def _text(value: bytes | None) -> str:
    if not value or value == BYTE_ORDER_MARK:
        raise Unreadable(fault("empty-record"))
    if len(value) > RECORD_BYTES_MAX:
        raise Unreadable(fault("record-too-large", size=len(value), limit=RECORD_BYTES_MAX))
    # Commas are counted before anything is built: they bound the number of values.
    if value.count(b",") > VALUES_MAX:
        raise Unreadable(fault("too-many-values", limit=VALUES_MAX))
    try:
        return value.removeprefix(BYTE_ORDER_MARK).decode()
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
    waiting: list[tuple[Path, Container]] = [((), document)]
    while waiting and len(faults) < FAULTS_MAX:
        path, value = waiting.pop()
        if value and len(path) >= DEPTH_MAX:
            return [fault("too-deep", pointer(*path[:3]), limit=DEPTH_MAX)]
        if isinstance(value, list):
            inside: Iterable[tuple[str | int, Any]] = enumerate(value)
        else:
            inside = value.items()
            if isinstance(value, _Doubled):
                faults.append(fault("duplicate-key", pointer(*path, value.key)))
            if _FORBIDDEN.search("".join(value)):
                faults.append(fault("forbidden-character", pointer(*path)))
        faults.extend(islice(_bad_texts(path, inside, waiting), FAULTS_MAX))
    return sorted(faults, key=lambda item: item.path)


def _bad_texts(
    path: Path, inside: Iterable[tuple[str | int, Any]], waiting: list[tuple[Path, Container]]
) -> Iterator[Fault]:
    """Yield what is wrong with the texts of a container; what it contains itself waits."""
    for key, item in inside:
        if isinstance(item, str):
            if _FORBIDDEN.search(item):
                yield fault("forbidden-character", pointer(*path, key))
        elif isinstance(item, dict | list):
            waiting.append(((*path, key), item))


def _headers(headers: Sequence[tuple[str, bytes]]) -> Mapping[str, str]:
    """Read the headers that are ours to read; others may hold what they like."""
    names: dict[str, str] = {}
    for raw, value in headers:
        name = raw.strip().lower()
        if name != "content-type" and not name.startswith(_PREFIXES):
            continue
        path = f"/headers/{_key(name)}"
        if name in names:
            raise Unreadable(fault("duplicate-header", path))
        try:
            names[name] = bytes(value or b"").decode()
        except UnicodeDecodeError:
            raise Unreadable(fault("header-not-utf8", path)) from None
    return names


def _attribute(name: str, text: str) -> str | bool:
    """Read one attribute: HTTP percent-encodes them, and our one boolean is a word."""
    plain = unquote(text) if name.startswith("ce-") else text
    word = plain.lower()
    return word == "true" if name[3:] == "backfill" and word in {"true", "false"} else plain


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
    """Read a number with a fraction or an exponent; a whole one becomes an int."""
    number = float(text)
    if len(text) > 2 * DIGITS_MAX or number in {float("inf"), float("-inf")}:
        raise _BadNumberError
    return int(number) if number.is_integer() and abs(number) < WHOLE_MAX else number


def _constant(_text: str) -> float:
    raise _BadNumberError


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_int=_integer, parse_float=_float, parse_constant=_constant
)

"""Turning what a schema finds into faults: which rule, and words that say how to write it."""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from shared.events import codes, contacts, reference
from shared.events.faults import Fault, fault
from shared.events.model import EARLIEST, LATEST
from shared.events.reading import FAULTS_MAX, pointer

Schema = Mapping[str, Any]

#: Longer words are compared by their beginning.
WORD_CHARACTERS: Final = 64
MOMENT_RANGE: Final = f"{EARLIEST.year} – {LATEST.year}"

#: Pattern → what it is, in both languages, and an example.
_SHAPES: Final[Mapping[str, tuple[str, str, str]]] = {
    codes.UNIT_PATTERN: ("a unit's code", "mã đơn vị hành chính", "06112"),
    codes.PROCEDURE_PATTERN: ("a procedure's code", "mã thủ tục hành chính", "1.000656"),
    codes.PERSON_PATTERN: ("a person's id", "định danh người", "p-06112-director"),
    codes.MONTH_PATTERN: ("a month", "tháng", "2026-11"),
    codes.SLUG_PATTERN: ("a word of a list", "từ mã trong danh mục", "verification_needed"),
    codes.ITEM_PATTERN: ("a code", "mã", "KQ.G15.000032"),
    codes.IDENTIFIER_PATTERN: (
        "an id (letters, digits and . _ : / + = ~ -)",
        "định danh (chữ cái, chữ số và . _ : / + = ~ -)",
        "7f9c2ba4-e88f-4d3a-9f0c-1b1e6d1a2c3d",
    ),
    codes.OBLIGATION_PATTERN: ("an obligation's id", "định danh nghĩa vụ", "dossier_deadline"),
    codes.HASH_PATTERN: (
        "a SHA-256 in hex",
        "SHA-256 dạng hex",
        "e3b0c44298fc1c149afb… (64 characters)",
    ),
    codes.ELECTRONIC_ID_PATTERN: ("an electronic id", "mã định danh điện tử", "H37.120"),
    codes.EVENT_NAME_PATTERN: ("an event's name", "tên sự kiện", "dossier.accepted"),
    codes.SOURCE_PATTERN: (
        "a publisher's source",
        "nguồn của bên gửi",
        "urn:motcua:publisher:kiosk",
    ),
    codes.TRACEPARENT_PATTERN: (
        "a W3C traceparent",
        "traceparent theo W3C",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    ),
    contacts.PHONE_PATTERN: ("a telephone number", "số điện thoại", "0900000000"),
    contacts.EMAIL_PATTERN: ("an e-mail address", "địa chỉ thư điện tử", "ten@vidu.vn"),
    contacts.NATIONAL_ID_PATTERN: ("an identity number", "số định danh", "001099000000"),
    contacts.WEBHOOK_PATTERN: ("a web address", "địa chỉ web", "https://vidu.vn/hook"),
    reference.CLOCK_PATTERN: ("a time of the day", "giờ trong ngày", "07:30"),
    reference.MONTH_DAY_PATTERN: ("a day of the year", "ngày trong năm", "04-16"),
}

_KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "string_type": ("a text", "chuỗi ký tự"),
    "int_type": ("a whole number", "số nguyên"),
    "int_from_float": ("a whole number", "số nguyên"),
    "float_type": ("a number", "số"),
    "bool_type": ("true or false", "true hoặc false"),
    "tuple_type": ("a list", "danh sách"),
    "list_type": ("a list", "danh sách"),
    "dict_type": ("an object", "đối tượng"),
    "model_type": ("an object", "đối tượng"),
    "model_attributes_type": ("an object", "đối tượng"),
}
#: JSON Schema's format or type → what it is.
_PLAIN: Final[Mapping[str, tuple[str, str]]] = {
    "date-time": (
        ": a moment, like 2026-11-23T08:05:00+07:00",
        ": thời điểm, ví dụ 2026-11-23T08:05:00+07:00",
    ),
    "date": (": a day, like 2026-11-23", ": ngày, ví dụ 2026-11-23"),
    "integer": (": a whole number", ": số nguyên"),
    "boolean": (": true or false", ": true hoặc false"),
    "array": (": a list", ": danh sách"),
    "object": (": an object", ": đối tượng"),
}
_DATES: Final = (
    "date_type",
    "date_parsing",
    "date_from_datetime_parsing",
    "date_from_datetime_inexact",
)


def words_of(pattern: str) -> tuple[str, str, str] | None:
    """Give what a pattern stands for in both languages, and an example; None if unknown."""
    return _SHAPES.get(pattern)


def faults_of(error: ValidationError, model: type[BaseModel], *base: str) -> list[Fault]:
    """Say what a schema found, field by field."""
    details = error.errors(include_url=False, include_input=False)
    return [_fault(detail, model, base) for detail in details[:FAULTS_MAX]]


def nearest(word: str, words: Iterable[str]) -> str | None:
    """Give the known word that was probably meant; it is ours, so it may be printed."""
    found = difflib.get_close_matches(word[:WORD_CHARACTERS], list(words), n=1, cutoff=0.75)
    return found[0] if found else None


def unknown_field(path: str, key: str, known: Iterable[str]) -> Fault:
    """Say that there is no such field, and which one was probably meant."""
    meant = nearest(key, known)
    return fault(
        "unknown-field",
        path,
        hint=f", or write {meant}" if meant else "",
        hint_vi=f", hoặc ghi {meant}" if meant else "",
    )


def missing_field(path: str, model: type[BaseModel], location: Sequence[str | int]) -> Fault:
    """Say that a field is missing, and what belongs there where a model can tell."""
    hint, hint_vi = _belongs(_schema_at(model, location))
    return fault("missing-field", path, hint=hint, hint_vi=hint_vi)


@cache
def _schema_of(model: type[BaseModel]) -> Schema:
    return model.model_json_schema()


def _schema_at(model: type[BaseModel], location: Sequence[str | int]) -> Schema:
    """Walk a model's schema to a field; an empty one where the walk ends before."""
    root = _schema_of(model)
    found = root
    for step in location:
        inside = found.get("items") if isinstance(step, int) else found.get("properties")
        found = (inside or {}).get(step, {}) if isinstance(step, str) else inside or {}
        options = [one for one in found.get("anyOf", ()) if one != {"type": "null"}]
        found = options[0] if len(options) == 1 else found
        if "$ref" in found:
            found = root["$defs"][str(found["$ref"]).rsplit("/", 1)[-1]]
    return found


def _belongs(schema: Schema) -> tuple[str, str]:
    """Say in words what a field takes."""
    if "enum" in schema:
        listed = ", ".join(map(str, schema["enum"]))
        return f": one of {listed}", f": một trong {listed}"
    words = _SHAPES.get(schema.get("pattern", ""))
    if words:
        return f": {words[0]}, like {words[2]}", f": {words[1]}, ví dụ {words[2]}"
    return _PLAIN.get(schema.get("format") or schema.get("type", ""), ("", ""))


def _fault(detail: ErrorDetails, model: type[BaseModel], base: tuple[str, ...]) -> Fault:
    kind, location = detail["type"], detail["loc"]
    path = pointer(*base, *location)
    if kind == "missing":
        return missing_field(path, model, location)
    if kind == "extra_forbidden":
        known = model.model_fields if len(location) == 1 else ()
        return unknown_field(path, str(location[-1]), known)
    if kind in _KINDS:
        expected, expected_vi = _KINDS[kind]
        return fault("wrong-type", path, expected=expected, expected_vi=expected_vi)
    if kind in _DATES:
        return not_a_day(path)
    make = next((make for start, make in _MAKERS if kind.startswith(start)), _bad_value)
    return make(path, detail.get("ctx") or {})


def not_a_day(path: str) -> Fault:
    """Say that a value is no day of the calendar."""
    return fault("wrong-shape", path, shape="a day", shape_vi="ngày", example="2026-11-23")


Context = Mapping[str, Any]


def _bad_value(path: str, _context: Context) -> Fault:
    return fault("bad-value", path)


def _not_in_list(path: str, context: Context) -> Fault:
    """Turn pydantic's "'a', 'b' or 'c'" into a plain list."""
    values = str(context["expected"]).replace(" or ", ", ").replace("'", "")
    return fault("not-in-list", path, values=values)


def _wrong_shape(path: str, context: Context) -> Fault:
    words = _SHAPES.get(str(context["pattern"]))
    if words is None:
        return fault("bad-value", path)
    shape, shape_vi, example = words
    return fault("wrong-shape", path, shape=shape, shape_vi=shape_vi, example=example)


def _too_long(path: str, context: Context) -> Fault:
    return fault("too-long", path, limit=context["max_length"])


def _too_short(path: str, context: Context) -> Fault:
    return fault("too-short", path, limit=context["min_length"])


def _out_of_range(path: str, context: Context) -> Fault:
    name, limit = next(iter(context.items()))
    if not isinstance(limit, int | float):
        return fault("time-out-of-range", path, range=MOMENT_RANGE)
    sign = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}[name]
    return fault("out-of-range", path, range=f"{sign} {limit}")


def _bad_time(path: str, _context: Context) -> Fault:
    return fault("bad-time", path)


def _naive_time(path: str, _context: Context) -> Fault:
    return fault("naive-time", path)


#: How pydantic's name of an error starts → the fault it becomes.
_MAKERS: Final[tuple[tuple[str, Callable[[str, Context], Fault]], ...]] = (
    ("literal_error", _not_in_list),
    ("string_pattern_mismatch", _wrong_shape),
    ("string_too_long", _too_long),
    ("too_long", _too_long),
    ("string_too_short", _too_short),
    ("too_short", _too_short),
    ("greater_than", _out_of_range),
    ("less_than", _out_of_range),
    ("datetime_", _bad_time),
    ("timezone_", _naive_time),
)

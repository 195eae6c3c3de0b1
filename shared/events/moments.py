"""Which fields of a type are moments and days, and how a publisher must write them.

A schema alone would take a number for a moment and any offset; `parse_inbound` does not. RFC
3339 is taken with small letters too. Of a fraction of a second six digits are kept; up to nine
are read.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel

from shared.events.faults import Fault, fault
from shared.events.reading import pointer
from shared.events.shapes import not_a_day

_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]"
    r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LIVE_OFFSETS: Final = frozenset({"+07:00", "Z", "z", "+00:00", "-00:00"})

Path = tuple[str, ...]


def moments_of(model: type[BaseModel]) -> tuple[Path, ...]:
    """Give the paths of a model's fields that are moments."""
    return tuple(_fields(model, (datetime, AwareDatetime), ()))


def days_of(model: type[BaseModel]) -> tuple[Path, ...]:
    """Give the paths of a model's fields that are days."""
    return tuple(_fields(model, (date,), ()))


def moment_fault(value: object, path: str, *, live: bool) -> Fault | None:
    """Say what is wrong with the way a moment is written; None when nothing is."""
    if not isinstance(value, str):
        return fault("bad-time", path)
    found = _MOMENT.fullmatch(value)
    if found is None:
        return fault("bad-time", path)
    offset = found.group(1)
    if offset is None:
        return fault("naive-time", path)
    if live and offset not in _LIVE_OFFSETS:
        return fault("wrong-offset", path)
    return None


def faults_in(
    data: Mapping[str, Any], moments: tuple[Path, ...], days: tuple[Path, ...], *, live: bool
) -> Iterator[Fault]:
    """Say what is wrong with the way moments and days of a type's data are written."""
    for path in moments:
        value = _at(data, path)
        if value is not None:
            found = moment_fault(value, pointer("data", *path), live=live)
            if found:
                yield found
    for path in days:
        value = _at(data, path)
        if value is not None and not (isinstance(value, str) and _DAY.fullmatch(value)):
            yield not_a_day(pointer("data", *path))


def _at(data: Mapping[str, Any], path: Path) -> object:
    value: object = data
    for part in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def _fields(model: type[BaseModel], kinds: tuple[Any, ...], base: Path) -> Iterator[Path]:
    for name, field in model.model_fields.items():
        for plain in _plain(field.annotation):
            if plain in kinds:
                yield (*base, name)
            elif isinstance(plain, type) and issubclass(plain, BaseModel):
                yield from _fields(plain, kinds, (*base, name))


def _plain(annotation: Any) -> Iterator[Any]:  # noqa: ANN401  # An annotation is anything.
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _plain(get_args(annotation)[0])
    elif origin in {Union, UnionType}:
        for part in get_args(annotation):
            yield from _plain(part)
    else:
        yield annotation

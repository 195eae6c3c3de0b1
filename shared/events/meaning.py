"""The fingerprint of an event: of what it means, not of the letters in which it was sent.

One instant in any spelling, one number in any notation, a field that is absent, null or written
out with its default, one media type, structured or binary mode: each is one content. Instants
are kept to the microsecond, so two that differ below it are one.
"""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final

import orjson
from pydantic import TypeAdapter, ValidationError

from shared.events.answers import Corrected
from shared.events.contacts import ContactPart
from shared.events.model import EventData, Instant, instant_text
from shared.events.moments import moments_of
from shared.events.registry import REGISTRY

_INSTANT: Final[TypeAdapter[datetime]] = TypeAdapter(Instant)

Attributes = Mapping[str, str | bool | None]


def fingerprint_of(
    attributes: Attributes, time: datetime, data: EventData, contact: ContactPart | None
) -> str:
    """Hash what an event means: equal for equal attributes, instant, data and contact.

    Args:
        attributes: Those that are content; how it was sent (a trace, a key) is not.
        time: When it happened.
        data: As its model read them.
        contact: The personal part, if there was one.
    """
    plain: dict[str, Any] = data.model_dump(mode="json", exclude_defaults=True)
    if isinstance(data, Corrected) and data.right is not None:
        plain["right"]["data"] = _meant(data.right.data, ())
    content = {
        **attributes,
        "time": instant_text(time),
        "data": plain,
        "contact": contact and contact.model_dump(mode="json", exclude_defaults=True),
    }
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _meant(value: object, path: tuple[str, ...]) -> object:
    """Return a correction's right data in one spelling, though their type is not known here."""
    if isinstance(value, dict):
        return {
            key: _meant(item, (*path, key)) for key, item in value.items() if item is not None
        }
    if isinstance(value, list):
        return [_meant(item, path) for item in value]
    if isinstance(value, str) and path in _moments():
        try:
            return instant_text(_INSTANT.validate_python(value))
        except ValidationError:
            return value  # No moment: `judge` refuses it, or another type has a code there.
    return value


@cache
def _moments() -> frozenset[tuple[str, ...]]:
    """Return where any type that can be corrected has a moment."""
    return frozenset(_moments_of_all())


def _moments_of_all() -> Iterator[tuple[str, ...]]:
    for kind in REGISTRY.values():
        if kind.inbound:
            yield from moments_of(kind.model)

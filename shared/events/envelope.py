"""The envelope: CloudEvents 1.0 in structured mode, written and read by our own services.

Reading is tolerant, as a consumer's should be: fields that this version does not know are
ignored. What publishers send is read strictly, by `inbound.parse_inbound`.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, InstanceOf, ValidationError
from pydantic_core import from_json, to_json

from shared.events.codes import is_matter
from shared.events.model import EventData, Instant, instant_text
from shared.events.registry import REGISTRY
from shared.events.topics import CENTRES, DOSSIERS, Topic

TYPE_PREFIX: Final = "vn.motcua."
CONTENT_TYPE: Final = "application/cloudevents+json"
SPECVERSION: Final = "1.0"

EVENTS_KEPT: Final = 8_192
"""How many decoded events are kept at hand; some 3 kB each."""

_TYPE = re.compile(r"vn\.motcua\.([a-z]+\.[a-z_]+)\.v([1-9][0-9]?)")


class Undecodable(Exception):  # noqa: N818  # It is an outcome: the record is parked.
    """A record is no event of ours; `reason` holds no value of its data."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Event(BaseModel):
    """One event as our topics carry it; one that was decoded remembers the bytes it came in."""

    __slots__ = ("_came_as",)  # No field: copies and comparisons pass over it.

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    source: str
    name: str = Field(description="The type without prefix and major: dossier.accepted.")
    major: int = 1
    subject: str
    time: Instant = Field(description="When it happened.")
    sequence: int | None = None
    recordedtime: Instant | None = None
    receivingunit: str | None = None
    competentunit: str | None = None
    referenceversion: int | None = None
    contactversion: int | None = None
    traceparent: str | None = None
    backfill: bool = False
    inconsistency: str | None = None
    data: InstanceOf[EventData]

    @property
    def type(self) -> str:
        """The CloudEvents type."""
        return f"{TYPE_PREFIX}{self.name}.v{self.major}"

    @property
    def topic(self) -> Topic:
        """The canonical topic that it belongs to."""
        return topic_of(self.name, self.subject)


def topic_of(name: str, subject: str) -> Topic:
    """Give the canonical topic of a type; answers follow their subject.

    Raises:
        KeyError: No such type.
    """
    topic = REGISTRY[name].topic
    return topic or (CENTRES if is_matter(subject) else DOSSIERS)


def split_type(text: str) -> tuple[str, int] | None:
    """Read name and major from a CloudEvents type; None when it is not one of ours."""
    found = _TYPE.fullmatch(text)
    return (found.group(1), int(found.group(2))) if found else None


def opening_of(
    event_id: str, source: str, name: str, subject: str, time: datetime
) -> dict[str, Any]:
    """Write the attributes that every event has, as they travel.

    Raises:
        KeyError: No such type.
    """
    return {
        "specversion": SPECVERSION,
        "id": event_id,
        "source": source,
        "type": REGISTRY[name].type,
        "subject": subject,
        "time": instant_text(time),
        "datacontenttype": "application/json",
    }


def to_document(event: Event) -> dict[str, Any]:
    """Write an event as the JSON-able mapping that travels and is stored."""
    document = opening_of(event.id, event.source, event.name, event.subject, event.time)
    if event.sequence is not None:
        document["sequence"] = event.sequence
    if event.recordedtime is not None:
        document["recordedtime"] = instant_text(event.recordedtime)
    for name in _OPTIONAL:
        value = getattr(event, name)
        if value is not None:
            document[name] = value
    if event.backfill:
        document["backfill"] = True
    document["data"] = event.data.document()
    return document


_OPTIONAL: Final = (
    "receivingunit",
    "competentunit",
    "referenceversion",
    "contactversion",
    "traceparent",
    "inconsistency",
)


def from_document(document: Mapping[str, Any]) -> Event:
    """Read an event from its mapping.

    Raises:
        Undecodable: It is no event that this version can read.
    """
    parts = split_type(str(document.get("type")))
    if parts is None:
        raise Undecodable("its type is none of ours")
    name, major = parts
    known = REGISTRY.get(name)
    if known is None or major != known.major:
        raise Undecodable(f"unknown type {name}, major {major}")
    try:
        data = known.model.model_validate(document.get("data"))
        return Event.model_validate({**document, "name": name, "major": major, "data": data})
    except ValidationError as error:
        raise Undecodable(_plain(error)) from None


def encode(event: Event) -> bytes:
    """Write an event as the value of a record; one that came as such is given back as it came.

    So what a later version added for others is kept, and nothing is written twice.
    """
    came_as: bytes | None = getattr(event, "_came_as", None)
    return to_json(to_document(event)) if came_as is None else came_as


@lru_cache(maxsize=EVENTS_KEPT)
def decode(value: bytes) -> Event:
    """Read an event from the value of a record.

    The events seen last are kept: a subject's history only grows, and is read with each event.

    Raises:
        Undecodable: It is no event that this version can read.
    """
    try:
        document = from_json(value)
    except ValueError:
        raise Undecodable("the value is not JSON in UTF-8") from None
    if not isinstance(document, dict):
        raise Undecodable("the value is not a JSON object")
    event = from_document(document)
    object.__setattr__(event, "_came_as", value)
    return event


def _plain(error: ValidationError) -> str:
    """Say where and which rule, never the value."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"/{'/'.join(str(part) for part in first['loc'])}: {first['type']}"

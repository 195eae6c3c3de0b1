"""What publishers send in: read strictly, refused with reasons, never an exception.

Both doors and `motcua check` come through `parse_inbound`. What needs a clock, the reference
data or what was recorded before is judged by `judge`.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import to_json

from shared.events import meaning, moments
from shared.events.checks import subject_faults, thing_faults
from shared.events.codes import (
    IDENTIFIER_PATTERN,
    SOURCE_PATTERN,
    TRACEPARENT_PATTERN,
    Identifier,
    Matter,
    UnitCode,
    parse_matter,
    publisher_of,
)
from shared.events.contacts import ContactPart
from shared.events.envelope import Event, split_type, topic_of
from shared.events.extensions import sort_out
from shared.events.faults import Fault, fault
from shared.events.model import EventData, Instant
from shared.events.personal import personal_faults
from shared.events.reading import (
    FAULTS_MAX,
    Document,
    Unreadable,
    data_type_fault,
    read_document,
    read_object,
)
from shared.events.registry import REGISTRY, WITH_CONTACT, EventType
from shared.events.shapes import faults_of, nearest
from shared.events.topics import Topic

SET_BY_INTAKE: Final = (
    "sequence",
    "recordedtime",
    "referenceversion",
    "contactversion",
    "inconsistency",
)
_ID_HEADERS: Final = frozenset({"ce_id", "ce-id"})
_ID = re.compile(IDENTIFIER_PATTERN)
_EXAMPLE_TYPE: Final = ", such as vn.motcua.dossier.accepted.v1"
_EXAMPLE_TYPE_VI: Final = ", ví dụ vn.motcua.dossier.accepted.v1"


class _Envelope(BaseModel):
    """The attributes that are read; `sort_out` has taken those of others away."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    specversion: str
    id: Identifier
    source: str = Field(pattern=SOURCE_PATTERN, max_length=120)
    type: str
    subject: str = Field(min_length=1, max_length=120)
    time: Instant
    datacontenttype: str | None = None
    dataschema: str | None = Field(default=None, max_length=300)
    partitionkey: str | None = Field(default=None, max_length=200)
    receivingunit: UnitCode | None = None
    competentunit: UnitCode | None = None
    traceparent: str | None = Field(default=None, pattern=TRACEPARENT_PATTERN, max_length=55)
    tracestate: str | None = Field(default=None, max_length=512)
    backfill: bool | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """What intake adds to an event when it records it; None keeps what was sent."""

    receivingunit: str | None = None
    competentunit: str | None = None
    referenceversion: int | None = None
    contactversion: int | None = None
    inconsistency: str | None = None
    data: EventData | None = None


@dataclass(frozen=True, slots=True)
class InboundEvent:
    """One event as a publisher sent it, whole and of a known shape, not yet judged.

    Attributes:
        fingerprint: Of what it means; see `meaning`.
        sent: Its attributes and data in the letters in which they were sent.
        ignored: How many attributes of others it had; nothing else of them is kept.
    """

    id: str
    source: str
    name: str
    major: int
    subject: str
    time: datetime
    data: EventData
    publisher: str
    fingerprint: str
    receivingunit: str | None = None
    competentunit: str | None = None
    traceparent: str | None = None
    backfill: bool = False
    contact: ContactPart | None = None
    sent: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    ignored: int = field(default=0, compare=False)

    @property
    def type(self) -> str:
        """The CloudEvents type."""
        return REGISTRY[self.name].type

    @property
    def topic(self) -> Topic:
        """The canonical topic that it would go to."""
        return topic_of(self.name, self.subject)

    @property
    def matter(self) -> Matter | None:
        """The matter that it is about; None for a dossier and for reference data."""
        return parse_matter(self.subject)

    def recorded(self, *, sequence: int, recordedtime: datetime, added: Added) -> Event:
        """Give the canonical event: what was sent, and what intake adds to it."""
        return Event(
            id=self.id,
            source=self.source,
            name=self.name,
            major=self.major,
            subject=self.subject,
            time=self.time,
            sequence=sequence,
            recordedtime=recordedtime,
            receivingunit=added.receivingunit or self.receivingunit,
            competentunit=added.competentunit or self.competentunit,
            referenceversion=added.referenceversion,
            contactversion=added.contactversion,
            traceparent=self.traceparent,
            backfill=self.backfill,
            inconsistency=added.inconsistency,
            data=added.data or self.data,
        )


def parse_inbound(
    value: bytes | None,
    headers: Sequence[tuple[str, bytes]] = (),
    *,
    dossier_code: re.Pattern[str] | None = None,
) -> InboundEvent | list[Fault]:
    """Read one record or request; anything but an event of the contract gives its faults.

    `dossier_code` narrows the shape that a dossier's code must have. Headers may be Kafka's
    (`ce_…`) or HTTP's (`ce-…`).
    """
    try:
        document = read_document(value, headers)
    except Unreadable as refused:
        return refused.faults
    return parse_document(document, dossier_code=dossier_code)


def parse_document(
    document: Mapping[str, Any], *, dossier_code: re.Pattern[str] | None = None
) -> InboundEvent | list[Fault]:
    """Read one event that is already a JSON object, checked for characters and doubled keys."""
    attributes = {key: item for key, item in document.items() if key != "data"}
    faults: list[Fault] = []
    ignored = 0
    if not attributes.keys() <= _SENT:
        attributes, ignored = _only_ours(attributes, faults)
    live = attributes.get("backfill") is not True
    envelope = _read_envelope(attributes, faults, live=live)
    known = _known_type(attributes.get("type"), faults)
    if known is None:
        return faults[:FAULTS_MAX]
    data, contact = _read_data(document.get("data"), known, faults, live=live)
    if envelope is None or data is None:
        return faults[:FAULTS_MAX]
    faults.extend(subject_faults(known.name, envelope.subject, data, dossier_code))
    faults.extend(thing_faults(data, envelope.receivingunit, live=live))
    faults.extend(personal_faults(envelope.subject, document.get("data")))
    if faults:
        return faults[:FAULTS_MAX]
    publisher = publisher_of(envelope.source)
    assert publisher is not None, "the source's pattern holds a publisher"
    return InboundEvent(
        id=envelope.id,
        source=envelope.source,
        name=known.name,
        major=known.major,
        subject=envelope.subject,
        time=envelope.time,
        data=data,
        publisher=publisher,
        fingerprint=_fingerprint(envelope, known, data, contact),
        receivingunit=envelope.receivingunit,
        competentunit=envelope.competentunit,
        traceparent=envelope.traceparent,
        backfill=envelope.backfill or False,
        contact=contact,
        sent={**attributes, "data": document.get("data")},
        ignored=ignored,
    )


def claimed_id(value: bytes | None, headers: Sequence[tuple[str, bytes]] = ()) -> str | None:
    """Read the id under which something was sent, though it may be refused; None if unsafe."""
    claimed: object = next(
        (
            text.decode("ascii", "ignore")
            for name, text in headers
            if name.lower() in _ID_HEADERS
        ),
        None,
    )
    if claimed is None:
        try:
            claimed = read_object(value).get("id")
        except Unreadable:
            return None
    return claimed if isinstance(claimed, str) and _ID.fullmatch(claimed) else None


def fingerprint(document: Mapping[str, Any]) -> str:
    """Hash a document's letters: equal for the same fields, in whatever order they stand.

    Of an event, what only says how it was sent is left out: a trace is new with every attempt,
    and binary mode has other attributes than structured mode.
    """
    content = {
        key: item for key, item in document.items() if key not in _HOW_SENT and item is not None
    }
    return hashlib.sha256(_CONTENT.encode(content).encode()).hexdigest()


_CONTENT: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


_HOW_SENT: Final = frozenset(
    {"traceparent", "tracestate", "partitionkey", "datacontenttype", "dataschema"}
)
_SENT: Final = frozenset(_Envelope.model_fields)
_OURS: Final = _SENT | frozenset(SET_BY_INTAKE)
#: Without them an event would say something else, or nothing.
_NEEDED: Final = _SENT - _HOW_SENT
#: What belongs inside the data, by type.
_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    kind.type: frozenset({*kind.model.model_fields, "contact"})
    for kind in REGISTRY.values()
    if kind.inbound
}


def _only_ours(attributes: Document, faults: list[Fault]) -> tuple[Document, int]:
    """Return the attributes that publishers may send, and how many of others were ignored."""
    faults.extend(
        fault("set-by-intake", f"/{key}") for key in SET_BY_INTAKE if key in attributes
    )
    found = sort_out(attributes, ours=_OURS, needed=_NEEDED, fields=_FIELDS)
    faults.extend(found.faults)
    return {key: item for key, item in found.ours.items() if key in _SENT}, found.ignored


def _fingerprint(
    envelope: _Envelope, known: EventType, data: EventData, contact: ContactPart | None
) -> str:
    content = {
        "id": envelope.id,
        "source": envelope.source,
        "type": known.type,
        "subject": envelope.subject,
        "receivingunit": envelope.receivingunit,
        "competentunit": envelope.competentunit,
        "backfill": envelope.backfill or False,
    }
    return meaning.fingerprint_of(content, envelope.time, data, contact)


_moments = cache(moments.moments_of)
_days = cache(moments.days_of)


def _read_envelope(
    attributes: Mapping[str, Any], faults: list[Fault], *, live: bool
) -> _Envelope | None:
    before = len(faults)
    if "specversion" in attributes and attributes["specversion"] != "1.0":
        faults.append(fault("wrong-specversion", "/specversion"))
    if "time" in attributes:
        wrong = moments.moment_fault(attributes["time"], "/time", live=live)
        faults.extend([wrong] if wrong else [])
    other = data_type_fault(attributes.get("datacontenttype"))
    faults.extend([other] if other else [])
    try:
        envelope = _Envelope.model_validate_json(to_json(attributes))
    except ValidationError as error:
        said = {item.path for item in faults}
        found = faults_of(error, _Envelope)
        faults.extend(item for item in found if item.path not in said)
        return None
    return envelope if len(faults) == before else None


def _known_type(text: object, faults: list[Fault]) -> EventType | None:
    if not isinstance(text, str):
        return None
    parts = split_type(text)
    known = REGISTRY.get(parts[0]) if parts else None
    if parts is None or known is None:
        near = nearest(text, (item.type for item in REGISTRY.values() if item.inbound))
        hint = f", probably {near}" if near else _EXAMPLE_TYPE
        hint_vi = f", có lẽ là {near}" if near else _EXAMPLE_TYPE_VI
        faults.append(fault("unknown-type", "/type", hint=hint, hint_vi=hint_vi))
        return None
    if parts[1] != known.major:
        faults.append(fault("unknown-major", "/type", major=known.major))
        return None
    if not known.inbound:
        faults.append(fault("not-for-publishers", "/type", writer=known.writer))
        return None
    return known


def _read_data(
    raw: object, known: EventType, faults: list[Fault], *, live: bool
) -> tuple[EventData | None, ContactPart | None]:
    if raw is None and not known.model.model_fields.keys() - {"lookup_hash"}:
        raw = {}
    if not isinstance(raw, dict):
        rule = "missing-field" if raw is None else "wrong-type"
        words = {} if raw is None else {"expected": "an object", "expected_vi": "đối tượng"}
        faults.append(fault(rule, "/data", **words))
        return None, None
    before = len(faults)
    plain: Document = dict(raw)
    contact = _read_contact(plain, known.name, faults)
    if "lookup_hash" in plain and "lookup_hash" in known.model.model_fields:
        faults.append(fault("set-by-intake", "/data/lookup_hash"))
    paths = _moments(known.model), _days(known.model)
    faults.extend(moments.faults_in(plain, *paths, live=live))
    try:
        data = known.model.model_validate_json(to_json(plain), strict=True, extra="forbid")
    except ValidationError as error:
        said = {item.path for item in faults}
        found = faults_of(error, known.model, "data")
        faults.extend(item for item in found if item.path not in said)
        return None, None
    return (data, contact) if len(faults) == before else (None, None)


def _read_contact(plain: Document, name: str, faults: list[Fault]) -> ContactPart | None:
    """Take the personal part out of the data, so that no model of an event ever sees it."""
    if name not in WITH_CONTACT or plain.get("contact") is None:
        if plain.get("contact", 0) is None:
            del plain["contact"]
        return None
    part = plain.pop("contact")
    try:
        return ContactPart.model_validate_json(to_json(part), strict=True, extra="forbid")
    except ValidationError as error:
        faults.extend(faults_of(error, ContactPart, "data", "contact"))
        return None

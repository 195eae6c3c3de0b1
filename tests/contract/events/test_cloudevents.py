"""The official CloudEvents SDK reads what we write, and we read what it writes."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest
from cloudevents.core.bindings import http as core_http
from cloudevents.core.bindings.kafka import (
    KafkaMessage,
    from_structured,
    to_binary,
    to_structured,
)
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from cloudevents.v1 import conversion as v1_conversion
from cloudevents.v1 import http as v1_http
from cloudevents.v1 import kafka as v1_kafka

from shared.events.envelope import encode
from shared.events.inbound import InboundEvent, parse_inbound
from shared.events.publishing.files import example
from shared.events.registry import REGISTRY
from tests.unit.events.made import document, inbound

STRUCTURED = {"content-type": b"application/cloudevents+json"}
INBOUND = sorted(name for name, kind in REGISTRY.items() if kind.inbound)


@pytest.mark.parametrize("name", REGISTRY)
def test_the_sdk_reads_what_our_topics_carry(name: str) -> None:
    """Every attribute and every field of the data arrives."""
    event = example(REGISTRY[name])
    message = KafkaMessage(headers=STRUCTURED, key=event.subject, value=encode(event))
    read = from_structured(message, JSONFormat())
    assert read.get_id() == event.id
    assert read.get_type() == event.type
    assert read.get_source() == event.source
    assert read.get_subject() == event.subject
    assert read.get_time() == event.time
    assert read.get_extension("sequence") == event.sequence
    assert read.get_data() == event.data.model_dump(mode="json", exclude_none=True)


def _from_sdk(name: str, *, backfill: bool = False) -> CloudEvent:
    attributes = {key: item for key, item in document(name).items() if key != "data"}
    attributes["time"] = inbound(name).time
    attributes["datacontenttype"] = "application/json"
    if backfill:
        attributes["backfill"] = True
    return CloudEvent(attributes=attributes, data=document(name)["data"])


@pytest.mark.parametrize("name", INBOUND)
def test_the_door_takes_both_modes_of_the_sdk(name: str) -> None:
    """Structured or binary, the event that arrives is the same."""
    event = _from_sdk(name)
    for message in (to_binary(event, JSONFormat()), to_structured(event, JSONFormat())):
        read = parse_inbound(message.value, list(message.headers.items()))
        assert isinstance(read, InboundEvent), read
        assert read.data == inbound(name).data
        assert read.time == inbound(name).time
        assert read.subject == inbound(name).subject


def test_a_boolean_attribute_arrives_in_binary_mode() -> None:
    """The SDK writes True with a capital."""
    message = to_binary(_from_sdk("dossier.accepted", backfill=True), JSONFormat())
    read = parse_inbound(message.value, list(message.headers.items()))
    assert isinstance(read, InboundEvent)
    assert read.backfill


def test_the_sdk_and_the_door_agree_on_the_content() -> None:
    """One fingerprint, whichever way the same attributes and data came."""
    made = document() | {"datacontenttype": "application/json"}
    plain = parse_inbound(json.dumps(made).encode())
    assert isinstance(plain, InboundEvent)
    structured = to_structured(_from_sdk("dossier.accepted"), JSONFormat())
    read = parse_inbound(structured.value, list(structured.headers.items()))
    assert isinstance(read, InboundEvent)
    assert read.fingerprint == plain.fingerprint


Sent = tuple[bytes | None, list[tuple[str, bytes]]]


def _v1_event(name: str) -> v1_http.CloudEvent:
    """The same event as the SDK's first generation writes it: its own spelling of the time."""
    made = document(name)
    attributes = {key: item for key, item in made.items() if key != "data"}
    attributes["time"] = inbound(name).time.isoformat()
    attributes["datacontenttype"] = "application/json"
    return v1_http.CloudEvent(attributes, made["data"])


def _bytes(value: object) -> bytes:
    assert isinstance(value, str | bytes)
    return value.encode() if isinstance(value, str) else value


def _sent(value: object, headers: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> Sent:
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return _bytes(value), [(name, _bytes(text)) for name, text in pairs]


def _v1_over_http(convert: Callable[..., Any]) -> Callable[[str], Sent]:
    def sent(name: str) -> Sent:
        headers, body = convert(_v1_event(name))
        return _sent(body, headers)

    return sent


def _v1_over_kafka(convert: Callable[..., Any]) -> Callable[[str], Sent]:
    def sent(name: str) -> Sent:
        message = convert(_v1_event(name), key_mapper=lambda event: event["subject"])
        return _sent(message.value, message.headers)

    return sent


def _core_over_http(convert: Callable[..., Any]) -> Callable[[str], Sent]:
    def sent(name: str) -> Sent:
        message = convert(_from_sdk(name), JSONFormat())
        return _sent(message.body, message.headers)

    return sent


def _core_over_kafka(convert: Callable[..., Any]) -> Callable[[str], Sent]:
    def sent(name: str) -> Sent:
        message = convert(_from_sdk(name), JSONFormat())
        return _sent(message.value, message.headers)

    return sent


#: Both generations of the SDK, over both protocols, in both modes.
WAYS: dict[str, Callable[[str], Sent]] = {
    "1.x, HTTP, structured": _v1_over_http(v1_conversion.to_structured),
    "1.x, HTTP, binary": _v1_over_http(v1_conversion.to_binary),
    "1.x, Kafka, structured": _v1_over_kafka(v1_kafka.to_structured),
    "1.x, Kafka, binary": _v1_over_kafka(v1_kafka.to_binary),
    "core, HTTP, structured": _core_over_http(core_http.to_structured),
    "core, HTTP, binary": _core_over_http(core_http.to_binary),
    "core, Kafka, structured": _core_over_kafka(to_structured),
    "core, Kafka, binary": _core_over_kafka(to_binary),
}


@pytest.mark.parametrize("name", INBOUND)
def test_either_sdk_can_send_the_others_event_again(name: str) -> None:
    """Whatever the library, protocol and mode: one event, one fingerprint."""
    prints = {way: _fingerprint(sent(name)) for way, sent in WAYS.items()}
    assert set(prints.values()) == {inbound(name).fingerprint}, prints


def test_the_sdks_differ_in_their_letters() -> None:
    """Else the test above would prove nothing."""
    values = {WAYS[way]("dossier.accepted")[0] for way in WAYS if "structured" in way}
    assert len(values) > 1


def _fingerprint(sent: Sent) -> str:
    read = parse_inbound(*sent)
    assert isinstance(read, InboundEvent), read
    return read.fingerprint

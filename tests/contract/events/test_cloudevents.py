"""The official CloudEvents SDK reads what we write, and we read what it writes."""

import json

import pytest
from cloudevents.core.bindings.kafka import (
    KafkaMessage,
    from_structured,
    to_binary,
    to_structured,
)
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

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

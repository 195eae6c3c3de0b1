"""The AsyncAPI 3.0 document: channels, keys, partitions, partitioner, who may do what."""

from collections.abc import Iterator
from typing import Any, Final

from shared.events.codes import PUBLISHER_PATTERN
from shared.events.registry import REGISTRY, EventType
from shared.events.topics import (
    CENTRES,
    CONTACTS,
    DOSSIERS,
    GROUPS,
    PROGRESS,
    TOPICS,
    Topic,
    inbound,
    rejected,
    replay,
)

Json = dict[str, Any]
_BINDING: Final = "0.5.0"
_PLACEHOLDER: Final = "publisher"
_PLAIN: Final = {CONTACTS.name: "contact.v1", PROGRESS.name: "progress.v1"}
_ABOUT: Final = """Events of the commune-level Public Administration Service Centres.

Every record is one CloudEvents 1.0 event in structured mode, but for contacts, progress marks
and rejections. Key = subject; the partition is murmur2(key) & 0x7fffffff, modulo the number of
partitions, as the Java client has it: clients whose default differs must be set so
(librdkafka: partitioner=murmur2_random). Publishers write to their own inbound topic alone."""


def document() -> Json:
    """Give the whole document, ready to be written as YAML."""
    channels = {name: _channel(topic) for name, topic in _channels()}
    return {
        "asyncapi": "3.0.0",
        "id": "urn:motcua",
        "info": {
            "title": "motcua",
            "version": "1.0.0",
            "description": _ABOUT,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": channels,
        "operations": _operations(),
        "components": {"messages": _messages()},
    }


def _channels() -> Iterator[tuple[str, Topic]]:
    for topic in TOPICS.values():
        yield _short(topic), topic
    yield "inbound", inbound(_PLACEHOLDER)
    yield "rejected", rejected(_PLACEHOLDER)
    for group in GROUPS:
        yield f"replay-{group}", replay(group)


def _short(topic: Topic) -> str:
    return topic.name.split(".")[1]


def _channel(topic: Topic) -> Json:
    pattern = topic.name.replace(f".{_PLACEHOLDER}.", ".{publisher}.")
    messages = {
        name.replace(".", "-"): {"$ref": f"#/components/messages/{name}"}
        for name in _names(topic)
    }
    channel: Json = {
        "address": pattern,
        "description": topic.says,
        "messages": messages,
        "bindings": {"kafka": _kafka(topic)},
        "x-key": topic.key,
        "x-partitioner": "murmur2",
        "x-timestamp-type": topic.timestamp_type,
        "x-writer": topic.writer if topic.writer != _PLACEHOLDER else "{publisher}",
        "x-readers": ["{publisher}" if r == _PLACEHOLDER else r for r in topic.readers],
        "x-personal-data": topic.personal,
    }
    if pattern != topic.name:
        channel["parameters"] = {
            "publisher": {"description": f"The publisher's name: {PUBLISHER_PATTERN}"}
        }
    return channel


def _kafka(topic: Topic) -> Json:
    return {
        "partitions": topic.partitions,
        "topicConfiguration": {
            "cleanup.policy": [topic.cleanup],
            "retention.ms": topic.retention_ms,
            "max.message.bytes": topic.max_message_bytes,
        },
        "bindingVersion": _BINDING,
    }


def _names(topic: Topic) -> list[str]:
    """Name the messages that a topic carries."""
    if topic.name in _PLAIN:
        return [_PLAIN[topic.name]]
    if topic.name.startswith("motcua.rejected."):
        return ["rejection.v1"]
    if topic.name.startswith("motcua.inbound."):
        return [f"inbound.{_message(kind)}" for kind in REGISTRY.values() if kind.inbound]
    if topic.name.startswith("motcua.replay."):
        return [_message(kind) for kind in REGISTRY.values()]
    return [_message(kind) for kind in REGISTRY.values() if topic in _topics(kind)]


def _topics(kind: EventType) -> tuple[Topic, ...]:
    return (kind.topic,) if kind.topic else (DOSSIERS, CENTRES)


def _message(kind: EventType) -> str:
    return f"{kind.name}.v{kind.major}"


def _messages() -> Json:
    made: Json = {}
    for kind in REGISTRY.values():
        name = _message(kind)
        made[name] = _event(kind, f"./schemas/{name}.json")
        if kind.inbound:
            made[f"inbound.{name}"] = _event(kind, f"./schemas/inbound/{name}.json")
    for name in (*_PLAIN.values(), "rejection.v1"):
        made[name] = {
            "name": name,
            "contentType": "application/json",
            "payload": {"$ref": f"./schemas/{name}.json"},
            "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": _BINDING}},
        }
    return made


def _event(kind: EventType, schema: str) -> Json:
    return {
        "name": kind.type,
        "title": kind.name,
        "summary": (kind.model.__doc__ or "").splitlines()[0],
        "contentType": "application/cloudevents+json",
        "headers": {
            "type": "object",
            "properties": {
                "content-type": {
                    "type": "string",
                    "description": "application/cloudevents+json, in any spelling of a media "
                    "type, in UTF-8; inbound topics also take binary mode, with ce_ headers.",
                }
            },
        },
        "payload": {"$ref": schema},
        "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": _BINDING}},
    }


def _operations() -> Json:
    """Say what each service, and a publisher, sends and receives."""
    made: Json = {}
    for name, topic in _channels():
        channel = {"$ref": f"#/channels/{name}"}
        writer = "service" if " " in topic.writer else topic.writer
        made[f"{writer}-sends-{name}"] = {"action": "send", "channel": channel}
        for reader in topic.readers:
            made[f"{reader}-receives-{name}"] = {"action": "receive", "channel": channel}
    return made

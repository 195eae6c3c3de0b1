"""The part of the contract's page that shows every type: fields, example, schemas."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

from shared.events.checks import FIRST
from shared.events.inbound import SET_BY_INTAKE
from shared.events.publishing.html import block, code, soft, table
from shared.events.publishing.schemas import Schema
from shared.events.registry import REGISTRY, EventType
from shared.events.shapes import words_of
from shared.events.topics import CENTRES, DOSSIERS, NOTICES, OBLIGATIONS, REFERENCE, Topic

Documents = Mapping[str, Mapping[str, Any]]

_CONTACT: Final = {
    "name": "Nguyễn Văn Mẫu",
    "phone": "0900000000",
    "language": "vi",
}


def types(schemas: Mapping[str, Schema], examples: Documents) -> Iterator[str]:
    """Give the section: types by the topic that they end up on."""
    yield '<h2 id="types">Types</h2>'
    groups = (
        ("Dossiers", DOSSIERS.name, _of(DOSSIERS)),
        ("Answers", f"{DOSSIERS.name} or {CENTRES.name}, by subject", _of(None)),
        ("Centres", CENTRES.name, _of(CENTRES)),
        ("Reference", REFERENCE.name, _of(REFERENCE)),
        ("Obligations", OBLIGATIONS.name, _of(OBLIGATIONS)),
        ("Notices", NOTICES.name, _of(NOTICES)),
    )
    for title, topic, kinds in groups:
        who = "sent in" if kinds[0].inbound else f"written by {kinds[0].writer}, to be read"
        yield f"<h3>{escape(title)} {soft(f'· {who} · {topic}')}</h3>"
        for kind in kinds:
            yield _type(kind, schemas, examples)


def _of(topic: Topic | None) -> list[EventType]:
    return [kind for kind in REGISTRY.values() if kind.topic is topic]


def _type(kind: EventType, schemas: Mapping[str, Schema], examples: Documents) -> str:
    path = f"schemas/{kind.name}.v{kind.major}.json"
    sent = f"schemas/inbound/{kind.name}.v{kind.major}.json"
    schema = schemas[sent if kind.inbound else path]
    data, definitions = schema["properties"]["data"], schema.get("$defs", {})
    required = set(data.get("required", ()))
    rows = (
        (
            code(name) + ("" if name in required else " " + soft("optional")),
            _what(part, definitions),
            escape(part.get("description", "")),
        )
        for name, part in data.get("properties", {}).items()
    )
    fields = "<p>No fields.</p>"
    if data.get("properties"):
        fields = table(("field of data", "takes", ""), rows)
    links = f'<a href="{path}">schema on our topics</a>'
    if kind.inbound:
        links = f'<a href="{sent}">schema for publishers</a>, {links}'
    example = examples[kind.name]
    shown = _as_sent(kind, example) if kind.inbound else example
    return (
        f'<details id="{kind.name}"><summary>{code(kind.name)} '
        f"{escape(str(schema['description']).splitlines()[0])}</summary>"
        f"<p>{code(kind.type)}; {links}</p>{fields}"
        f"{block(json.dumps(shown, ensure_ascii=False, indent=2))}</details>"
    )


def _as_sent(kind: EventType, example: Mapping[str, Any]) -> dict[str, Any]:
    """Give the example as its publisher writes it."""
    left_out = {*SET_BY_INTAKE, "datacontenttype"}
    if kind.name not in FIRST:
        left_out |= {"receivingunit", "competentunit"}
    made = {key: value for key, value in example.items() if key not in left_out}
    if kind.name in FIRST:
        made["data"] = {**made["data"], "contact": _CONTACT}
    return made


def _what(part: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """Say in a word what a field takes."""
    if "$ref" in part:
        return _what(definitions[part["$ref"].rsplit("/", 1)[-1]], definitions)
    words = part.get("enum") or ([part["const"]] if "const" in part else [])
    if words:
        return ", ".join(map(code, words))
    kind = str(part.get("format") or part.get("type") or "")
    if kind == "array" and "items" in part:
        return f"list of: {_what(part['items'], definitions)}"
    if kind == "object":
        return f"object: {', '.join(map(code, part.get('properties', ())))}"
    return _shape(str(part["pattern"])) if "pattern" in part else escape(kind)


def _shape(pattern: str) -> str:
    """Say what a pattern stands for, with the pattern itself for who hovers over it."""
    words = words_of(pattern)
    if words is None:
        return code(pattern)
    return f'<span title="{escape(pattern)}">{escape(words[0])}, like</span> {code(words[2])}'

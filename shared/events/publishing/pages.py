"""One page to browse the contract offline: no script, no network, nothing to install."""

import json
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Final

from shared.events.publishing import tables
from shared.events.publishing.schemas import Schema
from shared.events.registry import REGISTRY, EventType
from shared.events.topics import CENTRES, DOSSIERS

_STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 72rem; padding: 1rem; }
h2 { border-bottom: 1px solid var(--line); margin-top: 2.5rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { border: 1px solid var(--line); padding: .25rem .5rem; text-align: left;
  vertical-align: top; }
th { background: var(--soft); }
code, pre { font: 13px/1.45 ui-monospace, monospace; }
pre { background: var(--soft); overflow-x: auto; padding: .75rem; }
details { border: 1px solid var(--line); border-radius: .3rem; margin: .4rem 0;
  padding: .3rem .75rem; }
summary { cursor: pointer; }
nav a { margin-right: 1rem; }
@media print { details { break-inside: avoid; } }
"""


_NAVIGATION: Final = (
    '<nav><a href="#topics">Topics</a><a href="#statuses">Statuses</a>'
    '<a href="#transitions">Transitions</a><a href="#types">Types</a>'
    '<a href="#rules">Rules</a></nav>'
)


def index(schemas: Mapping[str, Schema], examples: Mapping[str, Mapping[str, Any]]) -> str:
    """Give the page; `examples` are whole events by name."""
    parts = [
        "<!doctype html>",
        '<html lang="en"><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>motcua: contract</title><style>{_STYLE}</style>",
        "<h1>motcua: the contract</h1>",
        "<p>CloudEvents 1.0, structured mode; inbound topics also take binary mode. Files: "
        + ", ".join(f'<a href="{name}">{name}</a>' for name in _FILES)
        + ". Check your own events offline: <code>motcua check FILE</code>.</p>",
        _NAVIGATION,
        *_topics(),
        *_statuses(),
        '<h2 id="types">Types</h2>',
        *(_type(kind, schemas, examples) for kind in REGISTRY.values()),
        *_rules(),
        "</html>",
    ]
    return "\n".join(parts) + "\n"


_FILES: Final = ("asyncapi.yaml", "topics.json", "transitions.json", "rules.json")


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    lines = ("".join(f"<td>{cell}</td>" for cell in row) for row in rows)
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><tr>{heads}</tr>\n{body}</table>"


def _code(text: object) -> str:
    return f"<code>{escape(str(text))}</code>"


def _topics() -> list[str]:
    rows = (
        (
            _code(topic["name"]),
            escape(topic["says"]),
            escape(topic["key"]),
            escape(topic["writer"]),
            escape(", ".join(topic["readers"])),
            str(topic["partitions"]),
            "<br>".join(_code(f"{key}={value}") for key, value in topic["config"].items()),
        )
        for topic in tables.topics()["topics"]
    )
    head = ("topic", "what", "key", "writer", "readers", "partitions", "settings")
    return [
        '<h2 id="topics">Topics</h2>',
        "<p>Partition = (murmur2(key) &amp; 0x7fffffff) mod partitions.</p>",
        _table(head, rows),
    ]


def _statuses() -> list[str]:
    table = tables.transitions()
    statuses = (
        (
            str(status["number"]),
            escape(status["name"]),
            escape(status["name_vi"]),
            "open" if status["open"] else "ended",
        )
        for status in table["statuses"]
    )
    rows = (
        (
            _code(row["event"]),
            ", ".join("–" if number is None else str(number) for number in row["from"]),
            "unchanged" if row["to"] is None else str(row["to"]),
            escape(row["when"].replace("_", " ")),
        )
        for row in table["rows"]
    )
    return [
        '<h2 id="statuses">Statuses</h2>',
        _table(("number", "name", "national name", ""), statuses),
        '<h2 id="transitions">Transitions</h2>',
        "<p>– stands for a dossier's first event.</p>",
        _table(("event", "from", "to", "when"), rows),
    ]


def _type(
    kind: EventType, schemas: Mapping[str, Schema], examples: Mapping[str, Mapping[str, Any]]
) -> str:
    path = f"schemas/{kind.name}.v{kind.major}.json"
    sent = f"schemas/inbound/{kind.name}.v{kind.major}.json"
    schema = schemas[sent if kind.inbound else path]
    data, definitions = schema["properties"]["data"], schema.get("$defs", {})
    required = set(data.get("required", ()))
    rows = (
        (
            _code(name),
            "required" if name in required else "",
            _what(part, definitions),
            escape(part.get("description", "")),
        )
        for name, part in data.get("properties", {}).items()
    )
    name = kind.topic.name if kind.topic else f"{DOSSIERS.name} or {CENTRES.name}, by subject"
    links = f'<a href="{path}">canonical schema</a>'
    if kind.inbound:
        links += f', <a href="{sent}">inbound schema</a>'
    example = json.dumps(examples[kind.name], ensure_ascii=False, indent=2)
    fields = _table(("field", "", "what", ""), rows) if data.get("properties") else ""
    return (
        f'<details id="{kind.name}"><summary>{_code(kind.name)} '
        f"{escape(str(schema['description']).splitlines()[0])}</summary>"
        f"<p>{_code(kind.type)} on {_code(name)}; {links}</p>{fields}"
        f"<pre>{escape(example)}</pre></details>"
    )


def _what(part: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """Say in a word what a field takes."""
    if "$ref" in part:
        return _what(definitions[part["$ref"].rsplit("/", 1)[-1]], definitions)
    words = part.get("enum") or ([part["const"]] if "const" in part else [])
    if words:
        return ", ".join(map(_code, words))
    kind = str(part.get("format") or part.get("type") or "")
    if kind == "array" and "items" in part:
        return f"list of: {_what(part['items'], definitions)}"
    if kind == "object":
        return f"object: {', '.join(map(_code, part.get('properties', ())))}"
    return f"{escape(kind)} {_code(part['pattern'])}" if "pattern" in part else escape(kind)


def _rules() -> list[str]:
    rows = (
        (
            _code(rule["rule"]),
            f"{escape(rule['detail'])}<br>{escape(rule['remedy'])}",
            f"{escape(rule['detail_vi'])}<br>{escape(rule['remedy_vi'])}",
        )
        for rule in tables.rules()["rules"]
    )
    return [
        '<h2 id="rules">Rules</h2>',
        "<p>What a refusal says, over HTTP as on Kafka. A refusal never holds a value.</p>",
        _table(("rule", "detail and remedy", "chi tiết và cách sửa"), rows),
    ]

"""One page to browse the contract offline: no script, no network, nothing to install."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Final

from shared.events.publishing import tables
from shared.events.publishing.html import STYLE, block, code, soft, table
from shared.events.publishing.page_types import Documents, types
from shared.events.publishing.schemas import Schema
from shared.events.topics import FOREVER, HOUR_MS, RECORD_BYTES_MAX

_FILES: Final = (
    "asyncapi.yaml",
    "topics.json",
    "transitions.json",
    "rules.json",
    "vectors/partitioner.json",
    "vectors/transitions.json",
)
_SECTIONS: Final = (
    "sending",
    "types",
    "statuses",
    "transitions",
    "waiting",
    "topics",
    "rules",
)
_MEBIBYTE: Final = 1024 * 1024

#: Paragraphs, with an empty line between them.
_SENDING: Final = """
Send what happened, when it happened, as one CloudEvents 1.0 object: over HTTP with a key, or to
your own inbound topic, which only you may write to. The key of a record is its subject. Both
doors run the same checks and say the same words.

The id is yours and names the event for ever: the same id again gets the same answer, other
content under it is refused. A refusal binds nothing: mend the event and send it under its id
again.

A dossier's subject is the code that your own system gave. A code of the installation's own
pattern, such as H37.120-261123-0001, belongs to the counters of that unit: you may open a
dossier under it only if you number for the unit. The operator registers that: motcua topics
add-publisher NAME --numbers-for UNIT. Later events of a dossier need no such right.

Send a dossier's events in the order in which they happened: each under its subject as the
key, and the next one only after the one before it was acknowledged. An event that arrives
before its predecessor waits for it, 15 minutes by default, if its dossier is open and the
table below says for what. HTTP answers 202, and the receipt says waiting and until when. When
what was missing arrives, all are recorded in the order of their times; after that time the
event is rejected. Once its predecessor is there it may be sent again under its id, also after
the dossier moved on. If its time fits the history it gets the next number. Events of the same
time are ordered by what the table allows. Not repaired are: an event before its dossier's
first one, a second submission or acceptance, work dated after the end, a move by a unit that
does not have the dossier yet, and a wrong time.

A wrong event is never edited: send a correction that names its id, with the right time and
data, or without them to strike it.

People appear as ids only, and free text never. What a notice needs to reach the applicant goes
into the contact part, which is split off at the door and travels on a topic of its own.

Moments carry their offset, +07:00 or Z. Nothing may lie in the future. Six digits of a fraction
of a second are kept; two moments that differ only below that are one.

The same event is recognised by what it means, not by its letters. Not compared: the order and
spelling of fields; the notation of a moment or a number; null, absent, or written out with its
default; structured or binary mode; data or data_base64; datacontenttype, dataschema,
partitionkey and the trace. A byte order mark before the JSON is taken everywhere.

Content types are compared as media types: application/json;charset=UTF-8 and Application/JSON
are one. The text is UTF-8; another charset is refused.

Attributes that middleware adds, such as traceid or knativearrivaltime, are ignored and counted.
They are kept nowhere. A name that looks like one of ours misspelt is refused, and so is a field
of the data that stands beside the data.

A code that is nothing but a number of a person is refused: 9 or 12 digits, or a mobile number.
Digits inside a longer code, such as 1-364285768, are taken. If your codes are such numbers,
write letters directly before the digits, the same in every event.

From Kafka Connect, send the event without the converter's wrapper:
value.converter.schemas.enable=false.
"""
_HTTP: Final = """curl http://127.0.0.1:8710/v1/events --data-binary @event.json \\
     -H "Authorization: Bearer $KEY" -H "Content-Type: application/cloudevents+json"

# What became of it, later:
curl http://127.0.0.1:8710/v1/receipts/kiosk/EVENT_ID -H "Authorization: Bearer $KEY\""""
_KAFKA: Final = """kcat -P -b BROKER -t motcua.inbound.kiosk.v1 -k H37.120-261123-0001 \\
     -H content-type=application/cloudevents+json \\
     -X topic.partitioner=murmur2_random event.json

# What was refused, and why:
kcat -C -b BROKER -t motcua.rejected.kiosk.v1"""


def index(schemas: Mapping[str, Schema], examples: Documents) -> str:
    """Give the page; `examples` are whole events by name."""
    sections = "".join(f'<a href="#{name}">{name.title()}</a>' for name in _SECTIONS)
    files = "".join(f'<a href="{name}">{name}</a>' for name in _FILES)
    parts = [
        "<!doctype html>",
        '<html lang="en"><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>motcua: the contract</title><style>{STYLE}</style>",
        "<h1>motcua: the contract</h1>",
        soft("Events of the commune-level Public Administration Service Centres."),
        f"<nav>{sections}</nav>",
        f"<nav>{files}</nav>",
        *_sending(),
        *types(schemas, examples),
        *_statuses(),
        *_topics(),
        *_rules(),
        "</html>",
    ]
    return "\n".join(parts) + "\n"


def _sending() -> Iterator[str]:
    yield '<h2 id="sending">Sending</h2>'
    yield from (f"<p>{escape(text.strip())}</p>" for text in _SENDING.split("\n\n"))
    yield "<p>Check a file of events first, offline:</p>"
    yield block("motcua check events.ndjson --publisher kiosk")
    yield block(_HTTP)
    yield block(_KAFKA)


def _statuses() -> Iterator[str]:
    made = tables.transitions()
    statuses = (
        (
            str(status["number"]),
            escape(status["name"]),
            escape(status["name_vi"]),
            "open" if status["open"] else "ended",
        )
        for status in made["statuses"]
    )
    rows = (
        (
            code(row["event"]),
            ", ".join("none yet" if number is None else str(number) for number in row["from"]),
            "unchanged" if row["to"] is None else str(row["to"]),
            escape(row["when"].replace("_", " ")),
        )
        for row in made["rows"]
    )
    yield '<h2 id="statuses">Statuses</h2>'
    yield "<p>The ten of the national portal (TrangThaiHoSo).</p>"
    yield table(("number", "name", "national name", ""), statuses)
    yield '<h2 id="transitions">Transitions</h2>'
    yield "<p>What may follow what. Before and after acceptance tell two cases of status 5.</p>"
    yield table(("event", "from", "to", "when"), rows)
    yield '<h2 id="waiting">Waiting</h2>'
    yield (
        "<p>What an event waits for that the table does not allow in the status that its "
        "dossier has by its time. What stands in neither table is refused at once.</p>"
    )
    waits = (
        (
            code(row["event"]),
            ", ".join(map(str, row["status"])),
            escape(row["when"].replace("_", " ")),
            " ".join(code(name) for name in row["for"]),
        )
        for row in made["waiting"]["rows"]
    )
    yield table(("event", "status", "when", "waits for"), waits)


def _topics() -> Iterator[str]:
    rows = (
        (
            f"{code(topic['name'])}<br>{escape(topic['says'])}",
            escape(topic["key"]),
            f"{escape(topic['writer'])} → {escape(', '.join(topic['readers']))}",
            str(topic["partitions"]),
            _kept(topic["config"]),
        )
        for topic in tables.topics()["topics"]
    )
    yield '<h2 id="topics">Topics</h2>'
    yield (
        "<p>Partition = (murmur2(key) &amp; 0x7fffffff) mod partitions, as the Java client has "
        "it; set other clients so. Topics are created by the installation.</p>"
    )
    yield table(("topic", "key", "writer → readers", "partitions", "kept"), rows)


def _kept(config: Mapping[str, str]) -> str:
    """Say in words how long records stay and how large they may be."""
    retention = int(config["retention.ms"])
    if config["cleanup.policy"] == "compact":
        kept = "the last record of each key"
    elif retention == FOREVER:
        kept = "for ever"
    else:
        kept = f"{retention // HOUR_MS} hours"
    size = int(config["max.message.bytes"])
    taken = min(size, RECORD_BYTES_MAX) // _MEBIBYTE
    if size > RECORD_BYTES_MAX:
        held = size // _MEBIBYTE
        return f"{kept}; values to {taken} MiB; larger ones, in records to {held} MiB, rejected"
    return f"{kept}; records to {taken} MiB"


def _rules() -> Iterator[str]:
    rows = (
        (
            code(rule["rule"]),
            f"{escape(rule['detail'])}<br>{soft(rule['remedy'])}",
            f"{escape(rule['detail_vi'])}<br>{soft(rule['remedy_vi'])}",
        )
        for rule in tables.rules()["rules"]
    )
    yield '<h2 id="rules">Rules</h2>'
    yield "<p>What a refusal says, over HTTP as on Kafka. It never holds a value.</p>"
    yield table(("rule", "detail and remedy", "chi tiết và cách sửa"), rows)

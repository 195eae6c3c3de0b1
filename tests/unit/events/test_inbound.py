"""What a publisher may send, what is refused, and by which rule."""

import json
import re
from typing import Any

import pytest

from shared.events.inbound import InboundEvent, claimed_id, parse_inbound
from shared.events.reading import FAULTS_MAX
from shared.events.registry import REGISTRY
from tests.unit.events.made import DOSSIER, document, inbound, value

PLAIN = "application/json"
STRUCTURED = "application/cloudevents+json; charset=utf-8"
BIDI = "\u202e"

INBOUND = sorted(name for name, kind in REGISTRY.items() if kind.inbound)


def _rules(read: InboundEvent | list[Any]) -> list[tuple[str, str]]:
    assert isinstance(read, list), "it was taken"
    return [(item.rule, item.path) for item in read]


def _data(**changes: object) -> dict[str, Any]:
    data = dict(document()["data"]) | changes
    return {key: item for key, item in data.items() if item is not ...}


@pytest.mark.parametrize("name", INBOUND)
def test_the_example_of_every_type_is_taken(name: str) -> None:
    """What the contract shows as an example passes the door."""
    event = inbound(name)
    assert event.name == name
    assert event.publisher == "kiosk"
    assert event.type == f"vn.motcua.{name}.v1"


#: Bytes that hold no object: rule, path, value.
UNREADABLE: list[tuple[str, str, bytes | None]] = [
    ("empty-record", "", None),
    ("empty-record", "", b""),
    ("record-too-large", "", b"x" * (1024 * 1024 + 1)),
    ("record-too-large", "", b"x" * (5 * 1024 * 1024)),
    ("not-utf8", "", b'{"id": "\xff"}'),
    ("not-utf8", "", json.dumps({"id": "é"}, ensure_ascii=False).encode("latin-1")),
    ("not-json", "", b"{"),
    ("not-json", "", b"hello"),
    ("not-json", "", b"\xef\xbb\xbf\xef\xbb\xbf{}"),
    ("empty-record", "", b"\xef\xbb\xbf"),
    ("not-json", "", b"{} {}"),
    ("not-json", "", b"\x00"),
    ("not-an-object", "", b"[]"),
    ("not-an-object", "", b'"text"'),
    ("not-an-object", "", b"null"),
    ("duplicate-key", "/id", b'{"id": 1, "id": 2}'),
    ("duplicate-key", "/data/a", b'{"data": {"a": 1, "a": 1}}'),
    ("too-many-values", "", b'{"a": [' + b"1," * 5001 + b"1]}"),
    ("bad-number", "", b'{"a": NaN}'),
    ("bad-number", "", b'{"a": -Infinity}'),
    ("bad-number", "", b'{"a": 1e999}'),
    ("bad-number", "", b'{"a": ' + b"9" * 5000 + b"}"),
    ("too-deep", "", b"[" * 100_000),
    ("too-deep", "/a/a/a", b'{"a":' * 20 + b"1" + b"}" * 20),
    ("forbidden-character", "/a", b'{"a": "\\u0000"}'),
    ("forbidden-character", "/a", b'{"a": "\\ud800"}'),
    ("forbidden-character", "/a/0", b'{"a": ["\\u202e"]}'),
    ("forbidden-character", "", b'{"a\\u0000": 1}'),
]


@pytest.mark.parametrize(("rule", "path", "bad"), UNREADABLE)
def test_bytes_that_hold_no_object_are_refused(rule: str, path: str, bad: bytes | None) -> None:
    """Before a schema is asked, the record must be an honest JSON object."""
    assert _rules(parse_inbound(bad)) == [(rule, path)]


#: What is changed in a right dossier.accepted: rule, path, changes.
REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    ("missing-field", "/specversion", {"specversion": None}),
    ("wrong-specversion", "/specversion", {"specversion": "0.3"}),
    ("wrong-specversion", "/specversion", {"specversion": 1.0}),
    ("missing-field", "/id", {"id": None}),
    ("wrong-shape", "/id", {"id": ""}),
    ("wrong-shape", "/id", {"id": "two words"}),
    ("wrong-shape", "/id", {"id": "Nguyễn"}),
    ("wrong-shape", "/id", {"id": "ten@vidu.vn"}),
    ("too-long", "/id", {"id": "x" * 129}),
    ("wrong-type", "/id", {"id": 5}),
    ("missing-field", "/source", {"source": None}),
    ("wrong-shape", "/source", {"source": "https://kiosk.example"}),
    ("wrong-shape", "/source", {"source": "urn:motcua:service:workflow"}),
    ("missing-field", "/type", {"type": None}),
    ("wrong-type", "/type", {"type": 7}),
    ("unknown-type", "/type", {"type": "vn.motcua.dossier.eaten.v1"}),
    ("unknown-type", "/type", {"type": "dossier.accepted"}),
    ("unknown-major", "/type", {"type": "vn.motcua.dossier.accepted.v2"}),
    ("not-for-publishers", "/type", {"type": "vn.motcua.obligation.opened.v1"}),
    ("not-for-publishers", "/type", {"type": "vn.motcua.notice.sent.v1"}),
    ("missing-field", "/subject", {"subject": None}),
    ("wrong-subject", "/subject", {"subject": "Hồ sơ số 1"}),
    ("wrong-subject", "/subject", {"subject": "06112/duty/2026-11-23/am"}),
    ("looks-personal", "/subject", {"subject": "001099000000"}),
    ("missing-field", "/time", {"time": None}),
    ("bad-time", "/time", {"time": "yesterday"}),
    ("bad-time", "/time", {"time": 1_700_000_000}),
    ("bad-time", "/time", {"time": "1700000000"}),
    ("bad-time", "/time", {"time": "2026-02-30T08:00:00+07:00"}),
    ("bad-time", "/time", {"time": "2026-11-23 08:00:00+07:00"}),
    ("naive-time", "/time", {"time": "2026-11-23T08:00:00"}),
    ("wrong-offset", "/time", {"time": "2026-11-23T08:00:00+09:00"}),
    ("time-out-of-range", "/time", {"time": "0026-11-23T08:00:00+07:00"}),
    ("time-out-of-range", "/time", {"time": "9999-12-31T23:59:59Z"}),
    ("set-by-intake", "/sequence", {"sequence": 1}),
    ("set-by-intake", "/recordedtime", {"recordedtime": "2026-11-23T08:00:00+07:00"}),
    ("set-by-intake", "/inconsistency", {"inconsistency": "after-end"}),
    ("unknown-field", "/recievingunit", {"recievingunit": "06112"}),
    ("bad-attribute-name", "/…", {"0912345678 x": 1}),
    ("wrong-shape", "/receivingunit", {"receivingunit": "6112"}),
    ("missing-field", "/receivingunit", {"receivingunit": None}),
    ("wrong-shape", "/competentunit", {"competentunit": "Bình Gia"}),
    ("wrong-shape", "/traceparent", {"traceparent": "00-1-2-3"}),
    ("wrong-type", "/backfill", {"backfill": "yes"}),
    ("data-not-json", "/datacontenttype", {"datacontenttype": "text/xml"}),
    ("data-twice", "/data_base64", {"data_base64": "e30="}),
    ("missing-field", "/data", {"data": None}),
    ("wrong-type", "/data", {"data": []}),
    ("wrong-type", "/data", {"data": "text"}),
    ("missing-field", "/data/procedure", {"data": _data(procedure=...)}),
    ("wrong-shape", "/data/procedure", {"data": _data(procedure="Kết hôn")}),
    ("wrong-shape", "/data/procedure", {"data": _data(procedure="1.00065٦")}),
    ("wrong-type", "/data/procedure", {"data": _data(procedure=None)}),
    ("not-in-list", "/data/channel", {"data": _data(channel="fax")}),
    ("wrong-type", "/data/components_complete", {"data": _data(components_complete="true")}),
    ("wrong-type", "/data/fee_due", {"data": _data(fee_due="15000")}),
    ("wrong-type", "/data/fee_due", {"data": _data(fee_due=1.5)}),
    ("out-of-range", "/data/fee_due", {"data": _data(fee_due=-1)}),
    ("out-of-range", "/data/fee_due", {"data": _data(fee_due=10**15)}),
    ("naive-time", "/data/given", {"data": _data(given="2026-11-27T16:30:00")}),
    ("wrong-offset", "/data/given", {"data": _data(given="2026-11-27T16:30:00-05:00")}),
    ("bad-time", "/data/given", {"data": _data(given="2026-11-27")}),
    ("unknown-field", "/data/note", {"data": _data(note="Ông Nguyễn Văn Mẫu gọi lại")}),
    ("set-by-intake", "/data/lookup_hash", {"data": _data(lookup_hash="a" * 64)}),
    ("wrong-shape", "/data/contact/phone", {"data": _data(contact={"phone": "call me"})}),
    ("unknown-field", "/data/contact/job", {"data": _data(contact={"job": "x"})}),
    ("wrong-type", "/data/contact", {"data": _data(contact="Nguyễn Văn Mẫu")}),
]


@pytest.mark.parametrize(("rule", "path", "changes"), REFUSED)
def test_each_rule_of_the_envelope_and_the_data(
    rule: str, path: str, changes: dict[str, Any]
) -> None:
    """One thing is wrong, and that rule and that field are named."""
    assert _rules(parse_inbound(value(**changes))) == [(rule, path)]


#: The same for other types: name, rule, path, subject, data.
OTHERS: list[tuple[str, str, str, str | None, dict[str, Any]]] = [
    ("duty.checked_in", "wrong-subject", "/subject", DOSSIER, {"person": "p-1"}),
    ("duty.checked_in", "wrong-subject", "/subject", "06112/defect/1", {"person": "p-1"}),
    ("duty.checked_in", "wrong-shape", "/data/person", None, {"person": "Nguyễn Văn Mẫu"}),
    ("duty.checked_in", "looks-personal", "/data/person", None, {"person": "p-0912345678"}),
    ("duty.rostered", "too-short", "/data/persons", None, {"persons": []}),
    (
        "duty.rostered",
        "looks-personal",
        "/data/persons/1",
        None,
        {"persons": ["p-1", "p-001099000000"]},
    ),
    (
        "duty.replaced",
        "same-value-twice",
        "/data/by",
        None,
        {"person": "p-1", "by": "p-1", "reason": "sick_leave"},
    ),
    (
        "outage.planned",
        "wrong-order",
        "/data/ends",
        None,
        {
            "starts": "2026-11-28T11:30:00+07:00",
            "ends": "2026-11-28T07:30:00+07:00",
            "cause": "maintenance",
        },
    ),
    (
        "posting.published",
        "subject-contradicts",
        "/data/procedure",
        None,
        {"procedure": "1.000656"},
    ),
    ("rating.given", "not-in-list", "/data/score", None, {"score": 6}),
    ("dossier.completed", "missing-field", "/data/result", None, {}),
    (
        "dossier.moved",
        "same-value-twice",
        "/data/to_unit",
        None,
        {"from_unit": "06112", "to_unit": "06112"},
    ),
    ("dossier.extended", "wrong-shape", "/data/new_date", None, {"new_date": "01/12/2026"}),
    ("dossier.extended", "wrong-shape", "/data/new_date", None, {"new_date": "2026-02-30"}),
    ("dossier.extended", "wrong-shape", "/data/new_date", None, {"new_date": 1764547200}),
    (
        "dossier.supplement_requested",
        "too-long",
        "/data/items",
        None,
        {"items": ["A"] * 51, "number": 1, "in_person": True},
    ),
    ("dossier.withdrawn", "unknown-field", "/data/contact", None, {"contact": {"name": "x"}}),
    (
        "dossier.corrected",
        "naive-time",
        "/data/right/time",
        None,
        {
            "replaces": "e1",
            "right": {"time": "2026-11-23T08:00:00", "data": {}},
            "reason": "wrong_time",
            "by": "p-1",
        },
    ),
    ("role.ended", "wrong-subject", "/subject", "role:06112:director:p-2", {}),
]


@pytest.mark.parametrize(("name", "rule", "path", "subject", "data"), OTHERS)
def test_rules_of_other_types(
    name: str, rule: str, path: str, subject: str | None, data: dict[str, Any]
) -> None:
    """Subject and data must fit, ends follow beginnings, ids tell nothing of a person."""
    made = document(name)
    made["data"] = data if data or name == "dossier.completed" else made["data"]
    made["subject"] = subject or made["subject"]
    assert _rules(parse_inbound(json.dumps(made).encode())) == [(rule, path)]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    """A publisher mends an event in one round, not field by field."""
    read = parse_inbound(value(id="a b", time="2026-11-23T08:00:00", data=_data(channel="fax")))
    assert _rules(read) == [
        ("naive-time", "/time"),
        ("wrong-shape", "/id"),
        ("not-in-list", "/data/channel"),
    ]


def test_a_near_miss_is_named() -> None:
    """The remedy names the field or type that was probably meant."""
    read = parse_inbound(value(data=_data(procedur="1.000656")))
    assert isinstance(read, list)
    assert "write procedure" in read[0].remedy
    read = parse_inbound(value(type="vn.motcua.dossier.acceptd.v1"))
    assert isinstance(read, list)
    assert "vn.motcua.dossier.accepted.v1" in read[0].remedy


def test_contacts_are_split_off() -> None:
    """The personal part is beside the event, and no model of an event holds it."""
    contact = {"name": "Nguyễn Văn Mẫu", "phone": "0900000000", "language": "vi"}
    event = inbound(data=_data(contact=contact))
    assert event.contact is not None
    assert event.contact.name == "Nguyễn Văn Mẫu"
    assert "Mẫu" not in repr(event.data)
    assert inbound(data=_data(contact=None)).contact is None


def test_history_may_have_any_offset_and_no_result() -> None:
    """What is imported is recorded as it was."""
    event = inbound(
        "dossier.completed", backfill=True, time="2010-05-04T10:00:00+02:00", data={}
    )
    assert event.backfill
    assert event.time.isoformat() == "2010-05-04T15:00:00+07:00"


def test_a_type_without_fields_needs_no_data() -> None:
    """An empty object says no more than its absence."""
    made = document("dossier.withdrawn")
    del made["data"]
    assert isinstance(parse_inbound(json.dumps(made).encode()), InboundEvent)


def test_an_installation_may_narrow_the_dossiers_code() -> None:
    """Codes of other systems pass unless the pattern is narrowed."""
    foreign = value(subject="case-10011")
    assert isinstance(parse_inbound(foreign), InboundEvent)
    national = re.compile(r"H37\.[0-9]{3}-[0-9]{6}-[0-9]{4,7}")
    assert _rules(parse_inbound(foreign, dossier_code=national)) == [
        ("wrong-subject", "/subject")
    ]
    assert isinstance(parse_inbound(value(), dossier_code=national), InboundEvent)


def test_a_thousand_things_wrong_are_told_in_twenty() -> None:
    """Keys without end neither hold up the door nor fill the answer."""
    data = _data(**{f"key{number}": 1 for number in range(4000)})
    assert len(_rules(parse_inbound(value(data=data)))) == FAULTS_MAX
    marked = _data(**{f"key{number}": BIDI for number in range(4000)})
    assert len(_rules(parse_inbound(value(data=marked)))) == FAULTS_MAX


def _binary(prefix: str = "ce_", **changes: str | None) -> list[tuple[str, bytes]]:
    attributes = {key: item for key, item in document().items() if key != "data"}
    merged = {**attributes, **changes}
    named = [(f"{prefix}{key}", str(item).encode()) for key, item in merged.items() if item]
    return [("content-type", PLAIN.encode()), *named]


def test_binary_mode_is_the_same_event() -> None:
    """Attributes in headers, data in the value: nothing else differs."""
    data = json.dumps(document()["data"]).encode()
    structured = inbound()
    assert parse_inbound(data, _binary()) == structured
    assert parse_inbound(data, _binary("ce-")) == structured
    assert parse_inbound(value(), [("content-type", STRUCTURED.encode())]) == structured
    assert parse_inbound(value(), [("Content-Type", PLAIN.encode())]) == structured
    read = parse_inbound(data, _binary(backfill="true"))
    assert isinstance(read, InboundEvent)
    assert read.backfill


def test_http_percent_encodes_attributes() -> None:
    """The HTTP binding writes what is not plain ASCII as %XX."""
    data = json.dumps(document()["data"]).encode()
    read = parse_inbound(data, _binary("ce-", subject="H37.120%2D261123-0001"))
    assert isinstance(read, InboundEvent)
    assert read.subject == DOSSIER


@pytest.mark.parametrize(
    ("rule", "path", "headers"),
    [
        ("header-not-utf8", "/headers/ce_id", [("ce_id", b"\xff")]),
        ("header-not-utf8", "/headers/ce_traceid", [("ce_traceid", b"\xff\xfe")]),
        ("duplicate-header", "/headers/ce_id", [("ce_id", b"a"), ("CE_ID", b"b")]),
        ("unknown-content-type", "/headers/content-type", [("content-type", b"text/xml")]),
        (
            "unknown-content-type",
            "/headers/content-type",
            [("content-type", b"application/cloudevents-batch+json")],
        ),
    ],
)
def test_headers_that_cannot_be_read_are_refused(
    rule: str, path: str, headers: list[tuple[str, bytes]]
) -> None:
    """A header of ours that is not UTF-8 is refused with its name, never dropped."""
    assert _rules(parse_inbound(value(), headers)) == [(rule, path)]


def test_headers_of_others_may_hold_what_they_like() -> None:
    """A client's own headers are often binary; none of them is read."""
    read = parse_inbound(value(), [("kafka_correlationId", b"\xff\xfe"), ("x", b"")])
    assert read == inbound()


def test_binary_attributes_are_judged_like_the_others() -> None:
    """A missing or forbidden attribute is refused in binary mode too."""
    data = json.dumps(document()["data"]).encode()
    assert ("missing-field", "/time") in _rules(parse_inbound(data, _binary(time=None)))
    assert _rules(parse_inbound(data, _binary(id=f"a{BIDI}b"))) == [
        ("forbidden-character", "/id")
    ]
    assert _rules(parse_inbound(b"", _binary())) == [("empty-record", "")]


def test_the_fingerprint_is_of_the_content() -> None:
    """Order, spaces and the trace do not matter; any other change does."""
    made = document()
    turned = dict(reversed(made.items()))
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    same = parse_inbound(json.dumps({**turned, "traceparent": trace}, indent=2).encode())
    assert isinstance(same, InboundEvent)
    assert same.fingerprint == inbound().fingerprint
    assert inbound(data=_data(fee_due=1)).fingerprint != inbound().fingerprint


def test_the_fingerprint_does_not_depend_on_the_mode() -> None:
    """Sent again in binary mode, an event is the same."""
    data = json.dumps(document()["data"]).encode()
    binary = parse_inbound(data, _binary())
    made = document(datacontenttype="application/json", dataschema="urn:x")
    structured = parse_inbound(json.dumps({**made, "competentunit": None}).encode())
    assert isinstance(binary, InboundEvent)
    assert isinstance(structured, InboundEvent)
    assert binary.fingerprint == structured.fingerprint


def test_a_missing_field_says_what_belongs_there() -> None:
    """An example or the closed list, from the schema itself."""
    read = parse_inbound(value(receivingunit=None, data={}))
    assert isinstance(read, list)
    said = {item.path: item.remedy for item in read}
    assert said == {
        "/data/procedure": "Add it: a procedure's code, like 1.000656.",
        "/data/channel": "Add it: one of direct, online, post.",
    }
    read = parse_inbound(value(receivingunit=None))
    assert isinstance(read, list)
    assert read[0].remedy == "Add it: a unit's code, like 06112."
    read = parse_inbound(value("dossier.step_started", data={"limit": {}}))
    assert isinstance(read, list)
    said = {item.path: item.remedy for item in read}
    assert said["/data/limit/value"] == "Add it: a whole number."
    assert said["/data/limit/unit"].startswith("Add it: one of same_day, hours")


def test_the_id_of_a_refused_record_is_found_where_it_is_safe() -> None:
    """A rejection names the event; what could hold anything is not repeated."""
    assert claimed_id(value(type="nonsense")) == "dossier.accepted-1"
    assert claimed_id(value(id="Nguyễn Văn Mẫu")) is None
    assert claimed_id(b"{") is None
    assert claimed_id(None) is None
    assert claimed_id(b"{}", [("ce_id", b"a-1")]) == "a-1"
    assert claimed_id(b"{}", [("ce_id", b"a b")]) is None


@pytest.mark.parametrize(
    "changes", [changes for *_, changes in REFUSED], ids=[path for _, path, _ in REFUSED]
)
def test_a_refusal_never_repeats_a_value(changes: dict[str, Any]) -> None:
    """A secret put in every wrong place comes back from none."""
    secret = "bimat0912345678"

    def poison(item: object) -> object:
        if isinstance(item, dict):
            return {key: poison(part) for key, part in item.items()}
        return [poison(part) for part in item] if isinstance(item, list) else secret

    made = document() | {key: poison(item) for key, item in changes.items() if item}
    read = parse_inbound(json.dumps(made).encode())
    if isinstance(read, list):
        assert secret not in json.dumps([item.to_document() for item in read])

"""Attributes of others: ignored, counted, kept nowhere; a misspelt one of ours is refused."""

import json
from typing import Any

import pytest

from shared.events.extensions import EXTENSIONS_MAX, NAME_CHARACTERS_MAX
from shared.events.inbound import InboundEvent, parse_inbound
from tests.unit.events.made import document, inbound, value

PERSON = "Nguyễn Văn Mẫu 0912345678"

#: What middleware adds, as its documentation or its source has it.
OTHERS: dict[str, dict[str, Any]] = {
    "knative": {"knativearrivaltime": "2026-11-23T01:05:00Z", "knativehistory": "a; b"},
    "dapr": {
        "traceid": "00-a-b-01",
        "topic": "dossiers",
        "pubsubname": "bus",
        "expiration": "x",
    },
    "debezium": {
        "iodebeziumop": "c",
        "iodebeziumtsms": 1795312800000,
        "iodebeziumsnapshot": False,
        "iodebeziumxmin": None,
        "iodebeziumtxdatacollectionorder": "1",
    },
    "registry": {
        "sequencetype": "Integer",
        "partition": 4,
        "sourceid": "a",
        "correlationid": "b",
        "authtype": "user",
        "expirytime": "2026-11-30T00:00:00Z",
        "sampledrate": 30,
        "severitytext": "INFO",
    },
    "longest": {"x" * NAME_CHARACTERS_MAX: "1"},
    "as many as are taken": {f"other{number}": "1" for number in range(EXTENSIONS_MAX)},
}


@pytest.mark.parametrize("added", OTHERS.values(), ids=OTHERS)
def test_attributes_of_middleware_are_ignored_and_counted(added: dict[str, Any]) -> None:
    """The event is the same as without them, its fingerprint included."""
    made = document() | added
    read = parse_inbound(json.dumps(made).encode())
    assert isinstance(read, InboundEvent)
    assert read == inbound()
    assert read.ignored == len(added)
    assert inbound().ignored == 0


def test_attributes_of_others_are_kept_nowhere() -> None:
    """Not in what is read, not in the letters that an earlier fingerprint is taken of."""
    read = inbound(comment=PERSON, authid=PERSON)
    assert read.ignored == len(("comment", "authid"))
    assert PERSON not in repr(read)
    assert PERSON not in repr(read.sent)


def test_in_binary_mode_they_are_headers() -> None:
    """With either prefix."""
    made = document()
    data = json.dumps(made.pop("data")).encode()
    for prefix in ("ce_", "ce-"):
        headers = [(f"{prefix}{key}", str(item).encode()) for key, item in made.items()]
        headers += [(f"{prefix}traceid", b"x"), ("content-type", b"application/json")]
        read = parse_inbound(data, headers)
        assert isinstance(read, InboundEvent)
        assert read == inbound()
        assert read.ignored == 1


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("receivngunit", "receivingunit"),
        ("receiving_unit", "receivingunit"),
        ("receivingUnit", "receivingunit"),
        ("competantunit", "competentunit"),
        ("competent", "competentunit"),
        ("backfil", "backfill"),
        ("Backfill", "backfill"),
        ("subjet", "subject"),
        ("tracparent", "traceparent"),
        ("datacontentype", "datacontenttype"),
    ],
)
def test_one_of_ours_misspelt_is_refused_with_its_name(name: str, meant: str) -> None:
    """What it says would be lost in silence."""
    read = parse_inbound(value(**{name: "06112"}))
    assert isinstance(read, list)
    assert [(item.rule, item.path) for item in read] == [("unknown-field", f"/{name}")]
    assert f"write {meant}" in read[0].remedy


def test_a_misspelt_attribute_that_is_missing_is_found_sooner() -> None:
    """Where nothing of that name is given, less likeness is enough."""
    read = parse_inbound(value(receivingunit=None, receiveunit="06112"))
    assert isinstance(read, list)
    assert {(item.rule, item.path) for item in read} == {
        ("unknown-field", "/receiveunit"),
        ("missing-field", "/receivingunit"),
    }
    assert isinstance(parse_inbound(value(receiveunit="06112")), InboundEvent)


@pytest.mark.parametrize(
    ("rule", "added"),
    [
        ("bad-attribute-name", {"trace_id": "1"}),
        ("bad-attribute-name", {"TraceId": "1"}),
        ("bad-attribute-name", {"": "1"}),
        ("bad-attribute-name", {"x" * (NAME_CHARACTERS_MAX + 1): "1"}),
        ("wrong-type", {"person": {"name": PERSON}}),
        ("wrong-type", {"persons": [PERSON]}),
        ("wrong-type", {"rate": 0.5}),
        ("unknown-field", {"contact": {"name": PERSON}}),
        ("unknown-field", {"procedure": "1.000656"}),
        ("forbidden-character", {"comment": "a\u202eb"}),
        ("too-many-attributes", {f"o{number}": PERSON for number in range(EXTENSIONS_MAX + 1)}),
    ],
)
def test_what_cloudevents_does_not_allow_is_refused(rule: str, added: dict[str, Any]) -> None:
    """One fault that repeats no value."""
    read = parse_inbound(json.dumps(document() | added).encode())
    assert isinstance(read, list)
    assert [item.rule for item in read] == [rule]
    assert "Mẫu" not in str(read)

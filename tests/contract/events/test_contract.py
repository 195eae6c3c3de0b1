"""The contract's files: generated, valid, and true to what the code does."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiokafka.partitioner import murmur2 as java_murmur2
from jsonschema import Draft202012Validator, FormatChecker

from shared.events.generate import CONTRACT, drift, release, write
from shared.events.inbound import parse_inbound
from shared.events.publishing.files import golden
from shared.events.publishing.schemas import Schema, all_schemas
from shared.events.registry import REGISTRY
from shared.events.topics import TOPICS
from tests.unit.events.made import document

INBOUND = sorted(name for name, kind in REGISTRY.items() if kind.inbound)


def _schema(path: str) -> Schema:
    schema: Schema = json.loads((CONTRACT / path).read_text(encoding="utf-8"))
    return schema


def test_no_generated_file_has_drifted() -> None:
    """`python -m shared.events.generate` would change nothing."""
    assert drift() == []


def test_a_drift_is_found_and_mended(tmp_path: Path) -> None:
    """A file that differs, one that is missing and one too many are all named."""
    write(tmp_path)
    assert drift(tmp_path) == []
    (tmp_path / "topics.json").write_text("{}", encoding="utf-8")
    (tmp_path / "transitions.json").unlink()
    (tmp_path / "schemas" / "dossier.eaten.v1.json").write_text("{}", encoding="utf-8")
    assert write(tmp_path) == [
        "schemas/dossier.eaten.v1.json",
        "topics.json",
        "transitions.json",
    ]
    assert drift(tmp_path) == []


def test_a_release_is_never_written_over(tmp_path: Path) -> None:
    """What was released is kept as it was."""
    release(1, tmp_path / "contract", tmp_path / "golden")
    with pytest.raises(FileExistsError):
        release(1, tmp_path / "contract", tmp_path / "golden")


@pytest.mark.parametrize("path", all_schemas())
def test_every_schema_is_one(path: str) -> None:
    """Each file is a JSON Schema of the 2020-12 dialect with its own id."""
    schema = _schema(path)
    Draft202012Validator.check_schema(schema)
    assert schema["$id"].startswith("urn:motcua:schema:")


@pytest.mark.parametrize("name", REGISTRY)
def test_golden_events_are_valid_by_their_schema(name: str) -> None:
    """What our topics carry is what the canonical schema says."""
    schema = _schema(f"schemas/{name}.v1.json")
    event = json.loads(golden()[f"{name}.v1.json"])
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(event)


@pytest.mark.parametrize("name", INBOUND)
def test_the_inbound_schema_and_the_door_agree(name: str) -> None:
    """The example passes both; without any one required field it passes neither."""
    schema = _schema(f"schemas/inbound/{name}.v1.json")
    validator = Draft202012Validator(schema)
    made = document(name)
    assert validator.is_valid(made)
    assert _is_taken(made)
    needed = schema["properties"]["data"].get("required", ())
    changed = [_without(made, field) for field in schema["required"]]
    changed += [_without(made, "data")] if needed else []
    changed += [made | {"data": _without(made["data"], field)} for field in needed]
    changed += [made | {"data": {**made["data"], "surprise": 1}}]
    changed += [made | {"surprise": {}}, made | {"aSurprise": 1}, made | {"sequence": 1}]
    changed += [made | {"datacontenttype": "text/xml"}]
    for right in _respelt(made):
        assert validator.is_valid(right)
        assert _is_taken(right)
    for wrong in changed:
        assert not validator.is_valid(wrong)
        assert not _is_taken(wrong)


def _respelt(made: dict[str, Any]) -> list[dict[str, Any]]:
    encoded = base64.b64encode(json.dumps(made["data"]).encode()).decode()
    return [
        made | {"surprise": 1, "traceid": "a"},
        made | {"datacontenttype": "Application/JSON;charset=UTF-8"},
        _without(made, "data") | {"data_base64": encoded},
    ]


def _without(made: dict[str, Any], field: str) -> dict[str, Any]:
    return {key: item for key, item in made.items() if key != field}


def _is_taken(made: dict[str, Any]) -> bool:
    return not isinstance(parse_inbound(json.dumps(made).encode()), list)


def test_the_asyncapi_document_names_every_topic_and_type() -> None:
    """Channels with key, partitions, partitioner and retention; messages that exist."""
    api = yaml.safe_load((CONTRACT / "asyncapi.yaml").read_text(encoding="utf-8"))
    assert api["asyncapi"] == "3.0.0"
    addresses = {channel["address"]: channel for channel in api["channels"].values()}
    assert addresses.keys() >= {*TOPICS, "motcua.inbound.{publisher}.v1"}
    for name, topic in TOPICS.items():
        kafka = addresses[name]["bindings"]["kafka"]
        assert kafka["partitions"] == topic.partitions
        assert kafka["topicConfiguration"]["retention.ms"] == topic.retention_ms
        assert addresses[name]["x-partitioner"] == "murmur2"
    messages = api["components"]["messages"]
    for message in messages.values():
        assert (CONTRACT / message["payload"]["$ref"]).is_file()
    for channel in api["channels"].values():
        for reference in channel["messages"].values():
            assert reference["$ref"].rsplit("/", 1)[-1] in messages
    for operation in api["operations"].values():
        assert operation["channel"]["$ref"].rsplit("/", 1)[-1] in api["channels"]
    for name, kind in REGISTRY.items():
        assert messages[f"{name}.v1"]["name"] == kind.type


def test_the_published_partitions_are_the_java_clients() -> None:
    """Another client that comes to the same numbers writes to the right partitions."""
    vectors = _schema("vectors/partitioner.json")
    for vector in vectors["keys"]:
        hashed = java_murmur2(vector["key"].encode())
        assert vector["murmur2"] == hashed
        assert vector["partition"] == (hashed & 0x7FFFFFFF) % vectors["partitions"]


def test_the_published_transitions_are_those_of_the_table() -> None:
    """Every case written out follows from the rows beside it."""
    rows = _schema("transitions.json")["rows"]
    cases = _schema("vectors/transitions.json")["cases"]
    assert len(cases) == len({row["event"] for row in rows}) * 11 * 2
    for case in cases:
        other = "before_acceptance" if case["was_accepted"] else "after_acceptance"
        fitting = [
            row["to"] or case["status"]
            for row in rows
            if row["event"] == case["event"]
            and case["status"] in row["from"]
            and row["when"] != other
        ]
        assert fitting == ([] if case["next"] is None else [case["next"]])


def test_the_page_can_be_browsed_without_a_network() -> None:
    """No script, no address outside, and every link leads to a file or a place on the page."""
    page = (CONTRACT / "index.html").read_text(encoding="utf-8")
    for fetching in ("<script", "<link", "src=", "url(", "@import", 'href="http'):
        assert fetching not in page
    links = {part.split('"', 1)[0] for part in page.split('href="')[1:]}
    for link in links:
        if link.startswith("#"):
            assert f'id="{link[1:]}"' in page
        else:
            assert (CONTRACT / link).is_file(), link
    for name in REGISTRY:
        assert f'<details id="{name}">' in page

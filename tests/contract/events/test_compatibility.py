"""Evolution: nothing that was released may stop being readable or sendable."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsoncompat import check_compat

from shared.events.envelope import decode, encode
from shared.events.generate import CONTRACT, GOLDEN
from shared.events.publishing.schemas import Schema, all_schemas
from shared.events.registry import REGISTRY

RELEASES = sorted((CONTRACT / "released").iterdir(), key=lambda path: int(path.name[1:]))
LAST = json.loads((RELEASES[-1] / "schemas.json").read_text(encoding="utf-8"))
TODAY = all_schemas()
GOLDEN_FILES = sorted(GOLDEN.glob("*.json"))


def _closed(schema: Any) -> Any:  # noqa: ANN401  # A schema is any JSON.
    """Close every object, so that only what is named counts."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _closed(item) for key, item in schema.items()}
    if "properties" in schema and schema.get("type") == "object":
        made["additionalProperties"] = False
    return made


def _is_compatible(path: str, old: Schema, new: Schema) -> bool:
    """Publishers may send what they sent; readers understand what is written.

    What publishers send is checked as the door reads it. What we write is checked as a reader
    of the last release would take it, who ignores fields that they do not know.
    """
    # The checker follows no names but its own.
    old, new = ({key: item for key, item in one.items() if key != "$id"} for one in (old, new))
    if path.startswith("schemas/inbound/"):
        return bool(check_compat(json.dumps(old), json.dumps(new), "deserializer"))
    known = copy.deepcopy(new)
    _keep_known(old, known)
    texts = json.dumps(_closed(old)), json.dumps(_closed(known))
    return bool(check_compat(*texts, "serializer"))


def _keep_known(old: object, new: object) -> None:
    """Take out of the new schema what a reader of the old one ignores."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return
    if isinstance(old.get("properties"), dict) and isinstance(new.get("properties"), dict):
        added = new["properties"].keys() - old["properties"].keys()
        for name in added:
            del new["properties"][name]
        if "required" in new:
            new["required"] = [name for name in new["required"] if name not in added]
    for key in old.keys() & new.keys():
        _keep_known(old[key], new[key])


@pytest.mark.parametrize("path", LAST)
def test_todays_schema_is_compatible_with_the_last_release(path: str) -> None:
    """Every released type is still there, and may be sent and read as it was."""
    assert path in TODAY, "a released type is never taken away inside its major"
    assert _is_compatible(path, LAST[path], TODAY[path])


def _changed(path: str, *steps: str, to: object) -> tuple[str, Schema, Schema]:
    old = copy.deepcopy(LAST[path])
    new = copy.deepcopy(old)
    place = new
    for step in steps[:-1]:
        place = place[step]
    place[steps[-1]] = to
    return path, old, new


DATA = ("properties", "data")
ACCEPTED = "schemas/inbound/dossier.accepted.v1.json"
CANONICAL = "schemas/dossier.accepted.v1.json"
TEXT = {"type": "string"}


@pytest.mark.parametrize(
    ("change", "compatible"),
    [
        (_changed(ACCEPTED, *DATA, "properties", "colour", to=TEXT), True),
        (_changed(ACCEPTED, *DATA, "required", to=["procedure", "channel", "fee_due"]), False),
        (_changed(ACCEPTED, *DATA, "properties", "fee_due", to=TEXT), False),
        (_changed(ACCEPTED, *DATA, "properties", "channel", "enum", to=["direct"]), False),
        (_changed(CANONICAL, *DATA, "properties", "colour", to=TEXT), True),
        (_changed(CANONICAL, *DATA, "properties", "fee_due", to=TEXT), False),
        (
            _changed(
                CANONICAL, *DATA, "properties", "channel", "enum",
                to=["direct", "online", "post", "fax"],
            ),
            False,
        ),
        (_changed(CANONICAL, *DATA, "required", to=["procedure"]), False),
    ],
)  # fmt: skip
def test_the_check_tells_breaking_changes_from_others(
    change: tuple[str, Schema, Schema], *, compatible: bool
) -> None:
    """A new optional field is fine; a new duty, another type or another word is not."""
    assert _is_compatible(*change) is compatible


def test_there_is_a_golden_event_of_every_type() -> None:
    """One file for each version of each type that was ever released."""
    names = {path.name for path in GOLDEN_FILES}
    assert names >= {f"{name}.v{kind.major}.json" for name, kind in REGISTRY.items()}


@pytest.mark.parametrize("path", GOLDEN_FILES, ids=lambda path: path.stem)
def test_golden_events_are_read_and_written_byte_for_byte(path: Path) -> None:
    """What was ever written can be read, and writing it again changes no byte."""
    value = path.read_bytes().removesuffix(b"\n")
    event = decode(value)
    assert encode(event) == value
    assert len(event.data.model_fields_set) == len(json.loads(value)["data"])

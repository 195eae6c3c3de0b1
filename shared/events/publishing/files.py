"""Every file of the contract, as text: the same sources give the same bytes."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

import yaml

from shared.calendar.zone import ICT
from shared.events.envelope import Event, encode, to_document
from shared.events.ids import derived_id
from shared.events.publishing import asyncapi, pages, tables
from shared.events.publishing.schemas import all_schemas
from shared.events.registry import REGISTRY, EventType
from shared.events.topics import REFERENCE

_HAPPENED: Final = datetime(2026, 11, 23, 8, 5, tzinfo=ICT)
_RECORDED: Final = _HAPPENED + timedelta(seconds=1, microseconds=250_000)


@cache
def contract() -> Mapping[str, str]:
    """Give the text of every generated file by its path in the contract."""
    schemas = all_schemas()
    examples = {name: to_document(example(kind)) for name, kind in REGISTRY.items()}
    made = {path: _json(schema) for path, schema in schemas.items()}
    made["asyncapi.yaml"] = yaml.safe_dump(
        asyncapi.document(), sort_keys=False, allow_unicode=True, width=96
    )
    made["transitions.json"] = _json(tables.transitions())
    made["topics.json"] = _json(tables.topics())
    made["vectors/partitioner.json"] = _json(tables.partitioner_vectors())
    made["vectors/transitions.json"] = _json(tables.transition_vectors(), indent=None)
    made["rules.json"] = _json(tables.rules())
    made["index.html"] = pages.index(schemas, examples)
    return made


def golden() -> Mapping[str, bytes]:
    """Give one whole event of each type, as its topic carries it, by file name."""
    return {
        f"{kind.name}.v{kind.major}.json": encode(example(kind)) + b"\n"
        for kind in REGISTRY.values()
    }


def example(kind: EventType) -> Event:
    """Give a type's example as a whole event."""
    publisher = "province" if kind.topic is REFERENCE else "kiosk"
    by_service = f"urn:motcua:service:{kind.writer}"
    concerns_dossier = kind.example_subject.startswith("H")
    return Event(
        id=derived_id("example", kind.name),
        source=f"urn:motcua:publisher:{publisher}" if kind.inbound else by_service,
        name=kind.name,
        major=kind.major,
        subject=kind.example_subject,
        time=_HAPPENED,
        sequence=1,
        recordedtime=_RECORDED,
        receivingunit="06112" if concerns_dossier else None,
        competentunit="06112" if concerns_dossier else None,
        referenceversion=None if kind.topic is REFERENCE else 212,
        data=kind.model.model_validate(dict(kind.example)),
    )


def _json(content: Mapping[str, Any], *, indent: int | None = 2) -> str:
    return json.dumps(content, ensure_ascii=False, indent=indent) + "\n"

"""JSON Schemas of every type: as our topics carry it, and as publishers send it."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from shared.events import codes
from shared.events.checks import FIRST
from shared.events.contacts import Contact, ContactPart
from shared.events.extensions import NAME_CHARACTERS_MAX
from shared.events.inbound import SET_BY_INTAKE
from shared.events.progress import ProgressMark
from shared.events.registry import REGISTRY, WITH_CONTACT, EventType
from shared.events.rejections import Rejection

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]

_CODE = {"type": "string", "pattern": codes.UNIT_PATTERN}
_CONTENT_TYPES: Final = ["application/json", "application/json; charset=utf-8"]
_MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}

#: What is not a CloudEvent: contacts, progress marks, rejections.
PLAIN: Final[Mapping[str, type[BaseModel]]] = {
    "contact.v1": Contact,
    "progress.v1": ProgressMark,
    "rejection.v1": Rejection,
}


def canonical(kind: EventType) -> Schema:
    """Give the schema of a type as our topics carry it; readers ignore unknown fields."""
    data = _plain(kind.model.model_json_schema(mode="serialization"))
    definitions = data.pop("$defs", {})
    schema = _event(kind, data, "canonical")
    schema["properties"] |= _ADDED
    schema["required"] += ["sequence", "recordedtime"]
    return schema | ({"$defs": definitions} if definitions else {})


def inbound(kind: EventType) -> Schema:
    """Give the schema of a type as publishers send it: closed, with its contact part."""
    data = _closed(_plain(kind.model.model_json_schema(mode="validation")))
    definitions = data.pop("$defs", {})
    data["properties"].pop("lookup_hash", None)
    if kind.name in WITH_CONTACT:
        definitions["ContactPart"] = _closed(_plain(ContactPart.model_json_schema()))
        data["properties"]["contact"] = {
            "$ref": "#/$defs/ContactPart",
            "description": "Personal data; split off at the door, never in a canonical event.",
        }
    schema = _event(kind, data, "inbound")
    schema["properties"] |= {**_SENT, **{name: {"not": {}} for name in SET_BY_INTAKE}}
    schema |= _OTHERS
    schema["required"].remove("data")
    if data["properties"]:
        schema["anyOf"] = [{"required": ["data"]}, {"required": ["data_base64"]}]
    if kind.name in FIRST:
        schema["required"].append("receivingunit")
    return schema | ({"$defs": definitions} if definitions else {})


def plain(name: str) -> Schema:
    """Give the schema of a record that is not a CloudEvent."""
    schema: Schema = _plain(PLAIN[name].model_json_schema(mode="serialization"))
    return {"$schema": DIALECT, "$id": f"urn:motcua:schema:{name}"} | schema


def all_schemas() -> Mapping[str, Schema]:
    """Give every schema by its path in the contract."""
    made: dict[str, Schema] = {}
    for kind in REGISTRY.values():
        made[f"schemas/{kind.name}.v{kind.major}.json"] = canonical(kind)
        if kind.inbound:
            made[f"schemas/inbound/{kind.name}.v{kind.major}.json"] = inbound(kind)
    for name in PLAIN:
        made[f"schemas/{name}.json"] = plain(name)
    return made


_ADDED: Final[Mapping[str, Schema]] = {
    "sequence": {"type": "integer", "minimum": 1},
    "recordedtime": _MOMENT,
    "referenceversion": {"type": "integer", "minimum": 0},
    "contactversion": {"type": "integer", "minimum": 1},
    "inconsistency": {"type": "string"},
    "traceparent": {"type": "string", "pattern": codes.TRACEPARENT_PATTERN},
}
#: JSON in any spelling of a media type; with another charset than UTF-8 it is refused.
_JSON_TYPE: Final = r"^\s*[^/;\s]+/([^/;\s]+\+)?[Jj][Ss][Oo][Nn]\s*(;.*)?$"
_SENT: Final[Mapping[str, Schema]] = {
    "datacontenttype": {"type": "string", "pattern": _JSON_TYPE, "maxLength": 300},
    "data_base64": {
        "type": "string",
        "contentEncoding": "base64",
        "contentMediaType": "application/json",
        "description": "The data's JSON in base64, in place of data.",
    },
    "dataschema": {"type": "string", "maxLength": 300},
    "partitionkey": {"type": "string", "maxLength": 200},
    "traceparent": {"type": "string", "pattern": codes.TRACEPARENT_PATTERN},
    "tracestate": {"type": "string", "maxLength": 512},
}

#: Attributes that middleware adds: ignored, unless one looks like one of ours misspelt.
_OTHERS: Final[Schema] = {
    "patternProperties": {
        rf"^(?!data$)[a-z0-9]{{1,{NAME_CHARACTERS_MAX}}}$": {
            "type": ["string", "boolean", "integer", "null"]
        }
    },
    "additionalProperties": False,
}


def _event(kind: EventType, data: Schema, side: str) -> Schema:
    tail = ":inbound" if side == "inbound" else ""
    source: Schema = {"type": "string", "maxLength": 120}
    if side == "inbound":
        source["pattern"] = codes.SOURCE_PATTERN
    return {
        "$schema": DIALECT,
        "$id": f"urn:motcua:schema:{kind.name}.v{kind.major}{tail}",
        "title": kind.type,
        "description": data.pop("description", ""),
        "type": "object",
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "pattern": codes.IDENTIFIER_PATTERN, "maxLength": 128},
            "source": source,
            "type": {"const": kind.type},
            "subject": {"type": "string", "minLength": 1, "maxLength": 120},
            "time": {**_MOMENT, "description": "When it happened, with its offset."},
            "datacontenttype": {"type": "string", "enum": _CONTENT_TYPES},
            "receivingunit": _CODE,
            "competentunit": _CODE,
            "backfill": {"type": "boolean", "description": "Imported history."},
            "data": data,
        },
        "required": ["specversion", "id", "source", "type", "subject", "time", "data"],
    }


def _plain(schema: Any) -> Any:  # noqa: ANN401  # A schema is any JSON.
    """Take out what pydantic says for itself: titles, and null where a field may be absent."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "anyOf" in schema and {"type": "null"} in schema["anyOf"]:
        rest = [_plain(item) for item in schema["anyOf"] if item != {"type": "null"}]
        kept = {k: v for k, v in schema.items() if k not in {"anyOf", "default", "title"}}
        return (rest[0] if len(rest) == 1 else {"anyOf": rest}) | kept
    return {
        key: {name: _plain(part) for name, part in value.items()}
        if key in {"properties", "$defs"}
        else value
        if key == "additionalProperties"  # A value under a free key may be null.
        else _plain(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str))
    }


def _closed(schema: Any) -> Any:  # noqa: ANN401  # A schema is any JSON.
    """Refuse unknown fields in every object that names its fields."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _closed(value) for key, value in schema.items()}
    if schema.get("type") == "object" and isinstance(schema.get("properties"), dict):
        made["additionalProperties"] = False
    elif schema.get("type") == "object" and "properties" not in schema:
        made.setdefault("properties", {})
        made.setdefault("additionalProperties", schema.get("additionalProperties", False))
    return made

"""What OpenAPI says of bodies that the routes read and write themselves."""

from typing import Any, Final

_RECEIPT: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["outcome", "event_id", "subject"],
    "properties": {
        "outcome": {"enum": ["applied", "waiting", "refused", "open"]},
        "event_id": {"type": ["string", "null"]},
        "subject": {"type": ["string", "null"]},
        "repeated": {"type": "boolean", "description": "The same was sent before."},
        "topic": {"type": "string"},
        "sequence": {"type": "integer", "minimum": 0},
        "status": {"type": "integer", "minimum": 1, "maximum": 10},
        "recordedtime": {"type": "string", "format": "date-time"},
        "inconsistency": {"type": "string"},
        "until": {
            "type": "string",
            "format": "date-time",
            "description": "Until when the event waits; then it is rejected.",
        },
        "waits_for": {
            "type": "array",
            "items": {"type": "string"},
            "description": "The events that the dossier's history lacks before this one.",
        },
        "lookup_secret": {
            "type": "string",
            "description": "For the slip; told where the event began a dossier.",
        },
        "faults": {"type": "array", "items": {"type": "object"}},
    },
}

RECEIPT: Final[dict[int | str, dict[str, Any]]] = {
    201: {
        "description": "Recorded.",
        "content": {"application/json": {"schema": _RECEIPT}},
    },
    202: {
        "description": "Held until an earlier event of the dossier arrives.",
        "content": {"application/json": {"schema": _RECEIPT}},
    },
}
RECEIPT_LINES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Recorded before, or one receipt for each line.",
        "content": {
            "application/json": {"schema": _RECEIPT},
            "application/x-ndjson": {"schema": {"type": "string"}},
        },
    },
}
EVENT_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/cloudevents+json": {"schema": {"type": "object"}},
            "application/json": {"schema": {"type": "object"}},
            "application/x-ndjson": {"schema": {"type": "string"}},
        },
    }
}
DOSSIER: Final[dict[int | str, dict[str, Any]]] = {
    201: {
        "description": "Received: code, look-up secret, promise and why that date.",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["code", "lookup_secret", "status", "sequence"],
                    "properties": {
                        "code": {"type": "string"},
                        "lookup_secret": {"type": "string"},
                        "status": {"type": "integer"},
                        "sequence": {"type": "integer"},
                        "repeated": {"type": "boolean"},
                        "promise": {"type": "object"},
                    },
                }
            }
        },
    },
    200: {"description": "The same request was answered before; the same answer."},
}

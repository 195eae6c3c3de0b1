"""Events made up for the tests, as a publisher would write them."""

import json
from datetime import datetime, timedelta
from typing import Any

from shared.calendar.zone import ICT
from shared.events.envelope import Event
from shared.events.inbound import InboundEvent, parse_inbound
from shared.events.registry import REGISTRY

EIGHT = datetime(2026, 11, 23, 8, 5, tzinfo=ICT)
NOW = datetime(2026, 11, 28, 8, 0, tzinfo=ICT)
DOSSIER = "H37.120-261123-0001"


def document(name: str = "dossier.accepted", **changes: object) -> dict[str, Any]:
    """Give the example of a type as a publisher sends it; `None` takes an attribute out."""
    kind = REGISTRY[name]
    made: dict[str, Any] = {
        "specversion": "1.0",
        "id": f"{name}-1",
        "source": "urn:motcua:publisher:kiosk",
        "type": kind.type,
        "subject": kind.example_subject,
        "time": EIGHT.isoformat(),
        "data": json.loads(json.dumps(kind.example)),
    }
    if name in {"dossier.submitted", "dossier.accepted"}:
        made["receivingunit"] = "06112"
    made |= changes
    return {key: value for key, value in made.items() if value is not None}


def value(name: str = "dossier.accepted", **changes: object) -> bytes:
    """Give the same as the value of a record."""
    return json.dumps(document(name, **changes), ensure_ascii=False).encode()


def inbound(name: str = "dossier.accepted", **changes: object) -> InboundEvent:
    """Give the same as the door has read it."""
    read = parse_inbound(value(name, **changes))
    assert isinstance(read, InboundEvent), read
    return read


def event(
    name: str,
    sequence: int,
    *,
    hours: float = 0,
    data: dict[str, Any] | None = None,
    **more: object,
) -> Event:
    """Give a canonical event that happened so many hours after eight o'clock."""
    kind = REGISTRY[name]
    fields = dict(kind.example) if data is None else data
    return Event.model_validate(
        {
            "id": f"{name}-{sequence}",
            "source": "urn:motcua:publisher:kiosk",
            "name": name,
            "subject": kind.example_subject,
            "time": EIGHT + timedelta(hours=hours),
            "sequence": sequence,
            "recordedtime": EIGHT + timedelta(hours=hours, seconds=1),
            "data": kind.model.model_validate(fields),
            **more,
        }
    )

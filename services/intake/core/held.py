"""An event that waits in its subject's document until its predecessor comes.

It has no number yet and is on no topic. Personal data is not in it: its contact part was
numbered when it arrived, and only the version is kept.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from services.intake.core.arrivals import Arrival, RecordPlace, Sender
from services.intake.core.receipts import Outcome, Receipt, ReceiptKey
from shared.events.faults import Fault
from shared.events.inbound import InboundEvent
from shared.events.model import instant_text
from shared.events.registry import REGISTRY


@dataclass(frozen=True, slots=True)
class Held:
    """One event that waits, whole, with what it is rejected for if nothing comes.

    Attributes:
        event: The event as it was sent, without its contact part.
        fingerprint: The keyed fingerprint of what was sent.
        until: When it is rejected, by the service's clock.
        waits_for: The events, by name, that would make it fit.
        faults: Why it could not be applied when it arrived.
        contact_version: What its contact part was numbered, if it had one.
        record: The record that it came in; None for HTTP.
    """

    event: InboundEvent
    fingerprint: str
    until: datetime
    waits_for: tuple[str, ...]
    faults: tuple[Fault, ...]
    contact_version: int | None = None
    record: RecordPlace | None = None

    @property
    def receipt_key(self) -> str:
        """Return the key of the event's receipt."""
        return ReceiptKey(self.event.publisher, self.event.id).text()

    @property
    def receipt(self) -> Receipt:
        """Return the event's receipt as far as closing it needs."""
        return Receipt(
            key=self.receipt_key,
            fingerprint=self.fingerprint,
            outcome=Outcome.WAITING,
            received_at=self.until,
            event_id=self.event.id,
        )

    @property
    def arrival(self) -> Arrival:
        """Return the event as it arrived; what its sender may send was judged then."""
        return Arrival(
            self.event,
            Sender(self.event.publisher),
            self.receipt,
            self.contact_version,
            in_any_order=True,
        )


def held_written(held: Held) -> dict[str, Any]:
    """Write an event that waits as the store keeps it."""
    event, record = held.event, held.record
    written: dict[str, Any] = {
        "id": event.id,
        "source": event.source,
        "name": event.name,
        "major": event.major,
        "subject": event.subject,
        "time": instant_text(event.time),
        "data": event.data.document(),
        "publisher": event.publisher,
        "content": event.fingerprint,
        "receivingunit": event.receivingunit,
        "competentunit": event.competentunit,
        "traceparent": event.traceparent,
        "fingerprint": held.fingerprint,
        "until": instant_text(held.until),
        "waits_for": list(held.waits_for),
        "faults": [fault.to_document() for fault in held.faults],
        "contact_version": held.contact_version,
    }
    if record is not None:
        written["record"] = asdict(record)
    return written


def held_read(stored: Mapping[str, Any]) -> Held:
    """Read an event that waits."""
    record = stored.get("record")
    return Held(
        event=InboundEvent(
            id=stored["id"],
            source=stored["source"],
            name=stored["name"],
            major=stored["major"],
            subject=stored["subject"],
            time=datetime.fromisoformat(stored["time"]),
            data=REGISTRY[stored["name"]].model.model_validate(dict(stored["data"])),
            publisher=stored["publisher"],
            fingerprint=stored["content"],
            receivingunit=stored["receivingunit"],
            competentunit=stored["competentunit"],
            traceparent=stored["traceparent"],
        ),
        fingerprint=stored["fingerprint"],
        until=datetime.fromisoformat(stored["until"]),
        waits_for=tuple(stored["waits_for"]),
        faults=tuple(Fault(**fault) for fault in stored["faults"]),
        contact_version=stored["contact_version"],
        record=None if record is None else RecordPlace(**record),
    )

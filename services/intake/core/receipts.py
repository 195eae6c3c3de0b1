"""Receipts: what the door remembers of an event, before its subject is known.

A receipt is the guard against the same event twice. The same id again gets the same answer;
other content under an applied id is refused; a refusal binds nothing.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from shared.events import meaning
from shared.events.envelope import Event
from shared.events.inbound import InboundEvent, fingerprint

FINGERPRINT_CHARACTERS: Final = 32

MEANING: Final = "2:"
"""Begins a fingerprint of what an event means; one without it is of an event's letters."""

SUBJECT: Final = "subject"
"""Where a receipt names its event's subject, to finish it after a crash."""

RECORDED: Final = "3:"
"""Begins a fingerprint that was taken of a canonical event, after the store was lost."""


class Outcome(StrEnum):
    """What became of an event."""

    OPEN = "open"  # Taken up and not finished: in work now, or left behind by a crash.
    WAITING = "waiting"  # Held in its subject's document until its predecessor comes.
    APPLIED = "applied"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ReceiptKey:
    """Finds a receipt: (publisher, event id), or (API key, Idempotency-Key, line)."""

    owner: str
    name: str
    line: int | None = None

    def text(self) -> str:
        """Return the key as one string; `|` separates, so it is escaped in the parts."""
        parts = [self.owner, self.name] + ([] if self.line is None else [str(self.line)])
        return "|".join(part.replace("\\", "\\\\").replace("|", "\\p") for part in parts)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer an event got, or will get."""

    key: str
    fingerprint: str
    outcome: Outcome
    received_at: datetime
    event_id: str
    code: str | None = None  # The dossier code that this arrival was given, if it was.
    answer: Mapping[str, Any] = field(default_factory=dict)

    def closed(self, outcome: Outcome, answer: Mapping[str, Any]) -> "Receipt":
        """Return the receipt with what became of the event."""
        assert outcome is not Outcome.OPEN, "a receipt is closed with an outcome"
        return replace(self, outcome=outcome, answer=dict(answer))


def keyed_fingerprint(key: bytes, taken: str) -> str:
    """Return the fingerprint of what was sent as it may be kept.

    Keyed, because content may hold a phone number, and a bare hash of one is soon guessed.
    """
    return hmac.digest(key, taken.encode(), hashlib.sha256).hex()[:FINGERPRINT_CHARACTERS]


def event_fingerprint(key: bytes, event: InboundEvent) -> str:
    """Return the fingerprint of an event as it may be kept, with its version."""
    return MEANING + keyed_fingerprint(key, event.fingerprint)


def is_of_letters(key: bytes, stored: str, event: InboundEvent) -> bool:
    """Return whether a fingerprint that an earlier version took is of this event's letters."""
    if stored.startswith(MEANING):
        return False
    return stored == keyed_fingerprint(key, fingerprint(event.sent))


def recorded_fingerprint(event: InboundEvent | Event) -> str:
    """Return the fingerprint of what a canonical event keeps of what was sent.

    That is all but the contact part and the units, which intake may have added. Nothing of it
    is personal, so it needs no key.
    """
    data = event.data
    if getattr(data, "lookup_hash", None) is not None:
        data = data.model_copy(update={"lookup_hash": None})
    content: meaning.Attributes = {
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "backfill": event.backfill,
    }
    taken = meaning.fingerprint_of(content, event.time, data, None)
    return RECORDED + taken[:FINGERPRINT_CHARACTERS]


def is_same(stored: str, taken: str, *events: InboundEvent) -> bool:
    """Return whether a stored fingerprint is that of an event; `taken` is of what was sent.

    Args:
        stored: The fingerprint that was kept.
        taken: The fingerprint of what was sent.
        events: The event as it was sent, and as it is recorded now.
    """
    if stored.startswith(RECORDED):
        return any(stored == recorded_fingerprint(event) for event in events)
    return stored == taken

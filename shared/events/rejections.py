"""What was refused, and why, for its publisher to read: never a value of the event.

Key = the event's id where it could be read, else the hash.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

from pydantic import Field

from shared.events.codes import Sha256
from shared.events.faults import Fault
from shared.events.model import Frozen, Instant


class FaultRow(Frozen):
    """One fault, as the record carries it."""

    path: str
    rule: str
    detail: str
    remedy: str
    detail_vi: str
    remedy_vi: str


class Rejection(Frozen):
    """One refused record: which it was, and every rule that it breaks."""

    event_id: str | None = Field(default=None, description="Absent where it can't be read.")
    type: str | None = Field(default=None, description="Absent where it is none of ours.")
    publisher: str
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None
    hash: Sha256 = Field(description="SHA-256 of the record's value, to find it again.")
    at: Instant
    faults: tuple[FaultRow, ...] = Field(min_length=1)

    @property
    def key(self) -> str:
        """The record's key."""
        return self.event_id or self.hash


def value_hash(value: bytes | None) -> str:
    """Hash a record's value, so that its sender finds it without our repeating it."""
    return hashlib.sha256(value or b"").hexdigest()


def fault_rows(faults: Sequence[Fault]) -> tuple[FaultRow, ...]:
    """Turn faults into the rows of a rejection."""
    return tuple(FaultRow(**item.to_document()) for item in faults)


def rejection_document(rejection: Rejection) -> dict[str, Any]:
    """Write a rejection as its record's value."""
    return rejection.model_dump(mode="json", exclude_none=True)

"""Progress marks: how far intake has read (decision 0008).

Key = `<inbound topic>/<partition>`, or `http/<instance>`; compacted: the last one holds. A
publisher that is gone for good has its marks tombstoned.
"""

from typing import Any

from pydantic import Field

from shared.events.model import Frozen, Instant


class ProgressMark(Frozen):
    """Everything that reached this input before `through` is on the canonical topics."""

    input: str = Field(min_length=1, max_length=120, description="Inbound topic, or http.")
    partition: int = Field(ge=0, description="Partition, or number of the HTTP instance.")
    through: Instant
    next_offset: int | None = Field(default=None, ge=0, description="The offset to read next.")

    @property
    def key(self) -> str:
        """The record's key."""
        return f"{self.input}/{self.partition}"


def progress_document(mark: ProgressMark) -> dict[str, Any]:
    """Write a mark as its record's value."""
    return mark.model_dump(mode="json", exclude_none=True)

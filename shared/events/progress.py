"""Progress marks: how far intake has read (decisions 0008 and 0028).

Key = `<inbound topic>/<partition>`, or `http/<instance>`; compacted: the last one holds. A
publisher that is gone for good has its marks tombstoned.

Each replica of intake publishes one `http` mark. Beside its moment stands the last late event
of each publisher that this replica has recorded, by HTTP or Kafka.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import Field

from shared.events.model import Frozen, Instant

LATE_WAIT: Final = timedelta(seconds=60)
"""By how much a late event's recording is past its `time`, unless a deployment says otherwise.

An overdue escalation level waits as long for the rest of a backlog (decision 0028).
"""

LATE_WAIT_MAX: Final = timedelta(minutes=15)
"""The longest that such a level waits after the first recording that made it overdue."""


class ProgressMark(Frozen):
    """Everything that reached this input before `through` is on the canonical topics."""

    input: str = Field(min_length=1, max_length=120, description="Inbound topic, or http.")
    partition: int = Field(ge=0, description="Partition, or number of the HTTP instance.")
    through: Instant
    next_offset: int | None = Field(default=None, ge=0, description="The offset to read next.")
    late: Mapping[str, Instant] | None = Field(
        default=None,
        description="When this replica last recorded a late event, by publisher; none older "
        "than 15 minutes. Only at http.",
    )

    @property
    def key(self) -> str:
        """The record's key."""
        return f"{self.input}/{self.partition}"


def progress_document(mark: ProgressMark) -> dict[str, Any]:
    """Write a mark as its record's value."""
    return mark.model_dump(mode="json", exclude_none=True)


def is_late(time: datetime, recorded: datetime, *, wait: timedelta) -> bool:
    """Return whether an event is late: recorded more than `wait` after its `time`."""
    return recorded - time > wait

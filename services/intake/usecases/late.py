"""Late events: when the last one of each publisher was recorded, for intake's marks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from shared.events.inbound import InboundEvent
from shared.events.progress import LATE_WAIT, LATE_WAIT_MAX, is_late

PUBLISHERS_MAX: Final = 1_000
"""How many publishers are remembered; those whose late events are the newest stay."""


@dataclass(slots=True)
class LateEvents:
    """When this replica last recorded a late event, by publisher (decision 0028).

    Only the last `LATE_WAIT_MAX` is kept: no wait depends on more.

    Attributes:
        wait: An event recorded more than this after its `time` is late.
    """

    wait: timedelta = LATE_WAIT
    _last: dict[str, datetime] = field(default_factory=dict)

    def note(self, event: InboundEvent, recorded: datetime) -> None:
        """Note an event that was recorded; imported history is never late."""
        if not event.backfill and is_late(event.time, recorded, wait=self.wait):
            self.keep({event.publisher: recorded})

    def keep(self, known: Mapping[str, datetime]) -> None:
        """Add what is known of some publishers, of an earlier process for example."""
        for publisher, moment in known.items():
            self._last[publisher] = max(moment, self._last.get(publisher, moment))

    def lately(self, now: datetime) -> dict[str, datetime]:
        """Return what was noted in the last `LATE_WAIT_MAX`, and forget the rest."""
        kept = {one: at for one, at in self._last.items() if at >= now - LATE_WAIT_MAX}
        newest = sorted(kept, key=lambda one: (kept[one], one))[-PUBLISHERS_MAX:]
        self._last = {one: kept[one] for one in newest}
        return dict(self._last)

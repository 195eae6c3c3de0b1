"""What providers tell afterwards, and what people saw."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from services.notifications.core.notice import Channel, Notice, State, received
from services.notifications.core.settling import Settled, SettlingRules, follow
from services.notifications.ports import NoticeStore
from services.notifications.usecases.stepping import StepNotices
from shared.subjects.ports import Clock

SEEN_MAX = 500
"""How many notices one look at an inbox marks as seen."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """One provider's word on one message."""

    channel: Channel
    provider_ref: str
    state: Literal["sent", "delivered", "failed"]
    reason: str | None = None


@dataclass(slots=True)
class ApplyReceipts:
    """Lets receipts climb: late, double or mixed up, the furthest one holds."""

    notices: NoticeStore
    steps: StepNotices
    rules: SettlingRules
    clock: Clock

    async def __call__(self, receipt: Receipt) -> int:
        """Apply a receipt; return how many notices it spoke of."""
        ids = await self.notices.by_reference(receipt.channel, receipt.provider_ref)
        await self._receive(ids, State(receipt.state), receipt.reason)
        return len(ids)

    async def seen(self, persons: Collection[str]) -> int:
        """Mark what stands in these persons' inbox as read by them."""
        ids = await self.notices.shown_to(persons, limit=SEEN_MAX)
        await self._receive(ids, State.DELIVERED, "read")
        return len(ids)

    async def _receive(self, ids: Collection[str], state: State, reason: str | None) -> None:
        now = self.clock.now()

        def step(notice: Notice) -> Settled | None:
            after = received(notice, state, now=now, reason=reason)
            if after is notice:
                return None
            return follow(notice, after, now=now, rules=self.rules)

        if ids:
            await self.steps.by_id(dict.fromkeys(ids, step))

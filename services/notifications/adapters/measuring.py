"""What the service does, in counters for operators and for whoever waits for its rest."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.notifications.core.notice import Channel, Notice
from services.notifications.core.settling import Accepted, Lost, Outcome
from shared.events.topics import NOTICES
from shared.ops.metrics import Metrics
from shared.subjects.document import Outgoing
from shared.subjects.ports import Publisher
from shared.subjects.refused import RefusedRecord, place


@dataclass(slots=True)
class MeasureSending:
    """Counts providers' answers, by channel."""

    metrics: Metrics
    totals: Counter[str] = field(default_factory=Counter)

    def settled(self, notice: Notice, outcome: Outcome, *, seconds: float) -> None:
        """Count one notice's answer."""
        channel = notice.plan.channel
        self.metrics.notice_send_seconds.labels(channel.value).observe(seconds)
        if isinstance(outcome, Accepted):
            self.totals["taken"] += 1
        elif isinstance(outcome, Lost):
            self.refused(channel, "answer_lost")
        else:
            self.refused(channel, outcome.reason)

    def refused(self, channel: Channel, reason: str) -> None:
        """Count an answer other than "taken", or something that never reached a provider."""
        self.totals["refused"] += 1
        self.metrics.notice_provider_failures.labels(channel.value, reason).inc()


@dataclass(slots=True)
class CountNotices:
    """A publisher that counts the steps of notices as it tells of them."""

    downstream: Publisher
    metrics: Metrics
    totals: Counter[str] = field(default_factory=Counter)

    async def publish(self, outgoing: Sequence[Outgoing]) -> Sequence[RefusedRecord]:
        """Publish, then count what was published."""
        refused = await self.downstream.publish(outgoing)
        lacking = {place(one.outgoing) for one in refused}
        for out in outgoing:
            if place(out) in lacking:
                continue
            self.totals["published"] += 1
            if out.topic == NOTICES.name and out.value is not None:
                state = str(out.value["type"]).split(".")[-2]
                channel = str(out.value["data"]["channel"])
                self.totals[state] += 1
                self.metrics.notices.labels(state, channel).inc()
        return refused

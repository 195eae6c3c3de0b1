"""What the brokers refuse of intake's two outboxes."""

from collections.abc import Callable

from services.intake.usecases.rejections import is_topic_of_rejections
from services.intake.usecases.relaying import RelayOutboxes
from shared.kafka.publisher import KafkaPublisher
from shared.ops.metrics import Metrics
from shared.service.refusals import Refusals
from shared.subjects.decide_refused import DecideRefused, Queue


def refusals_of(
    relay: RelayOutboxes,
    publisher: KafkaPublisher,
    metrics: Metrics,
    is_prepared: Callable[[], bool],
) -> Refusals:
    """Return it; topics of rejections have a check of their own."""
    queues = [Queue("subjects", relay.subjects), Queue("contacts", relay.contacts)]
    return Refusals(
        publisher,
        DecideRefused(queues),
        metrics,
        is_prepared,
        lambda topic: not is_topic_of_rejections(topic),
    )

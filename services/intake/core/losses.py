"""Records that were deleted before intake read them: the event and the rejection about it."""

from datetime import datetime
from typing import Any

from services.intake.core.arrivals import RecordPlace
from services.intake.core.rejection import rejection
from shared.events.codes import loss_subject, publisher_source
from shared.events.faults import fault
from shared.events.ids import derived_id
from shared.events.judge import OPERATORS_PUBLISHER
from shared.events.model import instant_text
from shared.events.registry import REGISTRY
from shared.events.rejections import value_hash
from shared.events.topics import publisher_of_topic
from shared.subjects.document import Outgoing
from shared.subjects.read_positions import Loss, moment_of

NAME = "loss.accepted"


def publisher_of(loss: Loss) -> str:
    """Return whose records they were."""
    publisher = publisher_of_topic(loss.topic)
    assert publisher is not None, "intake reads inbound topics only"
    return publisher


def accepted_event(loss: Loss, *, by: str, at: datetime) -> dict[str, Any]:
    """Return the event, for the audit, that a person accepted a loss; its id is the loss's."""
    publisher, since = publisher_of(loss), loss.since_ms
    subject = loss_subject(publisher, loss.partition, loss.first_offset)
    data: dict[str, Any] = {
        "publisher": publisher,
        "partition": loss.partition,
        "first_offset": loss.first_offset,
        "end_offset": loss.end_offset,
        "until": instant_text(moment_of(loss.until_ms) or at),
        "by": by,
    }
    began = None if since is None else moment_of(since)
    if began is not None:
        data["since"] = instant_text(began)
    return {
        "specversion": "1.0",
        "id": derived_id(subject, NAME, f"{loss.end_offset}@{loss.until_ms}"),
        "source": publisher_source(OPERATORS_PUBLISHER),
        "type": REGISTRY[NAME].type,
        "subject": subject,
        "time": instant_text(at),
        "data": data,
    }


def loss_rejection(loss: Loss, *, at: datetime) -> Outgoing:
    """Return what the publisher reads on its rejected topic: which times to send again."""
    since = None if loss.since_ms is None else moment_of(loss.since_ms)
    until = moment_of(loss.until_ms) or at
    words: dict[str, str | int] = {
        "count": loss.offsets,
        "first": loss.first_offset,
        "last": loss.end_offset - 1,
        "since": "an unknown time" if since is None else instant_text(since),
        "since_vi": "một thời điểm chưa rõ" if since is None else instant_text(since),
        "until": instant_text(until),
    }
    place = RecordPlace(loss.topic, loss.partition, loss.first_offset, value_hash(None))
    return rejection(
        publisher_of(loss), None, place, [fault("deleted-unread", "", **words)], at
    )

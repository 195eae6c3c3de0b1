"""A rejection, as its publisher reads it on the topic of what was not accepted."""

from collections.abc import Sequence
from datetime import datetime

from services.intake.core.arrivals import RecordPlace
from shared.events.faults import Fault
from shared.events.model import instant_text
from shared.events.rejections import Rejection, fault_rows, rejection_document
from shared.events.topics import rejected
from shared.subjects.document import Outgoing


def rejection(
    publisher: str,
    event_id: str | None,
    place: RecordPlace,
    faults: Sequence[Fault],
    at: datetime,
) -> Outgoing:
    """Return the record that says why a record was rejected; it holds no value of it."""
    made = Rejection(
        event_id=event_id,
        publisher=publisher,
        topic=place.topic,
        partition=place.partition,
        offset=place.offset,
        hash=place.value_hash,
        at=at,
        faults=fault_rows(faults),
    )
    return Outgoing(
        id=f"{place.topic}/{place.partition}/{place.offset}@{instant_text(at)}",
        topic=rejected(publisher).name,
        key=made.key,
        value=rejection_document(made),
    )

"""What a service of ours tells intake as a publisher, like any other."""

from datetime import datetime

from shared.events.codes import publisher_source
from shared.events.envelope import Event, to_document
from shared.events.model import EventData
from shared.events.topics import inbound
from shared.subjects.document import Outgoing


def to_intake(
    publisher: str, event_id: str, subject: str, data: EventData, at: datetime
) -> Outgoing:
    """Return an event for the inbound topic that is the publisher's own.

    Args:
        publisher: Our name at the door.
        event_id: Derived from the cause, so that a repeat repeats it.
        subject: The dossier's code, or the matter; also the key.
        data: What happened; its type has a name of its own.
        at: When it happened.
    """
    event = Event(
        id=event_id,
        source=publisher_source(publisher),
        name=data.NAME,
        subject=subject,
        time=at,
        data=data,
    )
    return Outgoing(
        id=event.id, topic=inbound(publisher).name, key=subject, value=to_document(event)
    )

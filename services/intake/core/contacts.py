"""Contacts: split off at the door, numbered, published on their own topic, and forgotten here.

Between the decision and the broker's acknowledgement the values stand in the document's
outbox; afterwards only the version remains. An erasure leaves a marker for good.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from shared.events.contacts import Contact, ContactPart, contact_document
from shared.events.inbound import InboundEvent
from shared.events.reference import RoleAssigned
from shared.events.topics import CONTACTS
from shared.subjects.document import Document, Outgoing

CAUSES_MAX: Final = 50
"""How many causes are remembered, so that a repeated event does not number a contact anew."""

ContactRole = Literal["applicant", "staff"]


@dataclass(frozen=True, slots=True)
class ContactState:
    """What remains here of a person's contact: its number, and whether it was erased."""

    version: int = 0
    erased: bool = False
    causes: tuple[tuple[str, int], ...] = ()


class ContactCodec:
    """The named pair between a contact's state and what the store keeps."""

    def to_document(self, state: ContactState) -> dict[str, Any]:
        """Write the state."""
        return {
            "version": state.version,
            "erased": state.erased,
            "causes": [list(cause) for cause in state.causes],
        }

    def from_document(self, document: Mapping[str, Any]) -> ContactState:
        """Read the state."""
        return ContactState(
            version=document["version"],
            erased=document["erased"],
            causes=tuple((str(cause), int(version)) for cause, version in document["causes"]),
        )

    def index(self, state: ContactState) -> dict[str, Any]:
        """Nothing is asked by anything but the key."""
        del state
        return {}


@dataclass(frozen=True, slots=True)
class ContactChange:
    """A contact that came with an event, or by itself; `cause` makes a repeat known."""

    key: str
    cause: str
    part: ContactPart
    role: ContactRole


def contact_change(event: InboundEvent) -> ContactChange:
    """Return the change that an event with a contact part asks for."""
    assert event.contact is not None, "asked for only where there is one"
    staff = isinstance(event.data, RoleAssigned)
    key = event.data.person if isinstance(event.data, RoleAssigned) else event.subject
    return ContactChange(
        key=key,
        cause=f"{event.source}#{event.id}",
        part=event.contact,
        role="staff" if staff else "applicant",
    )


def put(
    document: Document[ContactState], changes: Sequence[ContactChange], *, now: datetime
) -> dict[str, int | None]:
    """Number the changes in the document and return each cause's version.

    None for a contact that was erased: what comes later is not kept.
    """
    versions: dict[str, int | None] = {}
    for change in changes:
        state = document.state or ContactState()
        document.state = state
        if state.erased:
            versions[change.cause] = None
            continue
        known = dict(state.causes).get(change.cause)
        if known is not None:
            versions[change.cause] = known
            continue
        version = state.version + 1
        causes = (*state.causes, (change.cause, version))[-CAUSES_MAX:]
        document.state = replace(state, version=version, causes=causes)
        contact = Contact(
            **change.part.model_dump(),
            key=change.key,
            version=version,
            role=change.role,
            recordedtime=now,
        )
        document.added.append(
            Outgoing(
                id=f"{change.key}#{version}",
                topic=CONTACTS.name,
                key=change.key,
                value=contact_document(contact),
            )
        )
        versions[change.cause] = version
    return versions


def erase(document: Document[ContactState]) -> None:
    """Leave the marker and publish the tombstone; erasing again publishes nothing."""
    state = document.state or ContactState()
    if state.erased:
        return
    version = state.version + 1
    document.state = ContactState(version=version, erased=True)
    document.added.append(
        Outgoing(
            id=f"{document.id}#{version}#erased",
            topic=CONTACTS.name,
            key=document.id,
            value=None,
        )
    )

"""What comes to the door: who sends, and the event they send."""

from dataclasses import dataclass, replace
from typing import Final

from services.intake.core.receipts import Receipt
from shared.events.codes import PROVINCE
from shared.events.faults import Fault, fault, not_allowed
from shared.events.inbound import InboundEvent
from shared.events.judge import DESK_PUBLISHER, judge_publisher
from shared.events.partitioner import partition_of
from shared.events.rejections import value_hash
from shared.events.topics import PARTITIONS, REFERENCE
from shared.events.units import Current, event_under
from shared.subjects.records import Record

COUNTER: Final = "counter"


@dataclass(frozen=True, slots=True)
class Sender:
    """Who stands at the door, as the door itself has established it.

    Attributes:
        publisher: The name that the source must bear: of the inbound topic, or of the key.
        units: The units this sender speaks for; None for all of them.
        person: Whom a person's key stands for, "" where it names nobody; None for a machine,
            which answers itself for the persons that it names.
        staff: A person of the units, who numbers their dossiers; a publisher must be
            registered for that.
    """

    publisher: str
    units: frozenset[str] | None = None
    person: str | None = None
    staff: bool = False

    def may_speak_for(self, *units: str | None) -> bool:
        """Return whether one of the units is in this sender's scope."""
        return self.units is None or any(unit in self.units for unit in units if unit)

    def under(self, current: Current) -> "Sender":
        """Return the sender with the current codes of the units that it speaks for."""
        if self.units is None:
            return self
        units = frozenset(map(current, self.units))
        return self if units == self.units else replace(self, units=units)


@dataclass(frozen=True, slots=True)
class RecordPlace:
    """The Kafka record that an event came in, by which a rejection names it."""

    topic: str
    partition: int
    offset: int
    value_hash: str


@dataclass(frozen=True, slots=True)
class Origin:
    """The Kafka record that an event came in; its key is a stranger's text."""

    record: Record

    @property
    def place(self) -> RecordPlace:
        """Return where the record stands; its value is hashed for those alone that ask."""
        record = self.record
        return RecordPlace(
            record.topic, record.partition, record.offset, value_hash(record.value)
        )

    def is_keyed_by(self, subject: str) -> bool:
        """Return whether the record's key is the subject and its partition is the key's."""
        expected = subject.encode()
        return self.record.key == expected and self.record.partition == partition_of(
            expected, PARTITIONS
        )


@dataclass(frozen=True, slots=True)
class Arrival:
    """One event that could be read, on its way to its subject.

    `fingerprint` is of the content as it was sent; `contact_version` is what the contact part,
    if there is one, was numbered; `opens` says that the event must be its dossier's first.
    `in_any_order`: the event may wait for its predecessor, and may be recorded after what
    happened later. `sent` is the event as it was sent, where units have other codes now.
    """

    event: InboundEvent
    sender: Sender
    receipt: Receipt
    contact_version: int | None = None
    origin: Origin | None = None
    in_any_order: bool = False
    opens: bool = False
    sent: InboundEvent | None = None

    @property
    def fingerprint(self) -> str:
        """Return the fingerprint of what was sent."""
        return self.receipt.fingerprint

    @property
    def as_sent(self) -> InboundEvent:
        """Return the event with the codes and the subject that its sender gave it."""
        return self.sent or self.event

    def under(self, current: Current) -> "Arrival":
        """Return the arrival with current unit codes; itself where it has them already."""
        event, sender = event_under(self.event, current), self.sender.under(current)
        if event is self.event and sender is self.sender:
            return self
        return replace(self, event=event, sender=sender, sent=self.as_sent)


def authorise(event: InboundEvent, sender: Sender) -> list[Fault]:
    """Return what this sender may not do; an event's unit is judged with its subject.

    What a publisher may send at all is the contract's; a key can be narrower than its name.
    """
    faults = judge_publisher(event, sender.publisher)
    if event.topic is REFERENCE and not faults and not sender.may_speak_for(PROVINCE):
        faults.append(not_allowed())
    return faults


def person_faults(sender: Sender, by: str | None) -> list[Fault]:
    """Return why this sender may not decide a change in the name of a person, or of nobody."""
    if sender.person is None:
        nobody = by is None and sender.publisher == DESK_PUBLISHER
        return [not_allowed("/data/by")] if nobody else []
    if not sender.person:
        return [fault("key-without-person", "/data/by")]
    return [] if by == sender.person else [fault("by-other-person", "/data/by")]

"""What comes to the door: who sends, and the event they send."""

from dataclasses import dataclass
from typing import Final

from services.intake.core.receipts import Receipt
from shared.events.codes import PROVINCE
from shared.events.faults import Fault, not_allowed
from shared.events.inbound import InboundEvent
from shared.events.judge import judge_publisher
from shared.events.topics import REFERENCE

COUNTER: Final = "counter"


@dataclass(frozen=True, slots=True)
class Sender:
    """Who stands at the door, as the door itself has established it.

    Attributes:
        publisher: The name that the source must bear: of the inbound topic, or of the key.
        units: The units this sender speaks for; None for all of them.
    """

    publisher: str
    units: frozenset[str] | None = None

    def may_speak_for(self, *units: str | None) -> bool:
        """Return whether one of the units is in this sender's scope."""
        return self.units is None or any(unit in self.units for unit in units if unit)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One event that could be read, on its way to its subject.

    `fingerprint` is of the content as it was sent; `contact_version` is what the contact part,
    if there is one, was numbered.
    """

    event: InboundEvent
    sender: Sender
    receipt: Receipt
    contact_version: int | None = None

    @property
    def fingerprint(self) -> str:
        """Return the fingerprint of what was sent."""
        return self.receipt.fingerprint


def authorise(event: InboundEvent, sender: Sender) -> list[Fault]:
    """Return what this sender may not do; an event's unit is judged with its subject.

    What a publisher may send at all is the contract's; a key can be narrower than its name.
    """
    faults = judge_publisher(event, sender.publisher)
    if event.topic is REFERENCE and not faults and not sender.may_speak_for(PROVINCE):
        faults.append(not_allowed())
    return faults

"""Who may open a dossier: the right for its receiving unit, and to number under its prefix."""

from collections.abc import Mapping
from typing import Final

from services.intake.core.arrivals import Sender
from shared.events.checks import missing_unit
from shared.events.faults import Fault, may_not_number, not_allowed
from shared.events.inbound import InboundEvent
from shared.events.judge import IMPORT_PUBLISHER
from shared.events.numbering import NumberedUnit, NumberingRights
from shared.events.transitions import is_legal

Units = Mapping[str, NumberedUnit]

TAKEN: Final = "code-taken"
"""The rule that a counter's event breaks when its code is another dossier's."""


def opening_faults(
    event: InboundEvent, sender: Sender, rights: NumberingRights, units: Units
) -> list[Fault]:
    """Return why a sender may not open this dossier; empty when it may.

    The right for the competent unit opens nothing: what a counter receives is the receiving
    unit's, and whoever it is competent for can act once the dossier is there.
    """
    if event.receivingunit is None:
        # Only a dossier's first event can say where it was received.
        return [missing_unit()]
    if not sender.may_speak_for(event.receivingunit):
        return [not_allowed("/receivingunit")]
    if not can_open(event) or may_use_code(event, sender, rights, units):
        # What cannot be a first event lacks one; the right to number would not mend that.
        return []
    return [may_not_number(sender.publisher)]


def may_use_code(
    event: InboundEvent, sender: Sender, rights: NumberingRights, units: Units
) -> bool:
    """Return whether a sender may give a dossier the code that the event names.

    Staff may under the prefix of the unit that receives, and of the one that it receives for.
    """
    parts = rights.pattern.read(event.subject)
    if parts is None:
        return True
    if not sender.staff:
        return sender.publisher == IMPORT_PUBLISHER or rights.may_number(
            sender.publisher, parts.prefix, units
        )
    named = (units.get(code) for code in (event.receivingunit, event.competentunit) if code)
    return any(unit is not None and parts.prefix.names(unit) for unit in named)


def can_open(event: InboundEvent) -> bool:
    """Return whether an event of this kind can be a dossier's first."""
    if event.matter is not None:
        return False
    return event.backfill or is_legal(None, event.name, was_accepted=False)

"""Who may open a dossier: the right for its receiving unit, and to number under its prefix."""

from collections.abc import Mapping
from typing import Final

from services.intake.core.arrivals import Arrival, Sender
from shared.events.checks import missing_unit
from shared.events.dossiers import DossierAccepted, DossierSubmitted
from shared.events.faults import Fault, may_not_number, not_allowed
from shared.events.inbound import InboundEvent
from shared.events.judge import IMPORT_PUBLISHER
from shared.events.numbering import NumberingRights, Prefix, code_bearer
from shared.events.transitions import is_legal
from shared.reference.catalogue import Procedure
from shared.reference.view import Reference

ONLINE: Final = "online"

TAKEN: Final = "code-taken"
"""The rule that a counter's event breaks when its code is another dossier's."""


def opening_faults(
    arrival: Arrival, rights: NumberingRights, reference: Reference
) -> list[Fault]:
    """Return why a sender may not open this dossier; empty when it may.

    The right for the competent unit opens nothing: what a counter receives is the receiving
    unit's, and whoever it is competent for can act once the dossier is there.
    """
    event, sender = arrival.event, arrival.sender
    if event.receivingunit is None:
        # Only a dossier's first event can say where it was received.
        return [missing_unit()]
    if not sender.may_speak_for(event.receivingunit):
        return [not_allowed("/receivingunit")]
    allowed = may_use_code(event, sender, rights, reference)
    if arrival.opens:
        # A code that we drew ourselves; the request may have named another unit since.
        allowed = _is_borne(event, rights, reference)
    if not can_open(event) or allowed:
        # What cannot be a first event lacks one; the right to number would not mend that.
        return []
    return [may_not_number(sender.publisher)]


def bearer_of(event: InboundEvent, procedures: Mapping[str, Procedure]) -> str | None:
    """Return the unit whose prefix this dossier's code carries; None where the portal numbers.

    The event can be a dossier's first, and names its receiving unit.
    """
    assert event.receivingunit is not None, "only such an event opens a dossier"
    data = event.data
    known, channel = None, None
    if isinstance(data, DossierAccepted | DossierSubmitted):
        known, channel = procedures.get(data.procedure), data.channel
    return code_bearer(
        receiving=event.receivingunit,
        competent=event.competentunit,
        linked=known is not None and known.linked,
        online=channel == ONLINE,
    )


def may_use_code(
    event: InboundEvent, sender: Sender, rights: NumberingRights, reference: Reference
) -> bool:
    """Return whether a sender may give a dossier the code that the event names.

    Staff may under the prefix of the unit that receives, and of the one that it receives for.
    Where the portal numbers, staff pass its code on: one under which none of our units draws.
    """
    parts = rights.pattern.read(event.subject)
    if parts is None:
        return True
    prefix = parts.prefix.under(reference.units)
    if not sender.staff:
        return sender.publisher == IMPORT_PUBLISHER or rights.may_number(
            sender.publisher, prefix, reference.units
        )
    if event.receivingunit is None:
        return False
    if _names(prefix, reference, event.receivingunit, event.competentunit):
        return True
    given_by_portal = bearer_of(event, reference.procedures) is None
    return given_by_portal and not _names(prefix, reference, *reference.units)


def _is_borne(event: InboundEvent, rights: NumberingRights, reference: Reference) -> bool:
    """Return whether a code of ours carries the prefix that its dossier has by law."""
    parts = rights.pattern.read(event.subject)
    bearer = bearer_of(event, reference.procedures)
    return parts is not None and _names(parts.prefix.under(reference.units), reference, bearer)


def _names(prefix: Prefix, reference: Reference, *codes: str | None) -> bool:
    """Return whether a prefix is that of one of these units."""
    units = (reference.units.get(code) for code in codes if code is not None)
    return any(unit is not None and prefix.names(unit) for unit in units)


def can_open(event: InboundEvent) -> bool:
    """Return whether an event of this kind can be a dossier's first."""
    if event.matter is not None:
        return False
    return event.backfill or is_legal(None, event.name, was_accepted=False)

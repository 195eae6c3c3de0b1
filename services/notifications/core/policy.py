"""Who is told what, by which channels, in which order: the table, as data.

A row names an event, the wording, the lane and the channels. Quiet hours hold routine rows
only. What is not in the table raises no notice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from services.notifications.core.notice import Channel, Urgency
from shared.events.units import Current, as_they_are

_EMAIL, _ZALO, _SMS = Channel.EMAIL, Channel.ZALO, Channel.SMS

_EVERY: Final = (_EMAIL, _ZALO, _SMS)
_FREE: Final = (_EMAIL, _ZALO)


@dataclass(frozen=True, slots=True)
class CitizenRow:
    """What an applicant hears of one event of the dossier.

    `proves` marks a notice whose arrival other services wait for as proof.
    """

    template: str
    urgency: Urgency = Urgency.ROUTINE
    channels: tuple[Channel, ...] = _EVERY
    proves: bool = False


CITIZENS: Final[Mapping[str, CitizenRow]] = {
    "dossier.submitted": CitizenRow("submitted", channels=_FREE),
    "dossier.accepted": CitizenRow("accepted"),
    "dossier.refused": CitizenRow("refused", Urgency.STATUTORY, proves=True),
    "dossier.assigned": CitizenRow("processing", channels=_FREE),
    "dossier.supplement_requested": CitizenRow(
        "supplement_requested", Urgency.STATUTORY, proves=True
    ),
    "dossier.supplement_received": CitizenRow("supplement_received", channels=_FREE),
    "dossier.confirmation_requested": CitizenRow(
        "confirmation_requested", Urgency.STATUTORY, proves=True
    ),
    "dossier.payment_requested": CitizenRow("payment_requested", proves=True),
    "dossier.paid": CitizenRow("paid", channels=_FREE),
    "dossier.apology_issued": CitizenRow("apology", Urgency.STATUTORY, proves=True),
    "dossier.extended": CitizenRow("new_date", Urgency.STATUTORY, proves=True),
    "dossier.moved": CitizenRow("moved", channels=_FREE),
    "dossier.withdrawn": CitizenRow("dossier_withdrawn", channels=_FREE),
    "dossier.stopped": CitizenRow("stopped", Urgency.STATUTORY, proves=True),
    "dossier.completed": CitizenRow("completed"),
    "dossier.returned": CitizenRow("returned", channels=_FREE),
    "dossier.result_disputed": CitizenRow("result_disputed", channels=_FREE),
    "dossier.result_corrected": CitizenRow("result_corrected"),
}

CITIZEN_LEVELS: Final[Mapping[tuple[str, str], CitizenRow]] = {
    ("supplement_closing", "reminder"): CitizenRow("supplement_reminder", Urgency.STATUTORY),
}
"""Escalation levels, by kind and level, of which the applicant is notified too."""

DATE_MOVED: Final = CitizenRow("date_moved", Urgency.STATUTORY)
"""The promise moved by a change of calendar or rule, not by anything in the dossier."""

CORRECTION: Final = CitizenRow("correction", Urgency.STATUTORY)
"""A notice that was sent told of something that did not happen."""

DATE_MOVED_REASONS: Final = frozenset({"calendar", "rule"})

_STAFF: Final = (_EMAIL, _ZALO, Channel.INBOX)
_HEADS: Final = (_EMAIL, _ZALO, _SMS, Channel.INBOX)

STAFF_CHANNELS: Final[Mapping[str, tuple[Channel, ...]]] = {
    "handler": _STAFF,
    "division_head": _STAFF,
    "director": _HEADS,
    "chairman": _HEADS,
    "province": _HEADS,
}

REMINDED_ROLES: Final = frozenset({"handler", "division_head"})
"""Roles whose rungs before the due moment are reminders and keep quiet hours."""


@dataclass(frozen=True, slots=True)
class EndpointRule:
    """Which events a webhook endpoint is told of; empty sets mean all.

    Its units may be named by former codes; `current` returns the code that a unit has now.
    """

    id: str
    events: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    current: Current = field(default=as_they_are, compare=False, repr=False)

    def wants(self, event: str, unit: str, role: str | None) -> bool:
        """Whether this endpoint is to be told."""
        return (
            (not self.events or event in self.events)
            and (not self.units or self.current(unit) in map(self.current, self.units))
            and (not self.roles or role in self.roles)
        )


@dataclass(frozen=True, slots=True)
class Rules:
    """What this installation has switched on."""

    channels: frozenset[Channel] = frozenset({Channel.EMAIL, Channel.INBOX})
    endpoints: tuple[EndpointRule, ...] = field(default=())

    def under(self, current: Current) -> "Rules":
        """Return the rules with endpoints that know units by any of their codes."""
        endpoints = tuple(replace(one, current=current) for one in self.endpoints)
        return replace(self, endpoints=endpoints)

    def usable(self, channels: tuple[Channel, ...]) -> tuple[Channel, ...]:
        """Return those of `channels` that are switched on, in the row's order."""
        return tuple(channel for channel in channels if channel in self.channels)

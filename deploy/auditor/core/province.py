"""A system that several units lost: what the provincial centre was told of it as a whole."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from deploy.auditor.core.finding import Finding
from deploy.auditor.core.gathered import Hung, Message, of_message
from deploy.auditor.core.law import Laws
from deploy.auditor.core.outages import (
    INCIDENT,
    LOOKS_AGAIN,
    Cause,
    covers_until,
    incident_of,
)

UNITS_MIN: Final = 2
SETTLES: Final = timedelta(minutes=15)
"""So many units must have lost one system, each for so long, for it to be the province's."""

PROVINCE: Final = "20"
PROVINCES: Final = "province"
"""The unit, and the role whose messages become one."""


@dataclass
class Shared:
    """One system: its links in every unit, and what the province was told of them.

    Attributes:
        links: The outages of its links, by their incidents.
        messages: What was said in the province's own matter of it, in order.
        hung: What hung on any of its links.
    """

    links: dict[str, Cause] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    hung: set[str] = field(default_factory=set)

    @property
    def over(self) -> datetime | None:
        """When it came to be known that every unit has it again; None while one has not."""
        ends = [one.over for one in self.links.values()]
        known = [end for end in ends if end is not None]
        return max(known) if known and len(known) == len(ends) else None

    def lost_about(self, moment: datetime) -> set[str]:
        """Return the units that had lost it shortly before a moment."""
        return {one.unit for one in self.links.values() if one.lasted(moment, moment)}

    def lasts(self, moment: datetime) -> bool:
        """Say whether a unit's link was lost well before a moment, and not back by then."""
        before = moment - LOOKS_AGAIN
        return any(one.lasts(before) and one.lasts(moment) for one in self.links.values())

    def stands(self, moment: datetime) -> bool:
        """Say whether the province had been told of it by a moment, and not yet of its end."""
        said = [one for one in self.messages if one.recorded <= moment]
        return bool(said) and said[-1].name != "closed"

    def names(self, one: Hung) -> bool:
        """Say whether a message of the province names what hung, or its unit's link."""
        if "/" in one.subject:
            return any(one.unit in message.units for message in self.messages)
        return any(one.subject in message.subjects for message in self.messages)


def why_no_link(one: Hung, shared: Shared) -> str | None:
    """Say why a link's own rung was not to hang on its incident; None if it was."""
    if one.subject != one.incident.partition("~")[0]:
        return "which is another matter's"
    if one.role != PROVINCES:
        return f"and what the {one.role} hears of a link never hangs"
    several = len(shared.lost_about(one.recorded)) >= UNITS_MIN
    return None if several or shared.stands(one.recorded) else "which no other unit shared"


def of_province(system: str, shared: Shared, laws: Laws, upto: datetime) -> Iterator[Finding]:
    """Yield the differences in what the province was told of a system as a whole."""
    matter = f"{PROVINCE}/connection/{system}"
    known = {incident_of(matter, link) for link in shared.links}
    for message in shared.messages:
        if message.incident in known:
            yield from _of_message(message, shared)
        else:
            what = f"it is said of {message.incident}, which never was"
            yield of_message(message, "unexpected", what)
    last = shared.messages[-1] if shared.messages else None
    over = shared.over
    if last is not None and last.name != "closed" and over is not None and over < upto:
        yield of_message(last, "missing", f"nobody was told that {last.incident} is over")
    for began in _together(shared, laws, upto):
        if not shared.stands(began + LOOKS_AGAIN):
            what = "several units had lost it, and the province was not told"
            yield Finding("missing", what, matter, PROVINCE, INCIDENT, "opened", began)


def _of_message(message: Message, shared: Shared) -> Iterator[Finding]:
    name, moment = message.incident, message.recorded
    for person in message.untold:
        yield of_message(message, "missing", f"no notice of {name} to {person}")
    strange = [
        f"{name} names {one}, which does not hang on it"
        for one in sorted(message.subjects - shared.hung)
    ]
    ever = {
        one.unit
        for one in shared.links.values()
        for version in one.versions
        if version.since is not None and version.known <= moment
    }
    strange += [
        f"{name} names {unit}, which had not lost it" for unit in sorted(message.units - ever)
    ]
    if message.name == "opened" and len(shared.lost_about(moment)) < UNITS_MIN:
        strange.append(f"{name} is of one unit alone")
    if message.name == "closed" and shared.lasts(moment):
        strange.append(f"{name} is said to be over, and lasts")
    for what in strange:
        yield of_message(message, "unexpected", what)


def _together(shared: Shared, laws: Laws, upto: datetime) -> Iterator[datetime]:
    """Yield when so many units had lost it for so long that the province had to be told."""
    spans: list[tuple[datetime, datetime, str]] = []
    for cause in shared.links.values():
        ends = [covers_until(cause, laws), upto]
        until = min(end for end in ends if end is not None)
        later = [*(one.known for one in cause.versions[1:]), until]
        for one, after in zip(cause.versions, later, strict=True):
            if one.lasts and one.since is not None:
                begin = max(one.known, one.since + SETTLES)
                spans.append((begin, min(after, until), cause.unit))
    for begin, _, _ in spans:
        # At least so long as a look may take, so that each look must have seen it.
        enough = begin + LOOKS_AGAIN
        lost = {unit for first, end, unit in spans if first <= begin and enough < end}
        if len(lost) >= UNITS_MIN:
            yield begin

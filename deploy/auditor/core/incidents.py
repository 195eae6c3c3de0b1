"""Common causes: what hangs on each, whether that is rightly so, and whether it was told.

An incident spans many subjects, so that it is judged when all of them have been read. What is
kept until then is what hung, and the messages: nothing of what never met an outage.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from deploy.auditor.core.finding import Finding, Sense
from deploy.auditor.core.gathered import Hung, Message, of_message
from deploy.auditor.core.law import Laws
from deploy.auditor.core.outages import LOOKS_AGAIN, Cause, covers_until
from deploy.auditor.core.province import PROVINCES, Shared, of_province, why_no_link

ABOVE: Final = frozenset({"division_head", "director", "chairman", "province"})
"""Whose rungs may hang: everybody's above the one who handles the dossier."""

NAMED_MAX: Final = 10_000
"""A message names no more dossiers than this; all of them are counted."""


@dataclass
class Incidents:
    """Everything that was read of incidents.

    Attributes:
        causes: The outages, by the ids that incidents have of them.
        hung: What hung on any.
        messages: What was said of any, in the order of its numbers.
        unsettled: What changed so lately that it was not read.
    """

    causes: dict[str, Cause] = field(default_factory=dict)
    hung: list[Hung] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    unsettled: set[str] = field(default_factory=set)

    def shared(self) -> dict[str, Shared]:
        """Return what was read of each system that some unit's link leads to."""
        found: dict[str, Shared] = {}
        for name, cause in self.causes.items():
            if cause.system is not None:
                found.setdefault(cause.system, Shared()).links[name] = cause
        for message in self.messages:
            if message.units:
                system = message.incident.partition("~")[0].split("/", 2)[2]
                found.setdefault(system, Shared()).messages.append(message)
        for each in found.values():
            each.hung |= self.unsettled  # Nobody can say of these.
        for one in self.hung:
            known = self.causes.get(one.incident)
            if known is not None and known.system is not None:
                found[known.system].hung.add(one.subject)
        return found

    def judge(self, laws: Laws, upto: datetime) -> Iterator[Finding]:
        """Yield each difference between what hung and was told, and what was to."""
        systems = self.shared()
        named: dict[str, set[str]] = {}
        full: set[str] = set()
        for message in self.messages:
            named.setdefault(message.incident, set()).update(message.subjects)
            if len(message.subjects) >= NAMED_MAX:
                full.add(message.incident)
        for one in self.hung:
            if one.incident.partition("~")[0] in self.unsettled:
                continue
            for sense, what in self._of_hung(one, laws, upto, named, full, systems):
                yield Finding(sense, what, one.subject, one.unit, one.kind, one.rung, one.at)
        yield from self._of_messages(upto)
        for system, shared in systems.items():
            if not any(_leads_to(one, system) for one in self.unsettled):
                yield from of_province(system, shared, laws, upto)

    def _of_hung(
        self,
        one: Hung,
        laws: Laws,
        upto: datetime,
        named: Mapping[str, set[str]],
        full: set[str],
        systems: Mapping[str, Shared],
    ) -> Iterator[tuple[Sense, str]]:
        cause = self.causes.get(one.incident)
        if cause is None:
            yield "unexpected", f"it hangs on {one.incident}, and there was no such outage"
            return
        shared = Shared() if cause.system is None else systems[cause.system]
        if (why := _why_not(one, cause, shared, laws)) is not None:
            yield "unexpected", f"it hangs on {one.incident}, {why}"
        recent = one.recorded >= upto - LOOKS_AGAIN
        told = one.incident in full or one.subject in named.get(one.incident, ())
        told = told or (one.role == PROVINCES and shared.names(one))
        soon = one.ended is not None and one.ended <= one.recorded + LOOKS_AGAIN
        settled = one.freed or soon
        if not (told or settled or recent):
            yield "missing", f"it hangs on {one.incident}, of which no message names it"
        ends = [end for end in (cause.over, covers_until(cause, laws)) if end is not None]
        until = max(min(ends) + LOOKS_AGAIN, one.recorded + LOOKS_AGAIN)
        ended = one.ended is not None and one.ended <= until
        if until < upto and not one.freed and not ended:
            yield "missing", f"it hung on {one.incident}, and was not told once that was over"

    def _of_messages(self, upto: datetime) -> Iterator[Finding]:
        hung: dict[str, set[str]] = {}
        for one in self.hung:
            hung.setdefault(one.incident, set()).add(one.subject)
        last: dict[str, Message] = {}
        for message in self.messages:
            if message.units:
                continue  # The province's is judged by what all units lost.
            last[message.incident] = message
            yield from self._of_message(message, hung.get(message.incident, set()))
        for name, message in last.items():
            cause = self.causes.get(name)
            over = None if cause is None else cause.over
            if message.name == "closed" and cause is not None and over is None:
                what = f"{name} is said to be over, and lasts"
                yield of_message(message, "unexpected", what)
            if message.name != "closed" and over is not None and over < upto:
                yield of_message(message, "missing", f"nobody was told that {name} is over")

    def _of_message(self, message: Message, hung: set[str]) -> Iterator[Finding]:
        name = message.incident
        if name not in self.causes:
            if name.partition("~")[0] not in self.unsettled:
                what = f"it is said of {name}, which never was"
                yield of_message(message, "unexpected", what)
            return
        for person in message.untold:
            yield of_message(message, "missing", f"no notice of {name} to {person}")
        for subject in sorted(message.subjects - hung - self.unsettled):
            what = f"{name} names {subject}, which does not hang on it"
            yield of_message(message, "unexpected", what)


def _why_not(one: Hung, cause: Cause, shared: Shared, laws: Laws) -> str | None:
    """Say why a rung was not to hang on an outage; None if it was."""
    until = covers_until(cause, laws)
    if one.role not in ABOVE:
        return f"and what the {one.role} hears never hangs"
    if one.unit != cause.unit:
        return "which is another unit's"
    if not cause.lasted(one.recorded, one.at):
        return "which did not last then"
    if until is not None and one.recorded >= until + LOOKS_AGAIN:
        return "which had lasted too long to gather"
    return why_no_link(one, shared) if "/" in one.subject else _not_needed(one, cause, laws)


def _not_needed(one: Hung, cause: Cause, laws: Laws) -> str | None:
    index = laws.at(one.recorded)
    law = None if index is None else laws.changes[index]
    if cause.system is None or law is None:
        return None
    known = [law.procedures[code] for code in one.procedures if code in law.procedures]
    needed = any(cause.system in procedure.systems for procedure in known)
    return None if needed else "whose system its procedure does not need"


def _leads_to(matter: str, system: str) -> bool:
    return matter.endswith(f"/connection/{system}")

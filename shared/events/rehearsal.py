"""A rehearsal: what the door would say to a sequence of events, without a door.

It keeps each subject's standing and each id's content as intake would, and judges with the same
functions. It cannot know which units a key speaks for, nor what was sent before. For whom a
publisher is registered to number dossiers it knows only if that is given.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from shared.events import faults
from shared.events.faults import Fault
from shared.events.inbound import InboundEvent, claimed_id, parse_inbound
from shared.events.judge import (
    IMPORT_PUBLISHER,
    ReferenceView,
    Standing,
    follow,
    judge,
    judge_publisher,
)
from shared.events.numbering import CodePattern, NumberedUnit, Prefix, covers
from shared.events.topics import DOSSIERS
from shared.events.transitions import is_legal

Outcome = Literal["recorded", "repeated", "refused"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What would become of one record."""

    outcome: Outcome
    id: str | None
    name: str | None = None
    subject: str | None = None
    faults: tuple[Fault, ...] = ()
    ignored: int = 0
    """How many attributes of others it had, which intake would ignore."""


@dataclass(frozen=True, slots=True)
class Numbering:
    """What is known offline of the right to number dossiers.

    Attributes:
        pattern: The installation's own pattern of codes.
        units: The units, by code; a code is read by their electronic ids.
        granted: What the publisher is registered for; None where that is not known.
    """

    pattern: CodePattern = field(default_factory=CodePattern)
    units: Mapping[str, NumberedUnit] = field(default_factory=dict)
    granted: frozenset[str] | None = None

    def may_number(self, prefix: Prefix) -> bool:
        """Return whether the publisher is registered for a prefix, as far as is known."""
        return self.granted is None or any(
            covers(grant, prefix, self.units) for grant in self.granted
        )


@dataclass(slots=True)
class Rehearsal:
    """Judges records one after the other.

    Attributes:
        now: The moment to judge by.
        view: The reference data; without them units and procedures are not judged.
        publisher: Whose topic it would be; without it the source may be any publisher's.
        continuing: Dossiers that do not begin here are taken as known.
        numbering: What is known of the right to number dossiers.
        own_codes: How many dossiers began under codes of the installation's own pattern.
    """

    now: datetime
    view: ReferenceView | None = None
    publisher: str | None = None
    continuing: bool = False
    numbering: Numbering = field(default_factory=Numbering)
    own_codes: int = 0
    _standings: dict[str, Standing] = field(default_factory=dict)
    _contents: dict[tuple[str, str], str] = field(default_factory=dict)

    def judge(self, value: bytes | None, headers: Sequence[tuple[str, bytes]] = ()) -> Verdict:
        """Say what would become of the next record."""
        read = parse_inbound(value, headers)
        if isinstance(read, list):
            return Verdict("refused", claimed_id(value, headers), faults=tuple(read))
        return replace(self._judge(read), ignored=read.ignored)

    def _judge(self, event: InboundEvent) -> Verdict:
        found: list[Fault] = []
        key = (event.publisher, event.id)
        applied = self._contents.get(key)
        if applied is not None:
            if applied == event.fingerprint:
                return Verdict("repeated", event.id, event.name, event.subject)
            found.append(faults.id_reused())
        if self.publisher is not None:
            found.extend(judge_publisher(event, self.publisher))
        standing = self._standings.get(event.subject) or Standing()
        if applied is None:
            found.extend(judge(event, standing, self.view, self.now))
            if self._may_be_known(event, standing):
                found = [item for item in found if item.rule != "unknown-dossier"]
            if standing.status is None:
                found.extend(self._opening(event))
        if found:
            return Verdict("refused", event.id, event.name, event.subject, tuple(found))
        self._contents[key] = event.fingerprint
        self._standings[event.subject] = follow(event, standing)
        return Verdict("recorded", event.id, event.name, event.subject)

    def _opening(self, event: InboundEvent) -> list[Fault]:
        """Say whether a dossier may begin under its code."""
        if event.topic is not DOSSIERS or event.publisher == IMPORT_PUBLISHER:
            return []
        parts = self.numbering.pattern.read(event.subject)
        if parts is None or not is_legal(None, event.name, was_accepted=False):
            return []
        self.own_codes += 1
        if self.numbering.may_number(parts.prefix):
            return []
        return [faults.may_not_number(event.publisher)]

    def _may_be_known(self, event: InboundEvent, standing: Standing) -> bool:
        return self.continuing and standing.status is None and event.topic is DOSSIERS

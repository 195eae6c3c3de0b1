"""A rehearsal: what the door would say to a sequence of events, without a door.

It keeps each subject's history and each id's content as intake would, and judges with the same
functions. It cannot know which units a key speaks for, nor what was sent before, nor how long
an event would wait. For whom a publisher is registered to number dossiers it knows only if that
is given.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from shared.events import faults
from shared.events.answers import Corrected
from shared.events.envelope import Event
from shared.events.faults import Fault, fault
from shared.events.history import effective
from shared.events.inbound import Added, InboundEvent, claimed_id, parse_inbound
from shared.events.judge import (
    IMPORT_PUBLISHER,
    ReferenceView,
    Standing,
    follow,
    judge,
    judge_publisher,
)
from shared.events.numbering import CodePattern, NumberedUnit, Prefix, covers
from shared.events.place import HELD_MAX, Step, fitting, is_of_order, missing_for
from shared.events.topics import DOSSIERS
from shared.events.transitions import is_legal
from shared.events.units import Current, as_they_are, event_under

Outcome = Literal["recorded", "repeated", "waiting", "refused"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What would become of one record.

    `number` is which record it was, from 1. `released` are the verdicts on records that waited
    and would be recorded together with this one.
    """

    outcome: Outcome
    id: str | None
    name: str | None = None
    subject: str | None = None
    faults: tuple[Fault, ...] = ()
    ignored: int = 0
    """How many attributes of others it had, which intake would ignore."""
    number: int = 0
    released: tuple["Verdict", ...] = ()


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


@dataclass(frozen=True, slots=True)
class _Held:
    """An event that waits, and why it could not be recorded when it came."""

    event: InboundEvent
    number: int
    faults: tuple[Fault, ...]


@dataclass(slots=True)
class _Dossier:
    """What is known of one subject."""

    standing: Standing = field(default_factory=Standing)
    recorded: list[Event] = field(default_factory=list)
    held: list[_Held] = field(default_factory=list)

    def take(self, event: InboundEvent, now: datetime) -> None:
        """Record an event; one that is late, or corrects, makes the history count again."""
        late = any(one.time >= event.time for one in self.recorded)
        made = event.recorded(sequence=len(self.recorded) + 1, recordedtime=now, added=Added())
        self.recorded.append(made)
        if not late and not isinstance(event.data, Corrected):
            self.standing = follow(event, self.standing)
            return
        standing = Standing()
        for one in effective(self.recorded):
            standing = follow(one, standing)
        names = {one.id: one.name for one in self.recorded}
        self.standing = replace(standing, names=names)

    def steps(self) -> list[Step]:
        """Return the history as the place of a further event depends on it."""
        return [Step.of(one) for one in effective(self.recorded)]


@dataclass(slots=True)
class Rehearsal:
    """Judges records one after the other.

    Attributes:
        now: The moment to judge by.
        view: The reference data; without them units and procedures are not judged.
        publisher: Whose topic it would be; without it the source may be any publisher's.
        continuing: Dossiers that do not begin here are taken as known.
        numbering: What is known of the right to number dossiers.
        current: Returns the code that a unit has now.
        own_codes: How many dossiers began under codes of the installation's own pattern.
    """

    now: datetime
    view: ReferenceView | None = None
    publisher: str | None = None
    continuing: bool = False
    numbering: Numbering = field(default_factory=Numbering)
    current: Current = as_they_are
    own_codes: int = 0
    _dossiers: dict[str, _Dossier] = field(default_factory=dict)
    _contents: dict[tuple[str, str], str] = field(default_factory=dict)
    _count: int = 0

    def judge(self, value: bytes | None, headers: Sequence[tuple[str, bytes]] = ()) -> Verdict:
        """Say what would become of the next record."""
        self._count += 1
        read = parse_inbound(value, headers)
        if isinstance(read, list):
            found = tuple(read)
            return Verdict(
                "refused", claimed_id(value, headers), faults=found, number=self._count
            )
        under = event_under(read, self.current)
        return replace(self._judge(under), ignored=read.ignored)

    def unmet(self) -> list[Verdict]:
        """Return those that still wait, as they would be refused when their time is over."""
        held = [one for dossier in self._dossiers.values() for one in dossier.held]
        return [
            _verdict("refused", one.event, one.number, one.faults)
            for one in sorted(held, key=lambda one: one.number)
        ]

    def _judge(self, event: InboundEvent) -> Verdict:
        found: list[Fault] = []
        key = (event.publisher, event.id)
        known = self._contents.get(key)
        dossier = self._dossiers.get(event.subject) or _Dossier()
        if known is not None:
            if known == event.fingerprint:
                waits = any(one.event.id == event.id for one in dossier.held)
                return _verdict("waiting" if waits else "repeated", event, self._count)
            found.append(faults.id_reused())
        if self.publisher is not None:
            found.extend(judge_publisher(event, self.publisher))
        if known is None:
            found.extend(self._faults(event, dossier))
        if found and not self._may_wait(event, dossier, found):
            return _verdict("refused", event, self._count, tuple(found))
        self._dossiers[event.subject] = dossier
        verdict = self._place(event, dossier, tuple(found))
        if verdict.outcome != "refused":
            self._contents[key] = event.fingerprint
        return verdict

    def _faults(self, event: InboundEvent, dossier: _Dossier) -> list[Fault]:
        found = judge(event, dossier.standing, self.view, self.now)
        if self._may_be_known(event, dossier.standing):
            found = [item for item in found if item.rule != "unknown-dossier"]
        if dossier.standing.status is None:
            found.extend(self._opening(event))
        return found

    def _opening(self, event: InboundEvent) -> list[Fault]:
        """Say whether a dossier may begin under its code."""
        if event.topic is not DOSSIERS or event.publisher == IMPORT_PUBLISHER:
            return []
        parts = self.numbering.pattern.read(event.subject)
        if parts is None or not is_legal(None, event.name, was_accepted=False):
            return []
        self.own_codes += 1
        if self.numbering.may_number(parts.prefix.under(self.numbering.units)):
            return []
        return [faults.may_not_number(event.publisher)]

    def _may_be_known(self, event: InboundEvent, standing: Standing) -> bool:
        return self.continuing and standing.status is None and event.topic is DOSSIERS

    def _may_wait(self, event: InboundEvent, dossier: _Dossier, found: list[Fault]) -> bool:
        return (
            bool(dossier.recorded)
            and event.topic is DOSSIERS
            and not event.backfill
            and is_of_order(found)
        )

    def _place(
        self, event: InboundEvent, dossier: _Dossier, found: tuple[Fault, ...]
    ) -> Verdict:
        """Record an event at its place, together with what fits by it, or hold it."""
        arrived = _Held(event, self._count, found)
        released: list[_Held] = []
        if found or dossier.held:
            released = self._take_fitting(dossier, [*dossier.held, arrived])
        if arrived not in released:
            if found:
                return self._hold(dossier, arrived)
            dossier.take(event, self.now)
        released += self._take_fitting(dossier, dossier.held)
        verdict = _verdict("recorded", event, self._count)
        others = [one for one in released if one is not arrived]
        return replace(
            verdict,
            released=tuple(_verdict("recorded", one.event, one.number) for one in others),
        )

    def _take_fitting(self, dossier: _Dossier, candidates: Sequence[_Held]) -> list[_Held]:
        """Record those that fit together, in the order of occurrence."""
        ready = [one for one in candidates if is_of_order(self._faults(one.event, dossier))]
        numbered = {
            number: (Step(one.event.name, one.event.time, number), one)
            for number, one in enumerate(ready, start=len(dossier.recorded) + 1)
        }
        chosen = fitting(dossier.steps(), [step for step, _ in numbered.values()])
        taken = [numbered[step.sequence][1] for step in chosen]
        for one in taken:
            dossier.take(one.event, self.now)
        dossier.held = [one for one in dossier.held if one not in taken]
        return taken

    def _hold(self, dossier: _Dossier, arrived: _Held) -> Verdict:
        event, found = arrived.event, arrived.faults
        step = Step(event.name, event.time, len(dossier.recorded) + 1)
        if missing_for(dossier.steps(), step) is None:
            return _verdict("refused", event, arrived.number, found)
        if len(dossier.held) >= HELD_MAX:
            full = fault("too-many-waiting", "/subject", limit=HELD_MAX)
            return _verdict("refused", event, arrived.number, (full, *found))
        dossier.held.append(arrived)
        return _verdict("waiting", event, arrived.number, found)


def _verdict(
    outcome: Outcome, event: InboundEvent, number: int, found: tuple[Fault, ...] = ()
) -> Verdict:
    return Verdict(outcome, event.id, event.name, event.subject, found, number=number)

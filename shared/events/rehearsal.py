"""A rehearsal: what the door would say to a sequence of events, without a door.

It keeps each subject's standing and each id's content as intake would, and judges with the same
functions. It cannot know which units a key speaks for, nor what was sent before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from shared.events import faults
from shared.events.faults import Fault
from shared.events.inbound import InboundEvent, claimed_id, parse_inbound
from shared.events.judge import ReferenceView, Standing, follow, judge, judge_publisher
from shared.events.topics import DOSSIERS

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


@dataclass(slots=True)
class Rehearsal:
    """Judges records one after the other.

    Attributes:
        now: The moment to judge by.
        view: The reference data; without them units and procedures are not judged.
        publisher: Whose topic it would be; without it the source may be any publisher's.
        continuing: Dossiers that do not begin here are taken as known.
    """

    now: datetime
    view: ReferenceView | None = None
    publisher: str | None = None
    continuing: bool = False
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
        if found:
            return Verdict("refused", event.id, event.name, event.subject, tuple(found))
        self._contents[key] = event.fingerprint
        self._standings[event.subject] = follow(event, standing)
        return Verdict("recorded", event.id, event.name, event.subject)

    def _may_be_known(self, event: InboundEvent, standing: Standing) -> bool:
        return self.continuing and standing.status is None and event.topic is DOSSIERS

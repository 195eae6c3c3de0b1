"""What reporting keeps of one subject: its events, one history per stream.

A stream is a topic, or one notice of the notices topic, because each notice is numbered by
itself. A stream never waits for another one, and what is worked out from the histories does not
depend on the order in which they were read.
"""

from dataclasses import dataclass, field
from typing import Final

from services.reporting.core.fact import Fact, MatterFact, OnlineLevel
from services.reporting.core.reported import Reported
from shared.events.envelope import Event
from shared.events.topics import NOTICES, OBLIGATIONS

NOTICE_PREFIX: Final = "notice/"


@dataclass(frozen=True, slots=True)
class Settled:
    """What has been worked out of a state: a dossier, a matter, or a reported form."""

    fact: Fact | None = None
    matter: MatterFact | None = None
    reported: Reported | None = None


@dataclass(slots=True)
class FactState:
    """The histories of one dossier or matter.

    Attributes:
        own: The subject's own events (dossiers or centres), in the order of their sequence.
        dues: What workflow said of it, likewise.
        notices: Notice id to what became of that notice.
        fields: Procedure to its field of administration, as the catalogue had it.
        levels: Procedure to how much of it could be done online, as the catalogue had it.
        touched: Every cell of the roll-ups that this subject was ever counted in, with a
            checksum of what it gives there; a cell it has left stays, with the checksum 0.
        dirty: Cells to be counted anew; None when that is not known, as after a crash.
        settled: What has been worked out of these histories; None until it was.
    """

    subject: str
    own: list[Event] = field(default_factory=list)
    dues: list[Event] = field(default_factory=list)
    notices: dict[str, list[Event]] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    levels: dict[str, OnlineLevel] = field(default_factory=dict)
    touched: dict[str, int] = field(default_factory=dict)
    dirty: frozenset[str] | None = None
    settled: Settled | None = None

    def take(self, event: Event) -> None:
        """Append an event to the history of its stream."""
        self.settled = None
        if event.topic == NOTICES:
            self.notices.setdefault(event.subject, []).append(event)
        elif event.topic == OBLIGATIONS:
            self.dues.append(event)
        else:
            self.own.append(event)

    def settle(self, settled: Settled, cells: dict[str, int]) -> None:
        """Note what was worked out, where it is counted now, and which cells that changes."""
        self.settled = settled
        before = self.touched
        self.touched = dict.fromkeys(before, 0) | cells
        changed = {name for name in self.touched if self.touched[name] != before.get(name)}
        self.dirty = (self.dirty or frozenset()) | changed

    def to_count_anew(self) -> frozenset[str]:
        """Return the cells to be marked: those that changed, or all when that is not known."""
        return frozenset(self.touched) if self.dirty is None else self.dirty


def stream_of(event: Event) -> str:
    """Name the stream in which an event is numbered."""
    if event.topic == NOTICES:
        return NOTICE_PREFIX + event.subject
    return event.topic.name


def subject_of(event: Event) -> str:
    """Name the dossier or matter that an event belongs to; a notice belongs to its cause."""
    cause = getattr(event.data, "cause", None) if event.topic == NOTICES else None
    return str(cause) if cause else event.subject

"""What hung on an incident, and what its hearers were told."""

from dataclasses import dataclass
from datetime import datetime

from deploy.auditor.core.finding import Finding, Sense
from deploy.auditor.core.outages import INCIDENT


@dataclass(frozen=True)
class Hung:
    """A rung that was not told by itself, because it hung on an incident.

    Attributes:
        incident: On which.
        subject: The dossier.
        unit: Who owes it.
        kind: What is owed.
        rung: Which rung.
        role: Whose.
        at: When it was due.
        recorded: When it was hung there.
        procedures: What the dossier is about.
        freed: Whether it was said by itself, or not to be due, since.
        ended: When its stretch ended, if it did.
    """

    incident: str
    subject: str
    unit: str
    kind: str
    rung: str
    role: str
    at: datetime
    recorded: datetime
    procedures: frozenset[str] = frozenset()
    freed: bool = False
    ended: datetime | None = None


@dataclass(frozen=True)
class Message:
    """What the hearers of an incident were told; `name` says opened, updated or closed.

    `units` are named by the province's, which stands for one system's links in all of them.
    """

    incident: str
    name: str
    recorded: datetime
    subjects: frozenset[str]
    untold: tuple[str, ...] = ()
    units: frozenset[str] = frozenset()


def of_message(message: Message, sense: Sense, what: str) -> Finding:
    """Return a difference in what was said of an incident."""
    matter = message.incident.partition("~")[0]
    unit = matter.partition("/")[0]
    return Finding(sense, what, matter, unit, INCIDENT, message.name, message.recorded)

"""What an incident is, and what is remembered of telling people about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

GATHERED: Final = ("division_head", "director", "chairman", "province")
"""Whose messages are gathered, lowest first. Who handles a dossier goes on hearing of it."""


@dataclass(frozen=True, slots=True)
class Incident:
    """A common cause that is there now: a link that is lost, a centre that stands still.

    Attributes:
        id: The matter, `~`, and a mark of the event that began it.
        unit: The unit whose dossiers it touches.
        system: The system that cannot be reached; None: the whole centre stands still.
        since: Since when.
        common: Whether it is the province's, which stands for the same link of several units.
    """

    id: str
    unit: str
    system: str | None
    since: datetime
    common: bool = False


@dataclass(frozen=True, slots=True)
class Hanging:
    """An obligation that hangs on an incident, and whose message that replaces.

    It is a dossier's; or, for the provincial centre, that to restore the link itself.
    """

    subject: str
    obligation: str
    role: str


@dataclass(frozen=True, slots=True)
class Incidents:
    """The incidents that gather now, by unit; those that have lasted too long do not.

    `common` are the systems of which the provincial centre hears as a whole.
    """

    by_unit: Mapping[str, tuple[Incident, ...]] = field(default_factory=dict)
    common: frozenset[str] = frozenset()

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all of them."""
        return frozenset(one.id for here in self.by_unit.values() for one in here)


@dataclass(slots=True)
class Told:
    """What an incident's hearers were told last.

    Attributes:
        incident: The incident's id.
        cause: The word for what it is.
        system: The system that cannot be reached, if it is one.
        since: Since when it lasts.
        at: When they were told last.
        times: How many messages there were.
        heard: Role and dossier of everything that was told, in order.
        count: How many obligations hung on it.
        over: Whether they were told that it is over.
        units: The units whose links were lost, of an incident of the province; else none.
    """

    incident: str
    cause: str
    system: str | None
    since: datetime
    at: datetime
    times: int = 0
    heard: tuple[tuple[str, str], ...] = ()
    count: int = 0
    over: bool = False
    units: tuple[str, ...] = ()

    @property
    def subjects(self) -> tuple[str, ...]:
        """The dossiers that were named, each once."""
        return tuple(sorted({subject for _, subject in self.heard}))

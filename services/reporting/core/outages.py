"""Which dossiers an outage delayed: those in which something fell due while it lasted.

Workflow gathers such rungs under the incident, and says so in each dossier's own stream, so the
fact of a dossier needs nothing of the matter's. A loss that is struck later has held messages
back all the same, and its dossiers stay counted.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from services.reporting.core.fact import Delay, Escalation
from shared.events import obligations
from shared.events.codes import MATTER_IDS, parse_matter
from shared.events.envelope import Event

DELAYED: Final[Mapping[str, str]] = {
    "connection": "connection_delayed",
    "interruption": "interruption_delayed",
}
"""Kinds of matters that delay dossiers, with the figure, and atom, of each."""

BY_SYSTEM: Final = "connection_delayed~"
"""How the figures, and atoms, of one system's lost links begin."""


def delays(dues: Sequence[Event]) -> tuple[Delay, ...]:
    """Return what delayed a dossier, each kind and each system once, by what came first."""
    found: dict[str, datetime] = {}
    for event in told(dues):
        data = event.data
        assert isinstance(data, obligations.ObligationRungReached), "only rungs are told"
        for atom in _atoms(data.incident):
            found[atom] = min(event.time, found.get(atom, event.time))
    return tuple(Delay(atom, at) for atom, at in sorted(found.items()))


def escalations(dues: Sequence[Event]) -> tuple[Escalation, ...]:
    """Return the rungs that were reached; one gathered and later told by itself is one."""
    found: dict[tuple[str, int, str, int], Escalation] = {}
    for event in told(dues):
        data = event.data
        assert isinstance(data, obligations.ObligationRungReached), "only rungs are told"
        which = (data.obligation, data.cycle, data.rung, data.repeat)
        found.pop(which, None)  # It stands where it was told last.
        found[which] = Escalation(
            event.time, data.obligation, data.rung, data.role, data.persons
        )
    return tuple(found.values())


def told(dues: Sequence[Event]) -> Iterator[Event]:
    """Yield the rungs that were reached and not withdrawn since."""
    withdrawn = {
        (one.data.obligation, one.data.cycle, one.data.rung)
        for one in dues
        if isinstance(one.data, obligations.ObligationRungWithdrawn)
    }
    for one in dues:
        data = one.data
        if (
            isinstance(data, obligations.ObligationRungReached)
            and (data.obligation, data.cycle, data.rung) not in withdrawn
        ):
            yield one


def system_of(figure: str) -> str | None:
    """Return the system whose own delays a figure, or atom, counts; None for every other."""
    if not figure.startswith(BY_SYSTEM):
        return None
    system = figure.removeprefix(BY_SYSTEM)
    return system if MATTER_IDS["connection"].fullmatch(system) else None


def delays_among(atoms: Iterable[str]) -> list[str]:
    """Return the figures of delays that a scope has, each kind before its systems."""
    return sorted(
        atom for atom in atoms if atom in DELAYED.values() or system_of(atom) is not None
    )


def _atoms(incident: str | None) -> Iterator[str]:
    matter = None if incident is None else parse_matter(incident.rpartition("~")[0])
    if matter is None or matter.kind not in DELAYED:
        return
    yield DELAYED[matter.kind]
    if matter.kind == "connection":
        yield BY_SYSTEM + matter.id

"""The centre record that an event belongs to, where its unit has had other codes."""

from collections.abc import Sequence

from services.intake.core.state import Subject
from services.intake.usecases.entries import Entry
from shared.reference.units import Units
from shared.subjects.ports import SubjectStore


async def name_subjects(
    subjects: SubjectStore[Subject], entries: Sequence[Entry], units: Units
) -> None:
    """Give each event the subject of its centre record, whatever code of the unit it names.

    A record that is there keeps its name. One that is not is opened under the name that every
    service gives it. Nothing is read where no unit of an event has had another code.

    Raises:
        UnavailableError: the store does not answer.
    """
    if not units.aliases:
        return
    named: list[tuple[Entry, tuple[str, ...]]] = []
    for entry in entries:
        matter = entry.event.matter
        names = () if matter is None else units.subjects(matter)
        if len(names) > 1:
            named.append((entry, names))
    if not named:
        return
    known = await subjects.load({name for _, names in named for name in names})
    for entry, names in named:
        there = [name for name in names if name in known and known[name].state is not None]
        entry.rename(there[0] if there else names[0])

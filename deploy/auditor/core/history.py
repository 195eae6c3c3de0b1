"""A subject's events as they are in the archive, and what really happened by them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from deploy.auditor.core.law import name_of
from deploy.auditor.core.wall import Json, instant

CORRECTED: Final = ".corrected"


@dataclass(frozen=True)
class Fact:
    """One event of a subject.

    Attributes:
        id: Its id.
        name: Its name, such as `dossier.accepted`.
        source: Who said it.
        time: When it happened, as clocks in Viet Nam show it.
        sequence: Which one of its subject it is.
        recorded: When it was recorded.
        competent: The unit that owes the dossier, if it says.
        receiving: The unit that received it, if it says.
        backfill: Whether it is imported history.
        version: The last change of reference data that was known where it was recorded.
        data: What it says.
    """

    id: str
    name: str
    source: str
    time: datetime
    sequence: int
    recorded: datetime
    competent: str | None
    receiving: str | None
    backfill: bool
    version: int
    data: Json

    @property
    def corrects(self) -> bool:
        """Whether it replaces or strikes another one."""
        return self.name.endswith(CORRECTED)


def fact_of(event: Json) -> Fact:
    """Read an event as the archive has it."""
    return Fact(
        id=str(event["id"]),
        name=name_of(event),
        source=str(event["source"]),
        time=instant(event["time"]),
        sequence=int(event.get("sequence") or 0),
        recorded=instant(event.get("recordedtime") or event["time"]),
        competent=event.get("competentunit"),
        receiving=event.get("receivingunit"),
        backfill=bool(event.get("backfill")),
        version=int(event.get("referenceversion") or 0),
        data=event["data"],
    )


def happened(facts: Iterable[Fact]) -> list[Fact]:
    """Return what really happened, in the order of its moments, then of its numbers.

    The last correction of an event holds; one that was corrected itself holds as corrected, one
    that was struck does not.
    """
    known = sorted(facts, key=lambda fact: fact.sequence)
    right: dict[tuple[str, str], Json | None] = {}
    for fact in reversed([fact for fact in known if fact.corrects]):
        says = _says(fact, right)
        if says is None:
            continue
        for target in _targets(known, fact, says):
            right.setdefault((target.source, target.id), says.get("right"))
    held = []
    for fact in known:
        if fact.corrects:
            continue
        if (fact.source, fact.id) not in right:
            held.append(fact)
            continue
        better = right[fact.source, fact.id]
        if better is not None:
            held.append(replace(fact, time=instant(better["time"]), data=better["data"]))
    return sorted(held, key=lambda fact: (fact.time, fact.sequence))


def _says(fact: Fact, right: dict[tuple[str, str], Json | None]) -> Json | None:
    """Return what a correction says after later ones of it; None if it was struck."""
    if (fact.source, fact.id) not in right:
        return fact.data
    later = right[fact.source, fact.id]
    if later is None:
        return None
    data: Json = later["data"]
    return data


def _targets(known: Sequence[Fact], correction: Fact, says: Json) -> list[Fact]:
    source = says.get("replaces_source")
    return [
        fact
        for fact in known
        if fact.id == says["replaces"]
        and fact is not correction
        and source in {None, fact.source}
    ]


def first(facts: Iterable[Fact], *names: str, after: datetime | None = None) -> Fact | None:
    """Return the first fact of these names, at or after a moment if one is given."""
    return next(
        (
            fact
            for fact in facts
            if fact.name in names and (after is None or fact.time >= after)
        ),
        None,
    )

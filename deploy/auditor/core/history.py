"""A subject's events as they are in the archive, and what really happened by them."""

from collections.abc import Iterable
from dataclasses import dataclass
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

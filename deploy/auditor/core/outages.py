"""Outages as they came to be known: a link that is lost, a centre that stands still."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from deploy.auditor.core.happened import happened
from deploy.auditor.core.history import Fact
from deploy.auditor.core.law import Laws
from deploy.auditor.core.wall import DAY, BeyondCalendar

OUTAGES: Final[Mapping[str, tuple[str, str]]] = {
    "connection": ("connection.lost", "connection.restored"),
    "interruption": ("centre.interrupted", "centre.resumed"),
}
"""The matters that are common causes: what begins one, and what ends it."""

LOOKS_AGAIN: Final = timedelta(minutes=30)
"""A view that was old is healed, and more is told, within this time."""

INCIDENT: Final = "incident"
_NAMESPACE: Final = uuid5(NAMESPACE_URL, "urn:motcua:events")
_SEPARATOR: Final = "\x1f"


@dataclass(frozen=True)
class Known:
    """An outage as it was known from a moment on.

    Attributes:
        known: When it came to be known so.
        since: When it began; None where it turned out to have been none.
        over: Whether it had ended.
    """

    known: datetime
    since: datetime | None
    over: bool

    @property
    def lasts(self) -> bool:
        """Whether it goes on."""
        return self.since is not None and not self.over


@dataclass(frozen=True)
class Cause:
    """One outage: what began it in its matter, and how it came to be known."""

    unit: str
    system: str | None
    versions: Sequence[Known]

    def lasted(self, moment: datetime, begun: datetime) -> bool:
        """Say whether it was held to last shortly before a moment, and to have begun by one."""
        until = [one.known for one in self.versions[1:]]
        return any(
            one.lasts
            and one.known <= moment
            and (later is None or later >= moment - LOOKS_AGAIN)
            and one.since is not None
            and one.since <= begun
            for one, later in zip(self.versions, [*until, None], strict=True)
        )

    def lasts(self, moment: datetime) -> bool:
        """Say whether it was known at a moment to go on."""
        known = [one for one in self.versions if one.known <= moment]
        return bool(known) and known[-1].lasts

    @property
    def over(self) -> datetime | None:
        """When it came to be known that it is over, or never was; None while it lasts."""
        lasting = [number for number, one in enumerate(self.versions) if one.lasts]
        after = self.versions[lasting[-1] + 1 if lasting else 0 :]
        return after[0].known if after else None

    @property
    def since(self) -> datetime:
        """When it began, as it was known last."""
        return [one.since for one in self.versions if one.since is not None][-1]


def incident_of(matter: str, cause: str) -> str:
    """Name the incident that an event began in a matter, as the contract derives ids."""
    mark = uuid5(_NAMESPACE, f"{matter}{_SEPARATOR}{INCIDENT}{_SEPARATOR}{cause}").hex[:12]
    return f"{matter}~{mark}"


def causes_in(matter: str, unit: str, facts: Iterable[Fact]) -> dict[str, Cause]:
    """Return the outages of a unit's matter, by incident, as they came to be known."""
    _, kind, own_id = matter.split("/", 2)
    if kind not in OUTAGES:
        return {}
    versions: dict[str, list[Known]] = {}
    told: list[Fact] = []
    for fact in facts:
        told.append(fact)
        if not fact.corrects and fact.name not in OUTAGES[kind]:
            continue
        now = dict(_outages(happened(told), *OUTAGES[kind]))
        for key in {**versions, **now}:
            since, over = now.get(key, (None, True))
            held = versions.setdefault(key, [])
            if not held or (held[-1].since, held[-1].over) != (since, over):
                held.append(Known(fact.recorded, since, over))
    system = own_id if kind == "connection" else None
    return {
        incident_of(matter, key): Cause(unit, system, held) for key, held in versions.items()
    }


def _outages(
    facts: Iterable[Fact], lost: str, back: str
) -> Iterator[tuple[str, tuple[datetime | None, bool]]]:
    since: Fact | None = None
    for fact in facts:
        if since is None and fact.name == lost:
            since = fact
        elif since is not None and fact.name == back:
            yield since.id, (since.time, True)
            since = None
    if since is not None:
        yield since.id, (since.time, False)


def covers_until(cause: Cause, laws: Laws) -> datetime | None:
    """Return until when an outage gathers: the close of the working day after it began."""
    law = laws.last
    wall = None if law is None else law.wall(cause.unit)
    try:
        return None if wall is None else wall.close(wall.shift(cause.since.date(), 1))
    except BeyondCalendar:
        return cause.since + DAY

"""Common causes: what hangs on each, whether that is rightly so, and whether it was told.

An incident spans many subjects, so that it is judged when all of them have been read. What is
kept until then is what hung, and the messages: nothing of what never met an outage.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from deploy.auditor.core.finding import Finding, Sense
from deploy.auditor.core.history import Fact, happened
from deploy.auditor.core.law import Laws
from deploy.auditor.core.wall import DAY, BeyondCalendar

OUTAGES: Final[Mapping[str, tuple[str, str]]] = {
    "connection": ("connection.lost", "connection.restored"),
    "interruption": ("centre.interrupted", "centre.resumed"),
}
"""The matters that are common causes: what begins one, and what ends it."""

ABOVE: Final = frozenset({"division_head", "director", "chairman", "province"})
"""Whose rungs may hang: everybody's above the one who handles the dossier."""

LOOKS_AGAIN: Final = timedelta(minutes=30)
"""A view that was old is healed, and more is told, within this time."""

NAMED_MAX: Final = 10_000
"""A message names no more dossiers than this; all of them are counted."""

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
    """What the hearers of an incident were told; `name` says opened, updated or closed."""

    incident: str
    name: str
    recorded: datetime
    subjects: frozenset[str]
    untold: tuple[str, ...] = ()


@dataclass
class Incidents:
    """Everything that was read of incidents.

    Attributes:
        causes: The outages, by the ids that incidents have of them.
        hung: What hung on any.
        messages: What was said of any, in the order of its numbers.
        unsettled: What changed so lately that it was not read.
    """

    causes: dict[str, Cause] = field(default_factory=dict)
    hung: list[Hung] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    unsettled: set[str] = field(default_factory=set)

    def judge(self, laws: Laws, upto: datetime) -> Iterator[Finding]:
        """Yield each difference between what hung and was told, and what was to."""
        named: dict[str, set[str]] = {}
        full: set[str] = set()
        for message in self.messages:
            named.setdefault(message.incident, set()).update(message.subjects)
            if len(message.subjects) >= NAMED_MAX:
                full.add(message.incident)
        for one in self.hung:
            if one.incident.partition("~")[0] in self.unsettled:
                continue
            for sense, what in self._of_hung(one, laws, upto, named, full):
                yield Finding(sense, what, one.subject, one.unit, one.kind, one.rung, one.at)
        yield from self._of_messages(upto)

    def _of_hung(
        self,
        one: Hung,
        laws: Laws,
        upto: datetime,
        named: Mapping[str, set[str]],
        full: set[str],
    ) -> Iterator[tuple[Sense, str]]:
        cause = self.causes.get(one.incident)
        if cause is None:
            yield "unexpected", f"it hangs on {one.incident}, and there was no such outage"
            return
        if (why := _why_not(one, cause, laws)) is not None:
            yield "unexpected", f"it hangs on {one.incident}, {why}"
        recent = one.recorded >= upto - LOOKS_AGAIN
        told = one.incident in full or one.subject in named.get(one.incident, ())
        settled = one.freed or one.ended is not None
        if not (told or settled or recent):
            yield "missing", f"it hangs on {one.incident}, of which no message names it"
        ends = [end for end in (cause.over, covers_until(cause, laws)) if end is not None]
        until = max(min(ends) + LOOKS_AGAIN, one.recorded + LOOKS_AGAIN)
        ended = one.ended is not None and one.ended <= until
        if until < upto and not one.freed and not ended:
            yield "missing", f"it hung on {one.incident}, and was not told once that was over"

    def _of_messages(self, upto: datetime) -> Iterator[Finding]:
        hung: dict[str, set[str]] = {}
        for one in self.hung:
            hung.setdefault(one.incident, set()).add(one.subject)
        last: dict[str, Message] = {}
        for message in self.messages:
            name = message.incident
            matter = name.partition("~")[0]
            last[name] = message
            cause = self.causes.get(name)
            if cause is None:
                if matter not in self.unsettled:
                    yield _of(message, "unexpected", f"it is said of {name}, which never was")
                continue
            for person in message.untold:
                yield _of(message, "missing", f"no notice of {name} to {person}")
            strange = message.subjects - hung.get(name, set()) - self.unsettled
            for subject in sorted(strange):
                what = f"{name} names {subject}, which does not hang on it"
                yield _of(message, "unexpected", what)
        for name, message in last.items():
            cause = self.causes.get(name)
            over = None if cause is None else cause.over
            if message.name == "closed" and cause is not None and over is None:
                yield _of(message, "unexpected", f"{name} is said to be over, and lasts")
            if message.name != "closed" and over is not None and over < upto:
                yield _of(message, "missing", f"nobody was told that {name} is over")


def _of(message: Message, sense: Sense, what: str) -> Finding:
    matter = message.incident.partition("~")[0]
    unit = matter.partition("/")[0]
    return Finding(sense, what, matter, unit, INCIDENT, message.name, message.recorded)


def incident_of(matter: str, cause: str) -> str:
    """Name the incident that an event began in a matter, as the contract derives ids."""
    mark = uuid5(_NAMESPACE, f"{matter}{_SEPARATOR}{INCIDENT}{_SEPARATOR}{cause}").hex[:12]
    return f"{matter}~{mark}"


def causes_in(matter: str, facts: Iterable[Fact]) -> dict[str, Cause]:
    """Return the outages of a matter, each by its incident's id, as they came to be known."""
    unit, kind, own_id = matter.split("/", 2)
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


def _why_not(one: Hung, cause: Cause, laws: Laws) -> str | None:
    """Say why a rung was not to hang on an outage; None if it was."""
    until = covers_until(cause, laws)
    if one.role not in ABOVE:
        return f"and what the {one.role} hears never hangs"
    if one.unit != cause.unit:
        return "which is another unit's"
    if not cause.lasted(one.recorded, one.at):
        return "which did not last then"
    if until is not None and one.recorded >= until + LOOKS_AGAIN:
        return "which had lasted too long to gather"
    index = laws.at(one.recorded)
    law = None if index is None else laws.changes[index]
    if cause.system is None or law is None:
        return None
    known = [law.procedures[code] for code in one.procedures if code in law.procedures]
    needed = any(cause.system in procedure.systems for procedure in known)
    return None if needed else "whose system its procedure does not need"

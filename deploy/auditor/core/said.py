"""What was said of a subject: rungs raised, skipped and withdrawn, dates, and notices."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from deploy.auditor.core.law import name_of
from deploy.auditor.core.owing import BREACH
from deploy.auditor.core.wall import Json, instant

NOTICE_WAITS_MAX: Final = timedelta(minutes=30)
"""How long a notice may be planned and neither sent nor held: rates spread messages."""

SETTLED: Final = frozenset({"sent", "delivered", "failed", "obsolete", "unknown"})
"""What a notice can have come to, each with its reason; planned and held are on the way."""

JUDGED: Final = frozenset(
    f"obligation.{word}"
    for word in ("opened", "due_changed", "suspended", "resumed", "discharged")
)
"""The events that state which limit was missed; without the field, none was."""


@dataclass
class Raised:
    """A rung that was raised, or a breach that was recorded."""

    event: str
    obligation: str
    rung: str
    repeat: int
    at: datetime
    cycle: int
    recorded: datetime
    key: str | None = None
    role: str = ""
    persons: tuple[str, ...] = ()
    vacant: tuple[str, ...] = ()
    incident: str | None = None
    sequence: int = 0
    withdrawn: bool = False


@dataclass(frozen=True)
class Skipped:
    """A rung that was recorded as not raised, and why."""

    obligation: str
    rung: str
    at: datetime
    why: str
    sequence: int = 0


@dataclass(frozen=True)
class OfIncident:
    """What was said of an incident: it is there, more hangs on it, it is over."""

    event: str
    name: str
    incident: str
    recorded: datetime
    subjects: frozenset[str]
    persons: tuple[str, ...]
    units: frozenset[str]


@dataclass
class Stated:
    """The dates of an obligation as they were said last."""

    opened: bool = False
    suspended: bool = False
    due: datetime | None = None
    limit: datetime | None = None
    index_due: datetime | None = None
    limit_missed: datetime | None = None
    discharged: bool = False


@dataclass
class Notice:
    """A notice, and how far it has come."""

    about: str
    person: str | None
    state: str = ""
    states: set[str] = field(default_factory=set)
    until: datetime | None = None
    since: datetime | None = None


@dataclass
class Said:
    """Everything that was said of one subject."""

    raised: list[Raised] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    stated: dict[str, Stated] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    incidents: list[OfIncident] = field(default_factory=list)
    gaps: set[str] = field(default_factory=set)
    taken_back: Counter[tuple[str, str]] = field(default_factory=Counter)
    notices: dict[str, Notice] = field(default_factory=dict)

    def told(self, event: str, person: str, recorded: datetime, upto: datetime) -> bool:
        """Say whether a person was told of an event, or is about to be.

        Args:
            event: What they were to be told of.
            person: Who.
            recorded: When it was recorded.
            upto: Up to when it is asked for.
        """
        own = [
            notice
            for notice in self.notices.values()
            if notice.about == event and notice.person == person
        ]
        if any(notice.states & SETTLED for notice in own):
            return True
        if any(notice.until is not None and notice.until >= upto for notice in own):
            return True  # Quiet hours hold it.
        return recorded >= upto - NOTICE_WAITS_MAX if own else recorded >= upto

    def of(self, obligation: str) -> Stated:
        """Return what was stated of an obligation."""
        return self.stated.setdefault(obligation, Stated())


def said(obligations: Iterable[Json], notices: Iterable[Json]) -> Said:
    """Gather what workflow and notifications said, each in the order of its numbers."""
    found = Said()
    for event in sorted(obligations, key=lambda one: int(one.get("sequence") or 0)):
        _take(found, event, event["data"], name_of(event))
    for event in sorted(notices, key=lambda one: int(one.get("sequence") or 0)):
        _notice(found, event)
    return found


def _take(found: Said, event: Json, data: Json, name: str) -> None:
    match name:
        case "obligation.rung_reached" | "obligation.breached":
            found.raised.append(_raised(event, data, name))
        case "obligation.rung_skipped":
            found.skipped.append(
                Skipped(
                    data["obligation"],
                    data["rung"],
                    instant(data["rung_at"]),
                    data["why"],
                    int(event.get("sequence") or 0),
                )
            )
        case "obligation.rung_withdrawn":
            _withdraw(found, data)
        case "obligation.acknowledgement_refused":
            found.refused.add(data["cause"])
        case "coverage.gap_opened":
            found.gaps.add(data["role"])
        case "incident.opened" | "incident.updated" | "incident.closed":
            found.incidents.append(_of_incident(event, data, name))
        case _ if name.startswith("obligation."):
            _state(found.of(data["obligation"]), name, data)


def _raised(event: Json, data: Json, name: str) -> Raised:
    breach = name == "obligation.breached"
    return Raised(
        event=str(event["id"]),
        obligation=data["obligation"],
        rung=BREACH if breach else data["rung"],
        repeat=0 if breach else int(data.get("repeat") or 0),
        at=instant(data["at" if breach else "rung_at"]),
        cycle=int(data.get("cycle") or 1),
        recorded=instant(event.get("recordedtime") or event["time"]),
        key=data.get("cause"),
        role=data.get("role", ""),
        persons=tuple(data.get("persons") or ()),
        vacant=tuple(data.get("vacant_roles") or ()),
        incident=data.get("incident"),
        sequence=int(event.get("sequence") or 0),
    )


def _of_incident(event: Json, data: Json, name: str) -> OfIncident:
    return OfIncident(
        event=str(event["id"]),
        name=name.partition(".")[2],
        incident=data["incident"],
        recorded=instant(event.get("recordedtime") or event["time"]),
        subjects=frozenset(data.get("subjects") or ()),
        persons=tuple(data.get("persons") or ()),
        units=frozenset(data.get("units") or ()),
    )


def _withdraw(found: Said, data: Json) -> None:
    """Take back a rung: of those of one name, the latest goes first, as its end came before.

    One that was carried over when its dates moved is withdrawn under a later cycle: which it is
    shows only when it is compared with what is due.
    """
    which, cycle = (data["obligation"], data["rung"]), int(data.get("cycle") or 1)
    live = [
        one
        for one in found.raised
        if (one.obligation, one.rung, one.cycle) == (*which, cycle) and not one.withdrawn
    ]
    if live:
        max(live, key=lambda one: one.at).withdrawn = True
    else:
        found.taken_back[which] += 1


def _state(stated: Stated, name: str, data: Json) -> None:
    if name in JUDGED:
        stated.limit_missed = _at(data, "limit_missed")
    match name.partition(".")[2]:
        case "opened":
            stated.opened, stated.suspended, stated.discharged = True, False, False
            stated.due, stated.limit = _at(data, "due"), _at(data, "limit")
            stated.index_due = _at(data, "index_due")
        case "due_changed":
            stated.due, stated.limit = _at(data, "new_due"), _at(data, "new_limit")
            stated.index_due = _at(data, "new_index_due") or stated.index_due
        case "suspended":
            stated.suspended = True
        case "resumed":
            stated.suspended = False
            stated.due, stated.limit = _at(data, "due"), _at(data, "limit")
            stated.index_due = _at(data, "index_due") or stated.index_due
        case "discharged":
            stated.discharged = True


def _at(data: Json, name: str) -> datetime | None:
    text = data.get(name)
    return None if text is None else instant(text)


def _notice(found: Said, event: Json) -> None:
    data: Mapping[str, Any] = event["data"]
    notice = found.notices.setdefault(
        str(event["subject"]), Notice(str(data["about"]), data.get("person"))
    )
    notice.state = name_of(event).partition(".")[2]
    notice.states.add(notice.state)
    notice.since = instant(event.get("recordedtime") or event["time"])
    notice.until = _at(data, "until") if notice.state == "held" else None
    for merged in data.get("merged") or ():
        other = found.notices.get(str(merged))
        if other is not None:
            other.states.add("sent")

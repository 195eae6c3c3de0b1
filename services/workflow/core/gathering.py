"""Common causes: which dossiers hang on an incident, and what its hearers are told.

An incident is nothing beside the obligation to restore: it begins, ends, is struck and runs
again with it. What is kept is only what was said.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from services.workflow.core.emissions import Emitter
from services.workflow.core.incident import GATHERED, Hanging, Incident, Incidents, Told
from services.workflow.core.kinds.centre import CONNECTION, INTERRUPTION
from services.workflow.core.model import Obligation, Subject
from services.workflow.core.roles import unit_of_role
from shared.calendar.errors import DateOutsideCalendarError
from shared.calendar.zone import legal_day
from shared.events.codes import is_matter, parse_matter
from shared.events.ids import derived_id
from shared.reference.errors import NoCalendarError, UnknownUnitError
from shared.reference.view import Reference

CAUSES: Final[Mapping[str, str]] = {
    CONNECTION: "system_outage",
    INTERRUPTION: "centre_interrupted",
}
"""The kinds whose open obligations are common causes, and the word for each."""

RELOOK: Final = timedelta(minutes=30)
"""What hangs is looked at again after this long, even if nobody tells us to."""

PACE: Final = timedelta(minutes=30)
"""An incident's hearers are not told of more that hangs on it sooner than this."""

COVERED_WORKING_DAYS: Final = 1
"""An incident gathers until the close of this many working days after the day it began."""

NAMED_MAX: Final = 10_000
"""How many dossiers, by role, one message names; all of them are counted."""

_MARK_CHARACTERS: Final = 12


def incident_id(subject: str, cause: str) -> str:
    """Name the incident that an event began in a matter."""
    mark = derived_id(subject, "incident", cause).replace("-", "")[:_MARK_CHARACTERS]
    return f"{subject}~{mark}"


def active_in(subject: Subject) -> Iterator[Incident]:
    """Yield the incidents that are there in a matter."""
    for obligation in subject.obligations.values():
        if obligation.kind in CAUSES and obligation.open:
            yield Incident(
                incident_id(subject.id, obligation.cause),
                obligation.unit,
                obligation.about.get("system"),
                obligation.opened_at,
            )


def standing(active: Iterable[Incident], reference: Reference, now: datetime) -> Incidents:
    """Return the incidents that gather now.

    One that nobody ends must not silence for ever: after the close of the next working day
    every dossier is told of by itself again.
    """
    by_unit: dict[str, tuple[Incident, ...]] = {}
    for one in sorted(active, key=lambda incident: (incident.since, incident.id)):
        if now < _covers_until(one, reference):
            by_unit[one.unit] = (*by_unit.get(one.unit, ()), one)
    return Incidents(by_unit)


def _covers_until(incident: Incident, reference: Reference) -> datetime:
    try:
        day = reference.calendar.shift(legal_day(incident.since), COVERED_WORKING_DAYS)
        return reference.opening(incident.unit).close_of(day)
    except (DateOutsideCalendarError, NoCalendarError, UnknownUnitError):
        return incident.since + timedelta(days=COVERED_WORKING_DAYS)


def gathers(
    incidents: Incidents,
    subject: Subject,
    obligation: Obligation,
    *,
    role: str,
    at: datetime,
    reference: Reference,
) -> str | None:
    """Return the incident that a rung of a dossier hangs on instead of being told by itself.

    Only what falls due while the incident lasts hangs on it.
    """
    here = incidents.by_unit.get(obligation.unit)
    if here is None or role not in GATHERED or is_matter(subject.id):
        return None
    procedure = reference.procedures.get(obligation.about.get("procedure", ""))
    needed = () if procedure is None else procedure.systems
    return next(
        (
            one.id
            for one in here
            if one.since <= at and (one.system is None or one.system in needed)
        ),
        None,
    )


def hangs(subject: Subject) -> list[tuple[str, str, str]]:
    """Return (incident, obligation, role) of everything that hangs on one here."""
    found = [
        (rung.incident, obligation.id, rung.role)
        for obligation in subject.obligations.values()
        for rung in obligation.hanging()
        if rung.incident is not None and rung.role is not None
    ]
    return sorted(set(found))


def tell(
    subject: Subject,
    hanging: Mapping[str, Sequence[Hanging]],
    reference: Reference,
    now: datetime,
    emit: Emitter,
) -> None:
    """Tell the hearers of each incident what hangs on it: once, then at a bounded pace.

    Who hears of more is whoever would have been told of it, had it been told by itself.
    """
    for obligation in subject.obligations.values():
        if obligation.kind not in CAUSES or not obligation.open:
            continue
        name = incident_id(subject.id, obligation.cause)
        hung = hanging.get(name, ())
        told = subject.incidents.get(name)
        if hung and _is_news(told, hung, now):
            _say(subject, obligation, name, hung, reference, now, emit)


def _is_news(told: Told | None, hung: Sequence[Hanging], now: datetime) -> bool:
    if told is None or told.over:
        return True
    return bool(_heard(hung).difference(told.heard)) and now - told.at >= PACE


def _heard(hung: Sequence[Hanging]) -> set[tuple[str, str]]:
    return {(one.role, one.subject) for one in hung}


def _say(
    subject: Subject,
    obligation: Obligation,
    name: str,
    hung: Sequence[Hanging],
    reference: Reference,
    now: datetime,
    emit: Emitter,
) -> None:
    before = subject.incidents.get(name)
    begins = before is None or before.over
    heard = _heard(hung)
    fresh = heard.difference(() if before is None or before.over else before.heard)
    told = Told(
        incident=name,
        cause=CAUSES[obligation.kind],
        system=obligation.about.get("system"),
        since=obligation.opened_at,
        at=now,
        times=1 if before is None else before.times + 1,
        heard=tuple(sorted(heard))[:NAMED_MAX],
        count=len({(one.subject, one.obligation) for one in hung}),
    )
    subject.incidents[name] = told
    roles = {role for role, _ in fresh}
    persons = {
        person
        for role in roles
        for person in reference.roles(unit_of_role(obligation.unit, role), role, now)
    }
    highest = max(roles, key=GATHERED.index)
    emit.incident_told(
        told,
        obligation.unit,
        begins=begins,
        role=highest,
        persons=tuple(sorted(persons)),
    )


def close_incidents(subject: Subject, at: datetime, emit: Emitter) -> None:
    """Say of each incident that was told of and is there no more that it is over."""
    if not any(not told.over for told in subject.incidents.values()):
        return
    owed = {
        incident_id(subject.id, each.cause): each
        for each in subject.obligations.values()
        if each.kind in CAUSES
    }
    matter = parse_matter(subject.id)
    unit = subject.unit if matter is None else matter.unit
    for name, told in subject.incidents.items():
        obligation = owed.get(name)
        if told.over or (obligation is not None and obligation.open):
            continue
        told.over = True
        told.times += 1
        until = at if obligation is None else obligation.discharged_at or at
        struck = obligation is None or obligation.void
        emit.incident_closed(told, unit, until=max(until, told.since), struck=struck)

"""Common causes: which dossiers hang on an incident, and what its hearers are told.

An incident is nothing beside the obligation to restore: it begins, ends, is struck and runs
again with it. What is kept is only what was said. Where several units lose the same link, the
provincial centre hears of all of them as one: `core/province.py`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from services.workflow.core.emissions import Emitter
from services.workflow.core.incident import GATHERED, Hanging, Incident, Incidents, Told
from services.workflow.core.kinds.centre import CONNECTION, INTERRUPTION
from services.workflow.core.ladder import LAST_ROLE
from services.workflow.core.model import Obligation, Subject
from services.workflow.core.roles import unit_of_role
from shared.calendar.errors import DateOutsideCalendarError
from shared.calendar.zone import legal_day
from shared.events.codes import is_matter
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

COMMON_UNITS_MIN: Final = 2
"""How many units must have lost the same link for it to be an incident of the province."""

COMMON_AFTER: Final = timedelta(minutes=15)
"""How long each must have lost it: as long as the first rung of a link's own ladder waits."""

RELEASED: Final = "released"
"""Why a rung of an incident that is over is not told by itself yet: it waits for a backlog."""

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
    for told in subject.incidents.values():
        if told.units and not told.over:
            yield Incident(told.incident, subject.unit, told.system, told.since, common=True)


def standing(active: Iterable[Incident], reference: Reference, now: datetime) -> Incidents:
    """Return the incidents that gather now.

    One that nobody ends must not silence for ever: after the close of the next working day
    every dossier is told of by itself again.
    """
    by_unit: dict[str, tuple[Incident, ...]] = {}
    links: dict[str, list[Incident]] = {}
    common: set[str] = set()
    for one in sorted(active, key=lambda incident: (incident.since, incident.id)):
        if one.common and one.system is not None:
            common.add(one.system)
        elif now < _covers_until(one, reference):
            by_unit[one.unit] = (*by_unit.get(one.unit, ()), one)
            if one.system is not None:
                links.setdefault(one.system, []).append(one)
    # Whether it stands there yet or not: whoever holds its shard begins it from the same view.
    common.update(system for system, lost in links.items() if is_common(lost, now))
    return Incidents(by_unit, frozenset(common))


def is_common(links: Iterable[Incident], now: datetime) -> bool:
    """Say whether one system's links are lost in so many units, for so long, that it is one."""
    lost = {one.unit for one in links if one.since + COMMON_AFTER <= now}
    return len(lost) >= COMMON_UNITS_MIN


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
    """Return the incident that a rung hangs on instead of being told by itself.

    Only what falls due while the incident lasts hangs on it: a dossier's rungs; and what the
    provincial centre would hear of a link that several units have lost, and hears as one.
    """
    here = incidents.by_unit.get(obligation.unit)
    if here is None or role not in GATHERED:
        return None
    if is_matter(subject.id):
        common = role == LAST_ROLE and obligation.about.get("system") in incidents.common
        own = incident_id(subject.id, obligation.cause)
        return own if common and any(one.id == own for one in here) else None
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


def is_free(
    incidents: Incidents, subject: Subject, obligation: Obligation, incident: str | None
) -> bool:
    """Say whether what hangs on an incident is to be told by itself after all.

    A link's own rung hangs as long as the province hears of the system as a whole.
    """
    alone = is_matter(subject.id) and obligation.about.get("system") not in incidents.common
    return alone or incident not in incidents.ids


def hangs(subject: Subject) -> list[tuple[str, str, str]]:
    """Return (incident, obligation, role) of everything that hangs on one here.

    What is released and waits for the rest of a backlog does not: it is found by its moment.
    """
    found = [
        (rung.incident, obligation.id, rung.role)
        for obligation in subject.obligations.values()
        for rung in obligation.hanging()
        if rung.incident is not None and rung.role is not None and rung.why != RELEASED
    ]
    return sorted(set(found))


def tell(
    subject: Subject,
    hanging: Mapping[str, Sequence[Hanging]],
    common: Collection[str],
    reference: Reference,
    now: datetime,
    emit: Emitter,
) -> None:
    """Tell the hearers of each incident what hangs on it: once, then at a bounded pace.

    Who hears of more is whoever would have been told of it, had it been told by itself; but
    the provincial centre, where it hears of the system as a whole.
    """
    for obligation in subject.obligations.values():
        if obligation.kind not in CAUSES or not obligation.open:
            continue
        name = incident_id(subject.id, obligation.cause)
        as_one = obligation.about.get("system") in common
        hung = [
            one
            for one in hanging.get(name, ())
            if one.subject != subject.id and not (as_one and one.role == LAST_ROLE)
        ]
        told = subject.incidents.get(name)
        if hung and _is_news(told, hung, now):
            _say(subject, obligation, name, hung, reference, now, emit)


def _is_news(told: Told | None, hung: Sequence[Hanging], now: datetime) -> bool:
    if told is None or told.over:
        return True
    return bool(heard_of(hung).difference(told.heard)) and now - told.at >= PACE


def heard_of(hung: Iterable[Hanging]) -> set[tuple[str, str]]:
    """Return role and dossier of what hangs."""
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
    heard = heard_of(hung)
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
    for name, told in subject.incidents.items():
        obligation = owed.get(name)
        if told.over or told.units or (obligation is not None and obligation.open):
            continue
        told.over = True
        told.times += 1
        until = at if obligation is None else obligation.discharged_at or at
        struck = obligation is None or obligation.void
        emit.incident_closed(told, subject.unit, until=max(until, told.since), struck=struck)

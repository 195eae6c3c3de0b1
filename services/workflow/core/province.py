"""A system that several units cannot reach: one incident of the province, told as one.

Each unit's link stays a matter of its own, with its own incident for the people of that unit:
their dossiers hang there, and are free as soon as that link is back. What the provincial centre
would hear of each of them it hears of all in one message, which names the units. It stands in
the province's own matter of that link, so that one compare-and-set begins, tells and ends it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.workflow.core.emissions import Emitter
from services.workflow.core.gathering import (
    CAUSES,
    NAMED_MAX,
    PACE,
    heard_of,
    incident_id,
    is_common,
)
from services.workflow.core.incident import Hanging, Incident, Told
from services.workflow.core.kinds.centre import CONNECTION
from services.workflow.core.ladder import LAST_ROLE
from services.workflow.core.model import Subject
from shared.events.codes import PROVINCE, connection_subject, is_matter
from shared.reference.view import Reference


def matter_of(system: str) -> str:
    """Name the matter in which the incident of the province stands."""
    return connection_subject(PROVINCE, system)


def tell_province(
    subject: Subject,
    links: Sequence[Incident],
    fresh: Sequence[Incident],
    hanging: Mapping[str, Sequence[Hanging]],
    reference: Reference,
    now: datetime,
    emit: Emitter,
) -> None:
    """Begin, tell or end the incident of the province: by level, from what is lost now.

    It is told at once, then at a bounded pace when another unit has lost the link or when there
    is more that the provincial centre would have heard; and it is over when every link is back.

    Args:
        subject: The province's matter of the link.
        links: Every unit's lost link to the system.
        fresh: Those of them that still gather: an old loss begins nothing.
        hanging: What hangs on each of them.
        reference: Who holds which role.
        now: The time by which the law runs.
        emit: Takes what is said.
    """
    told = next((one for one in subject.incidents.values() if one.units and not one.over), None)
    if told is not None and not links:
        told.over = True
        told.times += 1
        emit.incident_closed(told, PROVINCE, until=max(now, told.since), struck=False)
    elif told is not None or is_common(fresh, now):
        _tell(subject, told, links, hanging, reference, now, emit)


def _tell(
    subject: Subject,
    told: Told | None,
    links: Sequence[Incident],
    hanging: Mapping[str, Sequence[Hanging]],
    reference: Reference,
    now: datetime,
    emit: Emitter,
) -> None:
    hung = [
        one for link in links for one in hanging.get(link.id, ()) if not is_matter(one.subject)
    ]
    heard, units = heard_of(hung), {link.unit for link in links}
    if told is not None and not (_is_news(told, heard, units) and now - told.at >= PACE):
        return
    first = min(links, key=lambda link: (link.since, link.id))
    name = incident_id(subject.id, first.id) if told is None else told.incident
    before = subject.incidents.get(name)
    says = Told(
        incident=name,
        cause=CAUSES[CONNECTION],
        system=first.system,
        since=first.since if told is None else told.since,
        at=now,
        times=1 if before is None else before.times + 1,
        heard=tuple(sorted(heard))[:NAMED_MAX],
        count=len({(one.subject, one.obligation) for one in hung}),
        units=tuple(sorted(units.union(() if told is None else told.units))),
    )
    subject.incidents[name] = says
    persons = tuple(sorted(reference.roles(PROVINCE, LAST_ROLE, now)))
    emit.incident_told(says, PROVINCE, begins=told is None, role=LAST_ROLE, persons=persons)


def _is_news(told: Told, heard: set[tuple[str, str]], units: set[str]) -> bool:
    upward = {pair for pair in heard if pair[0] == LAST_ROLE}
    return bool(units.difference(told.units) or upward.difference(told.heard))

"""One audit, from the archives to a report."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from deploy.auditor.core.auditing import Subject, audit_subject
from deploy.auditor.core.calendar import brought_about
from deploy.auditor.core.comparing import Tally
from deploy.auditor.core.ladders import ladders_of, not_audited
from deploy.auditor.core.report import Report
from deploy.auditor.core.wall import VIETNAM, instant
from deploy.auditor.reading import Archives, kinds, least_mark
from shared.kafka.cluster import Cluster

GRACE: Final = timedelta(minutes=20)
"""How long services may take: nothing due or recorded later is asked for.

It is longer than the 15 minutes that an overdue rung may wait for the rest of a backlog, and
leaves five more to raise it and to send its notices.
"""


@dataclass(frozen=True)
class Scope:
    """What is to be audited.

    Attributes:
        now: The time by which the law runs.
        grace: How long services may take.
        unit: One unit alone, if one is named.
        since: What was due before is not looked at.
        until: What was due later is not looked at.
    """

    now: datetime
    grace: timedelta = GRACE
    unit: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def audit(mongo_url: str, where: Cluster | Sequence[str], scope: Scope) -> Report:
    """Recount everything that the archives have, and compare it with what was said.

    Raises:
        UnavailableError: store or broker does not answer.
    """
    now = scope.now.astimezone(VIETNAM)
    settled = now - scope.grace
    mark = await least_mark(where)
    moments = [settled, now if mark is None else mark]
    if scope.until is not None:
        moments.append(scope.until.astimezone(VIETNAM))
    upto = min(moments)
    published, archives = kinds(), Archives(mongo_url)
    ladders = ladders_of(published)
    report = Report(upto, scope.unit, not_audited=not_audited(published))
    tally = Tally()
    try:
        laws = await archives.laws()
        codes = laws.codes
        report.unit = None if scope.unit is None else codes.now(scope.unit)
        there = await archives.named_by(
            code for unit in codes.named for code in codes.names(unit)
        )
        lately = bool(laws.changes) and laws.changes[-1].since > settled
        async for subject in archives.subjects(brought_about(laws, upto, there)):
            if lately or _changed_since(subject, settled):
                report.unsettled += 1
                tally.incidents.unsettled.add(subject.key)
                continue
            report.subjects += 1
            audit_subject(subject, laws, ladders, upto=upto, tally=tally, since=scope.since)
            report.take(tally)
        if not lately:
            report.finish(tally, laws)
    finally:
        await archives.close()
    return report


def _changed_since(subject: Subject, moment: datetime) -> bool:
    """Say whether something was recorded of a subject so lately that others may not have it."""
    return any(instant(event["recordedtime"]) > moment for event in subject.facts)

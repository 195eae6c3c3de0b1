"""A house with many subjects, as the auditor reads its archives."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from deploy.auditor.core.auditing import Subject, audit_subject
from deploy.auditor.core.comparing import Tally
from deploy.auditor.core.finding import Finding
from deploy.auditor.core.law import Laws
from deploy.auditor.core.report import Report
from shared.events.envelope import to_document
from tests.property.auditor.played import LADDERS, Json, notices_of
from tests.unit.workflow.gathered import Centre
from tests.unit.workflow.province import province_events


def said_in(house: Centre) -> list[Json]:
    """Return what workflow's archive has, in the order in which it was said."""
    return [to_document(event) for event in house.events()]


def notices_in(obligations: Iterable[Json]) -> list[Json]:
    """Return what notifications' archive would have: everybody was told."""
    return [notice for told in obligations for notice in notices_of(told)]


def audit_house(
    house: Centre,
    upto: datetime,
    obligations: Sequence[Json] | None = None,
    notices: Sequence[Json] | None = None,
) -> list[Finding]:
    """Let the auditor judge what was said in a house, or what somebody made of it."""
    said = said_in(house) if obligations is None else list(obligations)
    told = notices_in(said) if notices is None else list(notices)
    facts = [to_document(event) for event in house.facts]
    laws = Laws(to_document(event) for event in province_events())
    tally, report = Tally(), Report(upto)
    for key in sorted({one["subject"] for one in (*facts, *said)}):
        own = [one for one in said if one["subject"] == key]
        ids = {one["id"] for one in own}
        subject = Subject(
            key,
            [one for one in facts if one["subject"] == key],
            own,
            [one for one in told if one["data"]["about"] in ids],
        )
        audit_subject(subject, laws, LADDERS, upto=upto, tally=tally)
        report.take(tally)
    report.finish(tally, laws)
    return report.shown

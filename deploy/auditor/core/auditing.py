"""One subject: its story told, and compared with what was said of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from deploy.auditor.core.comparing import Comparing, Tally
from deploy.auditor.core.coverage import COVERAGE, Covering
from deploy.auditor.core.expecting import Telling
from deploy.auditor.core.history import fact_of
from deploy.auditor.core.law import Laws
from deploy.auditor.core.owing import Ladder
from deploy.auditor.core.said import said
from deploy.auditor.core.wall import Json


@dataclass(frozen=True)
class Subject:
    """What the archives have of one subject.

    Attributes:
        key: The dossier's code, or the matter.
        facts: What intake recorded.
        obligations: What workflow said.
        notices: What notifications said.
        opened: When the calendar brought it about, if it did.
    """

    key: str
    facts: Sequence[Json]
    obligations: Sequence[Json] = ()
    notices: Sequence[Json] = ()
    opened: datetime | None = None


def audit_subject(
    subject: Subject,
    laws: Laws,
    ladders: Mapping[str, Ladder],
    *,
    upto: datetime,
    tally: Tally,
    since: datetime | None = None,
) -> None:
    """Compare what should have been raised and notified of a subject with what was.

    Args:
        subject: What the archives have of it.
        laws: Every change of the law.
        ladders: The ladders, by kind.
        upto: What was due before this moment must have been raised.
        tally: Takes the outcome.
        since: What was due before this moment is not looked at.
    """
    read = laws.codes.read
    facts = sorted(
        (fact_of(read(event)) for event in subject.facts), key=lambda fact: fact.sequence
    )
    obligations = [read(event) for event in subject.obligations]
    telling = Telling(subject.key, laws, ladders)
    until = max((upto, *(fact.recorded for fact in facts)))
    telling.tell(facts, opened=subject.opened, until=until)
    told = said(obligations, subject.notices)
    Comparing(telling, told, upto, ladders, tally, since).compare()
    if telling.kind == COVERAGE:
        unit = telling.unit
        Covering(subject.key, unit, facts, obligations, told, upto, tally, since).compare()

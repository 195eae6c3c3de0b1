"""Every kind of obligation, by name and by the subject it lives on."""

from collections.abc import Mapping
from typing import Final

from services.workflow.core.kinds.centre import (
    CONNECTION_KIND,
    DEFECT_REPAIR,
    INTERRUPTION_KIND,
    OUTAGE_KIND,
    SUPPORT_ASSIGN,
    SUPPORT_RESOLVE,
)
from services.workflow.core.kinds.centre_head import MEETING_KIND, STAFF_POSTING_KIND
from services.workflow.core.kinds.dossier import APOLOGY_SLIP, DOSSIER_DEADLINE
from services.workflow.core.kinds.dossier_facts import handler_now
from services.workflow.core.kinds.duty import DUTY
from services.workflow.core.kinds.hand_over import HAND_OVER_OF_PAPER
from services.workflow.core.kinds.kind import Kind
from services.workflow.core.kinds.online_answer import ONLINE_ANSWER
from services.workflow.core.kinds.periodic import (
    CONDITIONS_KIND,
    POSTING_KIND,
    ROSTER_GAP,
    WITHDRAWAL_KIND,
)
from services.workflow.core.kinds.petitions import (
    DATA_REQUEST,
    DATA_REQUEST_REPLY,
    PETITION_ANSWER,
    PETITION_CLASSIFY,
    PETITION_PUBLISH,
)
from services.workflow.core.kinds.result_correction import RESULT_CORRECTION
from services.workflow.core.kinds.secondments import END_KIND, NOTE_KIND
from services.workflow.core.kinds.steps import (
    AGENCY_STEP,
    APPLICANT_CONFIRMATION,
    SUPPLEMENT_NOTICE,
)
from services.workflow.core.kinds.supplement_closing import SUPPLEMENT_CLOSING
from shared.events.codes import is_matter

KINDS: Final[Mapping[str, Kind]] = {
    kind.id: kind
    for kind in (
        DOSSIER_DEADLINE,
        APOLOGY_SLIP,
        ONLINE_ANSWER,
        AGENCY_STEP,
        SUPPLEMENT_NOTICE,
        SUPPLEMENT_CLOSING,
        APPLICANT_CONFIRMATION,
        HAND_OVER_OF_PAPER,
        RESULT_CORRECTION,
        DUTY,
        ROSTER_GAP,
        CONDITIONS_KIND,
        DEFECT_REPAIR,
        POSTING_KIND,
        WITHDRAWAL_KIND,
        MEETING_KIND,
        STAFF_POSTING_KIND,
        NOTE_KIND,
        END_KIND,
        PETITION_CLASSIFY,
        PETITION_ANSWER,
        PETITION_PUBLISH,
        SUPPORT_ASSIGN,
        SUPPORT_RESOLVE,
        INTERRUPTION_KIND,
        OUTAGE_KIND,
        CONNECTION_KIND,
        DATA_REQUEST_REPLY,
        DATA_REQUEST,
    )
}

CALENDAR_KINDS: Final = tuple(kind for kind in KINDS.values() if kind.opens_on is not None)
"""The kinds that a day of the calendar brings about."""

PERSONS: Final = {"dossier.assigned": handler_now}
"""Events that name who holds a role for a subject, and how to read who does now."""


def kinds_of(subject: str) -> tuple[Kind, ...]:
    """Return the kinds that can live on a subject."""
    return _BY_SUBJECT.get(kind_of_subject(subject), ())


def watching(subject: str, name: str) -> tuple[Kind, ...]:
    """Return the kinds of a subject that an event of that name can change."""
    return _WATCHING.get((kind_of_subject(subject), name), ())


def kind_of_subject(subject: str) -> str:
    """Return what a subject is: a dossier, or which kind of matter."""
    return subject.split("/", 2)[1] if is_matter(subject) else "dossier"


def _by_subject() -> dict[str, tuple[Kind, ...]]:
    grouped: dict[str, tuple[Kind, ...]] = {}
    for kind in KINDS.values():
        grouped[kind.of] = (*grouped.get(kind.of, ()), kind)
    return grouped


_BY_SUBJECT: Final = _by_subject()


def _watching() -> dict[tuple[str, str], tuple[Kind, ...]]:
    found: dict[tuple[str, str], tuple[Kind, ...]] = {}
    for kind in KINDS.values():
        for name in kind.watches:
            found[kind.of, name] = (*found.get((kind.of, name), ()), kind)
    return found


_WATCHING: Final = _watching()

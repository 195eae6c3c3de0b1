"""Every kind of obligation, by name and by the subject it lives on."""

from collections.abc import Mapping
from typing import Final

from services.workflow.core.kinds.dossier import APOLOGY_SLIP, DOSSIER_DEADLINE
from services.workflow.core.kinds.duty import DUTY
from services.workflow.core.kinds.kind import Kind
from shared.events.codes import is_matter

KINDS: Final[Mapping[str, Kind]] = {
    kind.id: kind for kind in (DOSSIER_DEADLINE, APOLOGY_SLIP, DUTY)
}

CALENDAR_KINDS: Final = tuple(kind for kind in KINDS.values() if kind.opens_on is not None)
"""The kinds that a day of the calendar brings about."""


def kinds_of(subject: str) -> tuple[Kind, ...]:
    """Return the kinds that can live on a subject."""
    return _BY_SUBJECT.get(kind_of_subject(subject), ())


def kind_of_subject(subject: str) -> str:
    """Return what a subject is: a dossier, or which kind of matter."""
    return subject.split("/", 2)[1] if is_matter(subject) else "dossier"


def _by_subject() -> dict[str, tuple[Kind, ...]]:
    grouped: dict[str, tuple[Kind, ...]] = {}
    for kind in KINDS.values():
        grouped[kind.of] = (*grouped.get(kind.of, ()), kind)
    return grouped


_BY_SUBJECT: Final = _by_subject()

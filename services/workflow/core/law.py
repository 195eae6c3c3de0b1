"""Which version of the law a date was worked out under, and what changed it since."""

from collections.abc import Sequence

from shared.reference.proposals import LawChange
from shared.reference.view import Reference


def law_of(reference: Reference) -> int:
    """Return the version at which something last changed that can move a date.

    Who holds which role moves none, so it does not make us count again.
    """
    return reference.law


def changes_since(
    reference: Reference, law: int, *, unit: str, procedure: str | None
) -> Sequence[LawChange]:
    """Return what was decided since a version and can concern a subject, oldest first.

    Where none of it is about the subject's unit and procedure, the last decision stands for it;
    where too much was decided since, only the latest is remembered.
    """
    later = [change for change in reference.changes if change.version > law]
    concerned = [
        change
        for change in later
        if change.unit in {None, unit} and change.procedure in {None, procedure}
    ]
    return concerned or later[-1:]

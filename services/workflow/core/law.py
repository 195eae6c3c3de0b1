"""Which version of the law a date was worked out under, and what changed it since."""

from collections.abc import Collection, Sequence

from shared.events.envelope import Event
from shared.reference.proposals import LawChange
from shared.reference.view import Reference


def law_of(reference: Reference) -> int:
    """Return the version at which something last changed that can move a date.

    Who holds which role moves none, so it does not make us count again.
    """
    return reference.law


def law_when_recorded(event: Event, reference: Reference) -> Reference:
    """Return the law that an event was recorded under; one that does not say: today's.

    Intake stamps the version that it had applied. Whatever was decided after that came later
    than the event, however late the event reaches us.
    """
    version = event.referenceversion
    return reference if version is None else reference.then(version)


def changes_since(
    reference: Reference, law: int, *, units: Collection[str], procedure: str | None
) -> Sequence[LawChange]:
    """Return what was decided since a version and can concern a subject, oldest first.

    Where none of it is about the subject's units and procedure, the last decision stands for
    all of it.
    """
    later = reference.changes(after=law)
    concerned = [
        change
        for change in later
        if (change.unit is None or reference.current(change.unit) in units)
        and change.procedure in {None, procedure}
    ]
    return concerned or later[-1:]

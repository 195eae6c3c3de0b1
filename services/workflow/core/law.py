"""Which version of the law a date was worked out under."""

from shared.reference.view import Reference


def law_of(reference: Reference) -> int:
    """Return the version at which something last changed that can move a date.

    Who holds which role moves none, so it does not make us count again.
    """
    return reference.law

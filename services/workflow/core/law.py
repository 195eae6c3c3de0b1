"""Which version of the law a date was worked out under."""

from typing import cast

from shared.reference.rules import RuleRow
from shared.reference.view import Reference


def law_of(reference: Reference) -> int:
    """Return the version at which calendar, opening hours or rules last changed.

    Who holds which role changes no date, so it does not make us count again.
    """
    rows = cast("dict[tuple[str, int], RuleRow]", reference.rules.by_version)
    newest_rule = next(reversed(rows), ("", 0))[1]  # Rows are added in order of version.
    return max(reference.calendars.version, newest_rule)

"""The roles that nobody hears, as the desk says it."""

from collections.abc import Sequence
from typing import Any, Final

from services.workflow.adapters.pages.frame import Frame
from services.workflow.core.model import Gap

SHOWN_MAX: Final = 12
"""How many are written out; the number of the others stands below them."""


def gaps_of(frame: Frame, gaps: Sequence[Gap]) -> dict[str, Any]:
    """Return what the page says of gaps: the first ones by name, the others by number."""
    more = len(gaps) - SHOWN_MAX
    return {
        "lines": [_line(frame, gap) for gap in gaps[:SHOWN_MAX]],
        "more": frame.say("gaps_more", count=frame.number(more)) if more > 0 else "",
    }


def _line(frame: Frame, gap: Gap) -> str:
    reasons = ", ".join(frame.say(f"unreached_{reason}") for reason in gap.reasons)
    return frame.say(
        f"gap_{gap.why}",
        unit=frame.unit_name(gap.unit),
        role=frame.say(f"role_{gap.role}"),
        since=frame.moment(gap.since),
        reasons=reasons,
    )

"""A preview as programs and pages read it, within the units that somebody may see."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import Any

from services.workflow.core.preview import COUNTED, Moved
from services.workflow.usecases.preview import Preview
from shared.calendar.zone import ICT
from shared.events.reference import CalendarRow
from shared.reference.proposals import Proposal


def preview_view(
    preview: Preview, units: Collection[str] | None, *, limit: int
) -> dict[str, Any]:
    """Return the counts in all and by unit, and the gravest of what is touched."""
    shown = {
        unit: count for unit, count in preview.counts.items() if units is None or unit in units
    }
    total: Counter[str] = sum(shown.values(), Counter())
    listed = [one for one in preview.listed if units is None or one.unit in units]
    touched = sum(
        number for unit, number in preview.touched.items() if units is None or unit in units
    )
    return {
        **proposal_view(preview.proposal),
        "as_of": _iso(preview.at),
        "referenceversion": preview.version,
        "subjects": preview.subjects,
        "touched": touched,
        "counts": _counts(total),
        "units": {unit: _counts(count) for unit, count in sorted(shown.items())},
        "listed": [_moved(one) for one in listed[:limit]],
        "more": touched > min(len(listed), limit),
    }


def proposal_view(proposal: Proposal) -> dict[str, Any]:
    """Return a proposal: what, by whom, when, and whether it reaches into the past."""
    data = proposal.data
    begins = data.day if isinstance(data, CalendarRow) else data.valid_from
    return {
        "proposal": proposal.subject,
        "seen": proposal.event,
        "proposed_at": _iso(proposal.at),
        "proposed_by": data.by,
        "retroactive": begins < proposal.at.astimezone(ICT).date(),
        "row": data.model_dump(mode="json", exclude_none=True, exclude={"by"}),
    }


def _counts(count: Counter[str]) -> dict[str, int]:
    return {word: count[word] for word in COUNTED}


def _moved(one: Moved) -> dict[str, Any]:
    return {
        "subject": one.subject,
        "unit": one.unit,
        "obligation": one.obligation,
        "what": list(one.what),
        "old_due": _iso(one.old_due),
        "new_due": _iso(one.new_due),
        "old_limit": _iso(one.old_limit),
        "new_limit": _iso(one.new_limit),
        "no_deadline": one.no_deadline,
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(ICT).isoformat()

"""Whether a dossier's waits for its applicant were made as the law asks.

Worked out from the dossier's own events and the limits that workflow told, apart from what
workflow flags, so that the two can be held against each other.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final, Literal

from services.reporting.core.clocks import Setting, local_day
from services.reporting.core.fact import Wait
from shared.events.answers import NoticeProven, NoticeUndeliverable
from shared.events.dossiers import DossierSupplementRequested
from shared.events.envelope import Event

PauseMark = Literal[
    "repeated_request",
    "request_on_or_after_last_day",
    "request_after_limit",
    "unproven_wait",
    "undeliverable_notice",
]
PAUSE_MARKS: Final[tuple[PauseMark, ...]] = (
    "repeated_request",
    "request_on_or_after_last_day",
    "request_after_limit",
    "unproven_wait",
    "undeliverable_notice",
)
ANY_MARK: Final = "pause_breach"
"""The atom of a dossier with at least one of the marks."""

_MOMENT: Final = timedelta(microseconds=1)


def pause_marks(
    history: Sequence[Event],
    asked: Sequence[Event],
    waits: Sequence[Wait],
    requests: Sequence[datetime],
    limits: Sequence[Setting],
    missed: datetime | None,
) -> Mapping[PauseMark, datetime]:
    """Return each mark with the request that first earned it.

    Args:
        history: The dossier's effective events.
        asked: The requests that opened the waits, one for each.
        waits: The waits.
        requests: Every request since acceptance.
        limits: The statutory limit over time; empty where the source gave the date.
        missed: The first limit that passed unmet; None where none did.
    """
    marks: dict[PauseMark, datetime] = {}
    if len(requests) > 1:
        marks["repeated_request"] = requests[1]
    for event, wait in zip(asked, waits, strict=True):
        proven = _proven_at(event, history)
        if proven is None or (wait.received is not None and proven >= wait.received):
            marks.setdefault("unproven_wait", wait.requested)
            if _undeliverable(event, history):
                marks.setdefault("undeliverable_notice", wait.requested)
        held = _limit_at(wait.requested, limits)
        if "request_after_limit" not in marks and _opened_after(missed, wait, proven):
            marks["request_after_limit"] = wait.requested
            held = missed  # A correction states only the limit of the last cycle.
        if held is not None and _last_day(held) <= local_day(wait.requested):
            marks.setdefault("request_on_or_after_last_day", wait.requested)
    return marks


def _opened_after(missed: datetime | None, wait: Wait, proven: datetime | None) -> bool:
    """Say whether a wait opened by law when a limit had passed: at the proof or the receipt."""
    arrived = None if proven is None else max(wait.requested, proven)
    opens = min((one for one in (arrived, wait.received) if one is not None), default=None)
    return missed is not None and opens is not None and opens > missed


def _proven_at(asked: Event, history: Sequence[Event]) -> datetime | None:
    """Return when a request is proven to have arrived; handed over in person is proof."""
    if isinstance(asked.data, DossierSupplementRequested) and asked.data.in_person:
        return asked.time
    proofs = [
        one.data.at
        for one in history
        if isinstance(one.data, NoticeProven) and one.data.about == asked.id
    ]
    return min(proofs, default=None)


def _undeliverable(asked: Event, history: Sequence[Event]) -> bool:
    return any(
        isinstance(one.data, NoticeUndeliverable)
        and one.data.about == asked.id
        and one.data.person is None
        for one in history
    )


def _limit_at(moment: datetime, limits: Sequence[Setting]) -> datetime | None:
    """Return the limit that held at a moment; one that was suspended then held before."""
    held = [one.deadline for one in limits if one.at <= moment and one.deadline is not None]
    return held[-1] if held else None


def _last_day(limit: datetime) -> date:
    """Return the last day of a limit; one that is midnight ends the day before."""
    return local_day(limit - _MOMENT)

"""What precedes and accompanies a dossier's reception: the submission's answer, the payment.

A dossier that begins with its acceptance has no submission. Whether an answer was late is
workflow's judgement of the obligation to answer; without one, no answer is late.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

from services.reporting.core.clocks import Span
from services.reporting.core.fact import Answer, Payment, Submission
from shared.events import dossiers, obligations
from shared.events.envelope import Event
from shared.events.transitions import Status

ANSWER_KIND: Final = "online_answer"
"""The kind of the obligation to answer an online submission."""

ANSWERS: Final[Mapping[Status, Answer]] = {
    Status.REFUSED: "refused",
    Status.WITHDRAWN: "withdrawn",
    Status.STOPPED: "stopped",
}


class Walked(Protocol):
    """What a pass over the dossier's own events brought to light."""

    accepted: Event | None
    ends: dict[Status, datetime]


def submission_of(
    history: Sequence[Event], seen: Walked, dues: Iterable[Event], unit: str
) -> Submission | None:
    """Return when a dossier was submitted, and when and how that was answered.

    Args:
        history: The dossier's effective events by occurrence.
        seen: The same, walked.
        dues: What workflow published about the dossier.
        unit: The competent unit at the submission.
    """
    start = next(
        (one.time for one in history if isinstance(one.data, dossiers.DossierSubmitted)), None
    )
    if start is None or (seen.accepted is not None and seen.accepted.time < start):
        return None
    end, answer = _answer(seen)
    if end is not None:
        # A correction may put the answer before the submission; it counts as given with it.
        end = max(end, start)
    return Submission(unit, start, end, answer, _late(dues, start, end))


def _answer(seen: Walked) -> tuple[datetime | None, Answer | None]:
    if seen.accepted is not None:
        return seen.accepted.time, "accepted"
    found = [(at, status) for status, at in seen.ends.items() if status in ANSWERS]
    if not found:
        return None, None
    at, status = min(found)
    return at, ANSWERS[status]


def _late(dues: Iterable[Event], start: datetime, end: datetime | None) -> tuple[Span, ...]:
    """Return the spans between a missed moment and the discharge of its obligation."""
    missed: dict[tuple[str, int], datetime] = {}
    done: dict[tuple[str, int], datetime] = {}
    for event in dues:
        data = event.data
        if not isinstance(data, obligations.ObligationData) or data.kind != ANSWER_KIND:
            continue
        which = (data.obligation, data.cycle)
        if isinstance(data, obligations.ObligationBreached):
            missed[which] = min(data.at, missed.get(which, data.at))
        elif isinstance(data, obligations.ObligationDischarged):
            done[which] = data.at
    spans = [
        part
        for which, at in sorted(missed.items(), key=lambda pair: pair[1])
        if (part := Span(at, done.get(which)).clipped(start, end)) is not None
    ]
    return _apart(spans)


def _apart(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Return the spans without what an earlier one covers, so that each moment counts once."""
    found: list[Span] = []
    for span in spans:
        last = found[-1] if found else None
        if last is None or (last.end is not None and last.end < span.start):
            found.append(span)
        elif last.end is not None:
            end = None if span.end is None else max(last.end, span.end)
            found[-1] = Span(last.start, end)
    return tuple(found)


def payment_of(history: Iterable[Event]) -> Payment | None:
    """Return a dossier's first payment."""
    return next(
        (
            Payment(one.time, data.how)
            for one in history
            if isinstance(data := one.data, dossiers.DossierPaid)
        ),
        None,
    )

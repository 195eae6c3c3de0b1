"""What a dossier gives to the columns of form 07a/BTP, as atoms of a unit on a day."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from services.reporting.core.clocks import local_day
from services.reporting.core.fact import Answer, Fact, LawDay, Stint, Submission
from shared.events.transitions import Status

Given = tuple[str, date, str]
"""A unit, a day, and the atom that is given to them once."""

ANSWER_ATOMS: Final[dict[Answer, str]] = {
    "accepted": "submitted_accepted",
    "refused": "refused_unreceived",
    "withdrawn": "withdrawn_unreceived",
    "stopped": "stopped_unreceived",
}
TAKEN_OUT_ATOMS: Final = {Status.STOPPED: "stopped", Status.WITHDRAWN: "withdrawn"}
WHEN: Final[dict[LawDay, str]] = {"before": "before", "late": "late"}
PAYMENT_ATOMS: Final = {
    "online": "paid_online",
    "counter": "paid_counter",
    None: "paid_unstated",
}


def form_atoms(fact: Fact) -> Iterator[Given]:
    """Yield what a dossier gives, each atom once on its day."""
    if fact.submission is not None:
        yield from _submission_atoms(fact.submission)
    if fact.stints:
        first, last = fact.stints[0], fact.stints[-1]
        for atom in _received_atoms(fact):
            yield first.unit, local_day(first.start), atom
        if last.left == "ended" and last.end is not None:
            yield last.unit, local_day(last.end), _end_atom(fact)
    if fact.payment is not None:
        day = local_day(fact.payment.at)
        yield _unit_on(fact, day), day, PAYMENT_ATOMS[fact.payment.how]


def _submission_atoms(one: Submission) -> Iterator[Given]:
    """Count the submission, its answer, and the days at whose end the answer was overdue."""
    yield one.unit, local_day(one.start), "submitted"
    if one.end is not None and one.answer is not None:
        yield one.unit, local_day(one.end), ANSWER_ATOMS[one.answer]
    for span in one.late:
        first = local_day(span.start)
        last = None if span.end is None else local_day(span.end)
        if last is not None and first >= last:
            continue  # It was answered before any day ended.
        yield one.unit, first, "awaiting_late_in"
        if last is not None:
            yield one.unit, last, "awaiting_late_out"


def _received_atoms(fact: Fact) -> Iterator[str]:
    """Say by which way it was received; online counts as partly where no level is recorded."""
    if fact.channel == "online":
        yield "received_full" if fact.online_level == "full" else "received_partial"
        if fact.online_level is None:
            yield "received_level_unknown"
    else:
        yield "received_post" if fact.channel == "post" else "received_direct"
    if fact.receiving_unit and fact.receiving_unit != fact.stints[0].unit:
        yield "received_across"


def _end_atom(fact: Fact) -> str:
    """Say how it ended: taken out, or resolved by when and with which letter."""
    status = fact.ended_status
    if status in TAKEN_OUT_ATOMS:
        return TAKEN_OUT_ATOMS[status]
    when = WHEN.get(fact.law_day, "on_time")
    given = fact.apology_at is not None and (
        fact.ended is None or fact.apology_at <= fact.ended
    )
    return f"{when}_{'with' if given else 'without'}_apology"


def _unit_on(fact: Fact, day: date) -> str:
    """Return the unit that was competent on a day; before acceptance the one of now."""
    found: list[Stint] = [one for one in fact.stints if local_day(one.start) <= day]
    return found[-1].unit if found else fact.unit

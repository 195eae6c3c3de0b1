"""The obligations of a dossier beside its deadline: when each was due, and how it ended.

Worked out from what workflow published of the dossier alone. Figures count dossiers, each once
for a kind, so that a number and the rows behind it agree.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from services.reporting.core.clocks import local_day
from services.reporting.core.fact import Fact, KeptObligation, Outcome
from services.reporting.core.submission import ANSWER_KIND
from shared.events import obligations
from shared.events.envelope import Event

KINDS: Final = (ANSWER_KIND, "hand_over", "supplement_closing", "result_correction")
"""The kinds that are counted, in the order in which pages show them."""

BREACH: Final = "breach"
"""How the withdrawal of a breach names it among the escalation levels."""

FIGURES: Final = tuple(f"{kind}_{part}" for kind in KINDS for part in ("new", "missed", "open"))
"""Opened within a period; missed within it; open at its end."""


@dataclass(slots=True)
class _Course:
    """What workflow published of one obligation so far."""

    opened: obligations.ObligationOpened
    unit: str
    due: datetime | None
    breached: bool = False
    ended: obligations.ObligationDischarged | None = None
    applicant_until: datetime | None = None

    def take(self, data: obligations.ObligationData) -> None:
        """Take one more event of it."""
        match data:
            case obligations.ObligationOpened():
                self.opened, self.due, self.ended = data, data.due, None
            case obligations.ObligationDueChanged():
                self.due = data.new_due
            case obligations.ObligationBreached():
                self.breached = True
            case obligations.ObligationRungWithdrawn(rung=rung) if rung == BREACH:
                self.breached = False
            case obligations.ObligationDischarged():
                self.ended = data
        self.unit = data.unit
        self.applicant_until = data.applicant_until or self.applicant_until

    def kept(self) -> KeptObligation:
        """Return how it stands or ended; one that ended late is missed, breached or not."""
        outcome: Outcome = "missed" if self.breached else "open"
        if self.ended is not None:
            outcome = "missed" if self.ended.in_time is False else "met"
            outcome = "void" if self.ended.void else outcome
        return KeptObligation(
            kind=self.opened.kind,
            obligation=self.opened.obligation,
            unit=self.unit,
            opened=self.opened.opened_at,
            due=self.due,
            outcome=outcome,
            closed=None if self.ended is None else self.ended.at,
            applicant_until=self.applicant_until,
        )


def kept_obligations(dues: Sequence[Event]) -> tuple[KeptObligation, ...]:
    """Return the obligations of the counted kinds, in the order in which they began."""
    found: dict[str, _Course] = {}
    for event in dues:
        data = event.data
        if not isinstance(data, obligations.ObligationData) or data.kind not in KINDS:
            continue
        if data.obligation in found:
            found[data.obligation].take(data)
        elif isinstance(data, obligations.ObligationOpened):
            course = _Course(data, data.unit, data.due)
            course.applicant_until = data.applicant_until
            found[data.obligation] = course
    kept = (course.kept() for course in found.values())
    return tuple(sorted(kept, key=lambda one: (one.opened, one.obligation)))


def obligation_atoms(fact: Fact) -> Iterator[tuple[str, date, str, int]]:
    """Yield unit, day, atom and number of what a dossier gives to the roll-ups."""
    for kind in KINDS:
        own = [one for one in fact.obligations if one.kind == kind and one.outcome != "void"]
        if not own:
            continue
        yield own[0].unit, local_day(own[0].opened), f"{kind}_new", 1
        missed = next((one for one in own if one.outcome == "missed"), None)
        if missed is not None:
            yield missed.unit, local_day(missed.due or missed.opened), f"{kind}_missed", 1
        for one in own:
            first = local_day(one.opened)
            last = None if one.closed is None else local_day(one.closed)
            if last is not None and last <= first:
                continue  # It was over before any day ended.
            yield one.unit, first, f"{kind}_in", 1
            if last is not None:
                yield one.unit, last, f"{kind}_out", 1


def obligation_figure(
    figure: str, within: Mapping[str, int], through: Mapping[str, int]
) -> int:
    """Return a figure from the atoms within a period and those of every day until its end."""
    kind, _, part = figure.rpartition("_")
    if part == "open":
        return through.get(f"{kind}_in", 0) - through.get(f"{kind}_out", 0)
    return within.get(figure, 0)


def obligation_figures(
    within: Mapping[str, int], through: Mapping[str, int], among: Iterable[str] = FIGURES
) -> dict[str, int]:
    """Return the figures that are not zero, in the order in which pages show them."""
    found = {name: obligation_figure(name, within, through) for name in among}
    return {name: number for name, number in found.items() if number}

"""What a centre's matter gives to the roll-ups, and the figures that are made of it.

Matters give atoms to the same roll-ups as dossiers do, under a field of their own, so the board
of the directive is made like every other page: a number, and the matters behind it.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Final

from services.reporting.core.clocks import local_day
from services.reporting.core.counts import Cell, Count, checksum_of
from services.reporting.core.fact import MatterFact, minutes_by_day
from services.reporting.core.figures import FLOWS, Flow, Level
from services.reporting.core.matters import DUTY, MEETING, POSTING, STAFF_POSTING

MATTERS: Final = "~centre"
"""The field under which matters are counted; no procedure has it."""

LASTING: Final = (
    "interruption",
    "connection",
    "support",
    "defect",
    "petition",
    "datarequest",
    POSTING,
    MEETING,
    STAFF_POSTING,
    "secondment",
)
"""Kinds that are open from one moment to another."""

OF_THE_HEAD: Final = frozenset({MEETING, STAFF_POSTING})
"""Kinds that the head of a centre answers for."""

HEAD: Final = "head"
"""What all of these are counted under besides: one column of the board."""

COUNTED: Final = (*LASTING, HEAD)

JUDGED: Final = frozenset({"met", "missed"})

MATTER_FLOWS: Final = {
    flow.name: flow
    for flow in (
        *(flow for name, flow in FLOWS.items() if name.startswith(f"{DUTY}_")),
        Flow("conditions_reported", "conditions_reported"),
        Flow("conditions_items", "conditions_items", rows="conditions_reported"),
        Flow("conditions_lacking", "conditions_lacking", rows="conditions_short"),
        Flow("rating_given", "rating_given"),
        Flow("rating_good", "rating_good"),
        Flow("rating_poor", "rating_poor"),
        *(
            Flow(f"{kind}_minutes", f"{kind}_minutes", rows=f"{kind}_lasted")
            for kind in ("interruption", "connection")
        ),
        *(Flow(f"{kind}_new", f"{kind}_new") for kind in COUNTED),
        *(Flow(f"{kind}_missed", f"{kind}_missed") for kind in (*COUNTED, "outage")),
        *(Flow(f"{kind}_reported_up", f"{kind}_reported_up") for kind in COUNTED),
    )
}
"""What fell into a period; minutes are of what has ended, on the days on which they fell."""

MATTER_LEVELS: Final = {
    level.name: level
    for level in (
        *(Level(f"{kind}_open", (f"{kind}_in",), (f"{kind}_out",)) for kind in COUNTED),
        *(Level(f"{kind}_known", (f"{kind}_new",), ()) for kind in (POSTING, HEAD)),
    )
}
"""What was open at the end of a period, or is now."""

MATTER_FIGURES: Final = frozenset({*MATTER_FLOWS, *MATTER_LEVELS})


def matter_counts(fact: MatterFact) -> list[Count]:
    """Return what a matter gives to the roll-ups, one entry per cell."""
    found: dict[Cell, dict[str, int]] = {}

    def give(cell: Cell, atom: str, number: int = 1) -> None:
        atoms = found.setdefault(cell, {})
        atoms[atom] = atoms.get(atom, 0) + number

    begun = Cell(fact.unit, fact.day)
    if fact.kind == DUTY:
        _give_duty(fact, lambda atom: give(begun, atom))
    elif fact.kind == "conditions" and fact.assessed:
        give(begun, "conditions_reported")
        give(begun, "conditions_good", fact.good)
        give(begun, "conditions_items", fact.assessed)
        if fact.lacking:
            give(begun, "conditions_short")
            give(begun, "conditions_lacking", len(fact.lacking))
    elif fact.kind == "rating" and fact.assessed:
        give(begun, "rating_given")
        give(begun, "rating_good" if fact.good else "rating_poor")
    elif fact.kind in {*LASTING, "outage"} and fact.outcome != "void":
        for name in (fact.kind, HEAD) if fact.kind in OF_THE_HEAD else (fact.kind,):
            give(begun, f"{name}_new")
            if fact.outcome in JUDGED:
                give(begun, f"{name}_{fact.outcome}")
            if fact.reported_up:
                give(begun, f"{name}_reported_up")
            _give_spans(fact, name, give)
    return [Count(cell, MATTERS, atoms) for cell, atoms in sorted(found.items())]


def _give_duty(fact: MatterFact, give: Callable[[str], None]) -> None:
    """Count a session; one that is not over or was voided gives nothing."""
    if fact.outcome not in JUDGED:
        return
    give("duty_expected")
    give(f"duty_{fact.outcome}")
    if fact.outcome == "missed" and fact.reported_up:
        give("duty_reported_up")


def _give_spans(fact: MatterFact, name: str, give: Callable[[Cell, str, int], None]) -> None:
    """Count when it was open: at the end of which days, and for how many minutes."""
    lasted: dict[date, int] = {}
    for span in fact.spans:
        first = Cell(fact.unit, local_day(span.start))
        if span.end is None:
            give(first, f"{name}_in", 1)
            continue
        last = Cell(fact.unit, local_day(span.end))
        for day, minutes in minutes_by_day(span).items():
            lasted[day] = lasted.get(day, 0) + minutes
        if first != last:  # Else it was over before any day ended.
            give(first, f"{name}_in", 1)
            give(last, f"{name}_out", 1)
    for day, minutes in lasted.items():
        give(Cell(fact.unit, day), f"{name}_lasted", 1)
        give(Cell(fact.unit, day), f"{name}_minutes", minutes)


def matter_checksums(fact: MatterFact | None) -> dict[str, int]:
    """Return each cell that a matter is counted in with a checksum of what it gives there."""
    return {} if fact is None else checksum_of(matter_counts(fact))


def value_of(figure: str, within: Mapping[str, int], through: Mapping[str, int]) -> int:
    """Return the number of a figure of matters, from what fell into a period and until then."""
    flow = MATTER_FLOWS.get(figure)
    if flow is not None:
        return within.get(flow.atom, 0)
    return MATTER_LEVELS[figure].at(through)


def added(by_unit: Mapping[str, Mapping[str, int]], units: Iterable[str]) -> dict[str, int]:
    """Add the atoms of some units up."""
    found: dict[str, int] = {}
    for unit in units:
        for atom, number in by_unit.get(unit, {}).items():
            found[atom] = found.get(atom, 0) + number
    return found

"""Matters of centres on pages: what each was, how long it lasted, and how many there were."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from services.reporting.adapters.desk import Desk
from services.reporting.adapters.documents import facts_of
from services.reporting.adapters.pages import formats
from services.reporting.adapters.pages.frame import Frame
from services.reporting.core.clocks import local_day
from services.reporting.core.fact import MatterFact
from services.reporting.core.matter_counts import added, value_of
from services.reporting.core.outages import delays_among
from services.reporting.core.premises import ITEMS, rule_of
from services.reporting.ports import Listed
from services.reporting.usecases.reading import Overview
from shared.law.citation import Citation, find

MINUTES_AN_HOUR: Final = 60
SHOWN: Final = (
    "duty_met",
    "duty_missed",
    "interruption_new",
    "interruption_minutes",
    "interruption_open",
    "outage_missed",
    "connection_new",
    "connection_minutes",
    "connection_open",
    "conditions_items",
    "conditions_lacking",
    "defect_new",
    "defect_open",
    "defect_missed",
    "posting_new",
    "posting_open",
    "posting_missed",
    "meeting_new",
    "meeting_open",
    "meeting_missed",
    "staff_posting_new",
    "staff_posting_open",
    "staff_posting_missed",
    "secondment_new",
    "secondment_open",
    "secondment_missed",
    "support_new",
    "support_open",
    "support_missed",
    "petition_new",
    "petition_open",
    "petition_missed",
    "rating_given",
    "rating_poor",
    "datarequest_new",
    "datarequest_open",
    "datarequest_missed",
)
"""What the page of a centre shows, where there is any."""

SLUG_WORDS: Final = {"defect": "item", "datarequest": "right", "petition": "by"}
"""Kinds whose detail is of a closed list, with how the keys of its words begin."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table of matters."""

    text: str
    style: str = ""
    notes: Sequence[str] = field(default=())


Make = Callable[[Frame, Desk, MatterFact], Cell]


def table(
    frame: Frame, desk: Desk, figure: str, rows: Sequence[Listed]
) -> dict[str, Any] | None:
    """Return what the template shows of a list of matters of one kind; None for dossiers."""
    facts = facts_of(figure, rows)
    if not facts:
        return None
    columns = COLUMNS.get(facts[0].kind, LASTING)
    return {
        "columns": [
            {"name": frame.say(name), "style": "n" if name in NUMERALS else ""}
            for name, _ in columns
        ],
        "rows": [
            {
                "unit": desk.unit_name(fact.unit),
                "unit_href": frame.link(f"/units/{fact.unit}"),
                "cells": [make(frame, desk, fact) for _, make in columns],
            }
            for fact in facts
        ],
    }


def figures_of(
    frame: Frame, found: Overview, units: Sequence[str], unit: str | None
) -> list[dict[str, str]]:
    """Return how many matters of each sort there were in some units, and what they delayed.

    Each number has its rows: the matters, or the dossiers that an outage delayed.
    """
    within, through = added(found.atoms, units), added(found.levels, units)
    shown = []
    for name in SHOWN:
        number = value_of(name, within, through)
        if number:
            text = amount(frame, name, number)
            href = frame.rows_link(name, unit=unit)
            shown.append({"name": frame.say(name), "count": text, "href": href})
    for name in delays_among(within):
        href = frame.rows_link(name, unit=unit)
        count = frame.number(within[name])
        shown.append({"name": frame.figure(name), "count": count, "href": href})
    return shown


def amount(frame: Frame, figure: str, number: int) -> str:
    """Write a figure; minutes as hours and minutes."""
    if not figure.endswith("_minutes"):
        return frame.number(number)
    return duration(frame, number)


def duration(frame: Frame, minutes: int) -> str:
    """Write how long something lasted."""
    hours, rest = divmod(minutes, MINUTES_AN_HOUR)
    if not hours:
        return frame.say("minutes", count=rest)
    if not rest:
        return frame.say("hours", count=frame.number(hours))
    return frame.say("hours_minutes", hours=frame.number(hours), minutes=rest)


def _what(frame: Frame, desk: Desk, fact: MatterFact) -> Cell:
    if fact.kind == "conditions":
        month = {"month": f"{fact.day.month:02d}", "year": fact.day.year}
        return Cell(frame.say("assessment_of", **month))
    own = fact.subject.split("/", 2)[2]
    if fact.kind == "meeting":
        year, _, quarter = own.partition("-Q")
        return Cell(frame.say("meeting_of", year=year, quarter=quarter))
    if fact.kind == "staff_posting":
        return Cell(frame.say("staff_list_of", day=formats.day(date.fromisoformat(own))))
    if fact.detail is None or fact.detail == own:
        return Cell(own, "id")
    if fact.kind == "posting":
        return Cell(f"{fact.detail} {desk.procedure_name(fact.detail)}", "wide")
    key = f"{SLUG_WORDS.get(fact.kind, '')}_{fact.detail}"
    said = frame.say(key) if key in frame.words else fact.detail.replace("_", " ")
    return Cell(said, notes=(own,))


def _session(frame: Frame, _desk: Desk, fact: MatterFact) -> Cell:
    return Cell(f"{frame.say(f'session_{fact.session}')} {formats.day(fact.day)}", "when")


def _day(_frame: Frame, _desk: Desk, fact: MatterFact) -> Cell:
    return Cell(formats.day(fact.day), "when")


def _since(frame: Frame, _desk: Desk, fact: MatterFact) -> Cell:
    if not fact.spans:
        return Cell(formats.day(fact.day), "when")
    return Cell(formats.moment_near(fact.spans[-1].start, frame.now, frame.language), "when")


def _until(frame: Frame, _desk: Desk, fact: MatterFact) -> Cell:
    if not fact.spans:
        return Cell("")
    end = fact.spans[-1].end
    if end is None and fact.kind == "secondment":
        return Cell(frame.say("still_seconded"), "when")
    if end is None:
        return Cell(frame.say("still"), "needs when")
    return Cell(formats.moment_near(end, frame.now, frame.language), "when")


def _lasted(frame: Frame, _desk: Desk, fact: MatterFact) -> Cell:
    notes = () if fact.counted_on is None else (formats.day(fact.counted_on),)
    return Cell(duration(frame, fact.minutes) if fact.minutes else "", "n", notes)


def _due(frame: Frame, _desk: Desk, fact: MatterFact) -> Cell:
    if fact.due is None:
        return Cell("")
    return Cell(formats.moment_near(fact.due, frame.now, frame.language), "when")


def _outcome(frame: Frame, _desk: Desk, fact: MatterFact) -> Cell:
    family = "outcome" if fact.kind == "duty" else "matter"
    notes = (frame.say("reported_up"),) if fact.reported_up else ()
    style = "needs when" if fact.outcome == "missed" else "when"
    return Cell(frame.say(f"{family}_{fact.outcome}"), style, notes)


def _persons(_frame: Frame, _desk: Desk, fact: MatterFact) -> Cell:
    return Cell(", ".join(fact.persons), "id")


def _items(frame: Frame, _desk: Desk, fact: MatterFact) -> Cell:
    return Cell(f"{frame.number(fact.good)}/{frame.number(fact.assessed)}", "n")


def _lacking(frame: Frame, _desk: Desk, fact: MatterFact) -> Cell:
    parts = [one.partition(":") for one in fact.lacking]
    said = [
        f"{frame.say(f'item_{item}')}: {frame.say(f'state_{how}')}" for item, _, how in parts
    ]
    rules = dict.fromkeys(rule for item, _, _ in parts if (rule := rule_of(item)) is not None)
    sources = (find(rule, fact.day) for rule in rules)
    return Cell(
        "; ".join(said), "wide", [_in(frame, one) for one in sources if one is not None]
    )


def checklist(frame: Frame, figure: str) -> list[dict[str, Any]] | None:
    """Return what every centre has to have, by where it is written; None beside other lists."""
    if not figure.startswith("conditions_"):
        return None
    found = []
    for rule, items in ITEMS.items():
        source = find(rule, local_day(frame.now))
        if source is not None:
            names = [frame.say(f"item_{item}") for item in items]
            found.append({"source": _in(frame, source), "items": names})
    return found


def _in(frame: Frame, source: Citation) -> str:
    return source.vi if frame.language == "vi" else source.en


def _rated(frame: Frame, _desk: Desk, fact: MatterFact) -> Cell:
    return Cell(frame.say("rated_good" if fact.good else "rated_poor"))


NUMERALS: Final = frozenset({"lasted", "items_good"})
Columns = tuple[tuple[str, Make], ...]
LASTING: Final[Columns] = (
    ("matter", _what),
    ("since", _since),
    ("until", _until),
    ("lasted", _lasted),
    ("due_by", _due),
    ("outcome", _outcome),
)
COLUMNS: Final[Mapping[str, Columns]] = {
    "duty": (("session", _session), ("outcome", _outcome), ("on_duty", _persons)),
    "conditions": (("matter", _what), ("items_good", _items), ("not_good", _lacking)),
    "rating": (("since", _day), ("outcome", _rated)),
}
"""What a list says of matters of a kind; of every other kind it says what `LASTING` names."""

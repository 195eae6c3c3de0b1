"""The directive, centre by centre: each cell says how it stands and opens its evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from services.reporting.adapters.desk import Desk
from services.reporting.adapters.pages import formats
from services.reporting.adapters.pages.frame import Frame
from services.reporting.adapters.pages.matters import MINUTES_AN_HOUR, duration
from services.reporting.adapters.pages.overview import silent
from services.reporting.core.clocks import local_day
from services.reporting.core.figures import Figures, Ratio
from services.reporting.core.matter_counts import HEAD, value_of
from services.reporting.core.matters import POSTING
from services.reporting.core.premises import ITEMS
from services.reporting.usecases.reading import Overview
from shared.law.citation import cite_all
from shared.law.rules import Rule

Grade = Literal["met", "remind", "missed", "grave", "none"]

ON_TIME_MET: Final = 0.9
ON_TIME_REMIND: Final = 0.8
DUTY_REMIND: Final = 0.95
DUTY_GRAVE: Final = 0.8
HOURS_REMIND: Final = 4
OPEN_REMIND: Final = 3
COLUMNS: Final = (
    "on_time",
    "interruption",
    "duty",
    "conditions",
    "posting",
    "head",
    "process",
    "support",
    "connection",
)


RULES: Final[Mapping[str, tuple[Rule, ...]]] = {
    "conditions": tuple(ITEMS),
    "posting": (Rule.INDEX_POSTING, Rule.DIRECTIVE),
    "head": (Rule.AGENCY_MEETING, Rule.STAFF_POSTED),
}
"""The rules that a column rests on, where it counts what a centre does once."""


@dataclass(frozen=True, slots=True)
class BoardCell:
    """One requirement at one centre; `rate` stands beside the text, `made_of` says of what."""

    grade: Grade
    text: str
    href: str | None
    title: str = ""
    rate: str = ""
    made_of: str = ""
    made_href: str | None = None


Available = Mapping[str, Mapping[str, Ratio]]
"""Kind, then unit, to the share of opening hours for which it stood."""


def context(frame: Frame, desk: Desk, found: Overview, available: Available) -> dict[str, Any]:
    """Return what the board's template shows."""
    rows: list[dict[str, Any]] = [
        {
            "name": desk.unit_name(unit),
            "href": frame.link(f"/units/{unit}"),
            "cells": cells(frame, found, unit, found.by_unit[unit], available),
        }
        for unit in found.by_unit
        if unit in found.heard.of
    ]
    rows.sort(key=lambda row: _worst_first(row["cells"]))
    return {
        "columns": [
            {"name": frame.say(f"board_{name}"), "title": _sources(frame, name)}
            for name in COLUMNS
        ],
        "rows": rows,
        "grades": [
            (grade, frame.say(f"cell_{grade}"))
            for grade in ("met", "remind", "missed", "grave", "none")
        ],
    }


def _sources(frame: Frame, column: str) -> str:
    """Return where the rules of a column are written; empty where it names none."""
    source = cite_all(RULES.get(column, ()), local_day(frame.now))
    return "" if source is None else source.vi if frame.language == "vi" else source.en


def cells(
    frame: Frame, found: Overview, unit: str, mine: Figures, available: Available
) -> list[BoardCell]:
    """Return the cells of one centre, in the order of the columns."""

    def lasted(kind: str) -> BoardCell:
        if quiet:
            return none
        return hours(frame, atoms, through, kind, unit, available.get(kind, {}).get(unit))

    atoms = found.atoms.get(unit, {})
    through = found.levels.get(unit, {})
    quiet = silent(frame, found, unit, mine) is not None
    none = BoardCell("none", frame.say("cell_none_short"), None)
    heard = not quiet
    return [
        on_time(frame, mine.on_time_law, unit) if heard and mine.on_time_law.den else none,
        lasted("interruption"),
        duty(frame, mine, unit),
        conditions(frame, atoms, unit) or none,
        done_of(frame, through, unit, POSTING) or none,
        done_of(frame, through, unit, HEAD) or none,
        process(frame, mine, unit) if heard and mine.received else none,
        support(frame, atoms, through, unit) if heard else none,
        lasted("connection"),
    ]


def on_time(frame: Frame, law: Ratio, unit: str) -> BoardCell:
    """Grade the on-time rate by law."""
    share = law.share or 0.0
    grade: Grade = (
        "met" if share >= ON_TIME_MET else "remind" if share >= ON_TIME_REMIND else "missed"
    )
    href = frame.rows_link("ended_late" if law.num < law.den else "ended_on_time", unit=unit)
    made_of = f"{frame.number(law.num)} / {frame.number(law.den)}"
    return BoardCell(grade, formats.rate(law, frame.language), href, made_of)


def duty(frame: Frame, mine: Figures, unit: str) -> BoardCell:
    """Grade how many sessions had somebody on duty."""
    sessions = mine.duty
    if sessions.share is None:
        return BoardCell("none", frame.say("cell_none_short"), None)
    text = f"{sessions.num}/{sessions.den}"
    if sessions.num == sessions.den:
        return BoardCell("met", text, frame.rows_link("duty_met", unit=unit))
    grade: Grade = "remind" if sessions.share >= DUTY_REMIND else "missed"
    if sessions.share < DUTY_GRAVE and mine.flows["duty_reported_up"]:
        grade = "grave"
    return BoardCell(grade, text, frame.rows_link("duty_missed", unit=unit))


def process(frame: Frame, mine: Figures, unit: str) -> BoardCell:
    """Grade breaches of procedure: waits for the applicant that the law does not allow so."""
    count = mine.flows["pause_breach"]
    grade: Grade = "met" if not count else "remind" if count < OPEN_REMIND else "missed"
    href = frame.rows_link("pause_breach", unit=unit) if count else None
    return BoardCell(grade, frame.say("errors", count=frame.number(count)), href)


def conditions(frame: Frame, atoms: Mapping[str, int], unit: str) -> BoardCell | None:
    """Grade the self-assessments, item by item of the list; None where there is none."""
    good, items = atoms.get("conditions_good", 0), atoms.get("conditions_items", 0)
    if not items:
        return None
    whole = good == items
    figure = "conditions_items" if whole else "conditions_lacking"
    href = frame.rows_link(figure, unit=unit)
    return BoardCell("met" if whole else "remind", f"{good}/{items}", href)


def done_of(frame: Frame, through: Mapping[str, int], unit: str, name: str) -> BoardCell | None:
    """Grade what is done of all that was due; None where nothing was due yet."""
    known = value_of(f"{name}_known", {}, through)
    missing = value_of(f"{name}_open", {}, through)
    if not known:
        return None
    grade: Grade = "met" if not missing else "remind"
    if missing and through.get(f"{name}_missed", 0):
        grade = "grave" if through.get(f"{name}_reported_up", 0) else "missed"
    figure = f"{name}_open" if missing else f"{name}_known"
    text = f"{frame.number(known - missing)}/{frame.number(known)}"
    return BoardCell(grade, text, frame.rows_link(figure, unit=unit))


def hours(
    frame: Frame,
    atoms: Mapping[str, int],
    through: Mapping[str, int],
    kind: str,
    unit: str,
    available: Ratio | None,
) -> BoardCell:
    """Grade the time for which something was interrupted or lost; still open is never met.

    Beside it stands the share of opening hours without any, where there were opening hours.
    """
    minutes = atoms.get(f"{kind}_minutes", 0)
    open_now = value_of(f"{kind}_open", {}, through)
    grade: Grade = "met" if not minutes else "remind"
    if minutes >= HOURS_REMIND * MINUTES_AN_HOUR or open_now > 0:
        grade = "missed"
    if atoms.get(f"{kind}_reported_up", 0):
        grade = "grave"
    text, href, title = frame.say("hours", count=0), None, ""
    if open_now > 0:
        text = frame.say("open_count", count=frame.number(open_now))
        href = frame.rows_link(f"{kind}_open", unit=unit)
    elif minutes:
        title = duration(frame, minutes)
        text = title
        if minutes >= MINUTES_AN_HOUR:
            text = frame.say("hours", count=frame.number(round(minutes / MINUTES_AN_HOUR)))
        href = frame.rows_link(f"{kind}_minutes", unit=unit)
    if available is None or available.share is None:
        return BoardCell(grade, text, href, title)
    made_of = frame.say(
        "available_of",
        kept=duration(frame, available.num),
        opening=duration(frame, available.den),
    )
    rate = formats.rate(available, frame.language)
    # What is over opens behind the rate, what lasts behind the count beside it.
    behind = frame.rows_link(f"{kind}_minutes", unit=unit) if minutes else href
    return BoardCell(grade, text, href, title, rate, made_of, behind)


def support(
    frame: Frame, atoms: Mapping[str, int], through: Mapping[str, int], unit: str
) -> BoardCell:
    """Grade the requests for support that are still open."""
    count = value_of("support_open", {}, through)
    grade: Grade = "met" if not count else "remind" if count < OPEN_REMIND else "missed"
    if count and atoms.get("support_reported_up", 0):
        grade = "grave"
    href = frame.rows_link("support_open", unit=unit) if count else None
    return BoardCell(grade, frame.say("open_count", count=frame.number(count)), href)


def _worst_first(row: Sequence[BoardCell]) -> tuple[int, int, int]:
    grades = [cell.grade for cell in row]
    return (-grades.count("grave"), -grades.count("missed"), -grades.count("remind"))

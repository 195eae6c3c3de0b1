"""Our own engine behind the vectors' JSON: one question in, one answer out."""

import json
from collections.abc import Mapping
from datetime import date, time
from functools import lru_cache
from typing import Any

from shared.calendar.cases import outcome, parse_case
from shared.calendar.days import DayNote, DeadlineCalendar
from shared.calendar.deadline import compute
from shared.calendar.errors import DateOutsideCalendarError, RefusedInputError
from shared.calendar.opening import Hours, OpeningHours, OpeningRules, Season, Span

Json = Mapping[str, Any]


def answer_vector(question: Json) -> dict[str, Any]:
    """Return the answer to one vector: its dates, or the rule that refuses it."""
    try:
        case = parse_case(question["case"])
        calendar, opening = _tables(
            json.dumps(question["calendar"], sort_keys=True),
            json.dumps(question["opening"], sort_keys=True),
        )
        return outcome(compute(case.limit, case.history, calendar, opening))
    except RefusedInputError as refused:
        return {"error": refused.rule}
    except DateOutsideCalendarError:
        return {"error": "outside-calendar"}


@lru_cache(maxsize=64)
def _tables(calendar: str, opening: str) -> tuple[DeadlineCalendar, OpeningHours]:
    """Build the tables of a question once; most questions ask by the same calendar."""
    days = calendar_of(json.loads(calendar))
    return days, opening_of(json.loads(opening), days)


def calendar_of(document: Json) -> DeadlineCalendar:
    """Return the deadline calendar that a JSON object lists."""
    notes = {
        date.fromisoformat(day): DayNote(works=False, reason="off") for day in document["off"]
    }
    for day in document["work"]:
        notes[date.fromisoformat(day)] = DayNote(works=True, reason="swap")
    return DeadlineCalendar(
        first_day=date.fromisoformat(document["first_day"]),
        last_day=date.fromisoformat(document["last_day"]),
        notes=notes,
    )


def opening_of(document: Json, calendar: DeadlineCalendar) -> OpeningHours:
    """Return the opening calendar that a JSON object describes."""
    seasons = tuple(_season(season) for season in document["seasons"])
    closures = {
        date.fromisoformat(day): DayNote(works=False, reason="closure")
        for day in document.get("closed", ())
    }
    for day in document.get("open", ()):
        closures[date.fromisoformat(day)] = DayNote(works=True, reason="reception")
    return OpeningHours(calendar, OpeningRules(seasons), closures)


def _season(document: Json) -> Season:
    saturday = Hours(_span(document, "saturday_morning"), _span(document, "saturday_afternoon"))
    return Season(
        weekday=Hours(_span(document, "morning"), _span(document, "afternoon")),
        saturday=saturday if saturday.morning or saturday.afternoon else None,
        first=_month_day(document["first"]),
        last=_month_day(document["last"]),
    )


def _span(document: Json, name: str) -> Span | None:
    pair = document.get(name)
    return (time.fromisoformat(pair[0]), time.fromisoformat(pair[1])) if pair else None


def _month_day(text: str) -> tuple[int, int]:
    return int(text[:2]), int(text[3:])

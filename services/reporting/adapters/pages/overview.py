"""The overview of a scope: strip of figures, trend, ageing, table of centres."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from services.reporting.adapters.desk import Desk
from services.reporting.adapters.pages import drawing, formats
from services.reporting.adapters.pages.frame import Frame, period_text
from services.reporting.core.clocks import local_day
from services.reporting.core.figures import STANDINGS, Figures, Ratio
from services.reporting.core.pauses import PAUSE_MARKS
from services.reporting.usecases.reading import Overview

RANKED_MIN: Final = 10
"""A rate on fewer dossiers is shown, and not ranked."""

SILENT_DAYS: Final = 4
"""A centre unheard of for longer than a long weekend shows no rate."""

EMPTY_CELL: Final = {"text": "", "href": None, "strong": False}
BAR_STYLES: Final = {
    "overdue_over_5": "attention",
    "overdue_1_5": "attention",
    "due_today": "today",
    "waiting_undue": "muted",
    "undated": "hatched",
}


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure of the strip: a number that is a link, and a line beneath it."""

    label: str
    value: str
    href: str
    note: str
    note_href: str | None
    strong: bool = False


def context(frame: Frame, desk: Desk, found: Overview) -> dict[str, Any]:
    """Return what the overview's template shows."""
    communes = [unit for unit in found.by_unit if unit in found.heard.of]
    return {
        "tiles": tiles(frame, found.total),
        "subtitle": subtitle(frame, found),
        "title": frame.say("overview_title", count=frame.number(len(found.heard.of))),
        "charts": charts(frame, found),
        "trend_title": frame.say("trend_title_month" if found.by_month else "trend_title"),
        "ageing": ageing(frame, found.total),
        "ageing_current": bool(found.total.standing),
        "rows": unit_rows(frame, desk, found, communes),
        "least": RANKED_MIN,
        "empty": not any((found.total.received, found.total.ended, found.total.pending)),
        "total": found.total,
        "now_text": frame.as_of(found.as_of),
    }


def subtitle(frame: Frame, found: Overview) -> list[str]:
    """Say the period, the freshness and the completeness of what is shown."""
    heard = found.heard
    today = heard.day == local_day(frame.now)
    spoken = frame.say(
        "heard_today" if today else "heard_on",
        count=heard.count,
        of=len(heard.of),
        day=formats.day(heard.day),
    )
    seen = found.total.ended + found.total.pending
    undated = formats.share(
        found.total.without_deadline / seen if seen else 0.0, frame.language
    )
    return [
        period_text(frame),
        frame.say("data_as_of", moment=frame.as_of(found.as_of)),
        spoken,
        frame.say("undated_share", share=undated),
    ]


def tiles(frame: Frame, total: Figures) -> list[Tile]:
    """Return the six figures of the strip."""
    say, number = frame.say, frame.number
    law, index = total.on_time_law, total.on_time_index
    all_of_them = total.received + total.carried + total.flows["moved_in"]
    resolved = formats.share(total.ended / all_of_them if all_of_them else None, frame.language)
    current = bool(total.standing)
    return [
        Tile(
            say("received"),
            number(total.received),
            frame.rows_link("received"),
            say("from_before", count=number(total.carried)),
            frame.rows_link("carried"),
        ),
        Tile(
            say("ended"),
            number(total.ended),
            frame.rows_link("ended"),
            say("of_all", share=resolved),
            None,
        ),
        Tile(
            say("pending"),
            number(total.pending),
            frame.rows_link("pending"),
            say("waiting_count", count=number(total.open.waiting)),
            frame.rows_link("waiting"),
        ),
        Tile(
            say("on_time_law"),
            formats.rate(law, frame.language),
            frame.rows_link("ended_on_time"),
            say("num_of_den", num=number(law.num), den=number(law.den)),
            frame.rows_link("ended_late"),
        ),
        Tile(
            say("on_time_index"),
            formats.rate(index, frame.language),
            frame.rows_link("ended_on_time_index"),
            gap_note(frame, law, index),
            "#definitions",
        ),
        Tile(
            say("overdue"),
            number(total.open.overdue),
            frame.rows_link("overdue"),
            say("due_today_count", count=number(total.standing.get("due_today", 0)))
            if current
            else "",
            frame.rows_link("due_today") if current else None,
            strong=total.open.overdue > 0,
        ),
    ]


def gap_note(frame: Frame, law: Ratio, index: Ratio) -> str:
    """Say how far the two rates are apart."""
    if law.share is None or index.share is None:
        return frame.say("num_of_den", num=frame.number(index.num), den=frame.number(index.den))
    points = abs(law.share - index.share) * 100
    rounded = formats.decimal(points, frame.language)
    return frame.say("no_gap") if points < 0.05 else frame.say("gap_points", points=rounded)  # noqa: PLR2004 - rounds to zero.


def charts(frame: Frame, found: Overview) -> list[Markup]:
    """Draw the trend, once for a wide page and once for a narrow one."""
    lines = [
        drawing.Line(
            frame.say("line_received"), "first", [one.received for one in found.series]
        ),
        drawing.Line(frame.say("line_ended"), "second", [one.ended for one in found.series]),
        drawing.Line(frame.say("line_overdue"), "needs", [one.overdue for one in found.series]),
    ]
    form = "%m/%Y" if found.by_month else "%d/%m"
    labels = [one.day.strftime(form) for one in found.series]
    title = frame.say("trend_title_month" if found.by_month else "trend_title")
    return [
        drawing.trend(lines, labels, frame=size, title=title, language=frame.language)
        for size in (drawing.WIDE, drawing.NARROW)
    ]


def ageing(frame: Frame, total: Figures) -> list[dict[str, Any]]:
    """Return the bands of open dossiers with their bars."""
    if not total.standing:
        still = total.open
        parts = [
            ("overdue", still.overdue, "attention"),
            ("late_open", still.late_open, "attention"),
            ("waiting", still.waiting, "muted"),
            ("pending_without_deadline", still.pending_without_deadline, "hatched"),
        ]
    else:
        parts = [
            (band, total.standing.get(band, 0), BAR_STYLES.get(band, "plain"))
            for band in STANDINGS
        ]
    largest = max((count for _, count, _ in parts), default=0)
    return [
        {
            "label": frame.say(name),
            "count": frame.number(count),
            "href": frame.rows_link(name) if count else None,
            "bar": drawing.bar(count, largest, style),
        }
        for name, count, style in parts
    ]


def unit_rows(
    frame: Frame, desk: Desk, found: Overview, units: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the table of centres, lowest rate first; those that say nothing come last."""
    rows = [_unit_row(frame, desk, found, unit) for unit in units]
    return sorted(rows, key=lambda row: row["order"])


def _unit_row(frame: Frame, desk: Desk, found: Overview, unit: str) -> dict[str, Any]:
    mine = found.by_unit[unit]
    silence = silent(frame, found, unit, mine)
    # A centre of which nothing is known has no zeros either.
    unknown = silence is not None and gave_nothing(mine)
    law = mine.on_time_law
    rate = None if silence or law.share is None else law
    label = "" if rate is None else _interval_label(frame, law)
    if rate is None:
        order: tuple[float, ...] = (2, -mine.pending)
    else:
        order = (0 if law.den >= RANKED_MIN else 1, law.share or 0.0)
    return {
        "unit": unit,
        "name": desk.unit_name(unit),
        "href": frame.link(f"/units/{unit}"),
        "cells": [EMPTY_CELL] * (5 if found.total.standing else 4)
        if unknown
        else [
            _cell(frame, "received", mine.received, unit),
            _cell(frame, "ended", mine.ended, unit),
            _cell(frame, "pending", mine.pending, unit),
            _cell(frame, "overdue", mine.open.overdue, unit, strong=True),
            _cell(frame, "due_today", found.due_today.get(unit, 0), unit)
            if found.total.standing
            else None,
        ],
        "rate": None if rate is None else formats.rate(law, frame.language),
        "rate_title": f"{frame.number(law.num)} / {frame.number(law.den)}",
        "rate_href": frame.rows_link("ended_late", unit=unit),
        "silence": silence,
        "interval": None if rate is None else drawing.interval(law, label),
        "spark": Markup()
        if unknown
        else drawing.spark(
            found.sparks.get(unit, ()),
            f"{frame.say('fourteen_days')}: "
            + ", ".join(str(value) for value in found.sparks.get(unit, ())),
        ),
        "order": order,
    }


def _cell(
    frame: Frame, figure: str, count: int, unit: str, *, strong: bool = False
) -> dict[str, Any]:
    return {
        "text": frame.number(count) if count or not strong else "",
        "href": frame.rows_link(figure, unit=unit) if count else None,
        "strong": strong and count > 0,
    }


def _interval_label(frame: Frame, law: Ratio) -> str:
    counted = f"{frame.number(law.num)}/{frame.number(law.den)}"
    return f"{formats.rate(law, frame.language)} ({counted})"


def gave_nothing(mine: Figures) -> bool:
    """Say whether a centre gave no dossier at all to a period."""
    return not (mine.received or mine.ended or mine.pending or mine.carried)


def silent(frame: Frame, found: Overview, unit: str, mine: Figures) -> str | None:
    """Say since when a centre says nothing; None for one that was heard from lately.

    Of a period that is over, a centre is silent when it gave nothing at all in it.
    """
    nothing = gave_nothing(mine)
    last = found.heard.last.get(unit)
    if last is None:
        told = mine.flows["imported"] or not found.total.standing
        return None if told and not nothing else frame.say("no_data")
    if not found.total.standing:
        return frame.say("no_data") if nothing else None
    quiet = found.heard.day - local_day(last)
    if unit in found.heard.units or quiet.days < SILENT_DAYS:
        return None
    return frame.say("no_data_since", moment=formats.moment_short(last, frame.language))


FORM_FIGURES: Final = (
    None,
    "received_online",
    "received_offline",
    None,
    "ended",
    "ended_before_last_day",
    "ended_on_day",
    "ended_late",
    "pending",
    "in_time_open",
    "late_open",
)
"""The list behind each of the columns 3 to 13; columns 3 and 6 are sums of several."""


def pause_rows(frame: Frame, found: Overview) -> list[dict[str, str]]:
    """Return what was amiss with waits for the applicant, each with the rows behind it."""
    flows = found.total.flows
    return [
        {
            "name": frame.say(mark),
            "count": frame.number(flows[mark]),
            "href": frame.rows_link(mark),
        }
        for mark in PAUSE_MARKS
        if flows[mark]
    ]


def field_rows(
    frame: Frame, desk: Desk, by_field: Mapping[str, Figures]
) -> list[dict[str, Any]]:
    """Return form II.06a: received, resolved and pending by field, with the total."""
    rows = [
        (desk.field_name(name) or frame.say("no_field"), name, form_columns(mine))
        for name, mine in by_field.items()
    ]
    if len(rows) > 1:
        total = [sum(column) for column in zip(*(row[2] for row in rows), strict=True)]
        rows.append((frame.say("total"), "", total))
    return [
        {
            "name": name,
            "field": field,
            "cells": [
                {
                    "text": frame.number(number),
                    "href": frame.rows_link(figure, field=field or None)
                    if figure and number
                    else None,
                }
                for figure, number in zip(FORM_FIGURES, columns, strict=True)
            ],
        }
        for name, field, columns in rows
    ]


def form_columns(mine: Figures) -> list[int]:
    """Return columns 3 to 13 of form II.06a; column 6 nets the moves."""
    moved = mine.flows["moved_in"] - mine.flows["moved_out"]
    return [
        mine.received + mine.carried + moved,
        mine.flows["received_online"],
        mine.flows["received_offline"],
        mine.carried + moved,
        mine.ended,
        mine.flows["ended_before_last_day"],
        mine.flows["ended_on_day"],
        mine.flows["ended_late"],
        mine.pending,
        mine.open.in_time_open,
        mine.open.late_open,
    ]

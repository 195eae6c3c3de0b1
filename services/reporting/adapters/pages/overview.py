"""The overview of a scope: strip of figures, trend, ageing, table of centres."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from services.reporting.adapters.desk import Desk
from services.reporting.adapters.pages import drawing, formats
from services.reporting.adapters.pages.frame import Frame, linked, period_text, sentence
from services.reporting.core.clocks import local_day
from services.reporting.core.dossier_obligations import obligation_figures
from services.reporting.core.figures import STANDINGS, Figures, Ratio
from services.reporting.core.matter_counts import added
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
    """One figure of the strip: a number that is a link, and its own links beneath it."""

    label: str
    value: str
    href: str
    note: str
    strong: bool = False
    title: str = ""


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


def subtitle(frame: Frame, found: Overview) -> Sequence[str]:
    """Say the period, the freshness and the completeness of what is shown."""
    heard = found.heard
    today = heard.day == local_day(frame.now)
    spoken = sentence(
        frame,
        "heard_today" if today else "heard_on",
        count=linked(str(heard.count), f"{frame.link('/sources', unit=frame.unit)}#heard"),
        of=str(len(heard.of)),
        day=formats.day(heard.day),
    )
    seen, undated = found.total.ended + found.total.pending, found.total.without_deadline
    share = formats.share(undated / seen if seen else 0.0, frame.language)
    if undated:
        share = linked(share, frame.rows_link("without_deadline"))
    return [
        period_text(frame),
        frame.say("data_as_of", moment=frame.as_of(found.as_of)),
        spoken,
        sentence(frame, "undated_share", share=share),
    ]


def tiles(frame: Frame, total: Figures) -> list[Tile]:
    """Return the six figures of the strip."""
    number = frame.number
    came = total.received + total.carried + total.flows["moved_in"]
    resolved = formats.share(total.ended / came if came else None, frame.language)
    due_today = number(total.standing.get("due_today", 0))

    def tile(name: str, count: int, note: str, *, strong: bool = False) -> Tile:
        return Tile(frame.say(name), number(count), frame.rows_link(name), note, strong)

    def counted(key: str, figure: str, count: str) -> Markup:
        return linked(frame.say(key, count=count), frame.rows_link(figure))

    return [
        tile(
            "received", total.received, counted("from_before", "carried", number(total.carried))
        ),
        tile(
            "ended",
            total.ended,
            linked(frame.say("of_all", share=resolved), frame.rows_link("came")),
        ),
        tile(
            "pending",
            total.pending,
            counted("waiting_count", "waiting", number(total.open.waiting)),
        ),
        *rates(frame, total),
        tile(
            "overdue",
            total.open.overdue,
            counted("due_today_count", "due_today", due_today) if total.standing else "",
            strong=total.open.overdue > 0,
        ),
    ]


def rates(frame: Frame, total: Figures) -> list[Tile]:
    """Return both on-time rates; each shows what it is made of, and why they differ."""
    law, index = total.on_time_law, total.on_time_index
    of_law = made_of(frame, law, "ended_on_time", "ended_dated")
    of_index = made_of(frame, index, "in_time_index", "dated_index")
    gap = linked(gap_note(frame, law, index), "#definitions")
    shown = (
        ("on_time_law", law, "ended_on_time", of_law),
        ("on_time_index", index, "in_time_index", Markup("{} · {}").format(of_index, gap)),
    )
    return [
        Tile(
            frame.say(name),
            formats.rate(ratio, frame.language),
            frame.rows_link(figure),
            note,
            title=f"{frame.number(ratio.num)} / {frame.number(ratio.den)}",
        )
        for name, ratio, figure, note in shown
    ]


def made_of(frame: Frame, ratio: Ratio, num: str, den: str) -> Markup:
    """Write what a rate is made of; both parts open their rows."""
    return sentence(
        frame,
        "num_of_den",
        num=linked(frame.number(ratio.num), frame.rows_link(num)),
        den=linked(frame.number(ratio.den), frame.rows_link(den)),
    )


def gap_note(frame: Frame, law: Ratio, index: Ratio) -> str:
    """Say how far the two rates are apart."""
    if law.share is None or index.share is None:
        return frame.say("no_comparison")
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


def obligation_rows(
    frame: Frame, found: Overview, units: Sequence[str], unit: str | None
) -> list[dict[str, str]]:
    """Return the figures of obligations beside dossiers' deadlines, each with its rows."""
    within, through = added(found.atoms, units), added(found.levels, units)
    return [
        {
            "name": frame.say(name),
            "count": frame.number(number),
            "href": frame.rows_link(name, unit=unit),
        }
        for name, number in obligation_figures(within, through).items()
    ]

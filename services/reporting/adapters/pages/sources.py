"""Where the data come from: who was heard from, what was imported, what cannot be so."""

from typing import Any

from services.reporting.adapters.desk import Desk
from services.reporting.adapters.pages import formats, overview
from services.reporting.adapters.pages.frame import Frame
from services.reporting.adapters.pages.overview import Tile
from services.reporting.usecases.reading import Overview

FIGURES = ("imported", "imported_events", "events_after_end", "end_before_first")


def context(frame: Frame, desk: Desk, found: Overview) -> dict[str, Any]:
    """Return what the page's template shows."""
    flows = found.total.flows
    return {
        "subtitle": [frame.say("sources_sub"), *overview.subtitle(frame, found)],
        "tiles": [
            Tile(frame.say(name), frame.number(flows[name]), frame.rows_link(name), "")
            for name in FIGURES
        ],
        "rows": sorted(
            (_row(frame, desk, found, unit) for unit in found.by_unit),
            key=lambda row: (not row["silent"], row["order"]),
        ),
    }


def _row(frame: Frame, desk: Desk, found: Overview, unit: str) -> dict[str, Any]:
    mine = found.by_unit[unit]
    last = found.heard.last.get(unit)
    return {
        "name": desk.unit_name(unit),
        "href": frame.link(f"/units/{unit}"),
        "silent": overview.silent(frame, found, unit, mine) is not None,
        "last": frame.say("never") if last is None else formats.moment(last, frame.language),
        "order": "" if last is None else last.isoformat(),
        "cells": [
            {
                "text": frame.number(mine.flows[name]) if mine.flows[name] else "",
                "href": frame.rows_link(name, unit=unit) if mine.flows[name] else None,
            }
            for name in ("imported", "events_after_end", "end_before_first")
        ],
    }

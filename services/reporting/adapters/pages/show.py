"""Rendering: the templates, and what every page hands to them."""

from functools import cache
from pathlib import Path
from typing import Any, Final

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from services.reporting.adapters.pages.frame import (
    Frame,
    choose_period,
    language_of,
    period_name,
)
from services.reporting.adapters.pages.words import words
from shared.ops.clock import Clock
from shared.web.auth import form_token
from shared.web.principal import Principal

NAV: Final = (
    ("overview", "/"),
    ("board", "/board"),
    ("overdue", "/overdue"),
    ("sources", "/sources"),
)


@cache
def environment() -> Environment:
    """Return the templates; everything put into them is escaped."""
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def frame_of(
    request: Request, clock: Clock, principal: Principal | None, unit: str | None = None
) -> Frame:
    """Return what a request for a page is about."""
    now = clock.now()
    return Frame(
        path=request.url.path,
        language=language_of(request),
        chosen=choose_period(request, now),
        now=now,
        unit=unit,
        principal=principal,
    )


def page(  # noqa: PLR0913 - what each page decides about its frame.
    request: Request,
    frame: Frame,
    template: str,
    values: dict[str, Any],
    *,
    active: str = "",
    status: int = 200,
    period_menu: bool = True,
    live: bool = True,
    kept: dict[str, str | None] | None = None,
) -> HTMLResponse:
    """Render a page."""
    shown = {
        "frame": frame,
        "nav": NAV,
        "active": active,
        "period_menu": period_menu and frame.principal is not None,
        "period_name": period_name(frame),
        "query": dict(request.query_params),
        "kept": kept or {},
        "live": live,
        "form_token": form_token(request) if frame.principal else "",
        "definitions": definitions(frame) if frame.principal else (),
        "now_text": frame.as_of(frame.now),
    }
    text = environment().get_template(template).render(**shown | values)
    return HTMLResponse(text, status_code=status)


def definitions(frame: Frame) -> list[tuple[str, str]]:
    """Return what each figure means, for the page's foot and for exports."""
    return [
        (frame.say(key), vi if frame.language == "vi" else en)
        for key, (vi, en) in words().definitions
    ]

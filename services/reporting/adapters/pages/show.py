"""Rendering: the templates, and what every page hands to them."""

from pathlib import Path
from typing import Any, Final

from fastapi import Request
from starlette.responses import HTMLResponse

from services.reporting.adapters.pages.frame import (
    Frame,
    choose_period,
    period_name,
)
from services.reporting.adapters.pages.words import words
from shared.ops.clock import Clock
from shared.web.auth import form_token
from shared.web.principal import Principal
from shared.web.site import environment, language_of

NAV: Final = (
    ("overview", "/"),
    ("board", "/board"),
    ("overdue", "/overdue"),
    ("forms", "/forms/ii06a"),
    ("sources", "/sources"),
)

LIVE_SECONDS: Final = 15
TEMPLATES: Final = Path(__file__).parent / "templates"


def frame_of(
    request: Request, clock: Clock, principal: Principal | None, unit: str | None = None
) -> Frame:
    """Return what a request for a page is about."""
    now = clock.now()
    return Frame(
        path=request.url.path,
        language=language_of(request),
        now=now,
        principal=principal,
        words=words().words,
        chosen=choose_period(request, now),
        unit=unit,
        desk_url=desk_url_of(request),
    )


def desk_url_of(request: Request) -> str:
    """Return where workflow's pages are, as the composition root has told the application."""
    return str(request.app.state.desk_url).rstrip("/")


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
        "nav": navigation(frame, active),
        "home": frame.link("/"),
        "live_every": LIVE_SECONDS,
        "period_menu": period_menu and frame.principal is not None,
        "period_name": period_name(frame),
        "query": dict(request.query_params),
        "kept": kept or {},
        "live": live,
        "form_token": form_token(request) if frame.principal else "",
        "definitions": definitions(frame) if frame.principal else (),
        "now_text": frame.as_of(frame.now),
    }
    text = environment(TEMPLATES).get_template(template).render(**shown | values)
    return HTMLResponse(text, status_code=status)


def navigation(frame: Frame, active: str) -> list[dict[str, object]]:
    """Return the pages that stand at the top; who is not signed in finds the look-up alone."""
    items: list[dict[str, object]] = []
    if frame.principal is not None:
        for key, path in NAV:
            word = "nav_own" if key == "overview" and not frame.is_province else f"nav_{key}"
            items.append(
                {"href": frame.link(path), "name": frame.say(word), "here": active == key}
            )
        desk = f"{frame.desk_url}/{'?lang=en' if frame.language == 'en' else ''}"
        items.append({"href": desk, "name": frame.say("nav_desk"), "here": False})
    look_up = "/lookup?lang=en" if frame.language == "en" else "/lookup"
    items.append({"href": look_up, "name": frame.say("nav_lookup"), "here": active == "lookup"})
    return items


def definitions(frame: Frame) -> list[tuple[str, str]]:
    """Return what each figure means, for the page's foot and for exports."""
    return [
        (frame.say(key), vi if frame.language == "vi" else en)
        for key, (vi, en) in words().definitions
    ]

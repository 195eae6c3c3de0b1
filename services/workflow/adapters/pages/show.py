"""Rendering: the templates, and what every page of the desk hands to them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from fastapi import Request
from starlette.responses import HTMLResponse

from services.workflow.adapters.pages.frame import Frame
from shared.events.codes import PROVINCE
from shared.web.auth import form_token
from shared.web.site import environment

TEMPLATES: Final = Path(__file__).parent / "templates"
LIVE_SECONDS: Final = 30
NAV: Final = (
    ("desk", "/desk"),
    ("today", "/today"),
    ("slips", "/slips"),
    ("results", "/results"),
)
PROVINCE_NAV: Final = (("changes", "/changes"), ("reported", "/reported"))
PROVINCIAL: Final = frozenset({"province", "auditor"})
"""Whose pages besides are those of changes and of reported forms."""


def page(
    request: Request,
    frame: Frame,
    template: str,
    values: Mapping[str, Any],
    *,
    active: str = "",
    status: int = 200,
    live: bool = True,
) -> HTMLResponse:
    """Render a page."""
    shown = {
        "frame": frame,
        "nav": navigation(frame, active),
        "home": frame.link("/"),
        "live": live,
        "live_every": LIVE_SECONDS,
        "query": dict(request.query_params),
        "form_token": form_token(request),
        "now_text": frame.as_of(frame.now),
        "units": units_of(frame),
        "unit_menu": False,
    }
    text = environment(TEMPLATES).get_template(template).render(**shown | dict(values))
    return HTMLResponse(text, status_code=status)


def navigation(frame: Frame, active: str) -> list[dict[str, object]]:
    """Return the pages that stand at the top, and where the figures are."""
    items: list[dict[str, object]] = [
        {"href": frame.link(path), "name": frame.say(f"nav_{key}"), "here": active == key}
        for key, path in (*NAV, *(PROVINCE_NAV if _is_province(frame) else ()))
    ]
    items.append({"href": frame.figures("/"), "name": frame.say("nav_figures"), "here": False})
    return items


def _is_province(frame: Frame) -> bool:
    return frame.principal is not None and frame.principal.role in PROVINCIAL


def units_of(frame: Frame) -> list[tuple[str, str]]:
    """Return the centres that the person may choose from; none where there is one only."""
    assert frame.principal is not None, "no page of the desk is for everybody"
    codes = [code for code in frame.reference.units if frame.principal.may_see(code)]
    named = [(code, frame.unit_name(code)) for code in codes if code != PROVINCE]
    return sorted(named, key=lambda pair: pair[1]) if len(named) > 1 else []

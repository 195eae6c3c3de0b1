"""The few pages that every service has: signing in, and what went wrong."""

from functools import cache
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from shared.web.problem import Language, ProblemError, document

HERE = Path(__file__).parent
STATIC_PATH = "/static"
STYLE_PATH = "/static/sign-in.css"
SIGN_IN_PATH = "/sign-in"
UNAUTHENTICATED = 401


def wants_page(request: Request) -> bool:
    """Tell whether it is a person in a browser who asks, and not a programme."""
    accept = request.headers.get("accept", "")
    return "text/html" in accept and "authorization" not in request.headers


def page_language(request: Request) -> Language:
    """Choose a page's language: Vietnamese, unless its address or its goal says `lang=en`.

    A browser's own setting says little here: many are in English in Vietnamese hands.
    """
    wanted = parse_qs(urlsplit(request.query_params.get("next", "")).query).get("lang", [""])
    return "en" if request.query_params.get("lang", wanted[-1]) == "en" else "vi"


def problem_page(request: Request, problem: ProblemError) -> Response:
    """Say a problem on a page; who is not signed in is sent to do so first."""
    language = page_language(request)
    if problem.status == UNAUTHENTICATED and request.method in {"GET", "HEAD"}:
        return RedirectResponse(sign_in_address(request), status_code=303)
    page = render("problem.html", language, problem=document(problem, language))
    return HTMLResponse(page, status_code=problem.status, headers=problem.headers)


def render(name: str, language: Language, **values: object) -> str:
    """Render one of the pages here."""
    return _environment().get_template(name).render(lang=language, style=STYLE_PATH, **values)


def sign_in_address(request: Request) -> str:
    """Give the sign-in page's address, which leads back to where the person wanted to go."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"{SIGN_IN_PATH}?{urlencode({'next': wanted})}"


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

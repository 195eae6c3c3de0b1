"""What the page of a link shows: the acknowledge form, put into HTML."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.notifications.adapters.pagewords import words
from services.notifications.core.acknowledge import (
    CAUSES,
    PROMISE_DAYS_MAX,
    Answer,
)
from services.notifications.core.letter import Names
from services.notifications.core.notice import Language
from services.notifications.core.tokens import (
    Grant,
    read,
)
from services.notifications.core.words import (
    day_text,
    kind_word,
    moment_text,
    rung_word,
    subject_title,
    word,
)
from services.notifications.usecases.answering import AnswerRungs, Standing
from shared.calendar.zone import ICT
from shared.subjects.ports import Clock

PAGES: Final = Path(__file__).parent / "templates" / "pages"
STATIC: Final = Path(__file__).parent / "static"


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@dataclass(slots=True)
class Pages:
    """Everything the pages draw on."""

    answers: AnswerRungs
    names: Callable[[], Names]
    clock: Clock
    wall_now: Callable[[], datetime]
    token_key: bytes

    environment: Environment = field(default_factory=_environment)

    def grant(self, token: str) -> Grant:
        """Read a token."""
        return read(token, self.token_key, wall=self.wall_now())

    def page(
        self,
        name: str,
        lang: Language,
        request: Request,
        *,
        status: int = 200,
        **values: object,
    ) -> Response:
        """Render one page."""
        other = "en" if lang == "vi" else "vi"
        query = {**request.query_params, "lang": other}

        def translate(key: str, **filled: object) -> str:
            return words(key, lang, **filled)

        text = self.environment.get_template(name).render(
            lang=lang,
            other=f"{request.url.path}?{urlencode(query)}",
            now=moment_text(self.clock.now(), lang),
            t=translate,
            **values,
        )
        return HTMLResponse(text, status_code=status)

    def stop(self, key: str, lang: Language, request: Request, *, status: int) -> Response:
        """Render the page of a link that leads nowhere."""
        return self.page(
            "stop.html",
            lang,
            request,
            status=status,
            title=words(f"{key}_title", lang),
            text=words(key, lang),
        )

    def form(
        self,
        standing: Standing,
        lang: Language,
        request: Request,
        *,
        action: str,
        wrong: str = "",
        chosen: Mapping[str, str] | None = None,
    ) -> Response:
        """Render the acknowledge page: the form, what was promised, or why it is closed."""
        today = self.clock.now().astimezone(ICT).date()
        closed = word("closed", standing.closed, lang) if standing.closed else ""
        return self.page(
            "answer.html",
            lang,
            request,
            status=422 if wrong else 200,
            item=self._item(standing, lang),
            closed=closed,
            promise=_promise(standing.answer, lang),
            refused=word("reason", standing.refused, lang) if standing.refused else "",
            wrong=wrong,
            action=action,
            causes=[(code, word("cause", code, lang)) for code in CAUSES],
            chosen=chosen or {"cause": "", "promised": ""},
            first_day=today.isoformat(),
            last_day=(today + timedelta(days=PROMISE_DAYS_MAX)).isoformat(),
        )

    def _item(self, standing: Standing, lang: Language) -> dict[str, str]:
        matter, owed, cause = standing.matter, standing.owed, standing.cause
        names = self.names()
        unit = (owed.unit if owed else "") or (cause.unit if cause else "")
        procedure = cause.procedure if cause else None
        due = owed.due if owed else None
        return {
            "subject": subject_title(matter.subject, lang),
            "kind": kind_word(owed.kind, lang) if owed and owed.kind else "",
            "rung": rung_word(owed.kind if owed else "", matter.rung, lang),
            "unit": names.unit(unit) if unit else "",
            "procedure": names.procedure(procedure)[0] if procedure else "",
            "due": moment_text(due, lang) if due else "",
            "limit": moment_text(owed.limit, lang)
            if owed and owed.limit and owed.limit != due
            else "",
            **self.state_of(due, lang),
        }

    def state_of(self, due: datetime | None, lang: Language) -> dict[str, str]:
        """Say how a date stands to now, in words and by tone."""
        now = self.clock.now()
        if due is None:
            return {"tone": "second", "state": words("no_due", lang)}
        if due < now:
            return {"tone": "needs", "state": words("overdue", lang)}
        if due.astimezone(ICT).date() == now.astimezone(ICT).date():
            return {"tone": "today", "state": words("today", lang)}
        return {"tone": "", "state": words("open", lang)}


def _promise(answer: Answer | None, lang: Language) -> dict[str, str] | None:
    if answer is None:
        return None
    return {
        "cause": word("cause", answer.cause, lang),
        "day": day_text(answer.promised, lang),
        "at": moment_text(answer.at, lang),
    }

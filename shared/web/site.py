"""What the pages of every service share: language, addresses, words, the frame around them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

from fastapi import Request
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

from shared.web import formats
from shared.web.formats import Language
from shared.web.principal import Principal

TEMPLATES = Path(__file__).parent / "templates"

Pair = tuple[str, str]
"""Vietnamese, English."""


@dataclass(frozen=True, slots=True)
class PageFrame:
    """One request for a page.

    Attributes:
        path: Its address, without what stands behind the question mark.
        language: What it is written in.
        now: The moment that it speaks of.
        principal: Who asks; None on a page for everybody.
        words: Every word by its key.
    """

    path: str
    language: Language
    now: datetime
    principal: Principal | None
    words: Mapping[str, Pair]

    def say(self, key: str, **params: object) -> str:
        """Return a word or a sentence in the page's language."""
        pair = self.words[key]
        text = pair[0] if self.language == "vi" else pair[1]
        return text.format(**params) if params else text

    def number(self, value: int) -> str:
        """Write a count."""
        return formats.number(value, self.language)

    def moment(self, value: datetime) -> str:
        """Write a moment as people say it."""
        return formats.moment(value, self.language)

    def as_of(self, value: datetime) -> str:
        """Write until when the data reach: the hour today, else the whole moment."""
        if formats.local_day(value) == formats.local_day(self.now):
            return formats.clock(value)
        return self.moment(value)

    def kept(self) -> dict[str, str]:
        """Return what every address carries on: the language, unless Vietnamese."""
        return {"lang": "en"} if self.language == "en" else {}

    def link(self, path: str, **changes: str | None) -> str:
        """Return an address that keeps what is kept; a change to None takes it away."""
        query = {**self.kept(), **changes}
        given = {name: value for name, value in query.items() if value is not None}
        return f"{path}?{urlencode(given)}" if given else path

    def in_language(self, language: Language, query: Mapping[str, str]) -> str:
        """Return this page's address in another language."""
        kept = {name: value for name, value in query.items() if name != "lang"}
        if language == "en":
            kept["lang"] = "en"
        return f"{self.path}?{urlencode(kept)}" if kept else self.path

    @property
    def is_province(self) -> bool:
        """Say whether the person may see every unit."""
        return self.principal is not None and self.principal.units is None


def language_of(request: Request) -> Language:
    """Return the language that the address asks for: Vietnamese unless it says English."""
    return "en" if request.query_params.get("lang") == "en" else "vi"


@cache
def environment(folder: Path) -> Environment:
    """Return a service's templates and the shared ones; all that is put in is escaped."""
    return Environment(
        loader=ChoiceLoader([FileSystemLoader(folder), FileSystemLoader(TEMPLATES)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

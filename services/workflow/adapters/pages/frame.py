"""One request for a page of the desk: what it is about, and what things are called there."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import Request
from typing_extensions import override

from services.workflow.adapters.pages.words import words
from services.workflow.core.kinds.registry import KINDS
from services.workflow.core.model import Obligation
from services.workflow.core.wording import STATUS_WORDS, word
from shared.events.codes import duty_session, parse_matter
from shared.reference.view import Reference
from shared.web import formats
from shared.web.principal import Principal
from shared.web.site import PageFrame, language_of


@dataclass(frozen=True, slots=True)
class Frame(PageFrame):
    """One request for a page of the desk.

    Attributes:
        unit: The centre that the address asks for; None for all of the person's.
        reference: The reference data as they are now.
        figures_url: Where reporting's pages are.
    """

    unit: str | None
    reference: Reference
    figures_url: str

    @override
    def kept(self) -> dict[str, str]:
        """Return the centre and the language."""
        own = {} if self.unit is None else {"unit": self.unit}
        return {**own, **PageFrame.kept(self)}

    def unit_name(self, code: str) -> str:
        """Name a unit; by its code while nobody has said its name."""
        unit = self.reference.units.get(code)
        return code if unit is None else unit.name

    def procedure_name(self, code: str | None) -> str:
        """Name a procedure; by its code while the catalogue does not have it."""
        procedure = self.reference.procedures.get(code or "")
        return code or "" if procedure is None else procedure.name

    def subject_name(self, subject: str) -> str:
        """Call a dossier by its code, a duty session by its day, another matter by its id."""
        matter = parse_matter(subject)
        if matter is None:
            return subject
        if matter.kind == "duty":
            day, session = duty_session(matter)
            return self.say(f"session_{session}", day=formats.day(day))
        return matter.id

    def story(self, subject: str) -> str | None:
        """Return the address of a dossier's story; matters have none."""
        if parse_matter(subject) is not None:
            return None
        return self.figures(f"/dossiers/{subject}")

    def figures(self, path: str) -> str:
        """Return an address among reporting's pages, in this language."""
        return f"{self.figures_url}{path}{'?lang=en' if self.language == 'en' else ''}"

    def kind_name(self, kind: str) -> str:
        """Name a kind of obligation."""
        name = KINDS[kind].name
        return name.vi if self.language == "vi" else name.en

    def rung_name(self, obligation: Obligation, rung: str) -> str:
        """Say what a rung says."""
        step = KINDS[obligation.kind].ladder_for(obligation.about.get("field")).rung(rung)
        if step is None:
            return word(STATUS_WORDS, rung, self.language)
        return step.vi if self.language == "vi" else step.en

    def end(self, moment: datetime) -> str:
        """Write the end of a limit; midnight is said as the end of the day before."""
        before = formats.local_day(moment - timedelta(microseconds=1))
        if before == formats.local_day(moment):
            return self.moment(moment)
        return (
            f"24:00 {formats.WEEKDAYS[self.language][before.weekday()]} {formats.day(before)}"
        )

    def near(self, moment: datetime | None) -> str:
        """Write a moment for a narrow column; nothing for none."""
        return "" if moment is None else formats.moment_near(moment, self.now, self.language)


def frame_of(
    request: Request,
    principal: Principal,
    now: datetime,
    reference: Reference,
    *,
    unit: str | None,
    figures_url: str,
) -> Frame:
    """Return what a request for a page is about."""
    return Frame(
        path=request.url.path,
        language=language_of(request),
        now=now,
        principal=principal,
        words=words(),
        unit=unit,
        reference=reference,
        figures_url=figures_url.rstrip("/"),
    )

"""What the routes of the desk share: where they read, what they say when something is amiss."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Query, Request
from starlette.responses import Response

from services.workflow.adapters.pages.frame import Frame, frame_of
from services.workflow.adapters.pages.show import page
from services.workflow.core.asking import take_back_refused
from services.workflow.core.model import Subject
from services.workflow.core.open import Viewer
from services.workflow.ports import ObligationIndex, Refusals
from services.workflow.usecases.asking import AskIntake
from services.workflow.usecases.desk import ReadDesk
from services.workflow.usecases.preview import PreviewChange
from shared.events.codes import SUBJECT_CHARACTERS_MAX, UnitCode
from shared.events.faults import Fault
from shared.ops.clock import Clock
from shared.reference.view import Reference
from shared.subjects.document import Outgoing
from shared.subjects.errors import UnavailableError
from shared.subjects.ports import Publisher
from shared.web.auth import allow
from shared.web.principal import Principal

READERS: Final = allow("clerk", "director", "chairman", "province", "auditor", unit="unit")
ANSWERERS: Final = allow("clerk", "director", "chairman", "province", unit="unit")
ISSUERS: Final = allow("clerk", "director", unit="unit")
UNAVAILABLE: Final = 503
UNPROCESSABLE: Final = 422
NOT_FOUND: Final = 404

Reader = Annotated[Principal, READERS]
Unit = Annotated[UnitCode | None, Query()]
Name = Annotated[str, Query(min_length=1, max_length=SUBJECT_CHARACTERS_MAX)]


@dataclass(frozen=True, slots=True)
class Site:
    """Everything the pages draw on."""

    index: ObligationIndex
    desk: ReadDesk
    ask: AskIntake
    preview: PreviewChange
    publisher: Publisher
    refusals: Refusals
    reference: Callable[[], Reference]
    clock: Clock
    figures_url: str

    def frame(self, request: Request, principal: Principal, unit: str | None = None) -> Frame:
        """Return what a request for a page is about."""
        return frame_of(
            request,
            principal,
            self.clock.now(),
            self.reference(),
            unit=unit,
            figures_url=self.figures_url,
        )

    def viewer(self, principal: Principal, unit: str | None = None) -> Viewer:
        """Return whose eyes look, narrowed to a centre."""
        return Viewer(principal.role, principal.person, principal.narrow(unit))

    async def send(self, outgoing: Outgoing) -> bool:
        """Publish an event of a page; return False while brokers or topic do not take it."""
        try:
            return not await self.publisher.publish([outgoing])
        except UnavailableError:
            return False

    async def subject(self, name: str, principal: Principal) -> Subject | None:
        """Return one subject; one outside the scope is as if it were not there.

        Raises:
            UnavailableError: the store does not answer.
        """
        if len(name) > SUBJECT_CHARACTERS_MAX:
            return None
        found = await self.index.read(name)
        return found if found is not None and principal.may_see(found.unit) else None

    def refused(self, subject: Subject) -> Mapping[str, Sequence[Fault]]:
        """Return what intake refused lately of what was done here, and take it back."""
        return take_back_refused(subject, self.refusals.of, self.clock.now())

    @staticmethod
    def sorry(request: Request, frame: Frame, what: str, status: int) -> Response:
        """Say on a page what is amiss, and what to do."""
        values = {"title": frame.say(f"{what}_title"), "text": frame.say(f"{what}_text")}
        return page(
            request, frame, "message.html", values, status=status, live=status == UNAVAILABLE
        )

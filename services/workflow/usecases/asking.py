"""Doing something on a page: recorded with its subject, then published like anybody's event."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.workflow.core.asking import (
    Acknowledgement,
    RefusedFormError,
    Slip,
    WrongResult,
    acknowledge,
    correct,
    dispute,
    issue,
    take_back_refused,
)
from services.workflow.core.model import Subject
from services.workflow.core.result import result_of
from services.workflow.core.slip import draft_of
from services.workflow.ports import Refusals
from shared.subjects.change import ChangeSubjects
from shared.subjects.document import Document, Outgoing
from shared.subjects.fold import Context, Emission

Act = Callable[[Subject, Context], Sequence[Outgoing]]


@dataclass(slots=True)
class AskIntake:
    """Lets people act; what they did takes effect when it comes back through intake."""

    change: ChangeSubjects[Subject]
    refusals: Refusals

    async def acknowledge(self, subject: str, answer: Acknowledgement) -> None:
        """Answer a rung.

        Raises:
            RefusedFormError: it cannot be taken; nothing was recorded.
            UnavailableError: store or broker did not answer.
        """
        await self._act(
            subject,
            lambda state, context: acknowledge(state, answer, context.reference, context.now),
        )

    async def issue_slip(self, subject: str, slip: Slip) -> None:
        """Give a slip of apology with its new date.

        Raises:
            RefusedFormError: it cannot be given; nothing was recorded.
            UnavailableError: store or broker did not answer.
        """

        def act(state: Subject, context: Context) -> Sequence[Outgoing]:
            draft = draft_of(state, context.reference, context.now)
            return issue(state, slip, draft, context.reference, context.now)

        await self._act(subject, act)

    async def dispute_result(self, subject: str, wrong: WrongResult) -> None:
        """Record that the result of a dossier is wrong.

        Raises:
            RefusedFormError: it cannot be recorded; nothing was.
            UnavailableError: store or broker did not answer.
        """
        await self._act(
            subject,
            lambda state, context: dispute(state, wrong, result_of(state), context.now),
        )

    async def correct_result(self, subject: str, code: str) -> None:
        """Record that the corrected result is back; `code` names it, empty: unchanged.

        Raises:
            RefusedFormError: it cannot be recorded; nothing was.
            UnavailableError: store or broker did not answer.
        """
        await self._act(
            subject,
            lambda state, context: correct(state, code, result_of(state), context.now),
        )

    async def _act(self, subject: str, act: Act) -> None:
        refused: list[RefusedFormError] = []

        def decide(document: Document[Subject], context: Context) -> Sequence[Emission] | None:
            refused.clear()
            if document.state is None:
                refused.append(RefusedFormError("unknown_obligation"))
                return None
            take_back_refused(document.state, self.refusals.of, context.now)
            try:
                document.added.extend(act(document.state, context))
            except RefusedFormError as error:
                refused.append(error)
                return None
            return ()

        await self.change([subject], decide)
        if refused:
            raise refused[0]

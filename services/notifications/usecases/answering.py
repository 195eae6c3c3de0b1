"""What people answer: recorded first, then published like any other publisher's event."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.notifications.core.acknowledge import (
    Answer,
    Answers,
    Matter,
    answer,
    checked,
    owed_of,
    standing_answer,
    why_closed,
)
from services.notifications.core.cause import Cause, Owed
from services.notifications.ports import AnswerStore, CauseStore
from shared.subjects.change import ChangeSubjects
from shared.subjects.document import Document
from shared.subjects.fold import Context, Emission
from shared.subjects.ports import Clock


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person sees before or after answering."""

    matter: Matter
    cause: Cause | None
    owed: Owed | None
    closed: str | None
    answer: Answer | None
    refused: str | None


@dataclass(slots=True)
class AnswerRungs:
    """Shows what is asked, and records what is answered, once."""

    causes: CauseStore
    answers: AnswerStore
    change: ChangeSubjects[Answers]
    clock: Clock

    async def look(self, matter: Matter) -> Standing:
        """Return where a matter stands; changes nothing."""
        causes = await self.causes.get({matter.subject})
        cause = causes.get(matter.subject)
        known = (await self.answers.of_keys({matter.key})).get(matter.key)
        return _standing(matter, cause, known)

    async def answer(
        self, matter: Matter, *, cause: str, promised: str, through: str
    ) -> Standing:
        """Record an answer; when one stands already, return that one.

        Raises:
            RefusedAnswerError: the form cannot be taken.
            UnavailableError: nothing was recorded.
        """
        before = await self.look(matter)
        if before.closed is not None or before.answer is not None:
            return before
        now: datetime = self.clock.now()
        code, day = checked(cause, promised, now=now)
        refusals = before.owed.refusals if before.owed else {}

        def decide(document: Document[Answers], context: Context) -> Sequence[Emission] | None:
            answers, out = answer(
                document.state,
                matter,
                cause=code,
                promised=day,
                refusals=refusals,
                now=context.now,
                through=through,
            )
            if out is None:
                return None
            document.state = answers
            document.added.append(out)
            return ()

        await self.change([matter.key], decide, create=True)
        known = (await self.answers.of_keys({matter.key})).get(matter.key)
        return _standing(matter, before.cause, known)


def _standing(matter: Matter, cause: Cause | None, known: Answers | None) -> Standing:
    owed = owed_of(cause, matter)
    refusals = owed.refusals if owed else {}
    last = known.given[-1] if known and known.given else None
    return Standing(
        matter=matter,
        cause=cause,
        owed=owed,
        closed=why_closed(owed, matter),
        answer=standing_answer(owed, matter, known),
        refused=refusals.get(last.event) if last else None,
    )

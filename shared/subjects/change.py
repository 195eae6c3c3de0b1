"""Changing subjects for another reason than an event: a sweep, a clock, a person's decision."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from shared.events.model import in_authority_zone
from shared.subjects.apply import ATTEMPTS_MAX
from shared.subjects.document import Document
from shared.subjects.errors import UnavailableError
from shared.subjects.fold import Context, Emission, emit
from shared.subjects.ports import Clock, ReferenceSource, SubjectStore
from shared.subjects.relay import Relay

StateT = TypeVar("StateT")

Decide = Callable[[Document[StateT], Context], Sequence[Emission] | None]
"""Change the document's state in place and return what follows, or None to leave it alone.

It may be called again with a newer copy when the first lost, so it must not have effects of
its own. An empty sequence still saves the state.
"""


@dataclass(slots=True)
class ChangeSubjects(Generic[StateT]):
    """Load, decide, compare-and-set, relay; losers are read and decided again."""

    service: str
    store: SubjectStore[StateT]
    relay: Relay[StateT]
    reference: ReferenceSource
    clock: Clock
    wall_now: Callable[[], datetime]

    async def __call__(
        self, ids: Collection[str], decide: Decide[StateT], *, create: bool = False
    ) -> list[Document[StateT]]:
        """Change the subjects named and return those that were changed, published.

        Args:
            ids: The subjects, in the order in which they are decided; those that the store
                does not have are passed over unless `create` is true.
            decide: The pure decision.
            create: Whether a subject never seen is decided on too, with an empty document.

        Raises:
            UnavailableError: store or broker did not answer, or a subject keeps changing.
        """
        done: list[Document[StateT]] = []
        named = dict.fromkeys(ids)
        waiting = frozenset(named)
        for _ in range(ATTEMPTS_MAX):
            if not waiting:
                return done
            documents = await self.store.load(waiting)
            if create:
                for subject in waiting - documents.keys():
                    documents[subject] = Document[StateT](subject)
            context = Context(in_authority_zone(self.clock.now()), self.reference.current())
            changed: list[Document[StateT]] = []
            # In the order in which they were named: the most pressing is told of first.
            for document in [documents[one] for one in named if one in documents]:
                emissions = decide(document, context)
                if emissions is not None:
                    emit(document, emissions, context, service=self.service)
                    changed.append(document)
            losers = await self.store.save(changed, pending_at=self.wall_now())
            won = [document for document in changed if document.id not in losers]
            await self.relay.publish(won)
            done.extend(won)
            waiting = losers
        raise UnavailableError(
            f"{len(waiting)} subjects changed {ATTEMPTS_MAX} times behind us"
        )

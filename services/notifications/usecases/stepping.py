"""Saving steps of notices: compare-and-set, then tell."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.notifications.core.contact import Contact, suppress
from services.notifications.core.notice import Channel, Notice
from services.notifications.core.settling import Settled
from services.notifications.ports import ContactStore
from services.notifications.usecases.planning import SERVICE
from shared.subjects.change import ChangeSubjects
from shared.subjects.document import Document
from shared.subjects.fold import Context, Emission, emit
from shared.subjects.ports import Clock, ReferenceSource, SubjectStore
from shared.subjects.relay import Relay

Step = Callable[[Notice], Settled | None]
"""A pure step; asked again with a newer copy when the first lost; None: leave it."""


@dataclass(slots=True)
class StepNotices:
    """Takes steps of notices and publishes what follows."""

    store: SubjectStore[Notice]
    relay: Relay[Notice]
    change: ChangeSubjects[Notice]
    contacts: ContactStore
    reference: ReferenceSource
    clock: Clock
    wall_now: Callable[[], datetime]

    async def silently(self, documents: Sequence[Document[Notice]]) -> list[Document[Notice]]:
        """Save copies that tell nobody anything (claims, waits); return those that won.

        What they hold unpublished stays with them: it goes before whatever is told next.
        """
        losers = await self.store.save(documents, pending_at=self.wall_now())
        won = [document for document in documents if document.id not in losers]
        for document in won:
            document.version += 1
        return won

    async def take(self, pairs: Sequence[tuple[Document[Notice], Step]]) -> None:
        """Take a step of each notice; whoever lost is read again and asked again."""
        context = Context(self.clock.now(), self.reference.current())
        steps = {document.id: step for document, step in pairs}
        changed: list[Document[Notice]] = []
        suppressed: list[Notice] = []
        for document, step in pairs:
            assert document.state is not None, "a notice that is stepped exists"
            settled = step(document.state)
            if settled is not None:
                self._apply(document, settled, context)
                changed.append(document)
                if settled.suppress:
                    suppressed.append(settled.notice)
        losers = await self.store.save(changed, pending_at=self.wall_now())
        await self.relay.publish([one for one in changed if one.id not in losers])
        await self._suppress(suppressed)
        if losers:
            await self.by_id({key: steps[key] for key in losers})

    async def by_id(self, steps: dict[str, Step]) -> list[Document[Notice]]:
        """Read notices, take a step of each; return those that changed."""
        suppressed: dict[str, Notice] = {}

        def decide(document: Document[Notice], _context: Context) -> Sequence[Emission] | None:
            assert document.state is not None, "a notice that is stored has a state"
            settled = steps[document.id](document.state)
            if settled is None:
                return None
            document.state = settled.notice
            document.added.extend(settled.outgoing)
            if settled.suppress:
                suppressed[document.id] = settled.notice
            return settled.emissions

        done = await self.change(list(steps), decide)
        await self._suppress(list(suppressed.values()))
        return done

    def _apply(self, document: Document[Notice], settled: Settled, context: Context) -> None:
        document.state = settled.notice
        emit(document, settled.emissions, context, service=SERVICE)
        document.added.extend(settled.outgoing)

    async def _suppress(self, notices: Sequence[Notice]) -> None:
        """Remember channels that a provider told us not to use again."""
        wanted: dict[str, set[Channel]] = {}
        for notice in notices:
            wanted.setdefault(notice.plan.contact, set()).add(notice.plan.channel)
        if not wanted:
            return
        known = await self.contacts.get(wanted.keys())
        kept: list[Contact] = []
        for key, channels in wanted.items():
            contact = known.get(key)
            if contact is None or contact.erased:
                continue
            for channel in channels:
                contact = suppress(contact, channel)
            kept.append(contact)
        await self.contacts.keep(kept)

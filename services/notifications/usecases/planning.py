"""From plans in an outbox to notices in the store."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.notifications.core.adopting import adopt
from services.notifications.core.announcing import announce
from services.notifications.core.folding import PLANS_TOPIC
from services.notifications.core.notice import Notice, Plan, planned
from services.notifications.core.settling import successor
from services.notifications.core.stored import plan_from_document
from services.notifications.ports import ToldStore
from shared.events.envelope import Event
from shared.events.topics import NOTICES
from shared.subjects.document import Document, Outgoing
from shared.subjects.fold import Context, emit
from shared.subjects.insert import insert_once
from shared.subjects.ports import Clock, Publisher, ReferenceSource, SubjectStore
from shared.subjects.refused import RefusedRecord
from shared.subjects.relay import Relay

SERVICE = "notifications"


@dataclass(slots=True)
class PlanNotices:
    """The publisher of this service's outboxes.

    What is addressed to the service itself becomes a notice, inserted under an id that follows
    from what it is about, so that a repeat finds it there. Everything else goes to the broker.
    """

    store: SubjectStore[Notice]
    downstream: Publisher
    reference: ReferenceSource
    clock: Clock
    wall_now: Callable[[], datetime]
    planned: Callable[[], None] = lambda: None
    relay: Relay[Notice] | None = field(default=None)
    told: ToldStore | None = None
    rebuilding: bool = False

    async def publish(self, outgoing: Sequence[Outgoing]) -> Sequence[RefusedRecord]:
        """Return when notices are stored and published, and all else is; with what is refused.

        A plan is an entry of this service to itself, so no broker can refuse it. What becomes
        of its notice waits in the notice's own outbox if its topic takes nothing.
        """
        plans = [out for out in outgoing if out.topic == PLANS_TOPIC]
        refused = await self.downstream.publish(
            [out for out in outgoing if out.topic != PLANS_TOPIC]
        )
        if plans:
            await self._insert(plans)
        return refused

    async def _insert(self, plans: Sequence[Outgoing]) -> None:
        context = Context(self.clock.now(), self.reference.current())
        told = await self._told(plans)
        documents: dict[str, Document[Notice]] = {}
        for out in plans:
            assert out.value is not None, "a plan says something"
            plan: Plan | None = plan_from_document(out.value)
            while plan is not None:
                document = self._document(plan, told.get(plan.id, ()), context)
                documents[plan.id] = document
                # A notice that had failed went on by the next channel, which is adopted too.
                adopted = document.state if plan.id in told else None
                plan = None if adopted is None else successor(adopted)
        fresh = list(documents.values())
        known = await insert_once(self.store, fresh, pending_at=self.wall_now())
        # One that was planned before: its own outbox tells of it, or the sweep will.
        new = [document for document in fresh if document.id not in known]
        assert self.relay is not None, "the composition root ties the relay in"
        await self.relay.publish(new)
        if new:
            self.planned()

    def _document(
        self, plan: Plan, told: Sequence[Event], context: Context
    ) -> Document[Notice]:
        """Return the new notice of a plan, or the one that it was before the store was lost."""
        if told:
            adopted = adopt(plan, told, wall=self.wall_now())
            return Document[Notice](
                plan.id, emitted={NOTICES.name: adopted.sequence}, state=adopted.notice
            )
        notice = planned(plan, not_before=plan.planned_at)
        document = Document[Notice](plan.id, state=notice)
        emit(document, announce(None, notice, now=context.now), context, service=SERVICE)
        return document

    async def _told(self, plans: Sequence[Outgoing]) -> Mapping[str, Sequence[Event]]:
        if not self.rebuilding or self.told is None:
            return {}
        return await self.told.of_causes({out.key for out in plans})

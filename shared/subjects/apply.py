"""A batch of records, applied: the one way in which a consumer changes its subjects."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Generic, TypeVar

from shared.events.envelope import Event, Undecodable, decode
from shared.events.model import in_authority_zone
from shared.subjects.document import Document
from shared.subjects.errors import StopServiceError, UnavailableError
from shared.subjects.fold import (
    Context,
    Fold,
    Outcome,
    event_subject,
    event_topic,
    fold_events,
)
from shared.subjects.parking import Parked, park_record
from shared.subjects.ports import Clock, Parking, ReferenceSource, SubjectStore
from shared.subjects.records import Record
from shared.subjects.relay import Relay

ATTEMPTS_MAX: Final = 50
"""How often a subject may be changed behind our back before we call the store unavailable."""

PARKED_MAX: Final = 1_000
"""How many records may be parked before the service stops: then it is not they that are bad."""

StateT = TypeVar("StateT")


@dataclass(slots=True)
class Applied:
    """What became of a batch, for metrics and logs."""

    events: list[Event] = field(default_factory=list)
    duplicates: int = 0
    parked: int = 0
    published: int = 0
    at: datetime | None = None


@dataclass(slots=True)
class ApplyBatch(Generic[StateT]):
    """Decode, group by subject, fold, compare-and-set, relay; parks what cannot be applied.

    `subject_of` says which document an event belongs to and `stream_of` within which stream its
    sequence counts, where that is not its subject and its topic. `after` is given the documents
    of a batch once they are durable and published, repeats included, and before the position is
    committed.

    Returns only when every effect of the batch is durable and published, so the caller may
    commit the position. Applying the same batch again changes nothing.
    """

    service: str
    store: SubjectStore[StateT]
    fold: Fold[StateT]
    relay: Relay[StateT]
    parking: Parking
    reference: ReferenceSource
    clock: Clock
    wall_now: Callable[[], datetime]
    wants: Callable[[Event], bool] = lambda _event: True
    subject_of: Callable[[Event], str] = event_subject
    stream_of: Callable[[Event], str] = event_topic
    after: Callable[[Sequence[Document[StateT]]], Awaitable[None]] | None = None

    async def __call__(self, records: Sequence[Record]) -> Applied:
        """Apply `records`.

        Raises:
            UnavailableError: store, broker or reference did not answer; apply it all again.
            StopServiceError: too much is parked or held; an operator must look.
        """
        applied = Applied()
        by_subject = await self._decode(records, applied)
        if by_subject:
            await self._apply(by_subject, applied)
        applied.at = self.clock.now()
        return applied

    async def apply_events(self, events: Sequence[Event]) -> Applied:
        """Apply events that are already decoded, as a retry of parked ones does."""
        applied = Applied()
        by_subject: dict[str, list[Event]] = {}
        for event in events:
            by_subject.setdefault(self.subject_of(event), []).append(event)
        await self._apply(by_subject, applied)
        applied.at = self.clock.now()
        return applied

    async def _decode(
        self, records: Sequence[Record], applied: Applied
    ) -> dict[str, list[Event]]:
        by_subject: dict[str, list[Event]] = {}
        unreadable: list[Parked] = []
        for record in records:
            try:
                event = decode(record.value or b"")
                if event.sequence is None:
                    raise Undecodable("the event carries no sequence")  # noqa: TRY301 - one way out.
            except Undecodable as error:
                unreadable.append(park_record(record, str(error), now=self.clock.now()))
                continue
            if self.wants(event):
                by_subject.setdefault(self.subject_of(event), []).append(event)
        await self._park(unreadable, applied)
        return by_subject

    async def _apply(self, pending: Mapping[str, Sequence[Event]], applied: Applied) -> None:
        newest = max(
            (event.referenceversion or 0 for events in pending.values() for event in events),
            default=0,
        )
        reference = await self.reference.at_least(newest)
        for _ in range(ATTEMPTS_MAX):
            context = Context(in_authority_zone(self.clock.now()), reference)
            pending = await self._attempt(pending, context, applied)
            if not pending:
                return
        raise UnavailableError(
            f"{len(pending)} subjects changed {ATTEMPTS_MAX} times behind us"
        )

    async def _attempt(
        self, pending: Mapping[str, Sequence[Event]], context: Context, applied: Applied
    ) -> dict[str, Sequence[Event]]:
        """Fold and save once; return the shares of the subjects that lost."""
        documents = await self.store.load(pending.keys())
        outcomes: dict[str, Outcome] = {}
        changed: list[Document[StateT]] = []
        unchanged: list[Document[StateT]] = []
        for subject, events in pending.items():
            document = documents.get(subject) or Document[StateT](subject)
            outcome = fold_events(
                document,
                events,
                self.fold,
                context,
                service=self.service,
                stream_of=self.stream_of,
            )
            outcomes[subject] = outcome
            if outcome.changed:
                changed.append(document)
            else:
                # Perhaps a crash came between the write and the publication: finish it now.
                unchanged.append(document)
        await self._park(
            [parked for outcome in outcomes.values() for parked in outcome.parked], applied
        )
        losers = await self.store.save(changed, pending_at=self.wall_now())
        won = [document for document in changed if document.id not in losers]
        applied.published += await self.relay.publish([*won, *unchanged])
        if self.after is not None:
            await self.after([*won, *unchanged])
        await self._count(outcomes, losers, applied)
        return {subject: pending[subject] for subject in losers}

    async def _count(
        self, outcomes: Mapping[str, Outcome], losers: Collection[str], applied: Applied
    ) -> None:
        for subject, outcome in outcomes.items():
            if subject not in losers:
                applied.events.extend(outcome.applied)
                applied.duplicates += outcome.duplicates

    async def _park(self, parked: Sequence[Parked], applied: Applied) -> None:
        if not parked:
            return
        await self.parking.park(parked)
        applied.parked += len(parked)
        count = await self.parking.count()
        if count > PARKED_MAX:
            raise StopServiceError(
                f"{count} records are parked (limit {PARKED_MAX}), so it is hardly they that "
                "are wrong: see `motcua parked list`, mend the cause, `motcua parked retry`"
            )

"""What an operator can do with a parked record: try it again, or let it go."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from shared.events.envelope import Event, Undecodable, decode, from_document
from shared.subjects.apply import ApplyBatch
from shared.subjects.document import Document
from shared.subjects.errors import StopServiceError
from shared.subjects.fold import Context, Outcome, fold_events, release
from shared.subjects.parking import Parked
from shared.subjects.ports import ParkingDesk

StateT = TypeVar("StateT")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a retry or a discard did, or would do.

    `applied` counts the events that went through, those that had waited behind included.
    """

    parked: str
    done: bool
    applied: int
    reason: str


@dataclass(slots=True)
class DecideParked(Generic[StateT]):
    """Retries and discards one service's parked records; every decision leaves a line."""

    apply: ApplyBatch[StateT]
    desk: ParkingDesk

    async def retry(self, parked: Parked, *, who: str, dry_run: bool) -> Verdict:
        """Fold the parked event again, through the normal path and with its own id.

        A dry run says what would happen and changes nothing.
        """
        try:
            event = _event_of(parked)
        except Undecodable as error:
            return Verdict(parked.id, done=False, applied=0, reason=error.reason)
        outcome = await self._try(event)
        if outcome.parked:
            return Verdict(parked.id, done=False, applied=0, reason=outcome.parked[0].reason)
        if dry_run:
            return Verdict(parked.id, done=False, applied=len(outcome.applied), reason="")
        applied = await self.apply.apply_events([event])
        await self._close(parked, "retry", who, "")
        return Verdict(parked.id, done=True, applied=len(applied.events), reason="")

    async def discard(self, parked: Parked, *, who: str, why: str, dry_run: bool) -> Verdict:
        """Pass over the parked record; what waited behind it is applied.

        A record whose sequence cannot be read takes the place before the first event that
        waits, or else the next one: canonical topics hold each subject's events in order.
        """
        context = Context(self.apply.clock.now(), self.apply.reference.current())
        documents = await self.apply.store.load([parked.subject])
        document = documents.get(parked.subject) or Document[StateT](parked.subject)
        outcome = self._pass_over(document, parked, context)
        if dry_run:
            return Verdict(parked.id, done=False, applied=len(outcome.applied), reason="")
        # Before the write: the document no longer holds what is parked.
        await self.apply.parking.park(outcome.parked)
        if await self.apply.store.save([document], pending_at=self.apply.wall_now()):
            return Verdict(
                parked.id,
                done=False,
                applied=0,
                reason="its subject changed meanwhile: try again",
            )
        await self.apply.relay.publish([document])
        await self._close(parked, "discard", who, why)
        return Verdict(parked.id, done=True, applied=len(outcome.applied), reason="")

    def _pass_over(
        self, document: Document[StateT], parked: Parked, context: Context
    ) -> Outcome:
        stream = parked.topic if parked.event is None else self._stream(parked)
        last = document.sequences.get(stream, 0)
        waiting = document.held.get(stream, {})
        sequence = parked.sequence or (min(waiting) - 1 if waiting else last + 1)
        if sequence > last + 1:
            raise StopServiceError(
                f"{parked.subject}: {last + 1} is missing before the parked {sequence}; "
                "discard or retry the earlier one first"
            )
        document.sequences[stream] = max(last, sequence)
        return release(document, stream, self.apply.fold, context, service=self.apply.service)

    def _stream(self, parked: Parked) -> str:
        return self.apply.stream_of(_event_of(parked))

    async def _try(self, event: Event) -> Outcome:
        subject = self.apply.subject_of(event)
        documents = await self.apply.store.load([subject])
        document = documents.get(subject) or Document[StateT](subject)
        return fold_events(
            document,
            [event],
            self.apply.fold,
            Context(self.apply.clock.now(), self.apply.reference.current()),
            service=self.apply.service,
            stream_of=self.apply.stream_of,
        )

    async def _close(self, parked: Parked, decision: str, who: str, why: str) -> None:
        await self.desk.record_decision(
            parked, decision=decision, who=who, why=why, at=self.apply.wall_now()
        )
        await self.desk.resolve([parked.id])


def _event_of(parked: Parked) -> Event:
    """Return the parked event.

    Raises:
        Undecodable: it still cannot be read.
    """
    event = decode(parked.value or b"") if parked.event is None else from_document(parked.event)
    if event.sequence is None:
        raise Undecodable("the event carries no sequence")
    return event

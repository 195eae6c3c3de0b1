"""Accepting that records were deleted before they were read, so that intake reads on."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.intake.core.arrivals import Sender
from services.intake.core.losses import accepted_event, loss_rejection, publisher_of
from services.intake.ports import AcceptedLoss, Losses
from services.intake.usecases.entries import Candidate
from services.intake.usecases.receive import ReceiveEvents
from services.intake.usecases.relaying import RelayOutboxes
from shared.events.faults import Fault
from shared.events.judge import OPERATORS_PUBLISHER
from shared.subjects.ports import Clock, Publisher
from shared.subjects.read_positions import Loss, ReadPositions


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides about losses, why, and under which key."""

    by: str
    why: str
    key_id: str


class NotRecordedError(Exception):
    """The event about a loss was refused; nothing was passed over."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults[0].detail)
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class AcceptLosses:
    """Lists halted inbound partitions, and reads on once a person has decided it."""

    read_positions: ReadPositions
    losses: Losses
    receive: ReceiveEvents
    relay: RelayOutboxes
    publisher: Publisher
    clock: Clock

    async def halted(
        self, publisher: str | None = None, partition: int | None = None
    ) -> Sequence[Loss]:
        """Return what was lost and not accepted yet.

        Raises:
            UnavailableError: the store does not answer.
        """
        return [
            loss
            for loss in await self.read_positions.halted()
            if publisher in (None, publisher_of(loss)) and partition in (None, loss.partition)
        ]

    async def accept(self, loss: Loss, decision: Decision) -> bool:
        """Keep the decision, publish it, inform the publisher, and read on behind the loss.

        In this order: a crash in between leaves the partition halted, and doing it again
        repeats the same event. Return False if the loss is another one by now.

        Raises:
            NotRecordedError: the event was refused.
            UnavailableError: store or broker do not answer; do it again.
        """
        now = self.clock.now()
        # As exact as the store keeps it, for the event is made of what is kept.
        at = now.replace(microsecond=now.microsecond // 1_000 * 1_000)
        accepted = await self.losses.keep(
            AcceptedLoss(loss, decision.by, decision.why, decision.key_id, at)
        )
        event = accepted_event(loss, by=accepted.by, at=accepted.at)
        settled = await self.receive(Sender(OPERATORS_PUBLISHER), [Candidate.of(event)])
        (answer,) = settled.answers
        if answer.is_refused:
            raise NotRecordedError(answer.faults)
        await self.relay.soon(settled)
        await self.publisher.publish([loss_rejection(loss, at=accepted.at)])
        return await self.read_positions.pass_over(loss)

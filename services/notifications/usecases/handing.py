"""Handing claimed messages to a provider, and recording what it said."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.notifications.core.notice import Notice, State
from services.notifications.core.settling import (
    Lost,
    Outcome,
    Settled,
    SettlingRules,
    settle,
)
from services.notifications.ports import ChannelPort, Message, Probe
from services.notifications.usecases.stepping import Step, StepNotices
from shared.subjects.document import Document
from shared.subjects.errors import UnavailableError
from shared.subjects.ports import Clock

SEND_SECONDS_MAX: Final = 20.0
"""A call that takes longer is given up; its answer counts as lost."""

RECORD_SECONDS: Final = 0.05
"""How long answers are gathered before they are recorded together."""

RECORD_PAUSES_S: Final = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
"""How long an answer that cannot be recorded is kept in hand before the claim runs out."""

Due = Document[Notice]


@dataclass(frozen=True, slots=True)
class Called:
    """A message, its notices, and what the provider answered."""

    documents: tuple[Due, ...]
    message: Message
    outcome: Outcome


def settling_step(
    attempt: int, outcome: Outcome, *, now: datetime, wall: datetime, rules: SettlingRules
) -> Step:
    """Return the step of an answer to one attempt; a later attempt is none of its business."""

    def step(notice: Notice) -> Settled | None:
        if notice.attempt != attempt or notice.final:
            return None
        under_way = notice.reclaimed() if notice.state is State.UNKNOWN else notice
        if under_way.state is not State.CLAIMED:
            return None
        return settle(under_way, outcome, now=now, wall=wall, rules=rules)

    return step


@dataclass(slots=True)
class HandOver:
    """Calls a provider for many messages at once; no answer waits long for another."""

    port: ChannelPort
    steps: StepNotices
    rules: SettlingRules
    clock: Clock
    wall_now: Callable[[], datetime]
    probe: Probe

    async def __call__(self, messages: Sequence[tuple[tuple[Due, ...], Message]]) -> None:
        """Hand messages over; return when every answer is recorded."""
        calls = [
            asyncio.ensure_future(self._call(documents, message))
            for documents, message in messages
        ]
        pending = set(calls)
        try:
            while pending:
                done, pending = await asyncio.wait(pending, timeout=RECORD_SECONDS)
                # In the order of the calls, so that the same run records the same way.
                await self._record([one.result() for one in calls if one in done])
        finally:
            for one in pending:
                one.cancel()

    async def _call(self, documents: tuple[Due, ...], message: Message) -> Called:
        try:
            async with asyncio.timeout(SEND_SECONDS_MAX):
                outcome = await self.port.send(message)
        except TimeoutError:
            outcome = Lost(f"no answer within {SEND_SECONDS_MAX:g} s")
        except Exception as error:  # noqa: BLE001 -- A channel that broke may have sent it.
            outcome = Lost(type(error).__name__)
        return Called(documents, message, outcome)

    async def _record(self, called: Sequence[Called]) -> None:
        """Record answers, for as long as that takes."""
        if not called:
            return
        now, wall = self.clock.now(), self.wall_now()
        pairs: list[tuple[Due, Step]] = []
        for one in called:
            for document in one.documents:
                assert document.state is not None, "it was claimed"
                attempt = document.state.attempt
                step = settling_step(attempt, one.outcome, now=now, wall=wall, rules=self.rules)
                pairs.append((document, step))
        await self._persist(pairs)
        for one in called:
            seconds = (wall - one.message.wall).total_seconds()
            for notice in one.message.notices:
                self.probe.settled(notice, one.outcome, seconds=seconds)

    async def _persist(self, pairs: Sequence[tuple[Due, Step]]) -> None:
        try:
            await self.steps.take(pairs)
        except UnavailableError:
            # The copies in hand may have been written or not: the store is read from now on.
            await self._insist({document.id: step for document, step in pairs})

    async def _insist(self, steps: dict[str, Step]) -> None:
        for pause in RECORD_PAUSES_S:
            await asyncio.sleep(pause)
            try:
                await self.steps.by_id(steps)
            except UnavailableError:
                continue
            return
        await self.steps.by_id(steps)

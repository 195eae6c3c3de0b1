"""The sender: due notices of one channel, claimed before the provider is called."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from services.notifications.core.dispatch import (
    Decision,
    Drop,
    GiveUp,
    Hold,
    Known,
    Moment,
    Send,
    Wait,
    decide,
)
from services.notifications.core.notice import (
    APPLICANT,
    Channel,
    Notice,
    State,
    as_if_claimed,
    claim,
    failed,
    held,
    obsolete,
    release,
    waiting,
)
from services.notifications.core.rates import DIGEST_MAX, digests, parcel
from services.notifications.core.settling import (
    Lost,
    Outcome,
    Settled,
    SettlingRules,
    follow,
)
from services.notifications.core.timing import QuietHours
from services.notifications.ports import ChannelPort, Message, NoticeStore, Probe, WordlessError
from services.notifications.usecases.handing import Due, HandOver, settling_step
from services.notifications.usecases.knowing import KnowNotices
from services.notifications.usecases.stepping import Step, StepNotices
from services.notifications.usecases.throttle import Throttle
from services.notifications.usecases.writing import WriteMessages
from shared.subjects.ports import Clock

BATCH_MAX: Final = 200
"""How many notices one pass takes up."""

WAVE_MAX: Final = 100
"""How many messages are claimed and handed over together."""

LEASE: Final = timedelta(seconds=45)
"""How long a claim holds without a result; longer than any call, by wall time."""


DIGESTED: Final = frozenset({Channel.EMAIL, Channel.SMS})
"""Channels whose messages we word ourselves, so that one can stand for many."""

Crowded = list[tuple[Due, Send]]
"""What goes to one place: each notice with where and to whom."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What goes out as one message."""

    documents: tuple[Due, ...]
    send: Send

    def singles(self) -> "tuple[Parcel, ...]":
        """Return each notice on its own, where there are several."""
        if len(self.documents) == 1:
            return ()
        return tuple(Parcel((one,), self.send) for one in self.documents)


@dataclass(slots=True)
class SendDue:
    """One pass over what is due on one channel; safe to run in several processes."""

    channel: Channel
    port: ChannelPort
    notices: NoticeStore
    steps: StepNotices
    know: KnowNotices
    write: WriteMessages
    throttle: Throttle
    rules: SettlingRules
    clock: Clock
    wall_now: Callable[[], datetime]
    probe: Probe
    stopping: asyncio.Event
    quiet: QuietHours = field(default_factory=QuietHours)
    lease: timedelta = LEASE

    async def __call__(self) -> int:
        """Send, hold or drop what is due; return how many notices were looked at."""
        moment = Moment(self.clock.now(), self.wall_now(), self.quiet)
        due = await self.notices.due(
            self.channel, now=moment.now, wall=moment.wall, limit=BATCH_MAX
        )
        if not due:
            return 0
        ready = await self._recover(due, moment)
        known = await self.know([_state(document) for document in ready])
        sends: list[tuple[Due, Send]] = []
        others: list[tuple[Due, Step]] = []
        for document in ready:
            decision = decide(_state(document), known[document.id], moment)
            if isinstance(decision, Send):
                sends.append((document, decision))
            else:
                others.append((document, self._step(decision, moment)))
        await self.steps.take(others)
        await self._send(sends, known, moment)
        return len(due)

    async def _recover(self, due: Sequence[Due], moment: Moment) -> list[Due]:
        """Settle claims whose holder died: their answer is lost; return the others."""
        expired = [one for one in due if _state(one).state is State.CLAIMED]
        lost = Lost("the sender stopped before the answer was recorded")
        await self.steps.take([(one, self._settling(one, lost, moment)) for one in expired])
        asked = await self._look_up([one for one in due if _state(one).resent_next], moment)
        return [
            one for one in due if _state(one).state is not State.CLAIMED and one.id not in asked
        ]

    async def _look_up(self, unknown: Sequence[Due], moment: Moment) -> set[str]:
        """Ask the provider about lost answers before anything is sent again."""
        answers = await asyncio.gather(*(self.port.look_up(_state(one)) for one in unknown))
        found: list[tuple[Due, Step]] = []
        for document, outcome in zip(unknown, answers, strict=True):
            if outcome is not None:
                found.append((document, self._settling(document, outcome, moment)))
        await self.steps.take(found)
        return {document.id for document, _ in found}

    def _settling(self, document: Due, outcome: Outcome, moment: Moment) -> Step:
        attempt = _state(document).attempt
        return settling_step(
            attempt, outcome, now=moment.now, wall=moment.wall, rules=self.rules
        )

    def _step(self, decision: Decision, moment: Moment) -> Step:
        if isinstance(decision, Drop):
            after = partial(obsolete, reason=decision.reason)
        elif isinstance(decision, Hold):
            after = partial(held, until=decision.until, reason=decision.reason)
        elif isinstance(decision, Wait):
            after = partial(
                waiting, wall=moment.wall, wall_at=decision.wall_at, reason=decision.reason
            )
        else:
            assert isinstance(decision, GiveUp), "sending is done elsewhere"
            after = partial(failed, now=moment.now, reason=decision.reason)

        def step(notice: Notice) -> Settled | None:
            if not notice.sendable:
                return None
            return follow(notice, after(notice), now=moment.now, rules=self.rules)

        return step

    async def _send(
        self, sends: Sequence[tuple[Due, Send]], known: dict[str, Known], moment: Moment
    ) -> None:
        parcels = await self._parcels(sends, known, moment)
        for start in range(0, len(parcels), WAVE_MAX):
            if self.stopping.is_set():
                return  # What is not claimed stays due for whoever comes next.
            wave = parcels[start : start + WAVE_MAX]
            await self.throttle.wait(len(wave))
            await self._wave(wave, known)

    async def _parcels(
        self, sends: Sequence[tuple[Due, Send]], known: dict[str, Known], moment: Moment
    ) -> list[Parcel]:
        """Put what goes to one person together, as much as their rate allows now."""
        crowds: dict[tuple[str, str], list[tuple[Due, Send]]] = {}
        for document, send in sends:
            crowds.setdefault((_state(document).plan.contact, send.address), []).append(
                (document, send)
            )
        parcels: list[Parcel] = []
        late: list[tuple[Due, Step]] = []
        for (contact, _), crowd in crowds.items():
            for part in await self._parts(contact, crowd, known, moment):
                until = self.throttle.take(contact, moment.now)
                if until is None:
                    parcels.append(Parcel(tuple(one for one, _ in part), part[0][1]))
                else:
                    hold = self._step(Hold(until, "rate"), moment)
                    late.extend((one, hold) for one, _ in part)
        await self.steps.take(late)
        return parcels

    async def _parts(
        self, contact: str, crowd: Crowded, known: dict[str, Known], moment: Moment
    ) -> list[Crowded]:
        """Divide what goes to one place into messages.

        Once something had to wait for a person's sake, everything that waits for them goes
        with it: one digest instead of as many merged messages as it would fill.
        """
        person = _state(crowd[0][0]).plan.recipient != APPLICANT
        waited = any(_state(document).held_back for document, _ in crowd)
        many = len(crowd) >= self.throttle.merge_from
        if not (person and waited and many and self.channel in DIGESTED):
            return parcel(crowd, merge_from=self._merge_from(crowd))
        return digests([*crowd, *await self._held_back(contact, crowd, known, moment)])

    async def _held_back(
        self, contact: str, crowd: Crowded, known: dict[str, Known], moment: Moment
    ) -> Crowded:
        """Return what else is held back for a person and may go now."""
        here = {document.id for document, _ in crowd}
        found = await self.notices.held_for(contact, self.channel, limit=DIGEST_MAX)
        rest = [document for document in found if document.id not in here]
        known.update(await self.know([_state(document) for document in rest]))
        going: Crowded = []
        dropped: list[tuple[Due, Step]] = []
        for document in rest:
            decision = decide(_state(document), known[document.id], moment)
            if isinstance(decision, Send):
                going.append((document, decision))
            elif isinstance(decision, Drop):
                dropped.append((document, self._step(decision, moment)))
        await self.steps.take(dropped)
        return going

    def _merge_from(self, crowd: Sequence[tuple[Due, Send]]) -> int:
        """Mail to people of the organisation is merged; a citizen's notices never are."""
        person = _state(crowd[0][0]).plan.recipient != APPLICANT
        if person and self.channel is Channel.EMAIL:
            return self.throttle.merge_from
        return len(crowd) + 2

    async def _wave(self, wave: Sequence[Parcel], known: Mapping[str, Known]) -> None:
        """Write, claim, hand over, record; in this order, whatever happens in between."""
        wall = self.wall_now()
        written = await self._written(wave, known, wall)
        for one, message in written:
            ids = [document.id for document in one.documents]
            for document in one.documents:
                document.state = claim(
                    _state(document),
                    message=message.id,
                    merged=tuple(other for other in ids if other != document.id),
                    wall=wall,
                    lease_until=wall + self.lease,
                )
        wanted = [document for one, _ in written for document in one.documents]
        won = {document.id for document in await self.steps.silently(wanted)}
        whole, torn = _split(written, won)
        await self.steps.take([(one, partial(self._released, wall=wall)) for one in torn])
        hand_over = HandOver(
            self.port, self.steps, self.rules, self.clock, self.wall_now, self.probe
        )
        await hand_over([(one.documents, message) for one, message in whole])

    async def _written(
        self, wave: Sequence[Parcel], known: Mapping[str, Known], wall: datetime
    ) -> list[tuple[Parcel, Message]]:
        """Put parcels into words; what has none is given up on this channel."""
        written: list[tuple[Parcel, Message]] = []
        wordless: list[Due] = []
        for parcel_ in wave:
            found, without = self._worded(parcel_, known, wall)
            written.extend(found)
            wordless.extend(without)
        give_up = self._step(GiveUp("wordless"), Moment(self.clock.now(), wall, self.quiet))
        await self.steps.take([(document, give_up) for document in wordless])
        return written

    def _worded(
        self, parcel_: Parcel, known: Mapping[str, Known], wall: datetime
    ) -> tuple[list[tuple[Parcel, Message]], tuple[Due, ...]]:
        """Put a parcel into words, without those of its notices that have none."""
        try:
            return [(parcel_, self._message(parcel_, known, wall))], ()
        except WordlessError as error:
            self.probe.refused(self.channel, f"wordless_{error.template}")
        without: list[Due] = []
        for one in parcel_.singles():
            try:
                self._message(one, known, wall)
            except WordlessError:
                without.extend(one.documents)
        if not without:
            return [], parcel_.documents  # It is not one of them that lacks words.
        sayable = tuple(one for one in parcel_.documents if one not in without)
        if not sayable:
            return [], parcel_.documents
        found, more = self._worded(Parcel(sayable, parcel_.send), known, wall)
        return found, (*without, *more)

    def _message(self, one: Parcel, known: Mapping[str, Known], wall: datetime) -> Message:
        notices = tuple(as_if_claimed(_state(document)) for document in one.documents)
        return self.write(notices, one.send, known, wall=wall)

    @staticmethod
    def _released(notice: Notice, *, wall: datetime) -> Settled | None:
        if notice.state is not State.CLAIMED:
            return None
        return Settled(release(notice, wall_at=wall))


def _split(
    written: Sequence[tuple[Parcel, Message]], won: set[str]
) -> tuple[list[tuple[Parcel, Message]], list[Due]]:
    """Tell messages that are wholly ours from notices of those that are not.

    A merged message that lost one of its notices says too much: it is written anew.
    """
    whole: list[tuple[Parcel, Message]] = []
    torn: list[Due] = []
    for one, message in written:
        mine = [document for document in one.documents if document.id in won]
        if len(mine) == len(one.documents):
            whole.append((one, message))
        else:
            torn.extend(mine)
    return whole, torn


def _state(document: Due) -> Notice:
    assert document.state is not None, "a notice that is due exists"
    return document.state

"""Time in steps: the clock moves on only when everything is at rest."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx2

from deploy.errors import CommandError
from shared.kafka.whole import TopicEnds
from shared.ops.clock import ClockFile

STEP: Final = timedelta(minutes=15)
SECOND: Final = timedelta(seconds=1)
POLL_S: Final = 0.01
"""The least pause between two questions; a service answers the second when it has done more."""
REST_S_MAX: Final = 180.0
WAIT_S: Final = 0.2
LAZY: Final = frozenset({"beats", "marked_roll_ups"})
"""No signs of unrest: a service looked and perhaps found nothing, or counts when asked."""
EPOCH: Final = datetime(2020, 1, 1, tzinfo=UTC)


class NeverAtRestError(CommandError):
    """The services did not come to rest; the text names what still moved."""


@dataclass(slots=True)
class LockStep:
    """The simulated clock and the four services that run by it.

    The clock stands a second before each quarter of an hour, so that what happens then never
    ties with a limit or a rung.
    """

    http: httpx2.AsyncClient
    clock: ClockFile
    services: Mapping[str, str]
    key: str
    ends: TopicEnds
    now: datetime
    rests: int = 0
    _last: dict[str, Any] = field(default_factory=dict)

    async def move_to(self, moment: datetime) -> bool:
        """Move the clock on; if time alone brings something about, wait until it has.

        Returns:
            Whether it did: then everything is at rest again.
        """
        due = self.next_due()
        self.now = moment
        self.clock.advance(moment)
        if due is None or due >= moment:
            return False
        await self.rest()
        return True

    async def rest(self) -> None:
        """Wait for two readings in a row in which nothing moved and nothing is left to do.

        Raises:
            NeverAtRestError: it did not happen within `REST_S_MAX`.
        """
        try:
            async with asyncio.timeout(REST_S_MAX):
                while True:
                    # One by one, in the order in which effects travel; then all at once.
                    before = {name: await self._settled(name) for name in self.services}
                    reading = await self._read()
                    if (
                        _moved(reading) == _moved(before)
                        and not unrest(reading, self.now)
                        and not await self._behind(reading)
                    ):
                        self._last = reading
                        self.rests += 1
                        return
        except TimeoutError:
            last = await self._read()
            moving = (
                unrest(last, self.now)
                or await self._behind(last)
                or ["counters that do not stand still"]
            )
            raise NeverAtRestError(
                f"not at rest {REST_S_MAX:.0f} s after {self.now}: {'; '.join(moving)}"
            ) from None

    async def until_read(self, topic: str) -> None:
        """Wait until intake reads a publisher's topic; a new one is found within seconds.

        Raises:
            NeverAtRestError: it did not happen within `REST_S_MAX`.
        """
        try:
            async with asyncio.timeout(REST_S_MAX):
                while topic not in (await self._ask("intake")).get("marks", {}):  # noqa: ASYNC110 - it is a process.
                    await asyncio.sleep(POLL_S * 30)
        except TimeoutError:
            raise NeverAtRestError(f"intake does not read {topic}") from None

    async def _settled(self, name: str) -> dict[str, Any]:
        """Wait until one service has nothing left to do, asking nobody else meanwhile."""
        status = await self._ask(name)
        while unrest({name: status}, self.now):
            await asyncio.sleep(POLL_S)
            status = await self._ask(name, after=status.get("beats"))
        return status

    def next_due(self) -> datetime | None:
        """Return the earliest moment at which a service has something to do by itself."""
        moments = [
            datetime.fromisoformat(status["next_at"])
            for status in self._last.values()
            if status.get("next_at")
        ]
        return min(moments, default=None)

    def status(self, service: str) -> dict[str, Any]:
        """Return what a service said of itself at the last rest."""
        found: dict[str, Any] = self._last[service]
        return found

    async def _read(self) -> dict[str, Any]:
        names = list(self.services)
        answers = await asyncio.gather(*(self._ask(name) for name in names))
        return dict(zip(names, answers, strict=True))

    async def _ask(self, name: str, *, after: int | None = None) -> dict[str, Any]:
        waiting = {} if after is None else {"after": after, "wait_s": WAIT_S}
        try:
            answer = await self.http.get(
                f"{self.services[name]}/statusz",
                params=waiting,
                headers={"authorization": f"Bearer {self.key}"},
            )
            answer.raise_for_status()
        except httpx2.HTTPError as error:
            return {"away": type(error).__name__}
        status: dict[str, Any] = answer.json()
        return status

    async def _behind(self, reading: Mapping[str, Any]) -> list[str]:
        """Say which service has not read to the end of a topic, by the broker's own word."""
        wanted = {topic for status in reading.values() for topic in status.get("positions", {})}
        ends = await self.ends.sums(wanted)
        return [
            f"{name} has read {topic} to {at} of {ends[topic]}"
            for name, status in reading.items()
            for topic, at in status.get("positions", {}).items()
            if at != ends[topic]
        ]


def unrest(reading: Mapping[str, Any], now: datetime) -> list[str]:
    """Say what is still to be done, service by service."""
    found = []
    for name, status in reading.items():
        if "away" in status:
            found.append(f"{name} does not answer ({status['away']})")
            continue
        behind = {topic: lag for topic, lag in status.get("lag", {}).items() if lag}
        if behind:
            found.append(f"{name} is behind on {behind}")
        if status.get("positions") == {}:
            found.append(f"{name} holds no partition yet")
        if status.get("outbox"):
            found.append(f"{name} has {status['outbox']} outboxes to publish")
        if status.get("held_up"):
            found.append(f"{name} is held up by {status['held_up']}")
        found += [
            f"{name}'s {mark} stands at {value}"
            for mark, value in status.get("marks", {}).items()
            if _is_behind(value, now)
        ]
        due = status.get("next_at")
        if due and datetime.fromisoformat(due) < now:
            found.append(f"{name} has something due since {due}")
    return found


def _is_behind(mark: str | int | None, now: datetime) -> bool:
    """Say whether a mark lacks: an instant before now, or a count that is not 0."""
    if isinstance(mark, int):
        return mark > 0
    return mark is None or datetime.fromisoformat(mark) < now


def _moved(reading: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stands still when nothing happens."""
    return {
        name: {key: value for key, value in status.items() if key not in LAZY}
        for name, status in reading.items()
    }


def step_after(moment: datetime) -> datetime:
    """Return the first step of the clock at which `moment` has passed."""
    quarters = (moment + SECOND - EPOCH) // STEP
    step = EPOCH + quarters * STEP - SECOND
    while step <= moment:
        step += STEP
    return step


def step_at(moment: datetime) -> datetime:
    """Return the first step of the clock that is not before `moment`."""
    return step_after(moment - timedelta(microseconds=1))

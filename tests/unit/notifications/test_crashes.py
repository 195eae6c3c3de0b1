"""Dying before and after every call of a store or a provider, then starting again.

Whatever the moment: at the provider each notice is accepted at least once and at most once, or
once more if that was marked as a resend; nothing is lost, nothing stays claimed.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

import pytest

from services.notifications.core.notice import Channel, Notice
from services.notifications.core.policy import Rules
from services.notifications.ports import Message
from services.notifications.usecases.sending import LEASE
from shared.events.dossiers import DossierAccepted, DossierCompleted
from shared.events.envelope import Event
from shared.subjects.document import Document, Outgoing
from shared.subjects.errors import UnavailableError
from tests.fakes.notified import MONDAY, PROCEDURE, Numbered, contact, opened, reached
from tests.unit.notifications.world import World

pytestmark = pytest.mark.asyncio

CODES = tuple(f"H37.112-261123-{number:04d}" for number in range(2))
CHAIR, DIRECTOR = "p-06112-chairman", "p-06112-director"
POINTS_MAX = 400
STARTS_MAX = 6


class DiedError(BaseException):
    """The process is gone; nothing of ours may catch it."""


class Fuse:
    """Lets a process die at its n-th call, before or after what the call does."""

    def __init__(self, at: int, *, after: bool) -> None:
        self.left = at
        self.after = after
        self.burnt = False

    def wrap(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """Return the call with the fuse in it."""

        async def fused(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 -- Any call.
            if self.burnt:
                raise DiedError  # Nothing is done by what is dead already.
            self.left -= 1
            dies = self.left == 0 and not self.burnt
            if dies:
                self.burnt = True
                if not self.after:
                    raise DiedError
            answer = await call(*args, **kwargs)
            if dies:
                raise DiedError
            return answer

        return fused


def arm(world: World, fuse: Fuse) -> None:
    """Put the fuse into everything that is outside the process."""
    parts = [
        (world.cause_rows, ("load", "save", "clear")),
        (world.notice_rows, ("load", "save", "clear")),
        (world.publisher, ("publish",)),
        (world.archive, ("insert",)),
        (world.contacts, ("get", "keep")),
        (world.mail, ("send",)),
    ]
    for part, names in parts:
        for name in names:
            original = getattr(type(part), name).__get__(part)
            setattr(part, name, fuse.wrap(original))


def disarm(world: World) -> None:
    """Take the fuse out again, as a new process would."""
    for part in (
        world.cause_rows,
        world.notice_rows,
        world.publisher,
        world.archive,
        world.contacts,
        world.mail,
    ):
        for name in ("load", "save", "clear", "publish", "insert", "get", "keep", "send"):
            vars(part).pop(name, None)


def story() -> list[Event | Outgoing]:
    """Return what is heard: two dossiers, a citizen each, rungs for two people."""
    numbered = Numbered()
    told: list[Event | Outgoing] = [
        contact(CHAIR, role="staff", email="chair@example.test"),
        contact(DIRECTOR, role="staff", email="director@example.test"),
    ]
    for code in CODES:
        told += [
            contact(code, email=f"{code[-4:]}@example.test"),
            numbered.event(
                code, DossierAccepted(procedure=PROCEDURE, channel="direct"), contactversion=1
            ),
            numbered.event(code, opened(due=MONDAY)),
            numbered.event(code, reached([CHAIR, DIRECTOR])),
            numbered.event(code, DossierCompleted(result="KQ.1")),
        ]
    return told


async def live_through(fuse: Fuse | None, *, senders_first: bool = False) -> World:
    """Run the story to its end, starting again as often as the process dies.

    A new process looks at what is due and at what was left behind at once; either may be first.
    """
    world = World(rules=Rules(frozenset({Channel.EMAIL, Channel.INBOX})))
    if fuse is not None:
        arm(world, fuse)
    for _ in range(STARTS_MAX):
        try:
            # The position is committed last, so a new process hears everything again.
            await world.hear(*story())
            if senders_first:
                await world.work()
            await world.sweep()
            await world.work()
            world.wall += LEASE * 2
            await world.work()
            await world.sweep()
            world.wall += LEASE * 2
            await world.work()
            await world.sweep()
        except DiedError:
            disarm(world)
            world.start()
        else:
            return world
    raise AssertionError("a process that dies once comes to an end")


def accepted(messages: list[Message]) -> Counter[str]:
    """Count how often the provider took each notice."""
    return Counter(notice.id for message in messages for notice in message.notices)


def marked(messages: list[Message]) -> Counter[str]:
    """Count how often it took each notice as a marked resend."""
    return Counter(one for message in messages for one in message.resent)


async def points(*, senders_first: bool) -> int:
    """Count the calls of a run in which nobody dies."""
    fuse = Fuse(10**9, after=False)
    await live_through(fuse, senders_first=senders_first)
    return 10**9 - fuse.left


@pytest.mark.parametrize("senders_first", [False, True], ids=["sweep first", "senders first"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_dying_at_every_call_loses_and_repeats_nothing(
    *, after: bool, senders_first: bool
) -> None:
    """Every crash point, exhaustively."""
    calm = await live_through(None)
    expected = set(accepted(calm.mail.taken))
    assert len(expected) == len(CODES) * 4
    total = await points(senders_first=senders_first)
    assert 0 < total < POINTS_MAX
    resends = 0
    for at in range(1, total + 1):
        fuse = Fuse(at, after=after)
        world = await live_through(fuse, senders_first=senders_first)
        assert fuse.burnt, f"call {at} was never reached"
        took, again = accepted(world.mail.taken), marked(world.mail.taken)
        assert set(took) == expected, f"dying {'after' if after else 'before'} call {at}"
        for notice, count in took.items():
            assert count == 1 or (count == 2 and again[notice] == 1), f"call {at}"
        assert all(count <= 1 for count in again.values())
        resends += sum(again.values())
        states = {one.state.value for one in world.notices.all()}
        assert states <= {"sent"}, f"call {at}: {states}"
        assert published_once(world), f"call {at}"
    assert resends > 0, "some crash must have come between the claim and the result"


def published_once(world: World) -> bool:
    """Whether an event has one content, however often it came, and a subject its order."""
    contents: dict[str, Any] = {}
    for out in world.publisher.published:
        if contents.setdefault(out.id, _timeless(out)) != _timeless(out):
            return False
    numbers: dict[tuple[str, str], dict[int, None]] = {}
    for out in world.publisher.published:
        if out.value is not None and "sequence" in out.value:
            came = numbers.setdefault((out.topic, str(out.value["subject"])), {})
            came.setdefault(out.value["sequence"])
    return all(list(found) == list(range(1, len(found) + 1)) for found in numbers.values())


def _timeless(out: Outgoing) -> dict[str, Any]:
    return {key: value for key, value in (out.value or {}).items() if key != "recordedtime"}


async def test_a_store_that_does_not_say_whether_it_took_a_notice_loses_none() -> None:
    """The connection breaks at the insert: the plan stays in its outbox until it is there."""
    world, numbered = World(), Numbered()
    await world.hear(
        contact(CHAIR, role="staff", email="chair@example.test"),
        numbered.event(CODES[0], opened(due=MONDAY)),
    )
    save = world.notice_rows.save

    async def broken(
        documents: Sequence[Document[Notice]], *, pending_at: datetime
    ) -> frozenset[str]:
        assert pending_at.tzinfo is not None
        return frozenset(document.id for document in documents)

    world.notice_rows.save = broken  # type: ignore[method-assign]
    with pytest.raises(UnavailableError):
        await world.hear(numbered.event(CODES[0], reached([CHAIR])))
    world.notice_rows.save = save  # type: ignore[method-assign]
    world.start()
    await world.sweep()
    await world.work()
    assert world.states() == {"sent": 1}

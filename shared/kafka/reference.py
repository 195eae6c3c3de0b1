"""The reference topic, read whole by every replica and kept as one immutable view."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from shared.events.envelope import Event, Undecodable, decode
from shared.events.topics import REFERENCE
from shared.kafka.cluster import Cluster
from shared.kafka.whole import WholeTopic
from shared.ops.log import logger
from shared.reference.view import Reference, apply
from shared.subjects.errors import StopServiceError, UnavailableError
from shared.subjects.ports import ReferenceVersions
from shared.subjects.records import Record

WAIT_S_MAX: Final = 20.0
"""How long a batch waits for the reference version that its events were judged by."""

LATE_S: Final = 5.0
"""How long a version that something needs may be on its way before it counts as missing."""

LOOK_S: Final = 0.5
"""How often a reader that has not caught up looks whether it has."""

AGAIN_S: Final = 30.0
"""How long a gap is waited for before the topic is read again; then as long once more."""

LOG = logger(__name__)


class ReferenceReader:
    """Implements `shared.subjects.ports.ReferenceSource` on the topic.

    Versions are applied one by one: what is ahead of a gap waits until the gap is filled, so a
    topic that is published again while it is read gives the same view.

    `on_change` is called with the view before and after each batch that changed it. `versions`
    keeps the newest version across restarts: a topic that ends before it has lost records, and
    nothing may be computed from what is left. Without it, what is there counts as all.
    """

    def __init__(
        self,
        where: Cluster | Sequence[str],
        *,
        client_id: str,
        on_change: Callable[[Reference, Reference], Awaitable[None]] | None = None,
        versions: ReferenceVersions | None = None,
    ) -> None:
        self._view = Reference.empty()
        self._changed = asyncio.Condition()
        self._on_change = on_change
        self._versions = versions
        self._needed = 0
        self._needed_since = 0.0
        self._begun = versions is None
        self._noted = 0
        self._ahead: dict[int, Event] = {}
        self._topic = WholeTopic(where, REFERENCE.name, self._apply, client_id=client_id)
        self.caught_up = asyncio.Event()
        """Set once everything that stood in the topic at the start has been applied, and the
        view has the version that this service had applied before it was started."""
        self.failure: str | None = None

    def current(self) -> Reference:
        """Return the view as far as it has been read."""
        return self._view

    async def begin(self) -> None:
        """Read which version was applied last, before this process was started.

        Raises:
            UnavailableError: the store does not answer.
        """
        if self._versions is not None:
            self._need(await self._versions.last())
        self._begun = True

    async def note(self) -> None:
        """Keep the version of the view, if it is new.

        Raises:
            UnavailableError: the store does not answer; the next call keeps it.
        """
        version = self._view.version
        if self._versions is not None and version > self._noted:
            await self._versions.note(version)
            self._noted = version

    async def at_least(self, version: int) -> Reference:
        """Wait until the view has reached `version`, then return it.

        Raises:
            UnavailableError: it has not within `WAIT_S_MAX`, or `LATE_S` if it is missing.
        """
        self._need(version)
        # What the topic is known to lack comes by an operator's hand, not within seconds.
        wait_s = WAIT_S_MAX if self.missing() is None else LATE_S
        try:
            async with asyncio.timeout(wait_s), self._changed:
                await self._changed.wait_for(lambda: self._view.version >= version)
        except TimeoutError as error:
            raise UnavailableError(
                self.missing()
                or f"the reference data are at version {self._view.version}, not yet {version}"
            ) from error
        return self._view

    def missing(self) -> str | None:
        """Say what readiness lacks of the reference data; None when nothing does."""
        if self.failure is not None:
            return self.failure
        if self._topic.absent:
            return (
                f"{REFERENCE.name} is not there: create it with `motcua topics provision`, "
                "then publish what is missing with `motcua restore topics`"
            )
        if not self._topic.caught_up.is_set() or not self._begun:
            return "the reference data are not read yet"
        version = self._view.version
        late = time.monotonic() - self._needed_since >= LATE_S
        if self._needed > version and (late or not self.caught_up.is_set()):
            return (
                f"{REFERENCE.name} has the reference data up to version {version}, and version "
                f"{self._needed} is needed: publish what is missing with "
                "`motcua restore topics`"
            )
        return None

    async def run(self, stopping: asyncio.Event) -> None:
        """Read until `stopping` is set."""
        looking = asyncio.create_task(self._look(stopping))
        try:
            await self._topic.run(stopping)
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)

    async def _look(self, stopping: asyncio.Event) -> None:
        """Notice that the view is complete, or that a gap stays in what was read."""
        gap_since: float | None = None
        while not stopping.is_set():
            if self._topic.caught_up.is_set() and self._begun and not self._lacks():
                self.caught_up.set()
            now = time.monotonic()
            if not self._lacks():
                gap_since = None
            elif gap_since is None:
                gap_since = now
            elif now - gap_since >= AGAIN_S:
                # Perhaps the topic has another log, which grew past our position unseen.
                self._topic.read_again()
                gap_since = now
            await asyncio.sleep(LOOK_S)

    def _lacks(self) -> bool:
        return self._needed > self._view.version

    def _need(self, version: int) -> None:
        if version > max(self._needed, self._view.version):
            if not self._lacks():
                self._needed_since = time.monotonic()
            self._needed = version

    async def _apply(self, records: Sequence[Record]) -> None:
        before = self._view
        for record in records:
            try:
                event = decode(record.value or b"")
            except Undecodable as error:
                # Every date we work out depends on this topic: going on would be guessing.
                self.failure = f"{record.place} cannot be read: {error.reason}"
                raise StopServiceError(self.failure) from None
            if (event.sequence or 0) > self._view.version:
                self._ahead[event.sequence or 0] = event
        view = self._applied(before)
        if self._ahead:
            self._need(max(self._ahead))
        if view is before:
            return
        async with self._changed:
            self._view = view
            self._changed.notify_all()
        if self._on_change is not None:
            await self._on_change(before, view)

    def _applied(self, view: Reference) -> Reference:
        """Return the view with everything that follows it without a gap."""
        while (event := self._ahead.pop(view.version + 1, None)) is not None:
            view = apply(view, event)
        return view

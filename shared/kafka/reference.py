"""The reference topic, read whole by every replica and kept as one immutable view."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from shared.events.envelope import Undecodable, decode
from shared.events.topics import REFERENCE
from shared.kafka.cluster import Cluster
from shared.kafka.whole import WholeTopic
from shared.reference.view import Reference, apply
from shared.subjects.errors import StopServiceError, UnavailableError
from shared.subjects.records import Record

WAIT_S_MAX = 20.0
"""How long a batch waits for the reference version that its events were judged by."""


class ReferenceReader:
    """Implements `shared.subjects.ports.ReferenceSource` on the topic.

    `on_change` is called with the view before and after each batch that changed it.
    """

    def __init__(
        self,
        where: Cluster | Sequence[str],
        *,
        client_id: str,
        on_change: Callable[[Reference, Reference], Awaitable[None]] | None = None,
    ) -> None:
        self._view = Reference.empty()
        self._changed = asyncio.Condition()
        self._on_change = on_change
        self._topic = WholeTopic(where, REFERENCE.name, self._apply, client_id=client_id)
        self.failure: str | None = None

    def current(self) -> Reference:
        """Return the view as far as it has been read."""
        return self._view

    @property
    def caught_up(self) -> asyncio.Event:
        """Set once everything that stood in the topic at the start has been applied."""
        return self._topic.caught_up

    async def at_least(self, version: int) -> Reference:
        """Wait until the view has reached `version`, then return it.

        Raises:
            UnavailableError: it has not within `WAIT_S_MAX`.
        """
        try:
            async with asyncio.timeout(WAIT_S_MAX), self._changed:
                await self._changed.wait_for(lambda: self._view.version >= version)
        except TimeoutError as error:
            raise UnavailableError(
                f"the reference data stands at {self._view.version}, not yet at {version}"
            ) from error
        return self._view

    async def run(self, stopping: asyncio.Event) -> None:
        """Read until `stopping` is set."""
        await self._topic.run(stopping)

    async def _apply(self, records: Sequence[Record]) -> None:
        before = view = self._view
        for record in records:
            try:
                event = decode(record.value or b"")
            except Undecodable as error:
                # Every date we work out depends on this topic: going on would be guessing.
                self.failure = f"{record.place} cannot be read: {error.reason}"
                raise StopServiceError(self.failure) from None
            if (event.sequence or 0) > view.version:
                view = apply(view, event)
        if view is before:
            return
        async with self._changed:
            self._view = view
            self._changed.notify_all()
        if self._on_change is not None:
            await self._on_change(before, view)

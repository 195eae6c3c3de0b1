"""The archives of the services, one subject at a time, in the order of keys."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, aclosing
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from deploy.auditor.core.auditing import Subject
from deploy.auditor.core.law import Laws
from deploy.auditor.core.wall import Json, instant
from shared.kafka.cluster import Cluster
from shared.kafka.whole import read_to_end
from shared.mongo.archive import MongoArchive
from shared.mongo.client import Mongo

DOSSIERS: Final = "motcua.dossiers.v1"
CENTRES: Final = "motcua.centres.v1"
REFERENCE: Final = "motcua.reference.v1"
OBLIGATIONS: Final = "motcua.obligations.v1"
NOTICES: Final = "motcua.notices.v1"
PROGRESS: Final = "motcua.progress.v1"
DATABASE: Final = "motcua_{service}"
WRITERS: Final = ("intake", "workflow", "notifications")
KINDS_FILE: Final = Path(__file__).resolve().parents[2] / "services" / "workflow" / "kinds.json"

Rows = AsyncGenerator[tuple[str, list[Json]], None]


class Archives:
    """What intake, workflow and notifications published, read and never written."""

    def __init__(self, mongo_url: str) -> None:
        self._mongos = {
            service: Mongo(mongo_url, DATABASE.format(service=service)) for service in WRITERS
        }
        self._archives = {name: MongoArchive(mongo) for name, mongo in self._mongos.items()}

    async def close(self) -> None:
        """Give the connections back."""
        for mongo in self._mongos.values():
            await mongo.close()

    async def laws(self) -> Laws:
        """Return every change of the law.

        Raises:
            UnavailableError: the store does not answer.
        """
        rows = self._archives["intake"].read(REFERENCE, numbered_as_one=True)
        return Laws([out.value async for out in rows if out.value is not None])

    async def named_by(self, codes: Iterable[str]) -> frozenset[str]:
        """Return the centre records that bear one of some units' names.

        Raises:
            UnavailableError: the store does not answer.
        """
        archive = self._archives["intake"]
        found = [await archive.keys(CENTRES, f"{code}/") for code in codes]
        return frozenset(key for keys in found for key in keys)

    async def subjects(
        self, brought_about: Iterable[tuple[str, datetime]]
    ) -> AsyncIterator[Subject]:
        """Yield what the archives have of each subject; memory is that of one of them.

        Args:
            brought_about: What the calendar brings about, in the order of keys, and when.

        Raises:
            UnavailableError: the store does not answer.
        """
        intake = self._archives["intake"]
        async with AsyncExitStack() as stack:
            streams = []
            for archive, topic in (
                (intake, DOSSIERS),
                (intake, CENTRES),
                (self._archives["workflow"], OBLIGATIONS),
                (self._archives["notifications"], NOTICES),
            ):
                rows = await stack.enter_async_context(aclosing(_by_key(archive, topic)))
                streams.append(_Stream(rows))
            for stream in streams:
                await stream.advance()
            calendar = _Peeked(iter(brought_about))
            while True:
                keys = [calendar.key, *(stream.key for stream in streams)]
                key = min((each for each in keys if each is not None), default=None)
                if key is None:
                    return
                dossiers, centres, obligations, notices = [
                    await stream.take(key) for stream in streams
                ]
                opened = calendar.take(key)
                yield Subject(key, [*dossiers, *centres], obligations, notices, opened)


class _Stream:
    """An archive's topic, one key at a time."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.key: str | None = None
        self._events: list[Json] = []

    async def advance(self) -> None:
        """Go on to the next key."""
        try:
            self.key, self._events = await anext(self._rows)
        except StopAsyncIteration:
            self.key, self._events = None, []

    async def take(self, key: str) -> list[Json]:
        """Return the events of a key, and go on if they are there."""
        if self.key != key:
            return []
        events = self._events
        await self.advance()
        return events


class _Peeked:
    """What the calendar brings about, one key at a time."""

    def __init__(self, rows: Iterator[tuple[str, datetime]]) -> None:
        self._rows = rows
        self.key: str | None = None
        self._opened: datetime | None = None
        self._advance()

    def _advance(self) -> None:
        self.key, self._opened = next(self._rows, (None, None))

    def take(self, key: str) -> datetime | None:
        """Return when the calendar opened a key, if it did."""
        if self.key != key:
            return None
        opened = self._opened
        self._advance()
        return opened


async def _by_key(archive: MongoArchive, topic: str) -> Rows:
    """Yield a topic's events key by key, as the archive's index has them."""
    key: str | None = None
    events: list[Json] = []
    async for out in archive.read(topic):
        if out.key != key and key is not None:
            yield key, events
            events = []
        key = out.key
        if out.value is not None:
            events.append(out.value)
    if key is not None:
        yield key, events


async def least_mark(where: Cluster | Sequence[str]) -> datetime | None:
    """Return up to when intake has read everything; None if it never said.

    Raises:
        UnavailableError: the broker does not answer.
    """
    marks: dict[bytes, datetime] = {}
    for record in await read_to_end(where, PROGRESS):
        if record.value is None:
            marks.pop(record.key or b"", None)
        else:
            marks[record.key or b""] = instant(json.loads(record.value)["through"])
    return min(marks.values(), default=None)


def kinds() -> dict[str, Any]:
    """Return the kinds and their ladders, as they are published."""
    found: dict[str, Any] = json.loads(KINDS_FILE.read_text(encoding="utf-8"))
    return found

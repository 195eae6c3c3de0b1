"""From the outboxes to the topics: each entry once, in order, by one path at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, Generic, TypeAlias, TypeVar

from shared.subjects.document import Document, Outgoing, Refusal
from shared.subjects.errors import OwnedElsewhereError
from shared.subjects.ownership import Ownership, SoleOwner
from shared.subjects.ports import Archive, Publisher, SubjectStore
from shared.subjects.refused import RefusedRecord, place, refusals_of

LEFT_BEHIND_AFTER: Final = timedelta(seconds=5)
"""After this much wall time the sweep publishes what the direct path has not begun with."""

BATCH_DOCUMENTS_MAX: Final = 500

ACKNOWLEDGED_MAX: Final = 20_000
"""How many entries are remembered that the broker took and the store did not clear yet."""

PASSED_MAX: Final = 20_000
"""For how many subjects it is remembered up to which version a path published what others of
this process had saved. The oldest is forgotten first; its event may be repeated then."""

PAUSE_S: Final = 0.05
PAUSES_MAX: Final = 400
"""How often it is asked whether another process has published what comes first: for 20 s, which
is longer than it takes to find that the process has died."""

StateT = TypeVar("StateT")

Entries: TypeAlias = Mapping[str, Sequence[Outgoing]]
"""Subject to entries of its outbox, in the order in which they were decided."""


@dataclass(slots=True)
class _Sent:
    """What became of the entries of some subjects.

    Attributes:
        count: How many were published.
        kept: Those that come behind another process's.
        left: Those that wait because the broker refuses one of their subject.
    """

    count: int = 0
    kept: dict[str, Sequence[Outgoing]] = field(default_factory=dict)
    left: dict[str, Sequence[Outgoing]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Retried:
    """What a retry of a refused record did.

    Attributes:
        published: How many entries of the subject went out, those that waited behind included.
        refused: Why the rest still waits; None if nothing is refused any more.
        elsewhere: Whether another process tries it within seconds, since it is the owner.
    """

    published: int
    refused: Refusal | None = None
    elsewhere: bool = False


@dataclass(slots=True)
class Relay(Generic[StateT]):
    """Publishes outboxes, archives what it published, clears it.

    An entry goes to the broker together with all that its subject decided before and that is
    not known to be there, in this order; so no event overtakes an earlier one of its subject,
    whatever fails or dies. A copy of a document therefore keeps what it was read with.

    One path publishes an entry at a time. Within a process, a subject is in flight from the
    moment a path takes it; another path waits, then asks the store what is left. The sweep
    leaves alone what is in flight. A copy that a sweep or a later copy of the same subject has
    overtaken is compared with the store. Among processes, `ownership` decides; what another one
    owns is waited for, with everything that its subject decided later. Subjects do not wait for
    each other.

    What the broker refuses stays in its outbox with all that its subject decided later. Only
    the sweep tries it again, when its time has come, or `retry` on command.
    """

    store: SubjectStore[StateT]
    publisher: Publisher
    archive: Archive
    ownership: Ownership = field(default_factory=SoleOwner)
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    _: KW_ONLY
    wall_now: Callable[[], datetime]
    _in_flight: dict[str, asyncio.Future[None]] = field(default_factory=dict)
    _acknowledged: dict[tuple[str, str], None] = field(default_factory=dict)
    _passed: dict[str, int] = field(default_factory=dict)
    _swept_before: datetime | None = None

    async def publish(self, documents: Sequence[Document[StateT]]) -> int:
        """Publish, archive and clear the outboxes of `documents`; return how many entries.

        A copy whose subject waits for a refused record keeps what waits in its outbox.

        Raises:
            UnavailableError: what was not published stays in its outbox.
            OwnedElsewhereError: another process has had earlier entries for too long.
        """
        waiting: Entries = {
            document.id: document.unpublished()
            for document in documents
            if document.unpublished() and document.refused is None
        }
        left: dict[str, Sequence[Outgoing]] = {
            document.id: document.unpublished()
            for document in documents
            if document.refused is not None
        }
        certain = not waiting or await self.ownership.confirm()
        # What a copy carries from before may have been published since it was read, and what it
        # added since it was saved.
        asked = {
            document.id: document.version
            for document in documents
            if document.outbox or not certain or self._is_overtaken(document)
        }
        versions = {document.id: document.version for document in documents}
        count = pauses = 0
        while waiting:
            free = {key: outs for key, outs in waiting.items() if key not in self._in_flight}
            if not free:
                await asyncio.wait({self._in_flight[key] for key in waiting})
                continue
            sent = await self._send(
                free, {key: version for key, version in asked.items() if key in free}
            )
            count += sent.count
            left |= sent.left
            waiting = {
                key: outs for key, outs in waiting.items() if key not in free
            } | sent.kept
            # The others may have succeeded, failed or been cancelled: the store knows.
            asked |= {key: versions[key] for key in waiting}
            if sent.kept:
                pauses += 1
                if pauses > PAUSES_MAX:
                    raise OwnedElsewhereError(len(sent.kept))
                await self.pause(PAUSE_S)
        for document in documents:
            document.outbox, document.added = [*left.get(document.id, ())], []
        return count

    async def sweep_left_behind(self, *, wall_now: datetime) -> int:
        """Publish what waits in outboxes and nobody is publishing; return how many entries.

        That is what a crash, a failure or a full queue left of this process's entries, the
        entries of processes that are gone, and what was refused and may be tried again.

        Raises:
            UnavailableError: what was not published stays in its outbox.
        """
        await self.ownership.confirm()
        before = wall_now - LEFT_BEHIND_AFTER
        self._swept_before = max(before, self._swept_before or before)
        documents = await self.store.left_behind(
            before=before, limit=BATCH_DOCUMENTS_MAX, others=self.ownership.others()
        )
        free = [
            document
            for document in documents
            if document.id not in self._in_flight
            and document.outbox
            and self.ownership.is_ours(document.outbox[0].owner)
        ]
        if not free:
            return 0
        sent = await self._send(
            {document.id: document.outbox for document in free},
            {document.id: document.version for document in free},
            again=True,
        )
        return sent.count

    async def retry(self, subject: str) -> Retried:
        """Try a subject's refused entry again now, with what waits behind it.

        Raises:
            UnavailableError: brokers or store are away; the entry waits on.
        """
        await self.ownership.confirm()
        while subject in self._in_flight:
            await asyncio.wait({self._in_flight[subject]})
        document = (await self.store.load([subject])).get(subject)
        if document is None or document.refused is None or not document.outbox:
            return Retried(0)
        if not self.ownership.is_ours(document.outbox[0].owner):
            due = replace(document.refused, until=document.refused.at)
            await self.store.defer({subject: due})
            return Retried(0, document.refused, elsewhere=True)
        sent = await self._send(
            {subject: document.outbox}, {subject: document.version}, again=True
        )
        left = (await self.store.load([subject]))[subject]
        return Retried(sent.count, left.refused)

    def _is_overtaken(self, document: Document[StateT]) -> bool:
        """Return whether another path of this process may have seen what this copy saved."""
        if document.saved_at is None or document.version < self._passed.get(document.id, 0):
            return True
        return self._swept_before is not None and document.saved_at <= self._swept_before

    async def _send(
        self, waiting: Entries, asked: Mapping[str, int], *, again: bool = False
    ) -> _Sent:
        """Publish, archive and clear what is left of these.

        `asked` are the subjects that are compared with the store, with the version that the
        copy was read at; `again` tries those that wait for a refused record, too.
        """
        sent = _Sent()
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._in_flight |= dict.fromkeys(waiting, done)
        try:
            ready = await self._ready(waiting, asked.keys(), sent, again=again)
            if ready:
                await self._publish(ready, sent)
                self._pass(asked)
            return sent
        finally:
            for key in waiting:
                del self._in_flight[key]
            done.set_result(None)

    async def _publish(self, ready: Entries, sent: _Sent) -> None:
        """Publish these; archive and clear what the broker took, defer what it refuses."""
        outgoing = [out for outs in ready.values() for out in outs]
        refused = await self._publish_fresh(outgoing)
        lacking = {place(one.outgoing) for one in refused}
        taken = {
            key: [out for out in outs if place(out) not in lacking]
            for key, outs in ready.items()
        }
        acknowledged = [out for outs in taken.values() for out in outs]
        try:
            await self.archive.insert(acknowledged)
            await self.store.clear(
                {key: [out.id for out in outs] for key, outs in taken.items() if outs}
            )
        except BaseException:
            self._remember(acknowledged)
            raise
        self._forget(acknowledged)
        sent.count += len(acknowledged)
        if refused:
            subjects = {place(out): key for key, outs in ready.items() for out in outs}
            await self.store.defer(refusals_of(subjects, refused, now=self.wall_now()))
            for key, outs in ready.items():
                waiting = [out for out in outs if place(out) in lacking]
                if waiting:
                    sent.left[key] = waiting

    async def _ready(
        self, waiting: Entries, asked: AbstractSet[str], sent: _Sent, *, again: bool
    ) -> Entries:
        """Return the entries that are ours to publish now; note those that must wait.

        Of `asked` subjects, what the store has no more is neither returned nor noted.
        """
        if not asked:
            return waiting
        documents = await self.store.load(asked)
        ready: dict[str, Sequence[Outgoing]] = {}
        for key, outs in waiting.items():
            if key not in asked:
                ready[key] = outs
                continue
            wanted = {out.id for out in outs}
            stored = documents[key].outbox if key in documents else []
            left = [out for out in stored if out.id in wanted]
            if left and documents[key].refused is not None and not again:
                sent.left[key] = left
                continue
            ours = _leading(left, self.ownership)
            if ours:
                ready[key] = left[:ours]
            if ours < len(left):
                sent.kept[key] = left[ours:]
        return ready

    async def _publish_fresh(self, outgoing: Sequence[Outgoing]) -> Sequence[RefusedRecord]:
        """Publish these, without those that the broker took when archive or store failed."""
        fresh = outgoing
        if self._acknowledged:
            fresh = [out for out in outgoing if (out.topic, out.id) not in self._acknowledged]
        return await self.publisher.publish(fresh) if fresh else ()

    def _remember(self, acknowledged: Sequence[Outgoing]) -> None:
        """Remember what the broker took, and forget the oldest beyond the limit."""
        self._acknowledged |= dict.fromkeys((out.topic, out.id) for out in acknowledged)
        too_many = len(self._acknowledged) - ACKNOWLEDGED_MAX
        for old in list(islice(self._acknowledged, max(0, too_many))):
            del self._acknowledged[old]

    def _pass(self, versions: Mapping[str, int]) -> None:
        """Remember that what was saved up to these versions was published from a copy."""
        for key, version in versions.items():
            self._passed[key] = max(version, self._passed.pop(key, 0))
        for old in list(islice(self._passed, max(0, len(self._passed) - PASSED_MAX))):
            del self._passed[old]

    def _forget(self, cleared: Sequence[Outgoing]) -> None:
        """Forget what the store has no more."""
        if self._acknowledged:
            for out in cleared:
                self._acknowledged.pop((out.topic, out.id), None)


def _leading(entries: Sequence[Outgoing], ownership: Ownership) -> int:
    """Return how many entries come before the first that another process owns."""
    for count, out in enumerate(entries):
        if not ownership.is_ours(out.owner):
            return count
    return len(entries)

"""Refused records as operators see them: which subjects wait, why, and a retry on command."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from shared.subjects.document import Document, Refusal
from shared.subjects.ports import SubjectStore
from shared.subjects.refused import Scope, Waiting
from shared.subjects.relay import Relay

KIND: Final = "refused"
"""How the id of a refused record begins, so that no parked record has the same."""

NAMED_MAX: Final = 3
"""How many refused records readiness names; the list has the others."""


@dataclass(frozen=True, slots=True)
class Queue:
    """One collection with outboxes, by the relay that publishes them."""

    name: str
    relay: Relay[Any]

    @property
    def store(self) -> SubjectStore[Any]:
        """Return the collection."""
        return self.relay.store


@dataclass(frozen=True, slots=True)
class Refused:
    """A subject that waits because the broker refuses its first unpublished event.

    Attributes:
        id: Names collection and subject.
        subject: Whose later events wait, too.
        topic: Where the event goes.
        event_id: The event.
        error: The error's name.
        scope: Whether the record alone is refused, or whatever goes to the topic.
        sentence: What is wrong and what to do about it.
        at: When it was refused last, in wall time.
        until: From when on it is tried again by itself, in wall time.
        events: How many events wait, this one included.
        value: The event in its stored form; None for a tombstone.
    """

    id: str
    subject: str
    topic: str
    event_id: str
    error: str
    scope: str
    sentence: str
    at: datetime
    until: datetime
    events: int
    value: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class RetryVerdict:
    """What a retry did, or would do.

    Attributes:
        id: The refused record's id.
        done: Whether nothing of the subject waits for the broker any more.
        published: How many events went out, those that had waited behind included.
        reason: Why the subject still waits; empty if it does not.
    """

    id: str
    done: bool
    published: int
    reason: str = ""


@dataclass(slots=True)
class DecideRefused:
    """Lists one service's refused records and tries them again."""

    queues: list[Queue]

    async def list(self, *, limit: int) -> Sequence[Refused]:
        """Return the refused records, the newest first.

        Raises:
            UnavailableError: the store does not answer.
        """
        found = [
            _refused(queue, document, document.refused)
            for queue in self.queues
            for document in await queue.store.refused(limit=limit)
            if document.refused is not None
        ]
        return sorted(found, key=lambda one: one.at, reverse=True)[:limit]

    async def get(self, refused_id: str) -> Refused | None:
        """Return one refused record, or None.

        Raises:
            UnavailableError: the store does not answer.
        """
        queue, subject = self._parts(refused_id)
        if queue is None:
            return None
        for document in await queue.store.refused(limit=1, ids=[subject]):
            if document.refused is not None:
                return _refused(queue, document, document.refused)
        return None

    async def retry(self, refused: Refused, *, dry_run: bool) -> RetryVerdict:
        """Try a refused record again now, with what waits behind it.

        Raises:
            UnavailableError: brokers or store are away; the record waits on.
        """
        queue, subject = self._parts(refused.id)
        assert queue is not None, "it was listed"
        if dry_run:
            return RetryVerdict(refused.id, done=False, published=0)
        retried = await queue.relay.retry(subject)
        if retried.elsewhere:
            reason = "another replica owns it and tries it again within seconds"
        elif retried.refused is not None:
            reason = f"{retried.refused.error}: {retried.refused.sentence}"
        else:
            return RetryVerdict(refused.id, done=True, published=retried.published)
        return RetryVerdict(refused.id, done=False, published=retried.published, reason=reason)

    async def count(self) -> Sequence[Waiting]:
        """Count the subjects that wait, by topic, error and scope.

        Raises:
            UnavailableError: the store does not answer.
        """
        found: dict[tuple[str, str, str], int] = {}
        for queue in self.queues:
            for one in await queue.store.count_refused():
                kind = (one.topic, one.error, one.scope)
                found[kind] = found.get(kind, 0) + one.subjects
        return [Waiting(*kind, subjects) for kind, subjects in sorted(found.items())]

    async def impaired(self) -> str | None:
        """Return which records are refused for good and what to do; None if none is.

        Raises:
            UnavailableError: the store does not answer.
        """
        total = sum(
            one.subjects for one in await self.count() if one.scope == Scope.RECORD.value
        )
        if not total:
            return None
        listed = await self.list(limit=100)
        named = [one for one in listed if one.scope == Scope.RECORD.value][:NAMED_MAX]
        words = "; ".join(
            f"event {one.event_id} of {one.subject}: {one.error}: {one.sentence}"
            for one in named
        )
        return f"{total} subjects wait behind a refused record ({words}); `motcua parked list`"

    def _parts(self, refused_id: str) -> tuple[Queue | None, str]:
        kind, _, rest = refused_id.partition("|")
        name, _, subject = rest.partition("|")
        queues = {queue.name: queue for queue in self.queues}
        return (queues.get(name) if kind == KIND else None), subject


def _refused(queue: Queue, document: Document[Any], refusal: Refusal) -> Refused:
    entry = next((out for out in document.outbox if out.id == refusal.id), None)
    return Refused(
        id=f"{KIND}|{queue.name}|{document.id}",
        subject=document.id,
        topic=refusal.topic,
        event_id=refusal.id,
        error=refusal.error,
        scope=refusal.scope,
        sentence=refusal.sentence,
        at=refusal.at,
        until=refusal.until,
        events=len(document.outbox),
        value=None if entry is None else entry.value,
    )

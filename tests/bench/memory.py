"""A store that is not the bottleneck: documents in a dict, as the bytes that a driver makes.

`tests.fakes.subjects.MemorySubjects` copies deeply, which costs more than the core does; this
one pays what every adapter pays, turning documents to BSON and back, and nothing else.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

import bson

from shared.events.envelope import from_document, to_document
from shared.subjects.document import Document, Outgoing
from shared.subjects.ports import StateCodec

StateT = TypeVar("StateT")


class BsonSubjects(Generic[StateT]):
    """Implements `SubjectStore`; nothing is ever left behind, since nobody dies here."""

    def __init__(self, codec: StateCodec[StateT]) -> None:
        self._codec = codec
        self._rows: dict[str, tuple[int, bytes]] = {}
        self._outboxes: dict[str, list[Outgoing]] = {}

    async def load(self, ids: Collection[str]) -> dict[str, Document[StateT]]:
        """Read the documents that exist."""
        return {one: self._read(one) for one in ids if one in self._rows}

    async def save(
        self, documents: Sequence[Document[StateT]], *, pending_at: datetime
    ) -> frozenset[str]:
        """Write each document if nobody changed it meanwhile; name those that lost."""
        assert pending_at.tzinfo is not None, "an instant is aware"
        losers = set()
        for document in documents:
            version = self._rows[document.id][0] if document.id in self._rows else 0
            if version != document.version:
                losers.add(document.id)
                continue
            self._rows[document.id] = (version + 1, bson.encode(self._fields(document)))
            self._outboxes.setdefault(document.id, []).extend(document.added)
            document.saved_at = pending_at
        return frozenset(losers)

    async def left_behind(
        self, *, before: datetime, limit: int, others: Collection[str] = ()
    ) -> Sequence[Document[StateT]]:
        """Find nothing."""
        assert limit > 0, (before, others)
        return ()

    async def clear(self, published: Mapping[str, Sequence[str]]) -> None:
        """Take published entries out."""
        for subject, ids in published.items():
            gone = set(ids)
            self._outboxes[subject] = [
                out for out in self._outboxes.get(subject, ()) if out.id not in gone
            ]

    def _fields(self, document: Document[StateT]) -> dict[str, Any]:
        assert document.state is not None, "folded"
        return {
            "sequences": [list(pair) for pair in document.sequences.items()],
            "emitted": [list(pair) for pair in document.emitted.items()],
            "held": [
                [stream, to_document(event)]
                for stream, waiting in document.held.items()
                for event in waiting.values()
            ],
            "state": self._codec.to_document(document.state),
            **self._codec.index(document.state),
        }

    def _read(self, subject: str) -> Document[StateT]:
        version, row = self._rows[subject]
        fields = bson.decode(row)
        held: dict[str, dict[int, Any]] = {}
        for stream, stored in fields["held"]:
            event = from_document(stored)
            held.setdefault(stream, {})[event.sequence or 0] = event
        return Document(
            id=subject,
            version=version,
            sequences={name: int(number) for name, number in fields["sequences"]},
            held=held,
            emitted={name: int(number) for name, number in fields["emitted"]},
            outbox=list(self._outboxes.get(subject, ())),
            state=self._codec.from_document(fields["state"]),
        )

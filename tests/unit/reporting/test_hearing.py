"""Who was heard is noted in the store before this process takes it for noted."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from services.reporting.adapters.hearing import MongoHearing
from shared.mongo.client import Mongo
from shared.mongo.collection import GuardedUpdate
from shared.subjects.errors import UnavailableError

pytestmark = pytest.mark.asyncio

NOON = datetime(2026, 11, 23, 5, tzinfo=UTC)


class _Collection:
    """Names every update a loser, as it does when the connection broke, until it is mended."""

    def __init__(self) -> None:
        self.broken = True
        self.noted: set[str] = set()

    async def compare_and_set(self, updates: Sequence[GuardedUpdate]) -> frozenset[int]:
        if self.broken:
            return frozenset(range(len(updates)))
        self.noted.update(str(one.filter["_id"]) for one in updates)
        return frozenset()


class _Mongo:
    def __init__(self, collection: _Collection) -> None:
        self._collection = collection

    def collection(self, _name: str) -> Any:  # noqa: ANN401 -- In place of one of the driver's.
        return self._collection


class _Client(_Mongo, Mongo): ...


async def test_a_store_that_does_not_say_whether_it_noted_is_told_again() -> None:
    """The connection breaks: the batch fails and comes again, and then it is noted."""
    rows = _Collection()
    hearing = MongoHearing(_Client(rows), generation=1)
    with pytest.raises(UnavailableError):
        await hearing.heard({"20.1": NOON})
    rows.broken = False
    await hearing.heard({"20.1": NOON})
    assert rows.noted == {"day|2026-11-23|20.1", "last|20.1"}

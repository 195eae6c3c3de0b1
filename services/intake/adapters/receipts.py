"""Receipts and code counters in the store."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from typing_extensions import override

from services.intake.core.receipts import Outcome, Receipt
from services.intake.ports import CodeCounter, ReceiptStore
from shared.mongo.client import Mongo
from shared.subjects.errors import UnavailableError

TRIES_MAX: Final = 5
WRITTEN_MAX: Final = 250
"""How many receipts one statement writes."""

_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)


class MongoReceipts(ReceiptStore):
    """The `receipts` collection; `_id` is the receipt's key, so one insert is the guard."""

    def __init__(self, mongo: Mongo) -> None:
        self._collection = mongo.collection("receipts")

    async def prepare(self) -> None:
        """Create the index by which open receipts are counted."""
        await self._collection.create_index([("open_since", 1)], sparse=True)

    async def count_open(self) -> int:
        """Return how many receipts are open: in work, or left behind by a crash."""
        return await self._collection.count({"open_since": {"$gt": _EARLIEST}})

    @override
    async def open(self, receipts: Sequence[Receipt]) -> list[Receipt | None]:
        taken = await self._collection.insert_new([_written(one) for one in receipts])
        found = await self.find([receipts[index].key for index in taken])
        return [
            found.get(one.key) if index in taken else None for index, one in enumerate(receipts)
        ]

    @override
    async def take_over(self, receipts: Sequence[Receipt]) -> frozenset[str]:
        await self._write(
            receipts,
            lambda one: {
                "fingerprint": one.fingerprint,
                "outcome": one.outcome.value,
                "answer": dict(one.answer),
            },
            open_since="$received_at",
        )
        found = await self.find([one.key for one in receipts])
        return frozenset(
            one.key
            for one in receipts
            if one.key in found
            and found[one.key].outcome is Outcome.OPEN
            and found[one.key].fingerprint == one.fingerprint
        )

    @override
    async def close(self, receipts: Sequence[Receipt]) -> None:
        await self._write(
            receipts,
            lambda one: {
                "fingerprint": one.fingerprint,
                "outcome": one.outcome.value,
                "answer": dict(one.answer),
            },
            open_since="$$REMOVE",
        )

    async def _write(
        self,
        receipts: Sequence[Receipt],
        fields: Callable[[Receipt], dict[str, Any]],
        *,
        open_since: str,
    ) -> None:
        """Write fields of receipts that are not applied; what is applied stays as it is.

        One statement for all of them is one transaction of the store, ten times as fast as one
        for each; each receipt finds its own values by the place of its key.
        """
        for start in range(0, len(receipts), WRITTEN_MAX):
            part = receipts[start : start + WRITTEN_MAX]
            keys = [one.key for one in part]
            values = [fields(one) for one in part]
            mine = {"$indexOfArray": [{"$literal": keys}, "$_id"]}
            applied = {"$eq": ["$outcome", Outcome.APPLIED.value]}
            stage: dict[str, Any] = {
                name: {
                    "$cond": [
                        applied,
                        f"${name}",
                        {"$arrayElemAt": [{"$literal": [one[name] for one in values]}, mine]},
                    ]
                }
                for name in values[0]
            }
            stage["open_since"] = {"$cond": [applied, "$$REMOVE", open_since]}
            await self._collection.update_many({"_id": {"$in": keys}}, [{"$set": stage}])

    @override
    async def find(self, keys: Collection[str]) -> dict[str, Receipt]:
        if not keys:
            return {}
        rows = await self._collection.find({"_id": {"$in": list(keys)}})
        return {row["_id"]: _read(row) for row in rows}

    @override
    async def move(self, receipt: Receipt, code: str) -> Receipt:
        await self._collection.update_one(
            {
                "_id": receipt.key,
                "code": receipt.code,
                "outcome": {"$ne": Outcome.APPLIED.value},
            },
            {"$set": {"code": code}},
        )
        return (await self.find([receipt.key]))[receipt.key]


class MongoCodeCounter(CodeCounter):
    """The `counters` collection: one document per prefix and local date."""

    def __init__(self, mongo: Mongo) -> None:
        self._collection = mongo.collection("counters")

    @override
    async def next(self, prefix: str, day: date) -> int:
        key = {"_id": _place(prefix, day)}
        for _ in range(TRIES_MAX):
            found = await self._collection.find_one_and_update(
                key, {"$inc": {"last": 1}}, upsert=True
            )
            if found is not None:
                return int(found["last"])
            # The embedded engine counts but gives no document back when several callers create
            # it at once. What was counted is a gap in the numbers, which is allowed.
        raise UnavailableError(f"the counter of {prefix} gave no number {TRIES_MAX} times")

    @override
    async def skip(self, prefix: str, day: date, through: int) -> None:
        # Inserted where nobody has counted yet: a store that was emptied has no counters.
        place = _place(prefix, day)
        if await self._collection.insert({"_id": place, "last": through}):
            return
        await self._collection.update_one(
            {"_id": place, "last": {"$lt": through}}, {"$set": {"last": through}}
        )


def _place(prefix: str, day: date) -> str:
    return f"{prefix}|{day.isoformat()}"


def _written(receipt: Receipt) -> dict[str, Any]:
    return {
        "_id": receipt.key,
        "fingerprint": receipt.fingerprint,
        "outcome": receipt.outcome.value,
        "received_at": receipt.received_at,
        **({"open_since": receipt.received_at} if receipt.outcome is Outcome.OPEN else {}),
        "event_id": receipt.event_id,
        "code": receipt.code,
        "answer": dict(receipt.answer),
    }


def _read(row: Mapping[str, Any]) -> Receipt:
    received_at: datetime = row["received_at"]
    return Receipt(
        key=row["_id"],
        fingerprint=row["fingerprint"],
        outcome=Outcome(row["outcome"]),
        received_at=received_at,
        event_id=row["event_id"],
        code=row["code"],
        answer=row["answer"],
    )

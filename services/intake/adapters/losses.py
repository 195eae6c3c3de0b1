"""What operators have accepted as lost, in the store."""

from collections.abc import Sequence
from dataclasses import asdict

from typing_extensions import override

from services.intake.ports import AcceptedLoss, Losses
from shared.mongo.client import Mongo
from shared.mongo.collection import StoredDocument
from shared.subjects.read_positions import Loss


class MongoLosses(Losses):
    """The `accepted_losses` collection; `_id` names the offsets, so one loss is one row."""

    def __init__(self, mongo: Mongo) -> None:
        self._collection = mongo.collection("accepted_losses")

    @override
    async def keep(self, accepted: AcceptedLoss) -> AcceptedLoss:
        loss = accepted.loss
        row = {**asdict(accepted), "loss": asdict(loss), "_id": _id(loss)}
        if await self._collection.insert(row):
            return accepted
        found = await self._collection.find_one({"_id": row["_id"]})
        return accepted if found is None else _accepted(found)

    @override
    async def newest(self, *, limit: int) -> Sequence[AcceptedLoss]:
        rows = await self._collection.find({}, sort=[("at", -1)], limit=limit)
        return [_accepted(row) for row in rows]


def _id(loss: Loss) -> str:
    return (
        f"{loss.topic}/{loss.partition}/{loss.first_offset}-{loss.end_offset}@{loss.until_ms}"
    )


def _accepted(row: StoredDocument) -> AcceptedLoss:
    return AcceptedLoss(Loss(**row["loss"]), row["by"], row["why"], row["key_id"], row["at"])

"""Rows of the processes that save outbox entries, in MongoDB."""

import contextlib
import secrets
import signal
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from shared.mongo.client import Mongo
from shared.ops import log
from shared.ops.clock import wall_now
from shared.subjects.errors import UnavailableError
from shared.subjects.ownership import SET_BACK, OwnerRow, SharedOwnership

KEPT: Final = timedelta(days=1)
"""How long a row stays once it has an heir. An entry that still bears its name afterwards is
found without a row, and inherited anew."""

ROWS_MAX: Final = 10_000
NAME_BYTES: Final = 6

_log = log.logger(__name__)


class MongoOwners:
    """The collection `outbox_owners`: `_id`, `beats`, `ended`, `heir`, `inherited_at`.

    Writes are conditional, so that a row gets one heir and an owner learns of it.
    """

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._collection = mongo.collection("outbox_owners")

    async def enter(self, owner: str, *, at: datetime) -> None:
        """Add a row, drop those inherited long ago, and sign this process's entries with it."""
        await self._collection.delete_many({"inherited_at": {"$lt": at - KEPT}})
        await self._collection.insert({"_id": owner, "beats": 0, "ended": False, "heir": None})
        self._mongo.outbox_owner = owner

    async def renew(self, owner: str) -> bool:
        """Add a beat unless the row has an heir or is gone."""
        # A repeat of a write whose answer was lost adds a beat more, which harms nobody.
        found = await self._collection.update_one(
            {"_id": owner, "heir": None}, {"$inc": {"beats": 1}}
        )
        return found == 1

    async def end(self, owner: str) -> None:
        """Write that the process has stopped."""
        await self._collection.update_one({"_id": owner}, {"$set": {"ended": True}})

    async def inherit(self, row: OwnerRow, *, heir: str, at: datetime) -> bool:
        """Write the heir into a row that is still as read, or into a new one."""
        given = {"heir": heir, "inherited_at": at}
        fresh = {"_id": row.owner, "beats": row.beats, "ended": True, **given}
        if await self._collection.insert(fresh):
            return True
        await self._collection.update_one(
            {"_id": row.owner, "heir": None, "beats": row.beats}, {"$set": given}
        )
        found = await self._collection.find_one({"_id": row.owner}, projection={"heir": 1})
        return found is not None and found["heir"] == heir

    async def rows(self) -> Sequence[OwnerRow]:
        """Read all rows."""
        return [
            OwnerRow(str(row["_id"]), int(row["beats"]), bool(row["ended"]), row["heir"])
            for row in await self._collection.find({}, limit=ROWS_MAX)
        ]


def share_outboxes(mongo: Mongo, instance: str) -> SharedOwnership:
    """Return the ownership of outbox entries that this process takes part in."""
    return SharedOwnership(
        MongoOwners(mongo),
        # Two lives of one replica are two owners, and so are two replicas with one name.
        new_name=lambda: f"{instance}-{secrets.token_hex(NAME_BYTES)}",
        wall_now=wall_now,
        seconds=time.monotonic,
    )


async def beat(ownership: SharedOwnership) -> None:
    """Renew and look; a store that is away is readiness's to say, losses are logged.

    A process whose store was set back under it ends: whoever starts it anew has it compare
    the store with the topics first.
    """
    taken_over, lost = ownership.taken_over, ownership.lost
    try:
        await ownership.beat()
    except UnavailableError:
        return
    finally:
        if ownership.lost > lost:
            _log.warning("outboxes_lost", times=ownership.lost - lost)
        if ownership.set_back:
            _log.error("store_set_back", reason=SET_BACK)
            signal.raise_signal(signal.SIGTERM)
        if ownership.taken_over > taken_over:
            _log.info("outboxes_taken_over", owners=ownership.taken_over - taken_over)


async def leave(ownership: SharedOwnership) -> None:
    """Release what is left to the next process; without a store they find out themselves."""
    with contextlib.suppress(UnavailableError):
        await ownership.leave()

"""Connecting: the only place that chooses between Motor and PyMongo's async client."""

import inspect
from typing import Any, Literal

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import AsyncMongoClient
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from shared.mongo.collection import Collection
from shared.mongo.errors import repeatable, translated

Driver = Literal["motor", "pymongo"]

EMBEDDED_ENGINE_MARK = "secantusVersion"
"""The field of `buildInfo` by which the embedded engine is known."""


class Mongo:
    """One service's database; belongs to one event loop.

    Attributes:
        outbox_owner: The name that outbox entries saved here bear; empty in a program that
            publishes none of its own.
    """

    def __init__(self, url: str, database: str, *, driver: Driver = "motor") -> None:
        options: dict[str, Any] = {
            "tz_aware": True,
            "serverSelectionTimeoutMS": 3_000,
            "connectTimeoutMS": 3_000,
            "socketTimeoutMS": 60_000,
            "maxPoolSize": 20,
            "appname": database,
        }
        self._client: Any = (
            AsyncIOMotorClient(url, **options)
            if driver == "motor"
            else AsyncMongoClient(url, **options)
        )
        # A decision that a failover could roll back is no decision.
        self._database = self._client.get_database(
            database,
            write_concern=WriteConcern(w="majority", j=True),
            read_concern=ReadConcern("majority"),
        )
        self._embedded: bool | None = None
        self.outbox_owner = ""

    def collection(self, name: str) -> Collection:
        """Return one collection of the database; nothing is created yet."""
        return Collection(self._database[name])

    async def ping(self) -> None:
        """Return when the server answers; raise `UnavailableError` when it does not."""
        async with translated():
            await self._client.admin.command("ping")

    async def is_embedded(self) -> bool:
        """Return whether the server is the embedded engine, whose index use is narrower."""
        if self._embedded is None:
            async with translated():
                answer = await repeatable()(self._client.admin.command, "buildInfo")
            self._embedded = EMBEDDED_ENGINE_MARK in answer
        return self._embedded

    async def drop(self) -> None:
        """Remove the whole database; for tests and rebuilds."""
        async with translated():
            await self._client.drop_database(self._database.name)

    async def close(self) -> None:
        """Give the connections back."""
        closing = self._client.close()
        if inspect.isawaitable(closing):
            await closing

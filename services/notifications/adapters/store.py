"""Notices, causes, answers, contacts and endpoints in MongoDB."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from collections.abc import Collection as Many
from datetime import UTC, datetime
from typing import Any, Final

from services.notifications.core.acknowledge import Answers, AnswersCodec
from services.notifications.core.cause import Cause
from services.notifications.core.contact import Contact
from services.notifications.core.notice import Channel, Notice
from services.notifications.core.stored import (
    CONTACT_FIELDS,
    NoticeCodec,
    contact_from_document,
    contact_to_document,
)
from shared.events.envelope import Event, from_document
from shared.events.topics import NOTICES
from shared.events.units import Current, as_they_are
from shared.mongo.client import Mongo
from shared.mongo.collection import Collection, GuardedUpdate, Order
from shared.mongo.subjects import MongoSubjects
from shared.subjects.document import Document
from shared.subjects.errors import UnavailableError

LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
REBUILT: Final = "rebuilt"
COUNTED_MAX: Final = 10_000
"""Counts for the status page stop here; what is more is "many"."""

LANES: Final = (0, 1)
"""The lanes that go first when there is more than one pass takes up."""

_NOTICE_INDEXES: Final[Sequence[Order]] = (
    [("channel", 1), ("next_at", 1)],
    [("channel", 1), ("lane", 1), ("next_at", 1)],
    [("channel", 1), ("wall_at", 1)],
    [("next_at", 1)],
    [("wall_at", 1)],
    [("subject", 1)],
    [("held_for", 1), ("channel", 1)],
    [("awaits", 1)],
    [("provider_ref", 1)],
    [("shown_to", 1)],
)


class MongoNotices:
    """The collection `notices`, by what the sender asks for."""

    def __init__(self, mongo: Mongo, current: Current = as_they_are) -> None:
        self.subjects = MongoSubjects[Notice](
            mongo, "notices", NoticeCodec(current), indexes=_NOTICE_INDEXES
        )
        self._rows = self.subjects.collection

    async def due(
        self, channel: Channel, *, now: datetime, wall: datetime, limit: int
    ) -> Sequence[Document[Notice]]:
        """Return what is due, escalations first, each lane oldest first."""
        of_channel: dict[str, Any] = {"channel": channel.value}
        woken = await self._rows.find(
            {**of_channel, "wall_at": _up_to(wall)}, sort=[("wall_at", 1)], limit=limit
        )
        past = _up_to(now)
        found = await self._rows.find(
            {**of_channel, "next_at": past}, sort=[("next_at", 1)], limit=limit
        )
        if len(found) == limit:
            urgent: list[dict[str, Any]] = []
            for lane in LANES:
                urgent += await self._rows.find(
                    {**of_channel, "lane": lane, "next_at": past},
                    sort=[("next_at", 1)],
                    limit=limit,
                )
            found = [*urgent, *found]
        rows = {row["_id"]: row for row in (*woken, *found)}
        ordered = sorted(rows.values(), key=_urgency)
        return [self.subjects.read(row) for row in ordered[:limit]]

    async def none(self) -> bool:
        """Say whether there is no notice at all."""
        return not await self._rows.find({}, limit=1, projection={"_id": 1})

    async def held_for(
        self, contact: str, channel: Channel, *, limit: int
    ) -> Sequence[Document[Notice]]:
        """Return what is held back for one recipient, escalations first, each oldest first."""
        rows = await self._rows.find(
            {"held_for": contact, "channel": channel.value}, sort=[("lane", 1)], limit=limit
        )
        return [self.subjects.read(row) for row in sorted(rows, key=_urgency)]

    async def awaiting(self, contacts: Many[str]) -> Sequence[str]:
        """Return the ids of notices that wait for these contacts."""
        return await self._ids({"awaits": {"$in": list(contacts)}})

    async def of_subject(self, subject: str, *, limit: int) -> Sequence[Notice]:
        """Return a subject's notices, in the order in which they were planned."""
        rows = await self._rows.find({"subject": subject}, limit=limit)
        notices = [self.subjects.read(row).state for row in rows]
        known = [notice for notice in notices if notice is not None]
        return sorted(known, key=lambda notice: (notice.plan.planned_at, notice.id))

    async def by_reference(self, channel: Channel, provider_ref: str) -> Sequence[str]:
        """Return the ids of notices that travelled under a provider's id."""
        rows = await self._rows.find(
            {"provider_ref": provider_ref}, projection={"_id": 1, "channel": 1}
        )
        return [str(row["_id"]) for row in rows if row.get("channel") == channel.value]

    async def shown_to(self, persons: Many[str], *, limit: int) -> Sequence[str]:
        """Return the ids of inbox notices that these persons have not seen yet."""
        return await self._ids({"shown_to": {"$in": list(persons)}}, limit=limit)

    async def earliest(self) -> datetime | None:
        """Return when the earliest notice is due."""
        rows = await self._rows.find(
            {"next_at": {"$gte": LONG_AGO}},
            sort=[("next_at", 1)],
            limit=1,
            projection={"next_at": 1},
        )
        return rows[0]["next_at"] if rows else None

    async def next_due(self, channel: Channel) -> tuple[datetime | None, datetime | None]:
        """Return a channel's next moments, in the service's time and in wall time."""
        return await self._first(channel, "next_at"), await self._first(channel, "wall_at")

    async def _first(self, channel: Channel, name: str) -> datetime | None:
        rows = await self._rows.find(
            {"channel": channel.value, name: {"$gte": LONG_AGO}},
            sort=[(name, 1)],
            limit=1,
            projection={name: 1},
        )
        return rows[0][name] if rows else None

    async def unfinished(
        self, *, earliest: datetime | None, now: datetime, wall: datetime
    ) -> Mapping[str, int]:
        """Count what is due, claimed or waits for what is on its way, by what holds it up."""
        shown = {"state.state": 1, "state.reason": 1, "wall_at": 1}
        pacing = await self._rows.find(
            {"wall_at": {"$gte": LONG_AGO}}, projection=shown, limit=COUNTED_MAX
        )
        # What a provider refused for now waits for the provider, not for this house.
        rows = [row for row in pacing if row["wall_at"] <= wall or not _backs_off(row)]
        if earliest is not None and earliest <= now:
            rows += await self._rows.find(
                {"next_at": _up_to(now)}, projection=shown, limit=COUNTED_MAX
            )
        return Counter(row["state"].get("reason") or row["state"]["state"] for row in rows)

    async def waiting(self, channel: Channel, *, now: datetime) -> tuple[int, datetime | None]:
        """Return how many notices of a channel are due and since when, for operators."""
        rows = await self._rows.find(
            {"channel": channel.value, "next_at": _up_to(now)},
            sort=[("next_at", 1)],
            projection={"next_at": 1},
            limit=COUNTED_MAX,
        )
        return len(rows), rows[0]["next_at"] if rows else None

    async def _ids(self, query: Mapping[str, Any], *, limit: int = 0) -> list[str]:
        rows = await self._rows.find(query, projection={"_id": 1}, limit=limit)
        return [str(row["_id"]) for row in rows]


async def unpublished(rows: Collection) -> int:
    """Return how many documents of a collection have something to be published."""
    found = await rows.find(
        {"pending_at": {"$gte": LONG_AGO}}, projection={"_id": 1}, limit=COUNTED_MAX
    )
    return len(found)


_ON_ITS_WAY: Final = frozenset({None, "contact", "date", "earlier_notice"})


def _up_to(moment: datetime) -> dict[str, datetime]:
    """Return the range of what is due.

    It begins somewhere: the embedded engine walks a range without a beginning through every
    document that lacks the field, and most notices are settled.
    """
    return {"$gte": LONG_AGO, "$lte": moment}


def _backs_off(row: Mapping[str, Any]) -> bool:
    return row.get("state", {}).get("reason") not in _ON_ITS_WAY


def _urgency(row: Mapping[str, Any]) -> tuple[int, datetime]:
    return int(row["lane"]), row.get("next_at") or row["wall_at"]


class MongoCauses:
    """The collection `causes`: what is true of subjects."""

    def __init__(self, subjects: MongoSubjects[Cause]) -> None:
        self.subjects = subjects

    async def get(self, subjects: Many[str]) -> Mapping[str, Cause]:
        """Read causes by subject."""
        documents = await self.subjects.load(subjects)
        return {key: one.state for key, one in documents.items() if one.state is not None}


class MongoAnswers:
    """The collection `answers`: what people promised."""

    def __init__(self, mongo: Mongo) -> None:
        self.subjects = MongoSubjects[Answers](
            mongo, "answers", AnswersCodec(), indexes=([("subject", 1)],)
        )

    async def of_keys(self, keys: Many[str]) -> Mapping[str, Answers]:
        """Read answers by the key of their matter."""
        documents = await self.subjects.load(keys)
        return {key: one.state for key, one in documents.items() if one.state is not None}


class MongoTold:
    """What the archive keeps of notices, and whether notices are made again of it.

    That is never over: a notice whose cause is read again later, or whose process died before
    it was stored, is still looked for here.
    """

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo.collection("archive")
        self._marks = mongo.collection("rebuild_marks")

    async def begin(self) -> None:
        """Remember that notices are made again of what was published."""
        await self._marks.replace({"_id": REBUILT})

    async def is_rebuilt(self) -> bool:
        """Return whether notices are made again of what was published."""
        return await self._marks.find_one({"_id": REBUILT}) is not None

    async def any(self) -> bool:
        """Say whether anything was ever told of a notice."""
        return bool(await self._rows.find({"topic": NOTICES.name}, limit=1))

    async def of_causes(self, subjects: Many[str]) -> Mapping[str, Sequence[Event]]:
        """Return what was told of these subjects' notices, by notice, oldest first."""
        rows = await self._rows.find({"topic": NOTICES.name, "key": {"$in": list(subjects)}})
        told: dict[str, list[Event]] = {}
        for row in rows:
            event = from_document(row["event"])
            told.setdefault(event.subject, []).append(event)
        for events in told.values():
            events.sort(key=lambda event: event.sequence or 0)
        return told


class MongoContacts:
    """The collection `contacts`: the only one with personal data."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo.collection("contacts")

    async def get(self, keys: Many[str]) -> Mapping[str, Contact]:
        """Read contacts by key."""
        if not keys:
            return {}
        rows = await self._rows.find({"_id": {"$in": list(keys)}})
        return {str(row["_id"]): contact_from_document(row) for row in rows}

    async def keys(self) -> AsyncIterator[str]:
        """Yield the keys of the contacts that are not erased."""
        async for row in self._rows.stream({"erased": {"$ne": True}}, projection={"_id": 1}):
            yield str(row["_id"])

    async def keep(self, contacts: Sequence[Contact]) -> None:
        """Write contacts whole, in one bulk; a marker leaves nothing of what it replaces."""
        updates = []
        for contact in contacts:
            stored = contact_to_document(contact)
            key = stored.pop("_id")
            gone = {name: "" for name in CONTACT_FIELDS if name not in stored}
            update = {"$set": stored, **({"$unset": gone} if gone else {})}
            updates.append(GuardedUpdate({"_id": key}, update))
        if updates and await self._rows.compare_and_set(updates):
            raise UnavailableError("the store did not say whether contacts were written")


class MongoEndpoints:
    """The collection `endpoints`: those that told us to stop."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo.collection("endpoints")

    async def disabled(self) -> frozenset[str]:
        """Read the endpoints that are not to be called."""
        return frozenset(str(row["_id"]) for row in await self._rows.find({}))

    async def disable(self, endpoint: str, *, at: datetime) -> None:
        """Remember that an endpoint is gone."""
        await self._rows.insert({"_id": endpoint, "at": at})

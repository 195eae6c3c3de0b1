"""The topic of contacts, from the versions that intake has and the values of notifications.

Contacts are never archived, so that they can be erased. Intake keeps the number of each, and
whether it was erased; notifications keeps the values of the newest. Both together say what the
topic is to have: for each key its newest version, or a tombstone.
"""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from pydantic import ValidationError

from shared.events.codes import PERSON_PATTERN
from shared.events.contacts import Contact, contact_document
from shared.events.topics import CONTACTS
from shared.mongo.client import Mongo
from shared.ops.clock import wall_now
from shared.subjects.document import Outgoing
from shared.subjects.records import Record

BATCH_MAX: Final = 500
ERASED: Final = 0
"""Stands for the version of a key whose last record is a tombstone."""

VALUES: Final = ("name", "email", "phone", "zalo", "language")
"""What notifications keeps of a contact: all that a notice needs."""


@dataclass(slots=True)
class ContactsTopic:
    """Compares the topic of contacts with the two stores.

    Attributes:
        last: Key to the version of its last record on the topic.
        unknown: Keys whose record on the topic is newer than what intake knows.
        lost: How many contacts have a version of which no store has the values.
    """

    intake: Mongo
    notifications: Mongo
    last: dict[str, int] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    lost: int = 0

    async def take(self, records: Sequence[Record]) -> None:
        """Note what the topic has."""
        for record in records:
            key = (record.key or b"").decode("utf-8", "replace")
            self.last[key] = ERASED if record.value is None else _version(record.value)

    async def compare(self) -> None:
        """Find what the topic has and intake does not know.

        Raises:
            UnavailableError: the store does not answer.
        """
        keys = sorted(self.last)
        for start in range(0, len(keys), BATCH_MAX):
            part = keys[start : start + BATCH_MAX]
            rows = await _rows(self.intake, part)
            for key in part:
                known = rows.get(key, {}).get("state") or {}
                erased = bool(known.get("erased"))
                newer = self.last[key] > int(known.get("version", 0))
                if newer or (self.last[key] == ERASED and not erased):
                    self.unknown.append(key)

    async def lacking(self) -> AsyncIterator[list[Outgoing]]:
        """Yield in batches the records that bring the topic to what the stores know.

        Raises:
            UnavailableError: a store does not answer.
        """
        rows: list[Mapping[str, Any]] = []
        async for row in self.intake.collection("contacts").stream({}, sort=[("_id", 1)]):
            rows.append(row)
            if len(rows) >= BATCH_MAX:
                yield await self._records(rows)
                rows = []
        if rows:
            yield await self._records(rows)

    def still(self, batch: Sequence[Outgoing]) -> list[Outgoing]:
        """Return what of a batch the topic lacks by now."""
        return [out for out in batch if self._lacks(out)]

    def _lacks(self, out: Outgoing) -> bool:
        last = self.last.get(out.key)
        if out.value is None:
            return last != ERASED
        return last is None or ERASED < last < int(out.value["version"])

    async def _records(self, rows: Sequence[Mapping[str, Any]]) -> list[Outgoing]:
        """Return the record of each key that the topic lacks."""
        keys = [str(row["_id"]) for row in rows]
        kept = await _rows(self.notifications, keys)
        found: list[Outgoing] = []
        for row in rows:
            key, state = str(row["_id"]), row.get("state") or {}
            version = int(state.get("version", 0))
            if state.get("erased"):
                found.append(Outgoing(f"{key}#{version}#erased", CONTACTS.name, key, None))
                continue
            if self.last.get(key, -1) >= version or row.get("outbox"):
                continue  # It is there, or intake publishes it yet.
            value = kept.get(key)
            if value is None or int(value.get("version", 0)) < version or value.get("erased"):
                self.lost += 1
                continue
            role = "staff" if re.fullmatch(PERSON_PATTERN, key) else "applicant"
            found.append(_outgoing(key, version, role, value))
        return self.still(found)


def _outgoing(key: str, version: int, role: str, value: Mapping[str, Any]) -> Outgoing:
    """Return a contact's record; it is recorded now, since nobody keeps when it was before."""
    contact = Contact.model_validate(
        {
            **{name: value[name] for name in VALUES if name in value},
            "key": key,
            "version": version,
            "role": role,
            "recordedtime": wall_now(),
        }
    )
    return Outgoing(f"{key}#{version}", CONTACTS.name, key, contact_document(contact))


async def _rows(mongo: Mongo, keys: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    rows = await mongo.collection("contacts").find({"_id": {"$in": list(keys)}})
    return {str(row["_id"]): row for row in rows}


def _version(value: bytes) -> int:
    try:
        return Contact.model_validate_json(value).version
    except ValidationError:
        try:
            return int(orjson.loads(value)["version"])
        except (ValueError, KeyError, TypeError):
            return ERASED + 1  # Not of this version; any contact that intake knows is newer.

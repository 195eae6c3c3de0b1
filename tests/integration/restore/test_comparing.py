"""What a topic lacks, and what a store does not know, by the store and records made by hand."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
import pytest_asyncio

from deploy.restore.archived import ArchivedTopic
from deploy.restore.contacts import ContactsTopic
from services.intake.core.contacts import ContactCodec, ContactState
from services.notifications.adapters.store import MongoContacts
from services.notifications.core.contact import Contact, erased
from shared.events.topics import CONTACTS, DOSSIERS, OBLIGATIONS, REFERENCE
from shared.mongo.archive import MongoArchive
from shared.mongo.client import Mongo
from shared.mongo.subjects import MongoSubjects
from shared.subjects.document import Document, Outgoing
from shared.subjects.records import Record

pytestmark = [pytest.mark.connected, pytest.mark.asyncio]

NOW = datetime(2026, 9, 7, 9, tzinfo=UTC)
SOURCE = "urn:motcua:publisher:bpi"


@pytest_asyncio.fixture
async def mongo(mongo_url: str, unique: str) -> AsyncIterator[Mongo]:
    """A database of the test's own."""
    mongo = Mongo(mongo_url, unique)
    yield mongo
    await mongo.drop()
    await mongo.close()


@pytest_asyncio.fixture
async def others(mongo_url: str, unique: str) -> AsyncIterator[Mongo]:
    """Another one, of notifications."""
    mongo = Mongo(mongo_url, f"{unique}n")
    yield mongo
    await mongo.drop()
    await mongo.close()


def event(key: str, sequence: int, topic: str = DOSSIERS.name) -> Outgoing:
    """Return an event as intake keeps it: under its source and id."""
    value = {"id": f"{key}-{sequence}", "source": SOURCE, "sequence": sequence}
    return Outgoing(f"{SOURCE}#{value['id']}", topic, key, value)


def on_topic(*outgoing: Outgoing) -> list[Record]:
    """Return records as the topic carries them."""
    return [
        Record(
            topic=out.topic,
            partition=0,
            offset=place,
            key=out.key.encode(),
            value=None if out.value is None else orjson.dumps(out.value),
            headers=(),
            timestamp_ms=0,
        )
        for place, out in enumerate(outgoing)
    ]


async def lacking(topic: ArchivedTopic | ContactsTopic) -> list[Outgoing]:
    """Return everything that the topic lacks, in order."""
    return [out async for batch in topic.lacking() for out in batch]


async def test_what_the_topic_lacks_comes_in_the_order_of_its_subjects(mongo: Mongo) -> None:
    """And nothing else."""
    events = [event(key, number) for number in (1, 2, 3) for key in ("a", "b")]
    await MongoArchive(mongo).insert(events)
    topic = ArchivedTopic(DOSSIERS, mongo)
    await topic.take(on_topic(event("a", 2), event("b", 1)))
    assert topic.unknown_count == 0
    found = await lacking(topic)
    assert [(out.key, out.value and out.value["sequence"]) for out in found] == [
        ("a", 1),
        ("a", 3),
        ("b", 2),
        ("b", 3),
    ]
    await topic.take(on_topic(event("a", 3)))
    assert event("a", 3) not in topic.still(found)


async def test_reference_comes_in_its_one_sequence(mongo: Mongo) -> None:
    """Whatever the keys."""
    keys = ["unit:2", "rule:1", "unit:1"]
    events = [event(key, number, REFERENCE.name) for number, key in enumerate(keys, start=1)]
    await MongoArchive(mongo).insert(events)
    found = await lacking(ArchivedTopic(REFERENCE, mongo))
    assert [out.key for out in found] == keys


async def test_what_waits_in_an_outbox_is_known(mongo: Mongo) -> None:
    """The broker took it, and the process died before it was archived."""
    subjects = MongoSubjects[ContactState](mongo, "subjects", ContactCodec())
    document = Document[ContactState]("a", added=[event("a", 1, OBLIGATIONS.name)])
    await subjects.save([document], pending_at=NOW)
    topic = ArchivedTopic(OBLIGATIONS, mongo)
    await topic.take(on_topic(event("a", 1, OBLIGATIONS.name), event("a", 2, OBLIGATIONS.name)))
    assert topic.unknown_count == 1
    assert topic.unknown == ["a-2"]


async def put(mongo: Mongo, **states: ContactState) -> None:
    """Keep intake's states of contacts."""
    store = MongoSubjects[ContactState](mongo, "contacts", ContactCodec())
    await store.save(
        [Document[ContactState](key, state=state) for key, state in states.items()],
        pending_at=NOW,
    )


def contact(key: str, version: int) -> Outgoing:
    """Return a contact as the topic carries it."""
    value = {
        "key": key,
        "version": version,
        "role": "applicant",
        "recordedtime": "2026-09-07T09:00:00.000+07:00",
    }
    return Outgoing(f"{key}#{version}", CONTACTS.name, key, value)


def tombstone(key: str) -> Outgoing:
    """Return the end of a contact."""
    return Outgoing(key, CONTACTS.name, key, None)


async def test_contacts_come_from_both_stores(mongo: Mongo, others: Mongo) -> None:
    """Versions and erasures from intake, values from notifications; what none has is lost."""
    await put(
        mongo,
        D1=ContactState(2),
        D2=ContactState(3, erased=True),
        D3=ContactState(1),
        D4=ContactState(2),
        D5=ContactState(2),
    )
    await MongoContacts(others).keep(
        [
            Contact("D1", 2, name="Người nộp hồ sơ", email="d1@example.vn", language="en"),
            erased("D2"),
            Contact("D4", 1, email="d4@example.vn"),
            Contact("D5", 2, email="d5@example.vn"),
        ]
    )
    topic = ContactsTopic(mongo, others)
    await topic.take(on_topic(contact("D5", 1), contact("D5", 2)))
    await topic.compare()
    assert not topic.unknown
    found = {out.key: out.value for out in await lacking(topic)}
    assert found.keys() == {"D1", "D2"}
    assert found["D2"] is None
    said: dict[str, Any] = found["D1"] or {}
    assert (said["version"], said["role"], said["language"]) == (2, "applicant", "en")
    assert (said["name"], said["email"]) == ("Người nộp hồ sơ", "d1@example.vn")
    assert topic.lost == 2

    await topic.take(on_topic(contact("D1", 2), tombstone("D2")))
    assert not await lacking(topic)


async def test_an_erased_contact_that_the_topic_still_has_is_erased_again(
    mongo: Mongo, others: Mongo
) -> None:
    """And a person's is known by the id."""
    await put(
        mongo, **{"D1": ContactState(2, erased=True), "p-06112-director": ContactState(1)}
    )
    await MongoContacts(others).keep([Contact("p-06112-director", 1, email="gd@example.vn")])
    topic = ContactsTopic(mongo, others)
    await topic.take(on_topic(tombstone("D1"), contact("D1", 1)))
    found = {out.key: out.value for out in await lacking(topic)}
    assert found["D1"] is None
    assert (found["p-06112-director"] or {})["role"] == "staff"


@pytest.mark.parametrize("there", [[contact("D1", 3)], [tombstone("D1")], [contact("D9", 1)]])
async def test_a_topic_ahead_of_the_store_is_noticed(
    mongo: Mongo, others: Mongo, there: Sequence[Outgoing]
) -> None:
    """A newer version, an erasure, a contact that intake never saw."""
    await put(mongo, D1=ContactState(2))
    topic = ContactsTopic(mongo, others)
    await topic.take(on_topic(*there))
    await topic.compare()
    assert topic.unknown == [there[0].key]

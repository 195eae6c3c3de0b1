"""Intake's store comes back older than its topics, or empty."""

from typing import Any

import pytest

from services.intake.core.arrivals import COUNTER, Sender
from services.intake.core.receipts import ReceiptKey
from services.intake.usecases.counter import DossierRequest
from services.intake.usecases.refused_before import FindRefused, PassOverRefused
from shared.events.rejections import value_hash
from shared.events.topics import CONTACTS, DOSSIERS
from shared.subjects.document import Outgoing
from shared.subjects.records import Record
from tests.fakes.intake import PROCEDURE, UNIT, World, event, history
from tests.fakes.lost_store import MemoryPlaces, kept, recover, set_back, topics_of
from tests.fakes.own_topics import MemoryTopics

pytestmark = pytest.mark.asyncio

CODE = "H37.117-261123-0001"


def comparable(world: World) -> dict[str, Any]:
    """Return every subject as the store has it, but for the spelling of fingerprints."""
    found: dict[str, Any] = {}
    for key, row in world.subjects.rows.items():
        state = dict(row["state"])
        state["facts"] = [
            {name: value for name, value in fact.items() if name != "f"}
            for fact in state["facts"]
        ]
        found[key] = {"emitted": row["emitted"], "outbox": row["outbox"], "state": state}
    return found


@pytest.mark.parametrize("sent_before", [0, 4], ids=["emptied", "set back"])
async def test_a_subject_is_what_it_was(sent_before: int) -> None:
    """Facts, status, units and numbers; then the next event gets the next number."""
    world, events = World(), history(CODE)
    await world.send(*events[:sent_before])
    backup = kept(world) if sent_before else None
    await world.send(*events[sent_before:7])
    before = comparable(world)
    set_back(world, backup)
    adopting = await recover(world)
    assert comparable(world) == before
    assert adopting.counted["adopted"] == 7 - sent_before
    (answer,) = await world.send(events[7])
    assert answer.details["sequence"] == 8


async def test_a_repeat_gets_the_answer_that_it_got() -> None:
    """By its receipt and, without one, by its subject; nothing is published again."""
    world, events = World(), history(CODE)
    first = [answer for one in events for answer in await world.send(one)]
    set_back(world, None)
    await recover(world)
    published = len(world.publisher.published)
    for one, answer in zip(events, first, strict=True):
        assert (await world.receipt(one["id"])).details == answer.details
        (again,) = await world.send(one)
        assert again.is_applied
        assert again.repeated
        assert again.details == answer.details
    assert len(world.publisher.published) == published


async def test_other_content_under_an_adopted_id_is_refused() -> None:
    """Also under another subject, and within the batch of a plain repeat."""
    world, events = World(), history(CODE)
    await world.send(*events[:3])
    set_back(world, None)
    await recover(world)
    other = {**events[2], "data": {"handler": "p-06112-handler-2"}}
    elsewhere = {**events[2], "subject": "H37.117-261123-0002"}
    answers = await world.send(events[2], events[2], other, elsewhere)
    assert [one.is_applied for one in answers] == [True, True, False, False]
    assert {one.faults[0].rule for one in answers[2:]} == {"id-reused"}


async def test_the_same_contact_part_is_not_numbered_again() -> None:
    """The topic keeps no contact in its events; a repeat with one is a repeat."""
    world = World()
    sent = event("dossier.accepted", CODE, {"contact": {"phone": "0912345678"}})
    await world.send(sent)
    set_back(world, None)
    await recover(world)
    (again,) = await world.send(sent)
    assert again.repeated
    assert world.contacts.rows[CODE]["state"]["version"] == 1


async def test_what_is_erased_stays_erased() -> None:
    """By its tombstone; and by its absence, once that has been compacted away."""
    world = World()
    codes = [f"H37.117-261123-000{number}" for number in (1, 2, 3)]
    for code in codes:
        await world.send(event("dossier.accepted", code, {"contact": {"phone": "0912345678"}}))
    backup = kept(world)
    for code in codes[:2]:
        await world.receive.contacts.erase(code)
    topics = MemoryTopics()
    topics.write(
        out
        for out in world.publisher.published
        # Of the first not even the tombstone is left.
        if out.topic != CONTACTS.name or out.key != codes[0]
    )
    for store in (backup, None):
        set_back(world, store)
        await recover(world, topics)
        states = [world.contacts.rows[code]["state"] for code in codes]
        assert [state["erased"] for state in states] == [True, True, False]
        assert states[2]["version"] == 1


async def test_a_contacts_topic_that_was_lost_erases_nobody() -> None:
    """Then it says nothing of who was erased."""
    world = World()
    await world.send(event("dossier.accepted", CODE, {"contact": {"phone": "0912345678"}}))
    backup = kept(world)
    await world.send(history(CODE)[2])
    topics = MemoryTopics()
    topics.write(out for out in world.publisher.published if out.topic != CONTACTS.name)
    set_back(world, backup)
    await recover(world, topics)
    assert not world.contacts.rows[CODE]["state"]["erased"]


async def test_an_outbox_of_the_backup_does_not_bring_a_contact_back() -> None:
    """Its value was published, then erased: it must not follow its tombstone."""
    world = World()
    sent = event("dossier.accepted", CODE, {"contact": {"phone": "0912345678"}})
    settled = await world.settle(sent)
    backup = kept(world)
    await world.relay.now(settled)
    await world.receive.contacts.erase(CODE)
    topics = topics_of(world)
    set_back(world, backup)
    await recover(world, topics)
    published = len(world.publisher.published)
    world.later(minutes=1)
    await world.relay.sweep()
    assert len(world.publisher.published) == published


async def test_no_code_is_given_twice() -> None:
    """A counter that was emptied counts on after every code of the topic."""
    world = World()
    key = ReceiptKey("key-1", "a")
    last = ""
    for name in ("a", "b", "c"):
        answer, settled = await world.dossiers(staff(), ReceiptKey("key-1", name), request())
        await world.relay.now(settled)
        last = answer.subject or ""
    set_back(world, None)
    await recover(world)
    again, settled = await world.dossiers(staff(), key, request())
    await world.relay.now(settled)
    assert again.repeated
    assert again.details["sequence"] == 1
    fresh, _ = await world.dossiers(staff(), ReceiptKey("key-1", "d"), request())
    assert fresh.subject == last[:-1] + str(int(last[-1]) + 1)


async def test_a_counters_request_is_answered_as_it_was() -> None:
    """Its key is on no topic; its event's id follows from it."""
    world = World()
    first, settled = await world.dossiers(staff(), ReceiptKey("key-1", "a"), request())
    await world.relay.now(settled)
    await world.dossiers(staff(), ReceiptKey("key-1", "b"), request())
    set_back(world, None)
    await recover(world)
    world.later(hours=3)
    again, _ = await world.dossiers(staff(), ReceiptKey("key-1", "a"), request())
    assert (again.subject, again.details) == (first.subject, first.details)
    other, _ = await world.dossiers(
        staff(), ReceiptKey("key-1", "a"), request(channel="online")
    )
    assert other.is_refused


async def test_an_event_that_waited_in_the_backup_is_not_recorded_again() -> None:
    """Its predecessor came afterwards: both are on the topic."""
    world, events = World(), history(CODE)
    await world.send(*events[:3], events[4])
    backup = kept(world)
    await world.send(events[3])
    before = comparable(world)
    set_back(world, backup)
    await recover(world)
    assert comparable(world) == before
    assert await world.expires() == 0


async def test_connections_that_worked_are_not_called_lost() -> None:
    """The last heartbeats that the store knows are old; silence counts from now."""
    world = World()
    one, two = f"{UNIT}/connection/portal", f"{UNIT}/connection/civil"
    await world.presences.beat(one, world.clock.now())
    await world.presences.beat(two, world.clock.now())
    backup = kept(world)
    world.later(hours=20)
    lost = event("connection.lost", two, {}, publisher="heartbeat")
    (answer,) = await world.send(lost, publisher="heartbeat")
    assert answer.is_applied, answer
    set_back(world, backup)
    await recover(world)
    found = world.presences.kept
    assert (found[one].last_seen, found[one].lost_at) == (world.clock.now(), None)
    assert found[two].lost_at is not None


async def test_an_outbox_entry_that_the_topic_has_is_not_published_again() -> None:
    """It waited when the backup was taken."""
    world, events = World(), history(CODE)
    settled = await world.settle(*events[:3])
    backup = kept(world)
    await world.relay.now(settled)
    set_back(world, backup)
    await recover(world)
    world.later(minutes=1)
    published = len(world.publisher.published)
    await world.relay.sweep()
    assert len(world.publisher.published) == published
    assert len(world.archive.kept) == 3


async def test_what_was_never_published_goes_out_afterwards() -> None:
    """It waited in the backup and is on no topic."""
    world, events = World(), history(CODE)
    await world.send(*events[:2])
    await world.settle(events[2])
    backup = kept(world)
    other = event("dossier.accepted", "H37.117-261123-0002")
    await world.send(other)
    set_back(world, backup)
    await recover(world)
    world.later(minutes=1)
    await world.relay.sweep()
    assert [one["sequence"] for one in world.stream(DOSSIERS.name)] == [1, 2, 1, 3]


async def test_the_store_that_gave_a_number_away_is_named() -> None:
    """Two events have one number: nothing is made up, and it is counted."""
    world, events = World(), history(CODE)
    await world.send(*events[:2])
    backup = kept(world)
    await world.send(events[2])
    topics = topics_of(world)
    set_back(world, backup)
    await world.send(event("dossier.returned", CODE, {"how": "direct"}, number=9))
    await world.send(event("dossier.assigned", CODE, {"handler": "p-06112-handler-3"}))
    adopting = await recover(world, topics)
    assert adopting.counted["conflict"] == 1


async def test_a_record_that_was_rejected_is_not_received_again() -> None:
    """It might be legal by now; one with other content in its place is another record."""
    topics, places = MemoryTopics(), MemoryPlaces({})
    inbound = "motcua.inbound.demo.v1"
    rejection = {
        "publisher": "demo",
        "topic": inbound,
        "partition": 3,
        "offset": 5,
        "hash": value_hash(b"refused"),
        "at": "2026-11-23T08:00:00+07:00",
        "faults": [
            {
                "path": "/subject",
                "rule": "unknown-dossier",
                "detail": "d",
                "remedy": "r",
                "detail_vi": "d",
                "remedy_vi": "r",
            }
        ],
    }
    topics.write([Outgoing("1", "motcua.rejected.demo.v1", "x", rejection)])
    await FindRefused(topics, places)()
    pass_over = PassOverRefused(places)
    await pass_over.begin()
    batch = [
        Record(inbound, 3, 4, b"k", b"refused"),
        Record(inbound, 3, 5, b"k", b"refused"),
        Record(inbound, 3, 6, b"k", b"refused"),
        Record(inbound, 2, 5, b"k", b"refused"),
    ]
    assert [one.offset for one in await pass_over(batch)] == [4, 6, 5]
    anew = [Record(inbound, 3, 5, b"k", b"another log's")]
    assert await pass_over(anew) == anew


def staff() -> Sender:
    """Return a counter's sender."""
    return Sender(COUNTER, frozenset({UNIT}), staff=True)


def request(channel: str = "direct") -> DossierRequest:
    """Return what a counter sends."""
    data = {"procedure": PROCEDURE, "channel": channel, "components_complete": True}
    return DossierRequest(UNIT, None, "dossier.accepted", data, None, None)

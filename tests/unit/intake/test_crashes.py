"""A process that dies between any two of its effects loses nothing and counts nothing twice."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from services.intake.core.arrivals import Sender
from services.intake.core.receipts import Outcome, ReceiptKey
from services.intake.usecases.counter import DossierRequest
from shared.events.topics import CENTRES, CONTACTS, DOSSIERS, REFERENCE
from shared.reference.view import Reference
from tests.fakes.crashing import Crashing, DiedError, Fuse
from tests.fakes.intake import PROCEDURE, UNIT, World, event, history

CODE = "H37.117-261110-0001"
PORTS = ("subjects", "contacts", "receipts", "publisher", "archive", "codes", "held")
STEPS_MAX = 200
CLERK = Sender("counter", frozenset({UNIT}), staff=True)

Work = Callable[[World], Awaitable[object]]


def batch() -> list[dict[str, Any]]:
    """Two dossiers, a matter, a contact and a bad neighbour."""
    good = history(CODE)
    good[1]["data"]["contact"] = {"name": "Nguyễn Văn A", "phone": "0912345678"}
    other = history("case-7")[:3]
    other[1]["time"] = "2026-11-12T08:00:00"  # No offset: refused.
    duty = event("duty.rostered", f"{UNIT}/duty/2026-11-23/am", {"persons": ["p-06112-head"]})
    return [*good[:4], *other, duty, *good[4:]]


async def run_dying_at(world: World, step: int | None, work: Work) -> Fuse:
    """Run `work` in a process that dies at a step; put the ports back as it left them."""
    fuse = Fuse(step)
    bare = {name: getattr(world, name) for name in PORTS}
    for name, port in bare.items():
        setattr(world, name, Crashing(port, fuse))
    world.start()
    try:
        await work(world)
    finally:
        for name, port in bare.items():
            setattr(world, name, port)
        world.start()
    return fuse


async def steps_of(make: Callable[[], World], work: Work) -> int:
    """Count the steps of a run that does not die."""
    fuse = await run_dying_at(make(), None, work)
    assert 0 < fuse.steps < STEPS_MAX
    return fuse.steps


async def send_batch(world: World) -> object:
    """Send the batch in."""
    return await world.send(*batch())


@pytest.mark.asyncio
async def test_a_batch_sent_again_after_a_crash_is_there_once() -> None:
    """Whatever step it died at, sending again gives the history of a run that did not die."""
    calm = World()
    await send_batch(calm)
    for step in range(1, await steps_of(World, send_batch) + 1):
        world = World()
        with pytest.raises(DiedError):
            await run_dying_at(world, step, send_batch)
        answers = await world.send(*batch())
        world.later(seconds=10)
        await world.relay.sweep()
        refused = [answer.event_id for answer in answers if not answer.is_applied]
        assert refused == ["dossier.accepted-case-7-1", "dossier.assigned-case-7-2"], step
        for topic in (DOSSIERS, CENTRES):
            assert numbers(world, topic.name) == numbers(calm, topic.name), step
        assert [one["version"] for one in world.stream(CONTACTS.name)] == [1], step
        assert outboxes(world) == [], step
        assert states(world) == states(calm), step


@pytest.mark.asyncio
async def test_what_a_crash_left_in_outboxes_goes_out_by_itself() -> None:
    """Nobody sends again: what became durable is published, in order, and nothing else."""
    for step in range(1, await steps_of(World, send_batch) + 1):
        world = World()
        with pytest.raises(DiedError):
            await run_dying_at(world, step, send_batch)
        world.later(seconds=10)
        await world.relay.sweep()
        published = numbers(world, DOSSIERS.name)
        recorded = [
            (row["_id"], fact["q"])
            for row in world.subjects.rows.values()
            for fact in row["state"]["facts"]
        ]
        known = {(code, number) for code, number, _ in published}
        assert known <= set(recorded), step
        assert {one for one in recorded if "/" not in one[0]} <= known, step
        assert outboxes(world) == [], step


@pytest.mark.asyncio
async def test_a_dossier_at_the_counter_keeps_its_code_through_a_crash() -> None:
    """The same key after a crash gives one dossier, one code, one contact and its secret."""
    key = ReceiptKey("key:abc", "request-1", 0)
    request = DossierRequest(
        unit=UNIT,
        competent_unit=None,
        name="dossier.accepted",
        data={"procedure": PROCEDURE, "channel": "direct"},
        contact={"name": "Nguyễn Văn A", "phone": "0912345678"},
        time=None,
    )

    async def receive(world: World) -> object:
        _, settled = await world.dossiers(CLERK, key, request)
        await world.relay.now(settled)
        return settled

    for step in range(1, await steps_of(World, receive) + 1):
        world = World()
        with pytest.raises(DiedError):
            await run_dying_at(world, step, receive)
        world.later(minutes=3)
        answer, settled = await world.dossiers(CLERK, key, request)
        await world.relay.now(settled)
        again, _ = await world.dossiers(CLERK, key, request)
        world.later(seconds=10)
        await world.relay.sweep()
        assert answer.is_applied, step
        assert again.details == answer.details, step
        assert len(world.subjects.rows) == 1, step
        assert numbers(world, DOSSIERS.name) == [(answer.subject, 1, answer.event_id)], step
        assert [one["key"] for one in world.stream(CONTACTS.name)] == [answer.subject], step


@pytest.mark.asyncio
async def test_reference_events_are_numbered_once_through_a_crash() -> None:
    """The topic's one sequence has no gap and no repeat, and the view is that of the topic."""

    def empty() -> World:
        return World(Reference.empty())

    async def load(world: World) -> object:
        world.references.view = Reference.empty()
        return await world.send(*rows(), publisher="province")

    for step in range(1, await steps_of(empty, load) + 1):
        world = empty()
        with pytest.raises(DiedError):
            await run_dying_at(world, step, load)
        answers = await world.send(*rows(), publisher="province")
        world.later(seconds=10)
        await world.relay.sweep()
        assert all(answer.is_applied for answer in answers), step
        assert [one["sequence"] for one in world.stream(REFERENCE.name)] == [1, 2], step
        assert (await world.references.refresh()).version == 2, step


@pytest.mark.asyncio
async def test_a_receipt_left_open_is_finished_with_the_answer_it_would_have_had() -> None:
    """Applied, but never answered: the next asking closes the receipt and says repeated."""
    world = World()
    await world.send(*history(CODE)[:2])
    key = ReceiptKey("demo", "dossier.accepted-" + CODE + "-1").text()
    closed = world.receipts.kept[key]
    world.receipts.kept[key] = closed.closed(Outcome.REFUSED, {})
    (answer,) = await world.send(history(CODE)[1])
    assert (answer.is_applied, answer.repeated, answer.details["sequence"]) == (True, True, 2)
    assert world.receipts.kept[key].outcome is Outcome.APPLIED
    assert len(world.stream(DOSSIERS.name)) == 2


def rows() -> list[dict[str, Any]]:
    """Two reference events, the second resting on the first."""
    procedure = {
        "procedure": "1.000656",
        "name": "Đăng ký khai tử",
        "field": "ho_tich",
        "decided_on": "2025-07-01",
        "source": "QĐ 1/QĐ-UBND",
    }
    expired = {
        "procedure": "1.000656",
        "expired_on": "2026-11-01",
        "source": "QĐ 2/QĐ-UBND",
    }
    return [
        event("procedure.decided", "procedure:1.000656", procedure, publisher="province"),
        event("procedure.expired", "procedure:1.000656", expired, publisher="province"),
    ]


def numbers(world: World, topic: str) -> list[tuple[str, int, str]]:
    """Return each published event's subject, number and id, by subject."""
    return sorted((one["subject"], one["sequence"], one["id"]) for one in world.stream(topic))


def outboxes(world: World) -> list[str]:
    """Return the subjects whose outbox is not empty."""
    every = [*world.subjects.rows.values(), *world.contacts.rows.values()]
    return [row["_id"] for row in every if row["outbox"]]


def states(world: World) -> dict[str, Any]:
    """Return what is known of each subject, without the moments of recording."""
    found = {}
    for one, row in world.subjects.rows.items():
        facts = [
            {key: item for key, item in fact.items() if key != "r"}
            for fact in row["state"]["facts"]
        ]
        found[one] = {**row["state"], "facts": facts}
    return found


@pytest.mark.asyncio
async def test_an_id_left_open_by_a_crash_is_not_taken_for_another_subject() -> None:
    """Applied to one dossier and never answered: under its id another is refused."""
    first = event("dossier.accepted", CODE)
    other = event("dossier.accepted", "case-8", id=first["id"])
    world = World()

    async def send_first(dying: World) -> object:
        return await dying.settle(first)

    steps = await steps_of(World, send_first)
    with pytest.raises(DiedError):
        await run_dying_at(world, steps - 1, send_first)  # Before the receipt is closed.
    assert world.receipts.kept[ReceiptKey("demo", first["id"]).text()].outcome is Outcome.OPEN
    (refused,) = await world.send(other)
    (again,) = await world.send(first)
    assert refused.faults[0].rule == "id-reused"
    assert (again.is_applied, again.repeated) == (True, True)
    assert world.subjects.rows.keys() == {CODE}

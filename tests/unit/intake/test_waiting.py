"""An event that arrives before its predecessor: held, recorded with it, or rejected."""

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from services.intake.core.receipts import Outcome
from services.intake.core.state import FACTS_MAX
from services.intake.usecases.entries import Candidate
from shared.events.place import HELD_MAX
from shared.events.topics import CONTACTS, DOSSIERS
from tests.fakes.intake import World, event

CODE: Final = "H37.117-261110-0001"
DISORDER: Final = Path(__file__).with_name("disorder.ndjson")
"""One dossier: the second request arrives before the first receipt, which is a minute older."""


def at(minute: int) -> str:
    """Return a moment of this morning."""
    return f"2026-11-23T08:{minute:02}:00+07:00"


def accepted(minute: int = 0, **more: Any) -> dict[str, Any]:  # noqa: ANN401 -- Attributes.
    """Make the first event."""
    return event("dossier.accepted", CODE, time=at(minute), **more)


def asked(number: int, minute: int) -> dict[str, Any]:
    """Make a request for a supplement."""
    data = {"items": ["A"], "number": number, "in_person": True}
    return event("dossier.supplement_requested", CODE, data, number=number, time=at(minute))


def brought(number: int, minute: int, **data: Any) -> dict[str, Any]:  # noqa: ANN401 -- As above.
    """Make the receipt of a supplement."""
    made = {"items": ["A"], **data}
    return event("dossier.supplement_received", CODE, made, number=number, time=at(minute))


def completed(minute: int, number: int = 0) -> dict[str, Any]:
    """Make the end."""
    data = {"result": "KQ.G15.000032"}
    return event("dossier.completed", CODE, data, number=number, time=at(minute))


def returned(minute: int, number: int = 0) -> dict[str, Any]:
    """Make the handing over of the result."""
    return event("dossier.returned", CODE, {"how": "post"}, number=number, time=at(minute))


def outcomes(answers: Sequence[Any]) -> list[str]:
    """Return what became of each."""
    return [answer.outcome.value for answer in answers]


def recorded(world: World) -> list[str]:
    """Return the ids of the dossier's events as they were numbered and published."""
    stream = [one for one in world.stream(DOSSIERS.name) if one["subject"] == CODE]
    assert [one["sequence"] for one in stream] == list(range(1, len(stream) + 1))
    return [one["id"] for one in stream]


def state(world: World) -> dict[str, Any]:
    """Return what intake knows of the dossier."""
    found: dict[str, Any] = world.subjects.rows[CODE]["state"]
    return found


@pytest.mark.asyncio
async def test_the_case_of_the_second_request_before_the_first_receipt() -> None:
    """Everything is recorded; the receipt and the request that waited in their order."""
    world = World()
    told = [json.loads(line) for line in DISORDER.read_text().splitlines()]
    answers = []
    for one in told:
        answers += await world.send(one, publisher="bpi")
    assert outcomes(answers) == ["applied", "applied", "waiting", *["applied"] * 3]
    ids = [one["id"] for one in world.stream(DOSSIERS.name)]
    assert ids == ["dis-1", "dis-2", "dis-3", "dis-4", "dis-5", "dis-6"]
    assert (await world.receipt("dis-4", "bpi")).details["sequence"] == 4


@pytest.mark.asyncio
async def test_what_waits_is_in_its_subject_s_document_and_nowhere_else() -> None:
    """It has no number, is on no topic, and the answer says until when and for what."""
    world = World()
    first, early = accepted(), completed(30)
    await world.send(first, asked(1, 10))
    (answer,) = await world.send(early)
    assert answer.outcome is Outcome.WAITING
    assert answer.details == {
        "until": "2026-11-23T09:15:00+07:00",
        "waits_for": ["dossier.supplement_received"],
    }
    assert [fault.rule for fault in answer.faults] == ["illegal-transition"]
    assert len(recorded(world)) == 2
    assert [one["id"] for one in state(world)["held"]] == [early["id"]]
    assert state(world)["status"] == 5
    (again,) = await world.send(early)
    assert (again.outcome, again.repeated) == (Outcome.WAITING, True)
    assert again.details == answer.details
    assert (await world.receipt(early["id"])).details["until"] == answer.details["until"]


@pytest.mark.asyncio
async def test_other_content_under_an_id_that_waits_is_refused() -> None:
    """What waits keeps its place; the receipt goes on saying so."""
    world = World()
    await world.send(accepted(), asked(1, 10), completed(30))
    (other,) = await world.send(completed(31))
    assert [fault.rule for fault in other.faults] == ["id-reused"]
    elsewhere = event("dossier.accepted", "case-9", id=completed(30)["id"])
    (stolen,) = await world.send(elsewhere)
    assert [fault.rule for fault in stolen.faults] == ["id-reused"]
    assert (await world.receipt(completed(30)["id"])).outcome is Outcome.WAITING
    await world.send(brought(1, 20))
    assert state(world)["status"] == 9


@pytest.mark.asyncio
async def test_a_chain_that_arrives_backwards_is_recorded_forwards() -> None:
    """Handed over, ready, brought: each waits, and the last to arrive releases all."""
    world = World()
    await world.send(accepted(), asked(1, 10))
    for one in (returned(40), completed(30)):
        (answer,) = await world.send(one)
        assert answer.outcome is Outcome.WAITING
    (answer,) = await world.send(brought(1, 20))
    assert answer.details["sequence"] == 3
    assert recorded(world)[2:] == [
        one["id"] for one in (brought(1, 20), completed(30), returned(40))
    ]
    assert "held" not in state(world)
    for one, number in ((completed(30), 4), (returned(40), 5)):
        told = await world.receipt(one["id"])
        assert (told.outcome, told.details["sequence"]) == (Outcome.APPLIED, number)


@pytest.mark.asyncio
async def test_what_came_for_nothing_is_rejected_when_its_time_is_over() -> None:
    """After 15 minutes of receiving time the receipt says why; until then nothing happens."""
    world = World()
    await world.send(accepted(), asked(1, 10), completed(30))
    world.later(minutes=14, seconds=59)
    assert await world.expires() == 0
    world.later(seconds=1)
    assert await world.expires() == 1
    told = await world.receipt(completed(30)["id"])
    assert told.outcome is Outcome.REFUSED
    assert [fault.rule for fault in told.faults] == ["illegal-transition"]
    assert "held" not in state(world)
    assert len(recorded(world)) == 2
    (again,) = await world.send(completed(30))
    assert again.outcome is Outcome.WAITING, "a rejection binds nothing"
    assert again.details["until"] == "2026-11-23T09:30:00+07:00"


@pytest.mark.asyncio
async def test_each_waits_its_own_time() -> None:
    """Of two that wait the older one is rejected, the younger one goes on waiting."""
    world = World()
    await world.send(accepted(), asked(1, 10), completed(30))
    world.later(minutes=10)
    await world.send(returned(40))
    world.later(minutes=5)
    assert await world.expires() == 1
    assert [one["id"] for one in state(world)["held"]] == [returned(40)["id"]]
    world.later(minutes=10)
    assert await world.expires() == 1


@pytest.mark.asyncio
async def test_a_rejected_event_is_taken_when_its_predecessor_is_there() -> None:
    """Sent again after the time, also after the dossier moved on: it gets the next number."""
    world = World()
    await world.send(accepted(), asked(1, 10), asked(2, 30))
    world.later(minutes=15)
    await world.expires()
    await world.send(brought(1, 20), completed(50))
    assert state(world)["status"] == 9
    (late,) = await world.send(asked(2, 30))
    assert late.outcome is Outcome.WAITING, "a wait that nothing ended cannot be before the end"
    (pair,) = await world.send(brought(2, 40))
    assert pair.outcome is Outcome.APPLIED
    assert [one.rpartition("-")[2] for one in recorded(world)] == ["0", "1", "1", "0", "2", "2"]
    assert (state(world)["status"], state(world)["ended_at"]) == (9, at(50))


@pytest.mark.asyncio
async def test_a_late_event_that_fits_moves_what_follows_from_it() -> None:
    """The submission after the acceptance: the dossier began earlier, its status stays."""
    world = World()
    await world.send(accepted(20))
    submitted = event("dossier.submitted", CODE, time=at(10))
    (late,) = await world.send(submitted)
    assert (late.details["sequence"], late.details["status"]) == (2, 2)
    assert state(world)["opened_at"] == at(10)
    (twice,) = await world.send(event("dossier.submitted", CODE, time=at(5), number=1))
    assert twice.outcome is Outcome.REFUSED


@pytest.mark.asyncio
async def test_units_follow_the_order_of_occurrence() -> None:
    """A move that is recorded late does not take the dossier back."""
    world = World()
    there = {"from_unit": "06112", "to_unit": "06001"}
    back = {"from_unit": "06001", "to_unit": "06112"}
    await world.send(
        accepted(),
        event("dossier.moved", CODE, there, time=at(20)),
        event("dossier.moved", CODE, back, time=at(30), number=1),
        event("dossier.moved", CODE, there, time=at(10), number=2),
    )
    assert state(world)["competent"] == "06112"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "wrong",
    [
        accepted(5, number=7),
        event("dossier.submitted", CODE, time=at(5)),
        event("dossier.returned", CODE, {"how": "post"}, time=at(40), receivingunit="06001"),
        event("dossier.completed", CODE, {"result": "KQ.1"}, time="2126-01-01T08:00:00+07:00"),
        event("dossier.completed", "case-2", {"result": "KQ.1"}, time=at(5)),
        event("dossier.accepted", CODE, {"procedure": "9.999999"}, time=at(5), number=8),
    ],
    ids=("accepted twice", "submitted late", "unit", "future", "unknown", "procedure"),
)
async def test_what_no_predecessor_can_mend_is_refused_at_once(wrong: dict[str, Any]) -> None:
    """Nothing that could come would make it right."""
    world = World()
    await world.send(accepted(), asked(1, 10))
    (answer,) = await world.send(wrong)
    assert answer.outcome is Outcome.REFUSED


@pytest.mark.asyncio
async def test_after_the_end_nothing_waits() -> None:
    """Work dated after the end of a dossier is refused as before."""
    world = World()
    await world.send(accepted(), completed(30))
    (answer,) = await world.send(asked(1, 40))
    assert [fault.rule for fault in answer.faults] == ["illegal-transition"]
    assert answer.outcome is Outcome.REFUSED


@pytest.mark.asyncio
async def test_who_may_not_come_in_any_order_does_not_wait() -> None:
    """A counter opens dossiers; what it sends is judged as it comes."""
    world = World()
    await world.send(accepted(), asked(1, 10))
    world.in_any_order = False
    (early,) = await world.send(completed(30))
    (late,) = await world.send(
        event("dossier.submitted", CODE, time="2026-11-22T08:00:00+07:00")
    )
    assert outcomes([early, late]) == ["refused", "refused"]
    assert Candidate(b"").in_any_order is False


@pytest.mark.asyncio
async def test_at_most_so_many_wait() -> None:
    """The next one is refused with the reason; those that wait are not touched."""
    world = World()
    await world.send(accepted(), asked(1, 10))
    answers = await world.send(*[completed(30, number) for number in range(HELD_MAX + 1)])
    assert outcomes(answers) == ["waiting"] * HELD_MAX + ["refused"]
    assert [fault.rule for fault in answers[-1].faults] == [
        "too-many-waiting",
        "illegal-transition",
    ]
    await world.send(brought(1, 20))
    assert state(world)["status"] == 9
    assert len(state(world)["held"]) == HELD_MAX - 1, "a dossier ends once"
    world.later(minutes=15)
    assert await world.expires() == HELD_MAX - 1


@pytest.mark.asyncio
async def test_a_full_subject_releases_nothing() -> None:
    """The bound on events holds for what waited too."""
    world = World()
    await world.send(accepted(), asked(1, 10), completed(30))
    row = world.subjects.rows[CODE]["state"]
    filler = {**row["facts"][0], "n": "dossier.confirmed", "d": {"by_silence": False}}
    row["facts"] += [
        {**filler, "i": f"f-{number}", "q": 3 + number} for number in range(FACTS_MAX - 3)
    ]
    (answer,) = await world.send(brought(1, 20))
    assert answer.outcome is Outcome.APPLIED
    assert [one["id"] for one in state(world)["held"]] == [completed(30)["id"]]


@pytest.mark.asyncio
async def test_a_correction_releases_what_waits() -> None:
    """The request was a mistake: struck, what waited for its end can be recorded."""
    world = World()
    await world.send(accepted(), asked(1, 10), completed(30))
    struck = {
        "replaces": asked(1, 10)["id"],
        "reason": "wrong_dossier",
        "by": "p-06112-head",
    }
    await world.send(event("dossier.corrected", CODE, struck, time=at(40)))
    assert state(world)["status"] == 9
    assert recorded(world)[-1] == completed(30)["id"]


@pytest.mark.asyncio
async def test_the_contact_of_what_waits_is_numbered_and_not_kept_with_it() -> None:
    """Personal data goes the one way it always goes; the event names its version."""
    world = World()
    await world.send(accepted())
    early = brought(1, 20, contact={"phone": "0912345678"})
    await world.send(early)
    assert "0912345678" not in repr((world.subjects.rows, world.receipts.kept))
    assert [one["version"] for one in world.stream(CONTACTS.name)] == [1]
    await world.send(early)
    await world.send(asked(1, 10))
    assert [one["version"] for one in world.stream(CONTACTS.name)] == [1]
    last = [one for one in world.stream(DOSSIERS.name) if one["id"] == early["id"]]
    assert last[0]["contactversion"] == 1


@pytest.mark.asyncio
async def test_a_replica_that_expires_does_not_take_what_another_has_released() -> None:
    """One compare-and-set wins; the loser reads again and finds nothing to do."""
    world, rival = World(), World()
    rival.subjects, rival.receipts, rival.codes = world.subjects, world.receipts, world.codes
    rival.publisher, rival.archive, rival.held = world.publisher, world.archive, world.held
    rival.start()
    await world.send(accepted(), asked(1, 10), completed(30))
    world.later(minutes=15)
    save, first = world.subjects.save, True

    async def overtaken(documents: object, **named: object) -> object:
        nonlocal first
        if first:
            first = False
            await rival.send(brought(1, 20))
        return await save(documents, **named)

    world.subjects.save = overtaken
    assert await world.expires() == 0
    assert (await world.receipt(completed(30)["id"])).outcome is Outcome.APPLIED
    assert state(world)["status"] == 9


@pytest.mark.asyncio
async def test_held_events_do_not_hold_the_mark() -> None:
    """Nothing of what waits is in an outbox or in work."""
    world = World()
    await world.send(accepted(), asked(1, 10), completed(30))
    assert world.receive.in_work.moments() == []
    assert world.subjects.rows[CODE]["outbox"] == []


@pytest.mark.asyncio
async def test_the_time_to_wait_is_a_setting() -> None:
    """One minute instead of fifteen."""
    world = World()
    world.receive.held_for = timedelta(minutes=1)
    await world.send(accepted(), asked(1, 10))
    (answer,) = await world.send(completed(30))
    assert answer.details["until"] == "2026-11-23T09:01:00+07:00"

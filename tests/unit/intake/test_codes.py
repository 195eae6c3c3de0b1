"""A counter's code: its dossier's first event is the counter's, or the next number is drawn."""

import asyncio
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.intake.core.arrivals import Sender
from services.intake.core.receipts import Outcome, ReceiptKey
from services.intake.usecases.answers import Answer
from services.intake.usecases.codes import CODES_A_LOOK, LOOKS_MAX
from services.intake.usecases.counter import CODES_A_REQUEST_MAX, DossierRequest
from shared.events.topics import DOSSIERS
from shared.reference.units import Units
from shared.subjects.errors import UnavailableError
from tests.fakes.crashing import DiedError
from tests.fakes.intake import (
    LOOKUP,
    OTHER_UNIT,
    PROCEDURE,
    THIRD_UNIT,
    UNIT,
    World,
    event,
    reference,
)
from tests.unit.intake.test_crashes import CLERK, run_dying_at, steps_of

DAY = date(2026, 11, 23)
KEY = ReceiptKey("key:abc", "request-1", 0)
LINKED = "3.000722"
OTHER_PREFIX = "H37.104"


def code(number: int, prefix: str = "H37.117") -> str:
    """Make a code of today."""
    return f"{prefix}-261123-{number:04d}"


def request(unit: str = UNIT, **changes: Any) -> DossierRequest:  # noqa: ANN401 -- Any field.
    """What a counter sends."""
    made = DossierRequest(
        unit=unit,
        competent_unit=None,
        name="dossier.accepted",
        data={"procedure": PROCEDURE, "channel": "direct"},
        contact=None,
        time=None,
    )
    return replace(made, **changes)


def linked(channel: str, **changes: Any) -> DossierRequest:  # noqa: ANN401 -- Any field.
    """What a counter sends for a group of linked procedures."""
    return request(data={"procedure": LINKED, "channel": channel}, **changes)


async def walk_in(
    world: World,
    name: str = "request-1",
    asked: DossierRequest | None = None,
    sender: Sender = CLERK,
) -> Answer:
    """Receive a citizen at the counter."""
    key = ReceiptKey("key:abc", name, 0)
    answer, settled = await world.dossiers(sender, key, asked or request())
    await world.relay.now(settled)
    return answer


def secret(world: World, answer: Answer) -> object:
    """Return the secret that is printed on the slip."""
    return world.dossiers.details(answer).get("lookup_secret")


async def takes(world: World, *numbers: int) -> None:
    """Let a registered portal open dossiers under codes of the counter's."""
    answers = await world.send(*(event("dossier.submitted", code(n)) for n in numbers))
    assert all(answer.is_applied for answer in answers)


@pytest.mark.asyncio
async def test_a_code_that_a_portal_took_leads_to_the_next_number() -> None:
    """Within the same request; both citizens have a number and a secret of their own."""
    world = World()
    first = await walk_in(world, "one")
    await takes(world, 2, 3)
    second = await walk_in(world, "two")
    assert (first.subject, second.subject) == (code(1), code(4))
    assert secret(world, second) == LOOKUP.secret_of(code(4))
    assert second.details["sequence"] == 1
    assert world.taken == [code(2)]


@pytest.mark.asyncio
async def test_many_taken_codes_are_passed_over_together() -> None:
    """Hundreds in a row cost a few readings, and the counter does not come back to them."""
    world = World()
    await takes(world, *range(1, 351))
    assert (await walk_in(world, "one")).subject == code(351)
    assert world.codes.last["H37.117", DAY] == 351
    assert (await walk_in(world, "two")).subject == code(352)


@pytest.mark.asyncio
async def test_a_request_looks_for_a_free_code_no_longer_than_it_may() -> None:
    """Then it is 503, and the next request goes on where this one stopped."""
    world = World()
    real = world.subjects.load

    async def all_taken(ids: Any) -> Any:  # noqa: ANN401 -- The port's own.
        return {one: (await real([code(1)]))[code(1)] for one in ids}

    await takes(world, 1)
    world.subjects.load = all_taken
    with pytest.raises(UnavailableError, match="try again"):
        await walk_in(world)
    # One number was drawn first; each look draws one, and leaves its whole row behind.
    assert world.codes.last["H37.117", DAY] == 1 + LOOKS_MAX * CODES_A_LOOK
    world.subjects.load = real
    assert (await walk_in(world)).subject == code(2 + LOOKS_MAX * CODES_A_LOOK)


@pytest.mark.asyncio
async def test_a_portal_that_is_always_faster_ends_the_request_at_its_limit() -> None:
    """Each code was free when it was drawn; the request gives up, and nobody shares a code."""
    world = World()
    move, moves = world.receipts.move, 0

    async def overtaken(receipt: Any, to: str) -> Any:  # noqa: ANN401 -- The port's own.
        nonlocal moves
        moves += 1
        await world.send(event("dossier.submitted", to))
        return await move(receipt, to)

    await takes(world, 1)
    world.receipts.move = overtaken
    with pytest.raises(UnavailableError, match="try again"):
        await walk_in(world)
    assert moves == CODES_A_REQUEST_MAX
    world.receipts.move = move
    answer = await walk_in(world)
    assert (answer.details["sequence"], answer.repeated) == (1, False)


@pytest.mark.asyncio
async def test_a_stale_receipt_does_not_pin_a_taken_code() -> None:
    """The key was refused once and is asked again after a portal took its code."""
    world = World()
    wrong = request(data={"procedure": "9.999999", "channel": "direct"})
    refused = await walk_in(world, asked=wrong)
    assert refused.faults[0].rule == "unknown-procedure"
    await takes(world, 1)
    answer = await walk_in(world)
    again = await walk_in(world)
    assert (answer.subject, answer.repeated) == (code(2), False)
    assert (again.subject, again.repeated) == (code(2), True)
    assert again.details == answer.details
    assert world.receipts.kept[KEY.text()].code == code(2)


@pytest.mark.asyncio
async def test_a_crash_anywhere_gives_one_dossier_though_its_code_was_taken() -> None:
    """Every step of a request that draws a second number may be its last."""

    async def prepared() -> World:
        world = World()
        await takes(world, 1)
        return world

    async def receive(world: World) -> object:
        return await walk_in(world)

    made = [await prepared() for _ in range(2)]
    steps = await steps_of(made.pop, receive)
    for step in range(1, steps + 1):
        world = await prepared()
        with pytest.raises(DiedError):
            await run_dying_at(world, step, receive)
        world.later(minutes=3)
        answer = await walk_in(world)
        again = await walk_in(world)
        world.later(seconds=10)
        await world.relay.sweep()
        assert answer.is_applied, step
        assert answer.subject not in {None, code(1)}, step
        assert (again.subject, again.details) == (answer.subject, answer.details), step
        assert secret(world, again) == LOOKUP.secret_of(str(answer.subject)), step
        mine = [one for one in world.stream(DOSSIERS.name) if one["subject"] != code(1)]
        assert [(one["subject"], one["sequence"]) for one in mine] == [(answer.subject, 1)]
        (accepted,) = mine
        assert accepted["time"] in {"2026-11-23T09:00:00+07:00", "2026-11-23T09:03:00+07:00"}


@pytest.mark.asyncio
async def test_a_receipt_left_open_is_completed_with_its_own_code() -> None:
    """Its event is in the subject: no second number is drawn for it."""
    world = World()
    first = await walk_in(world)
    receipt = world.receipts.kept[KEY.text()]
    world.receipts.kept[KEY.text()] = replace(
        receipt, outcome=Outcome.OPEN, answer={"received": "2026-11-23T09:00:00+07:00"}
    )
    await world.send(event("dossier.assigned", code(1), {"handler": "p-06112-handler-1"}))
    again = await walk_in(world)
    assert (again.subject, again.repeated) == (first.subject, True)
    assert again.details["sequence"] == 1
    assert world.taken == []


@pytest.mark.asyncio
async def test_two_requests_with_one_key_end_with_one_code() -> None:
    """Both find their code taken at the same time, on two replicas: the receipt moves once."""
    world = World()
    both = asyncio.Barrier(2)

    def in_step(call: Any) -> Any:  # noqa: ANN401 -- A port's method.
        async def stepping(*arguments: object) -> object:
            await both.wait()
            answer = await call(*arguments)
            await both.wait()
            return answer

        return stepping

    refused = await walk_in(
        world, asked=request(data={"procedure": "9.999999", "channel": "direct"})
    )
    assert not refused.is_applied
    await takes(world, 1)
    opened, moved = world.receipts.open, world.receipts.move
    world.receipts.open, world.receipts.move = in_step(opened), in_step(moved)
    answers = await asyncio.gather(walk_in(world), walk_in(world))
    world.receipts.open, world.receipts.move = opened, moved
    # One of them may be asked to wait; whoever is answered has the same code.
    rules = {fault.rule for answer in answers for fault in answer.faults}
    assert rules <= {"still-running"}
    (got,) = {answer.subject for answer in answers}
    again = await walk_in(world)
    assert (again.subject, again.repeated) == (got, True)
    accepted = [one for one in world.stream(DOSSIERS.name) if one["subject"] != code(1)]
    assert [one["subject"] for one in accepted] == [got]


@pytest.mark.asyncio
async def test_a_key_that_is_mended_to_another_unit_gets_that_units_number() -> None:
    """Its first code bears the wrong prefix, and would be refused for ever."""
    world = World()
    sender = Sender("counter", frozenset({UNIT, OTHER_UNIT}), staff=True)
    wrong = request(data={"procedure": "9.999999", "channel": "direct"})
    await walk_in(world, asked=wrong, sender=sender)
    answer = await walk_in(world, asked=request(OTHER_UNIT), sender=sender)
    prefix = reference().unit(OTHER_UNIT).electronic_id
    assert answer.subject == code(1, prefix)


@pytest.mark.asyncio
async def test_a_code_carries_the_competent_units_prefix() -> None:
    """Whichever unit receives for it: all draw from one sequence, and the event says who."""
    world = World()
    staff = Sender("counter", frozenset({UNIT, OTHER_UNIT, THIRD_UNIT}), staff=True)
    asked = [
        request(UNIT, competent_unit=OTHER_UNIT),
        request(THIRD_UNIT, competent_unit=OTHER_UNIT),
        request(OTHER_UNIT),
        request(UNIT),
        request(UNIT, competent_unit=UNIT),
    ]
    got = [(await walk_in(world, f"n-{n}", one, staff)).subject for n, one in enumerate(asked)]
    assert got == [*(code(n, OTHER_PREFIX) for n in (1, 2, 3)), code(1), code(2)]
    units = [
        (one["receivingunit"], one.get("competentunit")) for one in world.stream(DOSSIERS.name)
    ]
    assert units == [(one.unit, one.competent_unit or one.unit) for one in asked]
    assert world.taken == []


@pytest.mark.asyncio
@pytest.mark.parametrize("channel", ["direct", "post"])
async def test_a_linked_group_on_paper_carries_the_receiving_units_prefix(channel: str) -> None:
    """Several agencies are competent for it; the unit that receives is one."""
    world = World()
    asked = linked(channel, competent_unit=OTHER_UNIT)
    assert (await walk_in(world, asked=asked)).subject == code(1)


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["dossier.accepted", "dossier.submitted"])
async def test_an_online_linked_group_is_numbered_by_the_portal(name: str) -> None:
    """No number is drawn; the same procedure on paper, under the same key, gets one."""
    world = World()
    asked = linked("online", name=name)
    answer = await walk_in(world, asked=asked)
    assert [(one.rule, one.path) for one in answer.faults] == [
        ("portal-numbers-it", "/channel")
    ]
    assert world.codes.last == {}
    assert world.receipts.kept == {}
    assert (await walk_in(world, asked=linked("direct", name=name))).subject == code(1)
    other = request(name=name, data={"procedure": PROCEDURE, "channel": "online"})
    assert (await walk_in(world, "another", other)).subject == code(2)


@pytest.mark.asyncio
async def test_a_unit_that_is_not_there_draws_no_number() -> None:
    """Neither of the two may be unknown."""
    world = World()
    for asked, path in (
        (request("99999"), "/unit"),
        (request(competent_unit="99999"), "/competent_unit"),
    ):
        answer = await walk_in(world, asked=asked)
        assert [(one.rule, one.path) for one in answer.faults] == [("unknown-unit", path)]
    assert world.codes.last == {}


@pytest.mark.asyncio
async def test_a_key_that_is_mended_to_another_competent_unit_gets_its_number() -> None:
    """The first code has our own prefix: staff may use it, a counter's code may not have it."""
    world = World()
    wrong = request(data={"procedure": "9.999999", "channel": "direct"})
    assert (await walk_in(world, asked=wrong)).faults[0].rule == "unknown-procedure"
    assert world.receipts.kept[KEY.text()].code == code(1)
    answer = await walk_in(world, asked=request(competent_unit=OTHER_UNIT))
    again = await walk_in(world, asked=request(competent_unit=OTHER_UNIT))
    assert (answer.subject, again.subject) == (code(1, OTHER_PREFIX),) * 2
    assert (answer.repeated, again.repeated) == (False, True)
    assert list(world.subjects.rows) == [code(1, OTHER_PREFIX)]


@pytest.mark.asyncio
async def test_a_repeat_is_answered_as_before_whatever_the_catalogue_says_since() -> None:
    """The group counts as linked, or its unit numbers its own, after the number was drawn."""
    world = World()
    online = request(data={"procedure": PROCEDURE, "channel": "online"})
    first = await walk_in(world, asked=online)
    view = reference()
    group = replace(view.procedures[PROCEDURE], linked=True)
    world.view = replace(view, procedures={**view.procedures, PROCEDURE: group})
    world.start()
    again = await walk_in(world, asked=online)
    assert (again.subject, again.repeated, again.details) == (code(1), True, first.details)
    changed = request(data={"procedure": PROCEDURE, "channel": "online", "fee_due": 1})
    for name, asked in (("another", online), (KEY.name, changed)):
        refused = await walk_in(world, name, asked)
        assert [one.rule for one in refused.faults] == ["portal-numbers-it"]


@pytest.mark.asyncio
async def test_units_that_share_a_prefix_share_its_numbers() -> None:
    """A unit that took another's electronic id over draws no number twice."""
    view = reference()
    twin = replace(view.units[OTHER_UNIT], electronic_id=view.units[UNIT].electronic_id)
    world = World(replace(view, units=Units({**view.units, OTHER_UNIT: twin})))
    sender = Sender("counter", frozenset({UNIT, OTHER_UNIT}), staff=True)
    units = [UNIT, OTHER_UNIT, UNIT, OTHER_UNIT]
    got = [
        (await walk_in(world, f"n-{n}", request(unit), sender)).subject
        for n, unit in enumerate(units)
    ]
    assert got == [code(n) for n in range(1, 5)]


@pytest.mark.asyncio
async def test_counters_of_an_earlier_version_are_carried_on() -> None:
    """They ran per unit; the prefix's counter begins anew on that day and repeats nothing."""
    world = World()
    for number in range(1, 4):
        await walk_in(world, f"before-{number}")
    world.codes.last = {(UNIT, DAY): 3}
    assert (await walk_in(world, "after")).subject == code(4)
    assert (await walk_in(world, "next")).subject == code(5)


@pytest.mark.asyncio
async def test_a_units_own_software_numbers_its_dossiers() -> None:
    """Such a unit never draws a number of ours."""
    view = reference()
    own = replace(view.units[UNIT], numbering="own")
    world = World(replace(view, units=Units({**view.units, UNIT: own})))
    answer = await walk_in(world)
    assert [(one.rule, one.path) for one in answer.faults] == [("numbers-its-own", "/unit")]
    elsewhere = Sender("counter", frozenset({OTHER_UNIT}), staff=True)
    for_it = request(OTHER_UNIT, competent_unit=UNIT)
    answer = await walk_in(world, asked=for_it, sender=elsewhere)
    assert [(one.rule, one.path) for one in answer.faults] == [
        ("numbers-its-own", "/competent_unit")
    ]
    assert world.codes.last == {}


@pytest.mark.asyncio
async def test_a_unit_with_software_of_its_own_draws_for_a_unit_without() -> None:
    """The sequence is the competent unit's, and that is ours to draw from."""
    view = reference()
    own = replace(view.units[UNIT], numbering="own")
    world = World(replace(view, units=Units({**view.units, UNIT: own})))
    answer = await walk_in(world, asked=request(competent_unit=OTHER_UNIT))
    assert answer.subject == code(1, OTHER_PREFIX)


@pytest.mark.asyncio
async def test_nobody_can_foresee_the_id_of_a_counters_event() -> None:
    """A publisher that sends another event under it would block the key."""
    world = World()
    answer = await walk_in(world)
    other = World()
    other.receive.fingerprint_key = b"g" * 32
    assert (await walk_in(other)).event_id != answer.event_id

"""Each night says once which roles no channel reaches; a contact that comes says so at once."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

import pytest

from services.notifications.core.contact import suppress
from services.notifications.core.notice import Channel
from services.notifications.core.policy import EndpointRule, Rules
from services.notifications.usecases.judging import STILL_SECONDS_MAX
from shared.events.contacts import Contact
from shared.events.reference import LeaveRecorded, RoleAssigned, RoleEnded
from shared.reference.view import Reference
from shared.subjects.document import Outgoing
from shared.subjects.refused import RefusedRecord
from tests.fakes.notified import UNIT, contact
from tests.unit.notifications.world import World
from tests.unit.workflow.province import PROVINCE, decide, province_events

pytestmark = pytest.mark.asyncio

DIRECTOR: Final = "p-director"
CHAIRMAN: Final = "p-chairman"
LADDER: Final = f"{UNIT}/coverage/ladder"
NIGHT: Final = timedelta(days=1)


def chart(*more: RoleAssigned | RoleEnded | LeaveRecorded) -> Reference:
    """Return a province in which one Director and one Chairman hold roles."""
    view = Reference.empty()
    for event in province_events():
        if not isinstance(event.data, RoleAssigned):
            view = decide(view, event.data)
    for data in (assigned(DIRECTOR, "director"), assigned(CHAIRMAN, "chairman"), *more):
        view = decide(view, data)
    return view


def assigned(person: str, role: Any, unit: str = UNIT) -> RoleAssigned:  # noqa: ANN401 -- A role.
    """Return that a person holds a role."""
    return RoleAssigned(person=person, role=role, unit=unit, from_day=date(2026, 1, 1))


def address(person: str, *, version: int = 1, **parts: str) -> Outgoing:
    """Return where somebody can be reached."""
    told = parts or {"email": f"{person}@example.test"}
    return contact(person, version=version, role="staff", **told)


async def house(reference: Reference | None = None, **more: Any) -> World:  # noqa: ANN401 -- Its own.
    """Return a service that has seen its first day; the Chairman can be reached."""
    world = World(reference=reference or chart(), **more)
    await world.hear(address(CHAIRMAN))
    await world.judging()
    assert said(world) == []
    return world


async def night(world: World, *, days: int = 1) -> list[Any]:
    """Let a day begin, and return what was said since."""
    before = len(said(world))
    world.clock.advance(NIGHT * days)
    await world.judging()
    return said(world)[before:]


def said(world: World) -> list[Any]:
    """Return every verdict that went out: the matter, and why each role is not reached."""
    return [
        (
            out.key,
            {one["role"]: list(one["reasons"]) for one in out.value["data"]["unreached"]},
        )
        for out in world.publisher.published
        if out.value is not None and out.value["type"].endswith("coverage.reach_checked.v1")
    ]


async def test_a_role_that_nothing_reaches_is_said_once() -> None:
    """Not again in the nights that follow, and the first day is not checked at all."""
    world = await house()
    assert await night(world) == [(LADDER, {"director": ["no_contact"]})]
    await world.judging()
    assert await night(world) == []
    assert await night(world, days=5) == []


async def test_nothing_personal_is_said() -> None:
    """Neither who it is, nor where they could be reached; a unit, a role, a code."""
    world = await house()
    await world.hear(address(DIRECTOR, zalo="0912345678"))
    kept = world.contacts.kept[DIRECTOR]
    await world.contacts.keep([suppress(kept, Channel.EMAIL)])
    await night(world)
    told = [out.value for out in world.publisher.published if "coverage" in out.key]
    assert told
    assert DIRECTOR not in str(told)
    assert "0912" not in str(told)


async def test_a_contact_that_comes_ends_it_at_once_and_stays_said() -> None:
    """The night after has nothing to add."""
    world = await house()
    await night(world)
    await world.hear(address(DIRECTOR))
    assert said(world)[1:] == [(LADDER, {})]
    await world.hear(address(DIRECTOR, version=2))
    assert await night(world) == []
    assert len(said(world)) == 2


async def test_a_contact_that_was_kept_and_not_heard_is_heard_when_it_comes_again() -> None:
    """A crash between the two leaves the record uncommitted, and so it comes once more."""
    world = await house()
    await night(world)
    known = Contact(
        key=DIRECTOR, version=1, role="staff", recordedtime=world.clock.now(), email="d@e.test"
    )
    heard = world.apply_contacts.heard

    async def dies(_keys: Any) -> None:  # noqa: ANN401 -- Any keys.
        raise ConnectionError

    world.apply_contacts.heard = dies
    out = address(DIRECTOR, email=known.email or "")
    try:
        await world.hear(out)
    except ConnectionError:
        world.apply_contacts.heard = heard
    await world.hear(out)
    assert said(world)[1:] == [(LADDER, {})]


async def test_an_address_that_bounced_is_found_by_night_and_a_new_one_by_day() -> None:
    """What a provider refused for good is tried no more until the contact changes."""
    world = await house()
    await world.hear(address(DIRECTOR))
    assert await night(world) == []
    kept = world.contacts.kept[DIRECTOR]
    await world.contacts.keep([suppress(kept, Channel.EMAIL)])
    assert await night(world) == [(LADDER, {"director": ["suppressed"]})]
    await world.hear(address(DIRECTOR, version=2))
    assert said(world)[-1] == (LADDER, {})


async def test_what_is_lost_by_day_waits_for_the_night() -> None:
    """An erasure opens nothing by itself: while people are set up they come and go."""
    world = await house()
    await world.hear(address(DIRECTOR), Outgoing("gone", "motcua.contacts.v1", DIRECTOR, None))
    assert said(world) == []
    assert await night(world) == [(LADDER, {"director": ["erased"]})]


async def test_a_role_without_anybody_is_not_our_business() -> None:
    """An empty seat workflow's walk finds; here it is neither reached nor not."""
    ended = RoleEnded(person=DIRECTOR, role="director", unit=UNIT, ended_on=date(2026, 1, 2))
    world = await house(chart(ended))
    assert await night(world) == []


async def test_one_who_is_reached_is_enough() -> None:
    """Be it a second holder, or who stands in for one on leave."""
    world = await house(chart(assigned("p-second", "director")))
    await world.hear(address("p-second"))
    assert await night(world) == []


async def test_every_role_of_a_unit_is_said_in_one_word() -> None:
    """The last word replaces all before it, so it is whole."""
    world = await house(chart(assigned("p-head", "division_head")))
    await world.hear(Outgoing("gone", "motcua.contacts.v1", CHAIRMAN, None))
    [(_, told)] = await night(world)
    assert told == {
        "chairman": ["erased"],
        "director": ["no_contact"],
        "division_head": ["no_contact"],
    }
    await world.hear(address("p-head"))
    assert said(world)[-1][1] == {"chairman": ["erased"], "director": ["no_contact"]}


async def test_a_webhook_that_stopped_is_said_beside_and_one_that_runs_reaches_nobody() -> None:
    """A program stands in for no person: the rung goes on to the next role all the same."""
    rules = Rules(
        endpoints=(
            EndpointRule("desk", roles=frozenset({"director"})),
            EndpointRule("other", roles=frozenset({"chairman"})),
        )
    )
    world = await house(rules=rules)
    assert await night(world) == [(LADDER, {"director": ["no_contact"]})]
    world.endpoints.gone |= {"desk", "other"}
    assert await night(world) == [(LADDER, {"director": ["endpoint_disabled", "no_contact"]})]


async def test_two_instances_say_it_once_between_them() -> None:
    """Whoever comes second finds the verdict of this night."""
    world = await house()
    world.clock.advance(NIGHT)
    first = world.judging
    world.start()
    second = world.judging
    await first()
    await second()
    world.start()
    await world.judging()
    assert len(said(world)) == 1


async def test_a_crash_after_the_verdict_was_kept_publishes_it_once() -> None:
    """It goes out of the outbox, with the id that it was given."""
    world = await house()
    world.clock.advance(NIGHT)
    publish, world.planning.downstream = world.planning.downstream, Broken()
    world.start()
    world.planning.downstream = Broken()
    try:
        await world.judging()
    except ConnectionError:
        world.start()
    assert said(world) == []
    world.planning.downstream = publish
    await world.sweep()
    await world.judging()
    assert said(world) == [(LADDER, {"director": ["no_contact"]})]


class Broken:
    """A broker that is away."""

    async def publish(self, outgoing: Sequence[Outgoing]) -> Sequence[RefusedRecord]:
        """Fail."""
        assert outgoing
        raise ConnectionError


async def test_contacts_that_had_come_by_then_are_read_first() -> None:
    """After an outage a colleague whose contact waits to be read is no alarm; not for ever."""
    world = await house()
    world.reading.end = 2
    assert await night(world) == []
    assert world.judging.waits
    await world.hear(address(DIRECTOR))
    world.reading.at = 2
    await world.judging()
    assert (said(world), world.judging.waits) == ([], False)

    behind = await house()
    behind.reading.end = 2
    assert await night(behind) == []
    behind.wall += timedelta(seconds=STILL_SECONDS_MAX)
    await behind.judging()
    assert len(said(behind)) == 1


async def test_an_instance_that_reads_nothing_leaves_it_to_those_who_do() -> None:
    """It cannot tell whether contacts wait."""

    class Idle:
        async def ends(self) -> dict[tuple[str, int], int]:
            return {}

        def passed(self, ends: Any) -> bool:  # noqa: ANN401 -- Any ends.
            return not ends

    world = await house()
    world.judging.reading = Idle()
    assert await night(world) == []
    assert world.judging.waits


async def test_a_rebuilt_store_says_only_what_differs() -> None:
    """What was said stands in the archive, and is what the next night is compared with."""
    world = await house()
    await night(world)
    world.rebuild()
    assert await night(world) == []  # The first day of the new store.
    assert await night(world) == []
    await world.hear(address(DIRECTOR))
    assert said(world)[1:] == [(LADDER, {})]

    lost = await house()
    await night(lost)
    lost.rebuild()
    await night(lost)
    lost.contacts.kept.update({DIRECTOR: lost.contacts.kept[CHAIRMAN]})
    assert await night(lost) == [(LADDER, {})]


async def test_the_province_is_checked_like_a_commune() -> None:
    """Nobody stands above it; that is said all the same."""
    world = await house(chart(assigned("p-officer", "province", PROVINCE)))
    assert (f"{PROVINCE}/coverage/ladder", {"province": ["no_contact"]}) in await night(world)


async def test_a_house_without_units_waits_for_nothing() -> None:
    """Before reference data are loaded there is nobody to be reached."""
    world = World()
    assert not world.judging.waits
    await world.judging()
    assert said(world) == []

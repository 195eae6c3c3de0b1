"""Who may open a dossier: the right for its receiving unit, and to number under its prefix."""

from typing import Any

import pytest

from services.intake.core.arrivals import Sender
from services.intake.ports import Grant
from services.intake.usecases.entries import Candidate
from shared.events.judge import IMPORT_PUBLISHER
from shared.events.numbering import CodePattern
from tests.fakes.intake import (
    NOW,
    OTHER_UNIT,
    PROCEDURE,
    THIRD_UNIT,
    UNIT,
    World,
    event,
    reference,
)

PREFIX = reference().unit(UNIT).electronic_id
OTHER_PREFIX = reference().unit(OTHER_UNIT).electronic_id
CLERK = Sender("counter", frozenset({UNIT}), staff=True)
PORTAL = Sender("portal")
LINKED = "3.000722"


def code(prefix: str = PREFIX, number: int = 7) -> str:
    """Make a code of the installation's own pattern."""
    return f"{prefix}-261123-{number:04d}"


async def opened(
    world: World,
    sender: Sender,
    subject: str,
    **attributes: Any,  # noqa: ANN401 -- Whatever an envelope may bear.
) -> str | None:
    """Send a dossier's first event; return the rule that refused it, or None."""
    made = event("dossier.accepted", subject, publisher=sender.publisher, **attributes)
    settled = await world.receive(sender, [Candidate.of(made)])
    (answer,) = settled.answers
    return None if answer.is_applied else answer.faults[0].rule


def grant(world: World, publisher: str, numbers_for: str) -> None:
    """Register a right in the store, behind the back of the process."""
    world.grants.kept[publisher, numbers_for] = Grant(publisher, numbers_for, "op", NOW)


@pytest.mark.asyncio
async def test_a_publisher_numbers_only_for_what_it_is_registered() -> None:
    """At once when it is registered, with no restart; the refusal names the option."""
    world = World()
    settled = await world.receive(
        PORTAL, [Candidate.of(event("dossier.accepted", code(), publisher="portal"))]
    )
    (fault,) = settled.answers[0].faults
    assert (fault.rule, fault.path) == ("may-not-number", "/subject")
    option = "motcua topics add-publisher portal --numbers-for"
    assert option in fault.remedy
    assert option in fault.remedy_vi
    grant(world, "portal", OTHER_UNIT)
    assert await opened(world, PORTAL, code()) == "may-not-number"
    grant(world, "portal", UNIT)
    assert await opened(world, PORTAL, code()) is None


@pytest.mark.asyncio
@pytest.mark.parametrize("numbers_for", [UNIT, PREFIX, "H37.*"])
async def test_a_right_that_is_removed_ends_with_the_next_reading(numbers_for: str) -> None:
    """Each replica reads the register every second."""
    world = World()
    grant(world, "portal", numbers_for)
    assert await opened(world, PORTAL, code(number=1)) is None
    await world.grants.remove("portal", None)
    await world.receive.grants.refresh()
    assert await opened(world, PORTAL, code(number=2)) == "may-not-number"


@pytest.mark.asyncio
async def test_a_registered_publisher_still_needs_the_receiving_unit() -> None:
    """A key of one unit opens nothing at another, whatever it may number for."""
    world = World()
    grant(world, "portal", "H37.*")
    narrow = Sender("portal", frozenset({OTHER_UNIT}))
    assert await opened(world, narrow, code(), competentunit=OTHER_UNIT) == "not-allowed"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("receiving", "competent", "prefix", "rule"),
    [
        (UNIT, None, PREFIX, None),
        (UNIT, OTHER_UNIT, PREFIX, None),
        (UNIT, OTHER_UNIT, OTHER_PREFIX, None),  # Receives for that agency.
        (UNIT, None, OTHER_PREFIX, "may-not-number"),
        (UNIT, THIRD_UNIT, OTHER_PREFIX, "may-not-number"),
        (UNIT, None, "G15", "may-not-number"),
        (OTHER_UNIT, UNIT, PREFIX, "not-allowed"),
        (OTHER_UNIT, UNIT, OTHER_PREFIX, "not-allowed"),
        (OTHER_UNIT, None, OTHER_PREFIX, "not-allowed"),
    ],
)
async def test_staff_open_what_their_own_unit_receives(
    receiving: str, competent: str | None, prefix: str, rule: str | None
) -> None:
    """Naming one's unit as the competent one opens nothing at another unit."""
    world = World()
    attributes = {"receivingunit": receiving, "competentunit": competent}
    assert await opened(world, CLERK, code(prefix), **attributes) == rule


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("procedure", "channel", "prefix", "rule"),
    [
        (LINKED, "online", "G09.20", None),
        (LINKED, "online", PREFIX, None),  # The receiving unit's own: its numbers never meet.
        (LINKED, "online", OTHER_PREFIX, "may-not-number"),  # Another unit draws under it.
        (LINKED, "direct", "G09.20", "may-not-number"),
        (LINKED, "post", "G09.20", "may-not-number"),
        (PROCEDURE, "online", "G09.20", "may-not-number"),
    ],
)
async def test_staff_pass_on_the_code_that_the_portal_gave_a_linked_group(
    procedure: str, channel: str, prefix: str, rule: str | None
) -> None:
    """Online, and under a prefix that no unit of ours draws under."""
    data = {"procedure": procedure, "channel": channel}
    assert await opened(World(), CLERK, code(prefix), data=data) == rule


@pytest.mark.asyncio
async def test_staff_open_nothing_without_a_receiving_unit() -> None:
    """Whatever the group and the channel."""
    data = {"procedure": LINKED, "channel": "online"}
    rule = await opened(World(), CLERK, code("G09.20"), data=data, receivingunit=None)
    assert rule == "missing-field"


@pytest.mark.asyncio
async def test_a_code_of_another_shape_is_not_concerned() -> None:
    """Another system's code needs no right; the receiving unit is asked for all the same."""
    world = World()
    for subject in ("case-2", f"{PREFIX}-20261123-0000001", f"{PREFIX}-261123-00007"):
        assert await opened(world, PORTAL, subject) is None
    assert (
        await opened(world, CLERK, "case-3", receivingunit=OTHER_UNIT, competentunit=UNIT)
        == "not-allowed"
    )


@pytest.mark.asyncio
async def test_the_pattern_is_the_installations() -> None:
    """With another pattern other codes are its own."""
    world = World(pattern=CodePattern("{unit}.{yyyyMMdd}.{seq:05d}"))
    assert await opened(world, PORTAL, code()) is None
    assert await opened(world, PORTAL, f"{UNIT}.20261123.00001") == "may-not-number"
    grant(world, "portal", PREFIX)
    assert await opened(world, PORTAL, f"{UNIT}.20261123.00001") is None


@pytest.mark.asyncio
async def test_an_import_brings_codes_of_every_prefix() -> None:
    """History and what follows it, without a registration."""
    world = World()
    importer = Sender(IMPORT_PUBLISHER)
    assert await opened(world, importer, code("G15"), backfill=True) is None
    assert await opened(world, importer, code()) is None


@pytest.mark.asyncio
async def test_a_publisher_that_calls_itself_counter_is_a_publisher() -> None:
    """Staff numbers by being staff, not by a name."""
    world = World()
    assert await opened(world, Sender("counter"), code()) == "may-not-number"


@pytest.mark.asyncio
async def test_the_competent_unit_acts_once_the_dossier_is_there() -> None:
    """What another unit received for it is its to work on, as ever."""
    world = World()
    assert await opened(world, CLERK, code(), competentunit=OTHER_UNIT) is None
    other = Sender("counter", frozenset({OTHER_UNIT}), staff=True)
    assigned = event(
        "dossier.assigned", code(), {"handler": "p-06001-handler-1"}, publisher="counter"
    )
    settled = await world.receive(other, [Candidate.of(assigned)])
    assert settled.answers[0].is_applied


@pytest.mark.asyncio
async def test_the_register_is_read_once_a_batch_and_only_where_a_right_lacks() -> None:
    """What has its right, or needs none, costs no reading."""
    world = World()
    readings = 0
    read = world.grants.read

    async def counted() -> list[Grant]:
        nonlocal readings
        readings += 1
        found: list[Grant] = await read()
        return found

    world.grants.read = counted
    await world.receive.grants.refresh()
    assert await opened(world, Sender("demo"), code(number=1)) is None
    assert await opened(world, PORTAL, "case-1") is None
    assert readings == 1
    batch = [
        Candidate.of(event("dossier.accepted", code(number=n), publisher="portal"))
        for n in range(10, 30)
    ]
    await world.receive(PORTAL, batch)
    assert readings == 2

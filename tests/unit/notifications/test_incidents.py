"""Incidents: one message for each hearer, true when it goes, and none for what hangs."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.events.obligations import (
    IncidentClosed,
    IncidentOpened,
    IncidentUpdated,
    ObligationRungReached,
)
from tests.fakes.notified import MONDAY, UNIT, Numbered, contact, opened, reached, withdrawn
from tests.unit.notifications.world import World

pytestmark = pytest.mark.asyncio

LINK = f"{UNIT}/connection/civil-status-db"
INCIDENT = f"{LINK}~0a1b2c3d4e5f"
CHAIR, DIRECTOR = "p-06112-chairman", "p-06112-director"


def dossier(number: int) -> str:
    """Return a dossier's code."""
    return f"H37.112-261123-{number:04d}"


def said(model: Any, count: int, *, persons: tuple[str, ...] = (CHAIR,), **more: Any) -> Any:  # noqa: ANN401
    """Return what workflow says of the incident."""
    fields: dict[str, Any] = {
        "incident": INCIDENT,
        "unit": UNIT,
        "cause": "system_outage",
        "system": "civil-status-db",
        "since": MONDAY,
        "subjects": tuple(dossier(number) for number in range(count)),
        "obligations_count": count,
        **more,
    }
    if model is not IncidentClosed:
        fields["persons"] = persons
    return model(**fields)


def closed(until: datetime = MONDAY + timedelta(hours=2), **more: Any) -> IncidentClosed:  # noqa: ANN401
    """Return the word that it is over."""
    found: IncidentClosed = said(IncidentClosed, 30, until=until, **more)
    return found


def grouped() -> ObligationRungReached:
    """Return a rung that hangs on the incident."""
    return reached([CHAIR]).model_copy(update={"incident": INCIDENT})


async def listening() -> tuple[World, Numbered]:
    """Return a world whose Chairman and Director have an address."""
    world, numbered = World(), Numbered()
    await world.hear(
        contact(CHAIR, role="staff", email="chair@example.test"),
        contact(DIRECTOR, role="staff", email="director@example.test"),
    )
    return world, numbered


async def test_thirty_dossiers_are_one_message() -> None:
    """It counts all, names the first twenty, and says how many more there are."""
    world, numbered = await listening()
    for number in range(30):
        code = dossier(number)
        await world.hear(
            numbered.event(code, opened(due=MONDAY)), numbered.event(code, grouped())
        )
    await world.hear(numbered.event(LINK, said(IncidentOpened, 30)))
    await world.work()
    [mail] = world.mail.taken
    assert mail.address == "chair@example.test"
    assert dossier(19) in mail.content.text
    assert dossier(20) not in mail.content.text
    assert "và 10 hồ sơ khác" in mail.content.text
    assert world.states() == {"sent": 1}


async def test_when_it_is_over_the_rung_goes_out_by_itself() -> None:
    """The same rung of the same cycle, now without an incident, is told once."""
    world, numbered = await listening()
    code = dossier(1)
    await world.hear(numbered.event(code, opened(due=MONDAY)), numbered.event(code, grouped()))
    await world.work()
    assert world.mail.taken == []
    await world.hear(numbered.event(code, reached([CHAIR])))
    await world.work()
    assert len(world.mail.taken) == 1


async def test_a_withdrawn_rung_that_hung_is_taken_back_from_nobody() -> None:
    """Nobody was told of it by itself."""
    world, numbered = await listening()
    code = dossier(1)
    await world.hear(
        numbered.event(code, opened(due=MONDAY)),
        numbered.event(code, grouped()),
        numbered.event(code, withdrawn()),
    )
    await world.work()
    assert world.notices.all() == []


async def test_the_end_is_told_to_whoever_heard_of_the_beginning() -> None:
    """Also to those who came in later; each once."""
    world, numbered = await listening()
    await world.hear(numbered.event(LINK, said(IncidentOpened, 3)))
    await world.work()
    await world.hear(numbered.event(LINK, said(IncidentUpdated, 5, persons=(DIRECTOR,))))
    await world.work()
    await world.hear(numbered.event(LINK, closed()))
    await world.work()
    assert sorted((one.address, one.content.subject[:9]) for one in world.mail.taken) == [
        ("chair@example.test", "Sự cố chu"),
        ("chair@example.test", "Sự cố đã "),
        ("director@example.test", "Cập nhật "),
        ("director@example.test", "Sự cố đã "),
    ]


async def test_what_is_over_before_it_was_told_is_told_to_nobody() -> None:
    """The mail gateway was away for the whole of it: neither beginning nor end go out."""
    world, numbered = await listening()
    await world.hear(
        numbered.event(LINK, said(IncidentOpened, 3)), numbered.event(LINK, closed())
    )
    await world.work()
    await world.pass_time(wall=5)
    assert world.mail.taken == []
    assert world.states() == {"obsolete": 2}


async def test_of_two_updates_only_the_newer_goes_out() -> None:
    """The older one says less, and the newer says it too."""
    world, numbered = await listening()
    await world.hear(numbered.event(LINK, said(IncidentOpened, 3)))
    await world.work()
    await world.hear(
        numbered.event(LINK, said(IncidentUpdated, 5)),
        numbered.event(LINK, said(IncidentUpdated, 9)),
    )
    await world.work()
    assert [one.content.subject[:8] for one in world.mail.taken] == ["Sự cố ch", "Cập nhật"]
    assert "ảnh hưởng: 9" in world.mail.taken[-1].content.text
    assert world.states() == {"sent": 2, "obsolete": 1}


async def test_one_that_begins_again_is_told_again() -> None:
    """Its end was struck: whoever hears of it now hears of the end, too."""
    world, numbered = await listening()
    for data in (said(IncidentOpened, 3), closed(), said(IncidentOpened, 4), closed()):
        await world.hear(numbered.event(LINK, data))
        await world.work()
    assert len(world.mail.taken) == 4


async def test_an_incident_of_the_province_names_its_units() -> None:
    """All of them, by their names, also when it is over."""
    world, numbered = await listening()
    matter = "20/connection/civil-status-db"
    of_all: dict[str, Any] = {"unit": "20", "units": ("06040", UNIT)}
    opened = said(IncidentOpened, 3, persons=(CHAIR,), **of_all)
    await world.hear(numbered.event(matter, opened))
    await world.work()
    await world.hear(numbered.event(matter, closed(**of_all)))
    await world.work()
    first, last = world.mail.taken
    assert first.content.subject.endswith(", 2 đơn vị")
    assert "Các đơn vị mất kết nối (2): 06040, " in first.content.text
    assert "Đã có kết nối trở lại tại cả 2 đơn vị." in last.content.text

"""Events by a former code of a unit: accepted, recorded under the current one, once."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from services.intake.core.arrivals import Sender
from services.intake.core.receipts import ReceiptKey
from services.intake.usecases.entries import Candidate
from services.intake.usecases.heartbeats import WatchConnections
from shared.calendar.zone import ICT
from shared.events.envelope import Event
from shared.events.reference import FormerCode, UnitChanged
from shared.events.topics import CENTRES, DOSSIERS
from shared.reference.view import apply
from tests.fakes.intake import OTHER_UNIT, UNIT, World, event, history, reference
from tests.fakes.lost_store import recover, set_back
from tests.unit.intake.test_codes import request

NEW = "06999"
CODE = "H37.117-261123-0001"
UNTIL = date(2026, 11, 24)
RECORDED = datetime(2026, 11, 23, 9, 0, tzinfo=ICT)


def move(world: World) -> None:
    """Give the unit its new code, as the reference topic would."""
    view = world.references.view
    known = reference().unit(UNIT)
    row = UnitChanged.model_validate(
        {
            "unit": NEW,
            "name": known.name,
            "type": known.type,
            "electronic_id": known.electronic_id,
            "opening": {
                "seasons": [{"first": "01-01", "last": "12-31", "morning": ["07:30", "11:30"]}],
                "source": "Quyết định thử",
            },
            "former": [FormerCode(code=UNIT, until=UNTIL, source="Quyết định thử")],
        }
    )
    moved = Event(
        id="moved",
        source="urn:motcua:publisher:province",
        name=row.NAME,
        subject=f"unit:{NEW}",
        time=RECORDED,
        recordedtime=RECORDED,
        sequence=view.version + 1,
        data=row,
    )
    world.references.view = apply(view, moved)


def rostered(subject: str, number: int = 0, **more: Any) -> dict[str, Any]:  # noqa: ANN401 -- Envelope.
    """Make an event of a duty session."""
    return event("duty.rostered", subject, {"persons": ["p-a"]}, number=number, **more)


def units_of(sent: dict[str, Any]) -> tuple[Any, Any]:
    """Return the units that a canonical event bears."""
    return sent.get("receivingunit"), sent.get("competentunit")


@pytest.mark.asyncio
@pytest.mark.parametrize("code", [UNIT, NEW])
async def test_a_dossier_by_either_code_is_the_units(code: str) -> None:
    """The canonical events carry the current code, whatever was sent."""
    world = World()
    move(world)
    answers = await world.send(*history(CODE, receivingunit=code))
    assert [one.faults for one in answers] == [()] * len(answers)
    assert {units_of(one) for one in world.stream(DOSSIERS.name)} == {(NEW, NEW)}


@pytest.mark.asyncio
async def test_a_dossier_opened_before_goes_on_under_the_new_code() -> None:
    """Events by the old code, the new one and none of them belong to its history."""
    world = World()
    first, second, third, *_ = history(CODE)
    assert (await world.send(first))[0].is_applied
    move(world)
    answers = await world.send(
        {**second, "receivingunit": NEW}, {**third, "receivingunit": UNIT}
    )
    assert all(one.is_applied for one in answers)
    assert [units_of(one) for one in world.stream(DOSSIERS.name)] == [
        (UNIT, UNIT),
        (NEW, NEW),
        (NEW, NEW),
    ]
    foreign = event("dossier.assigned", CODE, {"handler": "p-a"}, receivingunit=OTHER_UNIT)
    (refused,) = await world.send(foreign)
    assert [one.rule for one in refused.faults] == ["foreign-unit"]


@pytest.mark.asyncio
async def test_a_move_between_units_names_them_by_any_code() -> None:
    """From the old code to another unit and back to the new one."""
    world = World()
    move(world)
    first, second, *_ = history(CODE, receivingunit=UNIT)
    away = event("dossier.moved", CODE, {"from_unit": UNIT, "to_unit": OTHER_UNIT}, number=1)
    back = event("dossier.moved", CODE, {"from_unit": OTHER_UNIT, "to_unit": UNIT}, number=2)
    when = {"time": "2026-11-12T08:00:00+07:00"}
    answers = await world.send(first, second, away | when, back | when)
    assert all(one.is_applied for one in answers), [one.faults for one in answers]
    sent = world.stream(DOSSIERS.name)
    assert sent[2]["data"] == {"from_unit": NEW, "to_unit": OTHER_UNIT}
    assert sent[3]["data"] == {"from_unit": OTHER_UNIT, "to_unit": NEW}
    assert sent[3]["competentunit"] == NEW


@pytest.mark.asyncio
async def test_a_repeat_is_known_by_what_was_sent() -> None:
    """An event sent before and after the change is one; other letters under its id are not."""
    world = World()
    first = history(CODE)[0]
    session = rostered(f"{UNIT}/duty/2026-11-25/am")
    await world.send(first, session)
    move(world)
    again = await world.send(first, session)
    assert [one.repeated for one in again] == [True, True]
    assert again[1].subject == f"{UNIT}/duty/2026-11-25/am"
    other = await world.send({**first, "receivingunit": NEW})
    assert [one.rule for one in other[0].faults] == ["id-reused"]
    assert len(world.stream(DOSSIERS.name)) == len(world.stream(CENTRES.name)) == 1
    # A record that was opened after the change, by the code that it does not bear.
    late = event("defect.reported", f"{UNIT}/defect/7", {"item": "wifi", "by": "p-a"})
    told = [(await world.send(late))[0] for _ in range(2)]
    assert [(one.subject, one.repeated) for one in told] == [
        (f"{NEW}/defect/7", False),
        (f"{NEW}/defect/7", True),
    ]


@pytest.mark.asyncio
async def test_a_repeat_is_known_after_the_store_was_lost() -> None:
    """The topics keep the recorded form alone, under the current code."""
    world = World()
    move(world)
    late = event("defect.reported", f"{UNIT}/defect/7", {"item": "wifi", "by": "p-a"})
    await world.send(late)
    view = world.references.view
    set_back(world, None)
    await recover(world)
    world.references.view = view
    (again,) = await world.send(late)
    assert again.repeated


@pytest.mark.asyncio
async def test_a_record_that_is_there_keeps_its_name() -> None:
    """Whoever names it by the new code reaches it all the same."""
    world = World()
    await world.send(
        rostered(f"{UNIT}/duty/2026-12-20/am"),
        event("defect.reported", f"{UNIT}/defect/7", {"item": "wifi", "by": "p-a"}),
    )
    move(world)
    await world.send(
        event("duty.checked_in", f"{NEW}/duty/2026-12-20/am", {"person": "p-a"}),
        event("defect.repaired", f"{NEW}/defect/7", {"by": "p-a"}),
    )
    sent = [(one["subject"], one["sequence"]) for one in world.stream(CENTRES.name)]
    assert sorted(sent) == [
        (f"{UNIT}/defect/7", 1),
        (f"{UNIT}/defect/7", 2),
        (f"{UNIT}/duty/2026-12-20/am", 1),
        (f"{UNIT}/duty/2026-12-20/am", 2),
    ]
    assert units_of(world.stream(CENTRES.name)[-1]) == (NEW, NEW)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("sent", "name"),
    [
        # The session of the last day of the old code is named by it, whoever sends.
        (f"{NEW}/duty/2026-11-23/pm", f"{UNIT}/duty/2026-11-23/pm"),
        (f"{UNIT}/duty/2026-11-24/am", f"{NEW}/duty/2026-11-24/am"),
        (f"{NEW}/conditions/2026-11", f"{UNIT}/conditions/2026-11"),
        (f"{UNIT}/conditions/2026-12", f"{NEW}/conditions/2026-12"),
        (f"{NEW}/posting/1.004873/2026-11-23", f"{UNIT}/posting/1.004873/2026-11-23"),
        (f"{NEW}/posting/1.004873/2026-11-24", f"{NEW}/posting/1.004873/2026-11-24"),
        (f"{NEW}/meeting/2026-Q4", f"{UNIT}/meeting/2026-Q4"),
        (f"{UNIT}/meeting/2027-Q1", f"{NEW}/meeting/2027-Q1"),
        (f"{NEW}/staff_posting/2026-11-23", f"{UNIT}/staff_posting/2026-11-23"),
        (f"{UNIT}/staff_posting/2026-11-24", f"{NEW}/staff_posting/2026-11-24"),
        (f"{UNIT}/secondment/8", f"{NEW}/secondment/8"),
        (f"{UNIT}/defect/8", f"{NEW}/defect/8"),
        (f"{UNIT}/connection/population-db", f"{NEW}/connection/population-db"),
        (f"{OTHER_UNIT}/defect/8", f"{OTHER_UNIT}/defect/8"),
    ],
)
async def test_a_record_is_opened_under_the_name_that_every_service_gives_it(
    sent: str, name: str
) -> None:
    """Workflow has opened the period already, without a word from intake."""
    types: dict[str, tuple[str, dict[str, Any]]] = {
        "duty": ("duty.rostered", {"persons": ["p-a"]}),
        "conditions": (
            "conditions.reported",
            {"items": [{"item": "seats", "state": "good"}], "by": "p-a"},
        ),
        "posting": ("posting.published", {"procedure": "1.004873"}),
        "meeting": ("meeting.held", {"agencies": ["H37.19"], "minutes": "1", "by": "p-a"}),
        "staff_posting": (
            "staff.posted",
            {"staff": [{"person": "p-a", "role": "director"}], "by": "p-a"},
        ),
        "secondment": (
            "secondment.started",
            {
                "person": "p-b",
                "agency": "H37.19",
                "from_day": "2026-11-02",
                "until_day": "2027-11-01",
            },
        ),
        "defect": ("defect.reported", {"item": "wifi", "by": "p-a"}),
        "connection": ("connection.lost", {}),
    }
    world = World()
    move(world)
    type_name, data = types[sent.split("/")[1]]
    (answer,) = await world.send(event(type_name, sent, data))
    assert answer.is_applied, answer.faults
    assert answer.subject == name
    assert world.stream(CENTRES.name)[0]["subject"] == name


@pytest.mark.asyncio
@pytest.mark.parametrize("scope", [UNIT, NEW])
async def test_a_sender_speaks_for_its_unit_by_either_code(scope: str) -> None:
    """A key of the old code works on, and one of the new code for old records."""
    world = World()
    await world.send(history(CODE)[0])
    move(world)
    sender = Sender("demo", frozenset({scope}))
    candidates = [event("dossier.accepted", CODE, receivingunit=UNIT)]
    for one in candidates:
        one["time"] = "2026-11-12T08:00:00+07:00"
    settled = await world.receive(sender, [Candidate.of(one) for one in candidates])
    assert settled.answers[0].is_applied, settled.answers[0].faults
    stranger = Sender("demo", frozenset({OTHER_UNIT}))
    candidate = Candidate.of(
        event("defect.reported", f"{UNIT}/defect/9", {"item": "wifi", "by": "p-a"})
    )
    settled = await world.receive(stranger, [candidate])
    assert [one.rule for one in settled.answers[0].faults] == ["not-allowed"]


@pytest.mark.asyncio
@pytest.mark.parametrize("scope", [UNIT, NEW])
@pytest.mark.parametrize("named", [UNIT, NEW])
@pytest.mark.parametrize("subject", [f"{UNIT}/duty/2026-11-23/pm", f"{NEW}/duty/2026-11-24/am"])
async def test_a_record_of_either_name_is_its_units(
    scope: str, named: str, subject: str
) -> None:
    """The session of the day of the change has the old name, and its unit the new code."""
    world = World()
    move(world)
    sent = rostered(subject, receivingunit=named)
    settled = await world.receive(Sender("demo", frozenset({scope})), [Candidate.of(sent)])
    assert settled.answers[0].is_applied, settled.answers[0].faults
    assert settled.answers[0].subject == subject
    wrong = rostered(subject, 1, receivingunit=OTHER_UNIT)
    (refused,) = await world.send(wrong)
    assert [one.rule for one in refused.faults] == ["subject-contradicts"]


@pytest.mark.asyncio
async def test_a_counter_that_asks_by_the_old_code_gets_the_units_next_number() -> None:
    """The prefix is the electronic id's, and the numbers go on."""
    world = World()
    sender = Sender("counter", frozenset({UNIT}), staff=True)
    numbers = []
    for number in range(3):
        key = ReceiptKey("key:abc", f"request-{number}", 0)
        answer, settled = await world.dossiers(
            sender, key, request(NEW if number == 1 else UNIT)
        )
        await world.relay.now(settled)
        numbers.append(answer.subject)
        if number == 0:
            move(world)
    assert numbers == [f"H37.117-261123-{number:04d}" for number in (1, 2, 3)]
    assert units_of(world.stream(DOSSIERS.name)[-1]) == (NEW, NEW)


@pytest.mark.asyncio
async def test_a_connection_is_watched_once_whatever_code_its_heartbeats_name() -> None:
    """No loss is reported because a system goes on with the code that it knows."""
    world = World()
    watch = WatchConnections(world.presences, world.receive, world.clock, timedelta(minutes=5))
    await watch.beat(UNIT, "population-db")
    move(world)
    for code in (NEW, UNIT, NEW):
        world.later(minutes=4)
        await watch.beat(code, "population-db")
        assert (await watch.sweep()).subjects == []
    assert list(world.presences.kept) == [f"{UNIT}/connection/population-db"]
    world.later(minutes=6)
    await world.relay.now(await watch.sweep())
    await world.relay.now(await watch.beat(NEW, "population-db"))
    lost, back = world.stream(CENTRES.name)
    assert lost["subject"] == back["subject"] == f"{NEW}/connection/population-db"

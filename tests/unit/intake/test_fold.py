"""What the door makes of what comes: numbers, statuses, marks, corrections, contacts."""

from datetime import datetime, timedelta

import pytest

from services.intake.core.progress import Marks, http_mark
from services.intake.core.state import FACTS_MAX, Subject, SubjectCodec
from shared.events.judge import IMPORT_PUBLISHER as IMPORT
from shared.events.topics import CENTRES, CONTACTS, DOSSIERS
from shared.events.transitions import Status
from tests.fakes.intake import NOW, OTHER_UNIT, THIRD_UNIT, UNIT, World, event, history

CODE = "H37.117-261110-0001"
HANDLER = {"handler": "p-06112-handler-1"}
RESULT = {"result": "KQ.G15.000032"}


def old(name: str, at: str, number: int = 0, **data: object) -> dict[str, object]:
    """Make an event of imported history."""
    return event(
        name,
        "case-1",
        data,
        number=number,
        publisher=IMPORT,
        backfill=True,
        time=at,
        receivingunit=UNIT,
    )


@pytest.mark.asyncio
async def test_canonical_events_carry_what_intake_knows() -> None:
    """Publisher's id, source and trace are kept; number, units, versions and hash are added."""
    world = World()
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    first = event("dossier.accepted", CODE, competentunit=OTHER_UNIT, traceparent=trace)
    await world.send(first, event("dossier.assigned", CODE, HANDLER))
    accepted, assigned = world.stream(DOSSIERS.name)
    assert (accepted["id"], accepted["source"], accepted["traceparent"]) == (
        first["id"],
        "urn:motcua:publisher:demo",
        trace,
    )
    assert (accepted["sequence"], assigned["sequence"]) == (1, 2)
    assert (assigned["receivingunit"], assigned["competentunit"]) == (UNIT, OTHER_UNIT)
    assert accepted["recordedtime"] == "2026-11-23T09:00:00+07:00"
    assert accepted["referenceversion"] == world.view.version
    assert len(accepted["data"]["lookup_hash"]) == 64
    assert "lookup_hash" not in assigned["data"]


@pytest.mark.asyncio
async def test_a_moved_dossier_is_the_new_units_to_work_on() -> None:
    """The receiving unit stays; the one it came from has no more say."""
    world = World()
    moved = {"from_unit": UNIT, "to_unit": THIRD_UNIT}
    answers = await world.send(
        event("dossier.accepted", CODE),
        event("dossier.moved", CODE, moved),
        event("dossier.assigned", CODE, HANDLER, receivingunit=THIRD_UNIT),
        event("dossier.assigned", CODE, HANDLER, number=1, receivingunit=OTHER_UNIT),
    )
    assert [answer.is_applied for answer in answers] == [True, True, True, False]
    assert world.stream(DOSSIERS.name)[-1]["competentunit"] == THIRD_UNIT


@pytest.mark.asyncio
async def test_a_matter_is_numbered_from_one_and_belongs_to_its_unit() -> None:
    """Whatever its unit sends of a session is its history, on the centres' topic."""
    world = World()
    subject = f"{UNIT}/duty/2026-11-23/am"
    person = {"person": "p-06112-handler-1"}
    await world.send(
        event("duty.rostered", subject, {"persons": ["p-06112-handler-1"]}),
        event("duty.checked_in", subject, person),
    )
    told = world.stream(CENTRES.name)
    assert [(one["sequence"], one["competentunit"]) for one in told] == [(1, UNIT), (2, UNIT)]
    assert "lookup_hash" not in told[0]["data"]


@pytest.mark.asyncio
async def test_history_is_recorded_as_it_is_and_marked() -> None:
    """After the end, before the start, out of order: recorded; an ended status stays."""
    world = World()
    answers = await world.send(
        old("dossier.accepted", "2011-10-11T13:42:22+02:00"),
        old("dossier.step_finished", "2011-10-10T09:00:00+02:00", step="a", agency="g"),
        old("dossier.step_finished", "2011-10-12T09:00:00+02:00", 1, step="b", agency="g"),
        old("dossier.completed", "2011-10-18T13:56:55+02:00"),
        old("dossier.step_finished", "2011-10-19T09:00:00+02:00", 2, step="c", agency="g"),
        old("dossier.assigned", "2011-10-20T09:00:00+02:00", handler="p-06112-handler-1"),
        old("dossier.accepted", "2011-10-21T09:00:00+02:00", 3),
        old("dossier.returned", "2011-10-22T09:00:00+02:00", how="post"),
        publisher=IMPORT,
    )
    assert all(answer.is_applied for answer in answers)
    told = world.stream(DOSSIERS.name)
    assert [one.get("inconsistency") for one in told] == [
        None,
        "before-start",
        None,
        None,
        "after-end",
        "after-end",
        "after-end",
        None,
    ]
    assert all(one["backfill"] for one in told)
    assert [answer.details["status"] for answer in answers] == [2, 2, 2, 9, 9, 9, 9, 10]


@pytest.mark.asyncio
async def test_an_end_before_everything_is_marked_and_holds() -> None:
    """A log that ends before it begins: both are recorded, and the end stays the end."""
    world = World()
    answers = await world.send(
        old("dossier.completed", "2011-10-10T09:00:00+02:00"),
        old("dossier.accepted", "2011-10-11T09:00:00+02:00"),
        publisher=IMPORT,
    )
    assert [answer.details["status"] for answer in answers] == [9, 9]
    assert [answer.details["inconsistency"] for answer in answers] == [
        "before-start",
        "after-end",
    ]


@pytest.mark.asyncio
async def test_live_events_follow_imported_history_as_usual() -> None:
    """Another publisher goes on with an imported dossier, under the table again."""
    world = World()
    await world.send(old("dossier.accepted", "2026-11-20T08:00:00+07:00"), publisher=IMPORT)
    wrong, right = await world.send(
        event("dossier.accepted", "case-1", number=1),
        event("dossier.completed", "case-1", RESULT),
    )
    assert wrong.faults[0].rule == "illegal-transition"
    assert right.details["status"] == 9


@pytest.mark.asyncio
async def test_a_struck_event_takes_its_status_back() -> None:
    """Completed by mistake: struck, the dossier is where it was, and can go on."""
    world = World()
    struck = {
        "replaces": f"dossier.completed-{CODE}-0",
        "reason": "wrong_dossier",
        "by": "p-06112-head",
    }
    answers = await world.send(
        event("dossier.accepted", CODE),
        event("dossier.assigned", CODE, HANDLER),
        event("dossier.completed", CODE, RESULT),
        event("dossier.corrected", CODE, struck),
        event("dossier.completed", CODE, RESULT, number=1),
    )
    assert [answer.details.get("status") for answer in answers] == [2, 4, 9, 4, 9]


@pytest.mark.asyncio
async def test_a_corrected_first_event_corrects_what_followed_from_it() -> None:
    """Another procedure on the accepted event: the dossier is of that procedure."""
    world = World()
    right = {
        "time": "2026-11-23T07:30:00+07:00",
        "data": {"procedure": "1.001193", "channel": "direct"},
    }
    await world.send(
        event("dossier.accepted", CODE),
        event(
            "dossier.corrected",
            CODE,
            {
                "replaces": f"dossier.accepted-{CODE}-0",
                "reason": "wrong_dossier",
                "by": "p-06112-head",
                "right": right,
            },
        ),
    )
    state = world.subjects.rows[CODE]["state"]
    assert (state["procedure"], state["status"]) == ("1.001193", 2)
    assert state["opened_at"] == "2026-11-23T07:30:00+07:00"


@pytest.mark.asyncio
async def test_contacts_are_numbered_per_dossier_and_leave_nothing_behind() -> None:
    """Two contacts, two versions; the events name them; the values are gone once published."""
    world = World()
    phone, mail = {"phone": "0912345678"}, {"email": "a@example.vn"}
    life = history(CODE)
    life[0]["data"]["contact"], life[4]["data"]["contact"] = phone, mail
    await world.send(*life)
    versions = [one.get("contactversion") for one in world.stream(DOSSIERS.name)]
    assert versions == [1, 1, 1, 1, 2, 2, 2, 2, 2]
    assert [one["version"] for one in world.stream(CONTACTS.name)] == [1, 2]
    kept = repr((world.subjects.rows, world.contacts.rows, world.receipts.kept))
    assert "0912345678" not in kept
    assert "a@example.vn" not in kept


@pytest.mark.asyncio
async def test_a_refused_event_leaves_no_contact() -> None:
    """The contact of an event that is not taken is not taken either."""
    world = World()
    await world.send(
        event("dossier.accepted", CODE, {"procedure": "9.999999", "contact": {"name": "A"}})
    )
    assert world.stream(CONTACTS.name) == []
    assert world.contacts.rows == {}


@pytest.mark.asyncio
async def test_two_publishers_may_use_one_id_and_neither_swallows_the_other() -> None:
    """Ids are unique within a source; both events are in the outbox, the archive, the topic."""
    world = World()
    first = event("dossier.accepted", CODE)
    second = event("dossier.assigned", CODE, HANDLER, publisher="kiosk", id=first["id"])
    await world.send(first)
    (answer,) = await world.send(second, publisher="kiosk")
    assert answer.details["sequence"] == 2
    assert len(world.archive.kept) == 2


@pytest.mark.asyncio
async def test_one_subject_cannot_grow_for_ever() -> None:
    """Past the bound an event is refused with its reason."""
    world = World()
    await world.send(event("dossier.accepted", CODE))
    row = world.subjects.rows[CODE]
    row["state"]["facts"] *= FACTS_MAX
    (answer,) = await world.send(event("dossier.assigned", CODE, HANDLER))
    assert answer.faults[0].rule == "too-many-events"


@pytest.mark.asyncio
async def test_somebody_who_changes_a_subject_meanwhile_is_not_overwritten() -> None:
    """The loser reads again and is numbered behind the winner."""
    world, rival = World(), World()
    rival.subjects, rival.receipts = world.subjects, world.receipts
    rival.start()
    await world.send(event("dossier.accepted", CODE))
    saves = world.subjects.save
    first = True

    async def overtaken(documents: object, **named: object) -> object:
        nonlocal first
        if first:
            first = False
            await rival.send(event("dossier.assigned", CODE, HANDLER, number=7))
        return await saves(documents, **named)

    world.subjects.save = overtaken
    (answer,) = await world.send(event("dossier.completed", CODE, RESULT))
    assert answer.details["sequence"] == 3


@pytest.mark.asyncio
async def test_a_thousand_copies_cost_what_one_costs() -> None:
    """Copies of one event, and of one that is refused, are answered without the store."""
    world = World()
    loads = 0
    load = world.subjects.load

    async def counted(ids: object) -> object:
        nonlocal loads
        loads += 1
        return await load(ids)

    world.subjects.load = counted
    good, bad = (
        event("dossier.accepted", CODE),
        event("dossier.returned", CODE, {"how": "post"}),
    )
    answers = await world.send(*[good] * 1_000, *[bad] * 1_000, good)
    assert [answer.is_applied for answer in answers] == [True] * 1_000 + [False] * 1_000 + [
        True
    ]
    assert [answer.repeated for answer in answers[:1_000]] == [False] + [True] * 999
    assert loads <= 4


@pytest.mark.asyncio
async def test_a_repeat_that_can_be_applied_by_now_is() -> None:
    """Refused for what was missing, sent again behind it in the same batch: applied."""
    world = World()
    assigned = event("dossier.assigned", CODE, HANDLER)
    answers = await world.send(assigned, event("dossier.accepted", CODE), assigned)
    assert [answer.is_applied for answer in answers] == [False, True, True]


def test_a_state_survives_the_store() -> None:
    """Written and read, a subject is the same."""
    codec = SubjectCodec()
    subject = Subject(
        status=Status.COMPLETED,
        was_accepted=True,
        receiving=UNIT,
        competent=OTHER_UNIT,
        procedure="1.004873",
        contact_version=3,
        opened_at=NOW,
        ended_at=NOW + timedelta(days=1),
    )
    assert codec.from_document(codec.to_document(subject)) == subject


def test_an_idle_partitions_mark_moves_with_the_clock() -> None:
    """While the position equals the end, the mark is the moment of looking."""
    marks, partition = Marks(), ("motcua.inbound.demo.v1", 3)
    for minute in range(3):
        marks.sample(NOW + timedelta(minutes=minute), {partition: 10})
        marks.advance({partition: 10})
    assert marks.reached == {partition: NOW + timedelta(minutes=2)}


def test_a_busy_partitions_mark_waits_for_its_records() -> None:
    """A record that is not handled holds the mark at the last moment before it."""
    marks, partition = Marks(), ("motcua.inbound.demo.v1", 3)
    marks.sample(NOW, {partition: 10})
    marks.sample(NOW + timedelta(minutes=1), {partition: 12})
    assert marks.advance({partition: 11}) == {partition: NOW}
    assert marks.advance({partition: 12}) == {partition: NOW + timedelta(minutes=1)}


@pytest.mark.parametrize(
    ("in_work", "pending", "mark"),
    [
        ([], None, NOW),
        ([NOW - timedelta(seconds=2)], None, NOW - timedelta(seconds=2)),
        ([], NOW - timedelta(hours=1), NOW - timedelta(hours=1)),
    ],
)
def test_the_http_mark_is_held_by_work_and_outboxes(
    in_work: list[datetime], pending: datetime | None, mark: datetime
) -> None:
    """Nothing that is being recorded, or not yet published, lies before the mark."""
    assert http_mark(NOW, in_work, pending) == mark

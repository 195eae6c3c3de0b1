"""Every night the whole ladder is walked: no seat is empty in silence, no rung goes nowhere."""

import asyncio
from datetime import date

from services.workflow.core.adopt import adopt
from services.workflow.core.kinds.registry import KINDS
from services.workflow.core.reach import coverage_subject, seats, walk
from services.workflow.usecases.reachability import reachability_view
from shared.events.envelope import Event, from_document
from shared.events.reference import LeaveRecorded, RoleAssigned, RoleEnded
from shared.ops.clock import FixedClock
from shared.reference.units import Units
from tests.fakes.workflow import Durable, Process
from tests.unit.workflow.province import OTHER_UNIT, PROVINCE, UNIT, decide, province
from tests.unit.workflow.scenario import moment

MORNING = "2026-01-06 00:10"


def vacated(role: str, *, day: date = date(2026, 1, 5)) -> RoleEnded:
    """Return the end of somebody's role."""
    person = f"p-{UNIT}-{role.replace('_', '-')}"
    return RoleEnded.model_validate(
        {"person": person, "role": role, "unit": UNIT, "ended_on": day}
    )


def away(role: str) -> LeaveRecorded:
    """Return the leave of somebody who has no deputy."""
    return LeaveRecorded(
        person=f"p-{UNIT}-{role.replace('_', '-')}",
        unit=UNIT,
        first_day=date(2026, 1, 5),
        last_day=date(2026, 1, 7),
    )


def night(durable: Durable, when: str) -> list[str]:
    """Let a day begin, and return what was said of gaps since."""
    before = len(gaps(durable))
    durable.clock.instant = moment(when)
    durable.mark.at = moment(when)
    told = asyncio.run(Process(durable).check_reachability())
    assert len(told) == len(gaps(durable)) - before
    return gaps(durable)[before:]


def gaps(durable: Durable) -> list[str]:
    """Return everything that was said of gaps, a line each."""
    lines = []
    for out in durable.publisher.published:
        assert out.value is not None, "workflow publishes events only"
        event = from_document(out.value)
        if event.name.startswith("coverage."):
            lines.append(f"{event.subject} {event.name[9:]} {event.data.gap} {event.data.why}")  # type: ignore[attr-defined]
    return lines


def house() -> Durable:
    """Return a house that has seen one night."""
    durable = Durable(province(), FixedClock(moment("2026-01-05 08:00")))
    assert night(durable, "2026-01-05 08:00") == []
    return durable


def test_a_vacant_seat_is_said_once_and_its_filling_once() -> None:
    """Not again in the next night, and closed when somebody holds it."""
    durable = house()
    durable.reference = decide(durable.reference, vacated("director"))
    opened = f"{coverage_subject(UNIT, Units())} gap_opened {UNIT}:director vacant"
    assert night(durable, MORNING) == [opened]
    assert night(durable, "2026-01-06 12:00") == []
    assert night(durable, "2026-01-07 00:10") == []
    assigned = RoleAssigned(
        person="p-06112-new", role="director", unit=UNIT, from_day=date(2026, 1, 7)
    )
    durable.reference = decide(durable.reference, assigned)
    assert night(durable, "2026-01-08 00:10") == [
        f"{coverage_subject(UNIT, Units())} gap_closed {UNIT}:director filled"
    ]


def test_leave_without_a_deputy_is_a_gap_of_its_days() -> None:
    """It closes by itself when they are back."""
    durable = house()
    durable.reference = decide(durable.reference, away("chairman"))
    assert night(durable, MORNING) == [
        f"{coverage_subject(UNIT, Units())} gap_opened {UNIT}:chairman on_leave"
    ]
    assert night(durable, "2026-01-08 00:10") == [
        f"{coverage_subject(UNIT, Units())} gap_closed {UNIT}:chairman filled"
    ]


def test_an_installation_that_is_being_set_up_alarms_nobody() -> None:
    """Units come before people; the first day is not checked."""
    durable = Durable(province(), FixedClock(moment("2026-01-05 08:00")))
    durable.reference = decide(durable.reference, vacated("director", day=date(2025, 12, 1)))
    assert night(durable, "2026-01-05 08:00") == []
    assert len(night(durable, MORNING)) == 1


def test_only_the_units_of_our_shards_are_checked() -> None:
    """Two replicas with half of the shards each say it once between them."""
    durable = house()
    durable.reference = decide(durable.reference, vacated("director"))
    said = []
    for shards in (range(6), range(6, 12)):
        durable.held.held = frozenset(shards)
        said += night(durable, MORNING)
    assert len(said) == 1


def test_a_rebuild_says_no_gap_again() -> None:
    """What is open stands in what was published."""
    durable = house()
    durable.reference = decide(durable.reference, vacated("director"))
    night(durable, MORNING)
    subject = coverage_subject(UNIT, Units())
    events: list[Event] = [
        from_document(out.value)
        for out in durable.publisher.published
        if out.value is not None and out.key == subject
    ]
    assert list(adopt(subject, events).gaps) == [f"{UNIT}:director"]


def test_every_rung_of_every_kind_is_walked_in_every_unit() -> None:
    """And each is heard by somebody: the provincial centre ends every chain."""
    reference = decide(province(), vacated("chairman"))
    now = moment(MORNING)
    for unit in (UNIT, OTHER_UNIT):
        walked = list(walk(unit, reference, now))
        assert {(one.kind, one.rung) for one in walked} == {
            (kind.id, rung.id) for kind in KINDS.values() for rung in kind.ladder.rungs
        }
        assert all(one.persons for one in walked)
    over = [one for one in walk(UNIT, reference, now) if one.rung == "last_moment"]
    assert [(one.role, one.heard_by) for one in over] == [("chairman", "province")]


def test_the_province_itself_is_checked_too() -> None:
    """Without it some rungs would go nowhere, and that is said aloud."""
    reference = province()
    ended = RoleEnded(
        person="p-20-province", role="province", unit=PROVINCE, ended_on=date(2026, 1, 5)
    )
    reference = decide(reference, ended)
    now = moment(MORNING)
    assert [(seat.role, seat.why) for seat in seats(PROVINCE, reference, now)] == [
        ("province", "vacant")
    ]
    [shown] = reachability_view(reference, now, [UNIT])["units"]
    assert shown["dead_ends"] > 0
    assert None in {row["heard_by"] for row in shown["passed_over"]}

"""What a unit owes goes on under its new code, once, and keeps the names that it had."""

import asyncio
from datetime import date, datetime
from typing import Final

from services.workflow.core.emissions import Emitter
from services.workflow.core.kinds.centre_head import quarters_of, staff_changes_of
from services.workflow.core.kinds.duty import sessions_of
from services.workflow.core.kinds.periodic import decisions_of, months_of
from services.workflow.core.model import Gap, Subject
from services.workflow.core.reach import check, coverage_subject
from shared.calendar.zone import ICT
from shared.events.centres import DutyRostered
from shared.events.envelope import Event
from shared.events.reference import RoleAssigned, UnitChanged
from shared.ops.clock import FixedClock
from shared.reference.view import Reference
from tests.fakes.workflow import Durable, Process
from tests.unit.workflow.province import UNIT, decide, province, row_of_move
from tests.unit.workflow.scenario import Scenario, moment, stored

NEW: Final = "06999"
MOVED: Final = datetime(2026, 1, 6, 9, 0, tzinfo=ICT)


def move(view: Reference, until: date = date(2026, 1, 7)) -> Reference:
    """Give the unit its new code on Tuesday, 6 January."""
    return decide(view, row(view, until), MOVED)


def row(view: Reference, until: date = date(2026, 1, 7)) -> UnitChanged:
    """Return the row that does it."""
    return row_of_move(view, until, NEW)


def test_a_dossier_goes_on_and_alerts_the_units_people_once() -> None:
    """Nothing is told again at the change; what comes later names the unit as it is now."""
    scenario = Scenario()
    scenario.accepted("2026-01-05 08:00")
    scenario.walks_to("2026-01-06 08:45")
    before = scenario.heard()
    scenario.decides(row(scenario.reference))
    scenario.walks_to("2026-01-06 12:00")
    assert scenario.heard() == []
    assert scenario.state is not None
    assert {scenario.state.unit, scenario.obligation().unit} == {NEW}
    scenario.decides(
        RoleAssigned(
            person="p-new-chairman", role="chairman", unit=UNIT, from_day=date(2026, 1, 1)
        )
    )
    scenario.walks_to("2026-01-09 12:00")
    said = scenario.heard()
    untouched = Scenario()
    untouched.accepted("2026-01-05 08:00")
    untouched.walks_to("2026-01-09 12:00")
    assert [line.replace(NEW, UNIT) for line in before + said] == untouched.heard()
    assert scenario.persons_of("overdue") == (f"p-{UNIT}-chairman", "p-new-chairman")
    assert {one.competentunit for one in scenario.everything[-2:]} == {NEW}


def test_a_dossier_by_the_old_code_after_the_change_is_the_units() -> None:
    """It is counted by the unit's hours and told to its people."""
    scenario = Scenario(reference=move(province()), now=moment("2026-01-06 10:00"))
    scenario.accepted("2026-01-06 10:00", units=(UNIT, UNIT))
    assert scenario.obligation().unit == NEW
    scenario.walks_to("2026-01-12 12:00")
    assert scenario.persons_of("overdue") == (f"p-{UNIT}-chairman",)


def test_sessions_months_and_posts_are_named_by_the_code_of_their_day() -> None:
    """The day of the change still has the old name, and so has the month that began before."""
    view = move(province())

    def names(day: date) -> set[str]:
        found = {subject for subject, unit in sessions_of(view, day) if unit == NEW}
        return {subject.partition("/")[0] for subject in found}

    assert names(date(2026, 1, 6)) == {UNIT}
    assert names(date(2026, 1, 7)) == {NEW}
    quarters = dict(quarters_of(view, date(2026, 4, 1)))
    assert quarters[f"{NEW}/meeting/2026-Q2"] == NEW
    begins = RoleAssigned(person="p-new", role="handler", unit=UNIT, from_day=date(2026, 1, 6))
    lists = dict(staff_changes_of(decide(view, begins, MOVED), date(2026, 1, 8)))
    assert lists[f"{UNIT}/staff_posting/2026-01-06"] == NEW
    months = dict(months_of(view, date(2026, 2, 1)))
    assert months[f"{NEW}/conditions/2026-02"] == NEW
    assert all(
        subject.startswith(NEW)
        for subject, unit in decisions_of(view, date(2026, 2, 2))
        if unit == NEW
    )


def test_a_session_that_has_begun_goes_on_under_its_name() -> None:
    """Its people hear of it as they would have."""
    scenario = Scenario(subject=f"{UNIT}/duty/2026-01-06/am", now=moment("2026-01-06 00:00"))
    scenario.opens()
    scenario.walks_to("2026-01-06 07:50")
    assert scenario.heard()[-1] == "Tue 6 Jan 07:45 duty/1 absent → director"
    scenario.decides(row(scenario.reference))
    scenario.walks_to("2026-01-06 12:00")
    assert scenario.heard() == [
        "Tue 6 Jan 08:00 duty/1 absent_30 → chairman",
        "Tue 6 Jan 08:30 duty/1 absent_60 → province",
        "discharged duty lapsed late",
    ]
    assert scenario.everything[-1].competentunit == NEW


def test_a_session_of_a_day_has_one_record() -> None:
    """That of the code of its day, unless a roster came under the old code before."""
    late = Scenario(subject=f"{UNIT}/duty/2026-01-08/am", now=moment("2026-01-08 00:00"))
    late.opens()  # By an instance that had not heard of the change yet.
    assert late.heard() == ["opened duty/1 due Thu 8 Jan 07:45"]
    late.reference = move(late.reference)
    late.sweeps()
    assert late.heard() == ["discharged duty calendar void"]
    again = Scenario(
        subject=f"{NEW}/duty/2026-01-08/am",
        now=moment("2026-01-08 00:00"),
        reference=move(province()),
    )
    again.opens()
    assert again.heard() == ["opened duty/1 due Thu 8 Jan 07:45"]
    early = Scenario(subject=f"{UNIT}/duty/2026-01-08/am", now=moment("2026-01-05 08:00"))
    early.happens("duty.rostered", "2026-01-05 08:00", persons=("p-a",))
    early.decides(row(early.reference))
    early.sweeps("2026-01-08 00:00")
    assert early.obligation("duty").unit == NEW
    assert early.obligation("duty").open


def test_a_month_that_was_opened_before_is_owed_once() -> None:
    """Its record has the old name; the next month's has the new one."""
    view = province()
    scenario = Scenario(subject=f"{UNIT}/conditions/2026-02", now=moment("2026-02-01 00:00"))
    scenario.opens()
    opened = scenario.heard()
    scenario.reference = decide(
        view, row(view, date(2026, 2, 10)), datetime(2026, 2, 5, tzinfo=ICT)
    )
    scenario.sweeps("2026-02-05 08:00")
    assert (len(opened), scenario.heard()) == (1, [])
    assert scenario.obligation("conditions").unit == NEW
    twice = Scenario(
        subject=f"{NEW}/conditions/2026-02",
        now=moment("2026-02-06 00:00"),
        reference=scenario.reference,
    )
    twice.opens()
    assert twice.heard() == []


def test_a_quarter_and_a_staff_list_that_were_opened_before_are_owed_once() -> None:
    """Their records have the old name, and go on for the unit under its new code."""
    view = province()
    after = decide(view, row(view, date(2026, 4, 10)), datetime(2026, 4, 5, tzinfo=ICT))
    for own in ("meeting/2026-Q2", "staff_posting/2026-04-01"):
        kind = own.partition("/")[0]
        scenario = Scenario(subject=f"{UNIT}/{own}", now=moment("2026-04-01 00:00"))
        scenario.opens()
        assert len(scenario.heard()) == 1
        scenario.reference = after
        scenario.sweeps("2026-04-05 08:00")
        assert scenario.heard() == []
        assert scenario.obligation(kind).unit == NEW
        twice = Scenario(
            subject=f"{NEW}/{own}", now=moment("2026-04-06 00:00"), reference=after
        )
        twice.opens()
        assert twice.heard() == []


def test_a_secondment_goes_on_under_its_name() -> None:
    """Notes of later months open in the record that is there, for the unit as it is now."""
    scenario = Scenario(subject=f"{UNIT}/secondment/7", now=moment("2026-01-05 09:00"))
    scenario.happens(
        "secondment.started",
        "2026-01-05 09:00",
        person="p-b",
        agency="H37.19",
        from_day=date(2026, 1, 5),
        until_day=date(2027, 1, 4),
    )
    scenario.decides(row(scenario.reference))
    scenario.happens("secondment.assessed", "2026-01-28 10:00", month="2026-01", by="p-a")
    assert scenario.obligation("secondment_note:2026-02").unit == NEW
    assert scenario.obligation("secondment_end").unit == NEW


def test_a_gap_closes_under_the_name_that_it_was_opened_by() -> None:
    """Whoever was told of it is told that it is over; the ladder keeps its record."""
    view = move(province())
    assert coverage_subject(NEW, view.units) == f"{UNIT}/coverage/ladder"
    now = moment("2026-01-07 00:00")
    subject = Subject(f"{UNIT}/coverage/ladder", UNIT)
    subject.gaps[f"{UNIT}:director"] = Gap(UNIT, "director", "vacant", now)
    read = stored(stored(subject, view), view)
    assert list(read.gaps) == [f"{UNIT}:director"]
    assert read.gaps[f"{UNIT}:director"].unit == NEW
    emit = Emitter(read, cause="night")
    assert check(read, view, now, emit)
    (closed,) = emit.emissions
    assert closed.data["gap"] == f"{UNIT}:director"
    assert closed.data["unit"] == NEW
    assert not read.gaps


def test_the_service_opens_each_session_once() -> None:
    """A roster that came early keeps its record; what nobody has named gets the new name."""
    durable = Durable(province(), FixedClock(moment("2026-01-05 08:00")))
    early = Event(
        id="early",
        source="urn:motcua:publisher:counter",
        name="duty.rostered",
        subject=f"{UNIT}/duty/2026-01-08/am",
        time=moment("2026-01-05 08:00"),
        recordedtime=moment("2026-01-05 08:00"),
        sequence=1,
        receivingunit=UNIT,
        competentunit=UNIT,
        data=DutyRostered(persons=("p-a",)),
    )

    async def nights() -> None:
        process = Process(durable)
        await process.looks()
        await process.applies([early])
        durable.reference = move(durable.reference)
        for day in (6, 7, 8):
            for clock in ("00:05", "12:00"):
                durable.clock.instant = durable.mark.at = moment(f"2026-01-0{day} {clock}")
                await process.looks()

    asyncio.run(nights())
    mine = {
        subject: [name for _, name in numbered.values()]
        for subject, numbered in durable.said().items()
        if subject.split("/")[0] in {UNIT, NEW} and "/duty/" in subject
    }
    opened = {
        subject for subject, names in mine.items() if "vn.motcua.obligation.opened.v1" in names
    }
    day = "duty/2026-01-0"
    assert opened == {
        *(f"{UNIT}/{day}{number}/{session}" for number in (5, 6) for session in ("am", "pm")),
        *(f"{NEW}/{day}7/{session}" for session in ("am", "pm")),
        f"{UNIT}/{day}8/am",
        f"{NEW}/{day}8/pm",
    }

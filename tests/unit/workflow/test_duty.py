"""Somebody on duty in every session: opened by the calendar, ended by whoever comes."""

from datetime import date

from tests.unit.workflow.province import UNIT, day_off, published_through
from tests.unit.workflow.scenario import Scenario, moment

MORNING = f"{UNIT}/duty/2026-01-06/am"


def opened(subject: str = MORNING, at: str = "2026-01-06 00:00") -> Scenario:
    """Return a session as its day begins."""
    scenario = Scenario(subject=subject, now=moment(at))
    scenario.opens()
    return scenario


def test_a_session_without_anybody_climbs_and_lapses() -> None:
    """Fifteen, thirty, sixty minutes; at the end of the session it is recorded as not kept."""
    scenario = opened()
    scenario.walks_to("2026-01-06 12:00")
    assert scenario.heard() == [
        "opened duty/1 due Tue 6 Jan 07:45",
        "breached duty/1 at Tue 6 Jan 07:45",
        "Tue 6 Jan 07:45 duty/1 absent → director",
        "Tue 6 Jan 08:00 duty/1 absent_30 → chairman",
        "Tue 6 Jan 08:30 duty/1 absent_60 → province",
        "discharged duty lapsed late",
    ]


def test_somebody_in_time_is_all_that_is_asked() -> None:
    """The session is covered from then on."""
    scenario = opened()
    scenario.happens("duty.checked_in", "2026-01-06 07:25", person="p-a")
    scenario.walks_to("2026-01-06 12:00")
    assert scenario.heard() == [
        "opened duty/1 due Tue 6 Jan 07:45",
        "discharged duty covered in time",
    ]


def test_somebody_late_ends_the_ladder() -> None:
    """The Director heard of it; nobody else does."""
    scenario = opened()
    scenario.walks_to("2026-01-06 07:50")
    scenario.happens("duty.checked_in", "2026-01-06 07:50", person="p-a")
    scenario.walks_to("2026-01-06 12:00")
    assert scenario.heard() == [
        "opened duty/1 due Tue 6 Jan 07:45",
        "breached duty/1 at Tue 6 Jan 07:45",
        "Tue 6 Jan 07:45 duty/1 absent → director",
        "discharged duty covered late",
    ]


def test_a_counter_left_empty_opens_a_new_cycle() -> None:
    """Somebody left in the middle of the morning and nobody took over."""
    scenario = opened()
    scenario.happens("duty.checked_in", "2026-01-06 07:25", person="p-a")
    scenario.walks_to("2026-01-06 09:00")
    scenario.heard()
    scenario.happens("duty.checked_out", "2026-01-06 09:00", person="p-a")
    scenario.walks_to("2026-01-06 09:20")
    scenario.happens("duty.checked_in", "2026-01-06 09:20", person="p-b")
    assert scenario.heard() == [
        "opened duty/2 due Tue 6 Jan 09:15",
        "breached duty/2 at Tue 6 Jan 09:15",
        "Tue 6 Jan 09:15 duty/2 absent → director",
        "discharged duty covered late",
    ]


def test_who_takes_over_covers_the_session() -> None:
    """A replacement is as good as a check-in."""
    scenario = opened()
    scenario.happens("duty.replaced", "2026-01-06 07:20", person="p-a", by="p-b", reason="sick")
    assert scenario.heard() == [
        "opened duty/1 due Tue 6 Jan 07:45",
        "discharged duty covered in time",
    ]


def test_a_session_that_was_rostered_before_its_day_is_opened_once() -> None:
    """What comes first, the roster or the day, makes no difference."""
    scenario = Scenario(subject=MORNING, now=moment("2026-01-05 10:00"))
    scenario.happens("duty.rostered", "2026-01-05 10:00", persons=["p-a"])
    scenario.walks_to("2026-01-06 07:30")
    assert scenario.heard() == ["opened duty/1 due Tue 6 Jan 07:45"]


def test_nothing_is_owed_before_the_unit_s_obligations_begin() -> None:
    """They begin on Monday 5 January."""
    scenario = Scenario(subject=f"{UNIT}/duty/2026-01-03/am", now=moment("2026-01-02 10:00"))
    scenario.happens("duty.rostered", "2026-01-02 10:00", persons=["p-a"])
    scenario.walks_to("2026-01-03 12:00")
    assert scenario.heard() == []


def test_nothing_is_owed_on_a_day_off() -> None:
    """A Sunday has no session."""
    scenario = opened(f"{UNIT}/duty/2026-01-11/am", "2026-01-11 00:00")
    scenario.walks_to("2026-01-11 12:00")
    assert scenario.heard() == []


def test_a_session_not_yet_begun_is_voided_by_the_calendar() -> None:
    """Tuesday is declared a day off in the night before."""
    scenario = opened()
    scenario.decides(day_off(date(2026, 1, 6), unit=UNIT))
    scenario.walks_to("2026-01-06 12:00")
    assert scenario.heard() == [
        "opened duty/1 due Tue 6 Jan 07:45",
        "discharged duty calendar void",
    ]


def test_a_session_that_has_begun_stays() -> None:
    """A storm closes the office at ten: the morning until then was owed."""
    scenario = opened()
    scenario.walks_to("2026-01-06 08:00")
    scenario.heard()
    scenario.decides(day_off(date(2026, 1, 6), unit=UNIT))
    scenario.walks_to("2026-01-06 12:00")
    assert scenario.heard() == [
        "Tue 6 Jan 08:00 duty/1 absent_30 → chairman",
        "Tue 6 Jan 08:30 duty/1 absent_60 → province",
        "discharged duty lapsed late",
    ]


def test_what_happens_in_a_begun_session_counts_by_the_hours_it_began_under() -> None:
    """Somebody comes after the day was declared off: the session is not void for that."""
    scenario = opened()
    scenario.walks_to("2026-01-06 08:00")
    scenario.decides(day_off(date(2026, 1, 6), unit=UNIT))
    scenario.walks_to("2026-01-06 08:10")
    scenario.heard()
    scenario.happens("duty.checked_in", "2026-01-06 08:10", person="p-a")
    scenario.happens("duty.checked_out", "2026-01-06 08:20", person="p-a")
    scenario.walks_to("2026-01-06 12:00")
    assert scenario.heard() == [
        "discharged duty covered late",
        "opened duty/2 due Tue 6 Jan 08:35",
        "breached duty/2 at Tue 6 Jan 08:35",
        "Tue 6 Jan 08:35 duty/2 absent → director",
        "Tue 6 Jan 08:50 duty/2 absent_30 → chairman",
        "Tue 6 Jan 09:20 duty/2 absent_60 → province",
        "discharged duty lapsed late",
    ]


def test_a_session_voided_before_it_began_is_void_though_we_look_later() -> None:
    """The day was declared off at six; we were down until eight."""
    scenario = opened()
    scenario.jumps_to("2026-01-06 06:00")
    scenario.decides(day_off(date(2026, 1, 6), unit=UNIT))
    scenario.jumps_to("2026-01-06 08:00")
    scenario.sweeps()
    assert scenario.heard() == [
        "opened duty/1 due Tue 6 Jan 07:45",
        "discharged duty calendar void",
    ]


def test_a_roster_for_a_day_that_is_not_published_waits_for_the_calendar() -> None:
    """Nothing is guessed, and the roster is kept: the session opens once the day is known."""
    subject = f"{UNIT}/duty/2027-01-04/am"
    scenario = Scenario(subject=subject, now=moment("2026-12-30 10:00"))
    scenario.happens("duty.rostered", "2026-12-30 10:00", persons=["p-a"])
    assert scenario.heard() == []
    scenario.decides(published_through(date(2027, 1, 31)))
    scenario.happens("duty.rostered", "2026-12-30 11:00", persons=["p-b"])
    assert scenario.heard() == ["opened duty/1 due Mon 4 Jan 07:45"]


def test_after_an_outage_the_highest_rung_is_told_and_the_session_recorded() -> None:
    """We were down all morning."""
    scenario = opened()
    scenario.jumps_to("2026-01-06 13:00")
    scenario.sweeps()
    assert scenario.heard() == [
        "opened duty/1 due Tue 6 Jan 07:45",
        "breached duty/1 at Tue 6 Jan 07:45",
        "skipped duty/1 absent (overtaken)",
        "skipped duty/1 absent_30 (overtaken)",
        "Tue 6 Jan 08:30 duty/1 absent_60 → province late 4 h",
        "discharged duty lapsed late",
    ]

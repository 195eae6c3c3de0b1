"""The ladder of a dossier's deadline: exactly these emissions and nothing else."""

from tests.unit.workflow.province import SAME_DAY, TEN_DAYS
from tests.unit.workflow.scenario import Scenario, moment

OVERDUE = "Thu 8 Jan 17:00 dossier_deadline/1 overdue → chairman"
OPENED = "2026-01-05 09:00"  # A Monday; three working days end on Thursday the 8th.


def accepted(procedure: str | None = None, *, handler: bool = True) -> Scenario:
    """Return a dossier that was accepted on Monday at nine and given to somebody."""
    scenario = Scenario()
    if procedure is None:
        scenario.accepted(OPENED)
    else:
        scenario.accepted(OPENED, procedure)
    if handler:
        scenario.assigned(OPENED)
    scenario.heard()
    return scenario


def test_acceptance_opens_the_deadline_and_the_slip() -> None:
    """Both obligations open at once, with their promises."""
    scenario = Scenario()
    scenario.accepted(OPENED)
    assert scenario.heard() == [
        "opened dossier_deadline/1 due Thu 8 Jan 17:00",
        "opened apology_slip/1 due Wed 7 Jan 17:00",
    ]


def test_submission_alone_opens_nothing() -> None:
    """No clock of the procedure runs before acceptance; by post there is no answer either."""
    scenario = Scenario()
    scenario.happens("dossier.submitted", OPENED, procedure="1.000001", channel="post")
    scenario.walks_to("2026-01-20 09:00")
    assert scenario.heard() == []


def test_the_whole_ladder_of_a_dossier_that_nobody_settles() -> None:
    """Half, most, overdue, then the province after one, three and five working days."""
    scenario = accepted()
    scenario.walks_to("2026-01-15 08:00")
    assert scenario.heard() == [
        "Tue 6 Jan 17:00 apology_slip/1 draft → director",
        "Wed 7 Jan 07:30 dossier_deadline/1 half → handler",
        "Wed 7 Jan 17:00 apology_slip/1 last_moment → chairman",
        "Thu 8 Jan 07:30 dossier_deadline/1 most → division_head",
        "Thu 8 Jan 17:00 dossier_deadline/1 overdue → chairman",
        "breached dossier_deadline/1 at Fri 9 Jan 00:00",
        "breached apology_slip/1 at Fri 9 Jan 00:00",
        "Fri 9 Jan 17:00 dossier_deadline/1 overdue_1 → province",
        "Mon 12 Jan 17:00 dossier_deadline/1 overdue_3 → province",
        "Wed 14 Jan 17:00 dossier_deadline/1 overdue_5 → province",
    ]


def test_the_last_rung_is_said_again_every_five_working_days() -> None:
    """Reminders go round Tết, and end after six."""
    scenario = accepted()
    scenario.walks_to("2026-01-15 08:00")
    scenario.heard()
    scenario.walks_to("2026-03-31 08:00")
    assert scenario.heard() == [
        "Wed 21 Jan 17:00 dossier_deadline/1 overdue_5~1 → province",
        "Wed 28 Jan 17:00 dossier_deadline/1 overdue_5~2 → province",
        "Wed 4 Feb 17:00 dossier_deadline/1 overdue_5~3 → province",
        "Wed 11 Feb 17:00 dossier_deadline/1 overdue_5~4 → province",
        "Wed 25 Feb 17:00 dossier_deadline/1 overdue_5~5 → province",
        "Wed 4 Mar 17:00 dossier_deadline/1 overdue_5~6 → province",
    ]


def test_a_result_in_time_ends_everything() -> None:
    """No rung is told after the end, and the slip was not owed."""
    scenario = accepted()
    scenario.walks_to("2026-01-06 09:00")
    scenario.happens("dossier.completed", "2026-01-06 09:00", result="KQ.1")
    scenario.walks_to("2026-01-20 09:00")
    assert scenario.heard() == [
        "discharged dossier_deadline completed in time",
        "discharged apology_slip not_needed void",
    ]


def test_a_result_at_the_very_moment_of_the_promise_is_in_time() -> None:
    """What happens at five sharp forestalls the rung of five sharp."""
    scenario = accepted()
    scenario.walks_to("2026-01-08 16:00")
    scenario.heard()
    scenario.happens("dossier.completed", "2026-01-08 17:00", result="KQ.1")
    scenario.walks_to("2026-01-09 09:00")
    assert scenario.heard() == [
        "discharged dossier_deadline completed in time",
        "discharged apology_slip not_needed void",
    ]


def test_after_the_promise_and_before_midnight_the_statute_is_still_met() -> None:
    """Two moments of one deadline: the promise is broken, the limit is not."""
    scenario = accepted()
    scenario.walks_to("2026-01-08 18:00")
    scenario.heard()
    scenario.happens("dossier.completed", "2026-01-08 18:00", result="KQ.1")
    assert scenario.heard() == [
        "discharged dossier_deadline completed late",
        "discharged apology_slip not_needed void",
    ]
    deadline = scenario.obligation()
    assert (deadline.in_time, deadline.by_limit, deadline.by_index) == (False, True, False)


def test_after_midnight_the_slip_was_owed() -> None:
    """Whether a slip was owed is judged by the statutory limit."""
    scenario = accepted()
    scenario.walks_to("2026-01-09 08:00")
    scenario.heard()
    scenario.happens("dossier.completed", "2026-01-09 08:00", result="KQ.1")
    assert scenario.heard() == [
        "discharged dossier_deadline completed late",
        "discharged apology_slip never_issued late",
    ]


def test_the_slip_in_time_silences_its_own_ladder_alone() -> None:
    """The dossier's ladder goes on."""
    scenario = accepted()
    scenario.walks_to("2026-01-07 08:00")
    scenario.heard()
    scenario.happens(
        "dossier.apology_issued", "2026-01-07 08:00", reason="workload", agency="H37"
    )
    scenario.walks_to("2026-01-08 18:00")
    assert scenario.heard() == [
        "discharged apology_slip issued in time",
        "Thu 8 Jan 07:30 dossier_deadline/1 most → division_head",
        "Thu 8 Jan 17:00 dossier_deadline/1 overdue → chairman",
    ]


def test_a_same_day_procedure_owes_no_slip() -> None:
    """Its shares are taken in opening hours from acceptance to the close."""
    scenario = Scenario()
    scenario.accepted(OPENED, SAME_DAY)
    scenario.assigned(OPENED)
    scenario.walks_to("2026-01-06 08:00")
    assert scenario.heard() == [
        "opened dossier_deadline/1 due Mon 5 Jan 17:00",
        "Mon 5 Jan 14:00 dossier_deadline/1 half → handler",
        "Mon 5 Jan 15:48 dossier_deadline/1 most → division_head",
        "Mon 5 Jan 17:00 dossier_deadline/1 overdue → chairman",
        "breached dossier_deadline/1 at Tue 6 Jan 00:00",
    ]


def test_after_an_outage_only_the_highest_rung_is_told() -> None:
    """It says how late it is by our fault; the others are recorded as skipped."""
    scenario = accepted()
    scenario.jumps_to("2026-01-12 20:00")
    scenario.sweeps()
    assert scenario.heard() == [
        "breached dossier_deadline/1 at Fri 9 Jan 00:00",
        "skipped dossier_deadline/1 half (overtaken)",
        "skipped dossier_deadline/1 most (overtaken)",
        "skipped dossier_deadline/1 overdue (overtaken)",
        "skipped dossier_deadline/1 overdue_1 (overtaken)",
        "Mon 12 Jan 17:00 dossier_deadline/1 overdue_3 → province late 3 h",
        "breached apology_slip/1 at Fri 9 Jan 00:00",
        "skipped apology_slip/1 draft (overtaken)",
        "Wed 7 Jan 17:00 apology_slip/1 last_moment → chairman late 123 h",
    ]


def test_an_end_records_the_rungs_that_no_sweep_had_passed() -> None:
    """They should have been told and were not: the record says so."""
    scenario = accepted()
    scenario.jumps_to("2026-01-08 12:00")
    scenario.happens("dossier.completed", "2026-01-08 12:00", result="KQ.1")
    assert scenario.heard() == [
        "skipped dossier_deadline/1 half (completed)",
        "skipped dossier_deadline/1 most (completed)",
        "discharged dossier_deadline completed in time",
        "skipped apology_slip/1 draft (completed)",
        "skipped apology_slip/1 last_moment (completed)",
        "discharged apology_slip not_needed void",
    ]


def test_a_late_event_withdraws_what_it_overtakes() -> None:
    """The result was there on Thursday; we learn it on Saturday."""
    scenario = accepted()
    scenario.walks_to("2026-01-09 18:00")
    scenario.heard()
    scenario.happens(
        "dossier.completed", "2026-01-08 16:00", recorded="2026-01-10 10:00", result="KQ.1"
    )
    scenario.walks_to("2026-01-20 09:00")
    assert scenario.heard() == [
        "withdrawn dossier_deadline/1 overdue (completed)",
        "withdrawn dossier_deadline/1 overdue_1 (completed)",
        "withdrawn dossier_deadline/1 breach (completed)",
        "discharged dossier_deadline completed in time",
        "withdrawn apology_slip/1 breach (completed)",
        "discharged apology_slip not_needed void",
    ]


def test_what_was_recorded_late_is_not_our_outage() -> None:
    """A dossier recorded three days late climbs at once, and nobody blames the system."""
    scenario = Scenario()
    scenario.accepted(OPENED, recorded="2026-01-08 18:00")
    scenario.assigned("2026-01-08 18:00")
    scenario.heard()
    scenario.now = moment("2026-01-08 18:15")
    scenario.sweeps()
    assert scenario.heard() == [
        "skipped dossier_deadline/1 half (overtaken)",
        "skipped dossier_deadline/1 most (overtaken)",
        "Thu 8 Jan 17:00 dossier_deadline/1 overdue → chairman",
        "skipped apology_slip/1 draft (overtaken)",
        "Wed 7 Jan 17:00 apology_slip/1 last_moment → chairman",
    ]


def test_nothing_is_swept_past_what_is_known() -> None:
    """The clock shows nine in the evening, intake's mark shows eight in the morning."""
    scenario = accepted()
    scenario.jumps_to("2026-01-07 21:00")
    scenario.sweeps(upto="2026-01-07 08:00")
    assert scenario.heard() == [
        "Wed 7 Jan 07:30 dossier_deadline/1 half → handler late 13 h",
        "Tue 6 Jan 17:00 apology_slip/1 draft → director late 28 h",
    ]


def test_a_message_on_incomplete_data_says_so() -> None:
    """When the mark stands still too long, we act, and say since when data may be missing."""
    scenario = accepted()
    scenario.walks_to("2026-01-08 08:00")
    scenario.heard()
    scenario.jumps_to("2026-01-08 17:15")
    scenario.sweeps(incomplete_since=moment("2026-01-08 16:30"))
    assert scenario.heard() == [
        f"{OVERDUE} incomplete since Thu 8 Jan 16:30",
    ]


def test_imported_history_alarms_nobody_about_the_past() -> None:
    """No rung dated before it was recorded; what comes after is told as usual."""
    scenario = Scenario()
    scenario.accepted(OPENED, recorded="2026-01-08 10:00", backfill=True)
    scenario.walks_to("2026-01-09 18:00")
    assert scenario.heard() == [
        "opened dossier_deadline/1 due Thu 8 Jan 17:00",
        "opened apology_slip/1 due Wed 7 Jan 17:00",
        "Thu 8 Jan 17:00 dossier_deadline/1 overdue → chairman",
        "breached dossier_deadline/1 at Fri 9 Jan 00:00",
        "breached apology_slip/1 at Fri 9 Jan 00:00",
        "Fri 9 Jan 17:00 dossier_deadline/1 overdue_1 → province",
    ]


def test_imported_history_that_ended_tells_nothing() -> None:
    """It counts, in time or late, and says no more."""
    scenario = Scenario()
    scenario.accepted("2025-11-05 09:00", recorded="2026-01-05 09:00", backfill=True)
    scenario.walks_to("2026-01-06 09:00")
    scenario.happens(
        "dossier.completed",
        "2025-11-12 09:00",
        recorded="2026-01-06 09:00",
        backfill=True,
        result="KQ.1",
    )
    scenario.walks_to("2026-01-20 09:00")
    assert scenario.heard() == [
        "opened dossier_deadline/1 due Mon 10 Nov 17:00",
        "opened apology_slip/1 due Fri 7 Nov 17:00",
        "discharged dossier_deadline completed late",
        "discharged apology_slip never_issued late",
    ]


def test_a_rung_dated_before_its_cycle_opened_does_not_apply() -> None:
    """After a new date half the limit lies behind: it is not told again."""
    scenario = Scenario()
    scenario.accepted("2026-01-07 14:55", TEN_DAYS)
    scenario.happens("dossier.extended", "2026-01-20 16:00", new_date="2026-01-23")
    scenario.heard()
    scenario.walks_to("2026-01-23 08:00")
    assert scenario.heard() == ["breached dossier_deadline/2 at Wed 21 Jan 00:00"]
    cycle = scenario.obligation().cycle
    assert cycle is not None
    half = cycle.find("half")
    assert half is not None
    assert half.status == "not_applicable"


def test_a_vacant_role_passes_the_rung_on_and_opens_a_gap() -> None:
    """Nobody was assigned: the head of division hears it, once the gap is said."""
    scenario = accepted(handler=False)
    scenario.walks_to("2026-01-07 08:00")
    assert scenario.heard() == [
        "Tue 6 Jan 17:00 apology_slip/1 draft → director",
        "Wed 7 Jan 07:30 dossier_deadline/1 half → division_head",
        "gap opened 06112:handler (vacant)",
    ]


def test_a_gap_closes_when_nothing_hangs_on_it() -> None:
    """The dossier ended: nobody misses a handler here any more."""
    scenario = accepted(handler=False)
    scenario.walks_to("2026-01-07 08:00")
    scenario.heard()
    scenario.happens("dossier.completed", "2026-01-07 08:00", result="KQ.1")
    assert scenario.heard() == [
        "discharged dossier_deadline completed in time",
        "discharged apology_slip not_needed void",
        "gap closed 06112:handler (discharged)",
    ]


def test_ten_days_are_counted_over_the_swapped_saturday() -> None:
    """10 January 2026 is worked for 2 January."""
    scenario = accepted(TEN_DAYS)
    scenario.walks_to("2026-01-16 16:00")
    assert scenario.heard() == [
        "Sat 10 Jan 07:30 dossier_deadline/1 half → handler",
        "Wed 14 Jan 07:30 dossier_deadline/1 most → division_head",
        "Wed 14 Jan 17:00 apology_slip/1 draft → director",
        "Thu 15 Jan 17:00 apology_slip/1 last_moment → chairman",
    ]

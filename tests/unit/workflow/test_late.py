"""What late events made overdue waits for the rest of a backlog, and never too long."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.workflow.core.codec import SubjectCodec
from services.workflow.core.late import RECORDINGS_MAX, Recordings, ready_at, with_event
from services.workflow.core.model import Subject
from shared.calendar.zone import ICT
from shared.events.dossiers import DossierAssigned
from shared.events.envelope import Event
from shared.events.progress import LATE_WAIT, LATE_WAIT_MAX
from tests.unit.workflow.gathered import LINK, Centre, code
from tests.unit.workflow.province import TEN_DAYS, UNIT
from tests.unit.workflow.scenario import Scenario, moment

ACCEPTED = "2026-01-05 09:00"
CAME = "2026-01-12 10:00"
MINUTE = timedelta(minutes=1)


def late(minutes: float = 0) -> str:
    """Return the moment so many minutes after the backlog began to come."""
    return (moment(CAME) + timedelta(minutes=minutes)).replace(tzinfo=None).isoformat(" ")


def overdue() -> Scenario:
    """Return a dossier that was recorded days after its last level."""
    scenario = Scenario()
    scenario.accepted(ACCEPTED, recorded=CAME)
    scenario.heard()
    return scenario


def alerts(lines: list[str]) -> list[str]:
    """Return those lines that are alerts."""
    return [line for line in lines if "→" in line and not line.startswith("due ")]


def sent_late(scenario: Scenario, minutes: float, publisher: str = "counter") -> None:
    """Look once, with a publisher's last late event recorded after so many minutes."""
    scenario.sweeps(late={publisher: moment(late(minutes))})


def test_what_was_overdue_when_it_was_recorded_waits_a_minute() -> None:
    """Then one level of each obligation is alerted, and both limits are breached."""
    scenario = overdue()
    scenario.sweeps(late(1))
    assert scenario.heard() == []
    assert scenario.state is not None
    assert scenario.state.next_at() == moment(late(1))
    scenario.jumps_to(late(1.01))
    scenario.sweeps()
    lines = scenario.heard()
    assert len(alerts(lines)) == 2
    assert sum(line.startswith("breached") for line in lines) == 2


def test_an_end_that_comes_meanwhile_skips_the_levels_with_its_own_reason() -> None:
    """It was late: each limit is breached once, and nobody is alerted."""
    scenario = overdue()
    scenario.jumps_to(late(0.9))
    scenario.sweeps()
    scenario.happens("dossier.completed", "2026-01-10 10:00", recorded=late(0.9), result="KQ.1")
    scenario.walks_to(late(60))
    lines = scenario.heard()
    assert alerts(lines) == []
    assert [line for line in lines if line.startswith("breached")] == [
        "breached dossier_deadline/1 at Fri 9 Jan 00:00",
        "breached apology_slip/1 at Fri 9 Jan 00:00",
    ]
    skipped = [line for line in lines if line.startswith("skipped")]
    assert skipped
    assert all(line.endswith("(completed)") for line in skipped)


def test_an_end_in_time_leaves_nothing_but_the_levels_before_it() -> None:
    """No alert, no breach, no withdrawal."""
    scenario = overdue()
    scenario.happens("dossier.completed", "2026-01-07 10:00", recorded=late(0.9), result="K")
    scenario.walks_to(late(60))
    assert scenario.heard() == [
        "skipped dossier_deadline/1 half (completed)",
        "discharged dossier_deadline completed in time",
        "skipped apology_slip/1 draft (completed)",
        "discharged apology_slip not_needed void",
    ]


def test_the_wait_goes_on_while_the_same_publisher_sends_late_events() -> None:
    """The sweep writes when to look next, so that it is not asked for before."""
    scenario = overdue()
    scenario.jumps_to(late(1.5))
    sent_late(scenario, 0.9)
    assert scenario.heard() == []
    assert scenario.state is not None
    assert scenario.state.next_at() == moment(late(1.9))
    scenario.jumps_to(late(2))
    sent_late(scenario, 0.9)
    assert len(alerts(scenario.heard())) == 2


def test_another_publisher_s_late_events_hold_nothing_up() -> None:
    """They are no part of this backlog."""
    scenario = overdue()
    scenario.jumps_to(late(1.5))
    sent_late(scenario, 1.4, publisher="portal")
    assert len(alerts(scenario.heard())) == 2


@pytest.mark.parametrize("events", [True, False], ids=["events of it", "events of others"])
def test_the_wait_ends_fifteen_minutes_after_the_first_recording(events: bool) -> None:  # noqa: FBT001
    """Whatever comes later, of this dossier or of the same publisher."""
    scenario = overdue()
    for minutes in range(1, 15):
        if events:
            scenario.assigned(late(minutes), f"p-{minutes}")
        scenario.jumps_to(late(minutes + 0.5))
        sent_late(scenario, minutes + 0.5)
        assert alerts(scenario.heard()) == []
    scenario.jumps_to(late(15))
    sent_late(scenario, 15)
    assert alerts(scenario.heard()) == []
    scenario.jumps_to(late(15.01))
    sent_late(scenario, 15)
    assert len(alerts(scenario.heard())) == 2


def test_a_moment_after_the_newest_recording_does_not_wait() -> None:
    """Whoever sends nothing is late in earnest; and a higher level passes over lower ones."""
    scenario = Scenario()
    scenario.accepted(ACCEPTED, recorded="2026-01-08 16:59:30")
    scenario.heard()
    scenario.jumps_to("2026-01-08 17:00:10")
    scenario.sweeps()
    lines = scenario.heard()
    # The slip's last moment was the day before: it waits for twenty seconds more.
    assert alerts(lines) == ["Thu 8 Jan 17:00 dossier_deadline/1 overdue → chairman"]
    assert "skipped dossier_deadline/1 half (overtaken)" in lines
    scenario.jumps_to("2026-01-08 17:00:31")
    scenario.sweeps()
    assert alerts(scenario.heard()) == ["Wed 7 Jan 17:00 apology_slip/1 last_moment → chairman"]


def test_a_subject_that_the_calendar_opened_does_not_wait() -> None:
    """No publisher has said anything of it."""
    scenario = Scenario(subject=f"{UNIT}/duty/2026-01-06/am")
    scenario.jumps_to("2026-01-06 00:00")
    scenario.opens()
    scenario.jumps_to("2026-01-06 07:45:01")
    scenario.sweeps(late={"counter": moment("2026-01-06 07:45")})
    assert alerts(scenario.heard()) == ["Tue 6 Jan 07:45 duty/1 absent → director"]


def test_imported_history_stays_quiet_at_once() -> None:
    """Nobody is alerted of it, so nothing waits."""
    scenario = Scenario()
    scenario.accepted(ACCEPTED, recorded=CAME, backfill=True)
    assert scenario.state is not None
    assert scenario.state.recordings is None
    scenario.jumps_to(late(0.1))
    scenario.sweeps()
    assert alerts(scenario.heard()) == []


def test_our_own_acknowledgements_start_no_wait() -> None:
    """They answer an alert; the commitment they make is broken at its own moment."""
    scenario = Scenario()
    scenario.accepted(ACCEPTED)
    scenario.walks_to("2026-01-08 18:00")
    before = scenario.state and scenario.state.recordings
    scenario.acknowledged("2026-01-08 18:00", "overdue", "2026-01-09", publisher="workflow")
    scenario.heard()
    assert (scenario.state and scenario.state.recordings) == before
    scenario.walks_to("2026-01-09 17:15")
    broken = [line for line in scenario.heard() if "broken by" in line]
    assert len(broken) == 1


def test_a_broken_commitment_waits_too() -> None:
    """The completion may be in the backlog that has just begun."""
    scenario = Scenario()
    scenario.accepted(ACCEPTED)
    scenario.walks_to("2026-01-08 18:00")
    scenario.acknowledged("2026-01-08 18:00", "overdue", "2026-01-09", publisher="workflow")
    scenario.jumps_to("2026-01-12 08:00")
    scenario.assigned("2026-01-12 08:00")
    scenario.heard()
    scenario.sweeps()
    assert alerts(scenario.heard()) == []
    scenario.jumps_to("2026-01-12 08:01:01")
    scenario.sweeps()
    assert any("promise_broken" in line for line in scenario.heard())


def test_what_ended_by_itself_has_ended_and_its_level_waits() -> None:
    """Silence was consent on Thursday; the confirmation of Wednesday comes in the backlog."""
    scenario = Scenario()
    scenario.accepted(ACCEPTED, TEN_DAYS, recorded=CAME)
    scenario.happens("dossier.confirmation_requested", "2026-01-06 10:00", recorded=CAME)
    scenario.heard()
    scenario.jumps_to(late(0.1))
    scenario.sweeps()
    assert scenario.heard() == ["discharged applicant_confirmation consent_by_silence in time"]
    scenario.happens("dossier.confirmed", "2026-01-07 20:00", recorded=late(0.2))
    scenario.walks_to(late(30))
    lines = scenario.heard()
    assert not [line for line in lines if "go_on" in line]
    assert "discharged applicant_confirmation confirmed in time" in lines


def test_the_level_of_what_ended_by_itself_comes_after_the_wait() -> None:
    """Nothing more comes: the handler may go on."""
    scenario = Scenario()
    scenario.accepted(ACCEPTED, TEN_DAYS, recorded=CAME)
    scenario.happens("dossier.assigned", ACCEPTED, recorded=CAME, handler="p-handler")
    scenario.happens("dossier.confirmation_requested", "2026-01-06 10:00", recorded=CAME)
    scenario.happens("dossier.payment_requested", CAME, recorded=late(0.1), amount=1)
    scenario.walks_to(late(30))
    lines = [line for line in scenario.heard() if "applicant_confirmation" in line]
    assert lines[-2:] == [
        "discharged applicant_confirmation consent_by_silence in time",
        "Thu 8 Jan 00:00 applicant_confirmation/1 go_on → handler",
    ]
    assert scenario.state is not None
    assert scenario.state.obligations["applicant_confirmation"].waiting is None


def test_a_correction_waits_for_the_right_event_after_it() -> None:
    """A completion is struck and sent again: nobody is alerted in between."""
    scenario = Scenario()
    scenario.accepted(ACCEPTED)
    wrong = scenario.happens("dossier.completed", "2026-01-06 10:00", result="K")
    scenario.heard()
    scenario.happens(
        "dossier.corrected", CAME, replaces=wrong, reason="wrong", by="p-06112-director"
    )
    scenario.jumps_to(late(0.5))
    scenario.sweeps()
    scenario.happens("dossier.completed", "2026-01-06 11:00", recorded=late(0.5), result="K")
    scenario.walks_to(late(30))
    assert alerts(scenario.heard()) == []


def test_what_an_incident_releases_waits_as_the_rest_does() -> None:
    """The link is back, and with it what was done meanwhile; what is still due comes once."""
    centre = Centre()
    centre.accepted(1, 2, 3, when="2026-01-05 09:00")
    centre.walks_to("2026-01-07 16:00")
    centre.lost("2026-01-07 16:00")
    centre.walks_to("2026-01-07 18:00")
    centre.heard()
    centre.happens(code(1), DossierAssigned(handler="p-h"))
    centre.happens(code(3), DossierAssigned(handler="p-h"))
    centre.restored("2026-01-07 18:00")
    centre.jumps_to("2026-01-07 18:00:20")
    centre.looks()
    centre.looks()
    assert [line for line in centre.heard() if line[0] != "~"] == [
        "0002 last_moment → chairman"
    ]
    saved: list[int] = []
    centre.durable.subjects.before_save = lambda: saved.append(1)
    centre.looks()
    assert not saved, "what waits is not written again and again"
    centre.jumps_to("2026-01-07 18:00:40")
    centre.completed(1, "2026-01-07 16:30")
    centre.jumps_to("2026-01-07 18:01:01")
    centre.looks()
    assert [line for line in centre.heard() if "last_moment" in line] == [
        "0001 last_moment withdrawn",
        "0003 last_moment → chairman",
    ]
    centre.walks_to("2026-01-08 07:00")
    assert centre.heard() == []


def test_what_is_released_waits_no_more_once_the_incident_is_there_again() -> None:
    """It hangs on it as before, and is told by itself when that is over."""
    centre = Centre()
    centre.accepted(1, when="2026-01-05 09:00")
    centre.walks_to("2026-01-07 16:00")
    centre.lost("2026-01-07 16:00")
    centre.walks_to("2026-01-07 18:00")
    centre.happens(code(1), DossierAssigned(handler="p-h"))
    back = centre.restored("2026-01-07 18:00")
    centre.jumps_to("2026-01-07 18:00:20")
    centre.looks()
    centre.struck(LINK, back, "2026-01-07 18:00:30")
    centre.heard()
    centre.walks_to("2026-01-07 20:00")
    assert not [line for line in centre.heard() if "last_moment" in line]
    centre.restored("2026-01-07 20:00")
    centre.walks_to("2026-01-07 20:15")
    assert "0001 last_moment → chairman" in centre.heard()


# The rule itself.

R0 = datetime(2026, 1, 5, 9, 0, tzinfo=ICT)


def event(recorded: datetime, *, publisher: str = "counter", backfill: bool = False) -> Event:
    """Return an event of a publisher."""
    return Event(
        id=f"e-{recorded.isoformat()}",
        source=f"urn:motcua:publisher:{publisher}",
        name="dossier.assigned",
        subject="BURST-0001",
        time=R0,
        sequence=1,
        recordedtime=recorded,
        receivingunit=UNIT,
        competentunit=UNIT,
        backfill=backfill,
        data=DossierAssigned(handler="p-h"),
    )


def recorded(*minutes: float, publisher: str = "counter") -> Recordings:
    """Return what is kept after events were recorded so many minutes after the first moment."""
    known: Recordings | None = None
    for minute in minutes:
        known = with_event(known, event(R0 + minute * MINUTE, publisher=publisher), R0)
    assert known is not None, "something was recorded"
    return known


@pytest.mark.parametrize(
    ("moments", "at", "known_at", "waits_until"),
    [
        ((10,), 5, 0, 11),
        ((10,), 10, 0, 10),
        ((10,), 12, 0, 12),
        ((10, 14), 5, 0, 15),
        ((10, 14, 18, 22), 5, 0, 23),
        ((10, 14, 18, 22, 24.5), 5, 0, 25),
        ((10, 14, 18, 22, 24.5), 12, 0, 25.5),
        ((10, 14, 18, 22, 24.5), 5, 14, 25.5),
        ((10, 60), 5, 0, 25),
        ((10, 60), 5, 60, 61),
    ],
)
def test_until_when_a_moment_waits(
    moments: tuple[float, ...], at: float, known_at: float, waits_until: float
) -> None:
    """A minute after the newest, and fifteen after the first that made it overdue."""
    until = ready_at(
        recorded(*moments), R0 + at * MINUTE, known_at=R0 + known_at * MINUTE, wait=LATE_WAIT
    )
    assert until == R0 + waits_until * MINUTE


def test_few_recordings_are_kept_and_give_the_same() -> None:
    """A dossier with an event a second for hours: what no wait depends on is forgotten."""
    every = [number / 6 for number in range(60 * 6)]
    known = recorded(*every)
    assert len(known.moments) <= RECORDINGS_MAX
    assert known.newest == R0 + every[-1] * MINUTE
    whole = replace(known, moments=tuple(R0 + one * MINUTE for one in every))
    for minute in (-1.0, 10.0, every[-1] - 16):
        at = R0 + minute * MINUTE
        kept = ready_at(known, at, known_at=R0, wait=LATE_WAIT)
        assert max(kept, known.newest) == max(
            ready_at(whole, at, known_at=R0, wait=LATE_WAIT), known.newest
        )


@pytest.mark.parametrize("publisher", ["notifications", "workflow"])
def test_what_we_send_ourselves_is_not_recorded(publisher: str) -> None:
    """Nor is imported history."""
    assert with_event(None, event(R0, publisher=publisher), R0) is None
    known = recorded(0)
    own = event(R0 + LATE_WAIT_MAX, publisher=publisher)
    assert with_event(known, own, R0) is known
    assert with_event(known, event(R0 + MINUTE, backfill=True), R0) is known


def test_another_publisher_s_event_begins_with_its_own_late_events() -> None:
    """What is known of the one before says nothing of it."""
    known = replace(recorded(0), late=R0)
    same = with_event(known, event(R0 + MINUTE), R0)
    other = with_event(known, event(R0 + MINUTE, publisher="portal"), R0)
    assert same is not None
    assert other is not None
    assert (same.late, other.late) == (R0, None)
    assert (same.publisher, other.publisher) == ("counter", "portal")


def test_recordings_are_stored() -> None:
    """With the moment of the last late event, as far as a sweep knew it."""
    state = Subject("BURST-0001", UNIT, recordings=replace(recorded(0, 1), late=R0))
    codec = SubjectCodec()
    assert codec.from_document(codec.to_document(state)).recordings == state.recordings

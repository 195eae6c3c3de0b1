"""A level whose role no channel reaches goes on, and never back."""

from datetime import UTC, datetime
from typing import Final

from services.workflow.core.adopt import adopt
from shared.events.envelope import Event
from shared.events.obligations import MODELS
from shared.events.reference import RoleAssigned, RoleEnded
from tests.fakes.emitted import read_back
from tests.unit.workflow.province import FIRST, PROVINCE, UNIT, day_off
from tests.unit.workflow.scenario import Scenario, moment
from tests.unit.workflow.unreachable import alerts, fails, roles

OPENED: Final = "2026-01-05 09:00"
HEAD: Final = f"p-{UNIT}-division-head"
CHAIRMAN: Final = f"p-{UNIT}-chairman"
CENTRE: Final = f"p-{PROVINCE}-province"


def most(scenario: Scenario | None = None) -> Scenario:
    """Return a dossier of which the division head was alerted at 80 % of its limit."""
    scenario = scenario or Scenario()
    scenario.accepted(OPENED)
    scenario.assigned(OPENED)
    scenario.walks_to("2026-01-08 08:00")
    assert roles(scenario, "most")[0] == "division_head"
    scenario.heard()
    return scenario


def interrupted() -> Scenario:
    """Return a centre out of service, of which the Director was alerted after 15 minutes."""
    scenario = Scenario(subject=f"{UNIT}/interruption/m-1")
    scenario.happens("centre.interrupted", OPENED, cause="x")
    scenario.walks_to("2026-01-05 09:30")
    scenario.heard()
    return scenario


def holds(scenario: Scenario, person: str, role: str, unit: str = UNIT) -> None:
    """Give a person a role, beside whoever holds it."""
    scenario.decides(
        RoleAssigned.model_validate(
            {"person": person, "role": role, "unit": unit, "from_day": FIRST}
        )
    )


def leaves(scenario: Scenario, person: str, role: str, unit: str = UNIT) -> None:
    """Take a role from a person."""
    scenario.decides(
        RoleEnded.model_validate(
            {"person": person, "role": role, "unit": unit, "ended_on": FIRST}
        )
    )


def test_a_level_does_not_return_to_a_role_that_it_found_unreachable() -> None:
    """Division head, chairman, province: the division head gets it once."""
    scenario = most()
    fails(scenario, "2026-01-08 08:10", "most")
    fails(scenario, "2026-01-08 08:20", "most")
    assert scenario.heard() == [
        "Thu 8 Jan 07:30 dossier_deadline/1 most → chairman",
        f"gap opened {UNIT}:division_head:unreachable (unreachable)",
        "Thu 8 Jan 07:30 dossier_deadline/1 most → province",
        f"gap opened {UNIT}:chairman:unreachable (unreachable)",
    ]


def test_after_the_province_only_the_gap_is_opened() -> None:
    """Nobody is left to be alerted; the same people are not named once more."""
    scenario = most()
    for when in ("08:10", "08:20", "08:30"):
        fails(scenario, f"2026-01-08 {when}", "most")
    assert roles(scenario, "most") == ["division_head", "chairman", "province"]
    assert scenario.heard()[-1] == f"gap opened {PROVINCE}:province:unreachable (unreachable)"


def test_a_role_of_two_is_unreachable_when_both_are() -> None:
    """The colleague was enough while nothing was known of that notice."""
    scenario = Scenario()
    holds(scenario, "p-other", "division_head")
    most(scenario)
    fails(scenario, "2026-01-08 08:10", "most", HEAD)
    assert roles(scenario, "most") == ["division_head"]
    fails(scenario, "2026-01-08 08:20", "most", "p-other")
    assert roles(scenario, "most") == ["division_head", "chairman"]


def test_who_was_not_reached_as_one_role_is_not_asked_as_another() -> None:
    """The division head stands in as Chairman too: that role is passed over, with its gap."""
    scenario = Scenario()
    leaves(scenario, CHAIRMAN, "chairman")
    holds(scenario, HEAD, "chairman")
    most(scenario)
    fails(scenario, "2026-01-08 08:10", "most")
    assert roles(scenario, "most") == ["division_head", "province"]
    assert alerts(scenario, "most")[-1][1].vacant_roles == ("division_head", "chairman")
    assert scenario.heard()[1:] == [
        f"gap opened {UNIT}:division_head:unreachable (unreachable)",
        f"gap opened {UNIT}:chairman:unreachable (unreachable)",
    ]


def test_a_vacant_role_that_is_passed_over_on_the_way_is_a_gap_too() -> None:
    """The Chairman's chair is empty: the province gets it, and both gaps are on record."""
    scenario = interrupted()
    leaves(scenario, CHAIRMAN, "chairman")
    fails(scenario, "2026-01-05 09:31", "down")
    assert scenario.heard() == [
        "Mon 5 Jan 09:15 interruption/1 down → province",
        f"gap opened {UNIT}:director:unreachable (unreachable)",
        f"gap opened {UNIT}:chairman (vacant)",
    ]


def test_a_broken_commitment_goes_on_upward_too() -> None:
    """The division head's commitment broke: not the handler, after a Chairman not reached."""
    scenario = most()
    scenario.acknowledged("2026-01-08 08:05", "most", "2026-01-08", by=HEAD)
    scenario.walks_to("2026-01-08 18:00")
    assert roles(scenario, "promise_broken") == ["chairman"]
    fails(scenario, "2026-01-08 18:10", "promise_broken")
    assert roles(scenario, "promise_broken") == ["chairman", "province"]
    last = alerts(scenario, "promise_broken")[-1][1]
    assert last.promise_broken is not None
    assert last.promise_broken.by == HEAD


def test_the_provinces_broken_commitment_stays_with_the_province() -> None:
    """It got a level in the place of empty chairs; nobody below answers for it."""
    scenario = Scenario()
    leaves(scenario, CHAIRMAN, "chairman")
    leaves(scenario, f"p-{UNIT}-director", "director")
    scenario.accepted(OPENED)
    scenario.walks_to("2026-01-07 08:00")
    assert roles(scenario, "draft") == ["province"]
    holds(scenario, "p-new", "director")
    scenario.acknowledged(
        "2026-01-07 08:00", "draft", "2026-01-07", by=CENTRE, obligation="apology_slip"
    )
    scenario.walks_to("2026-01-07 18:00")
    assert roles(scenario, "promise_broken") == ["province"]


def test_a_level_that_another_role_gets_later_is_passed_upward_before_the_province() -> None:
    """After an hour it is the province's level, after four the Chairman's: still he is next."""
    scenario = interrupted()
    for when in ("09:31", "09:32", "09:33"):
        fails(scenario, f"2026-01-05 {when}", "down")
    assert roles(scenario, "down") == ["director", "chairman", "province"]


def test_a_notice_that_fails_after_the_dates_moved_goes_on() -> None:
    """A day off moved the cycle's dates while the notice was tried: its level was carried."""
    scenario = Scenario()
    scenario.accepted(OPENED)
    scenario.assigned(OPENED)
    scenario.walks_to("2026-01-07 08:00")
    scenario.decides(day_off(moment("2026-01-08 00:00").date()))
    scenario.sweeps()
    assert scenario.obligation().cycle_number > 1
    fails(scenario, "2026-01-07 08:10", "half")
    assert roles(scenario, "half") == ["handler", "division_head"]


def test_what_is_said_twice_of_an_earlier_alert_changes_nothing() -> None:
    """The level has gone on since."""
    scenario = most()
    fails(scenario, "2026-01-08 08:10", "most")
    leaves(scenario, CHAIRMAN, "chairman")
    fails(scenario, "2026-01-08 08:20", "most", HEAD, number=0)
    assert roles(scenario, "most") == ["division_head", "chairman"]


def test_a_level_goes_on_after_a_rebuild_from_the_role_that_it_had_come_to() -> None:
    """The store was lost: the Chairman had it, and is not reached now."""
    before = most()
    fails(before, "2026-01-08 08:10", "most")
    published = [
        Event(
            id=one.id,
            source="urn:motcua:service:workflow",
            name=one.name,
            subject=before.subject,
            time=one.time,
            sequence=number,
            recordedtime=datetime(2026, 1, 8, tzinfo=UTC),
            data=read_back(one),
        )
        for number, one in enumerate(before.everything, start=1)
        if one.name in {model.NAME for model in MODELS}
    ]
    after = Scenario(state=adopt(before.subject, published))
    after.accepted(OPENED)
    after.assigned(OPENED)
    about, _ = alerts(before, "most")[0]
    after.jumps_to("2026-01-08 08:10")
    _again(after, about, HEAD)
    assert roles(after, "most") == []
    about, _ = alerts(before, "most")[1]
    _again(after, about, CHAIRMAN)
    assert roles(after, "most") == ["province"]


def _again(scenario: Scenario, about: str, person: str) -> None:
    scenario.happens(
        "notice.undeliverable",
        "2026-01-08 08:20",
        notice="n-1",
        about=about,
        about_name="obligation.rung_reached",
        at=scenario.now,
        obligation="dossier_deadline",
        cycle=1,
        rung="most",
        person=person,
    )

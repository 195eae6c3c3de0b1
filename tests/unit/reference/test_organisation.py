"""Who answers for a role: holders, deputies, nobody."""

from datetime import date

from shared.events.reference import LeaveRecorded, RoleAssigned, RoleEnded
from shared.reference.view import Reference
from tests.unit.calendar.calendars import ict
from tests.unit.reference.events import OTHER, UNIT, assigned, view_of

DIRECTOR, DEPUTY, OFFICER = "p-06112-director", "p-06112-deputy-director", "p-20-officer-1"
DAY = date(2026, 3, 3)


def leave(person: str, first: str, last: str, deputy: str | None = None) -> LeaveRecorded:
    """Record days away."""
    return LeaveRecorded(
        person=person,
        unit=UNIT,
        first_day=date.fromisoformat(first),
        last_day=date.fromisoformat(last),
        deputy=deputy,
    )


def with_director(*rows: LeaveRecorded | RoleEnded | RoleAssigned) -> Reference:
    """Return a view with a director who has a deputy, and what else is said."""
    return view_of(assigned(DIRECTOR, "director", deputy=DEPUTY), *rows)


def test_the_holder_answers_from_the_first_day() -> None:
    """Nobody holds a role before the day it was given from."""
    view = with_director()
    assert view.roles(UNIT, "director", DAY) == (DIRECTOR,)
    assert view.roles(UNIT, "director", date(2025, 12, 31)) == ()
    assert view.roles(OTHER, "director", DAY) == ()
    assert view.roles(UNIT, "chairman", DAY) == ()


def test_a_day_is_a_day_in_viet_nam() -> None:
    """An instant is read as its legal day."""
    view = with_director(leave(DIRECTOR, "2026-03-03", "2026-03-03"))
    assert view.roles(UNIT, "director", ict("2026-03-03 00:00")) == (DEPUTY,)
    assert view.roles(UNIT, "director", ict("2026-03-04 00:00")) == (DIRECTOR,)


def test_the_deputy_stands_in_while_the_holder_is_away() -> None:
    """Both ends of the leave are days away; the leave's own deputy goes first."""
    view = with_director(leave(DIRECTOR, "2026-03-02", "2026-03-04"))
    assert view.roles(UNIT, "director", DAY) == (DEPUTY,)
    assert view.named(UNIT, "director", DAY) == (DIRECTOR,)
    view = with_director(leave(DIRECTOR, "2026-03-02", "2026-03-04", "p-06112-head"))
    assert view.roles(UNIT, "director", DAY) == ("p-06112-head",)
    assert view.present(DIRECTOR, DAY) == ("p-06112-head",)


def test_nobody_answers_when_the_deputy_is_away_too() -> None:
    """Then the ladder goes on to the next role; a circle of deputies ends as well."""
    view = with_director(
        leave(DIRECTOR, "2026-03-02", "2026-03-04"), leave(DEPUTY, "2026-03-03", "2026-03-03")
    )
    assert view.roles(UNIT, "director", DAY) == ()
    circle = with_director(
        leave(DIRECTOR, "2026-03-02", "2026-03-04", DEPUTY),
        leave(DEPUTY, "2026-03-02", "2026-03-04", DIRECTOR),
    )
    assert circle.roles(UNIT, "director", DAY) == ()


def test_a_leave_told_again_is_corrected() -> None:
    """The same first day is the same leave."""
    view = with_director(
        leave(DIRECTOR, "2026-03-02", "2026-03-04"), leave(DIRECTOR, "2026-03-02", "2026-03-02")
    )
    assert view.roles(UNIT, "director", DAY) == (DIRECTOR,)


def test_a_vacant_role_falls_to_the_last_holders_deputy() -> None:
    """From the first day without the holder; by name the role is vacant all the same."""
    ended = RoleEnded(person=DIRECTOR, role="director", unit=UNIT, ended_on=DAY)
    view = with_director(ended)
    assert view.roles(UNIT, "director", date(2026, 3, 2)) == (DIRECTOR,)
    assert view.roles(UNIT, "director", DAY) == (DEPUTY,)
    assert view.named(UNIT, "director", DAY) == ()


def test_a_successor_takes_over() -> None:
    """Who holds the role now goes before any deputy of who held it."""
    ended = RoleEnded(person=DIRECTOR, role="director", unit=UNIT, ended_on=DAY)
    view = with_director(ended, assigned("p-06112-newcomer", "director"))
    assert view.roles(UNIT, "director", DAY) == ("p-06112-newcomer",)


def test_several_hold_a_role_together() -> None:
    """Two handlers hear it both; when one stands in for the other it is heard once."""
    view = view_of(
        assigned("p-06112-handler-1", "handler", deputy="p-06112-handler-2"),
        assigned("p-06112-handler-2", "handler", deputy="p-06112-handler-1"),
    )
    assert len(view.roles(UNIT, "handler", DAY)) == 2
    view = view_of(leave("p-06112-handler-1", "2026-03-02", "2026-03-04"), view=view)
    assert view.roles(UNIT, "handler", DAY) == ("p-06112-handler-2",)


def test_the_provincial_centre_is_one() -> None:
    """Its officers answer, whatever commune is asked about."""
    view = view_of(assigned(OFFICER, "province", unit="20"))
    assert view.roles(UNIT, "province", DAY) == (OFFICER,)
    assert view.named("20", "province", DAY) == (OFFICER,)


def test_ending_what_was_never_assigned_changes_nothing() -> None:
    """A role.ended that comes first leaves the role as vacant as it was."""
    ended = RoleEnded(person="p-06112-nobody", role="director", unit=UNIT, ended_on=DAY)
    assert view_of(ended).roles(UNIT, "director", DAY) == ()

"""What the vectors do not show: new dates, printed promises, arrival, flags, cycles."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from shared.calendar.deadline import compute
from shared.calendar.errors import InvalidHistoryError, InvalidLimitError
from shared.calendar.history import History
from shared.calendar.limits import AfterSupplement, Limit, LimitUnit, PromiseAt
from tests.unit.calendar.calendars import (
    CALENDAR,
    OPENING,
    days,
    deadline,
    extension,
    ict,
    wait,
)

MONDAY = "2026-03-02 09:00"


def test_a_new_date_moves_the_promise_and_nothing_else() -> None:
    """The citizen is promised the new date; the law and the index stay where they were."""
    found = deadline(days(5), MONDAY, extensions=(extension("2026-03-06 10:00", "2026-03-12"),))
    assert found.due == ict("2026-03-12 17:00")
    assert found.limit == ict("2026-03-10 00:00")
    assert found.index_due == ict("2026-03-09 17:00")
    assert found.first.due == ict("2026-03-09 17:00")
    assert (found.cycle, found.restarts) == (2, 0)
    assert found.flags == ()


@pytest.mark.parametrize(
    ("new_day", "flag"),
    [
        ("2026-03-09", "extension_not_later"),
        ("2026-03-05", "extension_not_later"),
        ("2026-03-14", "extension_not_working"),
    ],
)
def test_a_new_date_must_be_a_later_working_day(new_day: str, flag: str) -> None:
    """Anything else is recorded, flagged, and moves nothing."""
    found = deadline(days(5), MONDAY, extensions=(extension("2026-03-06 10:00", new_day),))
    assert found.due == ict("2026-03-09 17:00")
    assert found.flags == (flag,)
    assert found.cycle == 1
    assert flag in {entry.key for entry in found.ledger}


def test_a_second_new_date_moves_nothing() -> None:
    """At most one; the first one holds."""
    found = deadline(
        days(5),
        MONDAY,
        extensions=(
            extension("2026-03-10 10:00", "2026-03-20"),
            extension("2026-03-06 10:00", "2026-03-12"),
        ),
    )
    assert found.due == ict("2026-03-12 17:00")
    assert found.flags == ("second_extension",)


def test_after_a_restart_the_promise_is_the_later_of_the_two() -> None:
    """A restart does not take back a new date, nor does the new date hold the clock back."""
    promised = (extension("2026-03-05 10:00", "2026-03-20"),)
    short = wait("2026-03-05 14:00", "2026-03-06 09:00")
    long = wait("2026-03-05 14:00", "2026-03-17 09:00")
    assert deadline(days(5), MONDAY, short, extensions=promised).due == ict("2026-03-20 17:00")
    restarted = deadline(days(5), MONDAY, long, extensions=promised)
    assert restarted.due == ict("2026-03-24 17:00")
    assert restarted.limit == ict("2026-03-25 00:00")
    assert restarted.cycle == 3


def test_a_new_date_is_judged_by_what_was_promised_when_it_was_given() -> None:
    """A date given before a restart need not be later than what the restart brought."""
    found = deadline(
        days(5),
        MONDAY,
        wait("2026-03-09 14:00", "2026-03-16 09:00"),
        extensions=(extension("2026-03-06 10:00", "2026-03-11"),),
    )
    assert found.flags == ("request_on_or_after_last_day",)
    assert found.extended_to == date(2026, 3, 11)


def test_a_new_date_is_promised_at_the_clock_hour_where_the_rule_says_so() -> None:
    """The choice of the rule row holds for the new date too."""
    limit = replace(days(5), promise_at=PromiseAt.SAME_CLOCK_HOUR)
    found = deadline(limit, MONDAY, extensions=(extension("2026-03-06 10:00", "2026-03-12"),))
    assert found.due == ict("2026-03-12 09:00")


def test_a_printed_promise_never_moves_earlier() -> None:
    """A calendar change may shorten the limit; what was printed stays promised."""
    found = deadline(days(5), MONDAY, printed=ict("2026-03-10 17:00"))
    assert found.due == ict("2026-03-10 17:00")
    assert found.limit == ict("2026-03-10 00:00")
    assert found.ledger[-2].key == "promise_kept"
    moved = deadline(days(5), MONDAY, printed=ict("2026-03-06 17:00"))
    assert moved.due == ict("2026-03-09 17:00")
    assert "promise_kept" not in {entry.key for entry in moved.ledger}


def test_while_suspended_what_held_before_can_still_be_read() -> None:
    """Figures judge an open wait by what was owed when it opened."""
    found = deadline(days(5), MONDAY, wait("2026-03-04 10:00"))
    assert (found.due, found.limit, found.last_day, found.suspended) == (None, None, None, True)
    assert found.suspended_since == ict("2026-03-04 10:00")
    assert found.before_wait is not None
    assert found.before_wait.due == ict("2026-03-09 17:00")
    assert found.index_before_wait is not None
    assert found.index_before_wait.due == ict("2026-03-09 17:00")


def test_proof_that_comes_late_suspends_from_then_on() -> None:
    """The law's wait opens with the proven notice, the index's with the request."""
    asked = wait("2026-03-04 10:00", proven="2026-03-05 08:00")
    found = deadline(days(5), MONDAY, asked)
    assert found.suspended_since == ict("2026-03-05 08:00")
    assert found.index_due is None


def test_proof_after_the_receipt_opens_nothing() -> None:
    """A notice that arrives when the supplement is already there made nobody wait."""
    asked = wait("2026-03-04 10:00", "2026-03-06 10:00", proven="2026-03-09 08:00")
    limit = replace(days(5), after_supplement=AfterSupplement.SUBTRACT)
    found = deadline(limit, MONDAY, asked)
    assert found.due == ict("2026-03-09 17:00")
    assert found.index_due == ict("2026-03-11 17:00")
    assert deadline(days(5), MONDAY, asked).due == ict("2026-03-13 17:00")


def test_a_second_request_is_flagged_and_late_by_the_index() -> None:
    """It happened, so it counts; and an inspector sees it."""
    found = deadline(
        days(5),
        MONDAY,
        wait("2026-03-03 09:00", "2026-03-04 09:00"),
        wait("2026-03-05 09:00", "2026-03-06 09:00"),
    )
    assert found.index_late
    assert found.flags == ("second_request",)
    assert [entry.key for entry in found.ledger].count("restart") == 2
    assert (found.restarts, found.cycle) == (2, 3)


def test_a_wait_opened_on_the_last_day_is_flagged() -> None:
    """Pause integrity: whoever asks at the last moment is seen."""
    asked = wait("2026-03-09 16:50", "2026-03-10 09:00")
    assert deadline(days(5), MONDAY, asked).flags == ("request_on_or_after_last_day",)
    earlier = wait("2026-03-06 16:50", "2026-03-10 09:00")
    assert deadline(days(5), MONDAY, earlier).flags == ()
    unproven = replace(asked, proven=None, received=None)
    assert deadline(days(5), MONDAY, unproven).flags == ("request_on_or_after_last_day",)


def test_the_clock_of_another_communes_dossier_starts_on_arrival() -> None:
    """A request after acceptance and before arrival waits only from the arrival on."""
    limit = replace(days(5), after_supplement=AfterSupplement.SUBTRACT)
    asked = wait("2026-03-03 10:00", "2026-03-05 10:00")
    accepted = ict(MONDAY)
    found = deadline(limit, "2026-03-04 08:00", asked, accepted=accepted)
    # Arrived on Wednesday 4; Thursday 5 was waited for; counted 6, 9, 10, 11, 12.
    assert found.due == ict("2026-03-12 17:00")
    before = deadline(limit, "2026-03-06 08:00", asked, accepted=accepted)
    assert before.due == ict("2026-03-13 17:00")


def test_a_request_before_acceptance_is_in_the_ledger_and_moves_nothing() -> None:
    """Nothing runs yet, so nothing waits."""
    found = deadline(days(5), MONDAY, wait("2026-02-27 09:00", "2026-03-04 09:00"))
    assert found.due == ict("2026-03-09 17:00")
    assert found.ledger[0].key == "wait_before_acceptance"


def test_a_subtracting_rule_ignores_a_wait_after_the_due_moment() -> None:
    """What is late stays late, and is not suspended either."""
    limit = replace(days(5), after_supplement=AfterSupplement.SUBTRACT)
    found = deadline(limit, MONDAY, wait("2026-03-11 09:00"))
    assert (found.suspended, found.due) == (False, ict("2026-03-09 17:00"))
    assert "wait_after_due" in {entry.key for entry in found.ledger}


@pytest.mark.parametrize(
    "history",
    [
        History(datetime(2026, 3, 2, 9)),  # noqa: DTZ001 - the offset is missing on purpose.
        History(ict(MONDAY), accepted=datetime(2026, 3, 2, 9)),  # noqa: DTZ001 - as above.
    ],
)
def test_instants_without_an_offset_are_refused(history: History) -> None:
    """Nobody guesses a zone."""
    with pytest.raises(InvalidHistoryError) as refused:
        compute(days(1), history, CALENDAR, OPENING)
    assert refused.value.rule == "instant-without-offset"
    assert refused.value.path in {"/from", "/accepted"}
    assert "+07:00" in refused.value.remedy


def test_a_rule_row_that_is_given_needs_the_dossiers_own_instant() -> None:
    """The row says `given`; only a dossier says when."""
    with pytest.raises(InvalidLimitError, match="given-without-instant"):
        deadline(Limit(LimitUnit.GIVEN), MONDAY)


def test_a_wait_that_opens_after_the_limit_is_explained() -> None:
    """The ledger names the limit that passed and the wait that stopped nothing."""
    found = deadline(days(5), MONDAY, wait("2026-03-10 08:00", "2026-03-11 09:00"))
    assert found.limit_missed == ict("2026-03-10 00:00")
    assert found.flags == ("request_on_or_after_last_day", "request_after_limit")
    keys = [entry.key for entry in found.ledger if entry.clock == "law"]
    assert keys.index("limit_missed") < keys.index("wait_after_limit") < keys.index("restart")

"""From what happened to the fact: ends, deadlines, both clocks, moves, corrections."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from services.reporting.core.clocks import Span
from services.reporting.core.counts import counts
from services.reporting.core.derive import derive
from services.reporting.core.fact import Fact
from services.reporting.core.state import FactState
from shared.calendar.zone import ICT
from shared.events import dossiers, obligations
from shared.events.answers import (
    NoticeProven,
    NoticeUndeliverable,
    ObligationAcknowledged,
    Replacement,
)
from shared.events.envelope import Event
from shared.events.transitions import Status
from tests.fakes.histories import WORKFLOW, Teller

CODE = "H37.112-260105-0031"
MONDAY = datetime(2026, 1, 5, 9, 10, tzinfo=ICT)
WHICH: dict[str, Any] = {
    "obligation": "dossier_deadline",
    "kind": "dossier_deadline",
    "unit": "06112",
}
ASKED = dossiers.DossierSupplementRequested(items=("a",), number=1, in_person=True)
BROUGHT = dossiers.DossierSupplementReceived(items=("a",))
DONE = dossiers.DossierCompleted(result="KQ.1")


def at(day: int, hour: int = 17, minute: int = 0) -> datetime:
    """Return a moment of January 2026."""
    return datetime(2026, 1, day, hour, minute, tzinfo=ICT)


def midnight_after(day: int) -> datetime:
    """Return 24:00 of a day of January 2026."""
    return datetime(2026, 1, day + 1, tzinfo=ICT)


def accepted(**more: Any) -> dossiers.DossierAccepted:  # noqa: ANN401 - any field.
    """Return an acceptance."""
    return dossiers.DossierAccepted(procedure="1.004873", channel="direct", **more)


def fact_of(events: list[Event]) -> Fact:
    """Fold and derive."""
    state = FactState(CODE)
    for event in events:
        state.take(event)
    found = derive(state, {"1.004873": "ho_tich"}.get)
    assert found is not None
    return found


def dossier(*told: tuple[Any, datetime], backfill: bool = False) -> Teller:
    """Tell an acceptance on Monday and what follows."""
    teller = Teller(CODE, "06112", backfill=backfill)
    teller.tell(accepted(), MONDAY)
    for data, when in told:
        teller.tell(data, when)
    return teller


def opened(teller: Teller, due: datetime, limit: datetime, index: datetime | None) -> None:
    """Let workflow open the deadline."""
    data = obligations.ObligationOpened(
        **WHICH, opened_at=MONDAY, due=due, limit=limit, index_due=index
    )
    teller.tell(data, MONDAY, source=WORKFLOW)


@pytest.mark.parametrize(
    ("told", "status", "ended"),
    [
        ([(DONE, at(7))], Status.COMPLETED, at(7)),
        (
            [(DONE, at(7)), (dossiers.DossierReturned(how="direct"), at(8))],
            Status.COMPLETED,
            at(7),
        ),
        ([(dossiers.DossierRefused(reason="x1"), at(6))], Status.REFUSED, at(6)),
        ([(dossiers.DossierStopped(reason="x1"), at(6))], Status.STOPPED, at(6)),
        ([(dossiers.DossierWithdrawn(), at(6))], Status.WITHDRAWN, at(6)),
    ],
)
def test_the_end_is_the_first_of_9_10_8_or_3_then_7(
    told: list[tuple[Any, datetime]], status: Status, ended: datetime
) -> None:
    """The end time follows the index's order of statuses."""
    found = fact_of(dossier(*told).events)
    assert (found.ended_status, found.ended) == (status, ended)


@pytest.mark.parametrize(
    "ending",
    [
        dossiers.DossierRefused(reason="x1"),
        dossiers.DossierStopped(reason="x1"),
        dossiers.DossierWithdrawn(),
    ],
)
def test_what_is_taken_back_while_waiting_ended_at_the_request(ending: Any) -> None:  # noqa: ANN401
    """The applicant's silence is not the office's time."""
    found = fact_of(dossier((ASKED, at(6, 10, 30)), (ending, at(20))).events)
    assert found.ended == at(6, 10, 30)


def test_only_a_received_dossier_can_end() -> None:
    """Refused before acceptance is shown beside, never counted."""
    teller = Teller(CODE, "06112")
    teller.tell(dossiers.DossierSubmitted(procedure="1.004873", channel="online"), MONDAY)
    teller.tell(dossiers.DossierRefused(reason="x1"), at(6))
    found = fact_of(teller.events)
    assert (found.received, found.ended, found.status) == (None, None, Status.REFUSED)


def test_exactly_at_the_limit_is_in_time() -> None:
    """A limit is met by anything at or before it."""
    teller = dossier((DONE, midnight_after(8)))
    opened(teller, at(8), midnight_after(8), at(8))
    assert fact_of(teller.events).law == "on_time"
    late = dossier((DONE, midnight_after(8) + timedelta(microseconds=1)))
    opened(late, at(8), midnight_after(8), at(8))
    assert fact_of(late.events).law == "late"


def test_the_columns_of_the_form_go_by_the_last_day() -> None:
    """Before the last day, on it, taken back in time, late."""
    for told, column in (
        ((DONE, at(7, 23)), "before"),
        ((DONE, at(8, 23)), "last_day"),
        ((dossiers.DossierWithdrawn(), at(6)), "last_day"),
        ((DONE, at(9)), "late"),
    ):
        teller = dossier(told)
        opened(teller, at(8), midnight_after(8), at(8))
        assert fact_of(teller.events).law_day == column


def test_a_given_deadline_judges_by_its_instant_and_needs_no_workflow() -> None:
    """An import's own deadline is due, limit and index alike."""
    for ended, law in ((at(8, 12), "on_time"), (at(8, 12, 1), "late")):
        teller = Teller(CODE, "06112", backfill=True)
        teller.tell(accepted(given=at(8, 12)), MONDAY)
        teller.tell(DONE, ended)
        found = fact_of(teller.events)
        assert (found.law, found.index, found.deadlines.given) == (law, law, True)


def test_after_a_supplement_the_law_restarts_and_the_index_subtracts() -> None:
    """Both clocks are kept: Monday 12 by law, Saturday 10 by the index."""
    teller = dossier((ASKED, at(6, 10)), (BROUGHT, at(8, 14)), (DONE, at(12, 9)))
    opened(teller, at(8), midnight_after(8), at(8))
    teller.tell(
        obligations.ObligationSuspended(**WHICH, since=at(6, 10), cause="e2"),
        at(6, 10),
        source=WORKFLOW,
    )
    teller.tell(
        obligations.ObligationResumed(
            **WHICH,
            at=at(8, 14),
            due=at(12),
            limit=midnight_after(12),
            index_due=at(10),
            cause="e3",
        ),
        at(8, 14),
        source=WORKFLOW,
    )
    found = fact_of(teller.events)
    assert (found.law, found.index) == ("on_time", "late")
    assert found.deadlines.first_due == at(8)
    assert found.deadlines.due == at(12)


def test_a_second_request_is_late_by_the_index_whatever_the_dates() -> None:
    """From the second request on the dossier is late (F766), and it is flagged."""
    again = dossiers.DossierSupplementRequested(items=("a",), number=2, in_person=True)
    teller = dossier(
        (ASKED, at(6, 8)), (BROUGHT, at(6, 9)), (again, at(6, 10)), (BROUGHT, at(6, 11))
    )
    teller.tell(DONE, at(6, 12))
    opened(teller, at(8), midnight_after(8), at(8))
    found = fact_of(teller.events)
    assert (found.law, found.index) == ("on_time", "late")
    assert dict(found.pause_marks)["repeated_request"] == at(6, 10)


def test_while_waiting_nothing_turns_late_and_who_was_late_stays_late() -> None:
    """A wait suspends the clock as it stands."""
    for asked, late in ((at(7, 10), False), (at(9, 10), True)):
        teller = dossier((ASKED, asked))
        opened(teller, at(8), midnight_after(8), at(8))
        teller.tell(
            obligations.ObligationSuspended(**WHICH, since=asked, cause="e2"),
            asked,
            source=WORKFLOW,
        )
        found = fact_of(teller.events)
        assert found.waiting_since == asked
        assert (found.overdue_at is not None) is late


def test_a_new_date_changes_neither_rate() -> None:
    """Whether it was kept stands on its own."""
    teller = dossier(
        (dossiers.DossierExtended(new_date=date(2026, 1, 12)), at(7)), (DONE, at(12, 16))
    )
    opened(teller, at(8), midnight_after(8), at(8))
    found = fact_of(teller.events)
    assert (found.law, found.new_date_kept) == ("late", True)


def test_a_move_ends_one_stint_and_begins_another() -> None:
    """Each unit answers for its own time; after the end nothing moves."""
    move = dossiers.DossierMoved(from_unit="06112", to_unit="06115")
    back = dossiers.DossierMoved(from_unit="06115", to_unit="06112")
    found = fact_of(dossier((move, at(6)), (DONE, at(7)), (back, at(8))).events)
    assert [(one.unit, one.came, one.left) for one in found.stints] == [
        ("06112", "received", "moved"),
        ("06115", "moved", "ended"),
    ]
    assert found.unit == "06115"


def test_a_correction_is_folded_again() -> None:
    """A struck end is open again; a corrected one counts at the right time."""
    teller = dossier()
    wrong = teller.tell(DONE, at(7))
    correct: dict[str, Any] = {"replaces": wrong.id, "reason": "wrong_time", "by": "p-1"}
    struck = dossiers.DossierCorrected(**correct)
    assert fact_of([*teller.events, teller.tell(struck, at(9))]).ended is None
    again = dossiers.DossierCorrected(
        **correct, right=Replacement(time=at(6), data={"result": "KQ.1"})
    )
    teller.tell(again, at(10))
    assert fact_of(teller.events).ended == at(6)


def test_a_corrected_deadline_holds_from_the_beginning() -> None:
    """What was wrong never judged anything."""
    teller = dossier((DONE, at(9)))
    opened(teller, at(8), midnight_after(8), at(8))
    right = obligations.ObligationDueChanged(
        **WHICH,
        new_due=at(12),
        new_limit=midnight_after(12),
        new_index_due=at(12),
        reason="correction",
        cause="e9",
    )
    teller.tell(right, at(14), source=WORKFLOW)
    assert fact_of(teller.events).law == "on_time"


def test_a_later_limit_cures_none_that_was_missed() -> None:
    """Late by law since the first one; the index has its own dates, which were met."""
    teller = dossier((DONE, at(9)))
    opened(teller, at(5), midnight_after(5), at(9))
    moved = obligations.ObligationDueChanged(
        **WHICH,
        new_due=at(12),
        new_limit=midnight_after(12),
        limit_missed=midnight_after(5),
        reason="supplement",
        cause="e9",
    )
    teller.tell(moved, at(7), source=WORKFLOW)
    found = fact_of(teller.events)
    assert (found.law, found.index) == ("late", "on_time")
    assert found.late_law == (Span(midnight_after(5), at(9)),)


def test_a_missed_limit_judges_where_no_other_was_stated() -> None:
    """Recorded first during a later suspension, it states the missed limit alone."""
    teller = dossier((DONE, at(9)))
    missed = obligations.ObligationOpened(
        **WHICH, opened_at=at(2), limit_missed=midnight_after(5)
    )
    teller.tell(missed, at(2), source=WORKFLOW)
    found = fact_of(teller.events)
    assert (found.law, found.index) == ("late", "late")
    assert found.late_law == (Span(midnight_after(5), at(9)),)


def test_imported_history_that_cannot_be_so_is_marked() -> None:
    """Events after the end, and an end before the first event, of imports alone."""
    step = dossiers.DossierStepFinished(step="t02", agency="g1")
    late = fact_of(dossier((DONE, at(6)), (step, at(7)), backfill=True).events)
    assert (late.inconsistency.after_end, late.inconsistency.end_before_first) == (True, True)
    both = dossier((step, at(5, 12)), (DONE, at(6)), (step, at(7)), backfill=True)
    assert not fact_of(both.events).inconsistency.end_before_first
    live = fact_of(dossier((DONE, at(6)), (step, at(7))).events)
    assert not live.inconsistency.after_end


def test_who_held_it_and_what_they_promised() -> None:
    """Holders follow assignment, steps and waits; the last answer is kept."""
    step = {"step": "t02", "agency": "H37.19"}
    answer = ObligationAcknowledged(
        obligation="dossier_deadline",
        cycle=1,
        rung="due",
        cause="workload",
        promised=date(2026, 1, 13),
        by="p-06112-chairman",
    )
    found = fact_of(
        dossier(
            (dossiers.DossierAssigned(handler="p-06112-handler-2"), at(5, 10)),
            (dossiers.DossierStepStarted(**step), at(6, 8)),
            (dossiers.DossierStepFinished(**step), at(7, 8)),
            (ASKED, at(7, 9)),
            (answer, at(8, 9)),
        ).events
    )
    assert [one.holder for one in found.holds] == [
        "desk",
        "specialist",
        "agency",
        "specialist",
        "applicant",
    ]
    assert found.handler == "p-06112-handler-2"
    assert found.acknowledgements[0].promised == date(2026, 1, 13)


def test_nothing_of_its_own_means_no_fact_yet() -> None:
    """Obligations may be read first; the fact waits for nobody and appears with the dossier."""
    teller = Teller(CODE, "06112")
    opened(teller, at(8), midnight_after(8), at(8))
    state = FactState(CODE)
    state.take(teller.events[0])
    assert derive(state, lambda _code: None) is None


BY_MAIL = dossiers.DossierSupplementRequested(items=("a",), number=1, in_person=False)


def asked_by_mail(day: int, *answers: str, brought: int | None = None) -> Teller:
    """Tell a dossier due on Thursday 8 January whose applicant is asked on a day by mail."""
    told = dossier()
    opened = obligations.ObligationOpened(
        **WHICH, opened_at=MONDAY, due=at(8), limit=midnight_after(8), index_due=at(8)
    )
    told.tell(opened, MONDAY, source=WORKFLOW)
    request = told.tell(BY_MAIL, at(day, 10))
    about = {"notice": "n-1", "about": request.id, "about_name": request.name}
    for answer in answers:
        if answer == "proven":
            told.tell(NoticeProven(**about, at=at(day, 11)), at(day, 11))
        else:
            told.tell(NoticeUndeliverable(**about, at=at(day, 12)), at(day, 12))
    if brought is not None:
        told.tell(BROUGHT, at(brought, 14))
    return told


@pytest.mark.parametrize(
    ("told", "marks"),
    [
        (asked_by_mail(6, "proven"), set()),
        (asked_by_mail(6), {"unproven_wait"}),
        (asked_by_mail(6, brought=7), {"unproven_wait"}),
        (asked_by_mail(6, "undeliverable"), {"unproven_wait", "undeliverable_notice"}),
        (asked_by_mail(6, "undeliverable", "proven"), set()),
        (asked_by_mail(8, "proven"), {"request_on_or_after_last_day"}),
        (dossier((ASKED, at(6)), (BROUGHT, at(7)), (ASKED, at(7, 18))), {"repeated_request"}),
        (dossier((ASKED, at(6)), (BROUGHT, at(7))), set()),
    ],
)
def test_waits_that_the_law_does_not_allow_so(told: Teller, marks: set[str]) -> None:
    """Marked with the day of the request; a proof that comes takes the mark away."""
    found = dict(fact_of(told.events).pause_marks)
    assert set(found) == marks
    given = {
        (count.cell.day, atom)
        for count in counts(fact_of(told.events))
        for atom in count.atoms
        if atom in {*marks, "pause_breach"}
    }
    days = {mark: moment.date() for mark, moment in found.items()}
    expected = {(day, mark) for mark, day in days.items()}
    if days:
        expected.add((min(days.values()), "pause_breach"))
    assert given == expected

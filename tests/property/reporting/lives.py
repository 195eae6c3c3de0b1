"""Dossiers that live through anything, for property tests."""

from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from shared.calendar.zone import ICT
from shared.events import dossiers, obligations
from shared.events.answers import Replacement
from shared.events.envelope import Event
from tests.fakes.histories import WORKFLOW, Teller

UNITS = ("06112", "06115", "06148")
PROCEDURE = "1.004873"
FIRST = datetime(2026, 11, 2, 8, tzinfo=ICT)
NOW = datetime(2026, 11, 23, 9, 12, tzinfo=ICT)
DAYS = 24
steps = st.integers(min_value=0, max_value=DAYS * 24 * 4).map(
    lambda quarters: FIRST + timedelta(minutes=15 * quarters)
)
moments = st.one_of(steps.filter(lambda moment: moment <= NOW), st.just(FIRST), st.just(NOW))
deadlines = st.one_of(st.none(), steps)
missed = st.one_of(st.none(), st.none(), moments)


def _own() -> st.SearchStrategy[Any]:
    step = {"step": "tu_phap", "agency": "H37.19"}
    return st.sampled_from(
        (
            dossiers.DossierSubmitted(procedure=PROCEDURE, channel="online"),
            dossiers.DossierAssigned(handler="p-06112-handler-1"),
            dossiers.DossierStepStarted(**step),
            dossiers.DossierStepFinished(**step),
            dossiers.DossierSupplementRequested(items=("a",), number=1, in_person=True),
            dossiers.DossierSupplementRequested(items=("a",), number=2, in_person=True),
            dossiers.DossierSupplementReceived(items=("a",)),
            dossiers.DossierExtended(new_date=date(2026, 11, 19)),
            dossiers.DossierMoved(from_unit=UNITS[0], to_unit=UNITS[1]),
            dossiers.DossierMoved(from_unit=UNITS[1], to_unit=UNITS[2]),
            dossiers.DossierMoved(from_unit=UNITS[2], to_unit=UNITS[0]),
            dossiers.DossierWithdrawn(),
            dossiers.DossierStopped(reason="no_result"),
            dossiers.DossierRefused(reason="not_listed"),
            dossiers.DossierCompleted(result="KQ.1"),
            dossiers.DossierReturned(how="direct"),
            dossiers.DossierPaid(amount=8000, how="online"),
            dossiers.DossierPaid(amount=8000, how="counter"),
            dossiers.DossierPaid(amount=8000),
            dossiers.DossierApologyIssued(reason="staff", agency="H37.19"),
        )
    )


def _due(draw: st.DrawFn, unit: str, when: datetime) -> obligations.ObligationData:
    which: dict[str, Any] = {
        "obligation": "dossier_deadline",
        "kind": "dossier_deadline",
        "unit": unit,
    }
    kind = draw(st.sampled_from(("due_changed", "suspended", "resumed", "correction")))
    due, limit, index = draw(deadlines), draw(deadlines), draw(deadlines)
    which["limit_missed"] = draw(missed)
    if kind == "suspended":
        return obligations.ObligationSuspended(**which, since=when, cause="c1")
    if kind == "resumed":
        return obligations.ObligationResumed(
            **which, at=when, due=due, limit=limit, index_due=index, cause="c1"
        )
    return obligations.ObligationDueChanged(
        **which,
        new_due=due,
        new_limit=limit,
        new_index_due=index,
        reason="correction" if kind == "correction" else "calendar",
        cause="c1",
    )


@st.composite
def lives(draw: st.DrawFn, number: int = 0) -> list[Event]:
    """Draw one dossier's whole history, as its writers recorded it.

    No two of its own events are of one instant: their order is a law of
    `tests/property/events/test_disorder.py`, and the slow count knows nothing of it.
    """
    used: set[datetime] = set()
    unit = draw(st.sampled_from(UNITS))
    teller = Teller(f"H37.101-261102-{number:04d}", unit, backfill=draw(st.booleans()))
    given = draw(st.one_of(st.none(), st.none(), steps))
    if draw(st.integers(0, 9)):
        accepted = dossiers.DossierAccepted(
            procedure=PROCEDURE,
            channel=draw(st.sampled_from(("direct", "online", "post"))),
            given=given,
        )
        teller.tell(accepted, _free(draw(moments), used))
    told = draw(st.lists(st.tuples(_own(), moments), max_size=7))
    if draw(st.booleans()):
        told.sort(key=lambda pair: pair[1])
    for data, when in told:
        teller.tell(data, _free(when, used))
    if not teller.events:
        teller.tell(dossiers.DossierSubmitted(procedure=PROCEDURE, channel="online"), FIRST)
    if draw(st.integers(0, 4)) == 0:
        wrong = draw(st.sampled_from(teller.events))
        moment = _free(draw(moments), used)
        right = Replacement(time=moment, data=wrong.data.model_dump(mode="json"))
        correction = dossiers.DossierCorrected(
            replaces=wrong.id,
            right=draw(st.sampled_from((None, right))),
            reason="wrong_time",
            by="p-06112-director",
        )
        teller.tell(correction, NOW)
    if draw(st.booleans()):
        _oblige(draw, teller, unit)
    if draw(st.booleans()):
        _oblige_an_answer(draw, teller, unit)
    return teller.events


def _free(moment: datetime, used: set[datetime]) -> datetime:
    """Return a moment, or the last one before it that no event has, and keep it as used."""
    while moment in used:
        moment -= timedelta(seconds=1)
    used.add(moment)
    return moment


def _oblige(draw: st.DrawFn, teller: Teller, unit: str) -> None:
    opened = draw(moments)
    teller.tell(
        obligations.ObligationOpened(
            obligation="dossier_deadline",
            kind="dossier_deadline",
            unit=unit,
            opened_at=opened,
            due=draw(deadlines),
            limit=draw(deadlines),
            index_due=draw(deadlines),
        ),
        opened,
        source=WORKFLOW,
    )
    for _ in range(draw(st.integers(0, 3))):
        when = draw(moments)
        teller.tell(_due(draw, unit, when), when, source=WORKFLOW)


def _oblige_an_answer(draw: st.DrawFn, teller: Teller, unit: str) -> None:
    """Draw the obligation to answer a submission, missed or not, discharged or not."""
    which: dict[str, Any] = {
        "obligation": "online_answer",
        "kind": "online_answer",
        "unit": unit,
    }
    begun = draw(moments)
    teller.tell(obligations.ObligationOpened(**which, opened_at=begun), begun, source=WORKFLOW)
    if draw(st.booleans()):
        missed = draw(moments)
        teller.tell(obligations.ObligationBreached(**which, at=missed), missed, source=WORKFLOW)
    if draw(st.booleans()):
        done = draw(moments)
        teller.tell(obligations.ObligationDischarged(**which, at=done), done, source=WORKFLOW)


@st.composite
def populations(draw: st.DrawFn, most: int = 4) -> list[list[Event]]:
    """Draw several dossiers."""
    count = draw(st.integers(1, most))
    return [draw(lives(number)) for number in range(count)]

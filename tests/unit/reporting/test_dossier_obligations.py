"""Obligations of dossiers beside their deadline: how each ended, figures and their rows."""

from datetime import datetime, timedelta

import pytest
from starlette.testclient import TestClient

from services.reporting.core.counts import counts
from services.reporting.core.derive import derive
from services.reporting.core.dossier_obligations import FIGURES, KINDS
from services.reporting.core.fact import Fact
from services.reporting.core.state import FactState
from shared.calendar.zone import ICT
from shared.events import dossiers, obligations
from tests.fakes.histories import WORKFLOW, Teller

KIND = "online_answer"


def at(day: int, hour: int = 9) -> datetime:
    """Name a moment of the month."""
    return datetime(2026, 11, day, hour, tzinfo=ICT)


def teller() -> Teller:
    """Return a dossier that was sent online."""
    found = Teller("H37.117-261102-0001", "06112")
    found.tell(dossiers.DossierSubmitted(procedure="1.004873", channel="online"), at(2))
    return found


def opens(told: Teller, day: int, name: str = KIND) -> None:
    """Add that an obligation began, due a day later."""
    which = {"obligation": name, "kind": name.partition(":")[0], "unit": "06112"}
    data = obligations.ObligationOpened(**which, opened_at=at(day), due=at(day + 1))
    told.tell(data, at(day), source=WORKFLOW)


def ends(told: Teller, day: int, name: str = KIND, *, void: bool = False) -> None:
    """Add that it ended, in time if that is not after its due date."""
    which = {"obligation": name, "kind": name.partition(":")[0], "unit": "06112"}
    done = obligations.ObligationDischarged(
        **which, at=at(day), in_time=None if void else day <= 3, void=void
    )
    told.tell(done, at(day), source=WORKFLOW)


def fact_of(told: Teller) -> Fact:
    """Return the fact of a dossier's events."""
    state = FactState(told.subject)
    for event in told.events:
        state.take(event)
    fact = derive(state, lambda _: None)
    assert fact is not None
    return fact


def given(told: Teller) -> set[tuple[int, str, int]]:
    """Return the atoms of the kind, each with its day and how many."""
    return {
        (one.cell.day.day, atom, number)
        for one in counts(fact_of(told))
        for atom, number in one.atoms.items()
        if atom.startswith(KIND)
    }


def test_one_that_is_open_counts_where_it_began() -> None:
    """It came, and is open at the end of every day since."""
    told = teller()
    opens(told, 2)
    assert given(told) == {(2, "online_answer_new", 1), (2, "online_answer_in", 1)}


def test_one_that_ended_late_is_missed_on_its_due_day() -> None:
    """And open until the day on which it ended."""
    told = teller()
    opens(told, 2)
    ends(told, 5)
    assert given(told) == {
        (2, "online_answer_new", 1),
        (3, "online_answer_missed", 1),
        (2, "online_answer_in", 1),
        (5, "online_answer_out", 1),
    }


def test_a_breach_is_missed_while_it_is_open_and_after_a_late_end() -> None:
    """Unless it is withdrawn: what came later had happened before it."""
    told = teller()
    opens(told, 2)
    which = {"obligation": KIND, "kind": KIND, "unit": "06112"}
    told.tell(obligations.ObligationBreached(**which, at=at(3)), at(3), source=WORKFLOW)
    assert (3, "online_answer_missed", 1) in given(told)
    withdrawn = obligations.ObligationRungWithdrawn(
        **which, rung="breach", why="answered", cause="e-1"
    )
    told.tell(withdrawn, at(4), source=WORKFLOW)
    assert (3, "online_answer_missed", 1) not in given(told)
    ends(told, 3)
    assert fact_of(told).obligations[0].outcome == "met"


def test_what_was_not_owed_after_all_counts_nowhere() -> None:
    """Its applicant withdrew the dossier."""
    told = teller()
    opens(told, 2)
    ends(told, 5, void=True)
    assert given(told) == set()


def test_a_dossier_counts_once_for_a_kind() -> None:
    """Two answers were late; the number has one row."""
    told = teller()
    for day, name in ((2, KIND), (9, f"{KIND}:2")):
        opens(told, day, name)
        ends(told, day + 4, name)
    assert {one for one in given(told) if one[1].endswith(("new", "missed"))} == {
        (2, "online_answer_new", 1),
        (3, "online_answer_missed", 1),
    }


def test_one_that_was_opened_again_is_open() -> None:
    """What had ended it was struck."""
    told = teller()
    opens(told, 2)
    ends(told, 3)
    told.tell(
        obligations.ObligationOpened(
            obligation=KIND, kind=KIND, unit="06112", opened_at=at(2), due=at(3)
        ),
        at(4) + timedelta(hours=1),
        source=WORKFLOW,
    )
    assert fact_of(told).obligations[0].outcome == "open"
    assert fact_of(told).obligations[0].closed is None


@pytest.mark.parametrize("figure", FIGURES)
def test_each_figure_is_its_rows_and_stands_on_the_pages(
    client: TestClient, province: dict[str, str], figure: str
) -> None:
    """In the API, in the list, and as a link on the centre's page and on the board."""
    number = client.get("/v1/figures?unit=06112", headers=province).json()["obligations"]
    found = client.get(f"/v1/rows?figure={figure}&unit=06112", headers=province).json()
    assert number[figure] == found["total"] == len(found["rows"]) > 0
    for path in ("/units/06112", "/board"):
        assert f"figure={figure}" in client.get(path, headers=province).text


def test_the_dossiers_behind_them_are_the_right_ones(
    client: TestClient, province: dict[str, str]
) -> None:
    """Met, missed and open; only the last is still open, only the second was late."""
    for number, kind in enumerate(KINDS):
        listed = {
            part: {
                row["code"][-1]
                for row in client.get(
                    f"/v1/rows?figure={kind}_{part}", headers=province
                ).json()["rows"]
                if row["code"].startswith(f"H37.117-261117-92{number}")
            }
            for part in ("new", "missed", "open")
        }
        assert listed == {"new": {"0", "1", "2"}, "missed": {"1"}, "open": {"2"}}


def test_the_page_of_a_dossier_says_until_when_its_applicant_may_supplement_it(
    client: TestClient, province: dict[str, str]
) -> None:
    """While that is open; a closed dossier shows nothing of it."""
    number = KINDS.index("supplement_closing")
    text = "người nộp bổ sung đến"
    for course, shown in ((0, False), (2, True)):
        code = f"H37.117-261117-92{number}{course}"
        assert (text in client.get(f"/dossiers/{code}", headers=province).text) is shown

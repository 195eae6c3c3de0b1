"""What an outage delayed: which dossiers, of which kind and system; and each rung once."""

from datetime import datetime

import pytest
from starlette.testclient import TestClient

from services.reporting.core.counts import counts
from services.reporting.core.derive import derive
from services.reporting.core.fact import Fact
from services.reporting.core.outages import delays_among
from services.reporting.core.state import FactState
from shared.calendar.zone import ICT
from shared.events import dossiers, obligations
from tests.fakes.histories import WORKFLOW, Teller

WHICH = {"obligation": "dossier_deadline", "kind": "dossier_deadline", "unit": "06112"}
LOST = "06112/connection/lgsp~0123456789ab"


def at(day: int, hour: int = 9) -> datetime:
    """Name a moment of the month."""
    return datetime(2026, 11, day, hour, tzinfo=ICT)


def dossier() -> Teller:
    """Tell a dossier that is accepted."""
    teller = Teller("H37.117-261102-0001", "06112")
    teller.tell(dossiers.DossierAccepted(procedure="1.004873", channel="direct"), at(2))
    return teller


def reaches(
    teller: Teller,
    day: int,
    rung: str = "overdue",
    incident: str | None = None,
    repeat: int = 0,
    persons: tuple[str, ...] = (),
) -> None:
    """Tell that a rung was reached."""
    data = obligations.ObligationRungReached(
        **WHICH,
        rung=rung,
        rung_at=at(day),
        role="chairman",
        incident=incident,
        repeat=repeat,
        persons=persons,
    )
    teller.tell(data, at(day), source=WORKFLOW)


def fact_of(teller: Teller) -> Fact:
    """Work out the fact of what was told."""
    state = FactState(teller.subject)
    for event in teller.events:
        state.take(event)
    fact = derive(state, lambda _: None)
    assert fact is not None
    return fact


def given(fact: Fact) -> set[tuple[int, str]]:
    """Return the atoms of delays that it gives, each with its day."""
    return {
        (one.cell.day.day, atom) for one in counts(fact) for atom in delays_among(one.atoms)
    }


def test_a_rung_that_was_gathered_and_then_told_by_itself_is_one() -> None:
    """It stands once, as it was told; its reminder and other rungs are others."""
    teller = dossier()
    reaches(teller, 3, incident=LOST)
    reaches(teller, 3, rung="overdue_1", incident=LOST)
    reaches(teller, 4, persons=("p-1",))
    reaches(teller, 5, repeat=1)
    found = [(one.rung, one.at.day, one.persons) for one in fact_of(teller).escalations]
    assert found == [
        ("overdue_1", 3, ()),
        ("overdue", 4, ("p-1",)),
        ("overdue", 5, ()),
    ]


def test_a_dossier_is_delayed_once_by_each_kind_and_each_system() -> None:
    """On the day on which the first of it fell due; what was told by itself delays nothing."""
    teller = dossier()
    reaches(teller, 3, incident=LOST)
    reaches(teller, 4, rung="overdue_1", incident=LOST)
    reaches(teller, 5, rung="overdue_3", incident="06112/connection/land-db~0123456789ab")
    reaches(teller, 6, rung="overdue_5", incident="06112/interruption/i1~0123456789ab")
    reaches(teller, 7)
    assert given(fact_of(teller)) == {
        (3, "connection_delayed"),
        (3, "connection_delayed~lgsp"),
        (5, "connection_delayed~land-db"),
        (6, "interruption_delayed"),
    }


def test_a_rung_that_was_withdrawn_delays_nothing() -> None:
    """An earlier-dated event overtook it: it should not have been raised at all."""
    teller = dossier()
    reaches(teller, 3, incident=LOST)
    assert given(fact_of(teller))
    withdrawn = obligations.ObligationRungWithdrawn(
        **WHICH, rung="overdue", why="overtaken", cause="e-1"
    )
    teller.tell(withdrawn, at(4), source=WORKFLOW)
    assert given(fact_of(teller)) == set()


@pytest.mark.parametrize(
    ("figure", "codes"),
    [
        ("connection_delayed", {"9101", "9102", "9103"}),
        ("connection_delayed~lgsp", {"9101", "9102"}),
        ("connection_delayed~civil-status-db", {"9102", "9103"}),
        ("interruption_delayed", {"9103"}),
    ],
)
def test_each_number_of_a_centre_has_its_dossiers(
    client: TestClient, province: dict[str, str], figure: str, codes: set[str]
) -> None:
    """By kind and by system, in the figures, in the list, and as a link on its page."""
    figures = client.get("/v1/figures?unit=06112", headers=province).json()["matters"]
    found = client.get(f"/v1/rows?figure={figure}&unit=06112", headers=province).json()
    assert {row["code"].rpartition("-")[2] for row in found["rows"]} == codes
    assert figures[figure] == found["total"] == len(codes)
    page = client.get("/units/06112?lang=en", headers=province).text
    assert f"figure={figure.replace('~', '%7E')}" in page or f"figure={figure}" in page


@pytest.mark.parametrize("system", ["", "A b", "x%0d%0ay: z", "x" * 32])
def test_what_is_no_system_has_no_figure(
    client: TestClient, province: dict[str, str], system: str
) -> None:
    """Its list is refused like that of any other figure that is not there."""
    path = f"/v1/rows?figure=connection_delayed~{system}"
    other = client.get("/v1/rows?figure=nothing", headers=province)
    assert client.get(path, headers=province).status_code == other.status_code == 404

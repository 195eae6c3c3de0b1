"""A key, an address and a bookmark of a unit's former code lead to the unit."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.unit.web import service
from tests.unit.web.conftest import Clients

OLD, NEW, OTHER = "06016", "06004", "06112"
CODES = {OLD: NEW}


@pytest.fixture
def moved(tmp_path: Path) -> Iterator[Clients]:
    """Run the example service where one unit has another code now."""
    app = service.build(service.settings(tmp_path), current=lambda code: CODES.get(code, code))
    with TestClient(app, raise_server_exceptions=False, base_url="http://testserver") as client:
        yield Clients(tmp_path, client)


@pytest.mark.parametrize("scope", [OLD, NEW])
@pytest.mark.parametrize("asked", [OLD, NEW])
def test_key_and_address_of_either_code_are_of_the_unit(
    moved: Clients, scope: str, asked: str
) -> None:
    """The route itself sees the current code alone."""
    headers = moved.as_("clerk", scope)
    answer = moved.client.get(f"/v1/units/{asked}", headers=headers)
    assert answer.json() == {"unit": NEW, "role": "clerk"}
    answer = moved.client.get(f"/v1/dossiers?unit={asked}&lang=en", headers=headers)
    assert answer.json() == [NEW]
    assert moved.client.get("/v1/dossiers", headers=headers).json() == [NEW]


def test_another_unit_stays_closed(moved: Clients) -> None:
    """A former code opens nothing but its own unit."""
    for scope, asked in ((OLD, OTHER), (OTHER, OLD), (OTHER, NEW)):
        headers = moved.as_("clerk", scope)
        for address in (f"/v1/units/{asked}", f"/v1/dossiers?unit={asked}"):
            assert moved.client.get(address, headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("address", "canonical"),
    [
        (f"/v1/units/{OLD}", f"/v1/units/{NEW}"),
        (f"/v1/units/{OLD}?lang=en", f"/v1/units/{NEW}?lang=en"),
        (f"/v1/dossiers?unit={OLD}", f"/v1/dossiers?unit={NEW}"),
        (f"/v1/dossiers?a=1%202&unit={OLD}&b=", f"/v1/dossiers?a=1+2&unit={NEW}&b="),
    ],
)
def test_a_page_has_one_address(moved: Clients, address: str, canonical: str) -> None:
    """A bookmark of the former code is sent on; the new one, and other words, are not."""
    headers = {"accept": "text/html"}
    answer = moved.client.get(address, headers=headers, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, canonical)
    again = moved.client.get(canonical, headers=headers, follow_redirects=False)
    assert again.headers.get("location", "/sign-in").startswith("/sign-in")


@pytest.mark.parametrize(
    "address", [f"/v1/dossiers?subject={OLD}/duty/2026-12-01/am", f"/v1/things/{OLD}"]
)
def test_a_name_is_no_code(moved: Clients, address: str) -> None:
    """What was named by the former code keeps its name."""
    answer = moved.client.get(address, headers={"accept": "text/html"}, follow_redirects=False)
    assert answer.headers.get("location", "/sign-in").startswith("/sign-in")

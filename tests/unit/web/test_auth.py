"""Default deny: who may call what, with which key, in which unit."""

from datetime import timedelta

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient

from shared.ops.clock import wall_now
from shared.web import keys
from shared.web.auth import Policy, Public, UnguardedRouteError, policies_of
from shared.web.keys import revoke
from shared.web.principal import ROLES, Role
from tests.unit.web import service
from tests.unit.web.conftest import Clients

UNIT = "06112"


def test_a_key_with_the_role_and_the_unit_passes(web: Clients) -> None:
    """A key with the role and the unit passes."""
    answer = web.client.get(f"/v1/units/{UNIT}", headers=web.as_("clerk", UNIT))
    assert answer.json() == {"unit": UNIT, "role": "clerk"}


BAD_HEADERS = [
    None,
    "",
    "Bearer",
    "Bearer ",
    "Bearer x",
    "Bearer mc_0123456789_" + "a" * 32,
    "Bearer mc_0123456789_" + "ă" * 32,
    "Basic bWM6bWM=",
    "Bearer " + "m" * 10_000,
    "Bearer eyJhbGciOiJub25lIn0.eyJyb2xlIjoib3BlcmF0b3IifQ.",
]


@pytest.mark.parametrize("header", BAD_HEADERS)
def test_nobody_gets_the_same_answer_whatever_is_wrong(
    web: Clients, header: str | None
) -> None:
    """Nobody gets the same answer whatever is wrong."""
    expected = web.client.get(f"/v1/units/{UNIT}")
    assert expected.status_code == 401
    assert expected.headers["www-authenticate"].startswith("Bearer")
    headers = {} if header is None else {b"authorization": header.encode()}
    answer = web.client.get(f"/v1/units/{UNIT}", headers=headers)
    assert (answer.status_code, answer.content) == (401, expected.content)


def test_a_changed_secret_an_expired_and_a_revoked_key_are_nobodys(
    web: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A changed secret an expired and a revoked key are nobody's."""
    key = web.key("clerk", UNIT)
    other = key[:-1] + ("a" if key[-1] != "a" else "b")
    address = f"/v1/units/{UNIT}"
    unknown = web.client.get(address, headers={"Authorization": f"Bearer {other}"})
    later = wall_now() + timedelta(days=366)
    with monkeypatch.context() as patch:
        patch.setattr(keys, "wall_now", lambda: later)
        expired = web.client.get(address, headers={"Authorization": f"Bearer {key}"})
    assert web.client.get(address, headers={"Authorization": f"Bearer {key}"}).is_success
    revoke(web.keys_file, key.split("_")[1])
    revoked = web.client.get(address, headers={"Authorization": f"Bearer {key}"})
    assert unknown.content == expired.content == revoked.content
    assert {unknown.status_code, expired.status_code, revoked.status_code} == {401}


def test_another_role_is_told_which_ones_may(web: Clients) -> None:
    """Another role is told which ones may."""
    answer = web.client.get(
        f"/v1/units/{UNIT}", headers=web.as_("auditor") | {"Accept-Language": "en"}
    )
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("/role-not-allowed")
    assert "clerk, director" in answer.json()["detail"]


@pytest.mark.parametrize("address", ["/v1/units/06113", "/v1/dossiers?unit=06113"])
def test_another_unit_is_outside_the_scope(web: Clients, address: str) -> None:
    """Another unit is outside the scope."""
    answer = web.client.get(address, headers=web.as_("clerk", UNIT))
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("/outside-scope")


def test_a_parameter_given_twice_hides_nothing(web: Clients) -> None:
    """A parameter given twice hides nothing."""
    answer = web.client.get(
        f"/v1/dossiers?unit=06113&unit={UNIT}", headers=web.as_("clerk", UNIT)
    )
    assert answer.status_code == 403


def test_without_a_unit_one_sees_ones_own(web: Clients) -> None:
    """Without a unit one sees one's own."""
    own = web.client.get("/v1/dossiers", headers=web.as_("clerk", UNIT, "06118"))
    everything = web.client.get("/v1/dossiers", headers=web.as_("province"))
    assert own.json() == [UNIT, "06118"]
    assert everything.json() == ["*"]


@pytest.mark.parametrize("role", ROLES)
def test_every_route_lets_in_whom_its_policy_names_and_nobody_else(
    web: Clients, role: Role
) -> None:
    """The matrix of routes and roles, from the contract; what it does not name is refused."""
    key = web.key(role, publisher="counter" if role == "publisher" else None)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    document = web.client.get("/openapi.json").json()
    checked = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            policy = operation["x-policy"]
            address = path.replace("{unit}", UNIT)
            nobody = web.client.request(method, address)
            answer = web.client.request(method, address, headers=headers, content=b"{}")
            if "public" in policy:
                assert nobody.status_code not in {401, 403}, path
                continue
            assert nobody.status_code == 401, path
            assert (answer.status_code == 403) == (role not in policy["roles"]), path
            assert answer.status_code != 401, path
            checked += 1
    assert checked >= 8


def test_a_route_without_a_policy_keeps_the_service_from_starting(web: Clients) -> None:
    """A route without a policy keeps the service from starting."""
    router = APIRouter(prefix="/v1")

    @router.get("/forgotten")
    async def forgotten() -> None:
        """Answer anybody, by mistake."""

    app = service.build(service.settings(web.folder), router)
    with pytest.raises(UnguardedRouteError, match="/v1/forgotten"), TestClient(app):
        pass


def test_files_that_nobody_declared_public_keep_it_from_starting(web: Clients) -> None:
    """Files that nobody declared public keep it from starting."""
    app = service.build(service.settings(web.folder))
    app.mount("/private", StaticFiles(directory=web.folder))
    with pytest.raises(UnguardedRouteError, match="/private"), TestClient(app):
        pass


def test_every_public_route_says_why(web: Clients) -> None:
    """Every public route says why."""
    app = web.client.app
    assert isinstance(app, FastAPI)
    policies = [
        policy for context in iter_route_contexts(app.routes) for policy in policies_of(context)
    ]
    assert all(policy.why for policy in policies if isinstance(policy, Public))
    assert any(isinstance(policy, Policy) for policy in policies)

"""What operators see, and what every answer wears."""

import asyncio

import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from shared.ops.settings import SettingError
from shared.web.problem import ProblemError
from shared.web.rates import RateLimit, client_of
from tests.unit.web import service
from tests.unit.web.conftest import Clients


def _app(web: Clients) -> FastAPI:
    assert isinstance(web.client.app, FastAPI)
    return web.client.app


def test_it_lives_and_is_ready(web: Clients) -> None:
    """It lives and is ready."""
    assert web.client.get("/livez").json() == {"alive": True}
    assert web.client.get("/readyz").json() == {"ready": True, "checks": ["keys"]}


def test_what_is_missing_is_named(web: Clients) -> None:
    """What is missing is named."""

    async def gone() -> str | None:
        return "no answer"

    _app(web).state.health.add("store", gone)
    answer = web.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "missing": {"store": "no answer"}}
    assert web.client.get("/livez").status_code == 200
    text = web.client.get("/metrics", headers=web.as_("operator")).text
    assert "motcua_ready 0.0" in text
    assert 'motcua_check_ok{check="store"} 0.0' in text
    assert 'motcua_check_ok{check="keys"} 1.0' in text


def test_what_works_in_part_is_named_while_it_is_ready(web: Clients) -> None:
    """What works in part is named while it is ready, and beside what is missing."""

    async def partly() -> str | None:
        return "one partition waits"

    async def gone() -> str | None:
        return "no answer"

    _app(web).state.health.watch("kafka partitions", partly)
    answer = web.client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["impaired"] == {"kafka partitions": "one partition waits"}
    text = web.client.get("/metrics", headers=web.as_("operator")).text
    assert "motcua_ready 1.0" in text
    assert 'motcua_impaired{part="kafka partitions"} 1.0' in text
    _app(web).state.health.add("store", gone)
    answer = web.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["impaired"] == {"kafka partitions": "one partition waits"}


def test_a_damaged_keys_file_shows_and_the_old_keys_hold(web: Clients) -> None:
    """A damaged keys file shows and the old keys hold."""
    headers = web.as_("operator")
    assert web.client.get("/statusz", headers=headers).is_success
    web.keys_file.write_text("{", encoding="utf-8")
    assert web.client.get("/statusz", headers=headers).is_success
    assert "keys" in web.client.get("/readyz").json()["missing"]


def test_a_damaged_keys_file_stops_the_start(web: Clients) -> None:
    """A damaged keys file stops the start."""
    web.keys_file.write_text('{"keys": [{}]}', encoding="utf-8")
    with pytest.raises(SettingError, match="MOTCUA_KEYS_FILE is wrong"):
        service.build(service.settings(web.folder))


def test_an_account_can_be_waited_for(web: Clients) -> None:
    """It tells its beats; asked for what comes after them, it answers in the end."""
    headers = web.as_("operator")
    told = web.client.get("/statusz", headers=headers).json()
    again = web.client.get(f"/statusz?after={told['beats']}&wait_s=0.01", headers=headers)
    assert again.json() == told
    earlier = web.client.get(f"/statusz?after={told['beats'] + 1}&wait_s=5", headers=headers)
    assert earlier.json() == told
    assert web.client.get("/statusz?after=0&wait_s=60", headers=headers).is_client_error


def test_metrics_name_routes_by_their_templates(web: Clients) -> None:
    """Metrics name routes by their templates."""
    web.client.get("/v1/units/06112", headers=web.as_("clerk"))
    web.client.get("/v1/units/06113")
    web.client.get("/no/such/thing")
    web.client.get("/static/sign-in.css")
    web.client.request("BREW", "/livez")
    text = web.client.get("/metrics", headers=web.as_("operator")).text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    routes = {
        (sample.labels["method"], sample.labels["route"], sample.labels["status"])
        for sample in families["motcua_http_requests"].samples
    }
    assert ("GET", "/v1/units/{unit}", "200") in routes
    assert ("GET", "/v1/units/{unit}", "401") in routes
    assert ("GET", "unmatched", "404") in routes
    assert any(method == "other" for method, _, _ in routes)
    assert "06112" not in text


def test_an_answer_in_openmetrics_when_asked(web: Clients) -> None:
    """An answer in openmetrics when asked."""
    headers = web.as_("operator") | {"Accept": "application/openmetrics-text; version=1.0.0"}
    answer = web.client.get("/metrics", headers=headers)
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


@pytest.mark.parametrize("address", ["/livez", "/nowhere", "/v1/bug", "/sign-in", "/v1/x"])
def test_every_answer_wears_the_headers(web: Clients, address: str) -> None:
    """Every answer wears the headers."""
    answer = web.client.get(address, headers=web.as_("clerk"))
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "server" not in answer.headers


def test_style_may_be_kept_and_pages_ask_nobody_else(web: Clients) -> None:
    """Style may be kept and pages ask nobody else."""
    page = web.client.get("/sign-in").text
    assert "http://" not in page
    assert "https://" not in page
    assert "<script" not in page
    assert "style=" not in page
    style = web.client.get("/static/sign-in.css")
    assert style.is_success
    assert "max-age" in style.headers["cache-control"]


def test_the_contract_describes_keys_and_problems(web: Clients) -> None:
    """The contract describes keys and problems."""
    document = web.client.get("/openapi.json").json()
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert "faults" in document["components"]["schemas"]["Problem"]["properties"]
    operation = document["paths"]["/v1/units/{unit}"]["get"]
    assert operation["x-policy"] == {"roles": ["clerk", "director"], "unit": "unit"}
    assert operation["security"] == [{"key": []}]
    assert web.client.get("/docs").status_code == 404


def test_a_limit_counts_each_key_by_itself() -> None:
    """A limit counts each key by itself."""

    async def scenario() -> None:
        limit = RateLimit("test", "2/minute;3/day")
        await limit.spend("a", "1")
        await limit.spend("a", "1")
        await limit.spend("b", "1")
        with pytest.raises(ProblemError) as caught:
            await limit.spend("a", "1")
        assert 1 <= int(caught.value.headers["Retry-After"]) <= 60

    asyncio.run(scenario())


def test_forwarded_addresses_are_not_believed(web: Clients) -> None:
    """Forwarded addresses are not believed."""
    app = service.build(service.settings(web.folder))
    tries = 21
    with TestClient(app, client=("203.0.113.7", 5)) as client:
        answers = [
            client.post("/sign-in", headers={"X-Forwarded-For": f"10.0.0.{number}"})
            for number in range(tries)
        ]
    assert answers[-1].status_code == 429


@pytest.mark.parametrize(
    ("address", "name"),
    [("203.0.113.7", "203.0.113.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2")],
)
def test_a_household_is_one_client(address: str, name: str) -> None:
    """A household is one client."""
    from starlette.requests import Request  # noqa: PLC0415

    assert client_of(Request({"type": "http", "headers": [], "client": (address, 1)})) == name

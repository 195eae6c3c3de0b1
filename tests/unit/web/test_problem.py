"""Refusals are problems with a type, a path, a rule and a remedy, in two languages."""

from typing import get_args

import pytest
from fastapi import FastAPI
from starlette.datastructures import Headers

from shared.web import problem
from shared.web.problem import KINDS, Language, ProblemError, document, language_of, table
from tests.unit.web.conftest import Clients
from tests.unit.web.service import FAULT


def test_a_refusal_carries_its_faults(web: Clients) -> None:
    """A refusal carries its faults."""
    headers = web.as_("clerk") | {"Accept-Language": "en-GB, vi;q=0.3"}
    answer = web.client.post("/v1/refused", headers=headers)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-language"] == "en"
    assert answer.json() == {
        "type": "https://motcua.vn/problems/unknown-procedure",
        "title": "The request was understood and refused.",
        "status": 422,
        "detail": "There is no such procedure.",
        "faults": [
            {
                "path": "/data/procedure",
                "rule": "unknown-procedure",
                "detail": "There is no such procedure.",
                "remedy": "Take a code from the catalogue.",
            }
        ],
    }


def test_vietnamese_comes_first(web: Clients) -> None:
    """Vietnamese comes first."""
    answer = web.client.post("/v1/refused", headers=web.as_("clerk"))
    assert answer.json()["detail"] == FAULT.detail_vi
    assert answer.json()["faults"][0]["remedy"] == FAULT.remedy_vi


def test_what_is_away_for_a_while_says_when_to_come_back(web: Clients) -> None:
    """What is away for a while says when to come back."""
    answer = web.client.post("/v1/away", headers=web.as_("clerk"))
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "7"


def test_a_closed_service_answers_probes_alone(web: Clients) -> None:
    """Its store is behind its topics: it says so to everybody, and records nothing."""
    app = web.client.app
    assert isinstance(app, FastAPI)
    app.state.health.close_while(lambda: "the store lacks 3 events")
    headers = web.as_("clerk") | {"Accept-Language": "en"}
    answer = web.client.post("/v1/refused", headers=headers)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["detail"] == "Nothing was recorded: the store lacks 3 events."
    vietnamese = web.client.post("/v1/refused", headers=web.as_("clerk"))
    assert "Yêu cầu chưa được ghi nhận" in vietnamese.json()["detail"]
    assert web.client.get("/livez").status_code == 200
    app.state.health.close_while(lambda: None)
    assert web.client.post("/v1/refused", headers=headers).status_code == 422


def test_a_bug_shows_nothing_of_itself(web: Clients) -> None:
    """A bug shows nothing of itself."""
    answer = web.client.get("/v1/bug", headers=web.as_("clerk"))
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Bưởi" not in answer.text
    assert "KeyError" not in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("content", "path"),
    [
        (b'{"count": "many", "phone": "0912345678"}', "/body/count"),
        (b'{"phone": "0912345678"}', "/body/count"),
        (b'{"count": 1, "number": "0912345678"}', "/body/number"),
        (b'{"count": 1, "phone": 912345678', "/body/31"),
        (b"", "/body"),
        (b"[0912345678]", "/body/2"),
    ],
)
def test_a_wrong_body_is_told_where_and_never_what(
    web: Clients, content: bytes, path: str
) -> None:
    """A wrong body is told where and never what."""
    headers = web.as_("clerk") | {"Content-Type": "application/json", "Accept-Language": "en"}
    answer = web.client.post("/v1/things", headers=headers, content=content)
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("/invalid-request")
    assert path in [fault["path"] for fault in answer.json()["faults"]]
    assert "912345678" not in answer.text


@pytest.mark.parametrize(
    ("method", "address", "status", "rule"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("DELETE", "/livez", 405, "method-not-allowed"),
        ("GET", "/static/../secret", 404, "not-found"),
        ("GET", "/static/%2e%2e/keys.py", 404, "not-found"),
    ],
)
def test_what_is_not_there_is_a_problem_too(
    web: Clients, method: str, address: str, status: int, rule: str
) -> None:
    """What is not there is a problem too."""
    answer = web.client.request(method, address)
    assert answer.status_code == status
    assert answer.json()["type"].endswith("/" + rule)
    assert (answer.headers.get("allow") is not None) == (status == 405)


def test_a_body_over_the_limit_is_refused_in_form(web: Clients) -> None:
    """A body over the limit is refused in form."""
    answer = web.client.post("/v1/things", headers=web.as_("clerk"), content=b"x" * 1_001)
    assert answer.status_code == 413
    assert answer.json()["type"].endswith("/too-large")
    assert answer.headers["content-security-policy"]
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_a_body_without_length_is_counted(web: Clients) -> None:
    """A body without length is counted."""
    chunks = (b"x" * 100 for _ in range(20))
    answer = web.client.post("/v1/things", headers=web.as_("clerk"), content=chunks)
    assert answer.status_code == 413
    assert answer.json()["type"].endswith("/too-large")


def test_a_route_may_take_more_than_the_others(web: Clients) -> None:
    """A route may take more than the others."""
    assert web.client.post("/v1/large", content=b"x" * 9_000).json() == 9_000
    assert web.client.post("/v1/large", content=b"x" * 10_001).status_code == 413


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "vi"),
        ("en", "en"),
        ("vi, en", "vi"),
        ("en;q=0.8, vi;q=0.9", "vi"),
        ("EN-us;q=0.9, vi-VN;q=0.1", "en"),
        ("fr, de", "vi"),
        ("en;q=0", "vi"),
        ("en;q=high", "vi"),
        (";;;,,,=", "vi"),
        ("en," * 10_000, "en"),
    ],
)
def test_the_language_is_what_was_asked_for(header: str | None, language: Language) -> None:
    """The language is what was asked for."""
    headers = Headers({} if header is None else {"accept-language": header})
    assert language_of(headers) == language


@pytest.mark.parametrize("rule", KINDS)
@pytest.mark.parametrize("language", get_args(Language))
def test_every_kind_is_worded_in_both_languages(rule: str, language: Language) -> None:
    """Every kind is worded in both languages."""
    members = document(ProblemError(rule), language)
    assert members["status"] == KINDS[rule].status
    assert members["title"].endswith(".")
    assert members["detail"].endswith(".")
    assert members["title"].isascii() == (language == "en")


def test_every_kind_stands_in_the_documented_table() -> None:
    """Every kind stands in the documented table."""
    assert all(f"`{problem.TYPE_BASE}{rule}`" in table() for rule in KINDS)

"""The routes by which operators see refused records and try them again."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from shared.subjects.decide_refused import DecideRefused, Queue
from shared.subjects.document import Document, Outgoing
from shared.subjects.relay import Relay
from shared.web.refused import refused_router
from tests.fakes.counting import START, NamesCodec
from tests.fakes.subjects import MemoryArchive, MemoryPublisher, MemorySubjects
from tests.unit.web import service
from tests.unit.web.conftest import Clients

ID = "refused|subjects|a"


@pytest.fixture
def broker() -> MemoryPublisher:
    """A broker that finds one record too large."""
    return MemoryPublisher(too_large={"1"})


@pytest.fixture
def web(tmp_path: Path, broker: MemoryPublisher) -> Iterator[Clients]:
    """A service with one refused record, and one that waits behind it."""
    store = MemorySubjects(NamesCodec())
    relay = Relay(store, broker, MemoryArchive(), wall_now=lambda: START)
    added = [Outgoing(one, "motcua.notices.v1", "a", {"id": one}) for one in ("1", "2")]
    document: Document[list[str]] = Document("a", state=[], added=added)

    async def refuse() -> None:
        await store.save([document], pending_at=START)
        await relay.publish([document])

    asyncio.run(refuse())
    router = refused_router(DecideRefused([Queue("subjects", relay)]))
    app = service.build(service.settings(tmp_path), router)
    with TestClient(app, raise_server_exceptions=False, base_url="http://testserver") as client:
        yield Clients(tmp_path, client)


def test_refused_records_are_listed_and_shown(web: Clients) -> None:
    """To operators and auditors; the event itself only to operators."""
    (row,) = web.client.get("/v1/refused", headers=web.as_("auditor")).json()["refused"]
    assert (row["id"], row["error"], row["events"]) == (ID, "MessageSizeTooLargeError", 2)
    assert "value" not in row
    one = web.client.get("/v1/refused/one", params={"id": ID}, headers=web.as_("operator"))
    assert one.json()["event"] == {"id": "1"}
    for role, path in (("clerk", "/v1/refused"), ("auditor", f"/v1/refused/one?id={ID}")):
        assert web.client.get(path, headers=web.as_(role)).status_code == 403  # type: ignore[arg-type]  # Literals.
    unknown = web.client.get("/v1/refused/one?id=none", headers=web.as_("operator"))
    assert unknown.status_code == 404


def test_a_retry_says_what_it_did(web: Clients, broker: MemoryPublisher) -> None:
    """First it would, then it is refused again, then it is done; away is said as such."""
    headers = web.as_("operator")

    def retry(*, dry_run: bool = False) -> dict[str, object]:
        body = {"id": ID, "dry_run": dry_run}
        answer: dict[str, object] = web.client.post(
            "/v1/refused/retry", json=body, headers=headers
        ).json()
        return answer

    assert retry(dry_run=True) == {"id": ID, "done": False, "published": 0, "reason": ""}
    assert retry()["reason"] == "MessageSizeTooLargeError: 1: too large"
    broker.away = True
    assert retry()["status"] == 503
    broker.away = False
    broker.too_large.clear()
    assert retry() == {"id": ID, "done": True, "published": 2, "reason": ""}
    assert broker.ids() == ["1", "2"]

"""A client of another make at our doors: where their records land, and what bad ones get."""

import asyncio
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any, Final, TypeVar

import pytest

from deploy.engines import ports
from deploy.engines.embedded import EmbeddedEngines
from deploy.installation import SUPERVISED
from deploy.supervisor.plan import plan_for
from deploy.supervisor.supervisor import Supervisor
from shared.events.partitioner import partition_of
from tests.fakes.level import begin_at_the_ends
from tests.integration.foreign.clients import Kcat

pytestmark = [pytest.mark.foreign, pytest.mark.connected, pytest.mark.timeout(300)]

PUBLISHER: Final = "kiosk"
DOOR: Final = f"motcua.inbound.{PUBLISHER}.v1"
REFUSALS: Final = f"motcua.rejected.{PUBLISHER}.v1"
DOSSIERS: Final = "motcua.dossiers.v1"
STRUCTURED: Final = b"content-type=application/cloudevents+json"
WAIT_S: Final = 90
HANOI: Final = timezone(timedelta(hours=7))
FoundT = TypeVar("FoundT")


@pytest.fixture(scope="module")
def bootstrap(
    engines: EmbeddedEngines, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a broker beside which an intake runs, with the bundled reference data."""
    environ = {
        "MOTCUA_KAFKA_BOOTSTRAP": engines.kafka.bootstrap,
        "MOTCUA_MONGO_URL": engines.store.url,
    }
    plan = plan_for(
        tmp_path_factory.mktemp("foreign"), ports.pick(row=len(SUPERVISED)), environ
    )
    intake = plan.services[0]
    database = "intake_of_foreign_clients"
    own = {**intake.environ, "MOTCUA_MONGO_DATABASE": database}
    asyncio.run(begin_at_the_ends(engines.kafka.bootstrap, engines.store.url, database))
    supervisor = Supervisor(
        replace(plan, services=(replace(intake, environ=own),)), lambda _said: None
    )
    try:
        supervisor.start()
        yield engines.kafka.bootstrap
    finally:
        supervisor.stop()


def accepted(code: str, **changes: object) -> dict[str, Any]:
    """Return a dossier's acceptance as a kiosk's own software would write it."""
    local = datetime.now(HANOI) - timedelta(minutes=1)  # noqa: TID251  The publisher's clock.
    return {
        "specversion": "1.0",
        "id": f"kiosk-{code}",
        "source": f"urn:motcua:publisher:{PUBLISHER}",
        "type": "vn.motcua.dossier.accepted.v1",
        "subject": code,
        "time": local.isoformat(timespec="seconds"),
        "datacontenttype": "application/json",
        "receivingunit": "06112",
        "data": {"procedure": "1.004873", "channel": "direct", "components_complete": True},
        **changes,
    }


def wait_for(look: Callable[[], FoundT | None], what: str) -> FoundT:
    """Look until there is something to see."""
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        found = look()
        if found:
            return found
        time.sleep(0.5)
    pytest.fail(f"{what}: nothing within {WAIT_S} s")


def test_the_partition_that_other_clients_choose_is_ours(bootstrap: str, unique: str) -> None:
    """With the partitioner that the contract names, kcat puts 300 keys where we would."""
    kcat = Kcat(bootstrap)
    keys = [f"{unique}.{number}-hồ-sơ" for number in range(300)]

    kcat.publish_lines("motcua.replay.reporting.v1", [(key, "x") for key in keys])

    found = kcat.keys_by_partition("motcua.replay.reporting.v1")
    chosen = {key: found[key] for key in keys}
    partitions = len(set(chosen.values()))
    assert chosen == {key: partition_of(key.encode(), 12) for key in keys}
    assert partitions == 12, "keys in one partition would agree by accident"


def test_bad_records_are_refused_and_their_neighbours_are_not(
    bootstrap: str, unique: str
) -> None:
    """Between two good events whatever a client can get wrong: each has its reason."""
    kcat = Kcat(bootstrap)
    first, last = f"first-{unique}", f"last-{unique}"
    bad = _bad_records(unique)
    key = f"same-{unique}"  # One partition, so that every bad one stands before the last.

    kcat.publish(DOOR, key, json.dumps(accepted(first)).encode(), [STRUCTURED])
    for value, headers, _ in bad:
        kcat.publish(DOOR, key, value, headers)
    kcat.publish(DOOR, key, json.dumps(accepted(last)).encode(), [STRUCTURED])

    wait_for(lambda: _placed(kcat, first), first)
    wait_for(lambda: _placed(kcat, last), last)
    refused = {
        record["hash"]: {row["rule"] for row in record["faults"]}
        for record in _events(kcat, REFUSALS)
    }
    for value, _, rule in bad:
        assert rule in refused[hashlib.sha256(value).hexdigest()], rule
    values = "".join(kcat.values(REFUSALS))
    assert "Nguyễn Thị Bí Mật" not in values


def _bad_records(unique: str) -> list[tuple[bytes, list[bytes], str]]:
    """Return (value, headers, the rule that it breaks)."""

    def one(number: int, **changes: object) -> bytes:
        return json.dumps(accepted(f"bad-{number}-{unique}", **changes)).encode()

    secret = {"procedure": "1.004873", "channel": "direct", "who": "Nguyễn Thị Bí Mật"}
    data = json.dumps(accepted(unique)["data"]).encode()
    return [
        (b"not JSON " + unique.encode(), [STRUCTURED], "not-json"),
        (b"\xff\xfe " + unique.encode(), [STRUCTURED], "not-utf8"),
        (one(1, type="vn.motcua.dossier.vanished.v1"), [STRUCTURED], "unknown-type"),
        (one(2, time="2026-11-20T08:00:00"), [STRUCTURED], "naive-time"),
        (one(3, receivingunit="99999"), [STRUCTURED], "unknown-unit"),
        (one(4, data=secret), [STRUCTURED], "unknown-field"),
        (one(5, pad="x" * 5_000_000), [STRUCTURED], "record-too-large"),
        (
            data + b" " + unique.encode(),
            [b"ce_id=\xff\xfe", b"ce_specversion=1.0"],
            "header-not-utf8",
        ),
    ]


def _events(kcat: Kcat, topic: str) -> list[dict[str, Any]]:
    return [json.loads(value) for value in kcat.values(topic)]


def _placed(kcat: Kcat, code: str) -> tuple[int] | None:
    """Return the partition of a dossier's events; in a tuple, since it may be 0."""
    partition = kcat.keys_by_partition(DOSSIERS).get(code)
    return None if partition is None else (partition,)

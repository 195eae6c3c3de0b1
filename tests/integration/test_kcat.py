"""A client that is not ours: kcat (librdkafka) publishes, and reads back what became of it.

The door, the partition and the answer are what the published contract says, so nothing of
ours is on the publisher's side of this test: only a program that everybody can install.
"""

import asyncio
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from deploy.engines import ports
from deploy.engines.embedded import EmbeddedEngines
from deploy.installation import SUPERVISED
from deploy.supervisor.plan import plan_for
from deploy.supervisor.supervisor import Supervisor
from shared.events.partitioner import partition_of
from tests.fakes.level import begin_at_the_ends

pytestmark = [pytest.mark.foreign, pytest.mark.connected, pytest.mark.timeout(300)]

PUBLISHER = "kiosk"
DOOR = f"motcua.inbound.{PUBLISHER}.v1"
REFUSALS = f"motcua.rejected.{PUBLISHER}.v1"
WAIT_S = 60


@dataclass
class Kcat:
    """The program, and where it connects."""

    bootstrap: str

    def publish(self, key: str, value: bytes, *headers: str) -> None:
        """Publish one record, partitioned as the contract says."""
        marks = [word for header in headers for word in ("-H", header)]
        self._run(
            ["-P", "-t", DOOR, "-k", key, *marks, "-X", "topic.partitioner=murmur2_random"],
            value,
        )

    def records(self, topic: str) -> list[dict[str, Any]]:
        """Read a topic from its beginning to its end."""
        said = self._run(["-C", "-t", topic, "-o", "beginning", "-e", "-q", "-J"])
        return [json.loads(line) for line in said.splitlines()]

    def wait_for(self, topic: str, key: str) -> dict[str, Any]:
        """Read a topic until it holds a record of the key; return the last one."""
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until:
            found = [record for record in self.records(topic) if record["key"] == key]
            if found:
                return found[-1]
            time.sleep(0.5)
        pytest.fail(f"no record with the key {key} on {topic} within {WAIT_S} s")

    def _run(self, arguments: list[str], value: bytes = b"") -> str:
        program = shutil.which("kcat")
        assert program is not None, "this tier needs kcat (Debian package kcat)"
        done = subprocess.run(
            [program, "-b", self.bootstrap, *arguments],
            input=value,
            capture_output=True,
            check=False,
            timeout=WAIT_S,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()


@pytest.fixture(scope="module")
def kcat(engines: EmbeddedEngines, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kcat]:
    """Kcat beside a running intake with the bundled reference data."""
    data = tmp_path_factory.mktemp("installation")
    environ = {
        "MOTCUA_KAFKA_BOOTSTRAP": engines.kafka.bootstrap,
        "MOTCUA_MONGO_URL": engines.store.url,
    }
    plan = plan_for(data, ports.pick(row=len(SUPERVISED)), environ)
    intake = plan.services[0]
    own = {**intake.environ, "MOTCUA_MONGO_DATABASE": "intake_of_kcat"}
    asyncio.run(begin_at_the_ends(engines.kafka.bootstrap, engines.store.url, "intake_of_kcat"))
    supervisor = Supervisor(
        replace(plan, services=(replace(intake, environ=own),)), lambda _said: None
    )
    try:
        supervisor.start()
        yield Kcat(engines.kafka.bootstrap)
    finally:
        supervisor.stop()


def accepted(code: str, **changes: object) -> dict[str, object]:
    """Return a dossier's acceptance as a kiosk's own software would write it."""
    local = datetime.now(timezone(timedelta(hours=7))) - timedelta(minutes=1)  # noqa: TID251  The publisher's clock.
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


def code_of(unique: str) -> str:
    """Return a dossier code that no other test has, in the shape of the kiosk's own system."""
    unit, number = int(unique[1:], 16) % 900 + 100, int(unique[4:], 16) % 9000 + 1000
    return f"H37.{unit}-20261123-{number:07d}"


def test_an_event_in_structured_mode_comes_out_numbered(kcat: Kcat, unique: str) -> None:
    """In through the kiosk's own topic; out on the canonical one, where the contract says."""
    code = code_of(unique)
    event = json.dumps(accepted(code)).encode()

    kcat.publish(code, event, "content-type=application/cloudevents+json")

    record = kcat.wait_for("motcua.dossiers.v1", code)
    out = json.loads(record["payload"])
    assert out["id"] == f"kiosk-{code}"
    assert out["sequence"] == 1
    assert out["data"]["procedure"] == "1.004873"
    assert datetime.fromisoformat(out["recordedtime"]) > datetime.fromisoformat(out["time"])
    assert record["partition"] == partition_of(code.encode(), 12)


def test_an_event_in_binary_mode_comes_out_the_same(kcat: Kcat, unique: str) -> None:
    """Attributes as headers, data as value: how many a client of Kafka's writes CloudEvents."""
    code = code_of(unique)
    event = accepted(code)
    data = json.dumps(event.pop("data")).encode()
    headers = [
        f"ce_{name}={value}" for name, value in event.items() if name != "datacontenttype"
    ]

    kcat.publish(code, data, "content-type=application/json", *headers)

    out = json.loads(kcat.wait_for("motcua.dossiers.v1", code)["payload"])
    assert out["type"] == "vn.motcua.dossier.accepted.v1"
    assert out["receivingunit"] == "06112"


def test_a_publisher_reads_why_it_was_refused(kcat: Kcat, unique: str) -> None:
    """An unknown procedure: the reason and the remedy come back on the kiosk's other topic."""
    code = code_of(unique)
    wrong = {"procedure": "9.999999", "channel": "direct", "components_complete": True}
    event = json.dumps(accepted(code, data=wrong)).encode()

    kcat.publish(code, event, "content-type=application/cloudevents+json")

    refusal = json.loads(kcat.wait_for(REFUSALS, f"kiosk-{code}")["payload"])
    said = json.dumps(refusal)
    assert "unknown-procedure" in said
    assert "/data/procedure" in said
    assert "remedy" in said


def test_another_publishers_name_does_not_open_the_door(kcat: Kcat, unique: str) -> None:
    """The topic is the identity: who writes here speaks as the kiosk and nobody else."""
    code = code_of(unique)
    event = accepted(code, source="urn:motcua:publisher:province")

    kcat.publish(code, json.dumps(event).encode(), "content-type=application/cloudevents+json")

    kcat.wait_for(REFUSALS, f"kiosk-{code}")
    assert not [one for one in kcat.records("motcua.dossiers.v1") if one["key"] == code]

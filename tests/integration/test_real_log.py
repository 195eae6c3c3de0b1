"""The receipt log of a real desk, imported while intake is killed, against a count by hand.

The count reads the raw file and shares no code with the importer or with intake. What the other
services make of it, killed as well, is shown in the tier of kills.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from deploy.engines import ports
from deploy.engines.embedded import EmbeddedEngines
from deploy.reference.load import reference_documents
from shared.mongo.client import Mongo
from shared.web.keys import mint
from tests.fakes.level import begin_at_the_ends
from tests.receipt_log import LOG, MISSING, ROOT, WHY_MISSING, count_by_hand

PROFILE = ROOT / "deploy/imports/profiles/receipt.yaml"
READY_S = 60.0

pytestmark = [
    pytest.mark.connected,
    pytest.mark.timeout(900),
    pytest.mark.skipif(MISSING, reason=WHY_MISSING),
]


@dataclass
class Installation:
    """An intake of its own on the session's engines, which can be killed and started again."""

    folder: Path
    environ: dict[str, str]
    url: str
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start intake and wait until it is ready."""
        with (self.folder / "intake.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "services.intake.main"],
                cwd=ROOT,
                env=self.environ,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            try:
                if httpx2.get(f"{self.url}/readyz", timeout=2).status_code == 200:
                    return
            except httpx2.TransportError:
                pass
            time.sleep(0.2)
        pytest.fail((self.folder / "intake.log").read_text(encoding="utf-8")[-2_000:])

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None, "it was started"
        self.process.kill()
        self.process.wait()

    def importing(self) -> subprocess.Popen[str]:
        """Begin to import the log."""
        return subprocess.Popen(
            [
                sys.executable,
                "-m",
                "deploy.cli.main",
                *("import", str(LOG), "--profile", str(PROFILE)),
                *("--json", "--data", str(self.folder)),
            ],
            cwd=ROOT,
            env=self.environ | {"MOTCUA_INTAKE_URL": self.url},
            stdout=subprocess.PIPE,
            text=True,
        )


@pytest.fixture
def installation(
    engines: EmbeddedEngines, unique: str, tmp_path: Path
) -> Iterator[Installation]:
    """Intake with the bundled reference data and a key for the importer."""
    port = ports.pick()
    (tmp_path / "secret").write_bytes(os.urandom(48))
    keys = tmp_path / "keys.json"
    province = mint(keys, role="publisher", publisher="province")
    (tmp_path / "keys").mkdir()
    importer = mint(keys, role="publisher", publisher="import")
    (tmp_path / "keys" / "publisher-import.key").write_text(importer)
    url = f"http://127.0.0.1:{port}"
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith("MOTCUA_")
    }
    environ |= {
        "MOTCUA_KAFKA_BOOTSTRAP": engines.kafka.bootstrap,
        "MOTCUA_MONGO_URL": engines.store.url,
        "MOTCUA_MONGO_DATABASE": unique,
        "MOTCUA_KEYS_FILE": str(keys),
        "MOTCUA_SECRET_FILE": str(tmp_path / "secret"),
        "MOTCUA_HTTP_PORT": str(port),
    }
    asyncio.run(begin_at_the_ends(engines.kafka.bootstrap, engines.store.url, unique))
    made = Installation(tmp_path, environ, url)
    made.start()
    body = b"\n".join(json.dumps(one).encode() for one in reference_documents())
    response = httpx2.post(
        f"{url}/v1/events",
        content=body,
        timeout=120,
        headers={"authorization": f"Bearer {province}", "content-type": "application/x-ndjson"},
    )
    assert response.status_code == 200, response.text
    yield made
    made.kill()


def test_the_log_is_swallowed_whole_and_counted_right(
    installation: Installation, engines: EmbeddedEngines, unique: str
) -> None:
    """Nothing lost or twice though intake was killed; importing again changes nothing."""
    counted = count_by_hand()
    assert (counted.dossiers, counted.events, counted.ended) == (1_434, 8_577, 1_329)

    first = finished(importing_under_fire(installation))
    second = finished(installation.importing())

    for summary in (first, second):
        assert summary["reconciles"]
        assert summary["refused"] == 0
        assert summary["dossiers"] == counted.dossiers
        assert summary["rows"] == counted.events
        assert summary["ended"] == counted.ended
        assert summary["deadlines"]["on_time"] == counted.on_time
        assert summary["deadlines"]["late"] == counted.late
        assert summary["deadlines"]["open"] == counted.dossiers - counted.ended
        assert set(summary["marked"]["after-end"]["dossiers"]) == counted.after_end
        assert set(summary["end_before_first_event"]) == counted.end_before_first
    assert (first["applied"], first["duplicates"]) == (counted.events, 0)
    assert (second["applied"], second["duplicates"]) == (0, counted.events)
    assert (len(counted.after_end), len(counted.end_before_first)) == (145, 117)
    assert asyncio.run(archived(engines.store.url, unique)) == counted.per_dossier


def importing_under_fire(installation: Installation) -> subprocess.Popen[str]:
    """Begin to import, and kill intake twice meanwhile."""
    process = installation.importing()
    for _ in range(2):
        wait_for_progress(installation.folder / "imports", process)
        installation.kill()
        time.sleep(0.5)
        installation.start()
    return process


def wait_for_progress(folder: Path, process: subprocess.Popen[str]) -> None:
    """Wait until the point of the import has moved on, or the import has ended."""
    before = points(folder)
    deadline = time.monotonic() + READY_S
    while points(folder) == before and process.poll() is None:
        assert time.monotonic() < deadline, "the import does not move"
        time.sleep(0.02)


def points(folder: Path) -> list[int]:
    """Return how far the interrupted imports of a folder have come."""
    found = []
    for path in folder.glob("receipt*.json"):
        try:
            found.append(json.loads(path.read_bytes())["cases"])
        except (OSError, ValueError):
            continue
    return found


def finished(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for an import and return its summary."""
    output, _ = process.communicate(timeout=600)
    assert process.returncode == 0, output
    summary: dict[str, Any] = json.loads(output)
    return summary


async def archived(url: str, database: str) -> Counter[str]:
    """Count what was published of each dossier; numbers without a gap, ids without a repeat."""
    mongo = Mongo(url, database)
    numbers: dict[str, list[int]] = {}
    query = {"topic": "motcua.dossiers.v1"}
    async for row in mongo.collection("archive").stream(query):
        numbers.setdefault(row["key"], []).append(row["sequence"])
    await mongo.close()
    for code, found in numbers.items():
        assert sorted(found) == list(range(1, len(found) + 1)), code
    return Counter({code: len(found) for code, found in numbers.items()})

"""`motcua backup` and `motcua restore backup` on the real store, while it is written to."""

import asyncio
import socket
import stat
import threading
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bson import BSON, Binary, Decimal128, Int64, ObjectId, Regex
from pymongo import MongoClient
from typing_extensions import override

from deploy.backup.backup import Backup
from deploy.backup.dump import BackupFolder
from deploy.backup.manifest import Manifest, verify
from deploy.backup.restore import Restore
from deploy.cli.main import run
from deploy.engines.embedded import EmbeddedEngines, start_engines, store_at
from deploy.engines.errors import PortTakenError
from deploy.errors import CommandError
from deploy.installation import RESTORE_UNFINISHED, State, hold, insist_restored, write_state
from deploy.settings_file import read_settings
from deploy.supervisor.first_start import prepare_secrets
from deploy.supervisor.plan import plan_for
from deploy.supervisor.supervisor import Supervisor
from shared.mongo.snapshot import StoreSnapshot, fill_collection, snapshot_of

pytestmark = pytest.mark.connected

NOW = datetime(2026, 8, 3, 2, 30, tzinfo=UTC)
Client = MongoClient[Mapping[str, Any]]
ODD: Mapping[str, Any] = {
    "_id": "odd",
    "int": 1,
    "long": Int64(1),
    "double": 1.0,
    "decimal": Decimal128("1.10"),
    "bytes": Binary(b"\0\1", 4),
    "id": ObjectId("0" * 24),
    "at": datetime(2026, 8, 3, 1, 2, 3, 456000, tzinfo=UTC),
    "pattern": Regex("^a", "i"),
    "nothing": None,
    "order": {"z": 1, "a": 2},
    "text": "Hồ sơ chậm, hạn 03/8",
}


def silent(_line: str) -> None:
    """Take what is for a person."""


@contextmanager
def store_of(data: Path) -> Iterator[str]:
    """Run the store of a data folder."""
    store = store_at(data / "engines")
    start_engines((store,))
    try:
        yield store.url
    finally:
        store.stop()


def contents(url: str) -> dict[str, list[bytes]]:
    """Read every document of every database of ours, as BSON."""
    found = {}
    with Client(url, tz_aware=True) as client:
        for database in client.list_database_names():
            if database.startswith("motcua_"):
                for name in client[database].list_collection_names():
                    rows = client[database][name].find().sort("_id")
                    found[f"{database}.{name}"] = [bytes(BSON.encode(row)) for row in rows]
    return found


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The folder of a stopped installation: a store with odd documents, secret and keys."""
    folder = tmp_path / "data"
    with store_of(folder) as url, Client(url) as client:
        subjects = client["motcua_intake"]["subjects"]
        subjects.create_index([("pending_at", 1)], sparse=True)
        subjects.insert_many([{"_id": f"h{number}", "version": 1} for number in range(1_234)])
        subjects.insert_one(dict(ODD))
        client["motcua_reporting"]["facts"].create_index([("unit", 1), ("day", -1)])
        client["other"]["kept"].insert_one({"_id": 1})
    prepare_secrets(folder)
    (folder / "reference-loaded").write_text("645\n")
    return folder


@pytest.mark.asyncio
async def test_a_snapshot_is_of_one_moment_in_every_database(tmp_path: Path) -> None:
    """A writer goes through four databases in turn; the copy cuts between two of its writes."""
    going, written = threading.Event(), threading.Event()
    databases = ("a", "b", "c", "d")

    def write(url: str) -> None:
        with Client(url) as client:
            number = 0
            while not going.is_set():
                number += 1
                for name in databases:
                    client[name]["rows"].insert_one({"_id": number, "pad": "x" * 100})
                if number == 510:  # More than a page.
                    written.set()

    with store_of(tmp_path) as url:
        writer = threading.Thread(target=write, args=(url,))
        writer.start()
        try:
            assert await asyncio.to_thread(written.wait, 60)
            async with snapshot_of(url) as snapshot:
                # The database that is written last is read first, so a later read of the
                # others would show more.
                counts = [await _highest(snapshot, name) for name in reversed(databases)]
        finally:
            going.set()
            await asyncio.to_thread(writer.join)
        with Client(url) as client:
            after = client["a"]["rows"].count_documents({})
    assert counts == sorted(counts)
    assert counts[-1] - counts[0] <= 1
    assert after > counts[-1]


async def _highest(snapshot: StoreSnapshot, database: str) -> int:
    rows = [BSON(document).decode() async for document in snapshot.documents(database, "rows")]
    numbers = sorted(int(row["_id"]) for row in rows)
    assert numbers == list(range(1, len(numbers) + 1)), "each once, without a gap"
    return len(numbers)


@pytest.mark.asyncio
async def test_a_snapshot_that_lost_a_document_says_so(tmp_path: Path) -> None:
    """A document that was named and did not come is never left out in silence."""

    class Losing(StoreSnapshot):
        @override
        async def _page(self, collection: Any, ids: Any) -> AsyncGenerator[bytes, None]:
            async for document in super()._page(collection, [*ids, "never there"]):
                yield document

    with store_of(tmp_path) as url:
        await fill_collection(url, ("a", "rows"), indexes=[], documents=[BSON.encode(ODD)])
        async with snapshot_of(url) as snapshot:
            losing = Losing(snapshot._client, snapshot._session)  # noqa: SLF001 -- The same moment.
            with pytest.raises(Exception, match="make the backup again"):
                await BackupFolder(tmp_path / "backup").dump(losing, "a", "rows")


def test_a_stopped_installation_comes_back_in_a_new_folder(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Documents byte for byte, indexes, secret and keys; other databases are not ours."""
    target, new = tmp_path / "backups" / "monday", tmp_path / "new"
    assert run(["backup", str(target), "--data", str(data)]) == 0
    assert "personal data" in capsys.readouterr().out
    assert run(["backup", str(target), "--verify"]) == 0
    assert stat.S_IMODE(target.stat().st_mode) == 0o700
    assert [path.name for path in target.parent.iterdir()] == ["monday"], "no partial folder"

    assert run(["restore", "backup", str(target), "--data", str(new)]) == 0

    with store_of(data) as url:
        before = contents(url)
    with store_of(new) as url, Client(url) as client:
        assert contents(url) == before
        assert len(before["motcua_intake.subjects"]) == 1_235
        assert before["motcua_reporting.facts"] == [], "an empty collection has its indexes"
        assert set(client["motcua_reporting"]["facts"].index_information()) == {
            "_id_",
            "unit_1_day_-1",
        }
        sparse = client["motcua_intake"]["subjects"].index_information()["pending_at_1"]
        assert sparse["sparse"] is True
        assert "other" not in client.list_database_names()
    for name in ("secret", "keys.json", "operator.key", "first-keys.txt", "reference-loaded"):
        assert (new / name).read_bytes() == (data / name).read_bytes()
        assert name == "reference-loaded" or stat.S_IMODE((new / name).stat().st_mode) == 0o600
    assert prepare_secrets(new) == (), "no first keys are made again"


def test_what_is_there_is_replaced_by_consent_and_set_aside(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without --yes nothing changes; with it the old store can be started where it is."""
    target = tmp_path / "monday"
    assert run(["backup", str(target), "--data", str(data)]) == 0
    with store_of(data) as url, Client(url) as client:
        before = contents(url)
        client["motcua_intake"]["subjects"].delete_many({})
        client["motcua_intake"]["late"].insert_one({"_id": "late"})
    (data / "keys.json").write_text("{}")
    capsys.readouterr()

    assert run(["restore", "backup", str(target), "--data", str(data)]) == 1
    assert "add --yes" in capsys.readouterr().err
    assert run(["restore", "backup", str(target), "--data", str(data), "--dry-run"]) == 0
    assert "engines/store would be set aside" in capsys.readouterr().out
    with store_of(data) as url:
        assert "motcua_intake.late" in contents(url)
    assert run(["restore", "backup", str(target), "--data", str(data), "--yes"]) == 0

    with store_of(data) as url:
        assert contents(url) == before
    assert (data / "keys.json").read_text() == "{}", "the secret is the same, so keys stay"
    (aside,) = (data / "set-aside").iterdir()
    (aside / "engines" / "ports.json").write_bytes(
        (data / "engines" / "ports.json").read_bytes()
    )
    with store_of(aside) as url:
        assert set(contents(url)) >= {"motcua_intake.late"}
    assert not (data / RESTORE_UNFINISHED).exists()
    assert sorted(path.name for path in (data / "engines").iterdir()) == ["ports.json", "store"]


def test_an_interrupted_restore_is_run_again(data: Path, tmp_path: Path) -> None:
    """Ended between the old store and the new keys, it leaves a mark; nothing starts on it."""

    class Interrupted(Restore):
        @override
        def _place_others(self, manifest: Manifest) -> None:
            raise KeyboardInterrupt

    target = tmp_path / "monday"
    Backup(data, target, "0.1.0", NOW, silent).make()
    with store_of(data) as url:
        before = contents(url)
    interrupted = Interrupted(target, data, {}, NOW, silent)
    with pytest.raises(KeyboardInterrupt):
        interrupted.carry_out(interrupted.plan())
    with pytest.raises(CommandError, match="was interrupted"):
        insist_restored(data)
    with pytest.raises(CommandError, match="was interrupted"):
        Supervisor(plan_for(data, 9000, {}), silent).start()
    with pytest.raises(CommandError, match="was interrupted"):
        Backup(data, tmp_path / "tuesday", "0.1.0", NOW, silent).make()

    again = Restore(target, data, {}, NOW.replace(hour=3), silent)
    again.carry_out(again.plan())

    insist_restored(data)
    with store_of(data) as url:
        assert contents(url) == before
    assert len(list((data / "set-aside").iterdir())) == 2, "nothing that was there is lost"


def test_keys_that_were_half_replaced_are_replaced_again(data: Path, tmp_path: Path) -> None:
    """Ended among the keys, the second run does not take those of the first for newer ones."""

    class Interrupted(Restore):
        @override
        def _place_key(self, name: str) -> None:
            if name.endswith("operator.key"):
                raise KeyboardInterrupt
            super()._place_key(name)

    target, other = tmp_path / "monday", tmp_path / "other"
    Backup(data, target, "0.1.0", NOW, silent).make()
    prepare_secrets(other)
    interrupted = Interrupted(target, other, {}, NOW, silent)
    with pytest.raises(KeyboardInterrupt):
        interrupted.carry_out(interrupted.plan())

    again = Restore(target, other, {}, NOW.replace(hour=3), silent)
    again.carry_out(again.plan())

    for name in ("secret", "keys.json", "operator.key", "first-keys.txt"):
        assert (other / name).read_bytes() == (data / name).read_bytes(), name


def test_a_damaged_backup_changes_nothing(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The store that is there is not touched, and can still be started."""
    target = tmp_path / "monday"
    assert run(["backup", str(target), "--data", str(data)]) == 0
    file = target / "store" / "motcua_intake" / "subjects.bson.gz"
    file.write_bytes(file.read_bytes()[:-1])

    assert run(["restore", "backup", str(target), "--data", str(data), "--yes"]) == 1

    assert "bytes instead of" in capsys.readouterr().err
    assert not (data / "set-aside").exists()
    with store_of(data) as url:
        assert len(contents(url)["motcua_intake.subjects"]) == 1_235


def test_a_backup_that_fails_leaves_nothing(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A disk that refuses is named; no half of a backup is taken for one."""
    above = tmp_path / "file"
    above.write_text("")
    assert run(["backup", str(above / "monday"), "--data", str(data)]) == 1
    assert "cannot be written" in capsys.readouterr().err
    assert above.read_text() == ""


def test_the_settings_of_a_start_are_in_the_next_backup(data: Path, tmp_path: Path) -> None:
    """Also of a start that went no further, here for a port; with the files that they name."""
    channels = tmp_path / "channels.yaml"
    channels.write_text("sms: {}\n")
    environ = {"MOTCUA_CHANNELS_FILE": str(channels), "MOTCUA_SMTP_HOST": "relay.example"}
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(PortTakenError):
            Supervisor(plan_for(data, taken.getsockname()[1], environ), silent).start()
    target, new = tmp_path / "monday", tmp_path / "new"
    Backup(data, target, "0.1.0", NOW, silent).make()
    restore = Restore(target, new, {}, NOW, silent)
    restore.carry_out(restore.plan())

    assert read_settings(new) == environ
    kept = target / "files" / "named" / "MOTCUA_CHANNELS_FILE"
    assert kept.read_text() == "sms: {}\n"


def test_a_running_installation_is_copied_with_where_its_topics_end(
    data: Path, tmp_path: Path, engines: EmbeddedEngines
) -> None:
    """The store is asked where it runs; the broker says where topics end."""
    target = tmp_path / "monday"
    with hold(data), store_of(data) as url:
        bootstrap = (engines.kafka.bootstrap,)
        versions = {"store": "SecantusDB", "kafka": "4.4.0"}
        write_state(data, State(bootstrap, url, {}, versions=versions, phase="running"))
        lines: list[str] = []
        manifest = Backup(data, target, "0.1.0", NOW, lines.append).make()

    assert manifest == verify(target)
    assert manifest.running
    assert manifest.topics is not None
    assert len(manifest.topics["motcua.dossiers.v1"]) == 12
    assert lines == ["motcua_intake is copied", "motcua_reporting is copied"]


def test_without_a_broker_a_backup_is_made_all_the_same(data: Path, tmp_path: Path) -> None:
    """It is of the store; that no broker answered is shown and noted."""
    with hold(data), store_of(data) as url:
        versions = {"store": "SecantusDB", "kafka": "4.4.0"}
        write_state(data, State(("127.0.0.1:1",), url, {}, versions=versions))
        lines: list[str] = []
        manifest = Backup(data, tmp_path / "monday", "0.1.0", NOW, lines.append).make()
    assert manifest.topics is None
    assert "no broker answers" in lines[0]

"""What a backup keeps and how it is checked, without an engine."""

import gzip
import json
import os
import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.backup.backup import Backup
from deploy.backup.data_files import key_files, named_files, place_of_key, unusable
from deploy.backup.dump import BackupFolder, read_documents, read_indexes
from deploy.backup.errors import BackupDamagedError, BackupTooNewError
from deploy.backup.manifest import (
    FORMAT,
    MANIFEST,
    FileEntry,
    Manifest,
    read_manifest,
    sha256_of,
    verify,
)
from deploy.backup.restore import Restore
from deploy.backup.topic_ends import embedded_cluster_id
from deploy.errors import CommandError
from deploy.installation import RESTORE_UNFINISHED, State, hold, insist_restored, write_state

NOW = datetime(2026, 8, 3, 2, 30, tzinfo=UTC)
DOCUMENTS = "store/motcua_intake/subjects.bson.gz"
SECRET = "files/secret"


def silent(_line: str) -> None:
    """Take what is for a person."""


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A backup of one file and one empty collection."""
    folder = tmp_path / "backup"
    into = BackupFolder(folder)
    source = tmp_path / "secret"
    source.write_text("s" * 48)
    into.copy(SECRET, source)
    (folder / "store" / "motcua_intake").mkdir(parents=True)
    (folder / DOCUMENTS).write_bytes(gzip.compress(b""))
    into.files[DOCUMENTS] = FileEntry(
        (folder / DOCUMENTS).stat().st_size, sha256_of(folder / DOCUMENTS), 0
    )
    into.write(MANIFEST, manifest(into).to_json())
    return folder


def manifest(into: BackupFolder) -> Manifest:
    """List what was written."""
    return Manifest(
        made_at=NOW,
        motcua="0.1.0",
        engines={"store": "SecantusDB 0.6"},
        running=True,
        cluster_id="abc",
        topics={"motcua.dossiers.v1": [3, 0]},
        store_bytes=0,
        files=into.files,
        left_out=("/gone",),
    )


def test_a_whole_backup_is_read_as_it_was_made(made: Path) -> None:
    """Everything that the manifest says comes back; files and folders are the owner's alone."""
    found = verify(made)

    assert (found.made_at, found.cluster_id, found.left_out) == (NOW, "abc", ("/gone",))
    assert found.topics == {"motcua.dossiers.v1": [3, 0]}
    assert found.collections == [("motcua_intake", "subjects")]
    assert found.documents == 0
    assert set(found.files) == {SECRET, DOCUMENTS}
    for path in (made / SECRET, made / MANIFEST):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((made / "files").stat().st_mode) == 0o700


@pytest.mark.parametrize("name", [SECRET, DOCUMENTS])
def test_a_changed_file_is_found(made: Path, name: str) -> None:
    """One byte, with the size as it was; then a shorter file; then none; then a link."""
    path = made / name
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(BackupDamagedError, match="was changed after"):
        verify(made)
    path.write_bytes(content[:-1])
    with pytest.raises(BackupDamagedError, match="bytes instead of"):
        verify(made)
    path.unlink()
    with pytest.raises(BackupDamagedError, match="is missing"):
        verify(made)
    path.symlink_to(made / MANIFEST)
    with pytest.raises(BackupDamagedError, match="is missing"):
        verify(made)


def test_a_changed_manifest_is_found(made: Path) -> None:
    """Nobody takes a collection out of the list without it being seen."""
    path = made / MANIFEST
    body = json.loads(path.read_bytes())
    del body["files"][DOCUMENTS]
    path.write_text(json.dumps(body))

    with pytest.raises(BackupDamagedError, match="was changed after the backup"):
        verify(made)


def test_a_manifest_cannot_name_a_file_outside(made: Path) -> None:
    """A path out of the backup is refused before anything is opened."""
    into = BackupFolder(made, files={"files/../../secret": FileEntry(48, "0", None)})
    (made / MANIFEST).write_text(manifest(into).to_json())

    with pytest.raises(BackupDamagedError, match="not within it"):
        verify(made)


def test_a_newer_format_is_refused(made: Path) -> None:
    """The sentence names the version to install."""
    path = made / MANIFEST
    path.write_text(json.dumps({"format": FORMAT + 1, "motcua": "9.0.0"}))

    with pytest.raises(BackupTooNewError, match=r"motcua 9\.0\.0"):
        read_manifest(made)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "x"}'])
def test_another_file_is_no_manifest(made: Path, text: str) -> None:
    """What is no manifest is called damaged, whatever it is."""
    (made / MANIFEST).write_text(text)

    with pytest.raises(BackupDamagedError):
        verify(made)


def test_another_folder_is_no_backup(tmp_path: Path) -> None:
    """The sentence says which file it looked for."""
    with pytest.raises(BackupDamagedError, match=r"no manifest\.json"):
        verify(tmp_path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\x06\x00\x00\x00\x00", "ends in a document"),
        (b"\x04\x00\x00\x00", "holds no documents"),
        (b"\xff\xff\xff\x7f", "holds no documents"),
    ],
)
def test_documents_that_are_cut_off_are_found(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    """A length that cannot be, or more than is there, is never read as a document."""
    path = tmp_path / "store" / "d" / "c.bson.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(b"\x05\x00\x00\x00\x00" + content))

    reading = read_documents(tmp_path, "d", "c")
    assert next(reading) == b"\x05\x00\x00\x00\x00"
    with pytest.raises(BackupDamagedError, match=sentence):
        list(reading)


def test_a_file_that_is_not_compressed_is_found(tmp_path: Path) -> None:
    """Of documents and of indexes."""
    folder = tmp_path / "store" / "d"
    folder.mkdir(parents=True)
    (folder / "c.bson.gz").write_bytes(b"plain")
    (folder / "c.metadata.json.gz").write_bytes(gzip.compress(b"{}"))

    with pytest.raises(BackupDamagedError):
        list(read_documents(tmp_path, "d", "c"))
    with pytest.raises(BackupDamagedError):
        read_indexes(tmp_path, "d", "c")


def test_each_key_has_a_place_and_nothing_else_has(tmp_path: Path) -> None:
    """The place of a restored key is the place from which it was copied."""
    settings = {"MOTCUA_SECRET_FILE": str(tmp_path / "elsewhere" / "s")}
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "publisher-counter.key").touch()

    kept = dict(key_files(tmp_path, settings))

    assert kept["secret"] == tmp_path / "elsewhere" / "s"
    assert kept["keys.json"] == tmp_path / "keys.json"
    assert "keys/publisher-counter.key" in kept
    for name, path in kept.items():
        assert place_of_key(tmp_path, settings, name) == path
    for name in ("state.json", "keys/readme", "named/MOTCUA_X", "keys/a/b.key"):
        assert place_of_key(tmp_path, settings, name) is None


def test_files_that_settings_name_are_kept_where_they_can_be_read(tmp_path: Path) -> None:
    """Channels and passwords are; the clock of a demonstration and the own keys are not."""
    there = tmp_path / "channels.yaml"
    there.write_text("sms: {}\n")
    settings = {
        "MOTCUA_CHANNELS_FILE": str(there),
        "MOTCUA_CLOCK_FILE": str(there),
        "MOTCUA_KEYS_FILE": str(there),
        "MOTCUA_SMTP_HOST": "relay",
    }

    assert dict(named_files(settings)) == {"named/MOTCUA_CHANNELS_FILE": there}
    assert unusable(there) is None
    assert unusable(tmp_path / "gone") is not None
    os.truncate(there, 2 * 1024 * 1024)
    assert unusable(there) is not None


def test_the_cluster_of_the_embedded_broker_is_read_from_its_folder(tmp_path: Path) -> None:
    """A folder without a broker has none."""
    assert embedded_cluster_id(tmp_path) is None
    log = tmp_path / "engines" / "kafka" / "log"
    log.mkdir(parents=True)
    (log / "meta.properties").write_text("version=1\ncluster.id=a=b\nnode.id=1\n")
    assert embedded_cluster_id(tmp_path) == "a=b"


def test_a_target_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    """Nor one within the data folder, which would be lost with it; nor one without a store."""
    data = tmp_path / "data"
    (data / "engines").mkdir(parents=True)

    def backup(target: Path) -> Backup:
        return Backup(data, target, "0.1.0", NOW, silent)

    (tmp_path / "there").mkdir()
    with pytest.raises(CommandError, match="is there already"):
        backup(tmp_path / "there").make()
    with pytest.raises(CommandError, match="within the data folder"):
        backup(data / "backup").make()
    with pytest.raises(CommandError, match="no embedded store"):
        backup(tmp_path / "new").make()
    state = State(("a:1",), "mongodb://b", {}, versions={"kafka": "Kafka"})
    write_state(data, state)
    with pytest.raises(CommandError, match="a MongoDB of its own"):
        backup(tmp_path / "new").make()
    assert not list(tmp_path.glob(".new*"))


def test_a_running_installation_is_not_replaced(tmp_path: Path, made: Path) -> None:
    """Nor one whose store is somebody else's."""
    data = tmp_path / "data"
    with hold(data), pytest.raises(CommandError, match="motcua down"):
        Restore(made, data, {}, NOW, silent).plan()
    elsewhere = {"MOTCUA_MONGO_URL": "mongodb://b"}
    with pytest.raises(CommandError, match="a MongoDB of its own"):
        Restore(made, data, elsewhere, NOW, silent).plan()


def test_keys_stay_beside_the_same_secret_and_go_beside_another(
    tmp_path: Path, made: Path
) -> None:
    """A key that was revoked after the backup must not work again."""
    data = tmp_path / "data"
    data.mkdir()
    restore = Restore(made, data, {}, NOW, silent)
    assert restore.plan().replaces == ()
    (data / "keys.json").write_text("{}")
    (data / "secret").write_text("s" * 48)
    assert restore.plan().keeps_keys
    assert restore.plan().replaces == ()

    (data / "secret").write_text("t" * 48)
    plan = restore.plan()
    assert not plan.keeps_keys
    assert plan.replaces == ("secret", "keys.json")


def test_the_plan_says_whose_topics_are_there(tmp_path: Path, made: Path) -> None:
    """Those of the backup, another cluster's, or none."""
    data = tmp_path / "data"
    restore = Restore(made, data, {}, NOW, silent)
    assert restore.plan().same_topics is None
    log = data / "engines" / "kafka" / "log"
    log.mkdir(parents=True)
    (log / "meta.properties").write_text("cluster.id=abc\n")
    assert restore.plan().same_topics is True
    (log / "meta.properties").write_text("cluster.id=other\n")
    assert restore.plan().same_topics is False


def test_nothing_starts_on_a_restore_that_was_interrupted(tmp_path: Path) -> None:
    """The sentence is the command that finishes it."""
    insist_restored(tmp_path)
    (tmp_path / RESTORE_UNFINISHED).write_text("/backups/monday\n")
    with pytest.raises(CommandError, match="motcua restore backup /backups/monday --yes"):
        insist_restored(tmp_path)


def test_numbers_of_documents_are_added_up() -> None:
    """Files that are no collections count none."""
    listed = manifest(BackupFolder(Path("x")))
    listed = replace(listed, files={"a": FileEntry(3, "0", 2), "b": FileEntry(4, "0", None)})
    assert (listed.documents, listed.size_bytes) == (2, 7)

"""Put a backup back into the data folder of a stopped installation, or into a new one.

The store is filled in a folder beside the old one. Then the old one, and the keys where they
are replaced, are set aside, and the new ones get their names. From then on until all is in its
place a mark is in the folder, with which no installation starts. Topics are left as they are.
"""

import asyncio
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from deploy.backup.data_files import (
    PORTS,
    SECRET,
    STATE,
    key_files,
    keys_file,
    place_of_key,
    secret_file,
)
from deploy.backup.dump import make_durable, read_documents, read_indexes
from deploy.backup.errors import BackupDamagedError
from deploy.backup.manifest import FILES, Manifest, documents_path, verify
from deploy.backup.topic_ends import embedded_cluster_id
from deploy.engines import ports
from deploy.engines.artefacts import store_binary
from deploy.engines.embedded import start_engines
from deploy.engines.store import Store
from deploy.engines.waiting import Say
from deploy.errors import CommandError
from deploy.installation import (
    PRIVATE_FOLDER,
    RESTORE_UNFINISHED,
    hold,
    holder_of,
    read_state,
    write_state,
)
from deploy.private_file import write_private
from deploy.publishers import FILE as PUBLISHERS
from deploy.settings_file import SETTINGS_FILE
from deploy.supervisor.supervisor import FREE_BYTES_MIN, MEBIBYTE, REFERENCE_MARK
from shared.mongo.snapshot import count_documents, fill_collection

SET_ASIDE: Final = "set-aside"
SECRET_COPY: Final = f"{FILES}/{SECRET}"
STORE_FOLDER: Final = "engines/store"
FILLING: Final = "engines/store.restoring"
ROOM_TIMES: Final = 2
"""Room for each byte of BSON: documents with their indexes, and the log of writing them."""


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """What a restore is to do.

    Attributes:
        manifest: What the backup is of.
        replaces: What is in the folder and is set aside, as names within it.
        keeps_keys: The keys that are there stay, since the secret is the backup's own.
        same_topics: The topics in the folder are those that the backup was made beside; None
            where there are none in it.
        aside: Where what is replaced is set aside.
    """

    manifest: Manifest
    replaces: tuple[str, ...]
    keeps_keys: bool
    same_topics: bool | None
    aside: Path


@dataclass(slots=True)
class Restore:
    """One backup that is to be put back.

    Attributes:
        source: The backup.
        data: The data folder.
        settings: The environment's; it may say that secret and keys are elsewhere.
        now: The time, by the machine's clock; it names what is set aside.
        say: Takes what a person may want to know meanwhile.
    """

    source: Path
    data: Path
    settings: Mapping[str, str]
    now: datetime
    say: Say

    def plan(self) -> RestorePlan:
        """Verify the backup and return what putting it back would do; nothing is changed.

        Raises:
            CommandError: the backup is damaged or too new, the installation runs, or its store
                is elsewhere.
        """
        manifest = verify(self.source)
        if self.settings.get("MOTCUA_MONGO_URL") or self.settings.get("MOTCUA_MONGO_URL_FILE"):
            raise CommandError(
                "MOTCUA_MONGO_URL names a MongoDB of its own, and this command fills the "
                "embedded store: unset it, or see deploy/runbook/backup-and-restore.md"
            )
        if (pid := holder_of(self.data)) is not None:
            raise CommandError(
                f"the installation in {self.data} runs (process {pid}): stop it with "
                "`motcua down` first"
            )
        keeps_keys = self._keeps_keys()
        cluster_id = embedded_cluster_id(self.data)
        return RestorePlan(
            manifest,
            tuple(self._in_the_way(manifest, keeps_keys=keeps_keys)),
            keeps_keys,
            None if cluster_id is None else cluster_id == manifest.cluster_id,
            self.data / SET_ASIDE / f"{self.now:%Y%m%dT%H%M%SZ}",
        )

    def carry_out(self, plan: RestorePlan) -> None:
        """Put the backup back; run again after it was interrupted, it begins anew.

        Raises:
            CommandError: the folder is held or has no room, or the disk or the store refuses.
            UnavailableError: the store does not answer.
        """
        try:
            with hold(self.data):
                self._insist_room(plan.manifest)
                with self._cleared() as filling:
                    self._fill(plan.manifest, filling)
                    self._put_in_place(plan, filling)
        except OSError as error:
            raise CommandError(
                f"the backup cannot be put back into {self.data}: {error.strerror or error}"
            ) from error

    def _keeps_keys(self) -> bool:
        """Return whether the keys that are there are newer ones of the same installation.

        A key that was revoked after the backup must not work again.
        """
        secret, copy = secret_file(self.data, self.settings), self._kept(SECRET)
        return (
            keys_file(self.data, self.settings).is_file()
            and secret.is_file()
            and copy.is_file()
            and secret.read_bytes() == copy.read_bytes()
        )

    def _in_the_way(self, manifest: Manifest, *, keeps_keys: bool) -> Iterator[str]:
        if (self.data / STORE_FOLDER).exists():
            yield STORE_FOLDER
        if not keeps_keys:
            yield from (
                name for name, path in key_files(self.data, self.settings) if path.exists()
            )
        has_mark = f"{FILES}/{REFERENCE_MARK}" in manifest.files
        if not has_mark and (self.data / REFERENCE_MARK).exists():
            yield REFERENCE_MARK

    def _insist_room(self, manifest: Manifest) -> None:
        needed = FREE_BYTES_MIN + ROOM_TIMES * manifest.store_bytes
        free = shutil.disk_usage(self.data).free
        if free < needed:
            raise CommandError(
                f"the disk of {self.data} has {free // MEBIBYTE} MiB left, and this backup "
                f"needs {needed // MEBIBYTE} MiB: make room, or name another folder with --data"
            )

    @contextmanager
    def _cleared(self) -> Iterator[Path]:
        """Give the folder in which the store is filled; nothing stays in it."""
        filling = self.data / FILLING
        shutil.rmtree(filling, ignore_errors=True)
        filling.mkdir(parents=True, mode=PRIVATE_FOLDER)
        try:
            yield filling
        finally:
            shutil.rmtree(filling, ignore_errors=True)

    def _fill(self, manifest: Manifest, filling: Path) -> None:
        store = Store.at(filling, port=ports.pick(), binary=store_binary())
        start_engines((store,))
        try:
            for database, collection in manifest.collections:
                asyncio.run(self._fill_collection(manifest, store.url, database, collection))
        finally:
            store.stop()
        self.say(f"the store is filled: {manifest.documents} documents")

    async def _fill_collection(
        self, manifest: Manifest, url: str, database: str, collection: str
    ) -> None:
        wanted = manifest.files[documents_path(database, collection)].documents
        await fill_collection(
            url,
            (database, collection),
            indexes=read_indexes(self.source, database, collection),
            documents=read_documents(self.source, database, collection),
        )
        found = await count_documents(url, database, collection)
        if found != wanted:
            raise BackupDamagedError(
                f"{database}.{collection} has {found} documents instead of {wanted}: nothing "
                "was changed; take another copy of the backup"
            )

    def _put_in_place(self, plan: RestorePlan, filling: Path) -> None:
        """Replace what is there; interrupted, it leaves a mark, and is run again."""
        mark = self.data / RESTORE_UNFINISHED
        write_private(mark, f"{self.source}\n".encode())
        make_durable(self.data, within=False)
        self._set_aside(plan)
        filling.rename(self.data / STORE_FOLDER)
        if not plan.keeps_keys:
            # The secret comes last: until then a second run does not take the keys for its own.
            for name in sorted(plan.manifest.files, key=lambda name: name == SECRET_COPY):
                self._place_key(name)
        self._place_others(plan.manifest)
        make_durable(self.data / "engines", within=False)
        mark.unlink()
        make_durable(self.data, within=False)

    def _set_aside(self, plan: RestorePlan) -> None:
        if not plan.replaces:
            return
        plan.aside.mkdir(parents=True, mode=PRIVATE_FOLDER)
        keys = dict(key_files(self.data, self.settings))
        for name in plan.replaces:
            path, aside = keys.get(name, self.data / name), plan.aside / name
            aside.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
            if path.is_dir():
                path.rename(aside)
            else:  # Secret and keys may be on another disk.
                write_private(aside, path.read_bytes())
                path.unlink()

    def _place_key(self, name: str) -> None:
        within = name.removeprefix(f"{FILES}/")
        place = place_of_key(self.data, self.settings, within)
        if name.startswith(f"{FILES}/") and place is not None:
            write_private(place, self._kept(within).read_bytes())

    def _place_others(self, manifest: Manifest) -> None:
        """Place what the folder lacks; what is there is newer."""
        for name in (REFERENCE_MARK, SETTINGS_FILE, PUBLISHERS, PORTS):
            place, copy = self.data / name, self._kept(name)
            if copy.is_file() and not place.exists():
                if name == PORTS and not all(map(ports.is_free, _numbers_in(copy))):
                    self.say("other ports are picked: another program listens on the old ones")
                    continue
                write_private(place, copy.read_bytes())
        if f"{FILES}/{STATE}" in manifest.files and not (self.data / STATE).exists():
            write_state(self.data, read_state(self.source / FILES).now("stopped", {}))

    def _kept(self, name: str) -> Path:
        return self.source / FILES / name


def _numbers_in(ports_file: Path) -> list[int]:
    return [int(port) for port in json.loads(ports_file.read_bytes()).values()]

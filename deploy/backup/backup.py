"""Make a backup of an installation whose store is the embedded one, running or stopped.

The store's part is of one moment. The folder's files are copied before it: what they call done
(reference data loaded) is then in the store too, and the other way round does no harm.
Where topics end is noted before it too: what a topic has from there on is read again.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from deploy.backup.data_files import key_files, named_files, other_files, unusable
from deploy.backup.dump import BackupFolder, make_durable
from deploy.backup.manifest import FILES, MANIFEST, Manifest
from deploy.backup.topic_ends import embedded_cluster_id, topic_ends
from deploy.engines.embedded import start_engines, store_at
from deploy.engines.waiting import Say
from deploy.errors import CommandError
from deploy.installation import (
    PRIVATE_FOLDER,
    Installation,
    NoInstallationError,
    State,
    hold,
    holder_of,
    insist_restored,
    read_state,
)
from deploy.settings_file import read_settings
from shared.mongo.snapshot import databases_of, snapshot_of

DATABASES: Final = "motcua_"
"""How the names of our databases begin."""

ELSEWHERE: Final = (
    "`motcua backup` copies the embedded store only, and this installation uses a MongoDB of "
    "its own: deploy/runbook/backup-and-restore.md says how to back that up"
)


@dataclass(slots=True)
class Backup:
    """One backup that is to be made.

    Attributes:
        data: The installation's data folder.
        target: The folder to write, which is not there yet.
        motcua: Our version.
        now: The time, by the machine's clock.
        say: Takes what a person may want to know meanwhile.
    """

    data: Path
    target: Path
    motcua: str
    now: datetime
    say: Say
    _left_out: list[str] = field(default_factory=list)

    def make(self) -> Manifest:
        """Write all of it, or nothing; return the list of its contents.

        Raises:
            CommandError: there is nothing to copy, it is elsewhere, the target is taken, or
                the disk refuses.
            UnavailableError: the store does not answer.
        """
        self._insist_target()
        state = _state(self.data)
        if holder_of(self.data) is not None:
            if state is None:
                raise CommandError(
                    f"the installation in {self.data} is about to start: run this again when "
                    "`motcua status` shows it"
                )
            if "store" not in state.versions:
                raise CommandError(ELSEWHERE)
            return self._write(state.mongo_url, Installation(self.data, state))
        if not (self.data / "engines" / "store" / "data").is_dir():
            raise CommandError(
                ELSEWHERE
                if state is not None and "store" not in state.versions
                else f"there is no embedded store in {self.data}: name the installation's "
                "folder with --data or MOTCUA_DATA"
            )
        insist_restored(self.data)
        with hold(self.data), _store_of(self.data) as url:
            return self._write(url, None)

    def _insist_target(self) -> None:
        if os.path.lexists(self.target):
            raise CommandError(f"{self.target} is there already: name a folder that is not")
        if self.target.resolve().is_relative_to(self.data.resolve()):
            raise CommandError(
                f"{self.target} is within the data folder, and would be lost with it: name a "
                "folder on another disk"
            )

    def _write(self, url: str, running: Installation | None) -> Manifest:
        """Write into a folder beside the target, which gets its name when all is in it."""
        above = self.target.parent
        try:
            above.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
            partial = Path(tempfile.mkdtemp(prefix=f".{self.target.name}.partial-", dir=above))
            try:
                manifest = asyncio.run(self._fill(BackupFolder(partial), url, running))
                make_durable(partial)
                partial.rename(self.target)
                make_durable(above, within=False)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
        except OSError as error:
            raise CommandError(
                f"the backup cannot be written to {self.target}: {error.strerror or error}"
            ) from error
        return manifest

    async def _fill(
        self, into: BackupFolder, url: str, running: Installation | None
    ) -> Manifest:
        settings = read_settings(self.data)
        self._copy_files(into, settings)
        ends = None if running is None else await topic_ends(running.kafka)
        if running is not None and ends is None:
            self.say("no broker answers, so the backup does not say where topics end")
        async with snapshot_of(url) as snapshot:
            for database in await databases_of(url, DATABASES):
                for collection in await snapshot.collections(database):
                    await into.dump(snapshot, database, collection)
                self.say(f"{database} is copied")
        state = _state(self.data)
        manifest = Manifest(
            made_at=self.now,
            motcua=self.motcua,
            engines={} if state is None else dict(state.versions),
            running=running is not None,
            cluster_id=embedded_cluster_id(self.data),
            topics=ends,
            store_bytes=into.store_bytes,
            files=into.files,
            left_out=tuple(self._left_out),
        )
        into.write(MANIFEST, manifest.to_json())
        return manifest

    def _copy_files(self, into: BackupFolder, settings: Mapping[str, str]) -> None:
        for name, path in (*key_files(self.data, settings), *other_files(self.data)):
            if path.is_file():
                into.copy(f"{FILES}/{name}", path)
        for name, path in named_files(settings):
            lacks = unusable(path)
            if lacks is None:
                into.copy(f"{FILES}/{name}", path)
            else:
                self._left_out.append(str(path))
                self.say(f"{path} is not in the backup: {lacks}")


@contextmanager
def _store_of(data: Path) -> Iterator[str]:
    """Start the store of a stopped installation, alone, and stop it again."""
    store = store_at(data / "engines")
    start_engines((store,))
    try:
        yield store.url
    finally:
        store.stop()


def _state(data: Path) -> State | None:
    try:
        return read_state(data)
    except (FileNotFoundError, NoInstallationError):
        return None

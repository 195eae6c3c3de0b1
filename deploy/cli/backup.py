"""`motcua backup`: copy the store, keys and settings of an installation into a folder."""

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from deploy.backup.backup import Backup
from deploy.backup.manifest import Manifest, verify
from deploy.cli.main import own_version
from deploy.installation import DataOption, data_folder
from shared.ops.clock import wall_now

MEBIBYTE: Final = 1024 * 1024

FolderArgument = Annotated[
    Path, typer.Argument(metavar="DIR", help="The folder of the backup.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("backup")(backup)


def backup(
    folder: FolderArgument,
    data: DataOption = None,
    *,
    check_only: Annotated[
        bool,
        typer.Option("--verify", help="Make none; compare the one in DIR with its manifest."),
    ] = False,
) -> None:
    """Copy the embedded store, keys and settings into a new folder, running or stopped.

    The store is copied as it is at one moment, while services go on. Topics are not copied:
    they stay where they are, and lost ones are filled from the store. DIR must not be there.
    """
    target = folder.expanduser().absolute()
    if check_only:
        manifest = verify(target)
        typer.echo(f"the backup in {target} is whole: {summary(manifest)}")
        return
    manifest = Backup(data_folder(data), target, own_version(), wall_now(), typer.echo).make()
    typer.echo(f"the backup is in {target}: {summary(manifest)}")
    typer.echo(
        "It holds personal data, and the keys and the secret of this installation. Only user "
        f"{_user()} of this machine can read it: encrypt it before it goes elsewhere."
    )


def summary(manifest: Manifest) -> str:
    """Say in one line what a backup is of."""
    return (
        f"of {manifest.made_at.astimezone():%d/%m/%Y %H:%M:%S}, by motcua {manifest.motcua}, "
        f"{manifest.documents} documents and {len(manifest.files)} files, "
        f"{manifest.size_bytes / MEBIBYTE:.1f} MiB"
    )


def _user() -> str:
    """Name the owner of what this process writes."""
    return os.environ.get("USER") or str(os.geteuid())

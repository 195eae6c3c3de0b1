"""`motcua restore backup`: put a backup back into a data folder."""

import os
from typing import Annotated, Final

import typer

from deploy.backup.restore import Restore, RestorePlan
from deploy.cli.backup import FolderArgument, summary
from deploy.errors import CommandError
from deploy.installation import DataOption, data_folder
from deploy.settings_file import SETTINGS_FILE
from shared.ops.clock import wall_now

TOPICS: Final = {
    True: "the topics in the folder are those of the backup: at the next start the services "
    "take from them what they have since",
    False: "the topics in the folder are not those that the backup was made beside: if the "
    "services are not ready after the next start, `motcua status` names the command",
    None: "there are no topics in the folder: at the next start the embedded broker makes "
    "them, and they are filled from the store; with brokers of your own `motcua status` names "
    "the command, if one is needed",
}


def add_to(group: typer.Typer) -> None:
    """Add the command to its group."""
    group.command("backup")(restore_backup)


def restore_backup(
    folder: FolderArgument,
    data: DataOption = None,
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Replace what is in the data folder.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be replaced.")
    ] = False,
) -> None:
    """Put a backup into the data folder of a stopped installation, or into a new one.

    The backup is compared with its manifest first. What is replaced is set aside within the
    data folder. Topics stay as they are: from them services take in what is newer.
    """
    restore = Restore(
        folder.expanduser().absolute(), data_folder(data), os.environ, wall_now(), typer.echo
    )
    plan = restore.plan()
    typer.echo(f"the backup is whole: {summary(plan.manifest)}")
    if dry_run:
        _say_what_is_replaced(plan, "would be")
        return
    if plan.replaces and not yes:
        raise CommandError(
            f"{restore.data} has {', '.join(plan.replaces)} already: add --yes to set that "
            "aside and put the backup in its place, or name another folder with --data"
        )
    restore.carry_out(plan)
    _say_what_is_replaced(plan, "is")
    if plan.manifest.left_out:
        typer.echo(f"not in the backup: {', '.join(plan.manifest.left_out)}")
    typer.echo(
        f"restored to {restore.data}; the settings of the backup, and the files that they "
        f"name, are in {restore.source / 'files'} ({SETTINGS_FILE}, named)"
    )
    typer.echo(TOPICS[plan.same_topics])
    typer.echo("start it with `motcua up`")


def _say_what_is_replaced(plan: RestorePlan, verb: str) -> None:
    if plan.replaces:
        typer.echo(f"{', '.join(plan.replaces)} {verb} set aside in {plan.aside}")
    if plan.keeps_keys:
        typer.echo(
            "the keys in the folder stay, for they are not older than those of the backup"
        )

"""`motcua restore topics`: publish again what the topics lack and the stores have."""

import asyncio
from typing import Annotated

import typer

from deploy.installation import DataOption, Installation
from deploy.restore.topics import restore_topics, summary


def add_to(group: typer.Typer) -> None:
    """Add the command to the group `restore`."""
    group.command("topics")(restore_command)


def restore_command(
    *,
    data: DataOption = None,
    dry_run: Annotated[bool, typer.Option(help="Only say what is missing.")] = False,
) -> None:
    """Publish what the canonical topics lack, from the stores, with the same ids and order.

    Services may run meanwhile. A run that was stopped is run again, and goes on.
    """
    installation = Installation.find(data)
    done = asyncio.run(restore_topics(installation, dry_run=dry_run, say=typer.echo))
    for line in summary(done, dry_run=dry_run):
        typer.echo(line)

"""`motcua topics`: provision, check, and let another publisher in."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer

from deploy.errors import SettingError
from deploy.installation import DataOption, Installation
from deploy.marks import retire_publisher
from deploy.topics import PUBLISHERS, check, known_publishers, provision, wanted
from shared.events.topics import inbound, rejected
from shared.kafka.cluster import Cluster


def register(app: typer.Typer) -> None:
    """Add the command group to the command line."""
    topics = typer.Typer(
        help="Topics: provision, check, add a publisher.", no_args_is_help=True
    )
    topics.command("provision")(create_missing)
    topics.command("check")(check_all)
    topics.command("add-publisher")(add_publisher)
    topics.command("retire-publisher")(retire)
    app.add_typer(topics, name="topics")


def create_missing(*, data: DataOption = None) -> None:
    """Create the topics that are missing; refuse any that differs from the contract."""
    where = Installation.find(data).kafka
    done = asyncio.run(_provision_known(where))
    for name in done:
        typer.echo(f"created {name}")
    typer.echo(f"{len(done)} topics created")


def check_all(*, data: DataOption = None) -> None:
    """Check that every topic is there, with the partitions and settings of the contract."""
    where = Installation.find(data).kafka
    count = asyncio.run(_check_known(where))
    typer.echo(f"{count} topics are as the contract says")


def add_publisher(
    *,
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits and -.")],
    data: DataOption = None,
) -> None:
    """Let another publisher in: create where it writes, and where it reads refusals."""
    try:
        doors = (inbound(name), rejected(name))
    except ValueError as error:
        raise SettingError(
            f"{name!r} is no publisher's name: take 2 to 31 lower-case letters, digits and -, "
            "beginning with a letter"
        ) from error
    where = Installation.find(data).kafka
    done = asyncio.run(provision(where, doors))
    for topic in doors:
        typer.echo(f"{'created' if topic.name in done.created else 'kept'} {topic.name}")
    typer.echo(
        f"On a cluster, let {name} alone write to {doors[0].name}. Over HTTP it needs a key: "
        f"motcua keys add --role publisher --publisher {name}"
    )


def retire(
    *,
    name: Annotated[str, typer.Argument(help="The publisher that is gone for good.")],
    data: DataOption = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without this, only say what would be.")
    ] = False,
) -> None:
    """Take a publisher's topic and progress marks away, once intake has read all of it."""
    if name in PUBLISHERS:
        raise SettingError(f"{name} is a publisher of motcua itself and cannot be retired")
    where = Installation.find(data).kafka
    try:
        keys = asyncio.run(retire_publisher(where, name, do=yes))
    except ValueError as error:
        raise SettingError(f"{name!r} is no publisher's name") from error
    if not yes:
        typer.echo(
            f"{inbound(name).name} has been read to its end; it and {len(keys)} marks would be "
            "taken away; say --yes to do it"
        )
        return
    typer.echo(f"deleted {inbound(name).name}; {len(keys)} marks retired")
    typer.echo("Its keys are revoked one by one: motcua keys list, motcua keys revoke")


async def _provision_known(where: Cluster | Sequence[str]) -> Sequence[str]:
    publishers = {*PUBLISHERS, *await known_publishers(where)}
    return (await provision(where, wanted(publishers))).created


async def _check_known(where: Cluster | Sequence[str]) -> int:
    publishers = {*PUBLISHERS, *await known_publishers(where)}
    return await check(where, wanted(publishers))

"""`motcua topics`: provision, check, and let another publisher in."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from deploy import numbering
from deploy.cli.losses import accept_loss
from deploy.cli.numbering import register_all
from deploy.durability import (
    REPLICATION_MAX,
    Durability,
    MinInsyncOption,
    ReplicationOption,
    stated,
)
from deploy.errors import SettingError
from deploy.installation import DataOption, Installation
from deploy.marks import retire_publisher
from deploy.publishers import forget, remember
from deploy.topics import (
    PUBLISHERS,
    Checked,
    Provisioned,
    check,
    known_publishers,
    plan_reassignment,
    provision,
    wanted,
)
from shared.events.topics import GROUPS, Topic, inbound, rejected, replay
from shared.kafka.cluster import Cluster


def register(app: typer.Typer) -> None:
    """Add the command group to the command line."""
    topics = typer.Typer(
        help="Topics: provision, check, add a publisher.", no_args_is_help=True
    )
    topics.command("provision")(create_missing)
    topics.command("check")(check_all)
    topics.command("reassignment")(print_reassignment)
    topics.command("add-publisher")(add_publisher)
    topics.command("retire-publisher")(retire)
    topics.command("accept-loss")(accept_loss)
    app.add_typer(topics, name="topics")


def create_missing(
    *,
    data: DataOption = None,
    replication: ReplicationOption = None,
    min_insync: MinInsyncOption = None,
) -> None:
    """Create the topics that are missing; name those that differ from the contract."""
    installation = Installation.find(data)
    where, durability = (
        installation.kafka,
        installation.durability(stated(replication, min_insync)),
    )
    done = asyncio.run(_provision_known(where, durability))
    for name in done.created:
        typer.echo(f"created {name}")
    typer.echo(f"{len(done.created)} topics created")
    warn_of(done)
    if done.differs is not None:
        raise typer.Exit(1)


def warn_of(done: Provisioned) -> None:
    """Say what `motcua topics check` would complain of; what was there is kept as it is."""
    for sentence in done.left_alone():
        typer.echo(sentence, err=True)


def check_all(
    *,
    data: DataOption = None,
    replication: ReplicationOption = None,
    min_insync: MinInsyncOption = None,
) -> None:
    """Check that every topic is there as the contract says, on as many brokers as wanted."""
    installation = Installation.find(data)
    durability = installation.durability(stated(replication, min_insync))
    checked = asyncio.run(_check_known(installation.kafka, durability))
    typer.echo(
        f"{checked.topics} topics are as the contract says; each record is kept by "
        f"{checked.durability.replication} and acknowledged by {checked.durability.min_insync}"
    )


def print_reassignment(
    *,
    data: DataOption = None,
    replication: Annotated[
        int,
        typer.Option(
            help="How many brokers are to keep each record.", min=2, max=REPLICATION_MAX
        ),
    ],
) -> None:
    """Print what kafka-reassign-partitions.sh is to do for more replicas; change nothing."""
    plan = asyncio.run(_plan_known(Installation.find(data).kafka, replication))
    typer.echo(json.dumps(plan))


def add_publisher(
    *,
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits and -.")],
    numbers_for: Annotated[
        list[str] | None,
        typer.Option(
            help="A unit (06112) or prefix (H37.117, H37.*) whose dossiers it numbers; repeat."
        ),
    ] = None,
    data: DataOption = None,
    replication: ReplicationOption = None,
    min_insync: MinInsyncOption = None,
) -> None:
    """Let another publisher in: create where it writes, and where it reads refusals."""
    grants = numbering.checked(numbers_for or ())
    try:
        doors = (inbound(name), rejected(name))
    except ValueError as error:
        raise SettingError(
            f"{name!r} is no publisher's name: take 2 to 31 lower-case letters, digits and -, "
            "beginning with a letter"
        ) from error
    installation = Installation.find(data)
    durability = installation.durability(stated(replication, min_insync))
    done = asyncio.run(provision(installation.kafka, doors, durability=durability))
    for topic in doors:
        typer.echo(f"{'created' if topic.name in done.created else 'kept'} {topic.name}")
    warn_of(done)
    if installation.kafka_is_embedded:
        remember(installation.data, name)
    register_all(installation, name, list(grants))
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
    """Take a publisher's topic, marks and numbering away, once intake has read all of it."""
    if name in PUBLISHERS:
        raise SettingError(f"{name} is a publisher of motcua itself and cannot be retired")
    installation = Installation.find(data)
    where = installation.kafka
    try:
        keys = asyncio.run(retire_publisher(where, name, do=False))
    except ValueError as error:
        raise SettingError(f"{name!r} is no publisher's name") from error
    if not yes:
        typer.echo(
            f"{inbound(name).name} has been read to its end; it and {len(keys)} marks would be "
            "taken away; say --yes to do it"
        )
        return
    # First, so that a name that is gone never keeps a right that a later one would get.
    removed = numbering.remove(installation, name)
    typer.echo(f"{removed} rights to number removed")
    keys = asyncio.run(retire_publisher(where, name, do=True))
    forget(installation.data, name)
    typer.echo(f"deleted {inbound(name).name}; {len(keys)} marks retired")
    typer.echo("Its keys are revoked one by one: motcua keys list, motcua keys revoke")


async def _provision_known(
    where: Cluster | Sequence[str], durability: Durability | None
) -> Provisioned:
    return await provision(where, await _known(where), durability=durability)


async def _check_known(
    where: Cluster | Sequence[str], durability: Durability | None
) -> Checked:
    return await check(where, await _known(where), durability=durability)


async def _plan_known(where: Cluster | Sequence[str], replication: int) -> Mapping[str, Any]:
    topics = [*await _known(where), *map(replay, GROUPS)]
    return await plan_reassignment(where, topics, replication)


async def _known(where: Cluster | Sequence[str]) -> Sequence[Topic]:
    """Return the topics of all publishers that have one."""
    return wanted({*PUBLISHERS, *await known_publishers(where)})

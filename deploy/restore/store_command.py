"""`motcua restore store`: permit the services to adopt what their topics have."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import typer
from typing_extensions import override

from deploy.installation import DataOption, Installation
from shared.kafka.own_topics import KafkaOwnTopics
from shared.mongo.adoption import Finding, MongoAdoption
from shared.mongo.client import Mongo
from shared.ops.clock import wall_now

DATABASE: Final = "motcua_{service}"
WRITERS: Final = ("intake", "workflow", "notifications")
"""The services that write canonical topics; reporting writes none."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one service found when it last compared its store with its topics.

    Attributes:
        service: Its name.
        finding: What it found; None if it never compared.
        cluster: The id of the cluster that answers now.
    """

    service: str
    finding: Finding | None
    cluster: str

    @property
    def waits(self) -> bool:
        """Whether the service waits for a permission, or may do so at its next start."""
        found = self.finding
        return found is None or found.cluster != self.cluster or bool(found.lacks)

    @override
    def __str__(self) -> str:
        """Return a line of the command."""
        found = self.finding
        if found is None:
            return f"{self.service}: has not compared its store with its topics yet"
        if found.cluster != self.cluster:
            return f"{self.service}: has compared its store with another cluster only"
        if not found.lacks:
            return f"{self.service}: the store has everything that the topics have"
        known = found.belongs_to or "none"
        return f"{self.service}: the store lacks {'; '.join(map(str, found.lacks))}" + (
            "" if found.belongs_to == self.cluster else f" (cluster that it knows: {known})"
        )


def add_to(restore: typer.Typer) -> None:
    """Add the command to the group."""
    restore.command("store")(restore_store)


def restore_store(
    data: DataOption = None,
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Permit it; without this, only say what is lacking.")
    ] = False,
) -> None:
    """Permit services whose store was set back or emptied to adopt what their topics have.

    Say yes only if the cluster is this installation's. Services that run go on within seconds.
    """
    found = asyncio.run(look(Installation.find(data), permit=yes))
    typer.echo(f"cluster: {found[0].cluster}")
    for one in found:
        typer.echo(str(one))
    waiting = [one.service for one in found if one.waits]
    if not waiting:
        typer.echo("Nothing is to be restored.")
    elif yes:
        typer.echo(
            f"Permitted: {', '.join(waiting)}. A service that runs adopts it now, another at "
            "its next start; `motcua status` says when each is ready."
        )
    else:
        typer.echo("If this cluster is the installation's, say --yes to have it adopted.")


async def look(installation: Installation, *, permit: bool) -> Sequence[Found]:
    """Return what each service found, and record the permission in the stores that wait.

    Raises:
        UnavailableError: broker or store does not answer.
    """
    topics = KafkaOwnTopics(installation.kafka, client_id="motcua-restore")
    cluster = await topics.cluster_id()
    found: list[Found] = []
    for service in WRITERS:
        mongo = Mongo(installation.mongo_url, DATABASE.format(service=service))
        try:
            marks = MongoAdoption(mongo)
            one = Found(service, await marks.finding(), cluster)
            if permit and one.waits:
                await marks.permit(cluster, at=wall_now())
            found.append(one)
        finally:
            await mongo.close()
    return found

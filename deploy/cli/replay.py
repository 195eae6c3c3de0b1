"""`motcua replay`: fill a group's replay topic from the archives of those who published."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Final

import typer

from deploy.durability import stated_in
from deploy.errors import CommandError
from deploy.installation import DataOption, Installation
from deploy.topics import provision
from shared.events.topics import GROUPS, REFERENCE, TOPICS, Topic, replay
from shared.kafka.publisher import KafkaPublisher
from shared.mongo.archive import MongoArchive
from shared.mongo.client import Mongo
from shared.subjects.document import Outgoing

BATCH_MAX: Final = 500
DATABASE: Final = "motcua_{service}"
REPLAYED: Final = tuple(group for group in GROUPS if group != "intake")
"""The groups that read what services published, which is archived."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("replay")(replay_command)


def replay_command(
    group: Annotated[str, typer.Option("--for", help=f"One of {', '.join(REPLAYED)}.")],
    data: DataOption = None,
    *,
    dry_run: Annotated[bool, typer.Option(help="Only count what would be replayed.")] = False,
) -> None:
    """Publish again, for one group alone, everything that its topics ever carried.

    The group reads it to its end at its next start, before the live topics. Events come with
    their own ids and sequences: what the group has applied already changes nothing.
    """
    if group not in REPLAYED:
        raise CommandError(f"--for is one of {', '.join(REPLAYED)}, not {group}. {_why(group)}")
    installation = Installation.find(data)
    counts = asyncio.run(fill(installation, group, dry_run=dry_run))
    for topic, count in counts.items():
        typer.echo(f"{topic}: {count} events")
    total = sum(counts.values())
    if not total:
        typer.echo(f"there is nothing to replay: the archives of what {group} reads are empty")
        return
    verb = "would be" if dry_run else "are"
    typer.echo(
        f"{total} events {verb} on {replay(group).name}; {group} reads them at its next start"
    )


def _why(group: str) -> str:
    if group not in GROUPS:
        return ""
    return (
        f"What {group} reads comes from publishers, and nobody archives it as it came; for a "
        "range that is lost see `motcua topics accept-loss`"
    )


def topics_of(group: str) -> tuple[Topic, ...]:
    """Return the archived topics that a group follows one subject at a time."""
    return tuple(
        topic
        for topic in TOPICS.values()
        if group in topic.readers
        and topic != REFERENCE  # Read whole anyway; `motcua restore topics` mends it.
        and not topic.personal
        and topic.cleanup == "delete"
    )


async def fill(installation: Installation, group: str, *, dry_run: bool) -> Mapping[str, int]:
    """Copy the archives onto the group's replay topic; return the events of each topic."""
    publisher = KafkaPublisher(installation.kafka, client_id="motcua-replay")
    into = None if dry_run else publisher
    counts: dict[str, int] = {}
    if into is not None:
        durability = installation.durability(stated_in())
        await provision(installation.kafka, [replay(group)], durability=durability)
    try:
        for topic in topics_of(group):
            mongo = Mongo(installation.mongo_url, DATABASE.format(service=topic.writer))
            try:
                counts[topic.name] = await _copy(
                    MongoArchive(mongo), topic.name, replay(group).name, into
                )
            finally:
                await mongo.close()
    finally:
        await publisher.stop()
    return counts


async def _copy(
    archive: MongoArchive, topic: str, target: str, into: KafkaPublisher | None
) -> int:
    count = 0
    batch: list[Outgoing] = []
    async for out in archive.read(topic):
        batch.append(Outgoing(out.id, target, out.key, out.value))
        count += 1
        if len(batch) >= BATCH_MAX:
            await _publish(into, batch)
            batch = []
    await _publish(into, batch)
    return count


async def _publish(into: KafkaPublisher | None, batch: Sequence[Outgoing]) -> None:
    refused = [] if into is None else await into.publish(batch)
    if refused:
        raise CommandError(f"{len(refused)} events were not taken: {refused[0].sentence}")

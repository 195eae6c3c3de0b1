"""Where topics end, noted just before a backup's moment."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from deploy.errors import CommandError
from deploy.topics import admin_of
from shared.kafka.cluster import Cluster
from shared.kafka.ends import PartitionEnds
from shared.subjects.errors import UnavailableError

OURS: Final = "motcua."
META_PROPERTIES: Final = ("engines", "kafka", "log", "meta.properties")
CLUSTER_ID: Final = "cluster.id="


async def topic_ends(where: Cluster) -> Mapping[str, Sequence[int]] | None:
    """Return the high watermark of each partition of our topics; None: no broker answers.

    A backup is of the store, and needs no broker: without one it only lacks this note.
    """
    try:
        async with admin_of(where) as admin:
            names = [name for name in await admin.names() if name.startswith(OURS)]
            found = await admin.replicas(names)
        places = [(name, one.partition) for name, parts in found.items() for one in parts]
        asking = PartitionEnds(where, client_id="motcua-backup")
        try:
            ends = await asking.high_watermarks(places)
        finally:
            await asking.stop()
    except (CommandError, UnavailableError):
        return None
    return {
        name: [ends[name, number] for number in range(len(parts))]
        for name, parts in sorted(found.items())
    }


def embedded_cluster_id(data: Path) -> str | None:
    """Return the id of the cluster whose topics are in a data folder; None: there is none."""
    try:
        lines = data.joinpath(*META_PROPERTIES).read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next(
        (line.removeprefix(CLUSTER_ID) for line in lines if line.startswith(CLUSTER_ID)), None
    )

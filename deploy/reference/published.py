"""Whether the rows that intake has are on the reference topic, where services read them."""

import asyncio
from collections.abc import Collection, Sequence
from typing import Final

import orjson

from shared.events.topics import REFERENCE
from shared.kafka.cluster import Cluster
from shared.kafka.topic_reading import TopicReading
from shared.subjects.records import Record

STILL_LOOKS_MAX: Final = 10
"""How often in a row the topic may have nothing new before what it lacks counts as missing."""

LOOK_S: Final = 1.0


async def unpublished(
    where: Cluster | Sequence[str], ids: Collection[str], *, look_s: float = LOOK_S
) -> int:
    """Return how many of these events the topic lacks, once it gets no more of them.

    Raises:
        UnavailableError: the broker does not answer.
    """
    missing = set(ids)

    async def take(records: Sequence[Record]) -> None:
        for record in records:
            missing.discard(str(orjson.loads(record.value or b"{}").get("id")))

    async with TopicReading(
        where, REFERENCE.name, take, client_id="motcua-reference"
    ) as reading:
        still = 0
        await reading.catch_up()
        while missing and still < STILL_LOOKS_MAX:
            before = len(missing)
            await asyncio.sleep(look_s)
            await reading.catch_up()
            still = 0 if len(missing) < before else still + 1
    return len(missing)

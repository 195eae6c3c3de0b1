"""Progress marks as an operator sees them, and how one that nobody moves is retired.

Workflow sweeps up to the least mark. A mark whose publisher or replica is gone for good stands
still, and with it the ladder, until it is tombstoned.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from deploy.errors import CommandError
from deploy.topics import admin_of
from shared.events.progress import ProgressMark
from shared.events.topics import PROGRESS, inbound
from shared.kafka.cluster import Cluster
from shared.kafka.publisher import KafkaPublisher
from shared.kafka.whole import TopicEnds, read_to_end
from shared.subjects.document import Outgoing
from shared.subjects.errors import UnavailableError

INTAKE_GROUP: Final = "intake"
STILL_S: Final = 12.0
"""Longer than intake takes to notice that a topic is gone (5 s) and to publish (0.5 s)."""

STILL_S_MAX: Final = 90.0


class MarkMovesError(CommandError):
    """Somebody still moves the mark: retiring it would hide what that one has not read."""


class UnreadError(CommandError):
    """Records of the publisher wait, unread by intake or in an open transaction."""


async def read_marks(where: Cluster | Sequence[str]) -> Mapping[str, ProgressMark]:
    """Return every mark that stands, by its key.

    Raises:
        CommandError: the broker is away.
    """
    marks: dict[str, ProgressMark] = {}
    try:
        records = await read_to_end(where, PROGRESS.name, client_id="motcua-marks")
    except UnavailableError as error:
        raise CommandError(str(error)) from error
    for record in records:
        key = (record.key or b"").decode("utf-8", "replace")
        if record.value is None:
            marks.pop(key, None)
        else:
            marks[key] = ProgressMark.model_validate_json(record.value)
    return marks


async def retire_mark(
    where: Cluster | Sequence[str], key: str, *, still_s: float = STILL_S, do: bool = True
) -> datetime:
    """Tombstone one mark that has stood still while we watched; return where it stood.

    Raises:
        MarkMovesError: it moved meanwhile.
        CommandError: there is no such mark, or the broker is away.
    """
    before = (await read_marks(where)).get(key)
    if before is None:
        raise CommandError(f"there is no mark {key}; see `motcua progress list`")
    await asyncio.sleep(still_s)
    after = (await read_marks(where)).get(key)
    if after is not None and after.through != before.through:
        raise MarkMovesError(
            f"the mark {key} still moves: something that runs moves it. Stop that first "
            "(for a publisher: `motcua topics retire-publisher`)"
        )
    if do:
        await _tombstone(where, [key])
    return before.through


async def retire_publisher(
    where: Cluster | Sequence[str], publisher: str, *, still_s: float = STILL_S, do: bool = True
) -> Sequence[str]:
    """Delete the topic of a publisher that is gone, and its marks; return the marks' keys.

    What it was refused stays readable for as long as that topic is kept.

    Raises:
        UnreadError: intake has not read all of it.
        CommandError: there is no such publisher, its marks move on, or the broker is away.
    """
    topic = inbound(publisher).name
    async with admin_of(where) as admin:
        if topic not in await admin.names():
            raise CommandError(
                f"{publisher} has no topic {topic}; see who has one with `motcua topics check`"
            )
        if unread := await _unread(where, topic, await admin.committed(INTAKE_GROUP)):
            raise UnreadError(unread)
        if do:
            await admin.delete([topic])
    keys = sorted(key for key, mark in (await read_marks(where)).items() if mark.input == topic)
    if do:
        await _until_still(where, keys, still_s)
        await _tombstone(where, keys)
    return keys


async def _unread(
    where: Cluster | Sequence[str], topic: str, committed: Mapping[tuple[str, int], int]
) -> str | None:
    """Return what of a topic may still be lost, with the remedy; None if there is nothing.

    What was trimmed counts as read, and what a transaction took away as well.
    """
    async with TopicEnds(where, client_id="motcua-marks") as ends:
        spans = await ends.spans(topic)
    unread = sum(
        max(0, span.stable - max(span.start, committed.get((topic, partition), 0)))
        for partition, span in spans.items()
    )
    if unread:
        return (
            f"{unread} records on {topic} have not been read by intake: let it run until "
            "`motcua status` shows no lag, then try again"
        )
    open_at = [str(number) for number, span in spans.items() if span.written > span.stable]
    if open_at:
        return (
            f"a transaction is open on {topic}, partition {', '.join(open_at)}: its producer "
            "commits or aborts it, or the broker aborts it after its time-out, at most "
            "15 minutes; then try again"
        )
    return None


async def _until_still(
    where: Cluster | Sequence[str], keys: Sequence[str], still_s: float
) -> None:
    """Wait until intake has noticed that the topic is gone.

    Raises:
        MarkMovesError: it moves the marks on.
    """
    until = time.monotonic() + STILL_S_MAX
    before = _places(await read_marks(where), keys)
    while time.monotonic() < until:
        await asyncio.sleep(still_s)
        after = _places(await read_marks(where), keys)
        if after == before:
            return
        before = after
    raise MarkMovesError(
        f"the topic is deleted, but its marks still move after {STILL_S_MAX:.0f} s: restart "
        "intake, then retire them with `motcua progress retire`"
    )


def _places(marks: Mapping[str, ProgressMark], keys: Sequence[str]) -> dict[str, datetime]:
    return {key: marks[key].through for key in keys if key in marks}


async def _tombstone(where: Cluster | Sequence[str], keys: Sequence[str]) -> None:
    publisher = KafkaPublisher(where, client_id="motcua-marks")
    try:
        refused = await publisher.publish(
            [Outgoing(f"{key}@retired", PROGRESS.name, key, None) for key in keys]
        )
        if refused:
            raise CommandError(refused[0].sentence)
    except UnavailableError as error:
        raise CommandError(str(error)) from error
    finally:
        await publisher.stop()

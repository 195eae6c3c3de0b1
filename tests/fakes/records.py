"""Inbound records, keyed and placed as a publisher's client would, or otherwise."""

import json
from collections.abc import Mapping
from itertools import count
from typing import Any, Final

from shared.events.partitioner import partition_of
from shared.events.topics import PARTITIONS, inbound
from shared.subjects.records import Record

_BY_SUBJECT: Final = b"<its subject>"
_offsets: Final = count()


def record_of(
    event: Mapping[str, Any],
    *,
    publisher: str = "demo",
    key: bytes | None = _BY_SUBJECT,
    partition: int | None = None,
) -> Record:
    """Make the record of an event; by default under its subject, where that belongs."""
    subject = str(event["subject"]).encode()
    return Record(
        inbound(publisher).name,
        partition_of(subject, PARTITIONS) if partition is None else partition,
        next(_offsets),
        subject if key == _BY_SUBJECT else key,
        json.dumps(event).encode(),
    )

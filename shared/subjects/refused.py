"""Records that the broker refuses, and topics that take nothing: what waits, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from shared.subjects.document import Outgoing, Refusal

RECORD_RETRY_AFTER: Final = timedelta(minutes=10)
"""When a refused record is tried again by itself; an operator may ask for it before."""


class Scope(StrEnum):
    """What a refusal is about.

    `RECORD`: this one record, which waits with its subject. `TOPIC`: the topic or one of its
    partitions, which takes nothing now and is tried again every few seconds.
    """

    RECORD = "record"
    TOPIC = "topic"


@dataclass(frozen=True, slots=True)
class RefusedRecord:
    """One record that was not taken although the brokers answer.

    Attributes:
        outgoing: The record.
        error: The error's name as the Kafka client spells it.
        scope: Whether the record alone is refused, or whatever goes to its topic.
        sentence: What is wrong and what to do about it; no value of the record.
        follows: Whether it was not sent because an earlier one of its key was refused.
    """

    outgoing: Outgoing
    error: str
    scope: Scope
    sentence: str
    follows: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many subjects wait behind refused records of one kind."""

    topic: str
    error: str
    scope: str
    subjects: int


def refusals_of(
    subjects: Mapping[str, str], refused: Sequence[RefusedRecord], *, now: datetime
) -> dict[str, Refusal]:
    """Return the first refusal of each subject, as its document keeps it.

    Args:
        subjects: Topic and id of each outbox entry, as `place` writes it, to its subject.
        refused: What the publisher did not take, in the order of the outboxes.
        now: Wall time.
    """
    found: dict[str, Refusal] = {}
    for one in refused:
        out = one.outgoing
        delay = RECORD_RETRY_AFTER if one.scope is Scope.RECORD else timedelta()
        made = Refusal(
            id=out.id,
            topic=out.topic,
            error=one.error,
            scope=one.scope.value,
            sentence=one.sentence,
            at=now,
            until=now + delay,
        )
        found.setdefault(subjects[place(out)], made)
    return found


def place(out: Outgoing) -> str:
    """Return what names an entry: ids are unique within a topic only."""
    return f"{out.topic}|{out.id}"

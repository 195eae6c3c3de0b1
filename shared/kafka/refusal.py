"""Errors of a broker that answers: what each says of a record or its topic, and the remedy."""

from typing import Final

from aiokafka.errors import (
    CorruptRecordException,
    InvalidProducerEpoch,
    InvalidProducerIdMapping,
    InvalidTimestampError,
    KafkaError,
    LeaderNotAvailableError,
    MessageSizeTooLargeError,
    NotLeaderForPartitionError,
    OutOfOrderSequenceNumber,
    ProducerClosed,
    ProducerFenced,
    RecordListTooLargeError,
    RecordTooLargeError,
    TopicAuthorizationFailedError,
    UnknownError,
    UnknownProducerId,
    UnknownTopicOrPartitionError,
    UnsupportedForMessageFormatError,
)

from shared.subjects.refused import Scope

PRODUCER_ERRORS: Final = (
    InvalidProducerEpoch,
    InvalidProducerIdMapping,
    OutOfOrderSequenceNumber,
    ProducerClosed,
    ProducerFenced,
    UnknownProducerId,
)
"""Errors that say something of the producer: another one may send the same records."""

TOO_LARGE: Final = (MessageSizeTooLargeError, RecordListTooLargeError, RecordTooLargeError)

RECORD_ERRORS: Final = (
    *TOO_LARGE,
    CorruptRecordException,
    InvalidTimestampError,
    UnsupportedForMessageFormatError,
    UnknownError,  # Also what the client makes of a code that it does not know: INVALID_RECORD.
)

NO_LEADER: Final = (LeaderNotAvailableError, NotLeaderForPartitionError)


class NotAcknowledgedError(KafkaError):  # type: ignore[misc]  # aiokafka ships no types.
    """A topic acknowledges nothing for a long time, while others do."""


REMEDIES: Final = (
    (
        TOO_LARGE,
        (
            "{topic} takes no record of {size} bytes: raise its max.message.bytes, then"
            " `motcua parked retry`"
        ),
    ),
    (
        (InvalidTimestampError,),
        (
            "{topic} does not take the record's time: compare its message.timestamp.*.max.ms"
            " and the clocks of the brokers, then `motcua parked retry`"
        ),
    ),
    (
        (UnknownTopicOrPartitionError,),
        "{topic} is missing: create it with `motcua topics provision`",
    ),
    (
        (TopicAuthorizationFailedError,),
        "this service may not write to {topic}: give its user the right to",
    ),
    (NO_LEADER, "a partition of {topic} has no leader: start the broker that is away"),
    (
        (NotAcknowledgedError,),
        "{topic} acknowledges nothing while others do: see the logs of its brokers",
    ),
)
"""Errors, and the sentence about them."""


def scope_of(error: KafkaError) -> Scope:
    """Return what a refusal is about; call it for a record that was sent alone."""
    return Scope.RECORD if isinstance(error, RECORD_ERRORS) else Scope.TOPIC


def remedy(error: KafkaError, topic: str, size: int | None = None) -> str:
    """Return what is wrong and what to do about it, for an operator.

    Args:
        error: What the broker answered.
        topic: Where the record goes.
        size: The record's size in bytes, where it matters.
    """
    for errors, sentence in REMEDIES:
        if isinstance(error, errors):
            return sentence.format(topic=topic, size=size)
    return f"the brokers do not take what goes to {topic}: their logs say why"

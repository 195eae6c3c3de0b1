"""What comes off a topic, before anything is decoded."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Record:
    """One Kafka record as the broker keeps it.

    `offset` is the record's own; the position to commit after it is `offset + 1`.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    timestamp_ms: int = 0

    @property
    def place(self) -> str:
        """Return where the record stands, as operators write it: `topic/partition/offset`."""
        return f"{self.topic}/{self.partition}/{self.offset}"

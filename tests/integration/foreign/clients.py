"""A client of Kafka that is not ours: kcat, on librdkafka.

The Java console producer would be another; Kafka's jars as Maven has them do not hold it.
"""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WAIT_S: Final = 90
MURMUR2: Final = ("-X", "topic.partitioner=murmur2_random")
LARGE: Final = ("-X", "message.max.bytes=7000000")


@dataclass(frozen=True)
class Kcat:
    """The program, and where it connects."""

    bootstrap: str

    def publish(
        self, topic: str, key: str, value: bytes, headers: Sequence[bytes] = ()
    ) -> None:
        """Publish one record whose value is all of `value`."""
        marks = [word for header in headers for word in (b"-H", header)]
        self._run(["-P", "-t", topic, "-k", key, *marks, *MURMUR2, *LARGE, "-D", "\x1e"], value)

    def publish_lines(self, topic: str, lines: Sequence[tuple[str, str]]) -> None:
        """Publish many records, each with its key."""
        text = "\n".join(f"{key}\x1f{value}" for key, value in lines)
        self._run(["-P", "-t", topic, "-K", "\x1f", *MURMUR2], text.encode())

    def keys_by_partition(self, topic: str) -> dict[str, int]:
        """Read a topic to its end: where each key lies."""
        said = self._run(["-C", "-t", topic, "-o", "beginning", "-e", "-q", "-f", "%k %p\n"])
        pairs = (line.rsplit(" ", 1) for line in said.splitlines())
        return {key: int(partition) for key, partition in pairs}

    def values(self, topic: str) -> list[str]:
        """Read a topic to its end: the values."""
        said = self._run(["-C", "-t", topic, "-o", "beginning", "-e", "-q", "-f", "%s\n"])
        return said.splitlines()

    def _run(self, arguments: Sequence[str | bytes], value: bytes = b"") -> str:
        program = shutil.which("kcat")
        assert program is not None, "this tier needs kcat (Debian package kcat)"
        return _run([program, "-b", self.bootstrap, *arguments], value)


def _run(command: Sequence[str | bytes], value: bytes) -> str:
    done = subprocess.run(
        command, input=value, capture_output=True, check=False, timeout=WAIT_S
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode(errors="replace")

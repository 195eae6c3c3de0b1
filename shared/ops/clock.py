"""The clock as a port: the real one, and a simulated one that all processes share by a file.

The only module that asks the machine for the time of day. Law and obligations run on a
`Clock`; leases, backoff, tokens and retention on `wall_now` (or `time.monotonic`).
"""

import mmap
import os
import struct
import tempfile
import time
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from typing_extensions import override

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MAGIC = b"motcuac1"
_FIELDS = struct.Struct("<8sqqd")  # Magic, wall anchor, simulated anchor (microseconds), rate.
_CHECK = struct.Struct("<I")
_SIZE = _FIELDS.size + _CHECK.size
_READS_MAX = 2_000
_READS_AT_ONCE = 20
_READ_PAUSE_S = 0.001
"""A writer that lost its processor in the middle of the 36 bytes gets two seconds to go on."""


class ClockFileError(Exception):
    """A clock file is missing or is none."""


class ClockTurnedBackError(Exception):
    """Somebody asked simulated time to go backwards."""


class Clock(Protocol):
    """What the time is, for everything that the law runs on."""

    def now(self) -> datetime:
        """Give the instant, aware and in UTC."""
        ...


def wall_now() -> datetime:
    """Ask this machine for the instant, aware and in UTC."""
    return datetime.now(UTC)  # noqa: TID251 -- The edge: everybody else asks a Clock or this.


class SystemClock(Clock):
    """The machine's own time."""

    @override
    def now(self) -> datetime:
        return wall_now()


class FixedClock(Clock):
    """A clock that stands still until it is told; for tests and single computations."""

    def __init__(self, instant: datetime) -> None:
        self.instant = _aware(instant)

    @override
    def now(self) -> datetime:
        return self.instant

    def advance(self, by: timedelta) -> None:
        """Move on."""
        self.instant += by


class FileClock(Clock):
    """Simulated time, read from the file that a `ClockFile` writes, by any number of processes.

    A read costs a copy of 36 bytes from shared memory. It never goes back within a process.
    """

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            ClockFileError: there is no such file, or it is no clock.
        """
        self._memory = _map(path, mmap.ACCESS_READ)
        self._latest = self._read()

    @override
    def now(self) -> datetime:
        self._latest = max(self._latest, self._read())
        return self._latest

    @property
    def rate(self) -> float:
        """Tell how many simulated seconds pass in a second; 0 in lock-step."""
        return _unpack(self._memory)[2]

    def close(self) -> None:
        """Let go of the file."""
        self._memory.close()

    def _read(self) -> datetime:
        return _instant(*_unpack(self._memory))


class ClockFile:
    """The one writer of a simulated clock.

    The anchor on the wall clock stays in the file, so a restart of everything finds the
    clock where it would have been, and not where it began.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, *, now: datetime, rate: float) -> None:
        """Set the simulated time and how fast it runs (0: it stands, in lock-step).

        Raises:
            ClockTurnedBackError: the clock exists and is already past `now`.
        """
        if self.path.exists():
            self._change(now=_aware(now), rate=rate)
        else:
            self._create(_pack(wall_now(), _aware(now), rate))

    def advance(self, to: datetime) -> None:
        """Move a clock in lock-step on; it stands again at `to`.

        Raises:
            ClockTurnedBackError: the clock is already past `to`.
        """
        self._change(now=_aware(to), rate=0)

    def start(self, *, now: datetime, rate: float) -> datetime:
        """Begin a clock, or go on with the one that is there; give the time it shows."""
        if not self.path.exists():
            self.write(now=now, rate=rate)
            return _aware(now)
        return self._change(now=None, rate=rate)

    def _change(self, *, now: datetime | None, rate: float) -> datetime:
        assert rate >= 0, "time does not run backwards"
        memory = _map(self.path, mmap.ACCESS_WRITE)
        try:
            current = _instant(*_unpack(memory))
            if now is not None and now < current:
                raise ClockTurnedBackError(
                    f"the simulated clock shows {current.isoformat()}, past {now.isoformat()}"
                )
            memory[:_SIZE] = _pack(wall_now(), now or current, rate)
        finally:
            memory.close()
        return now or current

    def _create(self, record: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".clock-")
        with os.fdopen(handle, "wb") as file:
            file.write(record)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(self.path)


def open_clock(path: Path | None) -> Clock:
    """Open the clock that the settings name: a simulated one, or else the machine's."""
    return SystemClock() if path is None else FileClock(path)


def _map(path: Path, access: int) -> mmap.mmap:
    try:
        with path.open("r+b" if access == mmap.ACCESS_WRITE else "rb") as file:
            memory = mmap.mmap(file.fileno(), _SIZE, access=access)
    except (OSError, ValueError):
        raise ClockFileError(f"{path} is not the file of a simulated clock.") from None
    if memory[: len(_MAGIC)] != _MAGIC:
        memory.close()
        raise ClockFileError(f"{path} is not the file of a simulated clock.")
    return memory


def _pack(wall: datetime, simulated: datetime, rate: float) -> bytes:
    fields = _FIELDS.pack(
        _MAGIC, (wall - _EPOCH) // _MICROSECOND, (simulated - _EPOCH) // _MICROSECOND, rate
    )
    return fields + _CHECK.pack(zlib.crc32(fields))


def _unpack(memory: mmap.mmap) -> tuple[int, int, float]:
    """Read a whole record; one that is being written fails its check and is read again."""
    for attempt in range(_READS_MAX):
        if attempt >= _READS_AT_ONCE:
            time.sleep(_READ_PAUSE_S)
        record = memory[:_SIZE]
        if zlib.crc32(record[: _FIELDS.size]) == _CHECK.unpack_from(record, _FIELDS.size)[0]:
            _, wall, simulated, rate = _FIELDS.unpack_from(record)
            return wall, simulated, rate
    raise ClockFileError("the file of the simulated clock is damaged: write it anew.")


def _instant(wall: int, simulated: int, rate: float) -> datetime:
    if rate == 0:
        return _EPOCH + simulated * _MICROSECOND
    passed = max(0, (wall_now() - _EPOCH) // _MICROSECOND - wall)
    return _EPOCH + (simulated + int(passed * rate)) * _MICROSECOND


def _aware(instant: datetime) -> datetime:
    assert instant.tzinfo is not None, "an instant is aware"
    return instant.astimezone(UTC)

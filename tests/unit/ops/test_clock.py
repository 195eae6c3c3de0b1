"""Simulated time is shared by a file, runs at its rate, and never goes back."""

import multiprocessing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.ops.clock import (
    ClockFile,
    ClockFileError,
    ClockTurnedBackError,
    FileClock,
    SystemClock,
    open_clock,
    wall_now,
)

START = datetime(2026, 11, 2, 0, 30, tzinfo=UTC)
STEP = timedelta(minutes=15)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Name a clock file in a folder that is not there yet."""
    return tmp_path / "clock" / "file"


def test_the_machines_clock_is_aware_and_in_utc() -> None:
    """The machine's clock is aware and in utc."""
    assert SystemClock().now().utcoffset() == timedelta(0)
    assert isinstance(open_clock(None), SystemClock)


def test_lock_step_stands_until_it_is_moved(path: Path) -> None:
    """Lock step stands until it is moved."""
    writer = ClockFile(path)
    writer.write(now=START, rate=0)
    reader = open_clock(path)
    assert reader.now() == START == reader.now()
    writer.advance(START + STEP)
    assert reader.now() == START + STEP


def test_a_rate_multiplies_the_time_that_passes(path: Path) -> None:
    """A rate multiplies the time that passes."""
    before = wall_now()
    ClockFile(path).write(now=START, rate=3_600)
    shown = FileClock(path).now()
    passed = wall_now() - before
    assert START <= shown <= START + passed * 3_600 + timedelta(microseconds=1)


def test_a_restart_goes_on_where_the_clock_is(path: Path) -> None:
    """A restart goes on where the clock is."""
    first = ClockFile(path)
    first.write(now=START, rate=0)
    first.advance(START + 4 * STEP)
    assert ClockFile(path).start(now=START, rate=0) == START + 4 * STEP
    assert FileClock(path).now() == START + 4 * STEP


def test_a_restart_may_change_the_rate_but_not_the_time(path: Path) -> None:
    """A restart may change the rate but not the time."""
    ClockFile(path).write(now=START, rate=0)
    shown = ClockFile(path).start(now=START - STEP, rate=2.5)
    assert shown == START
    assert FileClock(path).rate == 2.5


def test_time_is_not_turned_back(path: Path) -> None:
    """Time is not turned back."""
    writer = ClockFile(path)
    writer.write(now=START, rate=0)
    with pytest.raises(ClockTurnedBackError):
        writer.advance(START - STEP)
    assert FileClock(path).now() == START


def test_an_offset_is_converted(path: Path) -> None:
    """An offset is converted."""
    local = datetime.fromisoformat("2026-11-02T07:30:00+07:00")
    ClockFile(path).write(now=local, rate=0)
    assert FileClock(path).now() == START


@pytest.mark.parametrize(
    "content", [None, b"", b"no clock at all, but long enough to be mapped"]
)
def test_what_is_no_clock_is_refused(path: Path, content: bytes | None) -> None:
    """What is no clock is refused."""
    path.parent.mkdir()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ClockFileError, match="not the file of a simulated clock"):
        FileClock(path)


def test_a_damaged_clock_says_so(path: Path) -> None:
    """A damaged clock says so."""
    ClockFile(path).write(now=START, rate=0)
    record = bytearray(path.read_bytes())
    record[12] ^= 0xFF
    path.write_bytes(record)
    with pytest.raises(ClockFileError, match="damaged"):
        FileClock(path)


def _advance(path: Path, steps: int) -> None:
    writer = ClockFile(path)
    for step in range(1, steps + 1):
        writer.advance(START + step * STEP)


def test_another_process_moves_it_and_no_reading_is_torn(path: Path) -> None:
    """While one process writes, every reading here is one of the written times, in order."""
    steps = 20_000
    ClockFile(path).write(now=START, rate=0)
    reader = FileClock(path)
    writer = multiprocessing.get_context("spawn").Process(target=_advance, args=(path, steps))
    writer.start()
    seen = [reader.now()]
    while seen[-1] < START + steps * STEP and (writer.is_alive() or writer.exitcode == 0):
        now = reader.now()
        if now != seen[-1]:
            seen.append(now)
    writer.join()
    assert writer.exitcode == 0
    assert seen[-1] == START + steps * STEP
    assert seen == sorted(seen)
    assert all((moment - START) % STEP == timedelta(0) for moment in seen)

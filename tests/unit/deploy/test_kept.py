"""A process that ends is started again, ever more slowly while it keeps ending."""

import sys
import time
from pathlib import Path

from deploy.engines.process import ChildProcess
from deploy.supervisor.kept import PAUSE_S_MAX, STEADY_S, Kept


def kept(folder: Path, code: str) -> Kept:
    """Keep a small program running."""
    process = ChildProcess("small", (sys.executable, "-c", code), folder)
    return Kept(process, process.start)


def ended(one: Kept) -> None:
    """Wait until the program has ended."""
    assert one.process._process is not None  # noqa: SLF001  To wait without asking again and again.
    one.process._process.wait(20)  # noqa: SLF001


def test_the_pause_doubles_while_it_keeps_ending(tmp_path: Path) -> None:
    """Half a second, one, two; it is said each time, with the code."""
    one = kept(tmp_path, "raise SystemExit(7)")
    now, pauses = 0.0, []
    one.begin(now)
    for _ in range(3):
        ended(one)
        said = one.tend(now)
        assert said is not None
        assert "ended with code 7" in said
        pauses.append(float(said.rpartition("in ")[2].removesuffix(" s")))
        assert one.tend(now + pauses[-1] - 0.01) is None, "not before its pause is over"
        now += pauses[-1]
        assert "started again" in str(one.tend(now))
    assert pauses == [0.5, 1.0, 2.0]
    ended(one)
    one.failures = 50
    assert f"in {PAUSE_S_MAX:g} s" in str(one.tend(now))


def test_who_has_run_for_long_starts_from_the_shortest_pause(tmp_path: Path) -> None:
    """A crash after a minute is not a crash at the start."""
    one = kept(tmp_path, "import time; time.sleep(600)")
    one.failures = 6
    one.begin(0.0)
    try:
        assert one.tend(STEADY_S - 1) is None
        assert one.failures == 6
        assert one.tend(STEADY_S) is None
        assert one.failures == 0
    finally:
        one.process.kill()


def test_a_log_keeps_what_every_run_printed(tmp_path: Path) -> None:
    """So that the reason of the first crash is still there after the second."""
    one = kept(tmp_path, "print('said by', 'a run', flush=True)")
    for _ in range(2):
        one.begin(0.0)
        ended(one)

    assert one.process.log.read_text().count("said by a run") == 2
    assert one.process.last_words() == "said by a run / said by a run"


def test_a_long_log_is_set_aside_while_the_program_goes_on(tmp_path: Path) -> None:
    """What was printed is in the other file; what comes begins the first one anew."""
    (tmp_path / "ask").touch()
    one = kept(
        tmp_path,
        "import pathlib, sys, time\n"
        f"folder = pathlib.Path({str(tmp_path)!r})\n"
        "print('x' * 100, flush=True)\n"
        "(folder / 'ask').unlink()\n"
        "while not (folder / 'ask').exists(): time.sleep(0.01)\n"
        "print('after', flush=True)\n",
    )
    one.begin(0.0)
    while (tmp_path / "ask").exists():
        time.sleep(0.01)

    one.process.trim_log(bytes_max=1_000)
    assert not one.process.log.with_suffix(".log.1").exists(), "it is short enough"
    one.process.trim_log(bytes_max=50)
    (tmp_path / "ask").touch()
    ended(one)

    assert one.process.log.with_suffix(".log.1").read_text() == "x" * 100 + "\n"
    assert one.process.log.read_text() == "after\n"

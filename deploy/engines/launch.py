"""Become another program, one that stops when the process that started it stops.

Run as a script, on its own: `python launch.py PARENT_PID PROGRAM ARGUMENT…`. On Linux the
kernel itself delivers the signal, so that not even a `kill -9` of the parent leaves the
program behind; it stays set over exec. Elsewhere the file of process ids does (process.py).
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # From linux/prctl.h.


def main(parent: int, command: list[str]) -> None:
    """Tie this process to `parent` and replace it by `command`."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
            sys.exit("the kernel refused to tie the program to its parent")
    if os.getppid() != parent:  # It stopped before we were tied to it.
        sys.exit("the process that started this one is gone")
    os.execv(command[0], command)  # noqa: S606  No shell is meant.


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])

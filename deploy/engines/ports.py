"""Ports of this machine: pick free ones, and say clearly when one is taken."""

import socket
import time
from collections.abc import Collection
from random import SystemRandom
from typing import Final

from deploy.engines.errors import EngineError, PortTakenError

HOST: Final = "127.0.0.1"
FIRST_PORT: Final = 20_000  # Below the range from which systems number outgoing connections,
LAST_PORT: Final = 32_000  # so that none of those takes a port which we have picked.
TRIES_MAX: Final = 200
RELEASE_S_MAX: Final = 3.0
"""How long a program that was killed may take to let go of its port; ours is waited for."""

POLL_S: Final = 0.05


def is_free(port: int, host: str = HOST) -> bool:
    """Return whether a server can listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def pick(taken: Collection[int] = (), *, row: int = 1) -> int:
    """Return the first of `row` ports in a row that are free now and none of `taken`.

    Raises:
        EngineError: there are hardly any.
    """
    generator = SystemRandom()
    for _ in range(TRIES_MAX):
        first = generator.randint(FIRST_PORT, LAST_PORT - row + 1)
        wanted = range(first, first + row)
        if not any(port in taken for port in wanted) and all(map(is_free, wanted)):
            return first
    which = "no free port was" if row == 1 else f"no {row} free ports in a row were"
    raise EngineError(f"{which} found between {FIRST_PORT} and {LAST_PORT}")


def insist(port: int, purpose: str, remedy: str, wait_s: float = RELEASE_S_MAX) -> None:
    """Return once the port is free; what holds it may be ours of a moment ago, and dying.

    Raises:
        PortTakenError: it is not within `wait_s` seconds; the sentence says whose it was to
            be, and what to do.
    """
    until = time.monotonic() + wait_s
    while not is_free(port):
        if time.monotonic() > until:
            raise PortTakenError(
                f"port {port}, which {purpose} was to have, is taken by another program: "
                f"{remedy}"
            )
        time.sleep(POLL_S)

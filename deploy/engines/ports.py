"""Ports of this machine: pick free ones, and say clearly when one is taken."""

import socket
from collections.abc import Collection
from random import SystemRandom
from typing import Final

from deploy.engines.errors import EngineError, PortTakenError

HOST: Final = "127.0.0.1"
FIRST_PORT: Final = 20_000  # Below the range from which systems number outgoing connections,
LAST_PORT: Final = 32_000  # so that none of those takes a port which we have picked.
TRIES_MAX: Final = 200


def is_free(port: int, host: str = HOST) -> bool:
    """Return whether a server can listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def pick(taken: Collection[int] = ()) -> int:
    """Return a port that is free now and is none of `taken`."""
    generator = SystemRandom()
    for _ in range(TRIES_MAX):
        port = generator.randint(FIRST_PORT, LAST_PORT)
        if port not in taken and is_free(port):
            return port
    raise EngineError(f"no free port was found between {FIRST_PORT} and {LAST_PORT}")


def insist(port: int, purpose: str, remedy: str) -> None:
    """Return when the port is free.

    Raises:
        PortTakenError: it is not; the sentence says whose it was to be, and what to do.
    """
    if not is_free(port):
        raise PortTakenError(
            f"port {port}, which {purpose} was to have, is taken by another program: {remedy}"
        )

"""Ask an engine, in the fewest bytes, whether it answers.

`deploy` starts engines but knows no client library, so each question is written out here: it
is asked before any client of ours connects, and it says no more than yes or no.
"""

import socket
import struct
from typing import Final

TIMEOUT_S: Final = 2.0
ANSWER_BYTES_MAX: Final = 1024 * 1024

KAFKA_METADATA_V1: Final = struct.pack(">hhih", 3, 1, 1, -1) + struct.pack(">i", 0)
"""Metadata, version 1, correlation 1, no client id, about no topic: which brokers live?"""

_BSON_HELLO: Final = b"\x10hello\x00\x01\x00\x00\x00" + b"\x02$db\x00\x06\x00\x00\x00admin\x00"
_BSON: Final = struct.pack("<i", len(_BSON_HELLO) + 5) + _BSON_HELLO + b"\x00"
MONGO_HELLO: Final = struct.pack("<iiiI", 1, 0, 2013, 0) + b"\x00" + _BSON
"""OP_MSG with `{hello: 1, $db: "admin"}`, without its length."""


def kafka_answers(host: str, port: int) -> bool:
    """Return whether a broker there serves requests and counts itself as alive."""
    try:
        with socket.create_connection((host, port), TIMEOUT_S) as connection:
            connection.sendall(struct.pack(">i", len(KAFKA_METADATA_V1)) + KAFKA_METADATA_V1)
            (length,) = struct.unpack(">i", _exactly(connection, 4))
            answer = _exactly(connection, length)
        _correlation, brokers = struct.unpack_from(">ii", answer)
    except (OSError, struct.error):
        return False
    return bool(brokers >= 1)


def store_answers(host: str, port: int) -> bool:
    """Return whether a MongoDB-compatible server there answers a hello."""
    try:
        with socket.create_connection((host, port), TIMEOUT_S) as connection:
            connection.sendall(struct.pack("<i", len(MONGO_HELLO) + 4) + MONGO_HELLO)
            (length,) = struct.unpack("<i", _exactly(connection, 4))
            answer = _exactly(connection, length - 4)
    except (OSError, struct.error):
        return False
    return b"isWritablePrimary\x00\x01" in answer


def _exactly(connection: socket.socket, count: int) -> bytes:
    if not 0 <= count <= ANSWER_BYTES_MAX:
        raise OSError("this is not the engine that was asked")
    received = b""
    while len(received) < count:
        part = connection.recv(count - len(received))
        if not part:
            raise OSError("the connection ended in the middle of an answer")
        received += part
    return received

"""Whoever listens at an engine's port is taken for the engine only if it answers as one."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from deploy.engines.ports import HOST
from deploy.engines.probe import ANSWER_BYTES_MAX, kafka_answers, store_answers

QUESTION_BYTES_MAX = 1024
HELLO = b"\x08isWritablePrimary\x00\x01"


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """Answer one question at a port, whatever it is, and hang up."""
    with socket.create_server((HOST, 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(QUESTION_BYTES_MAX)
                connection.sendall(answer)

        serving = threading.Thread(target=serve)
        serving.start()
        yield server.getsockname()[1]
        serving.join()


@pytest.mark.parametrize(
    ("answer", "answers"),
    [
        (struct.pack(">iii", 8, 1, 1), True),
        (struct.pack(">iii", 8, 1, 0), False),
        (struct.pack(">ii", 4, 1), False),
        (struct.pack(">iii", 9, 1, 1), False),
        (struct.pack(">i", ANSWER_BYTES_MAX + 1), False),
        (struct.pack(">i", -1), False),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", False),
        (b"", False),
    ],
)
def test_a_broker_answers_with_at_least_itself(*, answer: bytes, answers: bool) -> None:
    """Neither a broker without a cluster nor another program counts."""
    with answering(answer) as port:
        assert kafka_answers(HOST, port) is answers


@pytest.mark.parametrize(
    ("answer", "answers"),
    [
        (struct.pack("<i", len(HELLO) + 4) + HELLO, True),
        (struct.pack("<i", 8) + b"no\x00\x00", False),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", False),
        (b"", False),
    ],
)
def test_a_store_answers_that_it_can_be_written(*, answer: bytes, answers: bool) -> None:
    """Another program does not count."""
    with answering(answer) as port:
        assert store_answers(HOST, port) is answers


def test_nobody_answers_at_a_port_that_is_free() -> None:
    """Refused is an answer too: no."""
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
    assert not kafka_answers(HOST, port)
    assert not store_answers(HOST, port)

"""What the recovery tier runs on: one installation for all tests that take data from it.

A test of one part uses `kafka_bootstrap`, `mongo_url` and `unique` of `tests/conftest.py`, with
topics, groups and databases of its own: that is one more broker and store for the whole tier.
"""

from collections.abc import Iterator

import pytest

from tests.simulation.recovery.running import Running


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Start four services, a broker and a store, once; they stop with the tier."""
    started = Running.start(tmp_path_factory.mktemp("recovery") / "data")
    try:
        yield started
    finally:
        started.stop()


@pytest.fixture
def running(installation: Running) -> Running:
    """The same, with every process alive and ready, whatever an earlier test did to it.

    Subjects are the test's own: a dossier code that no other test of the tier uses.
    """
    installation.restore()
    return installation

"""The engines that connected tests run on: real ones, started once per test session."""

import asyncio
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from deploy.engines.embedded import EmbeddedEngines
from deploy.topics import PUBLISHERS, provision, wanted
from shared.events.topics import GROUPS, replay

DEMO_PUBLISHERS = (*PUBLISHERS, "demo", "kiosk")


@pytest.fixture(scope="session")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedEngines]:
    """A broker with all topics, and a store; both stop with the session.

    A test that kills or stops an engine starts its own, with `EmbeddedEngines.at(tmp_path)`.
    """
    with EmbeddedEngines.at(tmp_path_factory.mktemp("engines")) as started:
        topics = [*wanted(DEMO_PUBLISHERS), *map(replay, GROUPS)]
        # In a thread: an asynchronous fixture may ask for the engines within a running loop.
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, provision([started.kafka.bootstrap], topics)).result()
        yield started


@pytest.fixture(scope="session")
def kafka_bootstrap(engines: EmbeddedEngines) -> str:
    """The address of a broker that has every topic of ours."""
    return engines.kafka.bootstrap


@pytest.fixture(scope="session")
def mongo_url(engines: EmbeddedEngines) -> str:
    """The address of a store; each test takes a database name of its own."""
    return engines.store.url


@pytest.fixture
def unique() -> str:
    """A name that no other test has: for groups, databases, subjects, topics."""
    return f"t{secrets.token_hex(6)}"

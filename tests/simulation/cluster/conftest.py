"""Three brokers for the whole tier; each test finds all of them alive and in step."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.kafka.admin import TopicAdmin
from tests.simulation.cluster.brokers import Brokers, three_brokers


@pytest.fixture(scope="session")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brokers]:
    """Start them once: three Java machines are much for two processors."""
    with three_brokers(tmp_path_factory.mktemp("cluster")) as started:
        yield started


@pytest.fixture
def brokers(three: Brokers) -> Brokers:
    """Bring back whom an earlier test killed."""
    three.restore()
    with ThreadPoolExecutor(1) as pool:  # A test's loop may run in this thread.
        pool.submit(asyncio.run, three.until_in_step()).result()
    return three


@pytest.fixture
def empty(brokers: Brokers) -> Iterator[Brokers]:
    """Three brokers without a topic of ours, before the test and after it."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, _delete_ours(brokers)).result()
        yield brokers
        pool.submit(asyncio.run, _delete_ours(brokers)).result()


async def _delete_ours(brokers: Brokers) -> None:
    async with TopicAdmin(brokers.bootstrap) as admin:
        while ours := [name for name in await admin.names() if name.startswith("motcua.")]:
            await admin.delete(ours)

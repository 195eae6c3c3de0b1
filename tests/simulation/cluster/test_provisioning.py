"""Topics on three brokers: refused while one is away, compared, and raised afterwards."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from deploy.cli.main import run
from deploy.durability import Durability, NotDurableError
from deploy.errors import SettingError
from deploy.topics import check, plan_reassignment, provision
from shared.events.topics import Topic
from shared.kafka.admin import TopicAdmin
from tests.simulation.cluster.brokers import WANTED, Brokers

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

ROOT: Final = Path(__file__).resolve().parents[3]
TWO: Final = Durability.of(2)


def topic(name: str) -> Topic:
    """Return a topic that no contract declares."""
    return Topic(
        name=name,
        says="A test's own.",
        key="none",
        writer="a test",
        readers=(),
        partitions=3,
        retention_ms=3_600_000,
    )


async def names(brokers: Brokers) -> frozenset[str]:
    """Return the topics that are there."""
    async with TopicAdmin(brokers.bootstrap) as admin:
        return await admin.names()


@pytest.mark.asyncio
async def test_nothing_is_created_while_a_broker_is_away(brokers: Brokers, unique: str) -> None:
    """Three are wanted and two answer; with all of them each has its three replicas."""
    asked = [topic(f"{unique}.a")]
    brokers.kill(3)
    await brokers.until_known({1, 2})

    with pytest.raises(NotDurableError, match=r"2 answer \(1, 2\): start the others"):
        await provision(brokers.bootstrap, asked, durability=WANTED)
    with pytest.raises(SettingError, match="state it with --replication"):
        await provision(brokers.bootstrap, asked, durability=None)
    with pytest.raises(NotDurableError, match="replication 1 is for one broker alone"):
        await provision(brokers.bootstrap, asked)
    assert asked[0].name not in await names(brokers)

    brokers.bring_back(3)
    await brokers.until_known({1, 2, 3})
    await provision(brokers.bootstrap, asked, durability=WANTED)
    await brokers.until_in_step()
    assert (await check(brokers.bootstrap, asked)).durability == WANTED
    assert all(len(one.replicas) == 3 for one in await brokers.replicas(asked[0].name))


@pytest.mark.asyncio
async def test_a_broker_that_is_away_is_named_and_stops_no_start(
    brokers: Brokers, unique: str
) -> None:
    """What is there is kept, as a start needs it; the check says who is not in step."""
    asked = [topic(f"{unique}.a")]
    await provision(brokers.bootstrap, asked, durability=WANTED)
    brokers.kill(2)
    await brokers.until_known({1, 3})

    done = await provision(brokers.bootstrap, asked, durability=WANTED)
    assert done.created == ()
    assert "not in step on broker 2" in (done.lacks or "")
    with pytest.raises(NotDurableError, match="3 of 3 partitions are not in step on broker 2"):
        await check(brokers.bootstrap, asked)


@pytest.mark.asyncio
async def test_topics_made_with_fewer_replicas_are_found_and_raised(
    brokers: Brokers, unique: str
) -> None:
    """The specimen: made while one of three was away, unnoticed when it was back."""
    asked = [topic(f"{unique}.a"), topic(f"{unique}.b")]
    brokers.kill(1)
    await brokers.until_known({2, 3})
    await provision(brokers.bootstrap, asked, durability=TWO)
    brokers.bring_back(1)
    await brokers.until_in_step()

    for stated in (None, WANTED):
        with pytest.raises(NotDurableError) as refused:
            await check(brokers.bootstrap, asked, durability=stated)
        both = f"{unique}.a, {unique}.b: "
        assert f"{both}replication is 2 instead of 3" in str(refused.value)
        assert f"{both}min.insync.replicas is 1 instead of 2" in str(refused.value)
        assert "deploy/runbook/adding-a-broker.md" in str(refused.value)
    assert (await check(brokers.bootstrap, asked, durability=TWO)).durability == TWO

    plan = await plan_reassignment(brokers.bootstrap, asked, 3)
    _carry_out(brokers, json.dumps(plan), [f"{one.name}=2" for one in asked])
    await brokers.until_in_step()
    assert (await check(brokers.bootstrap, asked, durability=WANTED)).durability == WANTED


def _carry_out(brokers: Brokers, plan: str, least: Sequence[str]) -> None:
    """Do what kafka-reassign-partitions and kafka-configs do, by Java's own client."""
    module = "tests.simulation.cluster.reassign"
    done = subprocess.run(
        [sys.executable, "-m", module, ",".join(brokers.bootstrap), *least],
        input=plan,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.asyncio
async def test_the_admin_client_asks_another_broker(brokers: Brokers, unique: str) -> None:
    """A connection that was open to the broker that died costs no command its answer."""
    async with TopicAdmin(brokers.bootstrap) as admin:
        before = await admin.names()
        brokers.kill(1)
        for _ in range(6):  # Each asks a broker of its own choice.
            assert await admin.names() == before
            assert await admin.describe([f"{unique}.none"]) == {}
        assert await admin.brokers() >= {2, 3}


def test_the_command_line_states_it(
    empty: Brokers,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Refused without a number, made with it, remembered by the topics, checked, planned."""
    monkeypatch.setenv("MOTCUA_KAFKA_BOOTSTRAP", ",".join(empty.bootstrap))
    monkeypatch.setenv("MOTCUA_MONGO_URL", "mongodb://127.0.0.1:9")
    where = ["--data", str(tmp_path)]

    assert run(["topics", "provision", *where]) == 2
    assert "state it with --replication" in capsys.readouterr().err
    assert run(["topics", "provision", *where, "--replication", "3"]) == 0
    assert "topics created" in capsys.readouterr().out
    assert run(["topics", "add-publisher", "kiosk", *where]) == 0
    assert run(["topics", "add-publisher", "portal", *where, "--replication", "2"]) == 0
    capsys.readouterr()
    assert run(["topics", "check", *where]) == 1
    said = capsys.readouterr().err
    assert "motcua.inbound.portal.v1, motcua.rejected.portal.v1: replication is 2" in said
    assert "kiosk" not in said
    assert run(["topics", "reassignment", *where, "--replication", "3"]) == 0
    _carry_out(
        empty,
        capsys.readouterr().out,
        ["motcua.inbound.portal.v1=2", "motcua.rejected.portal.v1=2"],
    )
    assert run(["topics", "check", *where, "--replication", "3"]) == 0
    assert "kept by 3 and acknowledged by 2" in capsys.readouterr().out

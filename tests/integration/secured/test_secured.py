"""On a cluster with TLS, passwords and rights everything works, and nobody may do more."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError

from deploy.acls import OPERATOR, user_of_publisher, user_of_service
from deploy.engines.embedded import start_engines, store_at
from deploy.engines.ports import HOST, pick
from deploy.engines.process import ChildProcess
from deploy.installation import SERVICES, local_key_file
from deploy.reference.send import send_reference
from deploy.supervisor.asking import readiness
from deploy.supervisor.first_start import prepare_secrets
from deploy.topics import PUBLISHERS, provision, wanted
from shared.events.topics import CONTACTS, DOSSIERS, NOTICES, OBLIGATIONS, inbound
from shared.kafka.admin import TopicAdmin
from shared.kafka.cluster import Cluster
from shared.kafka.publisher import KafkaPublisher
from shared.kafka.whole import read_to_end
from shared.ops.settings import KafkaSettings
from shared.subjects.document import Outgoing
from shared.subjects.refused import Scope
from tests.fakes.intake import event
from tests.integration.secured.broker import PUBLISHER, SecuredBroker, secured_broker

pytestmark = [pytest.mark.connected, pytest.mark.timeout(400)]

READY_S = 90.0
ARRIVES_S = 60.0
LATE_WAIT_S = 2
LONG_AGO = "2026-11-02T08:00:00+07:00"


@dataclass(frozen=True, slots=True)
class Province:
    """The four services on a secured broker, and where they listen."""

    broker: SecuredBroker
    data: Path
    urls: dict[str, str]


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    """Start broker, store, topics and services, each of them under its own name."""
    data = tmp_path_factory.mktemp("secured")
    with ExitStack() as stack:
        broker = stack.enter_context(secured_broker(data / "kafka"))
        store = store_at(data / "engines")
        stack.callback(store.stop)
        start_engines([store])
        prepare_secrets(data)
        with ThreadPoolExecutor(1) as pool:
            topics = wanted((*PUBLISHERS, PUBLISHER))
            pool.submit(asyncio.run, provision(cluster(broker, OPERATOR), topics)).result()
        urls = {}
        for name in SERVICES:
            port = pick()
            urls[name] = f"http://{HOST}:{port}"
            process = ChildProcess(
                name,
                (sys.executable, "-m", f"services.{name}.main"),
                data / "logs",
                {
                    **{k: v for k, v in os.environ.items() if not k.startswith("MOTCUA_")},
                    **broker.environ(user_of_service(name)),
                    "MOTCUA_MONGO_URL": store.url,
                    "MOTCUA_HTTP_PORT": str(port),
                    "MOTCUA_KEYS_FILE": str(data / "keys.json"),
                    "MOTCUA_SECRET_FILE": str(data / "secret"),
                    "MOTCUA_LATE_WAIT_S": str(LATE_WAIT_S),
                },
            )
            process.start()
            stack.callback(process.stop, 20)
        key = local_key_file(data, "publisher-province").read_text(encoding="utf-8").strip()
        send_reference(urls["intake"], key)
        until = time.monotonic() + READY_S
        while missing := {
            n: readiness(u).missing for n, u in urls.items() if not readiness(u).ready
        }:
            assert time.monotonic() < until, missing
            time.sleep(0.5)
        yield Province(broker, data, urls)


def cluster(broker: SecuredBroker, user: str, password: str | None = None) -> Cluster:
    """Return the cluster as a user sees it."""
    return Cluster.of(
        KafkaSettings(
            kafka_bootstrap=(broker.bootstrap,),
            kafka_security_protocol="SASL_SSL",
            kafka_ca_file=broker.ca_file,
            kafka_user=user,
            kafka_password=password
            or broker.passwords[user].read_text(encoding="ascii").strip(),
        )
    )


async def publish(where: Cluster, topic: str, value: bytes) -> None:
    """Publish a record by a plain client of somebody else's."""
    producer = AIOKafkaProducer(**where.options(), request_timeout_ms=5_000)
    try:
        await producer.start()
        await producer.send_and_wait(topic, value, key=b"any")
    finally:
        await producer.stop()


@pytest.mark.asyncio
async def test_an_event_passes_through_all_services(province: Province) -> None:
    """From a publisher's own topic to a deadline, a notice's plan, and the figures.

    The dossier is overdue whenever this runs, so a supervisor's alert is planned at once.
    """
    code = "H37.999-261123-000001"
    document = event("dossier.accepted", code, publisher=PUBLISHER, time=LONG_AGO)
    kiosk = cluster(province.broker, user_of_publisher(PUBLISHER))

    await publish(kiosk, inbound(PUBLISHER).name, json.dumps(document).encode())

    reporting = cluster(province.broker, user_of_service("reporting"))
    for topic in (DOSSIERS, OBLIGATIONS, NOTICES):
        await _arrives(reporting, topic.name, code)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("user", "topic"),
    [
        (user_of_publisher(PUBLISHER), inbound("counter").name),
        (user_of_publisher(PUBLISHER), DOSSIERS.name),
        (user_of_service("workflow"), DOSSIERS.name),
        (user_of_service("reporting"), OBLIGATIONS.name),
        (user_of_service("intake"), OBLIGATIONS.name),
    ],
)
async def test_nobody_writes_where_another_does(
    province: Province, user: str, topic: str
) -> None:
    """The broker refuses: a topic's writer is its identity."""
    with pytest.raises(TopicAuthorizationFailedError):
        await publish(cluster(province.broker, user), topic, b"{}")


@pytest.mark.asyncio
@pytest.mark.parametrize("topic", [DOSSIERS.name, CONTACTS.name])
async def test_a_topic_that_is_not_ours_is_refused_and_the_other_one_takes(
    province: Province, topic: str
) -> None:
    """The one we may read but not write, and the one that we may not even know of."""
    ours = inbound("workflow").name
    publisher = KafkaPublisher(
        cluster(province.broker, user_of_service("workflow")), client_id="test"
    )
    taken: list[str] = []
    publisher.on_acknowledged = lambda named, _partition, _offset: taken.append(named)
    outgoing = [Outgoing(name, name, "any", {"id": "no event"}) for name in (topic, ours)]

    for _ in range(2):
        (refused,) = await publisher.publish(outgoing)
        assert (refused.outgoing.topic, refused.scope) == (topic, Scope.TOPIC)
        assert refused.error == "TopicAuthorizationFailedError"
        assert "give its user the right" in refused.sentence
    assert taken == [ours] * 2
    await publisher.stop()


@pytest.mark.asyncio
async def test_contacts_are_read_by_notifications_alone(province: Province) -> None:
    """Personal data: another service's user does not even see that there is such a topic."""
    told = await read_to_end(
        cluster(province.broker, user_of_service("notifications")), CONTACTS.name
    )
    assert told == []
    for name in ("workflow", "reporting"):
        async with TopicAdmin(cluster(province.broker, user_of_service(name))) as admin:
            seen = await admin.names()
        assert DOSSIERS.name in seen
        assert CONTACTS.name not in seen


@pytest.mark.asyncio
async def test_a_wrong_password_does_not_get_in(province: Province) -> None:
    """The name alone is worth nothing."""
    wrong = cluster(province.broker, user_of_service("workflow"), password="guessed")

    with pytest.raises(KafkaError):
        await publish(wrong, OBLIGATIONS.name, b"{}")


async def _arrives(where: Cluster, topic: str, code: str) -> None:
    async with asyncio.timeout(ARRIVES_S):
        while True:
            for record in await read_to_end(where, topic):
                value: Any = json.loads(record.value or b"{}")
                if code in json.dumps(value):
                    return
            await asyncio.sleep(0.5)

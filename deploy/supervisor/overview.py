"""How an installation is, in one value: what `motcua status` prints."""

import asyncio
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from deploy.engines import probe
from deploy.installation import Installation, NoInstallationError, holder_of
from deploy.supervisor.asking import readiness, status
from shared.kafka.admin import TopicAdmin
from shared.kafka.cluster import Cluster
from shared.subjects.errors import UnavailableError

KAFKA_PORT = 9092
MONGO_PORT = 27_017


def overview(installation: Installation) -> dict[str, Any]:
    """Ask every part how it is."""
    state = installation.state
    try:
        key = installation.operator_key
    except NoInstallationError:
        key = ""
    return {
        "data": str(installation.data),
        "running": installation.running or state.phase == "elsewhere",
        "phase": state.phase,
        "pid": holder_of(installation.data),
        "engines": {"kafka": _kafka(installation), "store": _store(installation)},
        "services": {
            name: _service(installation, name, url, key) for name, url in state.services.items()
        },
    }


def healthy(said: dict[str, Any]) -> bool:
    """Return whether everything runs, answers and is ready."""
    return bool(
        said["running"]
        and all(engine["answers"] for engine in said["engines"].values())
        and all(service["ready"] for service in said["services"].values())
    )


def lines(said: dict[str, Any]) -> Iterator[str]:
    """Render the overview for a terminal."""
    yield f"{said['data']}: {said['phase'] if said['running'] else 'not running'}"
    for name, engine in said["engines"].items():
        how = "answers" if engine["answers"] else "DOES NOT ANSWER"
        own = f", process {engine['pid']}, {engine['version']}" if engine["embedded"] else ""
        yield f"  {name:<14}{engine['address']}  {how}{own}"
    for name, service in said["services"].items():
        yield f"  {name:<14}{service['url']}  {_how(service)}"


def _how(service: dict[str, Any]) -> str:
    if not service["ready"]:
        missing = "; ".join(f"{part}: {why}" for part, why in service["missing"].items())
        return f"NOT READY ({missing})"
    waiting = sum(service["lag"].values()) if service["lag"] is not None else "?"
    parked = "?" if service["parked"] is None else service["parked"]
    return f"ready, {waiting} events waiting, {parked} parked"


def _service(installation: Installation, name: str, url: str, key: str) -> dict[str, Any]:
    ready = readiness(url)
    account = (status(url, key) if key and ready.ready else None) or {}
    return {
        "url": url,
        "pid": installation.state.pids.get(name),
        "ready": ready.ready,
        "missing": ready.missing,
        "lag": account.get("lag"),
        "outbox": account.get("outbox"),
        "parked": account.get("parked"),
        "now": account.get("now"),
    }


def _kafka(installation: Installation) -> dict[str, Any]:
    addresses = installation.kafka_bootstrap
    if "kafka" in installation.state.versions:
        answers = any(probe.kafka_answers(*_host_and_port(one)) for one in addresses)
    else:
        answers = asyncio.run(_cluster_answers(installation.kafka))
    return {
        **_engine(installation, "kafka"),
        "address": ",".join(addresses),
        "answers": answers,
    }


async def _cluster_answers(cluster: Cluster) -> bool:
    """Ask as the services do: a cluster may want to know who asks."""
    try:
        async with TopicAdmin(cluster) as admin:
            await admin.names()
    except UnavailableError:
        return False
    return True


def _store(installation: Installation) -> dict[str, Any]:
    parts = urlsplit(installation.mongo_url)
    hosts = parts.netloc.rpartition("@")[2]  # Never the password.
    answers = parts.scheme.endswith("+srv") or any(
        probe.store_answers(*_host_and_port(one, MONGO_PORT)) for one in hosts.split(",")
    )
    address = f"{parts.scheme}://{hosts}"
    return {**_engine(installation, "store"), "address": address, "answers": answers}


def _engine(installation: Installation, name: str) -> dict[str, Any]:
    state = installation.state
    return {
        "embedded": name in state.versions,
        "pid": state.pids.get(name),
        "version": state.versions.get(name),
    }


def _host_and_port(address: str, port: int = KAFKA_PORT) -> tuple[str, int]:
    host, colon, number = address.rpartition(":")
    return (host.strip("[]"), int(number)) if colon else (address, port)

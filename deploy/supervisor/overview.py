"""How an installation is, in one value: what `motcua status` prints."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from deploy.engines import probe
from deploy.installation import AUDITOR, Installation, NoInstallationError, holder_of
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
        "auditor": None if state.auditor is None else _auditor(installation, state.auditor),
    }


def healthy(said: dict[str, Any]) -> bool:
    """Return whether everything runs, answers and is ready, and nothing works only in part."""
    return bool(
        said["running"]
        and all(engine["answers"] for engine in said["engines"].values())
        and all(
            service["ready"] and not service["impaired"]
            for service in said["services"].values()
        )
        and (said["auditor"] is None or said["auditor"]["ready"])
    )


def lines(said: dict[str, Any]) -> Iterator[str]:
    """Render the overview for a terminal."""
    yield f"{said['data']}: {said['phase'] if said['running'] else 'not running'}"
    for name, engine in said["engines"].items():
        how = "answers" if engine["answers"] else "DOES NOT ANSWER"
        own = f", process {engine['pid']}, {engine['version']}" if engine["embedded"] else ""
        yield f"  {name:<14}{engine['address']}  {how}{own}{_size(engine)}"
    for name, service in said["services"].items():
        yield f"  {name:<14}{service['url']}  {_how(service)}{_size(service)}"
        for part, what in service["impaired"].items():
            yield f"  {'':<14}IMPAIRED ({part}: {what})"
    if (auditor := said["auditor"]) is not None:
        yield f"  {AUDITOR:<14}{auditor['url']}  {_audited(auditor)}{_size(auditor)}"


def _how(service: dict[str, Any]) -> str:
    if not service["ready"]:
        missing = "; ".join(f"{part}: {why}" for part, why in service["missing"].items())
        return f"NOT READY ({missing})"
    waiting = sum(service["lag"].values()) if service["lag"] is not None else "?"
    parked = "?" if service["parked"] is None else service["parked"]
    return f"ready, {waiting} events waiting, {parked} parked"


def _audited(auditor: dict[str, Any]) -> str:
    if not auditor["ready"]:
        missing = "; ".join(f"{part}: {why}" for part, why in auditor["missing"].items())
        return f"NOT READY ({missing})"
    last = auditor["last"]
    if last is None:
        return "ready, the first audit is under way"
    wrong = last["missing"] + last["unexpected"]
    gap = f"{wrong} DIFFERENCES, see `motcua audit`" if wrong else "0 differences"
    return f"ready, {last['expected']} rungs recounted up to {last['upto']}, {gap}"


def _size(process: dict[str, Any]) -> str:
    return "" if process["mib"] is None else f", {process['mib']} MiB"


def _mib(pid: int | None) -> int | None:
    """Return the memory that a process of this machine holds now; None when nobody can say."""
    try:
        fields = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
        return next(int(one.split()[1]) // 1024 for one in fields if one.startswith("VmRSS:"))
    except (OSError, StopIteration):
        return None


def _auditor(installation: Installation, url: str) -> dict[str, Any]:
    ready = readiness(url)
    pid = installation.state.pids.get(AUDITOR)
    return {
        "url": url,
        "pid": pid,
        "mib": _mib(pid),
        "ready": ready.ready,
        "missing": ready.missing,
        "last": ((status(url) if ready.ready else None) or {}).get("last"),
    }


def _service(installation: Installation, name: str, url: str, key: str) -> dict[str, Any]:
    ready = readiness(url)
    account = (status(url, key) if key and ready.ready else None) or {}
    pid = installation.state.pids.get(name)
    return {
        "url": url,
        "pid": pid,
        "mib": _mib(pid),
        "ready": ready.ready,
        "missing": ready.missing,
        "impaired": ready.impaired,
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
    pid = state.pids.get(name)
    return {
        "embedded": name in state.versions,
        "pid": pid,
        "mib": _mib(pid),
        "version": state.versions.get(name),
    }


def _host_and_port(address: str, port: int = KAFKA_PORT) -> tuple[str, int]:
    host, colon, number = address.rpartition(":")
    return (host.strip("[]"), int(number)) if colon else (address, port)

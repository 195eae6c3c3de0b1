"""What `motcua up` is to start: decided from folder and environment before anything runs."""

import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from deploy.durability import Durability, stated_in
from deploy.engines import waiting
from deploy.errors import SettingError
from deploy.installation import (
    AUDITOR,
    HOST,
    HTTP_PORT_BASE,
    SERVICES,
    SUPERVISED,
    read_state,
)
from deploy.settings_file import settings_of
from shared.ops.settings import (
    COMMAND_LINE_ONLY,
    PREFIX,
    KafkaSettings,
    ServiceSettings,
    variables_of,
)

OWN: Final = frozenset(
    {"MOTCUA_CACHE_DIR", "MOTCUA_MAVEN_URL", "MOTCUA_HTTP_PORT_BASE", waiting.SETTING}
)
#: Differ from service to service, so `motcua up` gives each its own.
GIVEN_BY_US: Final = {
    "MOTCUA_HTTP_PORT": "--http-port-base",
    "MOTCUA_MONGO_DATABASE": "a cluster for each installation",
}
#: Where a service finds the pages of another, for its links.
PAGES: Final = {"MOTCUA_DESK_URL": "workflow", "MOTCUA_FIGURES_URL": "reporting"}
#: How often the auditor recounts, in wall time.
AUDITS: Final = ("--every", "15m")
LAST_PORT: Final = 65_535


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """One service, or the auditor, as a child process."""

    name: str
    command: tuple[str, ...]
    environ: Mapping[str, str]
    port: int
    url: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that differs between two installations.

    Attributes:
        settings: Our variables of the environment; kept in the folder for backups.
        durability: How new topics are kept, where the environment states it.
    """

    data: Path
    services: tuple[ServiceSpec, ...]
    kafka_bootstrap: tuple[str, ...] | None = None  # None: the embedded one.
    mongo_url: str | None = None  # None: the embedded one.
    clock_file: Path | None = None
    load_reference: bool = True
    auditor: ServiceSpec | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    durability: Durability | None = None
    start_wait_s: float = waiting.START_WAIT_S  # For each step of the start.

    @property
    def processes(self) -> tuple[ServiceSpec, ...]:
        """The services, and the auditor of what they do."""
        return self.services if self.auditor is None else (*self.services, self.auditor)


def plan_for(
    data: Path,
    port_base: int | None = None,
    environ: Mapping[str, str] = os.environ,
    *,
    audits: Sequence[str] = AUDITS,
) -> Plan:
    """Decide what to start in a folder.

    Args:
        data: The folder.
        port_base: The first of five ports; None: as last time in this folder, or the usual.
        environ: The settings.
        audits: How the auditor is to go about it, as options of `motcua audit`.

    Raises:
        SettingError: a variable is none of ours, or its value makes no sense.
    """
    known = {name: variables_of(settings_class(name)) for name in SERVICES}
    _refuse_unknown(environ, frozenset().union(*known.values()))
    base = _port_base(data, port_base, environ)
    bootstrap = environ.get("MOTCUA_KAFKA_BOOTSTRAP", "")
    brokers = tuple(part.strip() for part in bootstrap.split(",") if part.strip())
    services = tuple(_service(data, name, base, known[name], environ) for name in SERVICES)
    clock = environ.get("MOTCUA_CLOCK_FILE")
    return Plan(
        data=data,
        services=services,
        kafka_bootstrap=brokers or None,
        mongo_url=_mongo_url(environ),
        clock_file=None if clock is None else Path(clock),
        auditor=_auditor(data, base, environ, audits),
        settings=settings_of(environ),
        durability=stated_in(environ),
        start_wait_s=waiting.start_wait_s(environ),
    )


def _auditor(
    data: Path, base: int, environ: Mapping[str, str], audits: Sequence[str]
) -> ServiceSpec:
    """Plan `motcua audit --every`, which finds engines and clock in the folder's state."""
    port = base + SUPERVISED.index(AUDITOR)
    known = variables_of(KafkaSettings)
    environment = {
        key: value
        for key, value in environ.items()
        if not key.startswith(PREFIX) or key in known
    }
    command = (sys.executable, "-m", "deploy.cli.main", "audit", *audits)
    command += ("--host", HOST, "--port", str(port), "--data", str(data))
    return ServiceSpec(AUDITOR, command, environment, port, f"http://{HOST}:{port}")


def _service(
    data: Path, name: str, base: int, known: frozenset[str], environ: Mapping[str, str]
) -> ServiceSpec:
    port = base + SERVICES.index(name)
    pages = {
        variable: f"http://{HOST}:{base + SERVICES.index(service)}"
        for variable, service in PAGES.items()
    }
    url = f"http://{HOST}:{port}"
    ours = {
        "MOTCUA_KEYS_FILE": str(data / "keys.json"),
        "MOTCUA_SECRET_FILE": str(data / "secret"),
        "MOTCUA_PUBLIC_URL": url,
        **{key: value for key, value in pages.items() if key in known},
    }
    outside = {key: value for key, value in environ.items() if not key.startswith(PREFIX)}
    operators = {
        key: value
        for key, value in environ.items()
        if key.startswith(PREFIX) and key.split("__", 1)[0] in known
    }
    command = (sys.executable, "-m", f"services.{name}.main")
    environment = {**outside, **ours, **operators, "MOTCUA_HTTP_PORT": str(port)}
    return ServiceSpec(name, command, environment, port, url)


def settings_class(name: str) -> type[ServiceSettings]:
    """Find the settings of a service: the class whose `service` is its name."""
    module = importlib.import_module(f"services.{name}.settings")
    for candidate in vars(module).values():
        if (
            isinstance(candidate, type)
            and issubclass(candidate, ServiceSettings)
            and candidate.service == name
        ):
            return candidate
    raise AssertionError(f"services.{name}.settings has no settings of {name}")


def _refuse_unknown(environ: Mapping[str, str], known: frozenset[str]) -> None:
    for name in sorted(environ):
        if not name.startswith(PREFIX):
            continue
        if name in GIVEN_BY_US:
            raise SettingError(
                f"{name} cannot be set for all services at once: use {GIVEN_BY_US[name]}"
            )
        if name.split("__", 1)[0] not in known | OWN | COMMAND_LINE_ONLY:
            raise SettingError(f"{name} is no setting of motcua: remove it or mend its name")


def _port_base(data: Path, given: int | None, environ: Mapping[str, str]) -> int:
    """Return the first HTTP port: as given, or as last time in this folder, or the usual."""
    named = environ.get("MOTCUA_HTTP_PORT_BASE")
    if given is None and named:
        if not named.isdecimal():
            raise SettingError(
                f"MOTCUA_HTTP_PORT_BASE is wrong ({named!r}): give a port number"
            )
        given = int(named)
    if given is None:
        return _port_base_of_last_time(data)
    if not 1 <= given <= LAST_PORT - len(SUPERVISED) + 1:
        raise SettingError(f"the first HTTP port is wrong ({given}): give one from 1 to 65531")
    return given


def _port_base_of_last_time(data: Path) -> int:
    try:
        first = read_state(data).services[SERVICES[0]]
    except (FileNotFoundError, KeyError):
        return HTTP_PORT_BASE
    return int(first.rpartition(":")[2])


def _mongo_url(environ: Mapping[str, str]) -> str | None:
    if named := environ.get("MOTCUA_MONGO_URL_FILE"):
        try:
            return Path(named).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingError(
                f"MOTCUA_MONGO_URL_FILE names {named}, which cannot be read: {error.strerror}"
            ) from error
    return environ.get("MOTCUA_MONGO_URL") or None

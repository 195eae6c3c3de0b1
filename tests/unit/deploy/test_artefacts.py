"""What is fetched is compared with what we locked, and what cannot be fetched is said."""

import hashlib
import os
from pathlib import Path

import pytest

from deploy.engines.artefacts import (
    KAFKA_VERSION,
    LOCK_FILE,
    cache_folder,
    kafka_artefacts,
    locked_sums,
    store_binary,
)
from deploy.engines.errors import ArtefactsUnavailableError


def filled(cache: Path) -> tuple[Path, Path]:
    """Fill a cache with files of ours; return its folder, and the lock of their sums."""
    folder = cache / f"kafka-{KAFKA_VERSION}"
    folder.mkdir(parents=True)
    lines = []
    for name in ("a.jar", "b.jar"):
        (folder / name).write_bytes(name.encode())
        lines.append(f"{hashlib.sha256(name.encode()).hexdigest()}  {name}\n")
    lock = cache / "jars.lock"
    lock.write_text("".join(lines))
    return folder, lock


def environ(cache: Path) -> dict[str, str]:
    """Return an environment in which nothing can be fetched."""
    return {"MOTCUA_CACHE_DIR": str(cache), "MOTCUA_MAVEN_URL": "http://127.0.0.1:9/maven2"}


def test_every_locked_jar_has_a_whole_sum() -> None:
    """The lock is what `sha256sum -c` reads, and Kafka itself is in it."""
    sums = locked_sums(LOCK_FILE)

    assert f"kafka_2.13-{KAFKA_VERSION}.jar" in sums
    assert len(sums) == 45
    assert all(len(sha) == 64 and int(sha, 16) for sha in sums.values())


def test_what_cannot_be_fetched_is_one_sentence_with_the_way_out(tmp_path: Path) -> None:
    """An empty cache and a repository that nobody serves."""
    with pytest.raises(ArtefactsUnavailableError) as refused:
        kafka_artefacts(environ(tmp_path))

    sentence = str(refused.value)
    assert "http://127.0.0.1:9/maven2" in sentence
    assert "MOTCUA_KAFKA_BOOTSTRAP" in sentence
    assert "MOTCUA_MONGO_URL" in sentence
    assert "\n" not in sentence


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A file stands where the cache was to be."""
    (tmp_path / "file").write_text("")

    with pytest.raises(ArtefactsUnavailableError, match="MOTCUA_CACHE_DIR"):
        kafka_artefacts(environ(tmp_path / "file"))


def test_jars_in_the_cache_are_used_without_fetching(tmp_path: Path) -> None:
    """Only locked jars stand on the class path, whatever else lies in the folder."""
    folder, lock = filled(tmp_path)
    (folder / "stray.jar").write_bytes(b"not ours")

    artefacts = kafka_artefacts(environ(tmp_path), lock)

    assert artefacts.classpath == f"{folder / 'a.jar'}{os.pathsep}{folder / 'b.jar'}"
    assert artefacts.java.exists()


@pytest.mark.parametrize("verified_before", [False, True])
def test_a_jar_that_differs_is_refused(tmp_path: Path, *, verified_before: bool) -> None:
    """Changed before the first start or after it, of the same length or not."""
    folder, lock = filled(tmp_path)
    if verified_before:
        kafka_artefacts(environ(tmp_path), lock)
    (folder / "b.jar").write_bytes(b"c.jar")

    with pytest.raises(ArtefactsUnavailableError, match=r"b\.jar is not the file we locked"):
        kafka_artefacts(environ(tmp_path), lock)

    assert not (folder / "b.jar").exists()


def test_a_verified_jar_is_not_read_again(tmp_path: Path) -> None:
    """A later start looks at size and time of change alone, so that it is quick."""
    folder, lock = filled(tmp_path)
    kafka_artefacts(environ(tmp_path), lock)
    jar = folder / "a.jar"
    kept = jar.stat()
    jar.write_bytes(b"A.jar")
    os.utime(jar, ns=(kept.st_atime_ns, kept.st_mtime_ns))

    assert kafka_artefacts(environ(tmp_path), lock).jars[0] == jar


def test_the_cache_follows_the_platform() -> None:
    """Our own variable first, then the platform's, then the user's folder."""
    assert cache_folder({"MOTCUA_CACHE_DIR": "/a", "XDG_CACHE_HOME": "/b"}) == Path("/a")
    assert cache_folder({"XDG_CACHE_HOME": "/b"}) == Path("/b/motcua")
    assert cache_folder({}) == Path.home() / ".cache" / "motcua"


def test_the_native_store_is_found() -> None:
    """The package carries it."""
    assert os.access(store_binary(), os.X_OK)

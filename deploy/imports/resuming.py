"""Where an interrupted import stopped, so that the next one goes on there."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self

import orjson

from deploy.imports.profile import Profile
from deploy.imports.report import Report

FORMAT: Final = 1
SAMPLE_BYTES: Final = 1_048_576


@dataclass(slots=True)
class Point:
    """How many dossiers were sent and answered, what came of them, and when it began."""

    cases: int
    started: datetime
    report: Report


@dataclass(frozen=True, slots=True)
class PointFile:
    """The file that keeps the point of one export and profile."""

    path: Path
    fingerprint: str

    @classmethod
    def of(cls, folder: Path, source: Path, profile: Profile) -> Self:
        """Return the file for this export and profile; a changed one of either has no point."""
        fingerprint = _fingerprint(source, profile)
        name = f"{source.name}.{profile.name}.{fingerprint[:8]}.json"
        return cls(folder / name, fingerprint)

    def read(self) -> Point | None:
        """Return the point, or None where there is none that can be used."""
        try:
            kept: dict[str, Any] = orjson.loads(self.path.read_bytes())
        except (OSError, ValueError):
            return None
        if kept.get("format") != FORMAT or kept.get("fingerprint") != self.fingerprint:
            return None
        return Point(
            cases=int(kept["cases"]),
            started=datetime.fromisoformat(kept["started"]),
            report=Report.from_document(kept["report"]),
        )

    def write(self, point: Point) -> None:
        """Keep the point; a crash leaves the old one or the new one, never half of one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(".partial")
        partial.write_bytes(
            orjson.dumps(
                {
                    "format": FORMAT,
                    "fingerprint": self.fingerprint,
                    "cases": point.cases,
                    "started": point.started.isoformat(),
                    "report": point.report.to_document(),
                }
            )
        )
        partial.replace(self.path)

    def remove(self) -> None:
        """Forget the point: the import is complete, or begins anew."""
        self.path.unlink(missing_ok=True)


def _fingerprint(source: Path, profile: Profile) -> str:
    stat = source.stat()
    digest = hashlib.sha256(profile.model_dump_json().encode())
    digest.update(f"{stat.st_size}:{stat.st_mtime_ns}".encode())
    with source.open("rb") as file:
        digest.update(file.read(SAMPLE_BYTES))
    return digest.hexdigest()

"""One difference between what was to be and what was."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Sense = Literal["missing", "unexpected"]
Cell = tuple[str, str, str]
"""Unit, kind and rung."""


@dataclass(frozen=True)
class Finding:
    """One difference."""

    sense: Sense
    what: str
    subject: str
    unit: str
    kind: str
    rung: str
    at: datetime | None

    def text(self) -> str:
        """Say it in a line."""
        when = "" if self.at is None else f" of {self.at.isoformat()}"
        return f"{self.sense}: {self.subject} {self.kind} {self.rung}{when}: {self.what}"

"""What a reconciliation came to, line by line."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

SHOWN_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class Line:
    """One thing compared: what was to be, what is, and examples of the difference."""

    name: str
    expected: int
    found: int
    differences: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether both agree."""
        return self.expected == self.found and not self.differences


@dataclass(slots=True)
class Report:
    """The outcome of a reconciliation."""

    lines: list[Line] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether everything agrees, and anything was compared at all."""
        return bool(self.lines) and all(line.ok for line in self.lines)

    def text(self) -> str:
        """Return the report as a table to print."""
        width = max((len(line.name) for line in self.lines), default=0)
        rows = []
        for line in self.lines:
            mark = "ok" if line.ok else "DIFFERS"
            rows.append(f"{line.name:<{width}}  {line.expected:>8}  {line.found:>8}  {mark}")
            rows += [f"    {one}" for one in line.differences[:SHOWN_MAX]]
            if len(line.differences) > SHOWN_MAX:
                rows.append(f"    … and {len(line.differences) - SHOWN_MAX} more")
        head = f"{'compared':<{width}}  {'expected':>8}  {'found':>8}"
        return "\n".join([head, *rows])

    def as_json(self) -> dict[str, Any]:
        """Return the report for programs."""
        return {
            "ok": self.ok,
            "lines": [
                {
                    "name": line.name,
                    "expected": line.expected,
                    "found": line.found,
                    "ok": line.ok,
                    "differences": list(line.differences[:SHOWN_MAX]),
                }
                for line in self.lines
            ],
        }

    def compare(self, name: str, expected: Counter[Any], found: Counter[Any]) -> None:
        """Add a line that compares two collections, each with how often."""
        missing = [f"missing: {_told(one)}" for one in expected - found]
        extra = [f"too many: {_told(one)}" for one in found - expected]
        self.lines.append(Line(name, expected.total(), found.total(), (*missing, *extra)))

    def count(self, name: str, expected: int, found: int) -> None:
        """Add a line that compares two counts."""
        self.lines.append(Line(name, expected, found))


def _told(one: object) -> str:
    return " ".join(map(str, one)) if isinstance(one, tuple) else str(one)

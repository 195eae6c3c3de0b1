"""What an audit came to, in bounded memory: counts by commune and rung, and examples."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from deploy.auditor.core.comparing import Tally
from deploy.auditor.core.finding import Cell, Finding, Sense
from deploy.auditor.core.law import Laws

SHOWN_MAX: Final = 50
"""How many differences of each sense are kept by name; all of them are counted."""


@dataclass
class Report:
    """The outcome of an audit.

    Attributes:
        upto: What was due before this moment had to be raised.
        unit: The one unit that was looked at, if it was one.
        subjects: How many were looked at.
        unsettled: How many changed so lately that they were left for the next time.
        expected: By unit, kind and rung.
        done: The same.
        missing: Differences of that sense, by unit, kind and rung.
        unexpected: The same.
        shown: Examples of both.
        not_audited: What was not looked at, by name.
    """

    upto: datetime
    unit: str | None = None
    subjects: int = 0
    unsettled: int = 0
    expected: Counter[Cell] = field(default_factory=Counter)
    done: Counter[Cell] = field(default_factory=Counter)
    missing: Counter[Cell] = field(default_factory=Counter)
    unexpected: Counter[Cell] = field(default_factory=Counter)
    shown: list[Finding] = field(default_factory=list)
    not_audited: Sequence[str] = ()

    @property
    def ok(self) -> bool:
        """Whether it reads 0."""
        return not self.missing and not self.unexpected

    def take(self, tally: Tally) -> None:
        """Take over what a comparison came to, and empty it for the next one."""
        for mine, theirs in ((self.expected, tally.expected), (self.done, tally.done)):
            for cell, count in theirs.items():
                if self.unit in {None, cell[0]}:
                    mine[cell] += count
            theirs.clear()
        for finding in tally.findings:
            self._find(finding)
        tally.findings.clear()

    def finish(self, tally: Tally, laws: Laws) -> None:
        """Take over what only shows when all has been read: what hangs on common causes."""
        for finding in tally.incidents.judge(laws, self.upto):
            self._find(finding)

    def gap(self, cell: Cell) -> int:
        """Return expected less done: what is missing; below zero, what is too much.

        Where both are there, what is missing is told: they never make up for each other.
        """
        return self.missing[cell] or -self.unexpected[cell]

    @property
    def cells(self) -> list[Cell]:
        """Every unit, kind and rung that something was expected or found of."""
        return sorted({*self.expected, *self.missing, *self.unexpected})

    def _find(self, finding: Finding) -> None:
        if self.unit not in {None, finding.unit}:
            return
        cell = (finding.unit, finding.kind, finding.rung)
        senses: dict[Sense, Counter[Cell]] = {
            "missing": self.missing,
            "unexpected": self.unexpected,
        }
        counted = senses[finding.sense]
        if counted.total() < SHOWN_MAX:
            self.shown.append(finding)
        counted[cell] += 1

    def lines(self) -> list[str]:
        """Return the report as people read it."""
        return [
            _row("unit", "kind", "rung", "expected", "done", "missing"),
            *(
                _row(*cell, self.expected[cell], self.done[cell], self.missing[cell])
                for cell in self.cells
            ),
            *(finding.text() for finding in self.shown),
            *(f"not audited: {one}" for one in self.not_audited),
            self.summary(),
        ]

    def summary(self) -> str:
        """Return the report in a line."""
        return (
            f"{self.subjects} subjects to {self.upto.isoformat(timespec='seconds')}, "
            f"{self.unsettled} left for the next time; expected {self.expected.total()}, "
            f"done {self.done.total()}, missing {self.missing.total()}, "
            f"unexpected {self.unexpected.total()}"
        )

    def as_json(self) -> dict[str, Any]:
        """Return the report for programs."""
        return {
            "ok": self.ok,
            "upto": self.upto.isoformat(),
            "subjects": self.subjects,
            "unsettled": self.unsettled,
            "rungs": [
                {
                    "unit": unit,
                    "kind": kind,
                    "rung": rung,
                    "expected": self.expected[unit, kind, rung],
                    "done": self.done[unit, kind, rung],
                    "missing": self.missing[unit, kind, rung],
                    "unexpected": self.unexpected[unit, kind, rung],
                }
                for unit, kind, rung in self.cells
            ],
            "differences": [finding.text() for finding in self.shown],
            "not_audited": list(self.not_audited),
        }


def _row(*cells: object) -> str:
    widths = (-6, -22, -16, 8, 8, 8)
    return " ".join(
        f"{cell!s:<{-width}}" if width < 0 else f"{cell!s:>{width}}"
        for cell, width in zip(cells, widths, strict=True)
    )

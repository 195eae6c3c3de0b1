"""The account of an import: every source row is applied, known, left out, or refused."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from deploy.imports.mapping import CaseResult, Mapped

AFTER_END: Final = "after-end"
DOSSIERS_LISTED_MAX: Final = 10_000


@dataclass(slots=True)
class Marked:
    """Events that were recorded although the table would refuse them, and whose they are."""

    events: int = 0
    dossiers: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Deadlines:
    """What the export's own deadlines say, compared as instants."""

    on_time: int = 0
    late: int = 0
    open: int = 0
    without: int = 0


@dataclass(slots=True)
class Report:
    """Counts that can be added up; `rows` are the export's own rows or events."""

    cases: int = 0
    dossiers: int = 0
    ended: int = 0
    rows: int = 0
    applied: int = 0
    duplicates: int = 0
    refused: int = 0
    not_mapped: dict[str, int] = field(default_factory=dict)
    own_events: dict[str, dict[str, int]] = field(default_factory=dict)
    marked: dict[str, Marked] = field(default_factory=dict)
    end_before_first_event: list[str] = field(default_factory=list)
    deadlines: Deadlines = field(default_factory=Deadlines)
    reasons: dict[str, int] = field(default_factory=dict)

    @property
    def reconciles(self) -> bool:
        """Return whether every source row is accounted for, once."""
        left_out = sum(self.not_mapped.values())
        return self.rows == self.applied + self.duplicates + self.refused + left_out

    @property
    def is_clean(self) -> bool:
        """Return whether nothing was refused."""
        return self.refusals == 0

    @property
    def refusals(self) -> int:
        """Return how many rows, and events of dossiers' own columns, were refused."""
        return self.refused + sum(one.get("refused", 0) for one in self.own_events.values())

    def count_case(self, result: CaseResult, rows: int) -> None:
        """Count what is known of a dossier before anything is sent."""
        self.cases += 1
        self.rows += rows
        for _, activity in result.not_mapped:
            self.not_mapped[activity] = self.not_mapped.get(activity, 0) + 1
        for row, reason in result.faults:
            if row is not None:
                self.refused += 1
            self.reasons[reason] = self.reasons.get(reason, 0) + 1
        if result.events:
            self._count_deadline(result.events)

    def count_answer(self, mapped: Mapped, outcome: str, mark: str | None) -> None:
        """Count one event's answer: `applied`, `duplicates` or `refused`."""
        name = _name(mapped)
        if mapped.row is None:
            counts = self.own_events.setdefault(name, {})
            counts[outcome] = counts.get(outcome, 0) + 1
        else:
            setattr(self, outcome, getattr(self, outcome) + 1)
        if mark is not None:
            self._count_mark(mark, str(mapped.event["subject"]))

    def count_answered_case(self, answers: Sequence[tuple[Mapped, str, str | None]]) -> None:
        """Count what only all answers of a dossier together show."""
        recorded = [(one, mark) for one, outcome, mark in answers if outcome != "refused"]
        names = {_name(one) for one, _ in recorded}
        self.dossiers += bool(names)
        self.ended += "dossier.completed" in names
        of_rows = [mark for one, mark in recorded if one.row is not None]
        if of_rows and all(mark == AFTER_END for mark in of_rows):
            self.end_before_first_event.append(str(recorded[0][0].event["subject"]))

    def _count_mark(self, mark: str, code: str) -> None:
        marked = self.marked.setdefault(mark, Marked())
        marked.events += 1
        if len(marked.dossiers) < DOSSIERS_LISTED_MAX and code not in marked.dossiers[-1:]:
            marked.dossiers.append(code)

    def _count_deadline(self, events: Sequence[Mapped]) -> None:
        given = events[0].event["data"].get("given")
        ends = [one.moment for one in events if _name(one) == "dossier.completed"]
        if given is None:
            self.deadlines.without += 1
        elif not ends:
            self.deadlines.open += 1
        elif min(ends) <= datetime.fromisoformat(given):
            self.deadlines.on_time += 1
        else:
            self.deadlines.late += 1

    def to_document(self) -> dict[str, Any]:
        """Write the report, with its sums."""
        written = asdict(self)
        written["not_mapped_total"] = sum(self.not_mapped.values())
        written["reconciles"] = self.reconciles
        for marked in written["marked"].values():
            marked["dossiers_count"] = len(marked["dossiers"])
        return written

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Report":
        """Read a report that an interrupted import left."""
        known = {name: document[name] for name in cls.__dataclass_fields__}
        known["deadlines"] = Deadlines(**known["deadlines"])
        known["marked"] = {
            name: Marked(one["events"], list(one["dossiers"]))
            for name, one in known["marked"].items()
        }
        return cls(**known)


def _name(mapped: Mapped) -> str:
    return str(mapped.event["type"]).removeprefix("vn.motcua.").rpartition(".")[0]

"""One import from beginning to end: read, map, send, count, remember where it stands."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final, Protocol

import orjson

from deploy.imports.mapping import CaseResult, Mapped, map_case
from deploy.imports.profile import Lookup, Profile, ProfileError
from deploy.imports.report import Report
from deploy.imports.resuming import Point, PointFile
from deploy.imports.sources import SourceCase, columns_of, read_cases
from shared.events.inbound import InboundEvent, parse_inbound

BATCH_EVENTS: Final = 500


class Receiver(Protocol):
    """Takes events and answers each, as intake does."""

    def now(self) -> datetime: ...  # noqa: D102 -- Named so that the name says it.

    def send(self, events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]: ...  # noqa: D102


class OfflineReceiver:
    """Judges each event by the contract alone; nothing is sent."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        """Return when the dry run began."""
        return self._now

    def send(self, events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Answer as intake would, as far as that can be known without it."""
        return [self._answer(event) for event in events]

    def _answer(self, event: dict[str, Any]) -> dict[str, Any]:
        parsed = parse_inbound(orjson.dumps(event))
        if isinstance(parsed, InboundEvent):
            return {"outcome": "applied", "repeated": False}
        return {"outcome": "refused", "faults": [fault.to_document() for fault in parsed]}


@dataclass(slots=True)
class Import:
    """The import of one export by one profile."""

    source: Path
    profile: Profile
    receiver: Receiver
    errors: IO[str]
    points: PointFile | None = None
    progress: Callable[[int, int], None] = lambda _cases, _rows: None
    _batch: list[tuple[SourceCase, CaseResult]] = field(default_factory=list)

    def run(self) -> Report:
        """Import everything that an earlier, interrupted run has not.

        Raises:
            ProfileError: the profile names columns that the export does not have.
            SourceError: the export cannot be read.
            SendingError: intake stays away; run it again and it goes on.
        """
        self._check_columns()
        point = self.points.read() if self.points else None
        if point is None:
            point = Point(0, self.receiver.now(), Report())
        for case in self._remaining(point.cases):
            self._batch.append((case, map_case(self.profile, case)))
            if sum(len(result.events) for _, result in self._batch) >= BATCH_EVENTS:
                self._flush(point)
        self._flush(point)
        if self.points:
            self.points.remove()
        return point.report

    def _remaining(self, done: int) -> Iterator[SourceCase]:
        for index, case in enumerate(read_cases(self.source, self.profile)):
            if index >= done:
                yield case

    def _flush(self, point: Point) -> None:
        """Send what was gathered; only what was answered is counted and remembered."""
        events = [mapped for _, result in self._batch for mapped in result.events]
        receipts = self.receiver.send([mapped.event for mapped in events])
        answers = iter(zip(events, receipts, strict=True))
        for case, result in self._batch:
            point.report.count_case(result, len(case.rows) or self._is_row())
            for row, reason in result.faults:
                self._list_error({"row": row, "dossier": case.number, "why": reason})
            answered = [
                self._answered(*next(answers), point) for _ in range(len(result.events))
            ]
            point.report.count_answered_case(answered)
            self._count_plain_row(answered, point.report)
            point.cases += 1
        self._batch = []
        self.errors.flush()
        if self.points:
            self.points.write(point)
        self.progress(point.cases, point.report.rows)

    def _is_row(self) -> int:
        """A table with one row per dossier counts that row."""
        return 1 if self.profile.layout == "cases" else 0

    def _answered(
        self, mapped: Mapped, receipt: dict[str, Any], point: Point
    ) -> tuple[Mapped, str, str | None]:
        if receipt["outcome"] != "applied":
            outcome = "refused"
            why = "; ".join(
                f"{fault['path'] or 'event'}: {fault['detail']} {fault['remedy']}"
                for fault in receipt.get("faults", ())
            )
            rule = str(receipt["faults"][0]["rule"]) if receipt.get("faults") else "unknown"
            point.report.reasons[rule] = point.report.reasons.get(rule, 0) + 1
            self._list_error(
                {"row": mapped.row, "event": mapped.event["id"], "rule": rule, "why": why}
            )
        else:
            outcome = "duplicates" if _is_earlier(receipt, point.started) else "applied"
        mark = receipt.get("inconsistency")
        point.report.count_answer(mapped, outcome, mark)
        return mapped, outcome, mark

    def _count_plain_row(
        self,
        answered: Sequence[tuple[Mapped, str, str | None]],
        report: Report,
    ) -> None:
        """Count the row of a dossier in a table that has one row per dossier."""
        if self.profile.layout != "cases" or not answered:
            return
        outcomes = {outcome for _, outcome, _ in answered}
        if "refused" in outcomes:
            report.refused += 1
        elif outcomes == {"duplicates"}:
            report.duplicates += 1
        else:
            report.applied += 1

    def _list_error(self, error: dict[str, Any]) -> None:
        self.errors.write(orjson.dumps(error).decode() + "\n")

    def _check_columns(self) -> None:
        columns = columns_of(self.source, self.profile)
        if columns is None:
            return
        for place, name in _named_columns(self.profile):
            if name not in columns:
                offered = ", ".join(sorted(columns))
                raise ProfileError(
                    f"{place} names the column {name!r}, which {self.source.name} does not "
                    f"have; it has {offered}."
                )


def _is_earlier(receipt: dict[str, Any], started: datetime) -> bool:
    """Return whether the event was recorded before this import began.

    One that is answered as repeated may be of this very import, when an answer was lost.
    """
    if not receipt.get("repeated"):
        return False
    recorded = receipt.get("recordedtime")
    return recorded is None or datetime.fromisoformat(recorded) <= started


def _named_columns(profile: Profile) -> Iterator[tuple[str, str]]:
    yield "case.code", profile.case.code.column
    values: list[tuple[str, Any]] = [
        ("case.unit", profile.case.unit),
        ("case.competent_unit", profile.case.competent_unit),
    ]
    rules = [
        ("opening", profile.opening),
        *(("case_events", one) for one in profile.case_events),
    ]
    if profile.rows is not None:
        values += [
            ("rows.activity", profile.rows.activity),
            ("rows.at", profile.rows.at),
            ("rows.id", profile.rows.id),
        ]
        rules += [(f"rows.map.{name}", rule) for name, rule in profile.rows.map.items()]
    for place, rule in rules:
        values.append((f"{place}.at", rule.at))
        values += [(f"{place}.data.{name}", value) for name, value in rule.data.items()]
    yield from ((place, one.column) for place, one in values if isinstance(one, Lookup))

"""Forms that units report which are not connected: shown beside counted figures, never in them.

Each is a subject of its own, by unit, form and period. The newest report holds; the earlier
ones stay as its history, each with who brought it, when, and from which file.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from services.reporting.core.figures import Period
from shared.events.centres import FiguresReported
from shared.events.codes import parse_matter
from shared.events.envelope import Event
from shared.events.forms import FORMS, FormCode
from shared.events.history import effective
from shared.events.units import Current

FIGURES: Final = "figures"
"""The kind of these subjects."""


@dataclass(frozen=True, slots=True)
class Version:
    """One report: its rows by field, and where it comes from."""

    at: datetime
    by: str
    file_sha256: str
    rows: Mapping[str, Mapping[str, int]]

    def total(self, form: FormCode) -> dict[str, int]:
        """Add the rows up by column."""
        return {
            code: sum(row[code] for row in self.rows.values()) for code in FORMS[form].codes
        }


@dataclass(frozen=True, slots=True)
class Reported:
    """What one unit reports by one form for one period; the newest version is the first."""

    unit: str
    form: FormCode
    first: date
    last: date
    versions: tuple[Version, ...]

    @property
    def newest(self) -> Version:
        """Return the report that holds."""
        return self.versions[0]

    def touches(self, period: Period) -> bool:
        """Say whether its period has a day of another."""
        after = period.first is not None and self.last < period.first
        return not after and not (period.last is not None and period.last < self.first)


def derive_reported(subject: str, own: Sequence[Event]) -> Reported | None:
    """Return a reported form from its events, under the code in its subject.

    None where nothing of it holds, or the subject is another one.
    """
    matter = parse_matter(subject)
    if matter is None or matter.kind != FIGURES:
        return None
    found = [(one, one.data) for one in effective(own) if isinstance(one.data, FiguresReported)]
    if not found:
        return None
    found.sort(key=lambda pair: pair[0].sequence or 0, reverse=True)
    data = found[0][1]
    versions = tuple(
        Version(
            at=event.recordedtime or event.time,
            by=one.by,
            file_sha256=one.file_sha256,
            rows={
                row.field: {each.column: each.count for each in row.columns} for row in one.rows
            },
        )
        for event, one in found
    )
    return Reported(matter.unit, data.form, data.first_day, data.last_day, versions)


def reports_of(
    histories: Iterable[tuple[str, Sequence[Event]]], current: Current
) -> list[Reported]:
    """Return the reported forms of subjects, each unit and period once.

    A unit that had other codes may have subjects under several of them: their reports are one
    history under its current code.

    Args:
        histories: Each subject with its events.
        current: Returns the code that a unit has now.
    """
    found: dict[tuple[str, FormCode, date, date], Reported] = {}
    for subject, own in histories:
        one = derive_reported(subject, own)
        if one is None:
            continue
        unit = current(one.unit)
        key = (unit, one.form, one.first, one.last)
        known = found[key].versions if key in found else ()
        versions = sorted((*known, *one.versions), key=lambda each: each.at, reverse=True)
        found[key] = replace(one, unit=unit, versions=tuple(versions))
    return list(found.values())

"""Forms that units report which are not connected: shown beside counted figures, never in them.

Each is a subject of its own, by unit, form and period. The newest report holds; the earlier
ones stay as its history, each with who brought it, when, and from which file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from services.reporting.core.figures import Period
from shared.events.centres import FiguresReported
from shared.events.codes import parse_matter
from shared.events.envelope import Event
from shared.events.forms import FORMS, FormCode
from shared.events.history import effective

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
    """Return a reported form from its events; None where nothing of it holds."""
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

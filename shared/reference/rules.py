"""The rows that say how long a procedure may take, by which source and from when."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Self

from shared.calendar.limits import (
    AfterHours,
    AfterSupplement,
    Limit,
    LimitUnit,
    OutsideOpening,
    PromiseAt,
    Roll,
)
from shared.events.reference import RuleLimit, RungRow
from shared.events.reference import RuleRow as RuleData
from shared.reference.errors import NoRuleError


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One approved row. A dossier stays under the row and version it was received under."""

    rule: str
    version: int  # The reference version that approved it.
    procedure: str
    unit: str | None
    channel: str | None
    limit: Limit
    ladder: tuple[RungRow, ...] | None
    valid_from: date
    valid_to: date | None  # First day on which it no longer holds.
    source: str
    verified: bool

    def holds(self, day: date) -> bool:
        """Say whether the row is valid on a day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All approved rows: the newest version of each, and every version ever approved."""

    by_procedure: Mapping[str, tuple[RuleRow, ...]] = field(default_factory=dict)
    by_version: Mapping[tuple[str, int], RuleRow] = field(default_factory=dict)

    def find(
        self, procedure: str, day: date, *, unit: str | None, channel: str | None
    ) -> RuleRow:
        """Return the row that holds for a dossier received on a day.

        A row for the unit goes before one for every unit, then one for the channel before
        one for every channel, then the one valid since later.

        Raises:
            NoRuleError: no row holds.
        """
        rows = [
            row
            for row in self.by_procedure.get(procedure, ())
            if row.holds(day) and row.unit in {None, unit} and row.channel in {None, channel}
        ]
        if not rows:
            msg = f"no rule row says how long {procedure} may take on {day}"
            raise NoRuleError(msg)
        return max(rows, key=_precedence)

    def held(self, rule: str) -> RuleRow | None:
        """Return the newest version of a row by its id, if one was ever approved."""
        versions = [version for each, version in self.by_version if each == rule]
        return self.by_version[rule, max(versions)] if versions else None

    def overlapping(self, data: RuleData) -> RuleRow | None:
        """Return another row for just the same that holds in part of the same time."""
        return next(
            (
                row
                for row in self.by_procedure.get(data.procedure, ())
                if row.rule != data.rule
                and (row.unit, row.channel) == (data.unit, data.channel)
                and (data.valid_to is None or row.valid_from < data.valid_to)
                and (row.valid_to is None or data.valid_from < row.valid_to)
            ),
            None,
        )

    def under(self, current: Callable[[str], str]) -> Self:
        """Return the book with the units that its rows name under their current codes."""
        moved = {row.unit: current(row.unit) for row in self.by_version.values() if row.unit}
        if all(old == new for old, new in moved.items()):
            return self

        def named(row: RuleRow) -> RuleRow:
            return row if row.unit is None else replace(row, unit=moved[row.unit])

        return replace(
            self,
            by_procedure={
                code: tuple(map(named, rows)) for code, rows in self.by_procedure.items()
            },
            by_version={key: named(row) for key, row in self.by_version.items()},
        )

    def approved(self, data: RuleData, version: int) -> Self:
        """Return the book with a row approved."""
        row = rule_row(data, version)
        others = tuple(
            each for each in self.by_procedure.get(row.procedure, ()) if each.rule != row.rule
        )
        return replace(
            self,
            by_procedure={**self.by_procedure, row.procedure: (*others, row)},
            by_version={**self.by_version, (row.rule, version): row},
        )


def rule_row(data: RuleData, version: int) -> RuleRow:
    """Return a row as the view keeps it.

    Raises:
        InvalidLimitError: the limit is none that a row may hold.
    """
    return RuleRow(
        rule=data.rule,
        version=version,
        procedure=data.procedure,
        unit=data.unit,
        channel=data.channel,
        limit=limit_of(data.limit),
        ladder=data.ladder,
        valid_from=data.valid_from,
        valid_to=data.valid_to,
        source=data.source,
        verified=data.verified,
    )


def limit_of(data: RuleLimit, given: datetime | None = None) -> Limit:
    """Return the limit that a row's data describes.

    Args:
        data: The row's limit.
        given: The instant of a dossier whose limit is `given`; a row holds none.

    Raises:
        InvalidLimitError: the limit is none that a row may hold.
    """
    return Limit(
        unit=LimitUnit(data.unit),
        value=data.value,
        cutoff=time.fromisoformat(data.cutoff),
        roll=Roll(data.roll),
        promise_at=PromiseAt(data.promise_at),
        after_hours=AfterHours(data.after_hours),
        after_supplement=AfterSupplement(data.after_supplement),
        outside_opening=OutsideOpening(data.outside_opening),
        given=given,
    )


def limit_data(limit: Limit) -> RuleLimit:
    """Return the data that describe a limit, each choice written out; `limit_of` reads them."""
    return RuleLimit.model_validate(
        {
            "unit": limit.unit.value,
            "value": limit.value,
            "cutoff": f"{limit.cutoff:%H:%M}",
            "roll": limit.roll.value,
            "promise_at": limit.promise_at.value,
            "after_hours": limit.after_hours.value,
            "after_supplement": limit.after_supplement.value,
            "outside_opening": limit.outside_opening.value,
        }
    )


def _precedence(row: RuleRow) -> tuple[bool, bool, date, int]:
    return (row.unit is not None, row.channel is not None, row.valid_from, row.version)

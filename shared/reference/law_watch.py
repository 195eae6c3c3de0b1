"""The law watch: texts that must be looked at again, what each would change, and when.

The rows are `law_watch.csv` beside this module. Somebody who has looked writes a new date, or
takes the row out, and enters what has changed.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, cast, get_args

Weight = Literal["T", "S", "1", ""]
"""How well a text is known: its wording was read (T), several independent sources agree (S),
one secondary source (1), not found (empty)."""

FIELDS: Final = ("watch", "text", "changes", "look_on", "source", "weight")


@dataclass(frozen=True, slots=True)
class WatchedText:
    """One text of the law watch.

    Attributes:
        watch: Its id, a label of the metric `motcua_law_watch_due`.
        text: The legal text, as it is cited.
        changes: Which rows or rules it would change.
        look_on: The day on which somebody must look at it again.
        source: Where it was found.
        weight: How well it is known.
    """

    watch: str
    text: str
    changes: str
    look_on: date
    source: str
    weight: Weight

    def is_due(self, today: date) -> bool:
        """Return whether the day to look has come."""
        return self.look_on <= today


def read_law_watch(lines: Iterable[str]) -> tuple[WatchedText, ...]:
    """Return the rows of the file, the first to look at first.

    Raises:
        ValueError: a row lacks something, or two rows have one id.
    """
    found: dict[str, WatchedText] = {}
    for cells in csv.DictReader(lines):
        if tuple(cells) != FIELDS or not all(cells[name] for name in FIELDS[:-1]):
            raise ValueError(f"law watch: a row lacks a column or a value: {cells}")
        if cells["weight"] not in get_args(Weight) or cells["watch"] in found:
            raise ValueError(f"law watch: unknown weight, or a second row: {cells['watch']}")
        found[cells["watch"]] = WatchedText(
            watch=cells["watch"],
            text=cells["text"],
            changes=cells["changes"],
            look_on=date.fromisoformat(cells["look_on"]),
            source=cells["source"],
            weight=cast("Weight", cells["weight"]),
        )
    return tuple(sorted(found.values(), key=lambda one: (one.look_on, one.watch)))

"""The ladders, as the data file of the kinds has them."""

from collections.abc import Mapping
from typing import Final

from deploy.auditor.core.expecting import COVERED
from deploy.auditor.core.owing import Ladder
from deploy.auditor.core.wall import Json

WHY_NOT: Final[Mapping[str, str]] = {
    "roster_gap": "it depends on leave as it was known at each moment, which no archive keeps",
}
"""Kinds that are known and not counted, and why."""

UNCOUNTED: Final = (
    "which person holds a role: only that the ladder's role heard it, or is named as vacant",
    "a reminder that a later rung overtook, or whose stretch has ended: it leaves no record",
    "a promise that a later one replaced, or whose stretch has ended: it may be told",
    "whether an acknowledgement was rightly refused",
    "empty seats; and whom a channel reaches: what notifications said of it is believed",
    "the notices of applicants, and those of withdrawn rungs",
)
"""What is not counted of the kinds that are."""


def ladders_of(kinds: Json) -> dict[str, Ladder]:
    """Read the ladders of the kinds that the auditor counts."""
    return {
        row["kind"]: Ladder(row["kind"], row["ladder"], frozenset(row["watches"]), row["of"])
        for row in kinds["kinds"]
        if row["kind"] in COVERED and not row["ladders"]
    }


def not_audited(kinds: Json) -> list[str]:
    """Say by name what is not audited, and why."""
    lines = []
    for row in kinds["kinds"]:
        kind = row["kind"]
        if kind not in COVERED:
            lines.append(
                f"{kind}: {WHY_NOT.get(kind, 'a kind that the auditor does not know')}"
            )
        elif row["ladders"]:
            lines.append(f"{kind}: it has ladders by field, which the auditor does not read")
    return [*lines, *UNCOUNTED]

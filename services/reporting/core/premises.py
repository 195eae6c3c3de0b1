"""What a centre has to have: items of a self-assessment, and the rule that asks for each."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Final

from shared.law.rules import Rule
from shared.law.texts import DECREE_118_2025

ITEMS: Final[Mapping[Rule, tuple[str, ...]]] = {
    Rule.PREMISES: (
        "information_area",
        "online_area",
        "counters",
        "priority_counter",
        "seats",
        "writing_desks",
        "citizen_computers",
        "camera",
        "queue_machine",
        "touch_screens",
        "digitising",
    ),
    Rule.INTERPRETING: ("interpreting",),
    Rule.DIRECTIVE: ("water", "wifi", "air_conditioning", "fans"),
}
"""Items by rule, in the order of the text; other items are a centre's own."""

RULE_OF: Final[Mapping[str, Rule]] = {item: rule for rule in ITEMS for item in ITEMS[rule]}

UNASSESSED: Final = "unassessed"
"""The state of an item that an assessment leaves out."""

OLDER: Final[Mapping[str, str]] = {"lookup_kiosk": "touch_screens", "scanner": "digitising"}
"""Codes that publishers used before the items of the law had codes, and what they stand for."""


def unassessed(items: Collection[str], day: date) -> tuple[str, ...]:
    """Return the items that every centre must have and an assessment leaves out.

    Interpreting is needed in some centres only, and the directive's items are no conditions of
    the law, so neither has to be assessed.

    Args:
        items: The items that were assessed.
        day: The day of the assessment; nothing is left out before the decree was in force.
    """
    first = DECREE_118_2025.first
    if first is None or day < first:
        return ()
    known = {OLDER.get(item, item) for item in items}
    return tuple(item for item in ITEMS[Rule.PREMISES] if item not in known)


def rule_of(item: str) -> Rule | None:
    """Return the rule that asks for an item; none for a centre's own."""
    return RULE_OF.get(OLDER.get(item, item))

"""The facts of one subject as kinds read them: corrected, in the order they happened."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.workflow.core.assessment import Assessment
from shared.events.envelope import Event
from shared.events.history import effective
from shared.reference.view import Reference

Printed = Mapping[str, tuple[str, datetime]]
"""Obligation to the key of the cycle that runs and the promise that was printed for it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What happened, by whom it is owed, and what was already promised.

    Attributes:
        subject: The dossier's code, or the matter.
        unit: The competent unit.
        events: The effective history: corrections applied, ordered by when things happened.
        printed: Promises that a change of the calendar must not move earlier.
    """

    subject: str
    unit: str
    events: Sequence[Event]
    printed: Printed = field(default_factory=dict)

    def first(self, name: str, *, after: datetime | None = None) -> Event | None:
        """Return the first event of that name, at or after a moment if one is given."""
        return next(
            (e for e in self.events if e.name == name and (after is None or e.time >= after)),
            None,
        )

    def last(self, name: str) -> Event | None:
        """Return the last event of that name."""
        return next((e for e in reversed(self.events) if e.name == name), None)

    def named(self, names: Collection[str]) -> list[Event]:
        """Return the events of those names, in order."""
        return [event for event in self.events if event.name in names]


def gather(
    subject: str, unit: str, history: Sequence[Event], printed: Printed | None = None
) -> Facts:
    """Return the facts that a history amounts to."""
    return Facts(subject, unit, effective(history), printed or {})


Assess = Callable[[Facts, Reference], Sequence[Assessment]]
"""What makes a kind a kind: from the facts to what is owed."""

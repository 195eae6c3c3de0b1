"""The facts of one subject as kinds read them: corrected, in the order they happened."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, TypeVar

from services.workflow.core.assessment import Assessment
from shared.events.envelope import Event
from shared.events.history import effective, in_order
from shared.reference.view import Reference

CORRECTED: Final = ".corrected"
PROOF: Final = "notice.proven"
BY_NAME: Final = "events by name"
T = TypeVar("T")

Printed = Mapping[str, tuple[str, datetime]]
"""Obligation to the key of the cycle that runs and the promise that was printed for it."""


Begun = Mapping[str, tuple[datetime, datetime]]
"""Obligation to the moments at which its session opened and closes."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What happened, by whom it is owed, and what was already promised.

    Attributes:
        subject: The dossier's code, or the matter.
        unit: The competent unit.
        events: The effective history: corrections applied, ordered by when things happened.
        printed: Promises that a change of the calendar must not move earlier.
        begun: Obligations of the calendar that have begun, with the hours that they keep.
        memo: What kinds of one subject have worked out together.
    """

    subject: str
    unit: str
    events: Sequence[Event]
    printed: Printed = field(default_factory=dict)
    begun: Begun = field(default_factory=dict)
    memo: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def once(self, key: str, work: Callable[[], T]) -> T:
        """Return what `work` gives, worked out once for all kinds that ask."""
        if key not in self.memo:
            self.memo[key] = work()
        found: T = self.memo[key]
        return found

    def called(self, name: str) -> Sequence[Event]:
        """Return the events of that name, in order."""
        return self.once(BY_NAME, self._by_name).get(name, ())

    def is_the_units(self, begins: date, reference: Reference) -> bool:
        """Say whether this is the record of its unit for a period that begins on a day.

        A unit whose code has changed has one record for each period: that in which something
        happened, or else the one named by the code that the unit had when the period began.
        """
        name = reference.units.name_on(self.unit, begins)
        return bool(self.events) or self.subject.startswith(f"{name}/")

    def first(self, name: str, *, after: datetime | None = None) -> Event | None:
        """Return the first event of that name, at or after a moment if one is given."""
        for event in self.called(name):
            if after is None or event.time >= after:
                return event
        return None

    def last(self, name: str) -> Event | None:
        """Return the last event of that name."""
        found = self.called(name)
        return found[-1] if found else None

    def named(self, names: Collection[str]) -> list[Event]:
        """Return the events of those names, in order."""
        return [event for event in self.events if event.name in names]

    def first_of(
        self, one: Event | None, other: Event | None
    ) -> tuple[Event | None, Event | None]:
        """Return two events with the later one left out, by their places among the events.

        Of one instant the transition table decides, not which was recorded first.
        """
        if one is None or other is None:
            return one, other
        first = next(event for event in self.events if event is one or event is other)
        return (one, None) if first is one else (None, other)

    def _by_name(self) -> dict[str, list[Event]]:
        found: dict[str, list[Event]] = {}
        for event in self.events:
            found.setdefault(event.name, []).append(event)
        return found


def gather(
    subject: str,
    unit: str,
    past: Iterable[Event],
    printed: Printed | None = None,
    begun: Begun | None = None,
) -> Facts:
    """Return the facts that a history amounts to."""
    history = tuple(past)
    if any(event.name.endswith(CORRECTED) for event in history):
        events = effective(history)
    else:
        events = tuple(in_order(history))
    return Facts(subject, unit, events, printed or {}, begun or {})


def is_late(event: Event, history: Iterable[Event]) -> bool:
    """Return whether a dossier's event happened before one that is recorded already.

    A proof of arrival counts too: by it a wait may have opened before the limit passed.
    """
    of_dossier = _is_of_dossier(event) or event.name == PROOF
    return of_dossier and any(one.time > event.time and _is_of_dossier(one) for one in history)


def _is_of_dossier(event: Event) -> bool:
    return event.name.startswith("dossier.") and not event.name.endswith(CORRECTED)


Assess = Callable[[Facts, Reference], Sequence[Assessment]]
"""What makes a kind a kind: from the facts to what is owed."""

"""What a kind of obligation is: a row of data and a function."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from services.workflow.core.facts import Assess
from services.workflow.core.ladder import Ladder
from shared.law.citation import Citation, cite_all, latest
from shared.law.rules import Rule
from shared.reference.view import Reference

OpensOn = Callable[[Reference, date], Iterable[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Words:
    """A text in the two languages that the system speaks."""

    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of obligation.

    Attributes:
        id: Its name in events, metrics and addresses; it never changes.
        name: What people call it.
        of: The kind of subject it lives on: `dossier`, or a kind of matter such as `duty`.
        opens: What opens it, in words.
        due: By when, in words.
        pauses: What makes its clock stand still, in words.
        discharged: What ends it, in words.
        rules: The rules of law that it rests on; the table of law says where they are written.
        ladder: Who hears what, when.
        ladders: Ladders of their own for some fields of administration.
        watches: The events that can change it; others leave it as it is.
        begins_with: The events without which there is nothing of this kind; empty if it can
            begin in other ways too.
        idle_after: Events that change nothing once another one is known.
        assess: From the facts to what is owed.
        opens_on: Which subjects a day brings about, and the unit of each, if the calendar does.
        beside: Whether it only stands beside another obligation of the same subject, whose
            date is the one that presses.
        begun_stay: Whether a change of the calendar leaves alone what has begun.
    """

    id: str
    name: Words
    of: str
    opens: Words
    due: Words
    pauses: Words
    discharged: Words
    rules: tuple[Rule, ...]
    ladder: Ladder
    watches: frozenset[str]
    assess: Assess
    opens_on: OpensOn | None = None
    begins_with: frozenset[str] = frozenset()
    idle_after: Mapping[str, str] = field(default_factory=dict)
    beside: bool = False
    begun_stay: bool = False
    ladders: Mapping[str, Ladder] = field(default_factory=dict)

    def ladder_for(self, administration: str | None) -> Ladder:
        """Return the ladder of a field of administration."""
        return self.ladders.get(administration or "", self.ladder)

    @property
    def source(self) -> Citation:
        """Return where its rules are written in the latest texts."""
        return latest(self.rules)

    def source_on(self, day: date) -> Citation | None:
        """Return where its rules were written on a legal day; none if they were nowhere.

        The day is that of the dossier's receipt, or of the later event that began the
        obligation.
        """
        return cite_all(self.rules, day)


NEVER = Words("Không tạm dừng.", "Nothing pauses it.")

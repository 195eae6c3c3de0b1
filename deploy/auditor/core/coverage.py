"""Roles that no channel reaches: what was said of them against the gaps that were opened.

Notifications says of a unit which roles no channel reaches; the last word replaces all before
it. A role that comes into it opens a gap at the moment of that word, one that leaves it closes
its gap then; and whoever the gap names is told.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from deploy.auditor.core.comparing import Tally
from deploy.auditor.core.finding import Finding, Sense
from deploy.auditor.core.happened import happened
from deploy.auditor.core.history import Fact
from deploy.auditor.core.law import name_of
from deploy.auditor.core.said import Said
from deploy.auditor.core.wall import Json, instant

COVERAGE: Final = "coverage"
CHECKED: Final = "coverage.reach_checked"
OPENED: Final = "coverage.gap_opened"
CLOSED: Final = "coverage.gap_closed"
UNREACHABLE: Final = ":unreachable"
"""How the name of such a gap ends; an empty seat has none, and is not looked at here."""

_MISSING: Final = {
    OPENED: "no channel reaches the role, and no gap was opened",
    CLOSED: "the role is not among the unreached any more, and its gap was not closed",
}
_UNEXPECTED: Final = {
    OPENED: "a gap was opened, and nobody had said that no channel reaches the role",
    CLOSED: "the gap was closed, and nothing had been said of the role",
}


@dataclass(frozen=True)
class Step:
    """A gap that opens or closes.

    Attributes:
        what: Which of the two, by the name of the event that says so.
        role: The role.
        at: The moment of the word that brought it about.
    """

    what: str
    role: str
    at: datetime


@dataclass
class Covering:
    """Compares the matter of one unit's ladder.

    Attributes:
        subject: The matter.
        unit: The unit.
        facts: What intake recorded of it, in the order of its numbers.
        obligations: What workflow said of it.
        said: The same, with what became of the notices.
        upto: What was recorded before this moment must have had its effect.
        tally: Takes the outcome.
        since: What happened before this moment is not looked at.
    """

    subject: str
    unit: str
    facts: Sequence[Fact]
    obligations: Sequence[Json]
    said: Said
    upto: datetime
    tally: Tally
    since: datetime | None = None

    def compare(self) -> None:
        """Compare everything."""
        due = list(_steps(self.facts))
        must = {step for step, recorded in due if recorded < self.upto}
        told = {_step(event): event for event in self._gaps()}
        for step in sorted(must | told.keys(), key=lambda one: (one.at, one.role, one.what)):
            if self.since is not None and step.at < self.since:
                continue
            cell = (self.unit, COVERAGE, step.role)
            if step in must:
                self.tally.expected[cell] += 1
            if step not in told:
                self._find("missing", _MISSING[step.what], step)
            elif step not in {one for one, _ in due}:
                self._find("unexpected", _UNEXPECTED[step.what], step)
            else:
                untold = list(self._untold(told[step]))
                for what in untold:
                    self._find("missing", what, step)
                if step in must and not untold:
                    self.tally.done[cell] += 1

    def _gaps(self) -> Iterator[Json]:
        for event in self.obligations:
            if name_of(event) in {OPENED, CLOSED}:
                gap: str = event["data"]["gap"]
                if gap.endswith(UNREACHABLE):
                    yield event

    def _untold(self, event: Json) -> Iterator[str]:
        """Yield who of those named in a gap was not told of it."""
        recorded = instant(event.get("recordedtime") or event["time"])
        for person in event["data"].get("persons") or ():
            if not self.said.told(str(event["id"]), person, recorded, self.upto):
                yield f"no notice of it to {person}"

    def _find(self, sense: Sense, what: str, step: Step) -> None:
        self.tally.findings.append(
            Finding(sense, what, self.subject, self.unit, COVERAGE, step.role, step.at)
        )


def _steps(facts: Sequence[Fact]) -> Iterator[tuple[Step, datetime]]:
    """Yield what each word brings about, and when it was recorded."""
    before: frozenset[str] = frozenset()
    for number, fact in enumerate(facts, start=1):
        words = [one for one in happened(facts[:number]) if one.name == CHECKED]
        rows = words[-1].data.get("unreached") or () if words else ()
        now = frozenset(str(row["role"]) for row in rows)
        for role in sorted(now - before):
            yield Step(OPENED, role, fact.time), fact.recorded
        for role in sorted(before - now):
            yield Step(CLOSED, role, fact.time), fact.recorded
        before = now


def _step(event: Json) -> Step:
    return Step(name_of(event), event["data"]["role"], instant(event["time"]))

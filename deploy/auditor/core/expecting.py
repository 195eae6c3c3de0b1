"""What should have been raised: a subject's story told again, event by event, law by law.

What is owed follows from what happened and from the law; but what *was* to be raised depends
on the order in which it came to be known, too: a promise that was printed does not move
earlier with the calendar, a stretch that ended keeps the dates it ended under, and what was
due before a date moved was due then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from deploy.auditor.core import dossier as of_dossier
from deploy.auditor.core import duty as of_duty
from deploy.auditor.core import single
from deploy.auditor.core.happened import happened, overtaken
from deploy.auditor.core.history import Fact
from deploy.auditor.core.instants import by_moment
from deploy.auditor.core.law import Law, Laws
from deploy.auditor.core.one import About, count_one
from deploy.auditor.core.owing import BREACH, Ladder, Moment, Owed, Stretch

TOGETHER: Final = frozenset({of_dossier.DEADLINE, of_dossier.SLIP})
COVERED: Final = frozenset({*TOGETHER, of_duty.DUTY, *single.KINDS})
"""The kinds that the auditor knows how to count."""

RECOUNT_S_MAX: Final = timedelta(minutes=15)
"""How long after a change of the law its effect may come; what falls due then may be either."""


@dataclass
class Slot:
    """A rung of a stretch that should be raised once.

    Attributes:
        rung: Which rung.
        repeat: Which repeat of it; 0 for itself.
        at: When it is due.
        accepts: The moments it may have been raised for: those before it moved are among them.
        must: Whether it has to be; else it may.
    """

    rung: str
    repeat: int
    at: datetime
    accepts: set[datetime]
    must: bool = True


@dataclass
class Held:
    """A stretch as it is known by now."""

    key: str
    opened: datetime
    ended: datetime | None
    lapses: datetime | None
    due: datetime | None
    limit: datetime | None
    slots: dict[tuple[str, int], Slot]
    moved: list[datetime] = field(default_factory=list)

    @property
    def end(self) -> datetime | None:
        """When it ended, by the facts or by itself."""
        ends = [moment for moment in (self.ended, self.lapses) if moment is not None]
        return min(ends, default=None)

    def over(self, moment: datetime) -> bool:
        """Say whether nothing falls due any more at a moment; a lapse is the last one."""
        by_facts = self.ended is not None and moment >= self.ended
        return by_facts or (self.lapses is not None and moment > self.lapses)


@dataclass
class Running:
    """One obligation through its story.

    Attributes:
        owed: What is owed as it is known by now.
        held: Its stretches, by what began each.
        quiet: Nobody is told of what was due up to this moment: it is imported history.
        gone: Whether it turned out never to have been owed.
    """

    owed: Owed
    held: dict[str, Held] = field(default_factory=dict)
    quiet: datetime | None = None
    gone: bool = False


@dataclass
class Telling:
    """Tells one subject's story."""

    subject: str
    laws: Laws
    ladders: Mapping[str, Ladder]
    running: dict[str, Running] = field(default_factory=dict)
    known: list[Fact] = field(default_factory=list)
    unit: str = ""
    index: int | None = None
    corrected: bool = False

    @property
    def kind(self) -> str:
        """What the subject is: `dossier`, or a kind of matter."""
        return self.subject.split("/", 2)[1] if "/" in self.subject else "dossier"

    def tell(self, facts: Sequence[Fact], *, opened: datetime | None, until: datetime) -> None:
        """Tell it: facts in the order of their numbers, changes of the law in between.

        Args:
            facts: What is in the archive.
            opened: When the calendar brought it about, if it did.
            until: Changes of the law after this are not looked at.
        """
        if "/" in self.subject:
            self.unit = self.laws.codes.now(self.subject.split("/", 1)[0])
        began = False
        for fact in facts:
            if opened is not None and not began and opened <= fact.recorded:
                self._open(opened)
                began = True
            index = self.laws.at(fact.recorded, version=fact.version)
            self._through(index, fact.recorded)
            self._happens(fact)
        if opened is not None and not began:
            self._open(opened)
        last = self.laws.at(until)
        self._through(last, until)

    def _open(self, moment: datetime) -> None:
        """Let the calendar bring the subject about."""
        self._through(self.laws.at(moment), moment)
        law = self._law()
        if law is not None and not self.running:
            self._take(law, self._own_ladders(), moment, reason="calendar", printed=None)

    def _through(self, index: int | None, moment: datetime) -> None:
        """Let the law change up to one of its versions."""
        if index is None:
            return
        if self.index is None or not self.running:
            self.index = index
            return
        for number in range(self.index + 1, index + 1):
            self.index = number
            at = min(self.laws.changes[number].since, moment)
            open_ones = [one for one in self.running.values() if one.owed.discharged is None]
            if open_ones or self.kind == "posting":  # What was posted may expire.
                self._recount(at)

    def _recount(self, at: datetime) -> None:
        law = self._law()
        assert law is not None, "the law has changed"
        ladders = {
            kind: ladder
            for kind, ladder in self._own_ladders().items()
            if not (kind == of_duty.DUTY and self._begun(at))
        }
        self._take(law, ladders, at, reason="calendar", printed=self._printed())

    def _begun(self, at: datetime) -> bool:
        """Say whether a session has begun: a change of the calendar leaves it alone."""
        return any(
            held.opened <= at
            for one in self.running.values()
            for held in one.held.values()
            if one.owed.kind == of_duty.DUTY
        )

    def _happens(self, fact: Fact) -> None:
        puts_right = fact.corrects or overtaken(fact, self.known)
        self.known.append(fact)
        self.corrected = self.corrected or fact.corrects
        if "/" not in self.subject:
            self.unit = fact.competent or self.unit
        concerned = {
            kind: ladder
            for kind, ladder in self._own_ladders().items()
            if fact.corrects or fact.name in ladder.watches
        }
        law = self._law()
        if not concerned or law is None:
            return
        self._take(
            law,
            concerned,
            fact.recorded,
            reason="correction" if puts_right else "event",
            printed=None if puts_right else self._printed(),
            quiet=fact.recorded if fact.backfill else None,
        )
        deadline = self.running.get(of_dossier.DEADLINE)
        if deadline is not None:
            self.unit = deadline.owed.unit

    def _own_ladders(self) -> dict[str, Ladder]:
        return {
            kind: ladder
            for kind, ladder in self.ladders.items()
            if ladder.of == self.kind and kind in COVERED
        }

    def _law(self) -> Law | None:
        return None if self.index is None else self.laws.changes[self.index]

    def _printed(self) -> of_dossier.Printed | None:
        """Return the promise of the deadline that runs."""
        deadline = self.running.get(of_dossier.DEADLINE)
        if deadline is None or deadline.owed.discharged is not None:
            return None
        for held in reversed(deadline.held.values()):
            if held.ended is None and held.due is not None:
                return held.key, held.due
        return None

    def _take(
        self,
        law: Law,
        ladders: Mapping[str, Ladder],
        at: datetime,
        *,
        reason: str,
        printed: of_dossier.Printed | None,
        quiet: datetime | None = None,
    ) -> None:
        """Compare what is owed by now with what was before."""
        found = {one.id: one for one in self._owed(law, ladders, printed)}
        for name, running in self.running.items():
            if running.owed.kind in ladders and name not in found and not running.gone:
                running.gone = True
                for held in running.held.values():
                    held.ended = held.opened
        for name, owed in found.items():
            known = self.running.get(name)
            if known is None:
                if owed.discharged is not None and owed.void:
                    continue  # It never was owed.
                known = self.running[name] = Running(owed)
            elif _as_ended(known.owed, owed) and reason != "correction":
                continue  # What has ended keeps what it ended under.
            if quiet is not None:
                known.quiet = max(quiet, known.quiet or quiet)
            known.gone = False
            known.owed = owed
            _take_stretches(known, owed.stretches, at, reason)

    def _owed(
        self, law: Law, ladders: Mapping[str, Ladder], printed: of_dossier.Printed | None
    ) -> list[Owed]:
        """Say what the facts amount to."""
        facts = happened(self.known) if self.corrected else by_moment(self.known)
        found: list[Owed] = []
        story = of_dossier.read(facts, self.unit) if self.kind == "dossier" else None
        if story is not None and TOGETHER & ladders.keys():
            both = of_dossier.owed(story, law, self.ladders, printed)
            found += [one for one in both if one.kind in ladders]
        unit = self.unit if story is None else story.unit
        about = About(self.subject, unit, facts, law, story)
        for kind, ladder in ladders.items():
            if kind == of_duty.DUTY:
                found += of_duty.owed(self.subject, facts, law, ladder)
            elif kind in single.KINDS:
                found += [count_one(one, about, ladder) for one in single.KINDS[kind](about)]
        return found


def _as_ended(before: Owed, after: Owed) -> bool:
    return (
        before.discharged is not None
        and before.discharged == after.discharged
        and before.void == after.void
    )


def _take_stretches(
    running: Running, stretches: Sequence[Stretch], at: datetime, reason: str
) -> None:
    keys = {stretch.key for stretch in stretches}
    for held in running.held.values():
        if held.key not in keys:
            held.ended = held.opened  # Struck: nothing is raised by it.
    for stretch in stretches:
        held_now = running.held.get(stretch.key)
        if held_now is None:
            running.held[stretch.key] = Held(
                stretch.key,
                stretch.opened,
                stretch.ended,
                stretch.lapses,
                stretch.due,
                stretch.limit,
                {(rung, n): Slot(rung, n, due, {due}) for rung, n, due in stretch.moments},
            )
        elif _may_move(held_now, stretch, reason) and _moved(held_now, stretch):
            _move(held_now, stretch, at, by_calendar=reason == "calendar")
        else:
            if _may_move(held_now, stretch, reason):
                held_now.opened = stretch.opened
            held_now.ended = stretch.ended


def _may_move(held: Held, stretch: Stretch, reason: str) -> bool:
    """Say whether dates may still move: it ran until now, or facts are put right."""
    return held.ended is None or stretch.ended is None or reason == "correction"


def _moved(held: Held, stretch: Stretch) -> bool:
    if (held.due, held.limit) != (stretch.due, stretch.limit):
        return True
    before = {(slot.rung, slot.repeat, slot.at) for slot in held.slots.values()}
    return before != set(stretch.moments)


def _move(held: Held, stretch: Stretch, at: datetime, *, by_calendar: bool) -> None:
    """Give a stretch other moments; what was due before it moved was due then."""
    slots = {}
    for moment in stretch.moments:
        slot = _moved_slot(held.slots.get(moment[:2]), moment, at, by_calendar=by_calendar)
        slots[moment[:2]] = slot
    held.slots, held.due, held.limit = slots, stretch.due, stretch.limit
    held.opened, held.ended, held.lapses = stretch.opened, stretch.ended, stretch.lapses
    held.moved.append(at)


def _moved_slot(old: Slot | None, moment: Moment, at: datetime, *, by_calendar: bool) -> Slot:
    rung, repeat, due = moment
    around = [due] if old is None else [due, old.at]
    if any(abs(each - at) <= RECOUNT_S_MAX for each in around):
        accepts = {due} if old is None else old.accepts | {due}
        return Slot(rung, repeat, due, accepts, must=False)
    if old is not None and old.at < at and due <= at:
        return Slot(rung, repeat, due, old.accepts | {due}, must=old.must)
    if due <= at and (old is None or (by_calendar and rung != BREACH)):
        return Slot(rung, repeat, due, {due}, must=False)  # The move put it into the past.
    return Slot(rung, repeat, due, {due})

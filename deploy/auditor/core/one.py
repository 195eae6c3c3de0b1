"""One thing with one beginning, one limit and one end: how it is counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Final

from deploy.auditor.core.counting import run
from deploy.auditor.core.dossier import Dossier
from deploy.auditor.core.history import Fact
from deploy.auditor.core.law import Law
from deploy.auditor.core.owing import BREACH, Count, Ladder, Moment, Owed, Stretch, moments
from deploy.auditor.core.wall import BeyondCalendar, Json

BY_THE_CLOCK: Final = {"hours", "half_days", "given"}
TAIL_MAX: Final = 60


@dataclass(frozen=True)
class One:
    """One thing owed, before it is counted.

    Attributes:
        kind: Its kind.
        start: When its clock starts.
        key: The id of what started it.
        limit: How long it may take.
        done: What ended it.
        void: What ended the need for it; after its due moment it was late all the same.
        lapses: When it ends by itself; then nobody breaks the law by it.
        tail: What tells it from others of its kind here.
        unit: Who owes it, if not the subject's own unit.
    """

    kind: str
    start: datetime
    key: str
    limit: Json
    done: Fact | None = None
    void: Fact | None = None
    lapses: datetime | None = None
    tail: str = ""
    unit: str | None = None


@dataclass(frozen=True)
class About:
    """A subject, and what happened in it."""

    subject: str
    unit: str
    facts: Sequence[Fact]
    law: Law
    dossier: Dossier | None = None

    @property
    def own_id(self) -> str:
        """A matter's own id: what follows unit and kind."""
        return self.subject.split("/", 2)[2]

    def is_named(self, begins: date) -> bool:
        """Say whether this is its unit's record of a period, and not that of another name."""
        return bool(self.facts) or self.law.codes.is_named(self.subject, begins)


def count_one(one: One, about: About, ladder: Ladder) -> Owed:
    """Say by when one thing is owed, and what hangs on it."""
    law, who = about.law, one.unit or about.unit
    wall = law.wall(who)
    ends = [fact for fact in (one.done, one.void) if fact is not None]
    # What came first ended it; of one instant that is as the statuses allow.
    ended = min(ends, key=about.facts.index) if ends else None
    discharged = None if ended is None else (ended.time, ended.name)
    name = one.kind if not one.tail else f"{one.kind}:{shortened(one.tail)}"
    void = ended is not None and ended is one.void
    bare = Owed(name, one.kind, who, discharged=discharged, void=void)
    if wall is None:
        return bare
    try:
        ran = run(wall, one.limit, one.start, ())
    except BeyondCalendar:
        return bare
    due, limit, _ = ran.standing
    by_law = due if one.limit["unit"] in BY_THE_CLOCK else limit
    hung: tuple[Moment, ...] = moments(
        ladder, Count(wall, due, ran.day0, one.limit, ran), one.start
    )
    if one.lapses is None:
        hung = (*hung, (BREACH, 0, by_law))
    over = None if ended is None else ended.time
    stretch = Stretch(one.key, one.start, over, due, by_law, hung, one.lapses)
    return Owed(
        id=bare.id,
        kind=one.kind,
        unit=who,
        stretches=(stretch,),
        discharged=discharged,
        void=void and ended is not None and ended.time <= due,
        due=due,
        limit=limit,
    )


def shortened(tail: str) -> str:
    """Return a tail as the contract's ids of obligations have it: at most 60 characters.

    Of a longer one 47, a full stop and 12 digits of its SHA-256.
    """
    if len(tail) <= TAIL_MAX:
        return tail
    return f"{tail[:47]}.{sha256(tail.encode()).hexdigest()[:12]}"


def working_days(number: int) -> Json:
    """Return a limit in working days."""
    return {"unit": "working_days", "value": number}


def hours(number: int) -> Json:
    """Return a limit in opening hours."""
    return {"unit": "hours", "value": number}


def given(moment: datetime) -> Json:
    """Return the limit that ends at a moment."""
    return {"unit": "given", "given": moment.isoformat()}

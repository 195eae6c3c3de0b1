"""A dossier's legal deadline, and the slip of apology before it, from what happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from deploy.auditor.core.counting import (
    Asked,
    Ran,
    index_run,
    moves_promise,
    promise,
    run,
    slip,
)
from deploy.auditor.core.history import Fact, first
from deploy.auditor.core.law import Law
from deploy.auditor.core.owing import BREACH, Count, Ladder, Moment, Owed, Stretch, moments
from deploy.auditor.core.wall import BeyondCalendar, Json, Wall, instant

DEADLINE: Final = "dossier_deadline"
SLIP: Final = "apology_slip"
ENDS: Final = (
    ("dossier.completed",),
    ("dossier.returned",),
    ("dossier.stopped", "dossier.refused"),
    ("dossier.withdrawn",),
)
"""Which event ends a dossier: of these, the first that happened at all (F766)."""

WAIT_NO_MORE: Final = {"dossier.stopped", "dossier.refused", "dossier.withdrawn"}
Printed = tuple[str, datetime]
"""The key of the stretch that runs and its promise, which only a correction moves earlier."""


@dataclass(frozen=True)
class NewDate:
    """A new date that was given to the applicant."""

    decided: datetime
    day: date
    key: str


@dataclass(frozen=True)
class Dossier:
    """What the deadline of an accepted dossier is counted from."""

    accepted: Fact
    start: Fact | None
    unit: str
    waits: tuple[Asked, ...]
    new_dates: tuple[NewDate, ...]
    end: Fact | None
    issued: Fact | None

    @property
    def procedure(self) -> str:
        """The procedure's code."""
        return str(self.accepted.data["procedure"])


@dataclass(frozen=True)
class Kept:
    """What was promised and only a correction takes back: of which stretch, and until when."""

    key: str | None
    due: datetime | None = None


@dataclass(frozen=True)
class Counted:
    """The deadline by what was known at a moment."""

    ran: Ran
    due: datetime
    extended: NewDate | None


def read(facts: Sequence[Fact], unit: str) -> Dossier | None:
    """Read a dossier from what happened; None before it was accepted."""
    accepted = first(facts, "dossier.accepted")
    if accepted is None:
        return None
    end = next((found for names in ENDS if (found := first(facts, *names))), None)
    until = [fact for fact in facts if end is None or fact.time <= end.time]
    moved = [fact for fact in until if fact.name == "dossier.moved"]
    across = (
        accepted.receiving is not None
        and accepted.competent is not None
        and accepted.receiving != accepted.competent
    )
    return Dossier(
        accepted=accepted,
        start=first(facts, "dossier.arrived", after=accepted.time) if across else accepted,
        unit=str(moved[-1].data["to_unit"]) if moved else accepted.competent or unit,
        waits=_waits(until, accepted.time),
        new_dates=tuple(
            NewDate(fact.time, date.fromisoformat(fact.data["new_date"]), fact.id)
            for fact in until
            if fact.name == "dossier.extended" and fact.time >= accepted.time
        ),
        end=end,
        issued=first(facts, "dossier.apology_issued", "dossier.extended", after=accepted.time),
    )


def _waits(facts: Sequence[Fact], accepted: datetime) -> tuple[Asked, ...]:
    """Pair requests with receipts; a request while one is waited for opens no second wait."""
    proofs: dict[str, datetime] = {}
    for fact in facts:
        if fact.name == "notice.proven":
            proofs.setdefault(str(fact.data["about"]), instant(fact.data["at"]))
    waits: list[Asked] = []
    asked: Asked | None = None
    for fact in facts:
        if fact.time < accepted:
            continue
        if fact.name == "dossier.supplement_requested" and asked is None:
            proven = fact.time if fact.data["in_person"] else proofs.get(fact.id)
            asked = Asked(fact.time, proven, None)
        elif fact.name == "dossier.supplement_received" and asked is not None:
            waits.append(replace(asked, received=fact.time, receipt=fact.id))
            asked = None
    return (*waits, asked) if asked is not None else tuple(waits)


def owed(
    dossier: Dossier, law: Law, ladders: Mapping[str, Ladder], printed: Printed | None
) -> list[Owed]:
    """Say what is owed of a dossier: its result, and the slip if it will be late."""
    found = _deadline(dossier, law, printed)
    end = dossier.end
    discharged = None if end is None else (end.time, end.name.partition(".")[2])
    if found is None:
        return [Owed(DEADLINE, DEADLINE, dossier.unit, discharged=discharged)]
    wall, limit, whole, stretches, index = found
    running = not whole.ran.waiting
    result = Owed(
        id=DEADLINE,
        kind=DEADLINE,
        unit=dossier.unit,
        stretches=tuple(
            _stretch(ladders[DEADLINE], wall, limit, one, one.counted.due) for one in stretches
        ),
        discharged=discharged,
        due=whole.due if running else None,
        limit=whole.ran.standing[1] if running else None,
        index_due=None if index.waiting else index.standing[0],
        limit_missed=missed(dossier, whole.ran),
    )
    try:
        return [result, *_slip(dossier, ladders[SLIP], wall, limit, whole, stretches)]
    except BeyondCalendar:
        return [result]


@dataclass(frozen=True)
class _Part:
    """A stretch before it is known which moments hang on it."""

    key: str
    opened: datetime
    ended: datetime | None
    counted: Counted
    by_new_date: bool


_Found = tuple[Wall, Json, Counted, list[_Part], Ran]


def _deadline(dossier: Dossier, law: Law, printed: Printed | None) -> _Found | None:
    """Count a deadline by both clocks; None where no date can be given."""
    wall, limit = law.wall(dossier.unit), _limit(dossier, law)
    if wall is None or limit is None or dossier.start is None:
        return None
    start = dossier.start.time
    waits = [w for w in dossier.waits if w.received is None or w.received >= start]
    try:
        kept = Kept(None if printed is None else printed[0])
        whole = _count(wall, limit, start, waits, dossier.new_dates, kept)
        begins, ends = _bounds(dossier, start, whole)
        if printed is not None and printed[0] == begins[-1][1] and not whole.ran.waiting:
            kept = Kept(printed[0], printed[1] if whole.due < printed[1] else None)
            whole = _count(wall, limit, start, waits, dossier.new_dates, kept)
        parts = []
        for at, key, by_new_date in begins:
            ended = min((e for e, on in ends if e >= at and on != key), default=None)
            known = [w for w in waits if w.received is not None and w.received <= at]
            given = [one for one in dossier.new_dates if one.decided <= at]
            counted = _count(wall, limit, start, known, given, kept)
            if ended is None and dossier.end is not None:
                ended = dossier.end.time
            parts.append(_Part(key, at, ended, counted, by_new_date))
        return wall, limit, whole, parts, index_run(wall, limit, start, waits)
    except BeyondCalendar:
        return None


def _limit(dossier: Dossier, law: Law) -> Json | None:
    given = dossier.accepted.data.get("given")
    if given is not None:
        return {"unit": "given", "given": given}
    accepted = dossier.accepted
    return law.limit(
        dossier.procedure,
        accepted.time.date(),
        accepted.competent or dossier.unit,
        str(accepted.data["channel"]),
    )


def _count(
    wall: Wall,
    limit: Json,
    start: datetime,
    waits: Sequence[Asked],
    new_dates: Sequence[NewDate],
    kept: Kept,
) -> Counted:
    """Run the rule's clock, and put the first new date on top if it counts."""
    ran = run(wall, limit, start, waits)
    promises = [ran.standing[0]]
    if kept.due is not None:
        promises.append(kept.due)
    extended = None
    if new_dates:
        given = new_dates[0]
        if given.key == kept.key or moves_promise(
            wall, limit, start, waits, given.decided, given.day, kept.due
        ):
            extended = given
            promises.append(promise(wall, limit, given.day, ran.day0))
    return Counted(ran, max(promises), extended)


def _bounds(
    dossier: Dossier, start: datetime, whole: Counted
) -> tuple[list[tuple[datetime, str, bool]], list[tuple[datetime, str]]]:
    """Say where stretches begin, and where they end and which goes on from there."""
    assert dossier.start is not None, "a clock that runs has started"
    begins = [(start, dossier.start.id, False)]
    ends: list[tuple[datetime, str]] = []
    for opened, wait in whole.ran.stood:
        ends.append((opened, wait.receipt))
        if wait.received is not None:
            begins.append((wait.received, wait.receipt, False))
    new = whole.extended
    if new is not None and new.decided >= start:
        waiting = any(
            opened <= new.decided and (wait.received is None or new.decided < wait.received)
            for opened, wait in whole.ran.stood
        )
        if not waiting:
            ends.append((new.decided, new.key))
            begins.append((new.decided, new.key, True))
    return sorted(begins, key=lambda one: one[0]), ends


def _stretch(
    ladder: Ladder, wall: Wall, limit: Json, part: _Part, due: datetime | None
) -> Stretch:
    """Hang the rungs of a ladder, and the breach of the law, on a stretch."""
    ran = part.counted.ran
    if due is None:
        return Stretch(part.key, part.opened, part.ended, None, None)
    counted = Count(wall, due, ran.day0, limit, ran)
    hung = moments(ladder, counted, part.opened)
    by_law = ran.standing[1]
    if not part.by_new_date or by_law >= part.opened:  # Else it was missed before, once.
        breach: Moment = (BREACH, 0, by_law)
        hung = (*hung, breach)
    return Stretch(part.key, part.opened, part.ended, due, by_law, hung)


def _slip(
    dossier: Dossier,
    ladder: Ladder,
    wall: Wall,
    limit: Json,
    whole: Counted,
    stretches: Sequence[_Part],
) -> list[Owed]:
    """Say by when the slip was to be given, stretch by stretch; a new date begins none."""
    issued = dossier.issued
    found = []
    for part in stretches:
        ran = part.counted.ran
        due = slip(wall, limit, ran.standing[2], ran.opened)
        if not part.by_new_date:
            found.append((part, due))
    if all(due is None for _, due in found):
        return []
    begun = [one for one in found if issued is None or one[0].opened <= issued.time]
    hung = []
    for part, due in begun or found[:1]:  # Given before the clock began: nothing is left.
        ended = part.ended
        if issued is not None and (ended is None or ended > issued.time):
            ended = issued.time
        hung.append(_stretch(ladder, wall, limit, replace(part, ended=ended), due))
    waiting = whole.ran.waiting and issued is None
    last = hung[-1]
    discharged, void = _slip_ended(dossier, whole)
    return [
        Owed(
            id=SLIP,
            kind=SLIP,
            unit=dossier.unit,
            stretches=tuple(hung),
            discharged=discharged,
            void=void,
            due=None if waiting else last.due,
            limit=None if waiting else last.limit,
        )
    ]


def _slip_ended(dossier: Dossier, whole: Counted) -> tuple[tuple[datetime, str] | None, bool]:
    """Say how the slip ended, and whether it was not owed after all."""
    issued, end = dossier.issued, dossier.end
    if issued is not None and (end is None or issued.time <= end.time):
        return (issued.time, "issued"), False
    if end is None:
        return None, False
    if missed(dossier, whole.ran) is not None:
        return (end.time, "never_issued"), False
    return (end.time, "not_needed"), True


def missed(dossier: Dossier, ran: Ran) -> datetime | None:
    """Say which limit passed first with the dossier unfinished; None while none has.

    An end while the applicant is waited for counts at the request, if the law's clock stood.
    """
    end = dossier.end
    if ran.missed is not None or end is None:
        return ran.missed
    judged = end.time
    if ran.waiting and end.name in WAIT_NO_MORE:
        judged = min(judged, dossier.waits[-1].requested)
    return ran.standing[1] if judged > ran.standing[1] else None

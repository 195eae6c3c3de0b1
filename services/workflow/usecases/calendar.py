"""What the calendar brings about: sessions, months, decisions to post."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.workflow.core.codec import shard_of
from services.workflow.core.counting import recount
from services.workflow.core.fold import is_under_way, open_by_calendar
from services.workflow.core.kinds.registry import CALENDAR_KINDS
from services.workflow.core.model import Subject
from services.workflow.ports import CalendarMarks, Holding
from shared.calendar.errors import DateOutsideCalendarError
from shared.calendar.zone import ONE_DAY, legal_day
from shared.events.codes import parse_matter
from shared.reference.view import Reference
from shared.subjects.change import ChangeSubjects
from shared.subjects.document import Document
from shared.subjects.fold import Context, Emission
from shared.subjects.ports import Clock, ReferenceSource

BATCH_SUBJECTS_MAX: Final = 500


@dataclass(slots=True)
class OpenByCalendar:
    """Opens each day's subjects as the day begins, and those of days we slept through.

    Opening one that is there changes nothing, so any instance may do any day again.
    """

    change: ChangeSubjects[Subject]
    marks: CalendarMarks
    holding: Holding
    reference: ReferenceSource
    clock: Clock
    _seen: tuple[date, int, frozenset[int]] | None = None

    async def __call__(self) -> int:
        """Open what is not open yet; return how many subjects.

        Raises:
            UnavailableError: the store did not answer.
        """
        today = legal_day(self.clock.now())
        reference = self.reference.current()
        shards = self.holding.shards()
        if (
            not shards
            or not reference.units
            or (today, reference.version, shards) == self._seen
        ):
            return 0
        opened = 0
        through = await self.marks.opened_through(shards)
        first = min((through.get(shard, today) for shard in shards), default=today)
        day = min(first, today)
        while day <= today:
            opened += await self._open(day, reference, shards, through)
            day += ONE_DAY
        await self.marks.set_opened_through(shards, today)
        self._seen = (today, reference.version, shards)
        return opened

    async def _open(
        self,
        day: date,
        reference: Reference,
        shards: Collection[int],
        through: Mapping[int, date],
    ) -> int:
        units: dict[str, str] = {}
        kinds: dict[str, set[str]] = {}
        brought = list(_subjects_of(day, reference))
        names = await self._names([subject for _, subject, _ in brought], reference)
        for kind, called, unit in brought:
            subject = names.get(called, called)
            if shard_of(subject) in shards:
                units[subject] = unit
                kinds.setdefault(subject, set()).add(kind)
        wanted = list(units)
        opened = 0
        for start in range(0, len(wanted), BATCH_SUBJECTS_MAX):
            ids = wanted[start : start + BATCH_SUBJECTS_MAX]

            def begin(
                document: Document[Subject], context: Context
            ) -> Sequence[Emission] | None:
                if document.state is not None:
                    return _missing(document.state, kinds[document.id], context)
                state, emissions = open_by_calendar(document.id, units[document.id], context)
                known = through.get(shard_of(document.id))
                if known is not None and day <= known and is_under_way(state, context.now):
                    return None  # It was no session when it would have begun.
                document.state = state
                return emissions

            opened += len(await self.change(ids, begin, create=True))
        return opened

    async def _names(self, subjects: Sequence[str], reference: Reference) -> Mapping[str, str]:
        """Return what is there already under another code of its unit: a roster comes early."""
        if not reference.units.aliases:
            return {}
        others: dict[str, str] = {}
        for subject in subjects:
            matter = parse_matter(subject)
            assert matter is not None, "the calendar brings centre records about"
            for other in reference.units.subjects(matter):
                if other != subject:
                    others[other] = subject
        known = await self.change.store.load(others) if others else {}
        return {
            others[name]: name
            for name, document in known.items()
            if document.state is not None and len(document.state.history)
        }


def _subjects_of(day: date, reference: Reference) -> Iterator[tuple[str, str, str]]:
    """Yield what a day brings about: the kind, the subject it lives on, the subject's unit."""
    for kind in CALENDAR_KINDS:
        assert kind.opens_on is not None, "opened by the calendar"
        try:
            for subject, unit in kind.opens_on(reference, day):
                yield kind.id, subject, unit
        except DateOutsideCalendarError:
            continue  # Past the published days nothing is guessed; the horizon alarm rises.


def _missing(
    subject: Subject, kinds: AbstractSet[str], context: Context
) -> Sequence[Emission] | None:
    """Open what a subject lacks that was there before its day came.

    Something may have happened in it early; or it owed another kind until now, as a procedure
    that was posted and has expired since; or it was void, as a session that is owed again.
    """
    if kinds <= {one.kind for one in subject.obligations.values() if not one.void}:
        return None
    emissions = recount(subject, context)
    return emissions or None

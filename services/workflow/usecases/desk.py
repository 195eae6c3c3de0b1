"""What people find on their desk: what is theirs, what must leave today, slips to be given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from services.workflow.core.asking import take_back_refused
from services.workflow.core.kinds.dossier import DEADLINE, SLIP
from services.workflow.core.ladder import UPWARD
from services.workflow.core.model import Gap, Subject
from services.workflow.core.open import Row, Viewer, rows_of, turn_of
from services.workflow.core.reach import coverage_subject
from services.workflow.core.result import Result, open_correction, result_of
from services.workflow.core.slip import Draft, draft_of
from services.workflow.ports import ObligationIndex, OpenQuery, Refusals
from shared.calendar.errors import DateOutsideCalendarError
from shared.calendar.zone import ONE_DAY, legal_day, midnight_after
from shared.reference.errors import NoCalendarError
from shared.reference.view import Reference
from shared.subjects.ports import Clock

PAGE_SUBJECTS: Final = 50
DAY_SUBJECTS_MAX: Final = 600
WAITING_SUBJECTS_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Inbox:
    """One page of what is open.

    Attributes:
        rows: Its rows, what ends first at the top.
        total: How many dossiers and matters there are in all.
        overdue: How many of them are past their promise.
        page: Its number, from 1.
        first: The place of its first dossier or matter among all.
        last: The place of its last one.
    """

    rows: Sequence[Row]
    total: int
    overdue: int
    page: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Today:
    """What a counter has before it.

    Attributes:
        overdue: Past its promise, the oldest first.
        today: Due today, the earliest first.
        next_day: The next working day; None past the published calendar.
        soon: Due after today, up to the close of the next working day.
        returned: Whose applicant brought the supplement today: the clock runs anew.
        waiting: Waiting for the applicant, the longest first.
        undated: Without a date, with the reason.
        more: Whether there was more than could be read.
    """

    overdue: Sequence[Row]
    today: Sequence[Row]
    next_day: date | None
    soon: Sequence[Row]
    returned: Sequence[Row]
    waiting: Sequence[Row]
    undated: Sequence[Row]
    more: bool


@dataclass(frozen=True, slots=True)
class Slips:
    """The slips that are to be given, the earliest due first."""

    drafts: Sequence[Draft]
    more: bool


@dataclass(frozen=True, slots=True)
class WrongResults:
    """The wrong results that are to be corrected, the earliest due first."""

    results: Sequence[Result]
    more: bool


@dataclass(slots=True)
class ReadDesk:
    """Reads by index, what presses most first, a page at a time."""

    index: ObligationIndex
    reference: Callable[[], Reference]
    clock: Clock
    refusals: Refusals

    async def _open(self, wanted: OpenQuery, *, skip: int = 0, limit: int) -> Sequence[Subject]:
        """Read what is open, without what intake refused of what was done about it."""
        found = await self.index.still_open(wanted, skip=skip, limit=limit)
        for subject in found:
            take_back_refused(subject, self.refusals.of, self.clock.now())
        return found

    async def inbox(self, viewer: Viewer, *, mine: bool, page: int) -> Inbox:
        """Return a page of what is open: theirs, or everything that they may see.

        Raises:
            UnavailableError: the store does not answer.
        """
        reference, now = self.reference(), self.clock.now()
        turn = turn_of(viewer, reference, now) if mine else None
        wanted = OpenQuery(
            units=viewer.units if turn is None else turn.units,
            roles=None if turn is None else turn.roles,
        )
        skip = (page - 1) * PAGE_SUBJECTS
        subjects = await self._open(wanted, skip=skip, limit=PAGE_SUBJECTS)
        late = OpenQuery(units=wanted.units, roles=wanted.roles, before=now)
        return Inbox(
            rows=[
                row
                for subject in subjects
                for row in rows_of(subject, viewer if mine else None, reference, now)
            ],
            total=await self.index.count_open(wanted),
            overdue=await self.index.count_open(late),
            page=page,
            first=skip + 1 if subjects else 0,
            last=skip + len(subjects),
        )

    async def gaps(self, viewer: Viewer) -> Sequence[Gap]:
        """Return the roles that nobody hears where they look: empty, or unreached.

        Raises:
            UnavailableError: the store does not answer.
        """
        units = self.reference().units
        ladders = await self.index.read_all(
            [
                coverage_subject(unit, units)
                for unit in sorted(units)
                if viewer.units is None or unit in viewer.units
            ]
        )
        gaps = [gap for ladder in ladders for gap in ladder.gaps.values()]
        return sorted(gaps, key=lambda gap: (gap.unit, UPWARD.index(gap.role), gap.why))

    def row(self, subject: Subject, obligation: str, viewer: Viewer) -> Row | None:
        """Return one open obligation, if it is theirs."""
        rows = rows_of(subject, viewer, self.reference(), self.clock.now())
        return next((row for row in rows if row.obligation.id == obligation), None)

    async def today(self, viewer: Viewer) -> Today:
        """Return what a counter has before it.

        Raises:
            UnavailableError: the store does not answer.
        """
        reference, now = self.reference(), self.clock.now()
        dated = await self._open(
            OpenQuery(units=viewer.units, dated=True), limit=DAY_SUBJECTS_MAX
        )
        without = await self._open(
            OpenQuery(units=viewer.units, dated=False), limit=WAITING_SUBJECTS_MAX
        )
        rows = [
            row
            for subject in (*dated, *without)
            for row in rows_of(subject, None, reference, now)
            if row.obligation.kind != SLIP
        ]
        due = [(row, row.obligation.due) for row in rows if row.obligation.due is not None]
        due.sort(key=lambda pair: pair[1])
        today, soon = legal_day(now), next_working_day(reference, now)
        end = midnight_after(soon or today)
        still = [(row, at) for row, at in due if at >= now]
        waiting = [row for row in rows if row.obligation.suspended_since is not None]
        return Today(
            overdue=[row for row, at in due if at < now],
            today=[row for row, at in still if legal_day(at) == today],
            next_day=soon,
            soon=[row for row, at in still if legal_day(at) > today and at < end],
            returned=[row for row in rows if _returned(row, today)],
            waiting=sorted(waiting, key=lambda row: row.obligation.suspended_since or now),
            undated=[row for row in rows if row.obligation.no_deadline is not None],
            more=len(dated) >= DAY_SUBJECTS_MAX or len(without) >= WAITING_SUBJECTS_MAX,
        )

    async def slips(self, viewer: Viewer) -> Slips:
        """Return the slips that are due by the close of the next working day, or overdue.

        Raises:
            UnavailableError: the store does not answer.
        """
        reference, now = self.reference(), self.clock.now()
        soon = next_working_day(reference, now)
        # A slip is due a working day before its dossier: look one working day further.
        later = None if soon is None else _shifted(reference, soon, 1)
        before = midnight_after(later or soon or legal_day(now) + ONE_DAY)
        subjects = await self._open(
            OpenQuery(units=viewer.units, before=before),
            limit=DAY_SUBJECTS_MAX,
        )
        drafts = [draft_of(subject, reference, now) for subject in subjects]
        end = midnight_after(soon or legal_day(now))
        owed = [
            (draft.slip.due, draft)
            for draft in drafts
            if draft is not None and draft.slip.open and draft.slip.due is not None
        ]
        return Slips(
            drafts=[draft for at, draft in sorted(owed, key=lambda pair: pair[0]) if at < end],
            more=len(subjects) >= DAY_SUBJECTS_MAX,
        )

    async def wrong_results(self, viewer: Viewer) -> WrongResults:
        """Return the wrong results that are to be corrected.

        Raises:
            UnavailableError: the store does not answer.
        """
        subjects = await self._open(OpenQuery(units=viewer.units), limit=DAY_SUBJECTS_MAX)
        found: list[tuple[bool, datetime, Result]] = []
        for subject in subjects:
            owed = open_correction(subject)
            result = None if owed is None else result_of(subject)
            if owed is not None and result is not None:
                found.append((owed.due is None, owed.due or owed.opened_at, result))
        found.sort(key=lambda one: one[:2])
        return WrongResults([one[2] for one in found], len(subjects) >= DAY_SUBJECTS_MAX)

    def draft(self, subject: Subject) -> Draft | None:
        """Return the slip of one dossier; None where the law asks for none."""
        return draft_of(subject, self.reference(), self.clock.now())


def next_working_day(reference: Reference, now: datetime) -> date | None:
    """Return the working day after today; None past the published calendar."""
    return _shifted(reference, legal_day(now), 1)


def _shifted(reference: Reference, day: date, working_days: int) -> date | None:
    try:
        return reference.calendar.shift(day, working_days)
    except (DateOutsideCalendarError, NoCalendarError):
        return None


def _returned(row: Row, today: date) -> bool:
    """Say whether this deadline's wait ended today."""
    cycles = row.obligation.cycles
    if row.obligation.kind != DEADLINE or len(cycles) < 2:  # noqa: PLR2004 -- One before it.
        return False
    before, last = cycles[-2], cycles[-1]
    return before.ended_why == "suspended" and legal_day(last.opened) == today

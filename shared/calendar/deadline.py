"""The deadline of a dossier: one pure function of limit, calendars and history.

Two clocks run side by side. The *rule's* clock drives promise, slip and
ladder: after a supplement it restarts, or subtracts where the rule row says so. The *index's*
clock always subtracts, opens its waits at the request, and is for figures only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from shared.calendar.account import account
from shared.calendar.counting import Moments, Terms, promise
from shared.calendar.days import DeadlineCalendar
from shared.calendar.history import Extension, History, Wait, checked, effective_waits
from shared.calendar.ledger import LedgerEntry
from shared.calendar.limits import Limit, LimitUnit, require_given
from shared.calendar.opening import OpeningHours
from shared.calendar.runs import Run, extension_in_force, index_run, rule_run
from shared.calendar.zone import legal_day

SECOND_REQUEST: Final = "second_request"
REQUEST_ON_OR_AFTER_LAST_DAY: Final = "request_on_or_after_last_day"
REQUEST_AFTER_LIMIT: Final = "request_after_limit"
REQUESTS_MAX: Final = 1  # Staff may ask once: `Rule.SUPPLEMENT_ONCE`.


KEPT: Final = 4_096
"""How many deadlines are kept at hand: each event of a dossier asks for its deadline again."""


@dataclass(frozen=True, eq=False, slots=True)
class Deadline:
    """What is owed by when, by both clocks, and why.

    The same question is answered by the same deadline, so it is compared by identity.

    Attributes:
        terms: What it was counted with.
        history: The history it was counted from, in order of time.
        due: The promise; none while suspended.
        limit: The statutory end; none while suspended.
        last_day: The statutory last day; none while suspended.
        first: What was promised when the clock first started.
        before_wait: While suspended, what held when the wait opened.
        suspended_since: When the open wait began, by the rule's clock.
        opened: The moment the current count began: the start, or the last restart.
        day0: The same, moved to an opening where the rule says so.
        restarts: How often the clock restarted.
        cycle: 1, one more for each restart and for a new date in force.
        extended_to: The new date in force, if one is.
        index_due: The index's promise; none while the index waits for the applicant.
        index_last_day: Its day.
        index_before_wait: While the index waits, what held when the wait opened.
        index_late: Late by the index whatever the dates: more than one request.
        flags: What an inspector should see: second_request,
            request_on_or_after_last_day, request_after_limit, second_extension,
            extension_not_later, extension_not_working.
        limit_missed: The first statutory limit that had passed when a wait opened. No later
            cycle cures it (decision 0043). None: no wait shows that one was missed.
        waits: The waits that the clocks know.
        extension: The new date that counts, if one does, and what is wrong with others.
        rule_run: How the rule's clock went, for shares of the limit.
        index_run: How the index's clock went.
    """

    terms: Terms
    history: History
    due: datetime | None
    limit: datetime | None
    last_day: date | None
    first: Moments
    before_wait: Moments | None
    suspended_since: datetime | None
    opened: datetime
    day0: datetime
    restarts: int
    cycle: int
    extended_to: date | None
    index_due: datetime | None
    index_last_day: date | None
    index_before_wait: Moments | None
    index_late: bool
    flags: tuple[str, ...]
    limit_missed: datetime | None
    waits: tuple[Wait, ...]
    extension: tuple[Extension | None, tuple[str, ...]]
    rule_run: Run
    index_run: Run

    @property
    def suspended(self) -> bool:
        """Say whether the rule's clock stands still, waiting for the applicant."""
        return self.suspended_since is not None

    @property
    def ledger(self) -> tuple[LedgerEntry, ...]:
        """Return what was counted, row by row; it is written when somebody asks for it."""
        due = self.due if self.before_wait is None else self.before_wait.due
        assert due is not None, "it is due now, or was when the wait opened"
        runs = self.rule_run, self.index_run
        return account(self.terms, self.history, self.waits, *runs, self.extension, due)


@lru_cache(maxsize=KEPT)
def compute(
    limit: Limit,
    history: History,
    calendar: DeadlineCalendar,
    opening: OpeningHours,
) -> Deadline:
    """Return the deadline that a limit and a history give.

    Raises:
        InvalidLimitError: the limit is `given`, and nobody gave the instant.
        InvalidHistoryError: the history contradicts itself.
        DateOutsideCalendarError: the answer lies beyond the published calendar.
    """
    terms = Terms(limit, calendar, opening)
    require_given(limit)
    history = checked(history)
    waits = effective_waits(history)
    rule = rule_run(terms, history.start, waits)
    index = index_run(terms, history.start, waits) if waits else rule  # The same without any.
    extension, extension_flags = extension_in_force(terms, history, waits)
    extended = None if extension is None else promise(terms, extension.new_day, rule.day0)
    standing = rule.standing
    due = max(each for each in (standing.due, extended, history.printed) if each is not None)
    suspended, waiting = rule.open_wait, index.open_wait
    restarts = len(rule.cycles) - 1
    return Deadline(
        terms=terms,
        history=history,
        due=due if suspended is None else None,
        limit=standing.limit if suspended is None else None,
        last_day=standing.last_day if suspended is None else None,
        first=rule.cycles[0][1],
        before_wait=None
        if suspended is None
        else Moments(due, standing.limit, standing.last_day),
        suspended_since=None if suspended is None else suspended.opened,
        opened=rule.opened,
        day0=rule.day0,
        restarts=restarts,
        cycle=1 + restarts + (extension is not None),
        extended_to=None if extension is None else extension.new_day,
        index_due=index.standing.due if waiting is None else None,
        index_last_day=index.standing.last_day if waiting is None else None,
        index_before_wait=None if waiting is None else index.standing,
        index_late=len(waits) > REQUESTS_MAX,
        flags=(*_wait_flags(terms, waits, rule), *extension_flags),
        limit_missed=rule.limit_missed,
        waits=waits,
        extension=(extension, extension_flags),
        rule_run=rule,
        index_run=index,
    )


def _wait_flags(terms: Terms, waits: Sequence[Wait], rule: Run) -> tuple[str, ...]:
    flags = list[str]()
    asked = [(one.wait, one.standing.last_day) for one in rule.shifts]
    counted = terms.limit.unit is not LimitUnit.GIVEN
    if counted and waits and waits[-1].opens_by_law is None:
        asked.append((waits[-1], rule.standing.last_day))  # Unproven: it shifts no clock yet.
    if len(waits) > REQUESTS_MAX:
        flags.append(SECOND_REQUEST)
    if any(legal_day(wait.requested) >= last_day for wait, last_day in asked):
        flags.append(REQUEST_ON_OR_AFTER_LAST_DAY)
    if rule.limit_missed is not None:
        flags.append(REQUEST_AFTER_LIMIT)
    return tuple(flags)

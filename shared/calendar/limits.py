"""A time limit as a rule row states it: how much, in what, and with which choices."""

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import Final

from shared.calendar.errors import InvalidLimitError

LIMIT_VALUE_MAX: Final = 3_650  # Ten years of days: more is a slip of the pen.


class LimitUnit(StrEnum):
    """What a limit is counted in."""

    SAME_DAY = "same_day"
    HOURS = "hours"
    CLOCK_HOURS = "clock_hours"
    HALF_DAYS = "half_days"
    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"
    GIVEN = "given"


class Roll(StrEnum):
    """What becomes of an end that falls on a day off, counted in days or clock hours."""

    NEXT_WORKING_DAY = "next_working_day"
    NONE = "none"


class PromiseAt(StrEnum):
    """At what hour of the last day the result is promised."""

    CLOSE = "close"
    SAME_CLOCK_HOUR = "same_clock_hour"


class AfterHours(StrEnum):
    """Whether an acceptance outside opening hours moves to the next opening first."""

    AS_ACCEPTED = "as_accepted"
    NEXT_SESSION = "next_session"


class OutsideOpening(StrEnum):
    """What the promise does when a limit in clock hours ends outside opening hours."""

    AS_IS = "as_is"
    NEXT_OPENING = "next_opening"


class AfterSupplement(StrEnum):
    """What the rule row's own clock does when a supplement was brought."""

    RESTART = "restart"
    SUBTRACT = "subtract"


COUNTED: Final = frozenset(
    {
        LimitUnit.HOURS,
        LimitUnit.CLOCK_HOURS,
        LimitUnit.HALF_DAYS,
        LimitUnit.WORKING_DAYS,
        LimitUnit.CALENDAR_DAYS,
    }
)


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit. `value` is ignored for `same_day` and `given`.

    A rule row of the unit `given` has no instant; each dossier brings its own.
    """

    unit: LimitUnit
    value: int = 0
    cutoff: time = time(15, 0)  # For `same_day`; this very second is in time.
    roll: Roll = Roll.NEXT_WORKING_DAY
    promise_at: PromiseAt = PromiseAt.CLOSE
    after_hours: AfterHours = AfterHours.AS_ACCEPTED
    after_supplement: AfterSupplement = AfterSupplement.RESTART
    outside_opening: OutsideOpening = OutsideOpening.AS_IS  # For `clock_hours`.
    given: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse what no rule row may hold.

        Raises:
            InvalidLimitError: a counted limit without a sensible number, or a given instant
                without an offset.
        """
        if self.unit in COUNTED and not 1 <= self.value <= LIMIT_VALUE_MAX:
            raise InvalidLimitError(
                "/limit/value",
                "limit-out-of-range",
                f"a limit in {self.unit} is from 1 to {LIMIT_VALUE_MAX}, not {self.value}",
                "Give the number that the rule row states.",
            )
        if self.given is not None and self.given.tzinfo is None:
            raise InvalidLimitError(
                "/limit/given",
                "instant-without-offset",
                "the given instant has no offset",
                "Write it with +07:00.",
            )


def require_given(limit: Limit) -> None:
    """Refuse to count by a given limit that was never given.

    Raises:
        InvalidLimitError: the instant is missing.
    """
    if limit.unit is LimitUnit.GIVEN and limit.given is None:
        raise InvalidLimitError(
            "/limit/given",
            "given-without-instant",
            "a limit of the kind 'given' needs the instant that the source system gave",
            "Add `given` with date, time and offset.",
        )

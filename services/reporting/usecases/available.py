"""Availability of units in a period, from the matters behind the minutes and what lasts."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from services.reporting.core.availability import availability
from services.reporting.core.clocks import Span, local_day
from services.reporting.core.figures import Period, Ratio
from services.reporting.usecases.asked import Asked
from services.reporting.usecases.listing import ROWS_MAX, ListRows
from shared.calendar.errors import DateOutsideCalendarError
from shared.calendar.opening import OpeningHours
from shared.calendar.zone import ONE_DAY

KINDS: Final = ("interruption", "connection")
"""Of what availability is said: the centre itself, and its links to the databases."""

Opening = Callable[[str], tuple[OpeningHours, date | None] | None]
"""A unit's opening calendar and the day since which it answers for it; None without any."""


@dataclass(slots=True)
class ReadAvailability:
    """Reads what stood still in a period, and measures it against the opening hours."""

    rows: ListRows

    async def __call__(
        self, kind: str, units: Iterable[str], period: Period, now: datetime, opening: Opening
    ) -> Mapping[str, Ratio]:
        """Return the availability of each unit; none for a period without a first day.

        Raises:
            UnavailableError: the store did not answer.
        """
        if period.first is None:
            return {}
        scope = frozenset(units)
        spans: dict[str, dict[str, tuple[Span, ...]]] = {unit: {} for unit in scope}
        for figure in (f"{kind}_minutes", f"{kind}_open"):
            asked = Asked(figure, scope, period, now).whole(ROWS_MAX)
            for one in (await self.rows(asked)).rows:
                if one.matter is not None:
                    spans[one.matter.unit][one.subject] = one.matter.spans
        return {
            unit: availability(
                _sessions(opening(unit), period.first, period.last, now),
                [span for mine in found.values() for span in mine],
                now,
            )
            for unit, found in spans.items()
        }


def _sessions(
    opening: tuple[OpeningHours, date | None] | None,
    first: date,
    last: date | None,
    now: datetime,
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the sessions of a period as far as it has gone and the calendar is published."""
    if opening is None:
        return
    hours, since = opening
    day, end = max(first, since or first), min(last or local_day(now), local_day(now))
    while day <= end:
        try:
            for session in hours.sessions(day):
                yield session.opens, session.closes
        except DateOutsideCalendarError:
            pass  # A day that nobody has published is no opening hour that was lost or kept.
        day += ONE_DAY

"""When a dossier was late: the spans in which it was open and past the deadline of one clock.

Three clocks run beside each other: the promise (`due`), the statute (`limit`) and the national
index (`index_due`). Each is a sequence of settings; a setting without a deadline suspends the
clock, and whoever was late when it was suspended stays late.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from shared.calendar.zone import ICT

FAR: Final = datetime.max.replace(tzinfo=ICT)
"""Later than anything that can happen."""


@dataclass(frozen=True, slots=True)
class Setting:
    """From `at` on, a clock's deadline is `deadline`; None while it is suspended."""

    at: datetime
    deadline: datetime | None


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time; `end` is None while it lasts."""

    start: datetime
    end: datetime | None

    def clipped(self, start: datetime, end: datetime | None) -> "Span | None":
        """Return the part between `start` and `end`, or None where there is none."""
        first = max(self.start, start)
        last = min(self.end or FAR, end or FAR)
        if first > last:
            return None
        return Span(first, None if last == FAR else last)


def local_day(moment: datetime) -> date:
    """Return the legal day on which a moment falls."""
    return moment.astimezone(ICT).date()


def late_spans(settings: Iterable[Setting], *, ended: datetime | None) -> tuple[Span, ...]:
    """Return the spans in which the dossier was past its deadline and had not ended.

    A moment exactly at the deadline is in time; the span begins there and counts from after it.

    Args:
        settings: In the order in which they took effect; those after the end do not matter.
        ended: When the dossier ended; None while it is open.
    """
    ordered = [one for one in settings if ended is None or one.at <= ended]
    spans: list[Span] = []
    late_since: datetime | None = None
    for index, setting in enumerate(ordered):
        until = ordered[index + 1].at if index + 1 < len(ordered) else ended
        if setting.deadline is None:
            continue
        if late_since is not None and setting.deadline > setting.at:
            spans.append(Span(late_since, setting.at))
            late_since = None
        passed = until is None or setting.deadline < until
        if passed and late_since is None:
            late_since = max(setting.deadline, setting.at)
    if late_since is not None:
        spans.append(Span(late_since, ended))
    return tuple(spans)


def deadline_at(settings: Sequence[Setting], moment: datetime) -> datetime | None:
    """Return the last deadline set at or before `moment`, passing over suspensions.

    A deadline set by something that is dated later than the dossier's own end still judges it
    when no earlier one exists: an import may state the deadline only once.
    """
    known = [one for one in settings if one.deadline is not None]
    before = [one for one in known if one.at <= moment]
    if before:
        return before[-1].deadline
    return known[0].deadline if known else None

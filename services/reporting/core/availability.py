"""For which share of its opening hours a centre, or all its links, stood.

What stood still at one time twice, by two causes or two systems, counts once; nights and days
off do not count at all. So this is another measure than the hours of interruption, which add
every matter up round the clock.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from services.reporting.core.clocks import Span
from services.reporting.core.figures import Ratio

SECONDS_A_MINUTE: Final = 60


def availability(
    opening: Iterable[tuple[datetime, datetime]],
    spans: Iterable[Span],
    now: datetime,
) -> Ratio:
    """Return the whole minutes of opening that no span touches, of all of them until now.

    Args:
        opening: The sessions of the period, each from when it opens up to when it closes, in
            order and without overlaps.
        spans: When it stood still, in any order; one that lasts has lasted until now.
        now: Nothing is counted after it.
    """
    down = _merged(Span(one.start, min(one.end or now, now)) for one in spans)
    opened = lost = 0.0
    for opens, closes in opening:
        until = min(closes, now)
        if opens >= until:
            continue
        opened += (until - opens).total_seconds()
        lost += sum(
            max(0.0, (min(end, until) - max(start, opens)).total_seconds())
            for start, end in down
        )
    whole = int(opened // SECONDS_A_MINUTE)
    # A part of a minute lost is a minute lost: 100 % is said of what never stood still.
    return Ratio(max(0, whole + int(-lost // SECONDS_A_MINUTE)), whole)


def _merged(spans: Iterable[Span]) -> list[tuple[datetime, datetime]]:
    """Return when at least one of the spans lasted, in order."""
    found: list[tuple[datetime, datetime]] = []
    for span in sorted(spans, key=lambda one: one.start):
        assert span.end is not None, "it was cut off at now"
        if found and span.start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], span.end))
        elif span.start < span.end:
            found.append((span.start, span.end))
    return found

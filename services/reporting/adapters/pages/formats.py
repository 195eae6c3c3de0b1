"""Numbers, dates and rates as people write them, in Vietnamese or in English."""

from services.reporting.core.figures import Ratio
from shared.web.formats import (
    DASH,
    NO_BREAK,
    WEEKDAYS,
    WEEKDAYS_SHORT,
    Language,
    clock,
    day,
    decimal,
    local_day,
    moment,
    moment_near,
    moment_short,
    number,
    share,
    year_of,
)

__all__ = [
    "DASH",
    "NO_BREAK",
    "WEEKDAYS",
    "WEEKDAYS_SHORT",
    "Language",
    "clock",
    "day",
    "decimal",
    "local_day",
    "moment",
    "moment_near",
    "moment_short",
    "number",
    "rate",
    "share",
    "year_of",
]


def rate(ratio: Ratio, language: Language) -> str:
    """Write a rate; 100 % is only written when not one is missing."""
    if ratio.share is not None and ratio.num < ratio.den:
        return share(min(ratio.share, 0.999), language)
    return share(ratio.share, language)

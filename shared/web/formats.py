"""Numbers and dates as people write them on pages, in Vietnamese or in English."""

from datetime import date, datetime
from typing import Final, Literal

from shared.calendar.zone import ICT

Language = Literal["vi", "en"]

WEEKDAYS: Final = {
    "vi": ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
WEEKDAYS_SHORT: Final = {
    "vi": ("Th 2", "Th 3", "Th 4", "Th 5", "Th 6", "Th 7", "CN"),
    "en": WEEKDAYS["en"],
}
NO_BREAK: Final = "\u00a0"
DASH: Final = "–"


def number(value: int, language: Language) -> str:
    """Write a count: 58.412, or 58,412 in English."""
    text = f"{value:,}"
    return text.replace(",", ".") if language == "vi" else text


def decimal(value: float, language: Language, places: int = 1) -> str:
    """Write a number with a fraction: 12,5, or 12.5 in English."""
    text = f"{value:,.{places}f}"
    return text.translate(str.maketrans(",.", ".,")) if language == "vi" else text


def share(value: float | None, language: Language) -> str:
    """Write a share of 1 as a percentage: 87,4 %; a dash where nothing was counted."""
    if value is None:
        return DASH
    return f"{decimal(value * 100, language)}{NO_BREAK}%"


def day(value: date, *, year: bool = True) -> str:
    """Write a day: 23/11/2026, or 23/11."""
    return f"{value:%d/%m/%Y}" if year else f"{value:%d/%m}"


def moment(value: datetime, language: Language) -> str:
    """Write a moment as people say it: 17:00 thứ Hai 12/01/2026.

    A limit printed as midnight is said as the end of the day before.
    """
    local = value.astimezone(ICT)
    return f"{local:%H:%M} {WEEKDAYS[language][local.weekday()]} {day(local.date())}"


def moment_short(value: datetime, language: Language) -> str:
    """Write a moment for a narrow column: Th 2 05/01 09:10."""
    local = value.astimezone(ICT)
    weekday = WEEKDAYS_SHORT[language][local.weekday()]
    return f"{weekday} {local:%d/%m %H:%M}"


def moment_near(value: datetime, now: datetime, language: Language) -> str:
    """Write a moment for a narrow column, with its year where that is not this one."""
    if year_of(value) == year_of(now):
        return moment_short(value, language)
    return f"{value.astimezone(ICT):%d/%m/%Y %H:%M}"


def clock(value: datetime) -> str:
    """Write the hour of a moment: 09:12."""
    return f"{value.astimezone(ICT):%H:%M}"


def local_day(value: datetime) -> date:
    """Return the legal day of a moment."""
    return value.astimezone(ICT).date()


def year_of(value: datetime) -> int:
    """Return the year of a moment in the legal zone."""
    return value.astimezone(ICT).year

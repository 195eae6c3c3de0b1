"""What the deadline engine refuses, each with the field, the rule and the remedy."""

from datetime import date


class RefusedInputError(ValueError):
    """A question that has no lawful answer; carries what a person needs to correct it."""

    def __init__(self, path: str, rule: str, detail: str, remedy: str) -> None:
        super().__init__(f"{path}: {detail} ({rule}). {remedy}")
        self.path = path
        self.rule = rule
        self.detail = detail
        self.remedy = remedy


class InvalidHistoryError(RefusedInputError):
    """The instants contradict each other: overlapping waits, an end before its start."""


class InvalidLimitError(RefusedInputError):
    """The limit is none that a rule row may hold."""


class DateOutsideCalendarError(LookupError):
    """The calendar does not know the days that the answer depends on."""

    def __init__(self, detail: str, *, first_day: date, last_day: date) -> None:
        super().__init__(
            f"{detail}: the calendar is published from {first_day} through {last_day}"
        )
        self.first_day = first_day
        self.last_day = last_day

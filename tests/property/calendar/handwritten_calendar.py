"""Vectors of 2027 written by hand: Tết, 16 and 30 April, 3 May, 2 and 3 September.

Each is (name, case, what is expected), counted on a printed calendar of 2027: off are Thursday
4 to Wednesday 10 February, Friday 16 April, Friday 30 April, Monday 3 May, Thursday 2 and
Friday 3 September. No Saturday works.
"""

from typing import Final

from tests.property.calendar.handwritten import Json, Vector, ask, new_date, on, until, wait

# Start, unit, value, last day, the day after it, what it shows.
_DAYS: Final = (
    ("2026-12-28 09:00", "working_days", 20, "2027-01-26", "2027-01-27", "over New Year"),
    ("2027-01-04 09:00", "working_days", 20, "2027-02-01", "2027-02-02", "first past January"),
    ("2027-01-05 09:00", "working_days", 20, "2027-02-02", "2027-02-03", "a day later"),
    ("2027-01-15 09:00", "working_days", 20, "2027-02-19", "2027-02-20", "20 days over Tết"),
    ("2027-01-20 09:00", "working_days", 45, "2027-03-31", "2027-04-01", "45 days over Tết"),
    ("2027-01-25 09:00", "working_days", 5, "2027-02-01", "2027-02-02", "into February"),
    ("2027-02-01 09:00", "working_days", 5, "2027-02-15", "2027-02-16", "5 days over Tết"),
    ("2027-02-03 09:00", "working_days", 1, "2027-02-11", "2027-02-12", "the last before Tết"),
    ("2027-02-03 09:00", "working_days", 3, "2027-02-15", "2027-02-16", "3 days over Tết"),
    ("2027-02-05 20:00", "working_days", 3, "2027-02-15", "2027-02-16", "online on a day off"),
    ("2027-02-06 10:00", "working_days", 1, "2027-02-11", "2027-02-12", "Tết's Saturday"),
    ("2027-02-10 23:59", "working_days", 1, "2027-02-11", "2027-02-12", "Tết's last minute"),
    ("2027-02-11 00:00", "working_days", 1, "2027-02-12", "2027-02-13", "the minute after it"),
    ("2027-02-12 09:00", "working_days", 1, "2027-02-15", "2027-02-16", "Saturday 13 is off"),
    ("2027-04-14 09:00", "working_days", 2, "2027-04-19", "2027-04-20", "over 16 April"),
    ("2027-04-29 09:00", "working_days", 1, "2027-05-04", "2027-05-05", "over 30 April"),
    ("2027-04-28 09:00", "working_days", 3, "2027-05-05", "2027-05-06", "over 3 May"),
    ("2027-05-01 09:00", "working_days", 1, "2027-05-04", "2027-05-05", "on Saturday 1 May"),
    ("2027-05-03 09:00", "working_days", 1, "2027-05-04", "2027-05-05", "on Monday 3 May"),
    ("2027-09-01 09:00", "working_days", 1, "2027-09-06", "2027-09-07", "over 2 September"),
    ("2027-08-31 09:00", "working_days", 3, "2027-09-07", "2027-09-08", "over 3 September"),
    ("2027-02-03 15:00", "same_day", 0, "2027-02-03", "2027-02-04", "in time before Tết"),
    ("2027-02-03 15:05", "same_day", 0, "2027-02-11", "2027-02-12", "too late before Tết"),
    ("2027-02-04 09:00", "same_day", 0, "2027-02-11", "2027-02-12", "on Tết's first day"),
    ("2027-04-15 15:05", "same_day", 0, "2027-04-19", "2027-04-20", "before 16 April"),
    ("2027-04-29 15:05", "same_day", 0, "2027-05-04", "2027-05-05", "before 30 April"),
    ("2027-05-03 10:00", "same_day", 0, "2027-05-04", "2027-05-05", "on Monday 3 May"),
    ("2027-09-01 15:05", "same_day", 0, "2027-09-06", "2027-09-07", "before 2 September"),
    ("2027-09-02 09:00", "same_day", 0, "2027-09-06", "2027-09-07", "on 2 September"),
    ("2027-01-25 09:00", "calendar_days", 10, "2027-02-11", "2027-02-12", "rolls over all Tết"),
    ("2027-01-26 09:00", "calendar_days", 15, "2027-02-11", "2027-02-12", "rolls over one day"),
    ("2027-01-27 09:00", "calendar_days", 15, "2027-02-11", "2027-02-12", "does not roll"),
    ("2027-04-01 09:00", "calendar_days", 15, "2027-04-19", "2027-04-20", "rolls over 16.4"),
    ("2027-04-01 09:00", "calendar_days", 30, "2027-05-04", "2027-05-05", "rolls from 1 May"),
    ("2027-04-03 09:00", "calendar_days", 30, "2027-05-04", "2027-05-05", "rolls over 3 May"),
    ("2027-08-03 09:00", "calendar_days", 30, "2027-09-06", "2027-09-07", "rolls from 2 Sept."),
    ("2027-08-04 09:00", "calendar_days", 30, "2027-09-06", "2027-09-07", "rolls from 3 Sept."),
    ("2027-08-05 09:00", "calendar_days", 30, "2027-09-06", "2027-09-07", "rolls from 4 Sept."),
    ("2027-10-25 09:00", "working_days", 4, "2027-10-29", "2027-10-30", "the last with a date"),
)  # fmt: skip

# Start, unit, value, the moment, what it shows. A day has 4 and 3.5 hours.
_MOMENTS: Final = (
    ("2027-02-03 15:00", "hours", 8, "2027-02-11 15:30", "2 h before Tết, 6 h after"),
    ("2027-02-03 09:30", "hours", 24, "2027-02-15 11:00", "5.5 + 7.5 + 7.5 + 3.5 h"),
    ("2027-02-03 09:30", "hours", 40, "2027-02-17 14:00", "5.5 + 4 x 7.5 + 4.5 h"),
    ("2027-02-06 10:00", "hours", 4, "2027-02-11 11:30", "from the opening after Tết"),
    ("2027-04-29 16:00", "hours", 2, "2027-05-04 08:30", "1 h before 30 April, 1 h after"),
    ("2027-05-03 08:00", "hours", 1, "2027-05-04 08:30", "from the opening on 4 May"),
    ("2027-09-01 16:30", "hours", 1, "2027-09-06 08:00", "half an hour on either side"),
    ("2027-02-03 09:00", "half_days", 1, "2027-02-03 17:00", "the last before Tết"),
    ("2027-02-03 09:00", "half_days", 2, "2027-02-11 11:30", "over Tết"),
    ("2027-02-03 14:00", "half_days", 3, "2027-02-12 11:30", "three after Tết"),
    ("2027-02-08 09:00", "half_days", 1, "2027-02-11 11:30", "accepted within Tết"),
    ("2027-04-29 14:00", "half_days", 1, "2027-05-04 11:30", "over 30 April and 3 May"),
    ("2027-09-01 14:00", "half_days", 2, "2027-09-06 17:00", "over 2 and 3 September"),
)

_FIRST_OF_FEBRUARY = "2027-02-01 09:10"
_OVER_TET = [wait("2027-02-02 10:30", "2027-02-11 14:20")]
_OVER_MAY = [wait("2027-04-28 10:00", "2027-05-04 15:00")]
_OVER_SEPTEMBER = [wait("2027-09-01 09:00", "2027-09-06 08:00")]


def _moved(due_day: str, limit: str) -> Json:
    return {"due": on(f"{due_day} 17:00"), "limit": on(f"{limit} 00:00")}


def _decided(start: str, decided: str, new_day: str) -> Json:
    return ask(start, "working_days", 3, extensions=[new_date(decided, new_day)])


_OTHER: Final[tuple[Vector, ...]] = (
    (
        "law/2027/next-session: moved to 11 February first",
        ask("2027-02-06 10:00", "working_days", 1, limit_after_hours="next_session"),
        until("2027-02-12", "2027-02-13"),
    ),
    (
        "law/2027/clock-hour: the hour of acceptance, after Tết",
        ask("2027-02-03 09:40", "working_days", 1, limit_promise_at="same_clock_hour"),
        until("2027-02-11", "2027-02-12", close="09:40"),
    ),
    (
        "law/2027/no-roll: ends on Tết's first day by a special law",
        ask("2027-01-25 09:00", "calendar_days", 10, limit_roll="none"),
        until("2027-02-04", "2027-02-05"),
    ),
    (
        "law/2027/given: a moment within Tết stays",
        ask("2027-02-01 09:00", "given", limit_given=on("2027-02-06 10:00")),
        {"due": on("2027-02-06 10:00"), "limit": on("2027-02-06 10:00")},
    ),
    (
        "law/2027/restart: asked before Tết, brought after it",
        ask(_FIRST_OF_FEBRUARY, "working_days", 3, waits=_OVER_TET),
        # By law 12, 15, 16; the index gives 3 and 11 February back.
        until("2027-02-16", "2027-02-17") | {"index_due": on("2027-02-15 17:00")},
    ),
    (
        "law/2027/subtract: asked before Tết, brought after it",
        ask(
            _FIRST_OF_FEBRUARY,
            "working_days",
            3,
            waits=_OVER_TET,
            after_supplement="subtract",
        ),
        until("2027-02-15", "2027-02-16") | {"index_due": on("2027-02-15 17:00")},
    ),
    (
        "law/2027/restart: brought online within Tết",
        ask(
            _FIRST_OF_FEBRUARY,
            "working_days",
            5,
            waits=[wait("2027-02-03 09:00", "2027-02-06 10:00")],
        ),
        until("2027-02-17", "2027-02-18") | {"index_due": on("2027-02-15 17:00")},
    ),
    (
        "law/2027/subtract: a wait within Tết costs nothing",
        ask(
            _FIRST_OF_FEBRUARY,
            "working_days",
            5,
            waits=[wait("2027-02-03 09:00", "2027-02-06 10:00")],
            after_supplement="subtract",
        ),
        until("2027-02-15", "2027-02-16"),
    ),
    (
        "law/2027/suspended: the applicant has not answered when Tết begins",
        ask(
            _FIRST_OF_FEBRUARY, "working_days", 3, waits=[wait("2027-02-02 10:30", None)]
        ),
        {
            "due": None,
            "limit": None,
            "last_day": None,
            "suspended": True,
            "index_due": None,
            "before_wait": {
                "due": on("2027-02-11 17:00"),
                "limit": on("2027-02-12 00:00"),
                "last_day": "2027-02-11",
            },
        },
    ),
    (
        "law/2027/unproven: the limit goes on over Tết",
        ask(
            _FIRST_OF_FEBRUARY,
            "working_days",
            3,
            waits=[{"requested": on("2027-02-02 10:30")}],
        ),
        until("2027-02-11", "2027-02-12") | {"suspended": False, "index_due": None},
    ),
    (
        "law/2027/restart: a wait over 30 April and 3 May",
        ask("2027-04-26 09:00", "working_days", 5, waits=_OVER_MAY),
        # The index: 5 May, and 29 April and 4 May back.
        until("2027-05-11", "2027-05-12") | {"index_due": on("2027-05-07 17:00")},
    ),
    (
        "law/2027/subtract: a wait over 30 April and 3 May",
        ask(
            "2027-04-26 09:00",
            "working_days",
            5,
            waits=_OVER_MAY,
            after_supplement="subtract",
        ),
        until("2027-05-07", "2027-05-08"),
    ),
    (
        "law/2027/restart: a wait over 2 and 3 September",
        ask("2027-08-30 09:00", "working_days", 5, waits=_OVER_SEPTEMBER),
        until("2027-09-13", "2027-09-14") | {"index_due": on("2027-09-09 17:00")},
    ),
    (
        "law/2027/subtract: a wait over 2 and 3 September",
        ask(
            "2027-08-30 09:00",
            "working_days",
            5,
            waits=_OVER_SEPTEMBER,
            after_supplement="subtract",
        ),
        until("2027-09-09", "2027-09-10"),
    ),
    (
        "law/2027/hours: a wait over Tết is subtracted to the minute",
        ask(
            "2027-02-03 08:00",
            "hours",
            8,
            waits=[wait("2027-02-03 10:00", "2027-02-11 08:30")],
            after_supplement="subtract",
        ),
        # 2 h before; 3 h on the 11th until 11:30, 3 h more until 16:30.
        {"due": on("2027-02-11 16:30"), "limit": on("2027-02-11 16:30")},
    ),
    (
        "law/2027/new-date: given before Tết, moves the appointment alone",
        _decided(_FIRST_OF_FEBRUARY, "2027-02-03 10:00", "2027-02-18"),
        {
            **_moved("2027-02-18", "2027-02-12"),
            "last_day": "2027-02-11",
            "index_due": on("2027-02-11 17:00"),
            "slip_due": on("2027-02-03 17:00"),
        },
    ),
    (
        "law/2027/new-date: a day of Tết moves nothing",
        _decided("2027-01-29 09:00", "2027-02-02 10:00", "2027-02-09"),
        until("2027-02-03", "2027-02-04"),
    ),
    (
        "law/2027/new-date: the first day after Tết does",
        _decided("2027-01-29 09:00", "2027-02-02 10:00", "2027-02-11"),
        _moved("2027-02-11", "2027-02-04"),
    ),
    (
        "law/2027/new-date: 16 April moves nothing",
        _decided("2027-04-12 09:00", "2027-04-14 10:00", "2027-04-16"),
        until("2027-04-15", "2027-04-16"),
    ),
    (
        "law/2027/new-date: 3 May moves nothing",
        _decided("2027-04-26 09:00", "2027-04-28 10:00", "2027-05-03"),
        until("2027-04-29", "2027-04-30"),
    ),
    (
        "law/2027/new-date: 4 May does",
        _decided("2027-04-26 09:00", "2027-04-28 10:00", "2027-05-04"),
        _moved("2027-05-04", "2027-04-30"),
    ),
    (
        "law/2027/new-date: 3 September moves nothing",
        _decided("2027-08-27 09:00", "2027-08-31 10:00", "2027-09-03"),
        until("2027-09-01", "2027-09-02"),
    ),
    (
        "law/2027/new-date: 6 September does",
        _decided("2027-08-27 09:00", "2027-08-31 10:00", "2027-09-06"),
        _moved("2027-09-06", "2027-09-02"),
    ),
    (
        "law/2027/slip: the working day before is 29 April",
        ask("2027-04-27 09:00", "working_days", 3),
        until("2027-05-04", "2027-05-05") | {"slip_due": on("2027-04-29 17:00")},
    ),
    (
        "law/2027/slip: the working day before is 1 September",
        ask("2027-08-30 09:00", "working_days", 3),
        until("2027-09-06", "2027-09-07") | {"slip_due": on("2027-09-01 17:00")},
    ),
    (
        "law/2027/arrival: another agency has it after Tết",
        ask("2027-02-11 08:00", "working_days", 3, accepted=on("2027-02-02 09:00")),
        until("2027-02-16", "2027-02-17"),
    ),
    (
        "law/2027/end: the first limit past 31 October 2027",
        ask("2027-10-25 09:00", "working_days", 5),
        {"error": "outside-calendar"},
    ),
    (
        "law/2027/end: same day, too late on the last working day",
        ask("2027-10-29 15:05", "same_day"),
        {"error": "outside-calendar"},
    ),
    (
        "law/2027/end: calendar days that would roll past it",
        ask("2027-10-01 09:00", "calendar_days", 30),
        {"error": "outside-calendar"},
    ),
    (
        "law/2027/end: calendar days that end on the last published day",
        ask("2027-10-01 09:00", "calendar_days", 30, limit_roll="none"),
        until("2027-10-31", "2027-11-01"),
    ),
)  # fmt: skip

HANDWRITTEN_CALENDAR: Final[tuple[Vector, ...]] = (
    *(
        (
            f"law/2027/{unit}-{value} from {start}: {shows}",
            ask(start, unit, value),
            until(last, after),
        )
        for start, unit, value, last, after, shows in _DAYS
    ),
    *(
        (
            f"law/2027/{unit}-{value} from {start}: {shows}",
            ask(start, unit, value),
            {"due": on(moment), "limit": on(moment), "index_due": on(moment)},
        )
        for start, unit, value, moment, shows in _MOMENTS
    ),
    *_OTHER,
)

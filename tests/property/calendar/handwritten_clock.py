"""Vectors by hand of limits that run day and night, across the days off of 2027.

Each is (name, case, what is expected), counted on a printed calendar of 2027.
"""

from typing import Final

from tests.property.calendar.handwritten import Json, Vector, ask, new_date, on, until, wait


def exactly(moment: str, last_day: str | None = None) -> Json:
    """Expect promise and statutory end at one moment, both clocks alike."""
    end = on(moment)
    return {"due": end, "limit": end, "last_day": last_day or moment[:10], "index_due": end}


def second_after(moment: str) -> Json:
    """Write a case of 24 hours that begins a second after a moment."""
    begins = on(moment).replace(":00+07:00", ":01+07:00")
    return {"from": begins, "limit": {"unit": "clock_hours", "value": 24}}


def day(start: str, **more: object) -> Json:
    """Write a case of 24 hours."""
    return ask(start, "clock_hours", 24, **more)


_NEXT: Final = {"limit_outside_opening": "next_opening"}
_ASKED: Final = [wait("2027-03-02 15:00", "2027-03-04 09:20")]
_MOVED_TIME: Final = [wait("2027-03-08 09:00", "2027-03-09 10:00")]
_NONE: Final[Json] = {"due": None, "limit": None, "last_day": None, "suspended": True}

_RUNNING: Final[tuple[Vector, ...]] = (
    (
        "law/clock: 24 hours from Thursday 10:15 end on Friday at 10:15",
        day("2027-03-04 10:15"),
        {**exactly("2027-03-05 10:15"), "slip_due": on("2027-03-04 17:00")},
    ),
    (
        "law/clock: begun at night, it ends at night; no day is left for a slip",
        day("2027-03-02 22:40"),
        {**exactly("2027-03-03 22:40"), "slip_due": None},
    ),
    ("law/clock: begun at noon", day("2027-03-01 12:10"), exactly("2027-03-02 12:10")),
    (
        "law/clock: one hour across midnight",
        ask("2027-03-02 23:30", "clock_hours", 1),
        exactly("2027-03-03 00:30"),
    ),
    (
        "law/clock: 36 hours",
        ask("2027-03-02 08:00", "clock_hours", 36),
        exactly("2027-03-03 20:00"),
    ),
    (
        "law/clock: an end at midnight is 24:00 of the day before",
        day("2027-03-02 00:00"),
        exactly("2027-03-03 00:00", "2027-03-02"),
    ),
    (
        "law/clock: moved to the next session first, Saturday evening begins on Monday",
        day("2027-03-06 20:00", limit_after_hours="next_session"),
        exactly("2027-03-09 07:30"),
    ),
    (
        "law/clock: moved to the next session first, noon begins at 13:30",
        day("2027-03-02 12:10", limit_after_hours="next_session"),
        exactly("2027-03-03 13:30"),
    ),
    (
        "law/clock: a clock that starts when the dossier arrives",
        day("2027-03-02 14:00", accepted=on("2027-03-02 09:00")),
        exactly("2027-03-03 14:00"),
    ),
    (
        "law/refused: no clock hours at all",
        {"from": on("2027-03-02 09:00"), "limit": {"unit": "clock_hours", "value": 0}},
        {"error": "limit-out-of-range"},
    ),
    (
        "law/refused: a promise that goes nowhere known",
        day("2027-03-02 09:00", limit_outside_opening="tomorrow"),
        {"error": "unknown-choice"},
    ),
    (
        "law/horizon: 24 hours end on a Saturday after which nothing is published",
        day("2027-10-29 10:00"),
        {"error": "outside-calendar"},
    ),
    (
        "law/horizon: 24:00 of the last Friday is covered",
        day("2027-10-29 00:00"),
        exactly("2027-10-30 00:00", "2027-10-29"),
    ),
)

_DAYS_OFF: Final[tuple[Vector, ...]] = (
    (
        "law/clock-roll: 24:00 of Friday is not yet Saturday",
        day("2027-03-05 00:00"),
        exactly("2027-03-06 00:00", "2027-03-05"),
    ),
    (
        "law/clock-roll: a second later it ends on Saturday, so on Monday",
        second_after("2027-03-05 00:00"),
        until("2027-03-08", "2027-03-09"),
    ),
    (
        "law/clock-roll: from Friday morning to the end of Monday",
        day("2027-03-05 09:00"),
        {**until("2027-03-08", "2027-03-09"), "slip_due": on("2027-03-05 17:00")},
    ),
    (
        "law/clock-roll: from Saturday evening, it ends on Sunday, so on Monday",
        day("2027-03-06 20:00"),
        until("2027-03-08", "2027-03-09"),
    ),
    (
        "law/clock-roll: from Sunday it runs at once, and ends on Monday at that hour",
        day("2027-03-07 09:00"),
        exactly("2027-03-08 09:00"),
    ),
    (
        "law/clock-roll: days off in between do not stop it",
        ask("2027-03-05 16:00", "clock_hours", 72),
        exactly("2027-03-08 16:00"),
    ),
    (
        "law/clock-roll: a special law does not carry it over",
        day("2027-03-05 09:00", limit_roll="none"),
        exactly("2027-03-06 09:00"),
    ),
    (
        "law/clock-tet: Tuesday 2 February + 24 hours is before Tết",
        day("2027-02-02 15:00"),
        exactly("2027-02-03 15:00"),
    ),
    (
        "law/clock-tet: Wednesday 3 February + 24 hours is Thursday 11",
        day("2027-02-03 10:00"),
        {**until("2027-02-11", "2027-02-12"), "slip_due": on("2027-02-03 17:00")},
    ),
    (
        "law/clock-tet: 24:00 of the last day before Tết",
        day("2027-02-03 00:00"),
        exactly("2027-02-04 00:00", "2027-02-03"),
    ),
    (
        "law/clock-tet: accepted online in Tết, it ends in Tết, so after it",
        day("2027-02-08 09:00"),
        until("2027-02-11", "2027-02-12"),
    ),
    (
        "law/clock-tet: accepted on the last day off",
        day("2027-02-10 09:00"),
        exactly("2027-02-11 09:00"),
    ),
    (
        "law/clock-tet: 240 hours from the day before Tết end on Saturday 13, so on Monday 15",
        ask("2027-02-03 16:00", "clock_hours", 240),
        until("2027-02-15", "2027-02-16"),
    ),
    (
        "law/clock-april: Thursday 15 April + 24 hours is the Hung Kings' day, so Monday 19",
        day("2027-04-15 10:00"),
        until("2027-04-19", "2027-04-20"),
    ),
    (
        "law/clock-april: Thursday 29 April + 24 hours is Tuesday 4 May",
        day("2027-04-29 14:00"),
        until("2027-05-04", "2027-05-05"),
    ),
    (
        "law/clock-april: accepted online on Monday 3 May, a substitute day off",
        day("2027-05-03 07:00"),
        exactly("2027-05-04 07:00"),
    ),
    (
        "law/clock-september: Wednesday 1 September + 24 hours is Monday 6",
        day("2027-09-01 09:00"),
        until("2027-09-06", "2027-09-07"),
    ),
    (
        "law/clock-november: Monday 23 November 2026 + 24 hours is Wednesday 25",
        day("2026-11-23 10:00"),
        until("2026-11-25", "2026-11-26"),
    ),
    (
        "law/clock-new-year: Thursday 31 December + 24 hours is Monday 4 January",
        day("2026-12-31 16:30"),
        until("2027-01-04", "2027-01-05"),
    ),
)

_MARCH: Final[tuple[Vector, ...]] = (
    (
        "law/march-2027: a second before 1 March the old law holds, the same day",
        {"from": "2027-02-28T23:59:59+07:00", "limit": {"unit": "same_day"}},
        until("2027-03-01", "2027-03-02"),
    ),
    (
        "law/march-2027: at 00:00 of 1 March the new law holds, to 24:00",
        day("2027-03-01 00:00"),
        exactly("2027-03-02 00:00", "2027-03-01"),
    ),
    (
        "law/march-2027: a second after midnight ends a second after midnight",
        second_after("2027-03-01 00:00"),
        {"due": "2027-03-02T00:00:01+07:00", "last_day": "2027-03-02"},
    ),
    (
        "law/march-2027: Friday 26 February after the cut-off, by the old law",
        ask("2027-02-26 15:05", "same_day"),
        until("2027-03-01", "2027-03-02"),
    ),
    (
        "law/march-2027: the old law's three working days end in March",
        ask("2027-02-26 15:05", "working_days", 3),
        until("2027-03-03", "2027-03-04"),
    ),
    (
        "law/march-2027: the first counter hour by the new law",
        day("2027-03-01 07:30"),
        exactly("2027-03-02 07:30"),
    ),
    (
        "law/march-2027: after the old cut-off the new law gives the whole 24 hours",
        day("2027-03-01 16:50"),
        exactly("2027-03-02 16:50"),
    ),
)

_OUTSIDE_OPENING: Final[tuple[Vector, ...]] = (
    (
        "law/outside-opening: an end at 20:00 is promised for 07:30; the limit stays",
        day("2027-03-02 20:00", **_NEXT),
        {
            "due": on("2027-03-04 07:30"),
            "limit": on("2027-03-03 20:00"),
            "last_day": "2027-03-03",
            "index_due": on("2027-03-04 07:30"),
        },
    ),
    (
        "law/outside-opening: an end at noon is promised for 13:30",
        day("2027-03-02 12:10", **_NEXT),
        {"due": on("2027-03-03 13:30"), "limit": on("2027-03-03 12:10")},
    ),
    (
        "law/outside-opening: at the moment of closing the office is open",
        day("2027-03-02 17:00", **_NEXT),
        exactly("2027-03-03 17:00"),
    ),
    (
        "law/outside-opening: a second later it is not",
        {
            "from": "2027-03-02T17:00:01+07:00",
            "limit": {
                "unit": "clock_hours",
                "value": 24,
                "outside_opening": "next_opening",
            },
        },
        {"due": on("2027-03-04 07:30"), "limit": "2027-03-03T17:00:01+07:00"},
    ),
    (
        "law/outside-opening: 24:00 is promised for the next morning",
        day("2027-03-02 00:00", **_NEXT),
        {
            "due": on("2027-03-03 07:30"),
            "limit": on("2027-03-03 00:00"),
            "last_day": "2027-03-02",
        },
    ),
    (
        "law/outside-opening: an end that is carried over is promised at the close",
        day("2027-03-05 20:00", **_NEXT),
        until("2027-03-08", "2027-03-09"),
    ),
    (
        "law/outside-opening: not carried over, the promise waits for Monday",
        day("2027-03-05 09:00", limit_roll="none", **_NEXT),
        {
            "due": on("2027-03-08 07:30"),
            "limit": on("2027-03-06 09:00"),
            "last_day": "2027-03-06",
        },
    ),
    (
        "law/outside-opening: other units know no such choice",
        ask("2027-03-02 12:10", "hours", 4, **_NEXT),
        exactly("2027-03-03 08:00"),
    ),
)

_WAITS: Final[tuple[Vector, ...]] = (
    (
        "law/clock-restart: the receipt starts 24 hours anew; the index leaves 42:20 out",
        day("2027-03-02 10:00", waits=_ASKED),
        {
            **exactly("2027-03-05 09:20"),
            "index_due": on("2027-03-05 04:20"),
            "first_due": on("2027-03-03 10:00"),
        },
    ),
    (
        "law/clock-subtract: the exact interval of the wait is left out",
        day("2027-03-02 10:00", waits=_ASKED, after_supplement="subtract"),
        {**exactly("2027-03-05 04:20")},
    ),
    (
        "law/clock-restart: while the applicant is waited for there is no date",
        day("2027-03-02 10:00", waits=[wait("2027-03-02 15:00", None)]),
        {
            **_NONE,
            "index_due": None,
            "before_wait": {
                "due": on("2027-03-03 10:00"),
                "limit": on("2027-03-03 10:00"),
                "last_day": "2027-03-03",
            },
        },
    ),
    (
        "law/clock-subtract: a wait over a weekend counts its days off as well",
        day(
            "2027-03-05 14:00",
            waits=[wait("2027-03-05 15:00", "2027-03-08 10:00")],
            after_supplement="subtract",
        ),
        exactly("2027-03-09 09:00"),
    ),
    (
        "law/clock-subtract: 24 hours are used up; the moved day moves by days",
        day("2027-03-05 10:00", waits=_MOVED_TIME, after_supplement="subtract"),
        {**until("2027-03-09", "2027-03-10"), "index_due": on("2027-03-09 17:00")},
    ),
    (
        "law/clock-subtract: a wait before the moved start costs nothing",
        day(
            "2027-03-06 10:00",
            limit_after_hours="next_session",
            waits=[wait("2027-03-06 12:00", "2027-03-07 12:00")],
            after_supplement="subtract",
        ),
        exactly("2027-03-09 07:30"),
    ),
    (
        "law/clock-index: asked a minute after the end moves nothing",
        day("2027-03-02 10:00", waits=[wait("2027-03-03 10:01", "2027-03-04 09:00")]),
        {"due": on("2027-03-05 09:00"), "index_due": on("2027-03-03 10:00")},
    ),
    (
        "law/clock-subtract: asked between the end and the promise moves nothing",
        day(
            "2027-03-02 20:00",
            waits=[wait("2027-03-03 21:00", "2027-03-05 09:00")],
            after_supplement="subtract",
            **_NEXT,
        ),
        {"due": on("2027-03-04 07:30"), "index_due": on("2027-03-04 07:30")},
    ),
    (
        "law/clock-extension: a new date moves the promise to that day's close",
        day("2027-03-02 10:00", extensions=[new_date("2027-03-02 16:00", "2027-03-04")]),
        {
            "due": on("2027-03-04 17:00"),
            "limit": on("2027-03-03 10:00"),
            "index_due": on("2027-03-03 10:00"),
        },
    ),
    (
        "law/clock-extension: the day of the promise is no later day",
        day("2027-03-02 10:00", extensions=[new_date("2027-03-02 16:00", "2027-03-03")]),
        {**exactly("2027-03-03 10:00")},
    ),
)

HANDWRITTEN_CLOCK: Final = (*_RUNNING, *_DAYS_OFF, *_MARCH, *_OUTSIDE_OPENING, *_WAITS)

"""Vectors of waits that open when the statutory limit has passed, written by hand.

Counted on a printed calendar of 2026. Three working days from Monday 5 January end on Thursday
8 January; 24:00 of that day is the limit (decision 0043).
"""

from typing import Final

from tests.property.calendar.handwritten import Json, Vector, ask, on, until, wait

_MONDAY: Final = "2026-01-05 09:10"
_LIMIT: Final = on("2026-01-09 00:00")
_FIRST: Final = until("2026-01-08", "2026-01-09")
_STANDS: Final[Json] = {**_FIRST, "suspended": False, "before_wait": None}
_SUSPENDED: Final[Json] = {"due": None, "limit": None, "last_day": None, "suspended": True}
_MISSED: Final[Json] = {"limit_missed": _LIMIT}
_KEPT: Final[Json] = {"limit_missed": None}


def proven(requested: str, proof: str | None, received: str | None) -> Json:
    """Write a wait whose notice is proven later than it was requested, or never."""
    return {
        "requested": on(requested),
        "proven": None if proof is None else on(proof),
        "received": None if received is None else on(received),
    }


def three_days(*waits: object, **more: object) -> Json:
    """Ask for the three working days from Monday 5 January."""
    return ask(_MONDAY, "working_days", 3, waits=list(waits), **more)


def by_clock(*waits: object) -> Json:
    """Ask for 24 hours from Tuesday 2 March 2027, 18:00, promised at the next opening."""
    more = {"limit_outside_opening": "next_opening", "waits": list(waits)}
    return ask("2027-03-02 18:00", "clock_hours", 24, **more)


HANDWRITTEN_BREACH: Final[tuple[Vector, ...]] = (
    (
        "law/breach: asked the morning after the limit, still open, nothing is suspended",
        three_days(wait("2026-01-09 08:00", None)),
        {**_STANDS, **_MISSED, "index_due": on("2026-01-08 17:00")},
    ),
    (
        "law/breach: asked the morning after, brought on Tuesday: new dates, limit missed",
        three_days(wait("2026-01-09 08:00", "2026-01-13 09:00")),
        {
            **until("2026-01-16", "2026-01-17"),
            **_MISSED,
            "index_due": on("2026-01-08 17:00"),
            "index_late": False,
        },
    ),
    (
        "law/breach: asked at 24:00 of the last day is in time",
        three_days(wait("2026-01-09 00:00", None)),
        {**_SUSPENDED, **_KEPT},
    ),
    (
        "law/breach: asked a second after 24:00 is not",
        {
            **three_days(),
            "waits": [["2026-01-09T00:00:01+07:00", None]],
        },
        {**_STANDS, **_MISSED},
    ),
    (
        "law/breach: asked after the close of the last day, before 24:00",
        three_days(wait("2026-01-08 18:00", None)),
        {**_SUSPENDED, **_KEPT},
    ),
    (
        "law/breach: asked in time, the notice proven after the limit",
        three_days(proven("2026-01-07 10:00", "2026-01-09 07:45", None)),
        {**_STANDS, **_MISSED, "index_due": None},
    ),
    (
        "law/breach: asked in time, proven after the limit, brought on Tuesday",
        three_days(proven("2026-01-07 10:00", "2026-01-09 07:45", "2026-01-13 09:00")),
        {
            **until("2026-01-16", "2026-01-17"),
            **_MISSED,
            # Thursday 8 and the three working days 9, 10 (worked), 12 and 13 of the wait.
            "index_due": on("2026-01-14 17:00"),
        },
    ),
    (
        "law/breach: asked in time, proven on the last day at 23:59",
        three_days(proven("2026-01-07 10:00", "2026-01-08 23:59", "2026-01-13 09:00")),
        {**until("2026-01-16", "2026-01-17"), **_KEPT},
    ),
    (
        "law/breach: asked in time, never proven, brought after the limit",
        three_days(proven("2026-01-07 10:00", None, "2026-01-13 09:00")),
        {**until("2026-01-16", "2026-01-17"), **_MISSED},
    ),
    (
        "law/breach: asked in time, never proven, brought before the limit",
        three_days(proven("2026-01-07 10:00", None, "2026-01-08 09:00")),
        # Counted anew from Thursday 8: 9, 10 (worked), 12.
        {**until("2026-01-12", "2026-01-13"), **_KEPT},
    ),
    (
        "law/breach: asked in time, never proven, still open: no wait shows a missed limit",
        three_days(proven("2026-01-07 10:00", None, None)),
        {**_STANDS, **_KEPT},
    ),
    (
        "law/breach: proof that comes after the receipt proves nothing",
        three_days(proven("2026-01-07 10:00", "2026-01-14 08:00", "2026-01-13 09:00")),
        {**until("2026-01-16", "2026-01-17"), **_MISSED},
    ),
    (
        "law/breach: a second wait in time does not cure the first limit",
        three_days(
            wait("2026-01-09 08:00", "2026-01-13 09:00"),
            wait("2026-01-14 08:00", "2026-01-15 09:00"),
        ),
        {**until("2026-01-20", "2026-01-21"), **_MISSED, "index_late": True},
    ),
    (
        "law/breach: while a second wait in time is open, the law's clock is suspended",
        three_days(
            wait("2026-01-09 08:00", "2026-01-13 09:00"), wait("2026-01-14 08:00", None)
        ),
        {**_SUSPENDED, **_MISSED},
    ),
    (
        "law/breach: the second limit missed, the first kept",
        three_days(
            wait("2026-01-06 08:00", "2026-01-08 09:00"),
            wait("2026-01-14 08:00", "2026-01-15 09:00"),
        ),
        # Counted anew from Thursday 8: 9, 10 (worked), 12; then from Thursday 15: 16, 19, 20.
        {
            **until("2026-01-20", "2026-01-21"),
            "limit_missed": on("2026-01-13 00:00"),
        },
    ),
    (
        "law/breach: both limits missed, the first is named",
        three_days(
            wait("2026-01-09 08:00", "2026-01-13 09:00"),
            wait("2026-01-19 08:00", "2026-01-20 09:00"),
        ),
        {**until("2026-01-23", "2026-01-24"), **_MISSED},
    ),
    (
        "law/breach: a wait that is subtracted and opens after the limit moves nothing",
        three_days(wait("2026-01-09 08:00", "2026-01-13 09:00"), after_supplement="subtract"),
        {**_STANDS, **_MISSED},
    ),
    (
        "law/breach: subtracted, opened between the close and 24:00: moves nothing, kept",
        three_days(wait("2026-01-08 18:00", "2026-01-13 09:00"), after_supplement="subtract"),
        {**_STANDS, **_KEPT},
    ),
    (
        "law/breach: subtracted, the limit moved by a first wait is the one that is missed",
        three_days(
            wait("2026-01-06 08:00", "2026-01-07 09:00"),
            wait("2026-01-12 08:00", "2026-01-13 09:00"),
            after_supplement="subtract",
        ),
        # Thursday 8 and one day of the wait: Friday 9.
        {**until("2026-01-09", "2026-01-10"), "limit_missed": on("2026-01-10 00:00")},
    ),
    (
        "law/breach: a new date moves no limit, so a wait before it can still be too late",
        three_days(
            wait("2026-01-09 08:00", "2026-01-13 09:00"),
            extensions=[{"decided": on("2026-01-07 09:00"), "new_day": "2026-01-14"}],
        ),
        {**until("2026-01-16", "2026-01-17"), **_MISSED},
    ),
    (
        "law/breach: a new date while the late wait is open",
        three_days(
            wait("2026-01-09 08:00", None),
            extensions=[{"decided": on("2026-01-09 09:00"), "new_day": "2026-01-14"}],
        ),
        {
            "due": on("2026-01-14 17:00"),
            "limit": _LIMIT,
            "suspended": False,
            **_MISSED,
        },
    ),
    (
        "law/breach: the same day, asked the next morning",
        ask("2026-03-03 09:00", "same_day", waits=[wait("2026-03-04 08:00", None)]),
        {
            **until("2026-03-03", "2026-03-04"),
            "suspended": False,
            "limit_missed": on("2026-03-04 00:00"),
        },
    ),
    (
        "law/breach: the same day, asked before 24:00",
        ask("2026-03-03 09:00", "same_day", waits=[wait("2026-03-03 20:00", None)]),
        {**_SUSPENDED, **_KEPT},
    ),
    (
        "law/breach: the same day, asked the next morning and brought at noon",
        ask(
            "2026-03-03 09:00",
            "same_day",
            waits=[wait("2026-03-04 08:00", "2026-03-04 11:00")],
        ),
        {**until("2026-03-04", "2026-03-05"), "limit_missed": on("2026-03-04 00:00")},
    ),
    (
        "law/breach: four hours end at 13:40, asked at 13:40",
        ask("2026-03-03 07:40", "hours", 4, waits=[wait("2026-03-03 13:40", None)]),
        {**_SUSPENDED, **_KEPT},
    ),
    (
        "law/breach: four hours end at 13:40, asked at 13:41",
        ask("2026-03-03 07:40", "hours", 4, waits=[wait("2026-03-03 13:41", None)]),
        {
            "due": on("2026-03-03 13:40"),
            "limit": on("2026-03-03 13:40"),
            "suspended": False,
            "limit_missed": on("2026-03-03 13:40"),
        },
    ),
    (
        "law/breach: four hours, asked at 13:41, brought at 15:00: counted on to Wednesday",
        ask(
            "2026-03-03 07:40",
            "hours",
            4,
            waits=[wait("2026-03-03 13:41", "2026-03-03 15:00")],
        ),
        # 15:00 to 17:00 and 7:30 to 9:30.
        {"due": on("2026-03-04 09:30"), "limit_missed": on("2026-03-03 13:40")},
    ),
    (
        "law/breach: two half days end at 17:00, asked at 17:01",
        ask("2026-03-03 07:00", "half_days", 2, waits=[wait("2026-03-03 17:01", None)]),
        {
            "due": on("2026-03-03 17:00"),
            "suspended": False,
            "limit_missed": on("2026-03-03 17:00"),
        },
    ),
    (
        "law/breach: calendar days end on a Sunday and roll to Monday, asked on that Monday",
        ask("2026-04-03 09:00", "calendar_days", 30, waits=[wait("2026-05-04 10:00", None)]),
        {**_SUSPENDED, **_KEPT},
    ),
    (
        "law/breach: calendar days that do not roll, asked on the Monday after",
        ask(
            "2026-04-03 09:00",
            "calendar_days",
            30,
            limit_roll="none",
            waits=[wait("2026-05-04 10:00", None)],
        ),
        {
            **until("2026-05-03", "2026-05-04"),
            "suspended": False,
            "limit_missed": on("2026-05-04 00:00"),
        },
    ),
    (
        "law/breach: over Tết: the limit is Wednesday 25 February, asked on the 26th",
        ask("2026-02-13 09:00", "working_days", 3, waits=[wait("2026-02-26 08:00", None)]),
        {
            **until("2026-02-25", "2026-02-26"),
            "suspended": False,
            "limit_missed": on("2026-02-26 00:00"),
        },
    ),
    (
        "law/breach: over Tết: asked on the 18th, a day off, is in time",
        ask("2026-02-13 09:00", "working_days", 3, waits=[wait("2026-02-18 08:00", None)]),
        {**_SUSPENDED, **_KEPT},
    ),
    (
        "law/breach: a given date is moved by nothing, and no wait is counted against it",
        {
            "from": on(_MONDAY),
            "limit": {"unit": "given", "given": on("2026-01-08 17:00")},
            "waits": [wait("2026-01-12 08:00", "2026-01-13 09:00")],
        },
        {"due": on("2026-01-08 17:00"), **_KEPT},
    ),
    (
        "law/breach: asked between a limit by the clock and the next opening is too late",
        by_clock(wait("2027-03-03 20:00", None)),
        {
            "due": on("2027-03-04 07:30"),
            "limit": on("2027-03-03 18:00"),
            "suspended": False,
            "limit_missed": on("2027-03-03 18:00"),
        },
    ),
    (
        "law/breach: asked as the limit by the clock ends is in time",
        by_clock(wait("2027-03-03 18:00", None)),
        {**_SUSPENDED, **_KEPT},
    ),
)

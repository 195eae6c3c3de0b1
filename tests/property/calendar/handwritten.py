"""Vectors written by hand from the law's own rules, and from what officers ask.

Each is (name, case, what is expected). Nobody computed the expectations: they were counted on a
printed calendar of 2026.
"""

from typing import Any

Json = dict[str, Any]
Vector = tuple[str, Json, Json]


def on(text: str) -> str:
    """Write an instant of Viet Nam: "2026-01-05 09:10"."""
    return text.replace(" ", "T") + ":00+07:00"


def until(day: str, next_day: str, close: str = "17:00") -> Json:
    """Expect the close of office on a day, and 24:00 as the next midnight."""
    return {"due": on(f"{day} {close}"), "limit": on(f"{next_day} 00:00"), "last_day": day}


def ask(start: str, unit: str, value: int = 0, **more: Any) -> Json:  # noqa: ANN401 - JSON.
    """Write a case; what begins with `limit_` belongs to the limit."""
    limit: Json = {"unit": unit}
    if value:
        limit["value"] = value
    case: Json = {"from": on(start), "limit": limit}
    for name, given in more.items():
        if name.startswith("limit_"):
            limit[name.removeprefix("limit_")] = given
        else:
            case[name] = given
    return case


def wait(asked: str, brought: str | None) -> list[str | None]:
    """Write a wait."""
    return [on(asked), None if brought is None else on(brought)]


def new_date(decided: str, new_day: str) -> Json:
    """Write a new date."""
    return {"decided": on(decided), "new_day": new_day}


_MONDAY = "2026-01-05 09:10"
_TUESDAY_THURSDAY = [wait("2026-01-06 10:30", "2026-01-08 14:20")]
_LAST_DAY = [wait("2026-01-08 10:00", "2026-01-13 09:00")]
_SUSPENDED: Json = {"due": None, "limit": None, "last_day": None, "suspended": True}

HANDWRITTEN: tuple[Vector, ...] = (
    (
        "law/new-year-2026: over 1 and 2 January, both off",
        ask("2025-12-31 09:00", "working_days", 3),
        {**until("2026-01-07", "2026-01-08"), "index_due": on("2026-01-07 17:00")},
    ),
    (
        "law/new-year-2026: Friday 9 + 1 is the Saturday worked for 2 January",
        ask("2026-01-09 09:00", "working_days", 1),
        until("2026-01-10", "2026-01-11"),
    ),
    (
        "law/tet-2026: Friday 13 February + 3 is Wednesday 25",
        ask("2026-02-13 09:00", "working_days", 3),
        until("2026-02-25", "2026-02-26"),
    ),
    (
        "law/cut-off: 15:00 before Tết is in time",
        ask("2026-02-13 15:00", "same_day"),
        {**until("2026-02-13", "2026-02-14"), "slip_due": None},
    ),
    (
        "law/cut-off: 15:05 before Tết is due after it",
        ask("2026-02-13 15:05", "same_day"),
        until("2026-02-23", "2026-02-24"),
    ),
    (
        "law/cut-off: one second after 15:00 is late",
        {"from": "2026-03-03T15:00:01+07:00", "limit": {"unit": "same_day"}},
        until("2026-03-04", "2026-03-05"),
    ),
    (
        "law/cut-off: the value of a same-day limit is ignored",
        ask("2026-03-03 08:00", "same_day", 9),
        until("2026-03-03", "2026-03-04"),
    ),
    (
        "law/swap: Friday 21 August + 1 is Saturday 22, which works",
        ask("2026-08-21 09:00", "working_days", 1),
        until("2026-08-22", "2026-08-23"),
    ),
    (
        "law/swap: Friday 28 August + 1 skips Monday 31 and the National Day",
        ask("2026-08-28 09:00", "working_days", 1),
        until("2026-09-03", "2026-09-04"),
    ),
    (
        "law/swap: same day on the Saturday that works",
        ask("2026-08-22 10:00", "same_day"),
        until("2026-08-22", "2026-08-23"),
    ),
    (
        "law/roll: 30 calendar days from 3 April end on a Sunday",
        ask("2026-04-03 09:00", "calendar_days", 30),
        until("2026-05-04", "2026-05-05"),
    ),
    (
        "law/roll: a special law does not carry it over",
        ask("2026-04-03 09:00", "calendar_days", 30, limit_roll="none"),
        until("2026-05-03", "2026-05-04"),
    ),
    (
        "law/roll: a swapped Saturday works, so it does not roll",
        ask("2026-08-12 09:00", "calendar_days", 10),
        until("2026-08-22", "2026-08-23"),
    ),
    (
        "law/day-off: accepted online on a Saturday, + 1 is Monday",
        ask("2026-03-07 20:00", "working_days", 1),
        until("2026-03-09", "2026-03-10"),
    ),
    (
        "law/day-off: moved to the next session first, + 1 is Tuesday",
        ask("2026-03-07 20:00", "working_days", 1, limit_after_hours="next_session"),
        until("2026-03-10", "2026-03-11"),
    ),
    (
        "law/promise: at the clock hour of acceptance",
        ask("2026-03-03 09:40", "working_days", 1, limit_promise_at="same_clock_hour"),
        until("2026-03-04", "2026-03-05", close="09:40"),
    ),
    (
        "law/restart: asked Tuesday, brought Thursday",
        ask(_MONDAY, "working_days", 3, waits=_TUESDAY_THURSDAY),
        {
            **until("2026-01-12", "2026-01-13"),
            "index_due": on("2026-01-10 17:00"),
            "slip_due": on("2026-01-10 17:00"),
        },
    ),
    (
        "law/restart: asked and brought on one day restarts; the index moves by nothing",
        ask(_MONDAY, "working_days", 3, waits=[wait("2026-01-07 09:00", "2026-01-07 15:00")]),
        {**until("2026-01-10", "2026-01-11"), "index_due": on("2026-01-08 17:00")},
    ),
    (
        "law/subtract: asked Tuesday, brought Thursday",
        ask(_MONDAY, "working_days", 3, waits=_TUESDAY_THURSDAY, after_supplement="subtract"),
        {**until("2026-01-10", "2026-01-11"), "index_due": on("2026-01-10 17:00")},
    ),
    (
        "law/restart: asked on the last day",
        ask(_MONDAY, "working_days", 3, waits=_LAST_DAY),
        {**until("2026-01-16", "2026-01-17"), "index_due": on("2026-01-13 17:00")},
    ),
    (
        "law/subtract: asked on the last day",
        ask(_MONDAY, "working_days", 3, waits=_LAST_DAY, after_supplement="subtract"),
        until("2026-01-13", "2026-01-14"),
    ),
    (
        "law/index: asked after the office closed on the last day moves nothing",
        ask(_MONDAY, "working_days", 3, waits=[wait("2026-01-08 17:01", "2026-01-13 09:00")]),
        {**until("2026-01-16", "2026-01-17"), "index_due": on("2026-01-08 17:00")},
    ),
    (
        "law/index: a wait over Tết costs its working days only",
        ask(
            "2026-02-11 09:00",
            "working_days",
            5,
            waits=[wait("2026-02-12 09:00", "2026-02-24 09:00")],
            after_supplement="subtract",
        ),
        # 12 (1) … waits 13, 23, 24 … 25 (2), 26 (3), 27 (4), 2 March (5).
        {**until("2026-03-02", "2026-03-03"), "index_due": on("2026-03-02 17:00")},
    ),
    (
        "law/index: two waits add up, and are late whatever the dates",
        ask(
            "2026-03-02 09:00",
            "working_days",
            5,
            waits=[
                wait("2026-03-03 09:00", "2026-03-05 09:00"),
                wait("2026-03-06 09:00", "2026-03-10 09:00"),
            ],
            after_supplement="subtract",
        ),
        # 3 (1), 6 (2), 11 (3), 12 (4), 13 (5).
        {**until("2026-03-13", "2026-03-14"), "index_late": True},
    ),
    (
        "law/restart: the second receipt restarts too",
        ask(
            "2026-03-02 09:00",
            "working_days",
            5,
            waits=[
                wait("2026-03-03 09:00", "2026-03-05 09:00"),
                wait("2026-03-06 09:00", "2026-03-10 09:00"),
            ],
        ),
        {**until("2026-03-17", "2026-03-18"), "index_due": on("2026-03-13 17:00")},
    ),
    (
        "law/waits: touching ones are two",
        ask(
            "2026-03-02 09:00",
            "working_days",
            5,
            waits=[
                wait("2026-03-03 09:00", "2026-03-05 09:00"),
                wait("2026-03-05 09:00", "2026-03-06 09:00"),
            ],
            after_supplement="subtract",
        ),
        # 3 (1), 9 (2), 10 (3), 11 (4), 12 (5).
        until("2026-03-12", "2026-03-13"),
    ),
    (
        "law/waits: while one is open nothing is due",
        ask(_MONDAY, "working_days", 3, waits=[wait("2026-01-06 10:30", None)]),
        {**_SUSPENDED, "index_due": None, "slip_due": None},
    ),
    (
        "law/waits: without proof the law's clock goes on",
        ask(
            _MONDAY,
            "working_days",
            3,
            waits=[{"requested": on("2026-01-06 10:30")}],
        ),
        {**until("2026-01-08", "2026-01-09"), "suspended": False, "index_due": None},
    ),
    (
        "law/waits: subtracted by law only from the proven notice",
        ask(
            "2026-03-02 09:00",
            "working_days",
            5,
            waits=[
                {
                    "requested": on("2026-03-03 09:00"),
                    "proven": on("2026-03-04 09:00"),
                    "received": on("2026-03-06 09:00"),
                }
            ],
            after_supplement="subtract",
        ),
        {**until("2026-03-11", "2026-03-12"), "index_due": on("2026-03-12 17:00")},
    ),
    (
        "law/waits: a request before acceptance is no wait",
        ask(_MONDAY, "working_days", 3, waits=[wait("2025-12-30 09:00", "2026-01-05 08:00")]),
        {**until("2026-01-08", "2026-01-09"), "index_late": False},
    ),
    (
        "law/calendar-days: subtracted by calendar days, then rolled",
        ask(
            "2026-03-02 09:00",
            "calendar_days",
            10,
            waits=[wait("2026-03-05 09:00", "2026-03-07 09:00")],
            after_supplement="subtract",
        ),
        # 12 March + 2 = Saturday 14 → Monday 16.
        until("2026-03-16", "2026-03-17"),
    ),
    (
        "law/hours: over the lunch break and the night",
        ask("2026-03-03 10:30", "hours", 8),
        # 1 h + 3.5 h on Tuesday, 3.5 h on Wednesday morning.
        {
            "due": on("2026-03-04 11:00"),
            "limit": on("2026-03-04 11:00"),
            "index_due": on("2026-03-04 11:00"),
        },
    ),
    (
        "law/hours: a sum reached at closing time ends there",
        ask(
            "2026-03-03 13:30",
            "hours",
            3,
            waits=[wait("2026-03-03 14:00", "2026-03-03 14:30")],
            after_supplement="subtract",
        ),
        {"due": on("2026-03-03 17:00"), "limit": on("2026-03-03 17:00")},
    ),
    (
        "law/hours: accepted at night, counted from the opening",
        ask("2026-03-03 20:00", "hours", 2),
        {"due": on("2026-03-04 09:30"), "limit": on("2026-03-04 09:30")},
    ),
    (
        "law/half-days: the session of acceptance is not counted",
        ask("2026-03-03 09:00", "half_days", 2),
        {"due": on("2026-03-04 11:30"), "limit": on("2026-03-04 11:30")},
    ),
    (
        "law/half-days: accepted between sessions, the next one counts",
        ask("2026-03-03 12:00", "half_days", 1),
        {"due": on("2026-03-03 17:00"), "limit": on("2026-03-03 17:00")},
    ),
    (
        "law/given: no roll, no close, no wait moves it",
        ask(
            "2026-03-03 09:00",
            "given",
            limit_given=on("2026-03-08 16:45"),
            waits=[wait("2026-03-04 09:00", "2026-03-06 09:00")],
        ),
        {
            "due": on("2026-03-08 16:45"),
            "limit": on("2026-03-08 16:45"),
            "index_due": on("2026-03-08 16:45"),
            "suspended": False,
        },
    ),
    (
        "law/given: older than any calendar",
        ask("2011-10-11 09:00", "given", limit_given=on("2011-12-06 11:41")),
        {"due": on("2011-12-06 11:41"), "limit": on("2011-12-06 11:41")},
    ),
    (
        "law/offset: an instant of another zone falls on the Vietnamese day",
        {"from": "2026-03-03T18:30:00+00:00", "limit": {"unit": "working_days", "value": 1}},
        until("2026-03-05", "2026-03-06"),
    ),
    (
        "law/slip: none where the day before is the day of acceptance",
        ask("2026-03-03 17:30", "working_days", 1),
        {**until("2026-03-04", "2026-03-05"), "slip_due": None},
    ),
    (
        "law/slip: the working day before the last, though it be a Saturday",
        ask("2026-01-08 09:00", "working_days", 3),
        {**until("2026-01-12", "2026-01-13"), "slip_due": on("2026-01-10 17:00")},
    ),
    (
        "law/new-date: moves the promise, and neither the statute nor the index",
        ask(
            _MONDAY, "working_days", 3, extensions=[new_date("2026-01-07 10:00", "2026-01-14")]
        ),
        {
            "due": on("2026-01-14 17:00"),
            "limit": on("2026-01-09 00:00"),
            "last_day": "2026-01-08",
            "index_due": on("2026-01-08 17:00"),
            "first_due": on("2026-01-08 17:00"),
            "slip_due": on("2026-01-07 17:00"),
        },
    ),
    (
        "law/new-date: a second one moves nothing",
        ask(
            _MONDAY,
            "working_days",
            3,
            extensions=[
                new_date("2026-01-13 10:00", "2026-01-20"),
                new_date("2026-01-07 10:00", "2026-01-14"),
            ],
        ),
        {"due": on("2026-01-14 17:00"), "limit": on("2026-01-09 00:00")},
    ),
    (
        "law/new-date: one that is not later moves nothing",
        ask(
            _MONDAY, "working_days", 3, extensions=[new_date("2026-01-07 10:00", "2026-01-08")]
        ),
        until("2026-01-08", "2026-01-09"),
    ),
    (
        "law/new-date: a Sunday moves nothing",
        ask(
            _MONDAY, "working_days", 3, extensions=[new_date("2026-01-07 10:00", "2026-01-11")]
        ),
        until("2026-01-08", "2026-01-09"),
    ),
    (
        "law/new-date: the Saturday that works does",
        ask(
            _MONDAY, "working_days", 3, extensions=[new_date("2026-01-07 10:00", "2026-01-10")]
        ),
        {"due": on("2026-01-10 17:00"), "limit": on("2026-01-09 00:00")},
    ),
    (
        "law/new-date: changed while waiting, later than the restarted count",
        ask(
            _MONDAY,
            "working_days",
            3,
            waits=_TUESDAY_THURSDAY,
            extensions=[new_date("2026-01-07 10:00", "2026-01-14")],
        ),
        {
            "due": on("2026-01-14 17:00"),
            "limit": on("2026-01-13 00:00"),
            "last_day": "2026-01-12",
            "index_due": on("2026-01-10 17:00"),
        },
    ),
    (
        "law/new-date: changed while waiting, overtaken by the restarted count",
        ask(
            _MONDAY,
            "working_days",
            3,
            waits=_TUESDAY_THURSDAY,
            extensions=[new_date("2026-01-07 10:00", "2026-01-10")],
        ),
        until("2026-01-12", "2026-01-13"),
    ),
    (
        "law/new-date: changed while waiting, and still waiting",
        ask(
            _MONDAY,
            "working_days",
            3,
            waits=[wait("2026-01-06 10:30", None)],
            extensions=[new_date("2026-01-07 10:00", "2026-01-14")],
        ),
        {
            **_SUSPENDED,
            "before_wait": {
                "due": on("2026-01-14 17:00"),
                "limit": on("2026-01-09 00:00"),
                "last_day": "2026-01-08",
            },
        },
    ),
    (
        "law/new-date: changed while waiting, where the wait is subtracted",
        ask(
            _MONDAY,
            "working_days",
            3,
            waits=_TUESDAY_THURSDAY,
            extensions=[new_date("2026-01-07 10:00", "2026-01-12")],
            after_supplement="subtract",
        ),
        {
            "due": on("2026-01-12 17:00"),
            "limit": on("2026-01-11 00:00"),
            "last_day": "2026-01-10",
        },
    ),
    (
        "law/new-date: given before Tết for the first day after it",
        ask(
            "2026-02-09 09:00",
            "working_days",
            3,
            extensions=[new_date("2026-02-11 16:00", "2026-02-23")],
        ),
        {"due": on("2026-02-23 17:00"), "limit": on("2026-02-13 00:00")},
    ),
    (
        "law/arrival: counted from when the competent agency has it",
        ask("2026-01-07 10:00", "working_days", 3, accepted=on("2026-01-05 09:00")),
        until("2026-01-10", "2026-01-11"),
    ),
    (
        "law/arrival: a wait over the arrival is counted from it by the index",
        ask(
            "2026-01-07 10:00",
            "working_days",
            3,
            accepted=on("2026-01-05 09:00"),
            waits=[wait("2026-01-06 10:00", "2026-01-08 10:00")],
        ),
        until("2026-01-12", "2026-01-13") | {"index_due": on("2026-01-12 17:00")},
    ),
    (
        "law/arrival: a wait that ended before it is none",
        ask(
            "2026-01-07 10:00",
            "working_days",
            3,
            accepted=on("2026-01-05 09:00"),
            waits=[wait("2026-01-05 10:00", "2026-01-06 10:00")],
        ),
        until("2026-01-10", "2026-01-11") | {"index_late": False},
    ),
    (
        "law/holidays: a wait over 30 April and 1 May costs the index its working day only",
        ask(
            "2026-04-24 09:00",
            "working_days",
            3,
            waits=[wait("2026-04-29 10:00", "2026-05-04 15:00")],
        ),
        until("2026-05-07", "2026-05-08") | {"index_due": on("2026-05-05 17:00")},
    ),
    (
        "law/holidays: Hùng Kings' day on a Sunday is taken on Monday",
        ask("2026-04-24 09:00", "working_days", 1),
        until("2026-04-28", "2026-04-29"),
    ),
    (
        "law/hours: two waits are subtracted to the minute",
        ask(
            "2026-01-05 08:00",
            "hours",
            8,
            waits=[
                wait("2026-01-05 10:00", "2026-01-05 14:30"),
                wait("2026-01-06 08:00", "2026-01-06 09:00"),
            ],
            after_supplement="subtract",
        ),
        {"due": on("2026-01-06 14:00"), "limit": on("2026-01-06 14:00"), "index_late": True},
    ),
    (
        "law/hours: a receipt in the afternoon restarts them",
        ask(
            "2026-01-05 08:00", "hours", 8, waits=[wait("2026-01-05 10:00", "2026-01-05 14:30")]
        ),
        {"due": on("2026-01-06 15:00"), "index_due": on("2026-01-06 11:00")},
    ),
    (
        "law/half-days: a wait over two sessions gives two back",
        ask(
            "2026-01-05 09:00",
            "half_days",
            3,
            waits=[wait("2026-01-05 10:00", "2026-01-06 08:00")],
            after_supplement="subtract",
        ),
        {"due": on("2026-01-07 17:00"), "limit": on("2026-01-07 17:00")},
    ),
    (
        "law/refused: a wait ends before it starts",
        ask(_MONDAY, "working_days", 3, waits=[wait("2026-01-08 09:00", "2026-01-06 09:00")]),
        {"error": "wait-ends-before-it-starts"},
    ),
    (
        "law/refused: overlapping waits",
        ask(
            _MONDAY,
            "working_days",
            3,
            waits=[
                wait("2026-01-06 09:00", "2026-01-08 09:00"),
                wait("2026-01-07 09:00", "2026-01-09 09:00"),
            ],
        ),
        {"error": "overlapping-waits"},
    ),
    (
        "law/refused: asked again while the first wait is open",
        ask(
            _MONDAY,
            "working_days",
            3,
            waits=[wait("2026-01-06 09:00", None), wait("2026-01-07 09:00", None)],
        ),
        {"error": "overlapping-waits"},
    ),
    (
        "law/refused: a receipt without a request",
        ask(_MONDAY, "working_days", 3, waits=[[None, on("2026-01-08 09:00")]]),
        {"error": "receipt-without-request"},
    ),
    (
        "law/refused: no offset",
        {"from": "2026-01-05T09:10:00", "limit": {"unit": "working_days", "value": 3}},
        {"error": "instant-without-offset"},
    ),
    (
        "law/refused: no working days at all",
        {"from": on(_MONDAY), "limit": {"unit": "working_days", "value": 0}},
        {"error": "limit-out-of-range"},
    ),
    (
        "law/refused: given, and nobody gave it",
        ask(_MONDAY, "given"),
        {"error": "given-without-instant"},
    ),
    (
        "law/horizon: ends after the last published day",
        ask("2027-10-25 09:00", "working_days", 6),
        {"error": "outside-calendar"},
    ),
    (
        "law/horizon: begins after the last published day",
        ask("2031-01-06 09:00", "same_day"),
        {"error": "outside-calendar"},
    ),
    (
        "law/horizon: before the first published day",
        ask("2023-12-29 09:00", "working_days", 3),
        {"error": "outside-calendar"},
    ),
)

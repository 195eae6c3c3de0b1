"""When a part of a limit is used, counted unit by unit."""

from datetime import datetime, timedelta
from fractions import Fraction

from deploy.auditor.core.counting import MICROSECOND, Ran
from deploy.auditor.core.wall import DAY, Json, Wall


def share(wall: Wall, limit: Json, ran: Ran, part: Fraction) -> datetime:
    """Say when that part of the limit is used, in counted units; waits are no use.

    It watches the count grow, unit by unit, and stops when enough of it is used.
    """
    unit, day0 = limit["unit"], ran.day0
    if unit in {"hours", "same_day", "given"}:
        return _open_share(wall, limit, ran, part)
    if unit == "clock_hours":
        return _clock_share(limit, ran, part)
    if unit == "half_days":
        used = 0
        for a, _ in wall.sessions_from(day0.date()):
            used += a > day0 and not any(x < a <= y for x, y in ran.subtracted)
            if used and Fraction(used, limit["value"]) >= part:
                return a
    used, day = 0, day0.date()
    wall.page(day)
    while Fraction(used, limit["value"]) < part:
        day += DAY
        wall.page(day)
        waited = any(x.date() < day <= y.date() for x, y in ran.subtracted)
        used += not waited and (unit == "calendar_days" or wall.works(day))
    return wall.begin(day)


def _clock_share(limit: Json, ran: Ran, part: Fraction) -> datetime:
    """Watch the clock, and stop it in the waits left out."""
    left = MICROSECOND * int(part * (timedelta(hours=limit["value"]) // MICROSECOND))
    moment = ran.day0
    for first, last in ran.subtracted:
        before = max(first - moment, timedelta())
        if left <= before:
            break
        left -= before
        moment = max(last, moment)
    return moment + left


def _open_share(wall: Wall, limit: Json, ran: Ran, part: Fraction) -> datetime:
    """Watch the hours of opening go by, those of the waits left out."""
    if limit["unit"] == "hours":
        whole = timedelta(hours=limit["value"])
    else:
        whole = wall.open_seconds(ran.day0, ran.standing[0])
        for first, last in ran.subtracted:
            whole -= wall.open_seconds(first, last)
    left = MICROSECOND * int(part * (whole // MICROSECOND))
    moment = ran.day0
    for first, last in ran.subtracted:
        before = wall.open_seconds(moment, first)
        if left <= before:
            break
        left -= before
        moment = last
    return wall.after_open(moment, left)

"""The law's arithmetic once more: the auditor's, asked with the cases of the vectors.

It shares no code with `shared.calendar`: it reads the same JSON case and calendar, walks from
day to day as an officer with a wall calendar would, and says when the result is due. Where the
two differ, one of them is wrong.
"""

from datetime import date, datetime
from fractions import Fraction
from typing import Any

from deploy.auditor.core.counting import (
    Asked,
    Ran,
    begin,
    count,
    dates,
    index_run,
    moves_promise,
    promise,
    refused,
    run,
    slip,
)
from deploy.auditor.core.shares import share
from deploy.auditor.core.wall import VIETNAM, BeyondCalendar, Wall, instant

Json = dict[str, Any]


def solve(case: Json, calendar: Json, opening: Json) -> Json:
    """Answer a case: the dates as the vectors have them, or the rule that refuses it."""
    try:
        wall = Wall(calendar, opening)
        waits = _waits(case)
        why = refused(waits)
        return {"error": why} if why else _solve(wall, case, waits)
    except BeyondCalendar:
        return {"error": "outside-calendar"}


def _waits(case: Json) -> list[Asked]:
    waits = []
    for wait in case.get("waits") or []:
        if isinstance(wait, list):
            asked, brought = [*wait, None][:2]
            wait = {"requested": asked, "proven": asked, "received": brought}  # noqa: PLW2901
        moments = [wait.get(name) for name in ("requested", "proven", "received")]
        requested, proven, received = (instant(text) if text else None for text in moments)
        assert requested is not None
        waits.append(Asked(requested, proven, received))
    far = datetime.max.replace(tzinfo=VIETNAM)
    return sorted(waits, key=lambda wait: (wait.requested, wait.received or far))


def _solve(wall: Wall, case: Json, waits: list[Asked]) -> Json:
    limit, start = {**case["limit"]}, instant(case["from"])
    if "after_supplement" in case:
        limit["after_supplement"] = case["after_supplement"]
    accepted = instant(case.get("accepted") or case["from"])
    known = [
        wait
        for wait in waits
        if wait.requested >= accepted and (wait.received is None or wait.received >= start)
    ]
    law = run(wall, limit, start, known)
    index = index_run(wall, limit, start, known)
    due, last_midnight, last_day = law.standing
    new_day = _new_day(wall, limit, case, start, known)
    if new_day is not None:
        # It moves the promise and nothing else; of two promises the later one holds.
        due = max(due, promise(wall, limit, new_day, law.day0))
    standing = {
        "due": due.isoformat(),
        "limit": last_midnight.isoformat(),
        "last_day": last_day.isoformat(),
    }
    given = limit["unit"] == "given"
    slip_due = None if given or law.waiting else slip(wall, limit, last_day, law.opened)
    return {
        **(dict.fromkeys(standing) if law.waiting else standing),
        "index_due": None if index.waiting else index.standing[0].isoformat(),
        "index_late": len(known) > 1,
        "suspended": law.waiting,
        "before_wait": standing if law.waiting else None,
        "first_due": run(wall, limit, start, ()).standing[0].isoformat(),
        "slip_due": None if slip_due is None else slip_due.isoformat(),
        "limit_missed": None if law.missed is None else law.missed.isoformat(),
    }


def _new_day(
    wall: Wall, limit: Json, case: Json, start: datetime, known: list[Asked]
) -> date | None:
    """Say which new date counts: the first one, if it does; a second one moves nothing."""
    given = sorted(case.get("extensions") or [], key=lambda each: instant(each["decided"]))
    if not given:
        return None
    decided, day = instant(given[0]["decided"]), date.fromisoformat(given[0]["new_day"])
    return day if moves_promise(wall, limit, start, known, decided, day) else None


def moment_of_share(case: Json, calendar: Json, opening: Json, part: Fraction) -> str | None:
    """Say when that share of the limit is used; for cases without waits."""
    wall, limit = Wall(calendar, opening), case["limit"]
    start = begin(wall, limit, instant(case["from"]))
    ran = Ran(start, start, dates(wall, limit, count(wall, limit, start), start))
    return share(wall, limit, ran, part).isoformat()

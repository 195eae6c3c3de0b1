"""Form 07a/BTP counted slowly, dossier by dossier, from raw histories."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from shared.events.envelope import Event
from tests.property.reporting.oracle import (
    BACK,
    Stood,
    channel_of,
    count,
    course,
    day_of,
    end_of_day,
    held,
    law_limit,
    settings,
    without_other_duties,
)

ANSWERED = {
    "dossier.accepted": "submitted_accepted",
    "dossier.refused": "not_received",
    "dossier.withdrawn": "not_received",
    "dossier.stopped": "not_received",
}


def count_form(
    population: Sequence[Sequence[Event]],
    units: frozenset[str] | None,
    first: date | None,
    last: date | None,
    now: datetime,
) -> Stood:
    """Count the columns that are no levels of open dossiers."""
    found = Stood()
    today = day_of(now)
    until = today if last is None else min(last, today)

    def inside(moment: datetime) -> bool:
        return (first is None or day_of(moment) >= first) and day_of(moment) <= until

    def mine(unit: Any) -> bool:  # noqa: ANN401 - a code or None.
        return units is None or unit in units

    for events in population:
        _submission(found, events, inside, mine, first, until)
        one = course(events)
        own = held(events)
        paid = next((event for event in own if event.name == "dossier.paid"), None)
        if paid is not None and inside(paid.time):
            places = [unit for when, unit in one.units if day_of(when) <= day_of(paid.time)]
            fallback = one.units[-1][1] if one.units else own_unit(events)
            if mine(places[-1] if places else fallback):
                how = paid.data.how  # type: ignore[attr-defined]  # A payment has it.
                found.add(f"paid_{how or 'unstated'}")
        if one.received is None:
            continue
        if inside(one.received) and mine(one.units[0][1]):
            channel = channel_of(own)
            found.add({"online": "received_partial"}.get(channel, f"received_{channel}"))
            received_at = events[0].receivingunit
            found.add("received_across", received_at != one.units[0][1])
        end = None if one.end is None else max(one.end, one.received)
        if end is not None and inside(end) and mine(one.units[-1][1]):
            found.add(_ending(events, one, own, now))
    return found


def own_unit(events: Sequence[Event]) -> Any:  # noqa: ANN401 - a code or None.
    """Return the unit of the dossier's first own event."""
    return next(one for one in events if one.name.startswith("dossier.")).competentunit


def _ending(
    events: Sequence[Event],
    one: Any,  # noqa: ANN401 - a course.
    own: Sequence[Event],
    now: datetime,
) -> str:
    if one.end_name == "dossier.stopped":
        return "stopped"
    if one.end_name == "dossier.withdrawn":
        return "withdrawn"
    rows = settings(without_other_duties(events), one)
    limit = law_limit(rows, one.end)
    letter = next((e.time for e in own if e.name == "dossier.apology_issued"), None)
    given = letter is not None and letter <= one.end
    if count([events], None, None, None, now)["ended_late"]:
        when = "late"  # As every other figure has it.
    elif limit is None:
        when = "on_time"
    else:
        last_day = day_of(limit - timedelta(microseconds=1))
        when = "before" if day_of(one.end) < last_day else "on_time"
    return f"{when}_{'with' if given else 'without'}_apology"


def _submission(
    found: Stood,
    events: Sequence[Event],
    inside: Any,  # noqa: ANN401 - a predicate.
    mine: Any,  # noqa: ANN401 - a predicate.
    first: date | None,
    until: date,
) -> None:
    own = held(events)
    begun = next((one.time for one in own if one.name == "dossier.submitted"), None)
    accepted = next((one.time for one in own if one.name == "dossier.accepted"), None)
    if (
        begun is None
        or (accepted is not None and accepted < begun)
        or not mine(own_unit(events))
    ):
        return
    end: datetime | None
    if accepted is not None:
        end, answer = accepted, "dossier.accepted"
    else:
        ends = sorted((one.time, one.name) for one in own if one.name in BACK)
        end, answer = ends[0] if ends else (None, "")
        end = None if end is None else max(end, begun)  # Not before it was asked for.
    found.add("submitted", inside(begun))
    if end is not None:
        found.add(ANSWERED[answer], inside(end))
    before = end_of_day(first - timedelta(days=1)) if first is not None else None
    waited = first is not None and (end is None or day_of(end) >= first)
    if before is not None and begun < before and waited:
        found.add("awaiting_carried")
    if day_of(begun) <= until and (end is None or day_of(end) > until):
        late = _late_on(events, begun, end, until)
        found.add("awaiting_late" if late else "awaiting_in_time")


def _late_on(events: Sequence[Event], begun: datetime, end: datetime | None, day: date) -> bool:
    """Say whether an answer was overdue at the end of a day."""
    dues = [one for one in events if getattr(one.data, "kind", "") == "online_answer"]
    missed = [one.data.at for one in dues if one.name == "obligation.breached"]  # type: ignore[attr-defined]  # A breach has it.
    done = [one.data.at for one in dues if one.name == "obligation.discharged"]  # type: ignore[attr-defined]  # A discharge has it.
    for at in missed:
        stops = [one for one in (*done, end) if one is not None]
        if any(stop < max(at, begun) for stop in stops):
            continue
        if day_of(max(at, begun)) <= day and all(day_of(stop) > day for stop in stops):
            return True
    return False

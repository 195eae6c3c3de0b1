"""Figures worked out slowly, from raw histories, one moment at a time.

It shares no code with reporting's core: it asks of each dossier how it stood at one moment, by
replaying everything that had happened until then.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import Any

from shared.events.envelope import Event

Row = tuple[Any, ...]
Mine = Callable[[str], bool]
ZONE = timezone(timedelta(hours=7))
BACK = {"dossier.refused", "dossier.withdrawn", "dossier.stopped"}
MIDNIGHT = datetime.min.time()


def day_of(moment: datetime) -> date:
    """Return the legal day of a moment."""
    return moment.astimezone(ZONE).date()


def end_of_day(day: date) -> datetime:
    """Return 24:00 of a day."""
    return datetime.combine(day + timedelta(days=1), MIDNIGHT, ZONE)


def _data(event: Event) -> Any:  # noqa: ANN401 - whatever its type holds.
    return event.data


def held(events: Sequence[Event]) -> list[Event]:
    """Return the dossier's own events as corrected, by occurrence."""
    own = [one for one in events if one.name.startswith("dossier.")]
    fixes: dict[str, Any] = {
        _data(one).replaces: one.data for one in own if one.name == "dossier.corrected"
    }
    found = []
    for one in own:
        if one.name == "dossier.corrected":
            continue
        fix = fixes.get(one.id)
        if fix is None:
            found.append(one)
        elif fix.right is not None:
            found.append(one.model_copy(update={"time": fix.right.time}))
    return sorted(found, key=lambda one: (one.time, one.sequence))


STATUS_AFTER = {
    "dossier.submitted": 1,
    "dossier.accepted": 2,
    "dossier.refused": 3,
    "dossier.supplement_requested": 5,
    "dossier.withdrawn": 7,
    "dossier.stopped": 8,
    "dossier.completed": 9,
    "dossier.returned": 10,
}
OVER = {3, 7, 8, 9, 10}


@dataclass
class Course:
    """What became of one dossier."""

    received: Any = None
    end: Any = None
    end_name: str = ""
    units: list[Any] = field(default_factory=list)
    requests: list[datetime] = field(default_factory=list)
    waits: list[list[Any]] = field(default_factory=list)
    given: datetime | None = None
    online: bool = False


def channel_of(own: Sequence[Event]) -> str:
    """Return how a dossier came in: of one instant, it was submitted before it was accepted."""
    first = min(
        (one for one in own if hasattr(one.data, "channel")),
        key=lambda one: (one.time, one.name != "dossier.submitted", one.sequence),
    )
    channel: str = _data(first).channel
    return channel


def course(events: Sequence[Event]) -> Course:
    """Replay a dossier."""
    own = held(events)
    found = Course()
    first = next((one for one in own if one.name == "dossier.accepted"), None)
    if first is None:
        return found
    found.received, found.given = first.time, _data(first).given
    found.online = channel_of(own) == "online"
    status = 0
    ends: dict[str, datetime] = {}
    accepted_seen = False
    for one in own:
        before = status
        accepted_seen = accepted_seen or one is first
        if status not in OVER:
            status = _next(status, one.name, accepted=accepted_seen and one is not first)
        elif (before, one.name) == (9, "dossier.returned"):
            status = 10
        if one.time >= found.received and one is not first:
            _wait(found, one)
        if one.name in {"dossier.completed", "dossier.returned"} | BACK:
            waiting = before == 5 and one.name in BACK and found.waits
            at = found.waits[-1][0] if waiting else one.time
            ends.setdefault(one.name, at)
    for names in (
        ("dossier.completed",),
        ("dossier.returned",),
        ("dossier.stopped", "dossier.refused"),
        ("dossier.withdrawn",),
    ):
        known = sorted((ends[name], name) for name in names if name in ends)
        if known:
            found.end, found.end_name = known[0]
            break
    found.units = _units(own, first, found)
    return found


def _next(status: int, name: str, *, accepted: bool) -> int:
    if name == "dossier.supplement_received":
        return 4 if accepted else 1
    if name == "dossier.assigned":
        return status if status in {5, 6} else 4
    return STATUS_AFTER.get(name, status)


def _wait(found: Course, one: Event) -> None:
    waiting = bool(found.waits) and found.waits[-1][1] is None
    if one.name == "dossier.supplement_requested":
        found.requests.append(one.time)
        if not waiting:
            found.waits.append([one.time, None])
    elif one.name == "dossier.supplement_received" and waiting:
        found.waits[-1][1] = one.time


def _units(own: Sequence[Event], first: Event, found: Course) -> list[Any]:
    unit = first.competentunit
    start = found.received
    last = None if found.end is None else max(found.end, start)
    places = [(start, unit)]
    for one in own:
        if one.name != "dossier.moved" or (last is not None and one.time > last):
            continue
        target = _data(one).to_unit
        if target == places[-1][1]:
            continue
        if one.time <= start and len(places) == 1:
            places = [(start, target)]
        else:
            places.append((one.time, target))
    return places


def without_other_duties(events: Sequence[Event]) -> list[Event]:
    """Return a dossier's events without those of obligations that give it no deadline."""
    return [
        one
        for one in events
        if not one.name.startswith("obligation.") or _data(one).kind == "dossier_deadline"
    ]


def settings(events: Sequence[Event], one: Course) -> list[Row]:
    """Return (moment, due, limit, index or "keep") in the order in which they took effect."""
    if one.given is not None:
        return [(_accepted(events), one.given, one.given, one.given)]
    rows: list[Row] = []
    for event in events:
        data = _data(event)
        if event.name == "obligation.opened":
            rows.append((data.opened_at, data.due, data.limit, data.index_due or "keep"))
        elif event.name == "obligation.due_changed":
            at = event.time
            if data.reason == "correction":
                at = min((row[0] for row in rows), default=at)
                rows = []
            rows.append((at, data.new_due, data.new_limit, data.new_index_due or "keep"))
        elif event.name == "obligation.suspended":
            rows.append((data.since, None, None, "keep"))
        elif event.name == "obligation.resumed":
            rows.append((data.at, data.due, data.limit, data.index_due or "keep"))
    missed = missed_of(events)
    if missed is not None and not any(row[2] for row in rows):
        # A limit that was missed had been one, whether or not it was stated while it ran.
        rows.append((min((row[0] for row in rows), default=missed), "keep", missed, "keep"))
        rows = [rows[-1], *rows[:-1]]
    return sorted(rows, key=lambda row: row[0])


def _accepted(events: Sequence[Event]) -> datetime:
    return next(one for one in held(events) if one.name == "dossier.accepted").time


def law_limit(rows: Sequence[Row], end: datetime) -> Any:  # noqa: ANN401 - a moment or None.
    """Return the limit that an end is judged by."""
    known = [row for row in rows if row[2] is not None]
    before = [row for row in known if row[0] <= end]
    if before:
        return before[-1][2]
    return known[0][2] if known else None


def missed_of(events: Sequence[Event]) -> Any:  # noqa: ANN401 - a moment or None.
    """Return the limit that was stated as missed last; no later date cures it."""
    stating = {"opened", "due_changed", "suspended", "resumed", "discharged"}
    stated = [
        _data(one).limit_missed
        for one in events
        if one.name.startswith("obligation.") and one.name.partition(".")[2] in stating
    ]
    return stated[-1] if stated else None


def late_by_law(events: Sequence[Event], rows: Sequence[Row], moment: datetime) -> bool:
    """Say whether a dossier was late by law at a moment: since its missed limit, if any."""
    missed = missed_of(events)
    return late_at(rows, 2, moment) if missed is None else bool(missed < moment)


def late_at(rows: Sequence[Row], column: int, moment: datetime) -> bool:
    """Say whether a clock had found the dossier late by a moment, replaying its settings."""
    late = False
    due: Any = None
    since: Any = None
    late_since: Any = None
    for row in rows:
        if row[0] > moment:
            break
        value = row[column]
        if value == "keep":
            continue
        if due is not None and due < row[0] and not late:
            late, late_since = True, since
        since = row[0]
        due = value
        if due is not None and late and due > row[0]:
            late = False
    # What is already over when it is set is late from then on, not at that very moment.
    told = since is not None and since < moment
    return (late and late_since < moment) or (due is not None and due < moment and told)


def index_rows(rows: Sequence[Row], one: Course) -> list[Row]:
    """Return the index's clock with its one wait; what is told while it waits moves nothing."""
    found = [(row[0], row[3]) for row in rows if row[3] != "keep"]
    if not found:
        found = [(row[0], row[2]) for row in rows if row[2] is not None]
    if one.waits and (found or len(one.requests) > 1):
        asked, brought = one.waits[0]
        outside = [row for row in found if row[0] <= asked or (brought and row[0] >= brought)]
        outside.append((asked, None))
        if brought and not any(row[0] == brought for row in outside):
            before = [row for row in found if row[0] <= brought]
            later = before[-1:] or found[:1]
            outside.append((brought, later[0][1] if later else None))
        found = sorted(outside, key=lambda row: row[0])
    if len(one.requests) > 1:
        second = one.requests[1]
        found = [row for row in found if row[0] < second] + [(second, second)]
    return found


@dataclass
class Stood:
    """Figures counted by the oracle."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, number: int = 1) -> None:
        """Count."""
        self.counts[name] = self.counts.get(name, 0) + number

    def __getitem__(self, name: str) -> int:
        """Return a count."""
        return self.counts.get(name, 0)


def count(
    population: Sequence[Sequence[Event]],
    units: frozenset[str] | None,
    first: date | None,
    last: date | None,
    now: datetime,
) -> Stood:
    """Count every figure of a scope and a period."""
    found = Stood()
    current = last is None or last >= day_of(now)
    until = day_of(now) if last is None or current else last
    at = now if current else end_of_day(until)
    for events in population:
        _count_one(found, events, units, first, until, at, current=current)
    return found


def _count_one(
    found: Stood,
    events: Sequence[Event],
    units: frozenset[str] | None,
    first: date | None,
    until: date,
    at: datetime,
    *,
    current: bool,
) -> None:
    events = without_other_duties(events)
    one = course(events)
    if one.received is None:
        return

    def inside(moment: datetime) -> bool:
        return (first is None or day_of(moment) >= first) and day_of(moment) <= until

    def mine(unit: str) -> bool:
        return units is None or unit in units

    end = None if one.end is None else max(one.end, one.received)
    if mine(one.units[0][1]) and inside(one.received):
        found.add("received")
        found.add("received_online", one.online)
    for (_, left), (when, came) in zip(one.units, one.units[1:], strict=False):
        if inside(when):
            found.add("moved_in", mine(came))
            found.add("moved_out", mine(left))
    rows = settings(events, one)
    dated = any(row[2] is not None for row in rows)
    if end is not None and inside(end) and mine(one.units[-1][1]):
        found.add("ended")
        _judge(found, one, rows, dated=dated, missed=missed_of(events) is not None)
    if first is not None and _pending(one, end, end_of_day(first - timedelta(days=1)), mine):
        found.add("carried")
    if _pending(one, end, at, mine) if not current else _open_now(one, end, mine):
        found.add("pending")
        stopped = one.end or at
        found.add("overdue", dated and late_at(rows, 1, min(at, stopped)))
        late = dated and late_by_law(events, rows, min(at, stopped))
        found.add("late_open", late)
        found.add("in_time_open", not late)
        by_index = [(row[0], None, None, row[1]) for row in index_rows(rows, one)]
        late_index = dated and late_at(by_index, 3, min(at, stopped))
        found.add("late_open_index", late_index)
        found.add("in_time_open_index", dated and not late_index)
        found.add(
            "waiting", any(_waits(wait[0], wait[1], at, current=current) for wait in one.waits)
        )
        found.add("pending_without_deadline", not dated)


def _waits(asked: Any, brought: Any, at: datetime, *, current: bool) -> bool:  # noqa: ANN401 - moments or None.
    """Say whether a wait is open: now, with all that has happened, or at a midnight."""
    if current:
        return bool(asked <= at) and (brought is None or bool(brought > at))
    return bool(asked < at) and (brought is None or bool(brought >= at))


def _open_now(one: Course, end: datetime | None, mine: Mine) -> bool:
    return end is None and mine(one.units[-1][1])


def _pending(one: Course, end: datetime | None, at: datetime, mine: Mine) -> bool:
    if one.received >= at or (end is not None and end < at):
        return False
    places = [unit for when, unit in one.units if when < at]
    return mine(places[-1])


def _judge(
    found: Stood, one: Course, rows: Sequence[Row], *, dated: bool, missed: bool
) -> None:
    limit = law_limit(rows, one.end)
    if not dated:
        found.add("ended_without_deadline")
        return
    found.add("ended_on_time" if one.end <= limit and not missed else "ended_late")
    by_index = [(at, None, value) for at, value in index_rows(rows, one)]
    deadline = law_limit(by_index, one.end)
    if deadline is None:
        on_time = one.end <= limit
    else:
        on_time = one.end <= deadline and len(one.requests) < 2
    found.add("ended_on_time_index" if on_time else "ended_late_index")

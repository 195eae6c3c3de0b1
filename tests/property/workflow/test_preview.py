"""A preview says exactly what the approval then does, whatever is open and is proposed.

What was done is counted from what was published for the approval's reason, and from the dates
in the store; the preview's counting has no part in it.
"""

import asyncio
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.calendar.zone import ICT
from shared.events.envelope import Event
from shared.events.model import EventData
from shared.events.reference import RuleApproved
from tests.unit.workflow.province import (
    BY_CLOCK,
    LAST,
    NO_RULE,
    OTHER_UNIT,
    SAME_DAY,
    SUBTRACTING,
    TEN_DAYS,
    THREE_DAYS,
    UNIT,
    day_off,
    day_worked,
    published_through,
)
from tests.unit.workflow.test_preview import House, accepted

FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
BEGIN = datetime(2026, 12, 9, tzinfo=ICT)
PROCEDURES = (THREE_DAYS, TEN_DAYS, SAME_DAY, SUBTRACTING, BY_CLOCK, NO_RULE)


@st.composite
def dossiers(draw: st.DrawFn) -> list[Event]:
    """Draw dossiers accepted in the fortnight before the end of the published year."""
    drawn = st.tuples(
        st.sampled_from(PROCEDURES),
        st.integers(0, 14 * 24),
        st.sampled_from([UNIT, OTHER_UNIT]),
    )
    made = draw(st.lists(drawn, min_size=5, max_size=12))
    return [
        accepted(number, procedure, f"{BEGIN + timedelta(hours=hours):%Y-%m-%d %H:%M}", unit)
        for number, (procedure, hours, unit) in enumerate(made)
    ]


@st.composite
def proposals(draw: st.DrawFn, now: datetime) -> EventData:
    """Draw a day off or worked, of all or of one unit, a further month, or a limit."""
    day = now.date() + timedelta(days=draw(st.integers(-3, 4)))
    what = draw(st.sampled_from(["off", "unit", "work", "horizon", "rule"]))
    if what == "off":
        return day_off(day)
    if what == "unit":
        return day_off(day, unit=UNIT)
    if what == "work":
        return day_worked(day)
    if what == "horizon":
        return published_through(LAST + timedelta(days=draw(st.integers(1, 40))))
    return RuleApproved.model_validate(
        {
            "rule": "drawn",
            "procedure": draw(st.sampled_from(PROCEDURES)),
            "limit": {"unit": "working_days", "value": draw(st.integers(1, 12))},
            "valid_from": day,
            "source": "a test",
        }
    )


@FEW
@given(dossiers(), st.integers(2 * 24, 21 * 24), st.integers(6, 60), st.data())
def test_the_preview_is_the_effect(
    events: list[Event], hours: int, step_hours: int, data: st.DataObject
) -> None:
    """The same numbers: dates that move, alerts taken back, what becomes overdue or is not."""
    house = House(f"{BEGIN:%Y-%m-%d %H:%M}")
    end, now, waiting = BEGIN + timedelta(hours=hours), BEGIN, sorted(events, key=_when)
    while now < end:
        now = min(now + timedelta(hours=step_hours), end)
        house.takes(*[each for each in waiting if each.time <= now])
        waiting = [each for each in waiting if each.time > now]
        house.looks_at(f"{now:%Y-%m-%d %H:%M}")
    proposal = house.proposes(data.draw(proposals(now)))
    found = house.previews(proposal)
    before = dates(house)
    told = house.approves(proposal)
    expected = found["counts"]
    done = counted(told)
    for word in ("later", "earlier", "kept", "beside", "alerts_void", "opened", "voided"):
        assert expected[word] == done[word], word
    assert expected["citizens"] == done["citizens"]
    after = dates(house)
    overdue = {name for name, due in before.items() if due is not None and due < now}
    overdue_after = {name for name, due in after.items() if due is not None and due < now}
    assert expected["stop_overdue"] == len(overdue - overdue_after)
    assert expected["become_overdue"] == len(overdue_after - overdue)
    assert expected["dated"] == sum(
        after.get(name) is not None for name, due in before.items() if due is None
    )
    touched = {(event["subject"], event["data"]["obligation"]) for event in told}
    listed = {(one["subject"], one["obligation"]) for one in found["listed"]}
    assert {one for one in touched if "/duty/" not in one[0]} <= listed
    for one in found["listed"]:
        if one["new_due"] is not None:
            assert after[one["subject"], one["obligation"]] == moment_of(one["new_due"])


def counted(told: list[dict[str, Any]]) -> Counter[str]:
    """Count what was told, from the events alone."""
    done: Counter[str] = Counter()
    for event in told:
        data, name = event["data"], event["type"].split(".")[3]
        old, new = data.get("old_due"), data.get("new_due")
        if name == "due_changed":
            done["citizens"] += data["obligation"] == "dossier_deadline" and old != new
            if old == new:
                limits = data.get("old_limit"), data.get("new_limit")
                earlier = None not in limits and moment_of(limits[1]) < moment_of(limits[0])
                done["kept" if earlier else "beside"] += 1
            elif old is not None:
                done["later" if moment_of(new) > moment_of(old) else "earlier"] += 1
        elif name == "rung_withdrawn":
            done["alerts_void"] += 1
        elif data["kind"] != "duty":
            done["opened"] += name == "opened"
            done["voided"] += name == "discharged" and data.get("void", False)
    return done


def dates(house: House) -> dict[tuple[str, str], datetime | None]:
    """Return what is owed by when, as the store has it now; what was never dated as None."""
    found: dict[tuple[str, str], datetime | None] = {}
    for name, document in _states(house).items():
        for ob in document.obligations.values():
            if ob.open and ob.suspended_since is None:
                found[name, ob.id] = ob.due
    return found


def _states(house: House) -> dict[str, Any]:

    async def read() -> dict[str, Any]:
        subjects = house.durable.subjects
        names = [row["_id"] for row in subjects.rows.values() if row.get("open")]
        return {key: one.state for key, one in (await subjects.load(names)).items()}

    return asyncio.run(read())


def moment_of(text: str) -> datetime:
    """Read an instant as it is published."""
    return datetime.fromisoformat(text)


def _when(event: Event) -> datetime:
    return event.time


def test_the_drawn_days_reach_past_the_published_year() -> None:
    """Else nothing without a date would be drawn."""
    assert BEGIN.date() + timedelta(days=21) < LAST < date(2027, 1, 8)

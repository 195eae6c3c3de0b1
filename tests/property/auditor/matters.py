"""Stories of centres' matters, drawn from a seed."""

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, Final

from shared.calendar.zone import ICT
from shared.events import centres
from shared.events.envelope import Event
from tests.property.auditor.played import Played
from tests.property.auditor.stories import (
    END,
    START,
    Decided,
    another_code,
    elsewhere,
    sweep_until,
)
from tests.unit.workflow.province import THREE_DAYS, UNIT, begun_by

MODELS: Final = {model.NAME: model for model in centres.MODELS}
Json = dict[str, Any]
BY: Final = "p-06112-director"
QUARTER: Final = datetime(2026, 1, 1, tzinfo=ICT)
"""When the quarter of these stories begins; the calendar's obligations begin no later."""


def drawn(rng: Random) -> tuple[str, datetime | None, list[tuple[str, Json]]]:
    """Draw a matter: its subject, when the calendar opens it if it does, and what happens."""
    kind = rng.choice(list(_DRAWS))
    own_id, opened, acts = _DRAWS[kind](rng)
    return f"{UNIT}/{kind}/{own_id}", opened, acts


def play(rng: Random, *, until: datetime = END) -> Played:
    """Play a matter on the engine."""
    played, _ = _acted(rng)
    sweep_until(played, until)
    return played


def moved(rng: Random, *, until: datetime = END) -> Played:
    """Play a matter of a unit whose code changes before it, in it or after it."""
    played, _ = _acted(rng, another_code(rng))
    sweep_until(played, until)
    return played


def put_right(rng: Random, *, until: datetime = END) -> Played:
    """Play a matter of which things are struck or put at another time, again and again."""
    played, at = _acted(rng)
    if not played.facts:
        return play(rng, until=until)
    for _ in range(rng.choice([1, 1, 2, 3])):
        wrong = rng.choice(played.facts)
        at += timedelta(minutes=rng.randint(1, 4_000))
        right: Json | None = None
        if rng.random() < 0.6:
            said = wrong.data.model_dump(mode="json", exclude_none=True)
            moved = elsewhere(rng, played.facts, wrong, at).isoformat()
            if wrong.name == "centre.corrected" and "right" in said:
                said["right"]["time"] = moved
            right = {"time": moved, "data": said}
        sweep_until(played, at)
        data = {"replaces": wrong.id, "right": right, "reason": "wrong_time", "by": BY}
        _happens(played, "centre.corrected", at, data)
    sweep_until(played, until)
    return played


def _acted(rng: Random, change: Decided | None = None) -> tuple[Played, datetime]:
    """Let a matter begin and go on; return it, and when the last thing happened."""
    subject, opened, acts = drawn(rng)
    played = Played(subject)

    def decided(by: datetime) -> None:
        nonlocal change
        if change is not None and change[0] <= by:
            sweep_until(played, change[0])
            played.decides(change[1], change[0])
            played.sweeps(change[0] + timedelta(seconds=30))
            change = None

    if opened == QUARTER:
        played.decides(begun_by(QUARTER.date()), QUARTER - timedelta(days=1))
    longest = rng.choice([10, 60, 600, 8 * 24 * 60])
    at = START if opened is None else opened + timedelta(hours=7, minutes=25)
    if opened is not None:
        decided(opened)
        played.opens(opened)
    if "/duty/" in subject:
        longest = rng.choice([10, 60, 200])
    for name, data in acts:
        at += timedelta(minutes=rng.randint(1, longest))
        decided(at)
        if "/duty/" not in subject:
            sweep_until(played, at)
        else:
            sweep_until(played, at, step=timedelta(minutes=1))
        _happens(played, name, at, data)
    decided(END)
    return played, at


def _happens(played: Played, name: str, at: datetime, data: Json) -> None:
    number = len(played.facts) + 1
    played.happens(
        Event(
            id=f"m-{number}",
            source="urn:motcua:publisher:counter",
            name=name,
            subject=played.subject,
            time=at,
            sequence=number,
            recordedtime=at.astimezone(UTC),
            receivingunit=UNIT,
            competentunit=UNIT,
            data=MODELS[name].model_validate(data),
        ),
        at,
    )


def covered(rng: Random, *, until: datetime = END) -> Played:
    """Play what is said of a ladder: roles come and go, and a word is struck at times."""
    played = Played(f"{UNIT}/coverage/ladder")
    at, ids = START, list[str]()
    for number in range(1, rng.randint(2, 8)):
        at += timedelta(hours=rng.randint(1, 40))
        name, data = "coverage.reach_checked", _unreached(rng)
        if ids and rng.random() < 0.2:
            name = "centre.corrected"
            data = {"replaces": rng.choice(ids), "reason": "wrong", "by": BY}
        else:
            ids.append(f"m-{number}")
        event = Event(
            id=f"m-{number}",
            source="urn:motcua:publisher:notifications",
            name=name,
            subject=played.subject,
            time=at,
            sequence=number,
            recordedtime=at.astimezone(UTC),
            data=MODELS[name].model_validate(data),
        )
        played.happens(event, at + timedelta(seconds=rng.randint(0, 90)))
    sweep_until(played, until)
    return played


def _unreached(rng: Random) -> Json:
    roles = ["handler", "division_head", "director", "chairman"]
    reasons = ["no_contact", "erased", "no_address", "suppressed"]
    found = rng.sample(roles, rng.randint(0, len(roles)))
    return {"unreached": [{"role": role, "reasons": [rng.choice(reasons)]} for role in found]}


def _some(rng: Random, acts: list[tuple[str, Json]]) -> list[tuple[str, Json]]:
    """Return as much of a story as has happened yet."""
    return acts[: rng.randint(1, len(acts))]


def _petition(rng: Random) -> tuple[str, None, list[tuple[str, Json]]]:
    outcome = rng.choice(["accepted", "refused", "supplement", "forwarded"])
    acts: list[tuple[str, Json]] = [
        ("petition.received", {"channel": "direct"}),
        ("petition.classified", {"outcome": outcome}),
        ("petition.answered", {"by": BY}),
        ("petition.published", {}),
    ]
    if outcome in {"refused", "forwarded"}:
        acts = acts[:2]
    if rng.random() < 0.2:
        del acts[1]
    return "m-1", None, _some(rng, acts)


def _support(rng: Random) -> tuple[str, None, list[tuple[str, Json]]]:
    priority = rng.choice(["low", "normal", "high"])
    acts: list[tuple[str, Json]] = [
        ("support.requested", {"topic": "network", "priority": priority, "by": BY}),
        ("support.assigned", {"to": "p-20-officer-1"}),
        ("support.resolved", {"by": "p-20-officer-1"}),
    ]
    return "m-1", None, _some(rng, acts)


def _defect(rng: Random) -> tuple[str, None, list[tuple[str, Json]]]:
    priority = rng.choice(["low", "normal", "high"])
    acts: list[tuple[str, Json]] = [
        ("defect.reported", {"item": "wifi", "priority": priority, "by": BY}),
        ("defect.repaired", {"by": BY}),
    ]
    return "m-1", None, _some(rng, acts)


def _datarequest(rng: Random) -> tuple[str, None, list[tuple[str, Json]]]:
    right = rng.choice(["see", "correct", "erase", "restrict", "object", "withdraw_consent"])
    answered = ("datarequest.answered", {"outcome": "done", "by": BY})
    acts = [("datarequest.received", {"right": right}), answered]
    return "m-1", None, _some(rng, acts)


def _connection(rng: Random) -> tuple[str, None, list[tuple[str, Json]]]:
    acts: list[tuple[str, Json]] = [("connection.lost", {}), ("connection.restored", {})]
    return "population-db", None, _some(rng, acts * 3)


def _interruption(rng: Random) -> tuple[str, None, list[tuple[str, Json]]]:
    acts: list[tuple[str, Json]] = [
        ("centre.interrupted", {"cause": "power"}),
        ("centre.resumed", {}),
    ]
    return "m-1", None, _some(rng, acts * 2)


def _outage(rng: Random) -> tuple[str, None, list[tuple[str, Json]]]:
    starts = START + timedelta(days=rng.randint(0, 20), hours=rng.randint(0, 12))
    data = {
        "starts": starts.isoformat(),
        "ends": (starts + timedelta(hours=2)).isoformat(),
        "cause": "upgrade",
    }
    return "m-1", None, [("outage.planned", data)]


def _duty(rng: Random) -> tuple[str, datetime, list[tuple[str, Json]]]:
    day = date(2026, 1, 6) + timedelta(days=rng.choice([0, 1, 2, 3, 4, 6, 7]))
    acts: list[tuple[str, Json]] = [("duty.rostered", {"persons": ["p-1"]})]
    there = ["p-1", "p-2"]
    for _ in range(rng.randint(0, 4)):
        person = rng.choice(there)
        name = rng.choice(["duty.checked_in", "duty.checked_out", "duty.replaced"])
        data = {"person": person}
        if name == "duty.replaced":
            data |= {"by": rng.choice(there), "reason": "leave"}
        acts.append((name, data))
    opened = datetime.combine(day, time(), ICT)
    return f"{day}/{rng.choice(['am', 'pm'])}", opened, acts[rng.choice([0, 1]) :]


def _conditions(rng: Random) -> tuple[str, datetime, list[tuple[str, Json]]]:
    reported = {"items": [{"item": "wifi", "state": "good"}], "by": BY}
    acts: list[tuple[str, Json]] = [("conditions.reported", reported)]
    opened = datetime(2026, 2, 1, tzinfo=ICT)
    return "2026-02", opened, acts if rng.random() < 0.6 else []


def _posting(rng: Random) -> tuple[str, datetime, list[tuple[str, Json]]]:
    acts: list[tuple[str, Json]] = [("posting.published", {"procedure": THREE_DAYS})]
    opened = datetime(2026, 1, 7, tzinfo=ICT)
    return f"{THREE_DAYS}/2026-01-07", opened, acts if rng.random() < 0.6 else []


def _meeting(rng: Random) -> tuple[str, datetime, list[tuple[str, Json]]]:
    held = {"agencies": ["G12.20"], "minutes": "1", "by": BY}
    acts: list[tuple[str, Json]] = [("meeting.held", held)]
    # The reminder of the first quarter is due before these stories end.
    return "2026-Q1", QUARTER, acts if rng.random() < 0.6 else []


def _staff_posting(rng: Random) -> tuple[str, datetime, list[tuple[str, Json]]]:
    staff = [{"person": BY, "role": "director"}]
    acts: list[tuple[str, Json]] = [("staff.posted", {"staff": staff, "by": BY})]
    opened = datetime(2026, 1, 7, tzinfo=ICT)
    return "2026-01-07", opened, acts if rng.random() < 0.6 else []


def _secondment(rng: Random) -> tuple[str, None, list[tuple[str, Json]]]:
    begins = date(2025, rng.randint(10, 12), rng.randint(1, 28))
    last = date(2026, rng.randint(2, 4), rng.randint(1, 28))
    if rng.random() < 0.3:
        last = last.replace(year=2027)  # Past the published days.
    started = {
        "person": "p-1",
        "agency": "G12.20",
        "from_day": begins.isoformat(),
        "until_day": last.isoformat(),
    }
    months = rng.sample(["2025-11", "2025-12", "2026-01", "2026-02"], rng.randint(0, 4))
    if rng.random() < 0.6:
        months.sort()
    acts: list[tuple[str, Json]] = [("secondment.started", started)]
    acts += [("secondment.assessed", {"month": month, "by": BY}) for month in months]
    if rng.random() < 0.4:
        acts.append(("secondment.ended", {"by": BY}))
    return "m-1", None, acts


_DRAWS: Final = {
    "petition": _petition,
    "support": _support,
    "defect": _defect,
    "datarequest": _datarequest,
    "connection": _connection,
    "interruption": _interruption,
    "outage": _outage,
    "duty": _duty,
    "conditions": _conditions,
    "posting": _posting,
    "meeting": _meeting,
    "staff_posting": _staff_posting,
    "secondment": _secondment,
}

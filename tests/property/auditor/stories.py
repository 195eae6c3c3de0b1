"""Stories of dossiers, drawn from a seed; and how the engine plays them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, Final

from shared.calendar.zone import ICT
from shared.events import answers, dossiers
from shared.events.envelope import Event
from shared.events.model import EventData
from tests.property.auditor.played import Played
from tests.unit.workflow.province import (
    BY_CLOCK,
    BY_CLOCK_SUBTRACTING,
    OTHER_UNIT,
    SAME_DAY,
    SUBTRACTING,
    TEN_DAYS,
    THREE_DAYS,
    UNIT,
    day_off,
    day_worked,
    province,
    row_of_move,
)

CODE: Final = "H37.100-260105-0001"
START: Final = datetime(2026, 1, 5, 9, 0, tzinfo=ICT)
END: Final = datetime(2026, 3, 20, 9, 0, tzinfo=ICT)
STEP: Final = timedelta(minutes=30)
MODELS: dict[str, type[EventData]] = {model.NAME: model for model in dossiers.MODELS} | {
    answers.NoticeProven.NAME: answers.NoticeProven
}
Json = dict[str, Any]
Told = tuple[datetime, datetime, str, Json]
"""When it is recorded, when it happened, its name and data."""

Decided = tuple[datetime, EventData]
Span = tuple[datetime, datetime]
ARRIVE: Final = "arrive"
PROCEDURES: Final = (
    THREE_DAYS,
    SAME_DAY,
    TEN_DAYS,
    SUBTRACTING,
    BY_CLOCK,
    BY_CLOCK_SUBTRACTING,
)


def fact(
    name: str,
    at: datetime,
    number: int,
    data: Json,
    *,
    recorded: datetime | None = None,
    backfill: bool = False,
    receiving: str = UNIT,
) -> Event:
    """Return a canonical event of the dossier."""
    return Event(
        id=f"{CODE}-{number}",
        source="urn:motcua:publisher:counter",
        name=name,
        subject=CODE,
        time=at,
        sequence=number,
        recordedtime=(recorded or at).astimezone(UTC),
        receivingunit=receiving,
        competentunit=UNIT,
        backfill=backfill,
        data=MODELS[name].model_validate(data),
    )


def play(
    facts: Sequence[Event],
    decisions: Sequence[Decided] = (),
    *,
    until: datetime = END,
    down: Span | None = None,
    held_up: Span | None = None,
) -> Played:
    """Play a story on the engine, swept every half hour but while it is down.

    Args:
        facts: What is recorded, and when.
        decisions: What is decided, and when: the engine counts by it at once.
        until: When the story ends.
        down: While nothing is swept.
        held_up: While what is recorded stays on its way; all of it arrives at the end.
    """
    played = Played(CODE)
    coming: list[tuple[datetime, int, Any]] = [
        (event.recordedtime or event.time, 1, event) for event in facts
    ]
    coming += [(at, 0, data) for at, data in decisions]
    coming.append((until, 3, None))
    if held_up is not None:
        coming.append((held_up[1], 2, ARRIVE))
    on_the_way: list[Event] = []
    for moment, _, what in sorted(coming, key=lambda one: (one[0], one[1])):
        sweep_until(played, moment, down)
        if isinstance(what, Event):
            recorded = played.records(what)
            if held_up is not None and held_up[0] <= moment <= held_up[1]:
                on_the_way.append(recorded)
            else:
                played.hears(recorded, moment)
        elif what is ARRIVE:
            for event in on_the_way:
                played.hears(event, moment)
        elif what is not None:
            played.decides(what, moment)
            if down is None or not down[0] <= moment < down[1]:
                played.sweeps(moment + timedelta(seconds=30))
    played.sweeps(until)
    return played


def sweep_until(
    played: Played,
    moment: datetime,
    down: tuple[datetime, datetime] | None = None,
    *,
    step: timedelta = STEP,
) -> None:
    """Sweep at each step at which something is due, up to a moment."""
    while played.state is not None and (due := played.state.next_at()) is not None:
        at = START + step * ((due - START) // step + 1)
        if down is not None and down[0] <= at < down[1]:
            at = down[1]
        at = max(at, played.swept)
        if at >= moment:
            return
        played.sweeps(at)


def drawn(rng: Random) -> list[Told]:
    """Draw a lawful story, each act with when it happened and when it is recorded."""
    acts = [*_beginning(rng), *_middle(rng), *_end(rng)]
    late = rng.random() < 0.25
    at, told = START + timedelta(hours=rng.choice([0, 0, 0, 5, 7, 12])), list[Told]()
    for number, (name, data) in enumerate(acts):
        if number:
            at += timedelta(minutes=rng.randint(1, rng.choice([60, 600, 6 * 24 * 60])))
        delay = timedelta(minutes=rng.randint(0, 3 * 24 * 60) if late else 0)
        # Intake takes a dossier's events in their order, however late they come.
        recorded = max(at + delay, told[-1][0] if told else at)
        told.append((recorded, at, name, data))
    return told


def _beginning(rng: Random) -> list[tuple[str, Json]]:
    accepted: Json = {
        "procedure": rng.choice(PROCEDURES),
        "channel": rng.choice(["direct", "online", "post"]),
    }
    if rng.random() < 0.15:
        accepted["given"] = (START + timedelta(hours=rng.randint(1, 400))).isoformat()
    acts = [*_sent(rng, accepted), ("dossier.accepted", accepted)]
    if rng.random() < 0.5:
        acts.append(("dossier.assigned", {"handler": "p-handler"}))
    if rng.random() < 0.25:
        limits = [
            None,
            {"unit": "hours", "value": 4},
            {"unit": "half_days", "value": 3},
            {"unit": "clock_hours", "value": 24},
            {"unit": "calendar_days", "value": 5},
            {"unit": "working_days", "value": 2},
            {"unit": "same_day", "value": 0},
        ]
        step = {"step": "tax", "agency": "TAX"}
        acts.append(("dossier.step_started", step | {"limit": rng.choice(limits)}))
        if rng.random() < 0.5:
            acts.append(("dossier.step_finished", step))
    if rng.random() < 0.25:
        acts.append(("dossier.confirmation_requested", {}))
        if rng.random() < 0.5:
            acts.append(("dossier.confirmed", {}))
    return acts


def _sent(rng: Random, accepted: Json) -> list[tuple[str, Json]]:
    """Draw how an online dossier came: some are sent, and mended, before they are accepted."""
    if accepted["channel"] != "online" or rng.random() < 0.3:
        return []
    sent = {"procedure": accepted["procedure"], "channel": "online"}
    acts: list[tuple[str, Json]] = [("dossier.submitted", sent)]
    for number in range(1, rng.choice([1, 1, 2, 3])):
        asked = {"items": ["a"], "number": number, "in_person": False}
        acts.append(("dossier.supplement_requested", asked))
        acts.append(("dossier.supplement_received", {"items": ["a"]}))
    return acts


def _middle(rng: Random) -> list[tuple[str, Json]]:
    acts: list[tuple[str, Json]] = []
    for number in range(1, rng.choice([0, 0, 1, 1, 2]) + 1):
        in_person = rng.random() < 0.5
        asked = {"items": ["a"], "number": number, "in_person": in_person}
        acts.append(("dossier.supplement_requested", asked))
        if not in_person and rng.random() < 0.6:
            acts.append(("notice.proven", {}))
        if rng.random() < 0.2:
            break
        acts.append(("dossier.supplement_received", {"items": ["a"]}))
    if rng.random() < 0.25:
        acts.append(("dossier.apology_issued", {"reason": "workload", "agency": "UB"}))
    if rng.random() < 0.3:
        day = date(2026, 1, 12) + timedelta(days=rng.randint(0, 40))
        acts.append(("dossier.extended", {"new_date": day.isoformat()}))
    if rng.random() < 0.15:
        acts.append(("dossier.moved", {"from_unit": UNIT, "to_unit": OTHER_UNIT}))
    rng.shuffle(acts) if rng.random() < 0.1 else None
    return acts


def _end(rng: Random) -> list[tuple[str, Json]]:
    ending = rng.choice(["completed", "withdrawn", "stopped", "refused", "returned", "", ""])
    match ending:
        case "completed" | "returned":
            acts: list[tuple[str, Json]] = [("dossier.completed", {"result": "KQ.1"})]
            if ending == "returned":
                acts.append(("dossier.returned", {"how": "direct"}))
            for _ in range(rng.choice([0, 0, 1, 2])):
                fault = rng.choice(["officials", "officials", "applicant"])
                acts.append(("dossier.result_disputed", {"reason": "x", "fault": fault}))
                if rng.random() < 0.7:
                    acts.append(("dossier.result_corrected", {}))
            return acts
        case "stopped" | "refused":
            reason = rng.choice(["other", "not_supplemented"])
            return [(f"dossier.{ending}", {"reason": reason})]
        case "withdrawn":
            return [("dossier.withdrawn", {})]
    return []


def facts_of(told: Sequence[Told], *, backfill: int = 0) -> list[Event]:
    """Return the events of a story, in the order in which they are recorded."""
    facts: list[Event] = []
    for recorded, happened, name, data in told:
        number = len(facts) + 1
        if name == "notice.proven":
            asked = [one for one in facts if one.name == "dossier.supplement_requested"]
            if not asked:
                continue
            data = {  # noqa: PLW2901 - what it is about is known only now.
                "notice": "n-1",
                "about": asked[-1].id,
                "about_name": asked[-1].name,
                "at": happened.isoformat(),
            }
        past = number <= backfill
        facts.append(fact(name, happened, number, data, recorded=recorded, backfill=past))
    return facts


def corrections(rng: Random, facts: Sequence[Event]) -> list[Event]:
    """Draw corrections of what was said: another time, past other events too, or struck.

    The same event is put right again, and a correction is corrected.
    """
    known = list(facts)
    recorded = max(one.recordedtime or one.time for one in facts)
    for _ in range(rng.choice([1, 1, 2, 4])):
        wrong = rng.choice(known)
        recorded += timedelta(minutes=rng.randint(1, 4000))
        right: Json | None = None
        if rng.random() < 0.6:
            said = wrong.data.model_dump(mode="json", exclude_none=True)
            moved = elsewhere(rng, known, wrong, recorded).isoformat()
            if said.get("right"):
                said["right"]["time"] = moved
            right = {"time": moved, "data": said}
        data = {
            "replaces": wrong.id,
            "right": right,
            "reason": "wrong_time",
            "by": "p-06112-director",
        }
        number = len(known) + 1
        known.append(fact("dossier.corrected", recorded, number, data, recorded=recorded))
    return known[len(facts) :]


def elsewhere(
    rng: Random, known: Sequence[Event], wrong: Event, recorded: datetime
) -> datetime:
    """Draw another moment: some hours away, or between any two events, or after them all."""
    if rng.random() < 0.5:
        return max(wrong.time + timedelta(minutes=rng.randint(-600, 600)), START)
    moments = sorted({START, *(one.time for one in known), recorded})
    place = rng.randrange(len(moments) - 1)
    return moments[place] + (moments[place + 1] - moments[place]) * rng.random()


def another_code(rng: Random) -> Decided:
    """Draw a change of the unit's code while the story goes on."""
    at = START + timedelta(minutes=rng.randint(-24 * 60, 20 * 24 * 60))
    return at, row_of_move(province(), at.date() + timedelta(days=rng.randint(-3, 5)))


def decisions(rng: Random) -> list[Decided]:
    """Draw changes of the calendar while the story goes on."""
    found: list[Decided] = []
    for _ in range(rng.choice([1, 1, 2])):
        day = date(2026, 1, 6) + timedelta(days=rng.randint(0, 40))
        row = day_worked(day) if day.isoweekday() > 5 else day_off(day)
        at = START + timedelta(minutes=rng.randint(1, 30 * 24 * 60))
        found.append((at, row))
    return sorted(found, key=lambda one: one[0])

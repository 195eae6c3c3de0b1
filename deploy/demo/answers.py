"""The expected answers to simulated online dossiers: dates, escalation levels and figures.

It shares no code with the services: minutes of office hours are walked day by day.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from deploy.demo.oracle import ExpectedRung, Stretch, due_of
from deploy.demo.slow_calendar import CLOSE, HANOI, SlowCalendar, at
from deploy.demo.story import Story

KIND: Final = "online_answer"
ANSWER_MINUTES: Final = 8 * 60
REPLIES: Final = ("dossier.accepted", "dossier.refused", "dossier.supplement_requested")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer that an online dossier asked for."""

    obligation: str
    received: datetime
    due: datetime
    given: datetime | None

    def late(self, end: datetime) -> bool:
        """Say whether it was given too late, or is late at the end of the simulation."""
        return self.due < (self.given or end)


def answers_of(story: Story, calendar: SlowCalendar, end: datetime) -> list[Answer]:
    """Return the answers that a story asked for up to `end`."""
    found: list[Answer] = []
    received: datetime | None = None
    for act in story.acts:
        if act.at > end or (received is None and act.name == "dossier.accepted"):
            break
        if act.name in {"dossier.submitted", "dossier.supplement_received"}:
            received = act.at
        elif received is not None and act.name in REPLIES:
            found.append(_answer(len(found) + 1, received, act.at, calendar))
            received = None
            if act.name != "dossier.supplement_requested":
                return found
    if received is not None:
        found.append(_answer(len(found) + 1, received, None, calendar))
    return found


def _answer(
    number: int, received: datetime, given: datetime | None, calendar: SlowCalendar
) -> Answer:
    name = KIND if number == 1 else f"{KIND}:{number}"
    return Answer(name, received, calendar.after_minutes(received, ANSWER_MINUTES), given)


def answer_rungs(
    subject: str,
    answers: Sequence[Answer],
    ladders: Mapping[str, Sequence[Mapping[str, Any]]],
    calendar: SlowCalendar,
    end: datetime,
) -> Iterator[ExpectedRung]:
    """Yield the escalation levels of answers that fell due before `end`."""
    for one in answers:
        moments = sorted(
            (_moment(level["when"], one, calendar), str(level["id"])) for level in ladders[KIND]
        )
        day = one.due.astimezone(HANOI).date()
        stretch = Stretch(one.received, one.received, day, one.due, one.given, "opened")
        yield from due_of(subject, one.obligation, stretch, moments, one.given, end)


def _moment(when: Mapping[str, Any], one: Answer, calendar: SlowCalendar) -> datetime:
    if "clock_minutes" in when:
        return one.received + timedelta(minutes=when["clock_minutes"])
    if "share_percent" in when:
        minutes = ANSWER_MINUTES * when["share_percent"] / 100
        return calendar.after_minutes(one.received, minutes)
    if "minutes_from_due" in when:
        return one.due + timedelta(minutes=when["minutes_from_due"])
    day = one.due.astimezone(HANOI).date()
    return at(calendar.step(day, when["working_days_from_due"]), CLOSE)


def answer_figures(answers: Sequence[Answer], end: datetime) -> dict[str, int]:
    """Return what one dossier gives to the figures of answers: each at most once."""
    return {
        f"{KIND}_new": int(bool(answers)),
        f"{KIND}_missed": int(any(one.late(end) for one in answers)),
        f"{KIND}_open": int(any(one.given is None for one in answers)),
    }

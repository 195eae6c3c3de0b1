"""The expected answers to simulated online dossiers, counted in minutes of office hours."""

from datetime import datetime
from typing import Final

from deploy.demo.beside import Due
from deploy.demo.slow_calendar import SlowCalendar
from deploy.demo.story import Story

KIND: Final = "online_answer"
ANSWER_MINUTES: Final = 8 * 60
REPLIES: Final = ("dossier.accepted", "dossier.refused", "dossier.supplement_requested")


def answers_of(story: Story, calendar: SlowCalendar, end: datetime) -> list[Due]:
    """Return the answers that a story asked for up to `end`."""
    found: list[Due] = []
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
) -> Due:
    name = KIND if number == 1 else f"{KIND}:{number}"
    return Due(name, received, calendar.after_minutes(received, ANSWER_MINUTES), given)


def share_of_answer(one: Due, percent: int, calendar: SlowCalendar) -> datetime:
    """Return the moment at which so many percent of the time to answer are used."""
    return calendar.after_minutes(one.opened, ANSWER_MINUTES * percent / 100)

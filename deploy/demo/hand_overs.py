"""The expected hand-overs of simulated paper dossiers."""

from datetime import datetime, timedelta
from typing import Final

from deploy.demo.beside import Due
from deploy.demo.oracle import CUT_OFF
from deploy.demo.slow_calendar import CLOSE, HANOI, OPEN, SlowCalendar, at
from deploy.demo.story import Story

KIND: Final = "hand_over"
START: Final = timedelta(hours=1)
PASSED_ON: Final = (
    "dossier.assigned",
    "dossier.arrived",
    "dossier.completed",
    "dossier.returned",
)
OVER: Final = ("dossier.withdrawn", "dossier.stopped", "dossier.refused")


def hand_overs_of(story: Story, calendar: SlowCalendar, end: datetime) -> list[Due]:
    """Return the hand-over of a dossier that was not sent online, once it was accepted."""
    acts = [act for act in story.acts if act.at <= end]
    if story.channel == "online" or not acts:
        return []
    accepted = acts[0]
    ended = next((act for act in acts[1:] if act.name in {*PASSED_ON, *OVER}), None)
    return [
        Due(
            KIND,
            accepted.at,
            _due(story, accepted.at.astimezone(HANOI), calendar),
            None if ended is None else ended.at,
            void=ended is not None and ended.name in OVER,
            unit=story.receiving,
        )
    ]


def _due(story: Story, accepted: datetime, calendar: SlowCalendar) -> datetime:
    day = accepted.date()
    if story.receiving != story.competent:
        return at(calendar.step(day, 1), CLOSE)
    if calendar.works(day) and accepted.time() <= CUT_OFF:
        return at(day, CLOSE)
    return at(calendar.step(day, 1), OPEN) + START

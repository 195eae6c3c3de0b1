"""The expected corrections of wrong results of simulated dossiers, in 3 working days."""

import math
from datetime import datetime
from typing import Final

from deploy.demo.beside import Due
from deploy.demo.slow_calendar import CLOSE, HANOI, OPEN, SlowCalendar, at
from deploy.demo.story import Story

KIND: Final = "result_correction"
WORKING_DAYS: Final = 3


def corrections_of(story: Story, calendar: SlowCalendar, end: datetime) -> list[Due]:
    """Return the corrections that disputes called for up to `end`; a story has one at most."""
    acts = {act.name: act.at for act in story.acts if act.at <= end}
    disputed = acts.get("dossier.result_disputed")
    if disputed is None:
        return []
    day = calendar.step(disputed.astimezone(HANOI).date(), WORKING_DAYS)
    return [Due(KIND, disputed, at(day, CLOSE), acts.get("dossier.result_corrected"))]


def share_of_correction(one: Due, percent: int, calendar: SlowCalendar) -> datetime:
    """Return the opening of the working day on which so many percent are used."""
    days = math.ceil(percent * WORKING_DAYS / 100)
    return at(calendar.step(one.opened.astimezone(HANOI).date(), days), OPEN)

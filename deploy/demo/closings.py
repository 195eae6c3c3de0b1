"""The expected closings of simulated dossiers that were not supplemented in 15 days."""

from datetime import datetime, timedelta
from typing import Final

from deploy.demo.beside import Due
from deploy.demo.oracle import step_of
from deploy.demo.slow_calendar import CLOSE, HANOI, SlowCalendar, at
from deploy.demo.story import Act, Story

KIND: Final = "supplement_closing"
APPLICANT_DAYS: Final = 15
NOT_SUPPLEMENTED: Final = "not_supplemented"
ENDS: Final = ("dossier.withdrawn", "dossier.stopped", "dossier.completed", "dossier.refused")


def closings_of(story: Story, calendar: SlowCalendar, end: datetime) -> list[Due]:
    """Return the closings that waits for the applicant called for up to `end`."""
    found: list[Due] = []
    asked: Act | None = None
    accepted = False
    for act in story.acts:
        if act.at > end:
            break
        accepted = accepted or act.name == "dossier.accepted"
        if act.name == "dossier.supplement_requested" and accepted:
            asked = act
        elif asked is not None and act.name in {"dossier.supplement_received", *ENDS}:
            found.append(_closing(len(found) + 1, asked, act, calendar))
            asked = None
    if asked is not None:
        found.append(_closing(len(found) + 1, asked, None, calendar))
    return found


def _closing(number: int, asked: Act, ended: Act | None, calendar: SlowCalendar) -> Due:
    """Return one closing; a notice that is not handed over is sent at the next step."""
    noticed = asked.at if asked.data["in_person"] else step_of(asked.at)
    day = noticed.astimezone(HANOI).date() + timedelta(days=APPLICANT_DAYS)
    closed = ended is not None and ended.data.get("reason") == NOT_SUPPLEMENTED
    return Due(
        KIND if number == 1 else f"{KIND}:{number}",
        noticed,
        at(calendar.step(calendar.roll(day), 1), CLOSE),
        None if ended is None else ended.at,
        void=ended is not None and not closed,
    )

"""When a message that was planned may still wait at the end of a play."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from deploy.demo.reconcile import HELD_MAX, held_beyond
from shared.calendar.zone import ICT

END = datetime(2026, 8, 4, 6, 45, tzinfo=ICT)
MORNING = END.replace(hour=7, minute=0)


def event(name: str, **data: str) -> dict[str, Any]:
    """Return an event of the one notice."""
    return {"type": f"vn.motcua.notice.{name}.v1", "subject": "n", "data": data}


@pytest.mark.parametrize(
    ("until", "waits"),
    [
        (END, False),
        (END + timedelta(seconds=1), True),
        (MORNING, True),
        (END + HELD_MAX, True),
        (END + HELD_MAX + timedelta(seconds=1), False),
    ],
)
def test_a_message_held_for_the_night_is_not_missing(*, until: datetime, waits: bool) -> None:
    """It waits for a moment after the end; not for one that has come, nor for ever."""
    told = [event("planned"), event("held", until=until.isoformat())]
    assert held_beyond(told, END) == ({"n"} if waits else set())


def test_the_last_hold_counts() -> None:
    """Held for the night, then looked at again and held for a rate that is over."""
    told = [
        event("planned"),
        event("held", until=MORNING.isoformat()),
        event("held", until=END.isoformat()),
    ]
    assert held_beyond(told, END) == set()
    assert held_beyond(told[:2], END) == {"n"}


def test_a_message_that_was_never_held_does_not_wait() -> None:
    """Planned and nothing more: it is missing."""
    assert held_beyond([event("planned")], END) == set()

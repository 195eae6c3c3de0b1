"""Canonical events as intake would have written them, from the demo's stories."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import orjson

from deploy.demo.actor import Running, event_of
from deploy.demo.province import Span, centres, simulate
from deploy.demo.stage import communes, procedures
from deploy.demo.story import Act, Story
from deploy.reference.load import bundled_reference
from shared.events.envelope import Event, decode

FIRST: Final = date(2026, 8, 3)
SEED: Final = 14


def stories(count: int) -> list[Story]:
    """Tell so many stories of one month, in the order in which they begin."""
    units = communes()
    scale = count / 40_000  # A province's month has about 55,000.
    month = simulate(
        centres(units, seed=SEED, scale=max(scale, 0.02)),
        procedures(FIRST, FIRST + timedelta(days=25)),
        {unit: f"p-{unit}-handler-1" for unit in units},
        bundled_reference().calendar,
        Span(FIRST, FIRST + timedelta(days=25), SEED),
    )
    return sorted(month.stories, key=lambda story: story.acts[0].at)[:count]


def canonical(count: int) -> list[Event]:
    """Return so many numbered events, as they would follow each other in time."""
    happened: list[tuple[datetime, int, Act, Story]] = [
        (act.at, number, act, story)
        for story in stories(count // 3)
        for number, act in enumerate(story.acts, 1)
    ]
    happened.sort(key=lambda one: (one[0], one[3].number, one[1]))
    law = bundled_reference().version
    return [_numbered(act, story, number, law) for _, number, act, story in happened[:count]]


def inbound(story: Story, until: datetime) -> list[dict[str, Any]]:
    """Return a story's acts as its publisher sends them."""
    run = Running(story, code=story.own_code or f"G09.20-26-{story.number:07d}")
    events = []
    for number, act in enumerate(story.acts):
        run.next_act = number
        if act.at <= until:
            events.append(event_of(run, act))
    return events


def _numbered(act: Act, story: Story, number: int, law: int) -> Event:
    run = Running(story, code=f"G09.20-26-{story.number:07d}", next_act=number)
    document = event_of(run, act) | {
        "sequence": number,
        "recordedtime": act.at.astimezone(UTC).isoformat(),
        "referenceversion": law,
    }
    return decode(orjson.dumps(document))


def chunks(events: Sequence[Any], size: int) -> list[Sequence[Any]]:
    """Cut a sequence into pieces."""
    return [events[start : start + size] for start in range(0, len(events), size)]

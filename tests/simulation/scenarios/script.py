"""Scenarios as tables: what happens at which moment, and every message that follows.

Each `##` section of a file in `tables` is one. In its block stand lines of what happens: a
moment, what, and its data:

    Mon 5 Jan 09:00  dossier.accepted procedure=three-days
    Thu 8 Jan 18:30  acknowledges chairman dossier_deadline overdue promised=2026-01-10

An event goes to dossier `A`, or to the matter `m-1` of its kind at the first commune; `@` names
another: `dossier.accepted@B`, `duty.checked_in@2026-01-05/am`. `at='Thu 8 Jan 16:00'` says that
it happened before it was recorded, `publisher=import backfill=true` that it is history. Words
without a dot are in `VERBS`; procedures, contacts and worlds have their names in `worlds`.

`until` ends the story. Under `messages` stands every message that is sent: when, to whom, by
which channel, what it tells; of several things, with `+` between, if it was merged. Under
`records`, where there is such a part, stands what workflow put on record besides: openings,
dates, skipped and withdrawn rungs, ends. Before the story may stand `start` (when the clock
begins), `world` (which province), `rate` (how much one person is sent by one channel: at once,
and after how many seconds one more), `staffed` (somebody comes to every session, and the list
of the staff is posted on the first morning).
"""

import asyncio
import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

from services.notifications.core.rates import Rate
from shared.events import centres
from shared.reference.view import Reference
from tests.simulation.scenarios.house import House
from tests.simulation.scenarios.verbs import VERBS, Said, Stage, inbound
from tests.simulation.scenarios.worlds import (
    CONTACTS,
    HANDLER,
    PROCEDURES,
    dossier_code,
    moment,
    world,
)
from tests.unit.workflow.province import UNIT

MONDAY: Final = "Mon 5 Jan 07:00"
TABLES: Final = Path(__file__).parent / "tables"
SETTINGS: Final = ("start", "world", "rate", "staffed", "until")
PARTS: Final = ("messages", "records")
Line = tuple[datetime, list[str]]
_KINDS: Final = {model.NAME: kind for model, kind in centres.KINDS.items()}


@dataclass(frozen=True)
class Scenario:
    """A story and everything that people get of it.

    Attributes:
        title: What it shows, as a sentence.
        given: What happens, a line each.
        until: How long the clock runs.
        messages: Every message that is sent, and there is no other.
        records: Every other thing that workflow records, or None where that is not the point.
        settings: What stands before the story.
    """

    title: str
    given: tuple[str, ...]
    until: str
    messages: tuple[str, ...]
    records: tuple[str, ...] | None
    settings: Mapping[str, str]


def scenarios(folder: Path = TABLES) -> list[Scenario]:
    """Read every table."""
    return [
        _read(section)
        for path in sorted(folder.glob("*.md"))
        for section in path.read_text(encoding="utf-8").split("\n## ")[1:]
    ]


def _read(section: str) -> Scenario:
    title, _, rest = section.partition("\n")
    parts: dict[str, list[str]] = {"given": []}
    settings: dict[str, str] = {}
    into = parts["given"]
    for line in rest.split("```")[1].splitlines()[1:]:
        word, _, more = line.partition(" ")
        if word in SETTINGS:
            settings[word] = more.strip()
        elif word in PARTS:
            into = parts[word] = []
        elif line.strip():
            into.append(" ".join(line.split()))
    assert "until" in settings, f"when does it end: {title}"
    assert "messages" in parts, f"what follows: {title}"
    return Scenario(
        title=title.strip(),
        given=tuple(parts["given"]),
        until=settings.pop("until"),
        messages=tuple(parts["messages"]),
        records=tuple(parts["records"]) if "records" in parts else None,
        settings=settings,
    )


def play(scenario: Scenario) -> House:
    """Let a scenario happen; return the house as it stands at the end."""
    return asyncio.run(_play(scenario))


async def _play(scenario: Scenario) -> House:
    reference = world(scenario.settings.get("world", "quiet"))
    start = moment(scenario.settings.get("start", MONDAY))
    house = House(reference, start, rate=_rate(scenario.settings.get("rate")))
    for held in reference.organisation.assignments.values():
        await house.reachable(*(one.person for one in held))
    await house.reachable(HANDLER)
    await house.settles()
    stage = Stage(house)
    given = [
        (moment(" ".join(words[:4])), words[4:]) for words in map(shlex.split, scenario.given)
    ]
    if "staffed" in scenario.settings:
        given += _attendance(reference, start, moment(scenario.until))
    for when, what in sorted(given, key=itemgetter(0)):
        await house.walks_to(when)
        await _happens(stage, what, when)
    await house.walks_to(moment(scenario.until))
    return house


def _attendance(reference: Reference, first: datetime, last: datetime) -> Iterator[Line]:
    """Let somebody come to every session of the first commune, and post its staff list."""
    begins = reference.obligations_from(UNIT)
    staff = json.dumps([{"person": f"p-{UNIT}-clerk", "role": "handler"}])
    posted = [f"staff.posted@{begins}", f"staff={staff}", f"by=p-{UNIT}-director"]
    yield first + timedelta(hours=1), posted
    for number in range((last - first).days + 1):
        day = (first + timedelta(days=number)).date()
        for session in reference.opening(UNIT).sessions(day):
            if first <= session.opens < last:
                there = f"duty.checked_in@{day}/{session.name}"
                yield session.opens, [there, f"person=p-{UNIT}-clerk"]


def _rate(text: str | None) -> Rate | None:
    if text is None:
        return None
    burst, seconds = text.split()
    return Rate(int(burst), timedelta(seconds=int(seconds)))


async def _happens(stage: Stage, what: list[str], when: datetime) -> None:
    name, _, own = what[0].partition("@")
    plain = [word for word in what[1:] if "=" not in word]
    named = dict(word.split("=", 1) for word in what[1:] if "=" in word)
    data = {key: _value(key, text) for key, text in named.items()}
    if "." in name:
        assert not plain, f"{name} has data by name only: {plain}"
        await _event(stage, name, own, data, when)
    else:
        await VERBS[name](stage, plain, data)


def _value(key: str, text: str) -> Any:  # noqa: ANN401 -- The data of any event.
    if key == "procedure":
        return PROCEDURES.get(text, text)
    if key == "contact":
        return CONTACTS[text]
    if text[:1] in "{[" or text in {"true", "false"}:
        return json.loads(text)
    if text.isdecimal() and key in {"number", "amount", "cycle", "score"}:
        return int(text)
    return text


async def _event(
    stage: Stage, name: str, own: str, data: dict[str, Any], when: datetime
) -> None:
    publisher = data.pop("publisher", "demo")
    at = moment(data.pop("at")) if "at" in data else when
    unit = data.pop("unit", UNIT)
    envelope = {
        key: data.pop(key)
        for key in ("receivingunit", "competentunit", "backfill", "id")
        if key in data
    }
    matter = f"{unit}/{_KINDS.get(name)}/{own or 'm-1'}"
    subject = matter if name in _KINDS else dossier_code(own or "A")
    if name in {"dossier.accepted", "dossier.submitted"}:
        envelope.setdefault("receivingunit", UNIT)
        data = {"channel": "online", **data}
    number = stage.next_id(name if not own else f"{name}.{own.replace('/', '.')}")
    stage.said[number] = Said(name, subject, at, data)
    await stage.house.sent(
        inbound(number, name, subject, at, data, publisher=publisher, **envelope), publisher
    )

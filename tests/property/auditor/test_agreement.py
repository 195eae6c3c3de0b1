"""Two programs that share no code agree on every rung of every story that is told them.

The stories go through the engine as the service would play them; then the auditor reads what
was recorded and what was said, and must find nothing.
"""

import os
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Final

import pytest

from deploy.auditor.core.expecting import COVERED
from shared.events.envelope import Event
from tests.property.auditor import matters
from tests.property.auditor.played import Played
from tests.property.auditor.stories import (
    END,
    START,
    another_code,
    corrections,
    decisions,
    drawn,
    facts_of,
    play,
)

# 150 of each sort in every run; more when asked for.
STORIES: Final = int(os.environ.get("MOTCUA_AUDITOR_STORIES", "150"))
ENOUGH: Final = 150
"""So many stories of a sort meet every kind."""


def as_it_happens(rng: Random) -> Played:
    """Waits, new dates, steps, ends; recorded at once or days late."""
    return play(facts_of(drawn(rng)))


def corrected(rng: Random) -> Played:
    """Events that were wrong are replaced or struck, and what followed is withdrawn."""
    facts = facts_of(drawn(rng))
    return play([*facts, *corrections(rng, facts)])


def corrected_with_another_calendar(rng: Random) -> Played:
    """Days become off or worked between what was said and what was put right."""
    facts = facts_of(drawn(rng))
    return play([*facts, *corrections(rng, facts)], decisions(rng))


def held_up(rng: Random) -> Played:
    """What is recorded reaches the engine days later, after days were decided and swept."""
    facts, changes = facts_of(drawn(rng)), decisions(rng)
    if rng.random() < 0.5:
        facts += corrections(rng, facts)
    begins = changes[0][0] - timedelta(hours=rng.randint(0, 72))
    ends = changes[-1][0] + timedelta(hours=rng.randint(0, 72))
    return play(facts, changes, held_up=(begins, ends))


def with_another_calendar(rng: Random) -> Played:
    """Days become off or worked while a dossier is open."""
    return play(facts_of(drawn(rng)), decisions(rng))


def with_another_code(rng: Random) -> Played:
    """The unit's code changes, and days of the calendar with it, also while we are down."""
    changes = [another_code(rng)]
    if rng.random() < 0.5:
        changes += decisions(rng)
    begins = START + timedelta(hours=rng.randint(1, 600))
    down = (begins, begins + timedelta(hours=rng.randint(1, 200)))
    facts = facts_of(drawn(rng))
    if rng.random() < 0.3:
        facts += corrections(rng, facts)
    return play(facts, sorted(changes, key=lambda one: one[0]), down=rng.choice([None, down]))


def with_an_outage(rng: Random) -> Played:
    """Nobody sweeps for days, and what is due then is caught up with."""
    facts = facts_of(drawn(rng))
    begins = START + timedelta(hours=rng.randint(1, 600))
    down = (begins, begins + timedelta(hours=rng.randint(1, 200)))
    return play(facts, down=down)


def with_another_calendar_in_an_outage(rng: Random) -> Played:
    """A day is decided while nobody sweeps; what falls due before and after it is told all."""
    facts, changes = facts_of(drawn(rng)), decisions(rng)
    begins = changes[0][0] - timedelta(hours=rng.randint(0, 48))
    down = (begins, begins + timedelta(hours=rng.randint(1, 200)))
    return play(facts, changes, down=down)


def imported(rng: Random) -> Played:
    """The beginning is history, imported days later; the rest happens as usual."""
    facts = facts_of(drawn(rng))
    past = rng.randint(1, len(facts))
    at = max(one.recordedtime or one.time for one in facts[:past])
    at += timedelta(days=rng.randint(0, 10))

    def recorded(number: int, one: Event) -> Event:
        moment = at + timedelta(seconds=number)
        if number < past:
            return one.model_copy(update={"backfill": True, "recordedtime": moment})
        late = max(moment, one.recordedtime or one.time)
        return one.model_copy(update={"recordedtime": late})

    return play([recorded(number, one) for number, one in enumerate(facts)])


SORTS: Final = (
    as_it_happens,
    corrected,
    corrected_with_another_calendar,
    held_up,
    with_another_calendar,
    with_another_code,
    with_an_outage,
    with_another_calendar_in_an_outage,
    imported,
    matters.play,
    matters.put_right,
    matters.moved,
    matters.covered,
)


@pytest.mark.parametrize("sort", SORTS, ids=lambda sort: sort.__name__)
def test_engine_and_auditor_agree(sort: Callable[[Random], Played]) -> None:
    """The auditor finds nothing, and as much done as it expects."""
    for number in range(STORIES):
        seed = f"{sort.__name__}/{number}"
        played = sort(Random(seed))
        tally = played.audit(END)
        story = [(one.name, str(one.time), str(one.recordedtime)) for one in played.facts]
        assert [finding.text() for finding in tally.findings] == [], f"{seed}: {story}"
        assert +tally.expected == +tally.done, seed


def test_every_kind_that_it_counts_is_met() -> None:
    """The stories expect rungs of each kind, so that agreeing means something."""
    met: Counter[str] = Counter()
    for sort in (as_it_happens, matters.play):
        for number in range(ENOUGH):
            tally = sort(Random(f"{sort.__name__}/{number}")).audit(END)
            met.update(kind for _, kind, _ in tally.expected)
    # Nothing in these stories expires; a unit test has it.
    assert set(met) == COVERED - {"posting_withdrawal"}

"""A step whose name the contract accepts has an obligation whose id the contract accepts."""

import re
from datetime import timedelta
from random import Random
from typing import Final

from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.events import codes
from shared.events.obligations import ObligationOpened
from tests.fakes.emitted import read_back
from tests.property.auditor.stories import START, fact, play
from tests.unit.workflow.province import TEN_DAYS

SLUG_CHARACTERS_MAX: Final = 64
TIMES_MAX: Final = 12
LIMIT: Final = {"unit": "working_days", "value": 2}


@st.composite
def slugs(draw: st.DrawFn) -> str:
    """Draw a word of any length that the contract takes, in up to eight parts."""
    length = draw(st.integers(1, SLUG_CHARACTERS_MAX))
    rng = Random(draw(st.integers(0, 1000)))
    letters = [rng.choice("abcxyz") for _ in range(length)]
    for place in sorted(rng.sample(range(1, 60), 7)):
        if place + 1 < length and letters[place - 1].isalpha():
            letters[place] = rng.choice("_-")
    return "".join(letters)


@settings(max_examples=40, deadline=None)
@given(slugs(), st.integers(1, TIMES_MAX))
@example("a" * SLUG_CHARACTERS_MAX, TIMES_MAX)
@example("a" * 61, 1)
@example("a" * 60, 2)
@example("a" * 58, 11)
def test_every_accepted_step_is_owed_under_a_valid_id(step: str, times: int) -> None:
    """Started again and again, each has an id of its own; the auditor finds the same ones."""
    assert re.fullmatch(codes.SLUG_PATTERN, step)
    data = {"step": step, "agency": "TAX", "limit": LIMIT}
    facts = [fact("dossier.accepted", START, 1, {"procedure": TEN_DAYS, "channel": "online"})]
    facts += [
        fact("dossier.step_started", START + timedelta(minutes=number), number + 1, data)
        for number in range(1, times + 1)
    ]
    until = START + timedelta(days=8)
    played = play(facts, until=until)

    said = [read_back(emission) for _, emission in played.told]
    opened = [one.obligation for one in said if isinstance(one, ObligationOpened)]
    steps = {name for name in opened if name.startswith("agency_step:")}
    assert len(steps) == times
    assert all(re.fullmatch(codes.OBLIGATION_PATTERN, name) for name in steps)

    tally = played.audit(until)
    assert [finding.text() for finding in tally.findings] == []
    assert tally.expected["06112", "agency_step", "most"] == times


@given(st.lists(st.from_regex(r"[a-z][a-z0-9]{50,90}(\.[0-9]{1,3})?", fullmatch=True)))
def test_an_id_is_never_shared(tails: list[str]) -> None:
    """What differs beyond the room of an id differs in its mark."""
    ids = {tail: codes.obligation_id("agency_step", tail) for tail in tails}
    assert len(set(ids.values())) == len(ids)
    assert all(re.fullmatch(codes.OBLIGATION_PATTERN, name) for name in ids.values())
    short = {tail for tail in tails if len(tail) <= codes.OBLIGATION_TAIL_CHARACTERS_MAX}
    assert all(ids[tail] == f"agency_step:{tail}" for tail in short)

"""Whatever is sent, and whenever the store is set back or emptied: it ends as if it never was.

The oracle is the intake that lost nothing: the same sends, without the loss.
"""

import asyncio
import copy
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.events.topics import DOSSIERS
from tests.fakes.intake import World, event, history
from tests.fakes.lost_store import kept, recover, set_back

CODES = ("H37.117-261123-0001", "H37.117-261123-0002")


@st.composite
def sends(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Return events of two dossiers: in some disorder, some repeated, some with a contact."""
    events: list[dict[str, Any]] = []
    for code in CODES:
        life = history(code)[: draw(st.integers(1, 9))]
        if draw(st.booleans()):
            life[0]["data"]["contact"] = {"phone": "0912345678"}
        events += life
    order = draw(st.lists(st.integers(0, len(events) - 1), min_size=1, max_size=24))
    chosen = [events[place] for place in order]
    if draw(st.booleans()):
        wrong = {"corrects": events[0]["id"], "reason": "wrong-date", "by": "p-06112-clerk-1"}
        chosen.append(event("dossier.corrected", CODES[0], {**wrong, "right": None}))
    return [copy.deepcopy(one) for one in chosen]


def comparable(world: World) -> dict[str, Any]:
    """Return every dossier but for its fingerprints and what waits in it."""
    found: dict[str, Any] = {}
    for key, row in world.subjects.rows.items():
        state = {name: one for name, one in row["state"].items() if not name.startswith("held")}
        facts = [{k: v for k, v in fact.items() if k != "f"} for fact in state["facts"]]
        if facts:
            found[key] = (row["emitted"], {**state, "facts": facts})
    return found


def numbers(world: World) -> list[tuple[str, int, str]]:
    """Return subject, number and id of what the topic has, each id once."""
    return sorted(
        (one["subject"], one["sequence"], one["id"]) for one in world.stream(DOSSIERS.name)
    )


@settings(max_examples=120, deadline=None)
@given(sent=sends(), data=st.data())
def test_a_lost_store_changes_no_number_no_fact_and_no_answer(
    sent: list[dict[str, Any]], data: st.DataObject
) -> None:
    """Set back to a copy taken at any moment, or emptied, at any later moment."""
    copied_at = data.draw(st.integers(0, len(sent)), label="copied at")
    lost_at = data.draw(st.integers(copied_at, len(sent)), label="lost at")
    emptied = data.draw(st.booleans(), label="emptied")

    async def play() -> None:
        whole, world = World(), World()
        answers: dict[str, Any] = {}
        refused: set[int] = set()
        backup = kept(world)
        for place, one in enumerate(sent):
            if place == copied_at:
                backup = kept(world)
            if place == lost_at:
                # What waits is lost; it is received anew, and judged by what came since.
                assume(
                    not any(row["state"].get("held") for row in whole.subjects.rows.values())
                )
                set_back(world, None if emptied else backup)
                await recover(world)
                assert comparable(world) == comparable(whole)
                await _said_as_before(world, sent[:place], answers)
                # Inbound topics are read again, without what was rejected: that is known by
                # the topics of rejections.
                for number, again in enumerate(sent[:place]):
                    if number not in refused:
                        await world.send(again)
                assert numbers(world) == numbers(whole)
            for each in (whole, world):
                (answer,) = await each.send(one)
                if each is whole and answer.is_refused:
                    refused.add(place)
                if each is whole and answer.is_applied:
                    answers[one["id"]] = answer.details["sequence"]
            assert numbers(world) == numbers(whole)
        assert comparable(world) == comparable(whole)

    asyncio.run(play())


async def _said_as_before(
    world: World, sent: list[dict[str, Any]], answers: dict[str, Any]
) -> None:
    """Insist that each event that was applied is answered with the number that it has."""
    published = len(world.publisher.published)
    for one in sent:
        if one["id"] in answers:
            (again,) = await world.send(one)
            assert again.repeated
            assert again.details["sequence"] == answers[one["id"]]
    assert len(world.publisher.published) == published

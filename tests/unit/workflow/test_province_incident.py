"""A system that several units cannot reach: one incident of the province, told as one."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from services.workflow.core.adopt import adopt
from services.workflow.core.codec import SubjectCodec, shard_of
from services.workflow.core.gathering import incident_id
from services.workflow.core.province import matter_of
from services.workflow.usecases.views import obligations_view
from shared.events.envelope import Event
from shared.events.obligations import IncidentData, ObligationRungReached
from tests.fakes.workflow import ALL_SHARDS, Process
from tests.unit.workflow.gathered import LINK, Centre
from tests.unit.workflow.province import OTHER_UNIT, SYSTEM, UNIT

OTHER_LINK = f"{OTHER_UNIT}/connection/{SYSTEM}"
MATTER = f"20/connection/{SYSTEM}"
OFFICER = "p-20-province"
BOTH = f"{OTHER_UNIT},{UNIT}"


@pytest.fixture
def house() -> Centre:
    """Two communes with a dossier each that need the system, before the eve of their slips."""
    made = Centre()
    made.accepted(1, when="2026-01-05 09:00")
    made.accepted(2, when="2026-01-05 09:00", unit=OTHER_UNIT)
    made.walks_to("2026-01-07 09:00")
    made.province_heard()
    return made


def of_province(house: Centre) -> list[Event]:
    """Return what was said of the province's incident."""
    return [event for event in house.events() if event.subject == MATTER]


def test_two_units_without_the_same_system_are_one_message(house: Centre) -> None:
    """A quarter of an hour after the second one lost it; what their links would say is said."""
    house.lost("2026-01-07 09:00")
    house.lost("2026-01-07 09:10", OTHER_LINK)
    house.walks_to("2026-01-07 12:00")
    assert house.province_heard() == [
        f"~ opened system_outage of {BOTH}  (0) {OFFICER}",
        "atus down_60 → province in the incident",
        "atus down_60 → province in the incident",
    ]


def test_one_unit_alone_is_told_of_as_ever(house: Centre) -> None:
    """Its link's own rung, after an hour."""
    house.lost("2026-01-07 09:00")
    house.walks_to("2026-01-07 12:00")
    assert house.province_heard() == ["atus down_60 → province"]
    assert of_province(house) == []


def test_what_did_not_overlap_is_nothing_common(house: Centre) -> None:
    """One came back before the other was lost; nor is a blink of both."""
    house.lost("2026-01-07 09:00")
    house.restored("2026-01-07 09:40")
    house.lost("2026-01-07 09:45", OTHER_LINK)
    house.lost("2026-01-07 10:00")
    house.restored("2026-01-07 10:10", OTHER_LINK)
    house.walks_to("2026-01-07 10:45")
    assert of_province(house) == []


def test_whoever_joins_is_told_at_a_bounded_pace(house: Centre) -> None:
    """The provincial centre's own link is the third; the message names all of them."""
    house.lost("2026-01-07 09:00")
    house.lost("2026-01-07 09:00", OTHER_LINK)
    house.walks_to("2026-01-07 09:20")
    assert house.province_heard() == [f"~ opened system_outage of {BOTH}  (0) {OFFICER}"]
    house.lost("2026-01-07 09:25", MATTER)
    house.walks_to("2026-01-07 09:44")
    assert [line for line in house.province_heard() if line[0] == "~"] == []
    house.walks_to("2026-01-07 10:15")
    assert [line for line in house.province_heard() if line[0] == "~"] == [
        f"~ updated system_outage of {BOTH},20  (0) {OFFICER}"
    ]
    house.restored("2026-01-07 10:20", MATTER)
    house.walks_to("2026-01-07 11:00")
    assert [line for line in house.province_heard() if line[0] == "~"] == []


def test_it_is_over_when_every_link_is_back(house: Centre) -> None:
    """Not while one is still lost; and it can come again, as another one."""
    house.lost("2026-01-07 09:00")
    house.lost("2026-01-07 09:00", OTHER_LINK)
    house.walks_to("2026-01-07 10:30")
    house.restored("2026-01-07 10:31")
    house.walks_to("2026-01-07 10:45")
    house.province_heard()
    house.restored("2026-01-07 10:46", OTHER_LINK)
    house.looks()
    assert house.province_heard() == [f"~ closed system_outage of {BOTH}  (0)"]
    house.lost("2026-01-07 14:00")
    house.lost("2026-01-07 14:00", OTHER_LINK)
    house.walks_to("2026-01-07 14:30")
    assert house.province_heard() == [f"~ opened system_outage of {BOTH}  (0) {OFFICER}"]
    names = {e.data.incident for e in of_province(house) if isinstance(e.data, IncidentData)}
    assert len(names) == 2


def test_people_of_a_unit_hear_of_their_own_and_are_free_with_it(house: Centre) -> None:
    """Each Chairman of his own dossiers; the province of all that hangs, in one message."""
    house.lost("2026-01-07 16:00")
    house.lost("2026-01-07 16:00", OTHER_LINK)
    house.walks_to("2026-01-07 17:30")
    assert [line for line in house.heard() if line[0] == "~"] == [
        f"~ opened system_outage 0001 (1) p-{UNIT}-chairman",
        f"~ opened system_outage 0002 (1) p-{OTHER_UNIT}-chairman",
        f"~ opened system_outage of {BOTH}  (0) {OFFICER}",
    ]
    house.restored("2026-01-07 17:40")
    house.looks()
    assert house.heard() == [
        "0001 last_moment → chairman",
        "~ closed system_outage 0001 (1)",
    ]


def test_what_a_dossier_would_say_to_the_province_is_in_its_message(house: Centre) -> None:
    """Overdue by a day in both communes, the day after both lost the link."""
    house.walks_to("2026-01-09 09:00")
    house.lost("2026-01-09 09:00")
    house.lost("2026-01-09 09:00", OTHER_LINK)
    house.walks_to("2026-01-09 16:55")
    house.province_heard()
    house.walks_to("2026-01-09 18:00")
    assert house.province_heard() == [
        "0001 overdue_1 → province in the incident",
        "0002 overdue_1 → province in the incident",
        f"~ updated system_outage of {BOTH} 0001,0002 (2) {OFFICER}",
    ]


def test_a_loss_that_is_struck_ends_it(house: Centre) -> None:
    """Nothing is lost any more, whatever the reason."""
    first = house.lost("2026-01-07 09:00")
    other = house.lost("2026-01-07 09:00", OTHER_LINK)
    house.walks_to("2026-01-07 09:30")
    house.province_heard()
    house.struck(LINK, first, "2026-01-07 09:35")
    house.struck(OTHER_LINK, other, "2026-01-07 09:36")
    house.looks()
    assert house.province_heard() == [f"~ closed system_outage of {BOTH}  (0)"]


def test_nobody_told_it_before_one_was_back(house: Centre) -> None:
    """Whoever holds its shard was away: the link that is still lost is told of by itself."""
    house.lost("2026-01-07 09:00")
    house.lost("2026-01-07 09:00", OTHER_LINK)
    house.durable.held.held = ALL_SHARDS - {shard_of(MATTER)}
    house.walks_to("2026-01-07 10:10")
    assert house.province_heard() == ["atus down_60 → province in the incident"] * 2
    house.restored("2026-01-07 10:11")
    house.durable.held.held = ALL_SHARDS
    house.walks_to("2026-01-07 11:00")
    assert house.province_heard() == ["atus down_60 → province"]
    assert of_province(house) == []


def test_an_old_loss_begins_nothing(house: Centre) -> None:
    """A link that nobody mends for days, and a commune that loses it for an hour."""
    house.lost("2026-01-07 09:00")
    house.walks_to("2026-01-09 09:00")
    house.lost("2026-01-09 09:00", OTHER_LINK)
    house.walks_to("2026-01-09 12:00")
    assert of_province(house) == []


def test_whoever_holds_its_shard_tells_it_once(house: Centre) -> None:
    """Two replicas share the shards; another process begins in between."""
    house.lost("2026-01-07 09:00")
    house.lost("2026-01-07 09:00", OTHER_LINK)
    others = ALL_SHARDS - {shard_of(MATTER)}
    house.durable.held.held = others
    house.walks_to("2026-01-07 09:30")
    assert of_province(house) == []
    house.durable.held.held = frozenset({shard_of(MATTER)})
    house.looks()
    house.process = Process(house.durable)
    house.durable.held.held = ALL_SHARDS
    for _ in range(3):
        house.looks()
    assert Counter(event.name for event in of_province(house)) == {"incident.opened": 1}


def test_it_outlives_store_and_rebuild(house: Centre) -> None:
    """What is stored is read again; what was published is adopted, and lasts."""
    lost = house.lost("2026-01-07 09:00")
    house.lost("2026-01-07 09:05", OTHER_LINK)
    house.walks_to("2026-01-07 09:30")
    found = asyncio.run(house.durable.subjects.load([MATTER]))[MATTER].state
    assert found is not None
    [shown] = obligations_view(found)["incidents"]
    assert shown["units"] == [OTHER_UNIT, UNIT]
    assert shown["incident"] == incident_id(MATTER, incident_id(LINK, lost))
    codec = SubjectCodec()
    document = codec.to_document(found)
    assert codec.to_document(codec.from_document(document)) == document
    adopted = adopt(MATTER, of_province(house))
    assert codec.index(adopted)["incidents"] == codec.index(found)["incidents"]
    assert matter_of(SYSTEM) == MATTER


def test_the_whole_province_at_once_is_one_message(house: Centre) -> None:
    """Whatever the order in which the losses come to be known."""
    late = house.now + timedelta(minutes=50)
    house.durable.clock.instant = late
    house.lost("2026-01-07 09:00", OTHER_LINK)
    house.lost("2026-01-07 09:00")
    house.lost("2026-01-07 09:01", MATTER)
    house.looks()
    told = [
        event.data.units
        for event in of_province(house)
        if isinstance(event.data, IncidentData) and event.data.units
    ]
    assert told == [tuple(sorted(["20", OTHER_UNIT, UNIT]))]
    house.walks_to("2026-01-07 11:00")
    upward = [
        event.data.incident
        for event in house.events()
        if isinstance(event.data, ObligationRungReached) and event.data.role == "province"
    ]
    assert len(upward) >= 3
    assert None not in upward

"""What somebody may do to an incident of the province, each found out by name."""

import pytest

from services.workflow.core.gathering import incident_id
from tests.property.auditor.houses import notices_in, said_in
from tests.unit.auditor.test_incidents import changed, of, replaced, texts
from tests.unit.workflow.gathered import LINK, Centre, code
from tests.unit.workflow.province import OTHER_UNIT, SYSTEM, UNIT
from tests.unit.workflow.scenario import moment

OTHER_LINK = f"{OTHER_UNIT}/connection/{SYSTEM}"
MATTER = f"20/connection/{SYSTEM}"
NAME = incident_id(MATTER, incident_id(OTHER_LINK, f"{OTHER_LINK}-1"))
REACHED = "vn.motcua.obligation.rung_reached.v1"
OPENED, CLOSED = "vn.motcua.incident.opened.v1", "vn.motcua.incident.closed.v1"


@pytest.fixture(scope="module")
def over() -> Centre:
    """Two communes lose a system for two hours, on the day after a dossier of each was due."""
    house = Centre()
    house.accepted(1, when="2026-01-05 09:00")
    house.accepted(2, when="2026-01-05 09:00", unit=OTHER_UNIT)
    house.walks_to("2026-01-09 15:30")
    house.lost("2026-01-09 15:30", OTHER_LINK)
    house.lost("2026-01-09 15:35")
    house.walks_to("2026-01-09 17:40")
    house.restored("2026-01-09 17:40", OTHER_LINK)
    house.restored("2026-01-09 17:45")
    house.walks_to("2026-01-09 19:00")
    return house


def test_untouched_it_reads_0(over: Centre) -> None:
    """The province had one message of both, and what hung is free."""
    events = said_in(over)
    message = of(events, OPENED, MATTER)
    assert message["data"]["units"] == [OTHER_UNIT, UNIT]
    assert of(events, REACHED, LINK, rung="down_60")["data"]["incident"] is not None
    assert texts(over, events) == []


def test_its_message_is_deleted(over: Centre) -> None:
    """Both links' rungs are missing, and so is the whole."""
    events = said_in(over)
    robbed = [one for one in events if one["subject"] != MATTER]
    found = texts(over, robbed)
    assert (
        f"missing: {MATTER} incident opened of 2026-01-09T15:50:00+07:00: "
        "several units had lost it, and the province was not told"
    ) in found
    assert any(f"{LINK} connection down_60" in line for line in found)


def test_it_leaves_a_unit_out(over: Centre) -> None:
    """What would have been said of that unit's link is said nowhere."""
    events = said_in(over)
    for message in [one for one in events if one["subject"] == MATTER]:
        events = replaced(events, message, changed(message, units=[OTHER_UNIT]))
    at = "2026-01-09T16:35:00+07:00"
    assert list(texts(over, events, upto=moment("2026-01-09 17:30")))[:1] == [
        (
            f"missing: {LINK} connection down_60 of {at}: it hangs on "
            "~, of which no message names it"
        )
    ]


def test_it_names_a_unit_that_had_not_lost_it(over: Centre) -> None:
    """The provincial centre's own link was there all the time."""
    events = said_in(over)
    message = of(events, OPENED, MATTER)
    more = changed(message, units=[OTHER_UNIT, UNIT, "20"])
    assert texts(over, replaced(events, message, more)) == [
        (
            f"unexpected: {MATTER} incident opened of {message['recordedtime']}: "
            f"{NAME} names 20, which had not lost it"
        )
    ]


def test_it_reached_nobody(over: Centre) -> None:
    """No notice went to the officer on duty."""
    events = said_in(over)
    message = of(events, OPENED, MATTER)
    notices = [one for one in notices_in(events) if one["data"]["about"] != message["id"]]
    assert texts(over, events, notices=notices) == [
        (
            f"missing: {MATTER} incident opened of {message['recordedtime']}: "
            f"no notice of {NAME} to p-20-province"
        )
    ]


def test_its_end_is_told_to_nobody(over: Centre) -> None:
    """Every unit has the system again, and the province still waits."""
    events = said_in(over)
    found = texts(over, replaced(events, of(events, CLOSED, MATTER), None))
    assert [line.partition(": ")[2].partition(": ")[2] for line in found] == [
        f"nobody was told that {NAME} is over"
    ]


def test_its_end_is_told_too_early(over: Centre) -> None:
    """One unit's link was lost still."""
    events = said_in(over)
    closed = of(events, CLOSED, MATTER)
    early = {**closed, "recordedtime": "2026-01-09T17:20:00+07:00"}
    assert (
        f"unexpected: {MATTER} incident closed of 2026-01-09T17:20:00+07:00: "
        f"{NAME} is said to be over, and lasts"
    ) in texts(over, replaced(events, closed, early))


def test_one_link_alone_hangs_on_itself() -> None:
    """Where no other unit shares it, the province is to hear of it by itself."""
    house = Centre()
    house.lost("2026-01-09 15:30")
    house.walks_to("2026-01-09 17:00")
    events = said_in(house)
    told = of(events, REACHED, LINK, rung="down_60")
    name = incident_id(LINK, f"{LINK}-1")
    found = texts(house, replaced(events, told, changed(told, incident=name)))
    at = "2026-01-09T16:30:00+07:00"
    assert (
        f"unexpected: {LINK} connection down_60 of {at}: "
        "it hangs on ~, which no other unit shared"
    ) in found


def test_it_names_a_dossier_that_does_not_hang(over: Centre) -> None:
    """Nothing of that code fell due while the links were lost."""
    events = said_in(over)
    message = of(events, OPENED, MATTER)
    more = changed(message, subjects=[code(7)])
    assert texts(over, replaced(events, message, more)) == [
        (
            f"unexpected: {MATTER} incident opened of {message['recordedtime']}: "
            f"{NAME} names {code(7)}, which does not hang on it"
        )
    ]

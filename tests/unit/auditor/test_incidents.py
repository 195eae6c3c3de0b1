"""What somebody may do to an incident: to what hangs on it, and to what is said of it."""

from collections.abc import Sequence
from typing import Any

import pytest

from services.workflow.core.gathering import incident_id
from tests.property.auditor.houses import audit_house, notices_in, said_in
from tests.unit.workflow.gathered import LINK, Centre, code
from tests.unit.workflow.province import TEN_DAYS, UNIT
from tests.unit.workflow.scenario import moment

Json = dict[str, Any]
REACHED = "vn.motcua.obligation.rung_reached.v1"
OPENED = "vn.motcua.incident.opened.v1"
CLOSED = "vn.motcua.incident.closed.v1"
OVERDUE = "2026-01-08T17:00:00+07:00"
EVENING = moment("2026-01-08 17:45")
INCIDENT = incident_id(LINK, f"{LINK}-1")


def lost_on_the_last_day() -> Centre:
    """Play three dossiers that fall due while their link is lost, and one that needs none."""
    house = Centre()
    house.accepted(4, when="2025-12-23 09:00", procedure=TEN_DAYS)  # Due on the 8th, too.
    house.accepted(1, 2, 3, when="2026-01-05 09:00")
    house.walks_to("2026-01-08 16:00")
    house.lost("2026-01-08 16:00")
    house.walks_to("2026-01-08 17:30")
    return house


@pytest.fixture(scope="module")
def lasting() -> Centre:
    """The link is still lost."""
    house = lost_on_the_last_day()
    house.walks_to("2026-01-08 18:20")
    return house


@pytest.fixture(scope="module")
def over() -> Centre:
    """The link came back at six."""
    house = lost_on_the_last_day()
    house.completed(1, "2026-01-08 17:40")
    house.restored("2026-01-08 18:00")
    house.walks_to("2026-01-09 08:00")
    return house


def texts(house: Centre, obligations: Sequence[Json], **more: Any) -> list[str]:  # noqa: ANN401
    """Return what is found, the incident's long id as ~."""
    found = audit_house(house, more.pop("upto", house.now), obligations, **more)
    return [one.text().replace(INCIDENT, "~") for one in found]


def changed(event: Json, **data: object) -> Json:
    """Return an event with other data."""
    return {**event, "data": {**event["data"], **data}}


def replaced(events: Sequence[Json], wrong: Json, right: Json | None) -> list[Json]:
    """Return the events with another one in the place of one, or with none."""
    place = list(events).index(wrong)
    return [*events[:place], *([] if right is None else [right]), *events[place + 1 :]]


def of(events: Sequence[Json], kind: str, subject: str = LINK, **data: object) -> Json:
    """Return the event of a type, a subject and data."""
    return next(
        one
        for one in events
        if (one["type"], one["subject"]) == (kind, subject)
        and all(one["data"].get(name) == value for name, value in data.items())
    )


def grouped(events: Sequence[Json], number: int) -> Json:
    """Return the rung of a dossier that hangs on the incident."""
    return of(events, REACHED, code(number), rung="overdue", incident=INCIDENT)


def test_untouched_it_reads_0(lasting: Centre, over: Centre) -> None:
    """While it lasts and when it is over; and something does hang."""
    for house in (lasting, over):
        events = said_in(house)
        assert grouped(events, 1)["data"]["role"] == "chairman"
        assert texts(house, events) == []


def test_its_message_is_deleted(lasting: Centre) -> None:
    """Each dossier that hangs on it is missing, by name."""
    events = said_in(lasting)
    robbed = replaced(events, of(events, OPENED), None)
    upto = moment("2026-01-08 18:15")
    assert texts(lasting, robbed, upto=upto) == [
        f"missing: {code(number)} dossier_deadline overdue of {OVERDUE}: "
        "it hangs on ~, of which no message names it"
        for number in (1, 2, 3)
    ]


def test_its_message_leaves_one_out(lasting: Centre) -> None:
    """Whom it does not name nobody heard of."""
    events = said_in(lasting)
    message = of(events, OPENED)
    without = changed(message, subjects=[code(1), code(3)])
    upto = moment("2026-01-08 18:15")
    assert texts(lasting, replaced(events, message, without), upto=upto) == [
        (
            f"missing: {code(2)} dossier_deadline overdue of {OVERDUE}: "
            "it hangs on ~, of which no message names it"
        )
    ]


def test_what_hangs_since_a_moment_is_not_asked_for(lasting: Centre) -> None:
    """More is told half an hour later; until then nothing is missing."""
    events = said_in(lasting)
    robbed = replaced(events, of(events, OPENED), None)
    assert texts(lasting, robbed, upto=moment("2026-01-08 17:20")) == []


def test_its_message_names_what_does_not_hang_on_it(lasting: Centre) -> None:
    """The fourth dossier does not need that system."""
    events = said_in(lasting)
    message = of(events, OPENED)
    more = changed(message, subjects=[*message["data"]["subjects"], code(4)])
    assert texts(lasting, replaced(events, message, more), upto=EVENING) == [
        (
            f"unexpected: {LINK} incident opened of {message['recordedtime']}: "
            f"~ names {code(4)}, which does not hang on it"
        )
    ]


def test_its_message_reached_nobody(lasting: Centre) -> None:
    """It was said, and no notice of it went to the Chairman."""
    events = said_in(lasting)
    message = of(events, OPENED)
    notices = [one for one in notices_in(events) if one["data"]["about"] != message["id"]]
    assert texts(lasting, events, notices=notices) == [
        (
            f"missing: {LINK} incident opened of {message['recordedtime']}: "
            f"no notice of ~ to p-{UNIT}-chairman"
        )
    ]


def test_what_needs_another_system_hangs_on_it(lasting: Centre) -> None:
    """Its procedure goes on without that one."""
    events = said_in(lasting)
    told = of(events, REACHED, code(4), rung="overdue")
    found = texts(lasting, replaced(events, told, changed(told, incident=INCIDENT)))
    assert (
        f"unexpected: {code(4)} dossier_deadline overdue of {OVERDUE}: "
        "it hangs on ~, whose system its procedure does not need"
    ) in found


def test_what_was_due_before_hangs_on_it(lasting: Centre) -> None:
    """The outage is not its cause."""
    events = said_in(lasting)
    told = of(events, REACHED, code(1), rung="most")
    found = texts(lasting, replaced(events, told, changed(told, incident=INCIDENT)))
    assert (
        f"unexpected: {code(1)} dossier_deadline most of 2026-01-08T07:30:00+07:00: "
        "it hangs on ~, which did not last then"
    ) in found


def test_what_is_due_long_after_hangs_on_it(over: Centre) -> None:
    """It was over by then."""
    over_since = moment("2026-01-09 17:00")
    house = over
    house.walks_to("2026-01-09 17:15")
    events = said_in(house)
    told = of(events, REACHED, code(2), rung="overdue_1")
    found = texts(
        house, replaced(events, told, changed(told, incident=INCIDENT)), upto=house.now
    )
    assert (
        f"unexpected: {code(2)} dossier_deadline overdue_1 of {over_since.isoformat()}: "
        "it hangs on ~, which did not last then"
    ) in found


def test_the_handlers_rung_hangs_on_it(lasting: Centre) -> None:
    """Who handles a dossier goes on hearing of it."""
    events = said_in(lasting)
    told = grouped(events, 1)
    wrong = changed(told, role="handler", vacant_roles=["chairman"])
    assert texts(lasting, replaced(events, told, wrong), upto=EVENING) == [
        (
            f"unexpected: {code(1)} dossier_deadline overdue of {OVERDUE}: "
            "it hangs on ~, and what the handler hears never hangs"
        )
    ]


def test_it_hangs_on_an_outage_that_never_was(lasting: Centre) -> None:
    """No event began it."""
    events = said_in(lasting)
    told = grouped(events, 1)
    wrong = changed(told, incident=f"{LINK}~000000000000")
    found = texts(lasting, replaced(events, told, wrong), upto=EVENING)
    assert (
        f"unexpected: {code(1)} dossier_deadline overdue of {OVERDUE}: "
        f"it hangs on {LINK}~000000000000, and there was no such outage"
    ) in found


def test_what_hung_is_not_told_when_it_is_over(over: Centre) -> None:
    """The incident silenced it for ever."""
    events = said_in(over)
    freed = of(events, REACHED, code(2), rung="overdue", incident=None)
    assert texts(over, replaced(events, freed, None)) == [
        (
            f"missing: {code(2)} dossier_deadline overdue of {OVERDUE}: "
            "it hung on ~, and was not told once that was over"
        )
    ]


def test_its_end_is_told_to_nobody(over: Centre) -> None:
    """Who heard of the beginning waits for the end."""
    events = said_in(over)
    last = of(events, OPENED)
    assert texts(over, replaced(events, of(events, CLOSED), None)) == [
        (
            f"missing: {LINK} incident opened of {last['recordedtime']}: "
            "nobody was told that ~ is over"
        )
    ]


def test_its_end_is_told_while_it_lasts(lasting: Centre, over: Centre) -> None:
    """What is over by the message is not by the facts."""
    closed = of(said_in(over), CLOSED)
    events = [*said_in(lasting), {**closed, "sequence": 99}]
    assert texts(lasting, events, upto=EVENING) == [
        (
            f"unexpected: {LINK} incident closed of {closed['recordedtime']}: "
            "~ is said to be over, and lasts"
        )
    ]


def test_one_that_nobody_ends_silences_for_ever() -> None:
    """After the close of the next working day each is to be told of by itself."""
    house = Centre()
    house.accepted(1, when="2026-01-05 09:00")
    house.walks_to("2026-01-07 16:00")
    house.lost("2026-01-07 16:00")
    house.walks_to("2026-01-08 18:00")
    events = said_in(house)
    assert texts(house, events) == []
    silenced = [
        one
        for one in events
        if one["subject"] != code(1) or one["data"].get("rung") != "last_moment"
    ]
    hung = of(events, REACHED, code(1), rung="last_moment", incident=INCIDENT)
    assert (
        f"missing: {code(1)} apology_slip last_moment of {hung['data']['rung_at']}: "
        "it hung on ~, and was not told once that was over"
    ) in texts(house, [*silenced, hung])


def test_a_loss_that_is_struck_gives_back_what_hung() -> None:
    """It was justified as long as nobody knew better; what it silenced is to be told then."""
    house = lost_on_the_last_day()
    house.struck(LINK, f"{LINK}-1", "2026-01-08 17:40")
    house.walks_to("2026-01-08 19:00")
    events = said_in(house)
    assert texts(house, events) == []
    freed = of(events, REACHED, code(2), rung="overdue", incident=None)
    assert texts(house, replaced(events, freed, None)) == [
        (
            f"missing: {code(2)} dossier_deadline overdue of {OVERDUE}: "
            "it hung on ~, and was not told once that was over"
        )
    ]

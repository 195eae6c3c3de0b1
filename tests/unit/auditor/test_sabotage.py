"""What somebody may do to the archives, each found out by name."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from deploy.auditor.core.comparing import Tally
from shared.calendar.zone import ICT
from tests.property.auditor.played import Played, notices_of
from tests.property.auditor.stories import START, fact, play
from tests.unit.workflow.province import THREE_DAYS

Json = dict[str, Any]
UPTO = datetime(2026, 1, 15, 9, 0, tzinfo=ICT)
MISSED = "2026-01-09T00:00:00+07:00"
REACHED = "vn.motcua.obligation.rung_reached.v1"


@pytest.fixture(scope="module")
def played() -> Played:
    """A dossier of three days that nobody settles."""
    accepted = {"procedure": THREE_DAYS, "channel": "online"}
    return play(
        [
            fact("dossier.accepted", START, 1, accepted),
            fact("dossier.assigned", START, 2, {"handler": "p-handler"}),
        ],
        until=UPTO,
    )


def texts(tally: Tally) -> list[str]:
    """Return what was found, without the subject."""
    return [one.text().replace("H37.100-260105-0001 ", "") for one in tally.findings]


def rung(events: Sequence[Json], name: str) -> Json:
    """Return the event that raised a rung."""
    return next(one for one in events if one["type"] == REACHED and one["data"]["rung"] == name)


def said_by(events: Sequence[Json], moment: datetime) -> list[Json]:
    """Return what was said up to a moment."""
    return [one for one in events if datetime.fromisoformat(one["recordedtime"]) <= moment]


def changed(event: Json, **data: object) -> Json:
    """Return an event with other data."""
    return {**event, "data": {**event["data"], **data}}


def test_untouched_it_reads_0(played: Played) -> None:
    """Everything that was due was raised and told."""
    tally = played.audit(UPTO)
    assert texts(tally) == []
    assert tally.expected == tally.done
    assert sum(tally.expected.values()) == 10


def test_a_rung_is_deleted(played: Played) -> None:
    """It is missing, and by name."""
    events = played.obligations()
    events.remove(rung(events, "overdue"))
    tally = played.audit(UPTO, obligations=events)
    assert texts(tally) == [
        (
            "missing: dossier_deadline overdue of 2026-01-08T17:00:00+07:00: "
            "it was neither raised nor skipped"
        )
    ]
    cell = ("06112", "dossier_deadline", "overdue")
    assert (tally.expected[cell], tally.done[cell]) == (1, 0)


def test_a_rung_is_raised_twice(played: Played) -> None:
    """One is one too many."""
    again = {**rung(played.obligations(), "most"), "id": "again", "sequence": 99}
    events, notices = [*played.obligations(), again], [*played.notices(), *notices_of(again)]
    assert texts(played.audit(UPTO, obligations=events, notices=notices)) == [
        (
            "unexpected: dossier_deadline most of 2026-01-08T07:30:00+07:00: "
            "it was raised more than once"
        )
    ]


def test_a_notice_is_suppressed(played: Played) -> None:
    """A rung that nobody was told of is not done."""
    events = played.obligations()
    about = rung(events, "overdue")["id"]
    notices = [one for one in played.notices() if one["data"]["about"] != about]
    assert texts(played.audit(UPTO, notices=notices)) == [
        (
            "missing: dossier_deadline overdue of 2026-01-08T17:00:00+07:00: "
            "no notice of it to p-06112-chairman"
        )
    ]


def test_a_notice_stays_planned(played: Played) -> None:
    """Planned is not sent, once rates and pauses cannot be the reason any more."""
    events = played.obligations()
    about = rung(events, "overdue")["id"]
    notices = [
        one
        for one in played.notices()
        if one["data"]["about"] != about or "planned" in one["type"]
    ]
    assert len(texts(played.audit(UPTO, notices=notices))) == 1
    soon = datetime(2026, 1, 8, 17, 40, tzinfo=ICT)
    early = said_by(events, datetime(2026, 1, 8, 17, 35, tzinfo=ICT))
    assert texts(played.audit(soon, obligations=early, notices=notices)) == []


def test_a_moment_is_moved(played: Played) -> None:
    """Raised for another moment than the law's: the one is missing, the other unexpected."""
    events = played.obligations()
    wrong = rung(events, "overdue")
    events[events.index(wrong)] = changed(wrong, rung_at="2026-01-09T17:00:00+07:00")
    assert texts(played.audit(UPTO, obligations=events)) == [
        (
            "missing: dossier_deadline overdue of 2026-01-08T17:00:00+07:00: "
            "it was neither raised nor skipped"
        ),
        (
            "unexpected: dossier_deadline overdue of 2026-01-09T17:00:00+07:00: "
            "it was raised, and not due then"
        ),
    ]


def test_a_promise_is_moved(played: Played) -> None:
    """The date that was said is not the one that the law gives."""
    events = played.obligations()
    opened = next(one for one in events if one["type"].endswith("obligation.opened.v1"))
    moved = changed(opened, due="2026-01-12T17:00:00+07:00")
    events[events.index(opened)] = moved
    assert texts(played.audit(UPTO, obligations=events)) == [
        (
            "missing: dossier_deadline due of 2026-01-08T17:00:00+07:00: "
            "it was said to be 2026-01-12T17:00:00+07:00"
        )
    ]


def test_a_rung_is_skipped_without_ground(played: Played) -> None:
    """That something overtook it is believed only if something did."""
    events = played.obligations()
    last = rung(events, "overdue_3")
    for why, found in (
        ("overtaken", "it was skipped as overtaken, and nothing overtook it"),
        ("completed", "it was skipped (completed) though its stretch runs"),
    ):
        skipped = changed(last, why=why) | {"type": "vn.motcua.obligation.rung_skipped.v1"}
        others = [
            one for one in events if one["data"].get("rung") not in {"overdue_3", "overdue_5"}
        ]
        assert texts(played.audit(UPTO, obligations=[*others, skipped]))[0] == (
            f"missing: dossier_deadline overdue_3 of 2026-01-12T17:00:00+07:00: {found}"
        )


def test_a_rung_is_withdrawn_without_ground(played: Played) -> None:
    """It still is due."""
    events = played.obligations()
    raised = rung(events, "overdue_1")
    withdrawn = changed(raised, why="completed") | {
        "type": "vn.motcua.obligation.rung_withdrawn.v1",
        "sequence": 99,
    }
    found = texts(played.audit(UPTO, obligations=[*events, withdrawn]))
    assert found == [
        (
            "missing: dossier_deadline overdue_1 of 2026-01-09T17:00:00+07:00: "
            "it was neither raised nor skipped"
        )
    ]


def test_another_role_hears_it(played: Played) -> None:
    """The Chairman's rung goes to the handler, and nobody says that there is no Chairman."""
    events = played.obligations()
    wrong = rung(events, "overdue")
    events[events.index(wrong)] = changed(wrong, role="handler")
    assert texts(played.audit(UPTO, obligations=events)) == [
        (
            "missing: dossier_deadline overdue of 2026-01-08T17:00:00+07:00: "
            "handler heard it, and chairman is not said to be vacant"
        )
    ]


def test_nothing_is_said_at_all(played: Played) -> None:
    """A dossier that workflow never heard of is found by what intake recorded."""
    found = texts(played.audit(UPTO, obligations=[]))
    assert found[0] == "missing: dossier_deadline opened: it was never said to be owed"
    assert sum("neither raised nor skipped" in line for line in found) == 10


def test_something_is_said_of_nothing() -> None:
    """A dossier that intake never heard of owes nothing."""
    accepted = {"procedure": THREE_DAYS, "channel": "online"}
    real = play([fact("dossier.accepted", START, 1, accepted)], until=UPTO)
    invented = Played("H37.100-260105-0002")
    found = texts(invented.audit(UPTO, obligations=real.obligations()))
    assert "unexpected: H37.100-260105-0002 dossier_deadline opened: it is not owed" in found
    assert sum("nothing of the kind is owed" in line for line in found) == 10


def test_what_is_not_due_yet_is_not_expected(played: Played) -> None:
    """The auditor asks for nothing later than it was told to."""
    until = datetime(2026, 1, 8, 17, 0, tzinfo=ICT)
    events = said_by(played.obligations(), until)
    assert texts(played.audit(until, obligations=events)) == []
    later = until + timedelta(seconds=1)
    assert len(texts(played.audit(later, obligations=events))) == 1


def at(day: int, hour: int) -> datetime:
    """Return a moment of January 2026."""
    return datetime(2026, 1, day, hour, 30, tzinfo=ICT)


def asked_late(events: int) -> Played:
    """Play the first events of a dossier whose supplement is requested after the limit."""
    asked = {"items": ["a"], "number": 1, "in_person": True}
    facts = [
        fact("dossier.accepted", START, 1, {"procedure": THREE_DAYS, "channel": "online"}),
        fact("dossier.supplement_requested", at(9, 8), 2, asked),
        fact("dossier.supplement_received", at(12, 8), 3, {"items": ["a"]}),
        fact("dossier.completed", at(13, 8), 4, {"result": "KQ.1"}),
    ]
    return play(facts[:events], until=UPTO)


@pytest.mark.parametrize("told", [None, "2026-01-16T00:00:00+07:00"])
@pytest.mark.parametrize("events", [2, 3, 4], ids=["waits", "runs anew", "ended"])
def test_a_missed_limit_is_hidden(events: int, told: str | None) -> None:
    """Whether the dossier is open or ended, the limit that was missed first is stated."""
    late = asked_late(events)
    assert texts(late.audit(UPTO)) == []
    cured = [
        changed(one, limit_missed=told) if "limit_missed" in one["data"] else one
        for one in late.obligations()
    ]
    assert texts(late.audit(UPTO, obligations=cured)) == [
        f"missing: dossier_deadline limit_missed of {MISSED}: it was said to be {told}"
    ]


def test_a_missed_limit_is_made_up(played: Played) -> None:
    """While the dossier is open, time alone misses no limit that a later cycle could hide."""
    events = [
        changed(one, limit_missed=MISSED) if "opened" in one["type"] else one
        for one in played.obligations()
    ]
    line = f"unexpected: dossier_deadline limit_missed of {MISSED}: it was said to be {MISSED}"
    assert line in texts(played.audit(UPTO, obligations=events))

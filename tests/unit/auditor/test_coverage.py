"""A gap of a role that no channel reaches: not opened, opened for nothing, told to nobody."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from deploy.auditor.core.comparing import Tally
from shared.calendar.zone import ICT
from shared.events.centres import CoverageReachChecked
from shared.events.envelope import Event
from tests.property.auditor.played import Played
from tests.unit.workflow.province import UNIT

Json = dict[str, Any]
FIRST: Final = datetime(2026, 1, 6, tzinfo=ICT)
SECOND: Final = FIRST + timedelta(days=1, hours=10)
UPTO: Final = FIRST + timedelta(days=3)
CELL: Final = (UNIT, "coverage", "director")


@pytest.fixture
def played() -> Played:
    """One night finds the Director unreached, and two days later a contact comes."""
    played = Played(f"{UNIT}/coverage/ladder")
    for number, (at, unreached) in enumerate(
        ((FIRST, [{"role": "director", "reasons": ["no_contact"]}]), (SECOND, [])), start=1
    ):
        played.happens(
            Event(
                id=f"r-{number}",
                source="urn:motcua:publisher:notifications",
                name=CoverageReachChecked.NAME,
                subject=played.subject,
                time=at,
                sequence=number,
                recordedtime=at.astimezone(UTC),
                data=CoverageReachChecked.model_validate({"unreached": unreached}),
            ),
            at,
        )
    return played


def texts(tally: Tally) -> list[str]:
    """Return what was found, without the subject."""
    return [
        one.text().replace(f"{UNIT}/coverage/ladder coverage ", "") for one in tally.findings
    ]


def test_untouched_it_reads_0(played: Played) -> None:
    """An opening and a closing, both done; whoever stands above was told."""
    tally = played.audit(UPTO)
    assert texts(tally) == []
    assert (tally.expected[CELL], tally.done[CELL]) == (2, 2)
    assert [one["data"]["person"] for one in played.notices()] == [f"p-{UNIT}-chairman"] * 2


def test_a_gap_is_not_opened(played: Played) -> None:
    """It is missing, by role and moment."""
    _, closed = played.obligations()
    assert texts(played.audit(UPTO, obligations=[closed])) == [
        (
            "missing: director of 2026-01-06T00:00:00+07:00: "
            "no channel reaches the role, and no gap was opened"
        )
    ]


def test_a_gap_stays_open(played: Played) -> None:
    """That a contact came was said, and changed nothing."""
    opened, _ = played.obligations()
    assert texts(played.audit(UPTO, obligations=[opened])) == [
        (
            "missing: director of 2026-01-07T10:00:00+07:00: "
            "the role is not among the unreached any more, and its gap was not closed"
        )
    ]


def test_a_gap_is_opened_for_nothing(played: Played) -> None:
    """Nobody had said so."""
    opened, closed = played.obligations()
    other = {**opened, "id": "x", "data": {**opened["data"], "role": "chairman"}}
    found = texts(played.audit(UPTO, obligations=[opened, other, closed]))
    assert found == [
        (
            "unexpected: chairman of 2026-01-06T00:00:00+07:00: "
            "a gap was opened, and nobody had said that no channel reaches the role"
        )
    ]


def test_nobody_was_told_of_it(played: Played) -> None:
    """Who the gap names must have a notice of it."""
    found = texts(played.audit(UPTO, notices=[]))
    assert found == [
        f"missing: director of 2026-01-06T00:00:00+07:00: no notice of it to p-{UNIT}-chairman"
    ]


def test_an_empty_seat_is_not_looked_at(played: Played) -> None:
    """The walk of a night found it, by another rule; nothing was said here of it."""
    opened, closed = played.obligations()
    data = {**opened["data"], "gap": f"{UNIT}:director", "why": "vacant"}
    seat = {**opened, "id": "x", "data": data}
    assert texts(played.audit(UPTO, obligations=[seat, opened, closed])) == []


def test_what_was_recorded_a_moment_ago_need_not_have_its_effect(played: Played) -> None:
    """Before it was recorded nothing was to be done; what was done early is no difference."""
    assert texts(played.audit(FIRST, obligations=[])) == []
    assert texts(played.audit(FIRST)) == []

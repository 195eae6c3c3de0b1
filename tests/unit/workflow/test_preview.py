"""What a proposal would move: counted before, by what its approval does afterwards."""

import asyncio
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest

from services.workflow.core.preview import COUNTED
from services.workflow.usecases.preview import KEPT_SECONDS, PreviewChange
from services.workflow.usecases.preview_view import preview_view
from shared.events.dossiers import DossierAccepted
from shared.events.envelope import Event
from shared.events.model import EventData
from shared.events.reference import CalendarProposed, RuleApproved, RuleProposed, subject_of
from shared.ops.clock import FixedClock
from shared.reference.proposals import approval_of
from tests.fakes.subjects import FixedReference
from tests.fakes.workflow import Durable, MemoryIndex, Process
from tests.unit.workflow.province import (
    LAST,
    NO_RULE,
    OTHER_UNIT,
    SAME_DAY,
    TEN_DAYS,
    THREE_DAYS,
    UNIT,
    day_off,
    day_worked,
    decide,
    decision,
    province,
    published_through,
)
from tests.unit.workflow.scenario import moment

PROPOSER, APPROVER = "p-20-province", "p-20-second"
MONDAY = "2026-01-05 09:00"


def accepted(number: int, procedure: str, when: str, unit: str = UNIT) -> Event:
    """Return the acceptance of one of many dossiers."""
    code = f"H37.100-260105-{number:04d}"
    return Event(
        id=f"{code}-1",
        source="urn:motcua:publisher:counter",
        name="dossier.accepted",
        subject=code,
        time=moment(when),
        sequence=1,
        recordedtime=moment(when),
        receivingunit=unit,
        competentunit=unit,
        data=DossierAccepted(procedure=procedure, channel="online"),
    )


class House:
    """Workflow in memory, to which something is proposed, and then approved."""

    def __init__(self, now: str = MONDAY) -> None:
        self.durable = Durable(province(), FixedClock(moment(now)))
        self.durable.mark.at = moment(now)
        self.preview = PreviewChange(
            MemoryIndex(self.durable.subjects),
            FixedReference(self.durable.reference),
            self.durable.clock,
            lambda: self.durable.wall,
        )

    def takes(self, *events: Event) -> None:
        """Let things happen."""
        asyncio.run(Process(self.durable).applies(events))

    def looks_at(self, when: str) -> None:
        """Let the clock move on, and whatever is due be told."""
        self.durable.clock.instant = self.durable.mark.at = moment(when)
        asyncio.run(Process(self.durable).looks())

    def decides(self, data: EventData) -> str:
        """Let the reference data change now; return the event's id."""
        view = self.durable.reference
        event = decision(data, view.version + 1)
        self.durable.reference = decide(view, data, self.durable.clock.now())
        self.preview.reference = FixedReference(self.durable.reference)
        return event.id

    def proposes(self, data: EventData) -> str:
        """Let somebody propose a row as it would be approved; return what it is asked by."""
        model = RuleProposed if isinstance(data, RuleApproved) else CalendarProposed
        self.decides(model.model_validate({**data.model_dump(), "by": PROPOSER}))
        return subject_of(data)

    def previews(self, proposal: str) -> dict[str, Any]:
        """Ask what would move."""
        found = asyncio.run(self.preview(proposal))
        assert found is not None, "it is proposed"
        return preview_view(found, None, limit=500)

    def approves(self, proposal: str) -> list[dict[str, Any]]:
        """Let a second person approve, and return what is told for that reason alone."""
        row = self.durable.reference.proposals[proposal].data
        before = len(self.durable.publisher.published)
        cause = self.decides(approval_of(row, APPROVER))
        asyncio.run(Process(self.durable).looks())
        told = self.durable.publisher.published[before:]
        events = [out.value for out in told if out.value is not None]
        return [event for event in events if event["data"].get("cause") == cause]


def only(**counted: int) -> dict[str, int]:
    """Return counts of which all others are none."""
    return dict.fromkeys(COUNTED, 0) | counted


def names(events: list[dict[str, Any]]) -> Counter[str]:
    """Count events by their type."""
    return Counter(
        event["type"].removeprefix("vn.motcua.obligation.").removesuffix(".v1")
        for event in events
    )


def test_a_day_off_moves_what_runs_over_it_and_nothing_else() -> None:
    """Three dossiers run over Thursday, one was due before; their slips move with them."""
    house = House()
    house.takes(
        *(accepted(number, THREE_DAYS, MONDAY) for number in (1, 2)),
        accepted(3, TEN_DAYS, MONDAY, OTHER_UNIT),
        accepted(4, SAME_DAY, MONDAY),
    )
    found = house.previews(house.proposes(day_off(date(2026, 1, 7))))
    assert found["counts"]["later"] == found["counts"]["citizens"] * 2 == 6
    assert found["units"][OTHER_UNIT]["later"] == 2
    first = found["listed"][0]
    assert (first["subject"], first["obligation"]) == ("H37.100-260105-0001", "apology_slip")
    deadline = found["listed"][1]
    assert (deadline["old_due"], deadline["new_due"]) == (
        "2026-01-08T17:00:00+07:00",
        "2026-01-09T17:00:00+07:00",
    )
    assert "H37.100-260105-0004" not in {row["subject"] for row in found["listed"]}


def test_what_stops_being_overdue_takes_its_alerts_back() -> None:
    """The swap of Thursday is announced on Friday: what was overdue is not, and says so."""
    house = House()
    house.takes(accepted(1, THREE_DAYS, MONDAY))
    for when in ("2026-01-06 08:00", "2026-01-07 18:00", "2026-01-08 18:00"):
        house.looks_at(when)
    house.durable.clock.instant = house.durable.mark.at = moment("2026-01-09 09:00")
    proposal = house.proposes(day_off(date(2026, 1, 8)))
    found = house.previews(proposal)
    assert found["retroactive"] is True
    counts = found["counts"]
    assert (counts["stop_overdue"], counts["become_overdue"]) == (1, 0)
    told = names(house.approves(proposal))
    assert counts["alerts_void"] == told["rung_withdrawn"] == 1
    # The lists of the staff of three units move too.
    assert (counts["later"], counts["beside"], told["due_changed"]) == (4, 1, 5)


def test_a_printed_promise_never_moves_earlier() -> None:
    """Saturday becomes a working day: the statutory end moves, the promise is kept."""
    house = House("2026-01-15 09:00")
    house.takes(accepted(1, THREE_DAYS, "2026-01-15 09:00"))
    proposal = house.proposes(day_worked(date(2026, 1, 17)))
    found = house.previews(proposal)
    assert found["counts"]["kept"] == 1
    assert (found["counts"]["earlier"], found["counts"]["citizens"]) == (1, 0), "the slip's own"
    (kept,) = [row for row in found["listed"] if "kept" in row["what"]]
    assert kept["old_due"] == kept["new_due"] == "2026-01-20T17:00:00+07:00"
    assert (kept["old_limit"], kept["new_limit"]) == (
        "2026-01-21T00:00:00+07:00",
        "2026-01-20T00:00:00+07:00",
    )
    told = house.approves(proposal)
    moved = {event["data"]["obligation"]: event["data"] for event in told}
    assert moved["dossier_deadline"]["new_due"] == moved["dossier_deadline"]["old_due"]


def test_sessions_not_begun_are_voided_and_begun_ones_stay() -> None:
    """At nine the morning has begun; the afternoon has not."""
    house = House("2026-01-06 00:00")
    house.looks_at("2026-01-06 00:00")
    house.looks_at("2026-01-06 09:00")
    proposal = house.proposes(day_off(date(2026, 1, 6)))
    counts = house.previews(proposal)["counts"]
    assert (counts["sessions_voided"], counts["sessions_begun"]) == (3, 3)
    told = house.approves(proposal)
    voided = [event for event in told if event["data"].get("void")]
    assert {event["subject"].split("/")[-1] for event in voided} == {"pm"}
    assert len(voided) == 3
    assert {event["data"]["why"] for event in voided} == {"calendar"}


def test_a_day_that_becomes_worked_opens_the_sessions_that_have_not_begun() -> None:
    """On Saturday at nine it is decided that the day is worked: the afternoons are owed."""
    house = House("2026-01-17 00:00")
    house.looks_at("2026-01-17 00:00")
    house.looks_at("2026-01-17 09:00")
    proposal = house.proposes(day_worked(date(2026, 1, 17)))
    counts = house.previews(proposal)["counts"]
    assert (counts["sessions_opened"], counts["sessions_begun"]) == (3, 3)
    before = set(house.durable.subjects.rows)
    house.approves(proposal)
    opened = {name for name in house.durable.subjects.rows.keys() - before if "/duty/" in name}
    assert {name.split("/")[-1] for name in opened} == {"pm"}
    assert len(opened) == 3


def test_a_session_voided_by_mistake_is_owed_again() -> None:
    """What was declared off is declared worked again before the afternoon begins."""
    house = House("2026-01-06 00:00")
    house.looks_at("2026-01-06 00:00")
    house.looks_at("2026-01-06 09:00")
    house.approves(house.proposes(day_off(date(2026, 1, 6))))
    proposal = house.proposes(day_worked(date(2026, 1, 6)))
    counts = house.previews(proposal)["counts"]
    assert (counts["sessions_opened"], counts["sessions_begun"]) == (3, 3)
    house.approves(proposal)
    house.looks_at("2026-01-06 14:00")
    afternoon = house.durable.subjects.rows[f"{UNIT}/duty/2026-01-06/pm"]
    assert afternoon["open"] == ["duty"]


def test_a_rule_moves_what_was_received_in_its_validity() -> None:
    """A retroactive row moves dossiers received since; one from tomorrow on moves none."""
    house = House()
    house.takes(accepted(1, THREE_DAYS, MONDAY), accepted(2, THREE_DAYS, "2026-01-02 09:00"))
    known = house.durable.reference.rules.held(f"rule-{THREE_DAYS}")
    assert known is not None
    row = {
        "rule": "five-days",
        "procedure": THREE_DAYS,
        "limit": {"unit": "working_days", "value": 5},
        "valid_from": "2026-01-05",
        "source": "a test",
    }
    proposal = house.proposes(RuleApproved.model_validate(row))
    found = house.previews(proposal)
    assert {one["subject"] for one in found["listed"]} == {"H37.100-260105-0001"}
    told = house.approves(proposal)
    assert {event["data"]["reason"] for event in told if "reason" in event["data"]} == {"rule"}
    later = {**row, "rule": "later", "valid_from": "2026-01-06"}
    nothing = house.previews(house.proposes(RuleApproved.model_validate(later)))
    assert nothing["counts"] == only()


def test_past_the_horizon_a_further_year_gives_dates_and_what_stays_is_said() -> None:
    """Ten days from late December: nothing was guessed, and the next year brings the date."""
    house = House("2026-12-28 09:00")
    house.takes(
        accepted(1, TEN_DAYS, "2026-12-28 09:00"), accepted(2, NO_RULE, "2026-12-28 09:00")
    )
    through = published_through(date(2027, 1, 31)).model_copy(
        update={"counterpart": LAST + timedelta(days=1)}
    )
    proposal = house.proposes(through)
    counts = house.previews(proposal)["counts"]
    assert (counts["dated"], counts["still_undated"], counts["citizens"]) == (1, 1, 1)
    assert counts["opened"] == 1, "its slip"
    assert counts["sessions_opened"] == 3 * 2 * 21
    told = house.approves(proposal)
    (moved,) = [event for event in told if event["type"].endswith("due_changed.v1")]
    assert moved["data"]["new_due"] == "2027-01-11T17:00:00+07:00"


def test_a_preview_writes_nothing_and_is_given_again_for_a_minute() -> None:
    """Nothing in the store or on a topic changes; a decision in between counts anew."""
    house = House()
    house.takes(accepted(1, THREE_DAYS, MONDAY))
    proposal = house.proposes(day_off(date(2026, 1, 7)))
    rows, told = repr(house.durable.subjects.rows), len(house.durable.publisher.published)
    first = house.previews(proposal)
    house.takes(accepted(2, THREE_DAYS, MONDAY))
    rows = repr(house.durable.subjects.rows)
    told = len(house.durable.publisher.published)
    assert house.previews(proposal) == first
    house.durable.wall = KEPT_SECONDS
    assert house.previews(proposal)["subjects"] == first["subjects"] + 1
    house.decides(day_off(date(2026, 1, 21)))
    assert house.previews(proposal)["referenceversion"] == first["referenceversion"] + 1
    assert repr(house.durable.subjects.rows) == rows
    assert len(house.durable.publisher.published) == told


def test_who_sees_some_units_sees_the_counts_of_those() -> None:
    """Totals are of what is shown."""
    house = House()
    house.takes(accepted(1, THREE_DAYS, MONDAY), accepted(2, THREE_DAYS, MONDAY, OTHER_UNIT))
    house.proposes(day_off(date(2026, 1, 7)))
    found = asyncio.run(house.preview("calendar:VN/2026-01-07"))
    assert found is not None
    shown_to = preview_view(found, {UNIT}, limit=1)
    assert shown_to["counts"]["citizens"] == 1
    assert set(shown_to["units"]) == {UNIT}
    assert (len(shown_to["listed"]), shown_to["touched"], shown_to["more"]) == (1, 2, True)


def test_what_nobody_proposed_has_no_preview() -> None:
    """Nor has what was approved meanwhile."""
    house = House()
    assert asyncio.run(house.preview("calendar:VN/2026-01-07")) is None
    proposal = house.proposes(day_off(date(2026, 1, 7)))
    house.approves(proposal)
    assert asyncio.run(house.preview(proposal)) is None


@pytest.mark.parametrize("late", [False, True])
def test_a_law_that_is_behind_is_counted_first(late: bool) -> None:  # noqa: FBT001 -- A case.
    """What an earlier decision moves is not counted again, though no sweep has passed yet."""
    house = House()
    house.takes(accepted(1, THREE_DAYS, MONDAY))
    house.decides(day_off(date(2026, 1, 7)))
    if late:
        house.looks_at(MONDAY)
    found = house.previews(house.proposes(day_off(date(2026, 1, 8))))
    (deadline,) = [row for row in found["listed"] if row["obligation"] == "dossier_deadline"]
    assert deadline["old_due"] == "2026-01-09T17:00:00+07:00"
    assert deadline["new_due"] == "2026-01-10T17:00:00+07:00"

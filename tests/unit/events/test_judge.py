"""Judging against the clock, the reference data and what is recorded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest

from shared.events.faults import Fault
from shared.events.judge import SKEW_MAX, Standing, follow, judge, judge_publisher, judge_source
from shared.events.transitions import Status
from tests.unit.events.made import EIGHT, NOW, inbound

RIGHT_DATA = {"procedure": "1.004873", "channel": "direct"}


HORIZON = date(2027, 1, 31)


@dataclass(frozen=True)
class View:
    """Reference data of two units and one procedure."""

    units: frozenset[str] = frozenset({"06112", "06115"})
    procedures: frozenset[str] = frozenset({"1.004873"})
    horizon: date | None = HORIZON

    def has_unit(self, unit: str) -> bool:
        return unit in self.units

    def current(self, code: str) -> str:
        return code

    def has_procedure(self, procedure: str) -> bool:
        return procedure in self.procedures


KNOWN = Standing(
    status=Status.ACCEPTED,
    was_accepted=True,
    receivingunit="06112",
    competentunit="06112",
    procedure="1.004873",
    names={"e1": "dossier.accepted"},
)


def _said(faults: Sequence[Fault]) -> list[tuple[str, str]]:
    return [(item.rule, item.path) for item in faults]


def test_a_right_event_is_recorded() -> None:
    """No fault means that it is to be recorded."""
    assert judge(inbound(), Standing(), View(), NOW) == []
    assert judge(inbound("dossier.assigned"), KNOWN, View(), NOW) == []
    assert judge(inbound("duty.checked_in"), Standing(), View(), NOW) == []
    assert judge(inbound("unit.changed"), Standing(), View(frozenset()), NOW) == []


def test_a_moment_in_the_future_is_refused() -> None:
    """Two honest clocks may differ a little; more is refused, in the data too."""
    latest = EIGHT - SKEW_MAX
    assert judge(inbound(), Standing(), View(), latest) == []
    before = latest - timedelta(seconds=1)
    assert _said(judge(inbound(), Standing(), View(), before)) == [("future-time", "/time")]
    proven = inbound("notice.proven")
    assert _said(judge(proven, KNOWN, View(), EIGHT)) == [("future-time", "/data/at")]
    lost = inbound("connection.lost")
    assert _said(judge(lost, Standing(), View(), EIGHT)) == [("future-time", "/data/last_seen")]
    corrected = inbound("dossier.corrected")
    assert ("future-time", "/data/right/time") in _said(judge(corrected, KNOWN, View(), EIGHT))


@pytest.mark.parametrize(
    ("name", "changes", "path"),
    [
        ("dossier.accepted", {"receivingunit": "99999"}, "/receivingunit"),
        ("dossier.accepted", {"competentunit": "99999"}, "/competentunit"),
        ("duty.checked_in", {"subject": "99999/duty/2026-11-23/am"}, "/subject"),
        (
            "dossier.moved",
            {"data": {"from_unit": "06112", "to_unit": "99999"}},
            "/data/to_unit",
        ),
    ],
)
def test_an_unknown_unit_is_refused_wherever_it_stands(
    name: str, changes: dict[str, object], path: str
) -> None:
    """In the envelope, in a matter's subject, in the data."""
    standing = KNOWN if name == "dossier.moved" else Standing()
    said = _said(judge(inbound(name, **changes), standing, View(), NOW))
    assert ("unknown-unit", path) in said


def test_an_unknown_procedure_is_refused() -> None:
    """The catalogue decides; the event that fills the catalogue is not held against it."""
    event = inbound(data={"procedure": "9.999999", "channel": "direct"})
    assert _said(judge(event, Standing(), View(), NOW)) == [
        ("unknown-procedure", "/data/procedure")
    ]
    new = inbound("procedure.decided")
    assert judge(new, Standing(), View(procedures=frozenset()), NOW) == []


def test_without_reference_data_units_and_procedures_are_not_judged() -> None:
    """Offline, what cannot be known is left out."""
    event = inbound(receivingunit="99999", data={"procedure": "9.999999", "channel": "direct"})
    assert judge(event, Standing(), None, NOW) == []


def test_a_unit_that_has_nothing_to_do_with_the_dossier_is_refused() -> None:
    """Neither the receiving nor the competent one."""
    event = inbound("dossier.assigned", receivingunit="06115")
    assert _said(judge(event, KNOWN, View(), NOW)) == [("foreign-unit", "/receivingunit")]
    moved = replace(KNOWN, competentunit="06115")
    assert judge(event, moved, View(), NOW) == []
    wrong = inbound("dossier.moved", data={"from_unit": "06115", "to_unit": "06112"})
    assert _said(judge(wrong, KNOWN, View(), NOW)) == [("foreign-unit", "/data/from_unit")]


def test_a_matter_belongs_to_the_unit_in_its_subject() -> None:
    """Another unit in the envelope contradicts it."""
    event = inbound("duty.checked_in", receivingunit="06115")
    said = _said(judge(event, Standing(), View(), NOW))
    assert said == [("subject-contradicts", "/receivingunit")]


def test_a_transition_that_the_table_does_not_have_is_refused() -> None:
    """With the statuses in which the event comes, in both languages."""
    (fault,) = judge(inbound("dossier.returned"), KNOWN, View(), NOW)
    assert (fault.rule, fault.path) == ("illegal-transition", "/type")
    assert "2 (accepted)" in fault.detail
    assert "9 (completed)" in fault.detail
    assert "9 (Đã xử lý xong)" in fault.detail_vi


def test_a_dossier_begins_with_submitted_or_accepted() -> None:
    """Anything else is about a dossier that nobody knows."""
    said = _said(judge(inbound("dossier.assigned"), Standing(), View(), NOW))
    assert said == [("unknown-dossier", "/subject")]
    answered = inbound("obligation.acknowledged")
    assert _said(judge(answered, Standing(), View(), NOW)) == [("unknown-dossier", "/subject")]


def test_an_answer_about_a_matter_needs_no_event_before() -> None:
    """Workflow opens duty sessions from the calendar, before intake heard of them."""
    event = inbound("obligation.acknowledged", subject="06112/duty/2026-11-23/am")
    assert judge(event, Standing(), View(), NOW) == []


def test_history_is_not_judged_by_the_table() -> None:
    """It is recorded as it is, with a mark; units and procedures are judged all the same."""
    event = inbound("dossier.returned", backfill=True)
    assert judge(event, Standing(), View(), NOW) == []
    strange = inbound("dossier.returned", backfill=True, receivingunit="99999")
    assert _said(judge(strange, Standing(), View(), NOW)) == [
        ("unknown-unit", "/receivingunit")
    ]


def test_a_dossier_keeps_its_procedure() -> None:
    """Accepting it for another one contradicts the submission."""
    submitted = Standing(status=Status.SUBMITTED, procedure="1.000656", receivingunit="06112")
    said = _said(judge(inbound(), submitted, View(), NOW))
    assert said == [("procedure-contradicts", "/data/procedure")]


def test_a_correction_names_a_recorded_event_and_brings_its_data() -> None:
    """An unknown id is refused, and so is data of another type or with more in it."""

    def correct(replaces: str, data: Mapping[str, object] | None) -> list[tuple[str, str]]:
        right = None if data is None else {"time": EIGHT.isoformat(), "data": data}
        body = {"replaces": replaces, "reason": "wrong_time", "by": "p-1", "right": right}
        return _said(judge(inbound("dossier.corrected", data=body), KNOWN, View(), NOW))

    assert correct("e1", RIGHT_DATA) == []
    assert correct("e1", None) == []
    assert correct("e2", None) == [("unknown-event", "/data/replaces")]
    assert correct("e1", {"result": "X"}) == [
        ("missing-field", "/data/right/data/procedure"),
        ("missing-field", "/data/right/data/channel"),
        ("unknown-field", "/data/right/data/result"),
    ]
    assert correct("e1", {**RIGHT_DATA, "lookup_hash": "a" * 64}) == [
        ("set-by-intake", "/data/right/data/lookup_hash")
    ]


def test_the_source_is_the_publishers_own() -> None:
    """The right to write to a topic is the identity; the source is checked against it."""
    assert judge_source(inbound(), "kiosk") == []
    assert _said(judge_source(inbound(), "portal")) == [("wrong-source", "/source")]


@pytest.mark.parametrize(
    ("name", "changes", "owner", "fault"),
    [
        ("unit.changed", {}, "province", ("not-allowed", "/type")),
        ("obligation.acknowledged", {}, "notifications", ("not-allowed", "/type")),
        ("notice.proven", {}, "notifications", ("not-allowed", "/type")),
        (
            "dossier.completed",
            {"backfill": True},
            "import",
            ("backfill-not-allowed", "/backfill"),
        ),
    ],
)
def test_some_types_belong_to_one_publisher(
    name: str, changes: dict[str, object], owner: str, fault: tuple[str, str]
) -> None:
    """Reference data, answers and history come from the one who has them."""
    own = inbound(name, source=f"urn:motcua:publisher:{owner}", **changes)
    assert judge_publisher(own, owner) == []
    assert _said(judge_publisher(inbound(name, **changes), "kiosk")) == [fault]


def test_a_desk_answers_and_gives_slips_but_proves_nothing() -> None:
    """What people do on workflow's pages is its publisher's; that a notice arrived is not."""
    desk = {"source": "urn:motcua:publisher:workflow"}
    for name in ("obligation.acknowledged", "dossier.apology_issued", "dossier.extended"):
        assert judge_publisher(inbound(name, **desk), "workflow") == []
    for name in ("notice.proven", "notice.undeliverable", "coverage.reach_checked"):
        refused = judge_publisher(inbound(name, **desk), "workflow")
        assert _said(refused) == [("not-allowed", "/type")]


def test_a_wait_follows_its_request_and_its_receipt() -> None:
    """As `motcua check` judges a file: the receipt after its request, no request inside."""
    asked, brought = "dossier.supplement_requested", "dossier.supplement_received"
    late, early = EIGHT + timedelta(minutes=30), EIGHT + timedelta(minutes=10)
    waiting = follow(inbound(asked, time=late.isoformat()), KNOWN)
    too_early = judge(inbound(brought, time=early.isoformat()), waiting, View(), NOW)
    assert _said(too_early) == [("wait-ends-before-it-starts", "/time")]
    over = follow(inbound(brought, time=late.isoformat()), waiting)
    inside = judge(inbound(asked, time=early.isoformat()), over, View(), NOW)
    assert _said(inside) == [("overlapping-waits", "/time")]
    assert judge(inbound(asked, time=late.isoformat()), over, View(), NOW) == []


def test_a_standing_follows_what_was_recorded() -> None:
    """Status, acceptance, units, procedure and ids are kept for the next judgement."""
    first = follow(inbound("dossier.submitted", receivingunit="06112"), Standing())
    assert first == Standing(
        status=Status.SUBMITTED,
        receivingunit="06112",
        competentunit="06112",
        procedure="1.004873",
        names={"dossier.submitted-1": "dossier.submitted"},
    )
    second = follow(inbound(competentunit="06115"), first)
    assert second.status is Status.ACCEPTED
    assert second.was_accepted
    moved = inbound("dossier.moved", data={"from_unit": "06112", "to_unit": "06115"})
    third = follow(moved, second)
    assert third.competentunit == "06115"
    assert third.status is Status.ACCEPTED
    assert len(third.names) == 3

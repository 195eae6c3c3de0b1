"""Common causes: told once with the incident that they hang on, and once what remains of it."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from typing_extensions import override

from services.workflow.core.codec import SubjectCodec, shard_of
from services.workflow.core.gathering import incident_id
from services.workflow.core.incident import Incident
from services.workflow.core.open import Viewer
from services.workflow.usecases.desk import ReadDesk
from services.workflow.usecases.views import explanation, obligations_view, open_view
from shared.events.dossiers import DossierAssigned
from shared.events.obligations import ObligationRungReached
from tests.fakes.workflow import ALL_SHARDS, MemoryIncidents, Process
from tests.fakes.workflow_site import Refused
from tests.unit.workflow.gathered import LINK, Centre, code
from tests.unit.workflow.province import OTHER_UNIT, TEN_DAYS, UNIT, province

MORNING = "2026-01-05 09:00"
"""Three working days from here: the slip is due on the 7th, the dossier on the 8th, 17:00."""

CHAIRMAN, HEAD = f"p-{UNIT}-chairman", f"p-{UNIT}-division-head"


@dataclass
class OldView(MemoryIncidents):
    """What a replica read of the incidents before the last of them ended."""

    seen: Sequence[tuple[str, Incident]] = ()

    @override
    async def active(self) -> Sequence[tuple[str, Incident]]:
        """Return it."""
        return self.seen


@pytest.fixture
def centre() -> Centre:
    """Return a centre with three dossiers that need the system, on the eve of their slips."""
    made = Centre()
    made.accepted(1, 2, 3, when=MORNING)
    made.walks_to("2026-01-07 16:00")
    made.heard()
    return made


def test_what_falls_due_while_a_link_is_lost_hangs_on_one_incident(centre: Centre) -> None:
    """One message upward instead of three, which names them; each is still counted."""
    centre.lost("2026-01-07 16:00")
    centre.walks_to("2026-01-07 17:30")
    assert centre.heard() == [
        "0001 last_moment → chairman in the incident",
        "0002 last_moment → chairman in the incident",
        "0003 last_moment → chairman in the incident",
        f"~ opened system_outage 0001,0002,0003 (3) {CHAIRMAN}",
    ]


def test_the_statutory_limit_is_breached_all_the_same(centre: Centre) -> None:
    """No outage stops the law's clock, nor hides that it ran out."""
    centre.lost("2026-01-08 16:00")
    centre.walks_to("2026-01-09 01:00")
    breached = Counter(e.subject for e in centre.events() if e.name == "obligation.breached")
    assert breached == {code(1): 2, code(2): 2, code(3): 2}  # The slip, and the dossier.
    overdue = [
        e.data
        for e in centre.events()
        if isinstance(e.data, ObligationRungReached) and e.data.rung == "overdue"
    ]
    assert [(one.statutory, one.incident is not None) for one in overdue] == [(True, True)] * 3


def test_when_it_is_over_what_is_still_due_is_told_once(centre: Centre) -> None:
    """The highest rung of what is still owed; what was done meanwhile is silent."""
    centre.lost("2026-01-08 07:00")
    centre.walks_to("2026-01-08 17:30")
    centre.completed(1, "2026-01-08 17:40")
    centre.heard()
    centre.restored("2026-01-08 18:00")
    centre.looks()
    assert centre.heard() == [
        "0002 most skipped (overtaken)",
        "0002 overdue → chairman",
        "0003 most skipped (overtaken)",
        "0003 overdue → chairman",
        "~ closed system_outage 0001,0002,0003 (3)",
    ]
    centre.walks_to("2026-01-09 08:00")
    assert centre.heard() == []


def test_only_dossiers_that_need_the_system_hang_on_it() -> None:
    """Another procedure goes on, and so does another commune."""
    centre = Centre()
    centre.accepted(1, when="2026-01-05 09:00")
    centre.accepted(2, when="2026-01-05 09:00", unit=OTHER_UNIT)
    centre.accepted(3, when="2025-12-25 09:00", procedure=TEN_DAYS)  # Due on the 9th.
    centre.walks_to("2026-01-07 16:00")
    centre.heard()
    centre.lost("2026-01-07 16:00")
    centre.walks_to("2026-01-07 17:30")
    assert [line for line in centre.heard() if "last_moment" in line or "~" in line] == [
        "0001 last_moment → chairman in the incident",
        "0002 last_moment → chairman",
        f"~ opened system_outage 0001 (1) {CHAIRMAN}",
    ]


def test_when_the_centre_stands_still_every_dossier_of_it_hangs() -> None:
    """Whatever systems their procedures need."""
    centre = Centre()
    centre.accepted(1, when="2025-12-23 09:00", procedure=TEN_DAYS)  # Due on the 8th.
    centre.accepted(2, when="2026-01-05 09:00")
    centre.walks_to("2026-01-07 16:00")
    centre.heard()
    centre.interrupted("2026-01-07 16:10")
    centre.walks_to("2026-01-07 17:30")
    assert centre.heard() == [
        "0001 last_moment → chairman in the incident",
        "0002 last_moment → chairman in the incident",
        f"~ opened centre_interrupted 0001,0002 (2) {CHAIRMAN}",
    ]


def test_who_handles_a_dossier_goes_on_hearing_of_it() -> None:
    """They may take the papers in hand; the incident gathers what goes upward."""
    centre = Centre()
    centre.accepted(1, when=MORNING)
    centre.happens(code(1), _assigned(), "2026-01-05 09:10")
    centre.lost("2026-01-05 10:00")
    centre.walks_to("2026-01-07 07:45")
    assert "0001 half → handler" in centre.heard()


def test_what_was_due_before_the_link_was_lost_is_told_by_itself(centre: Centre) -> None:
    """The outage is not its cause, however late we look."""
    centre.lost("2026-01-07 17:10")
    centre.jumps_to("2026-01-07 17:20")
    centre.looks()
    assert centre.heard() == [f"000{n} last_moment → chairman" for n in (1, 2, 3)]


def test_a_short_loss_with_nothing_due_is_no_incident(centre: Centre) -> None:
    """Nobody hears of an incident on which nothing hangs."""
    centre.lost("2026-01-07 16:00")
    centre.walks_to("2026-01-07 16:30")
    centre.restored("2026-01-07 16:40")
    centre.walks_to("2026-01-07 16:55")
    assert centre.heard() == []


def test_a_loss_that_is_struck_gives_its_dossiers_back(centre: Centre) -> None:
    """It was no incident after all: what hung on it is told, once."""
    lost = centre.lost("2026-01-07 16:00")
    centre.walks_to("2026-01-07 17:30")
    centre.heard()
    centre.struck(LINK, lost, "2026-01-07 17:40")
    centre.looks()
    assert centre.heard() == [
        *(f"000{n} last_moment → chairman" for n in (1, 2, 3)),
        "~ struck system_outage 0001,0002,0003 (3)",
    ]


def test_a_return_that_is_struck_opens_it_again(centre: Centre) -> None:
    """What was told by itself meanwhile stays told; what falls due now hangs on it."""
    centre.lost("2026-01-07 16:00")
    centre.walks_to("2026-01-07 17:30")
    back = centre.restored("2026-01-07 17:35")
    centre.looks()
    centre.heard()
    centre.struck(LINK, back, "2026-01-07 17:50")
    centre.walks_to("2026-01-08 08:00")
    heard = centre.heard()
    assert heard == [
        *(f"000{n} most → division_head in the incident" for n in (1, 2, 3)),
        f"~ opened system_outage 0001,0002,0003 (3) {HEAD}",
    ]
    ids = [event.id for event in centre.events()]
    assert len(ids) == len(set(ids))


def test_more_that_hangs_on_it_is_told_at_a_bounded_pace(centre: Centre) -> None:
    """Who would have heard of what is new hears of it; nobody hears the same again."""
    centre.accepted(4, when="2026-01-07 16:00")  # Due on the 12th: its draft on the 8th.
    centre.lost("2026-01-08 07:00")
    centre.walks_to("2026-01-08 16:59")
    assert [line for line in centre.heard() if line[0] == "~"] == [
        f"~ opened system_outage 0001,0002,0003 (3) {HEAD}"
    ]
    centre.walks_to("2026-01-08 23:00")
    assert [line for line in centre.heard() if line[0] == "~"] == [
        f"~ updated system_outage 0001,0002,0003,0004 (4) {CHAIRMAN},p-{UNIT}-director"
    ]
    centre.walks_to("2026-01-09 16:45")
    assert [line for line in centre.heard() if line[0] == "~"] == [
        f"~ updated system_outage 0001,0002,0003,0004 (5) {HEAD}"
    ]


def test_nobody_ends_it_and_still_it_does_not_silence_for_ever(centre: Centre) -> None:
    """After the close of the next working day each dossier speaks for itself again."""
    centre.lost("2026-01-07 16:00")
    centre.walks_to("2026-01-08 16:59")
    centre.heard()
    centre.walks_to("2026-01-08 17:15")
    assert "0001 overdue → chairman" in centre.heard()
    centre.walks_to("2026-01-09 17:30")
    assert "0001 overdue_1 → province" in centre.heard()


def test_a_second_cause_takes_over_what_hung_on_the_first(centre: Centre) -> None:
    """The link is back, but the centre stands still."""
    centre.lost("2026-01-07 16:00")
    centre.interrupted("2026-01-07 16:30")
    centre.walks_to("2026-01-07 17:30")
    centre.heard()
    centre.restored("2026-01-07 17:40")
    centre.looks()
    assert centre.heard() == [
        *(f"000{n} last_moment → chairman in the incident" for n in (1, 2, 3)),
        "~ closed system_outage 0001,0002,0003 (3)",
        f"~ opened centre_interrupted 0001,0002,0003 (3) {CHAIRMAN}",
    ]
    centre.resumed("2026-01-07 17:50")
    centre.looks()
    assert centre.heard() == [
        *(f"000{n} last_moment → chairman" for n in (1, 2, 3)),
        "~ closed centre_interrupted 0001,0002,0003 (3)",
    ]


def test_who_promised_a_day_meanwhile_is_not_told_again(centre: Centre) -> None:
    """They have seen it on their desk; the promise silences that rung and no other."""
    centre.lost("2026-01-08 07:00")
    centre.walks_to("2026-01-08 17:30")
    centre.heard()
    centre.acknowledged(1, "overdue", "2026-01-12", "2026-01-08 17:40")
    centre.restored("2026-01-08 18:00")
    centre.looks()
    assert [line for line in centre.heard() if line.startswith("0001")] == [
        "0001 most skipped (overtaken)",
        "0001 overdue skipped (acknowledged)",
    ]


def test_what_hangs_stands_on_the_desk_all_the_same(centre: Centre) -> None:
    """One message told of them; the Chairman finds each, at the rung that it has reached."""
    centre.lost("2026-01-08 07:00")
    centre.walks_to("2026-01-08 17:30")
    chairman = Viewer("chairman", None, {UNIT})
    durable = centre.durable
    desk = ReadDesk(centre.process.index, lambda: durable.reference, durable.clock, Refused())
    found = asyncio.run(desk.inbox(chairman, mine=True, page=1))
    rungs = {
        row.subject.id: row.rung.rung
        for row in found.rows
        if row.rung is not None and row.obligation.kind == "dossier_deadline"
    }
    assert rungs == {code(number): "overdue" for number in (1, 2, 3)}


def test_an_event_from_before_withdraws_what_hangs(centre: Centre) -> None:
    """It ended before its moment: it hangs on nothing, and is told of no more."""
    centre.lost("2026-01-08 16:00")
    centre.walks_to("2026-01-08 17:30")
    centre.heard()
    centre.completed(1, "2026-01-08 16:30")
    assert "0001 overdue withdrawn" in centre.heard()
    centre.restored("2026-01-08 18:00")
    centre.looks()
    assert not [line for line in centre.heard() if line.startswith("0001")]


def test_an_old_view_is_healed_by_the_dossiers_own_timer(centre: Centre) -> None:
    """Another replica grouped them after we had looked for the last time."""
    centre.lost("2026-01-07 16:00")
    view = OldView(centre.durable.subjects)
    view.seen = asyncio.run(MemoryIncidents(centre.durable.subjects).active())
    centre.restored("2026-01-07 16:50")
    centre.looks()
    centre.jumps_to("2026-01-07 17:05")
    stale = Process(centre.durable)
    stale.sweep.incidents.index = view
    asyncio.run(stale.sweep())
    assert all("in the incident" in line for line in centre.heard() if line[0] != "~")
    centre.walks_to("2026-01-07 17:45")
    assert [line for line in centre.heard() if line[0] != "~"] == [
        f"000{n} last_moment → chairman" for n in (1, 2, 3)
    ]


def test_a_restart_in_the_middle_changes_nothing(centre: Centre) -> None:
    """Everything that is needed stands in the subjects."""
    centre.lost("2026-01-07 16:00")
    centre.walks_to("2026-01-07 17:30")
    centre.heard()
    centre.process = Process(centre.durable)
    centre.walks_to("2026-01-07 18:00")
    assert centre.heard() == []
    centre.restored("2026-01-07 18:10")
    centre.process = Process(centre.durable)
    centre.looks()
    assert centre.heard() == [
        *(f"000{n} last_moment → chairman" for n in (1, 2, 3)),
        "~ closed system_outage 0001,0002,0003 (3)",
    ]


def test_what_hangs_is_seen_in_the_ledger_and_the_lists(centre: Centre) -> None:
    """The rung says that it hangs, and on what; the matter says what hangs on it."""
    lost = centre.lost("2026-01-07 16:00")
    centre.walks_to("2026-01-07 17:30")
    incident = incident_id(LINK, lost)
    found = asyncio.run(centre.durable.subjects.load([code(1), LINK]))
    dossier, link = found[code(1)].state, found[LINK].state
    assert dossier is not None
    assert link is not None
    [row] = [row for row in _ladder(explanation(dossier, "vi")) if row["rung"] == "last_moment"]
    assert (row["status"], row["incident"]) == ("gộp vào thông báo sự cố chung", incident)
    rows = open_view([dossier], province(), centre.now, role=None, person=CHAIRMAN)
    assert [row["incident"] for row in rows] == [incident]
    [shown] = obligations_view(link)["incidents"]
    assert (shown["subjects"], shown["over"]) == ([code(1), code(2), code(3)], False)
    codec = SubjectCodec()
    for each in (dossier, link):
        document = codec.to_document(each)
        assert codec.to_document(codec.from_document(document)) == document


def _ladder(explained: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for one in explained["obligations"] for row in one["ladder"]]


def _assigned() -> DossierAssigned:
    return DossierAssigned(handler="p-handler")


def test_a_loss_that_is_still_to_be_read_is_waited_for(centre: Centre) -> None:
    """No dossier is told of by itself because the link's shard was read a bit later."""
    centre.jumps_to("2026-01-07 17:30")
    others = ALL_SHARDS - {shard_of(LINK)}
    assert {shard_of(code(number)) for number in (1, 2, 3)} & others
    centre.durable.held.read = others
    centre.looks()
    assert centre.heard() == []
    centre.lost("2026-01-07 16:00")
    centre.durable.held.read = ALL_SHARDS
    centre.looks()
    assert centre.heard() == [
        "0001 last_moment → chairman in the incident",
        "0002 last_moment → chairman in the incident",
        "0003 last_moment → chairman in the incident",
        f"~ opened system_outage 0001,0002,0003 (3) {CHAIRMAN}",
    ]

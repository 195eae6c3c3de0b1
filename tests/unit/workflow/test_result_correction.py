"""The correction of a wrong result: 3 working days, where the officials are at fault."""

from tests.unit.workflow.scenario import Scenario, moment

DISPUTED = "2026-03-05 10:00"


def disputed(fault: str = "officials") -> Scenario:
    """Return a scenario of a dossier whose result is recorded as wrong."""
    scenario = Scenario(now=moment("2026-03-02 09:00"))
    scenario.accepted("2026-03-02 09:00")
    scenario.assigned("2026-03-02 09:00")
    scenario.happens("dossier.completed", "2026-03-04 09:00", result="KQ.1")
    scenario.happens("dossier.returned", "2026-03-04 15:00", how="direct")
    scenario.happens("dossier.result_disputed", DISPUTED, reason="wrong_name", fault=fault)
    return scenario


def corrections(scenario: Scenario) -> list[str]:
    """Return what was emitted of corrections, and forget the rest."""
    return [line for line in scenario.heard() if "result_correction" in line]


def test_nobody_corrects_it() -> None:
    """The handler is alerted on the last day, then the chairman, then the province."""
    scenario = disputed()
    scenario.walks_to("2026-03-12 08:00")
    assert corrections(scenario) == [
        "opened result_correction/1 due Tue 10 Mar 17:00",
        "Tue 10 Mar 07:30 result_correction/1 most → handler",
        "Tue 10 Mar 17:00 result_correction/1 overdue → chairman",
        "breached result_correction/1 at Wed 11 Mar 00:00",
        "Wed 11 Mar 17:00 result_correction/1 overdue_1 → province",
    ]


def test_the_corrected_result_discharges_it_and_the_deadline_is_left_alone() -> None:
    """The dossier ended with its result; its verdict does not change."""
    scenario = disputed()
    before = scenario.obligation("dossier_deadline")
    ended = (before.discharged_at, before.in_time)
    scenario.happens("dossier.result_corrected", "2026-03-09 09:00", result="KQ.2")
    assert corrections(scenario)[-1] == "discharged result_correction corrected in time"
    after = scenario.obligation("dossier_deadline")
    assert (after.discharged_at, after.in_time) == ended


def test_what_is_not_the_officials_fault_has_no_date() -> None:
    """The decree gives no date for it."""
    assert corrections(disputed("applicant")) == []


def test_a_dispute_that_was_recorded_by_mistake_is_void() -> None:
    """Striking it takes the alert back."""
    scenario = disputed()
    scenario.walks_to("2026-03-10 08:00")
    corrections(scenario)
    event = f"{scenario.subject}-5"
    scenario.happens(
        "dossier.corrected", "2026-03-10 09:00", replaces=event, reason="wrong", by="p-a"
    )
    assert corrections(scenario) == [
        "withdrawn result_correction/1 most (struck)",
        "discharged result_correction struck void",
    ]

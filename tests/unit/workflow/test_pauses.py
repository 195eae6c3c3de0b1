"""Waits for the applicant that an inspector would ask about."""

import pytest

from services.workflow.usecases.views import explanation, obligations_view
from tests.unit.workflow.scenario import Scenario


def asked(scenario: Scenario, when: str, *, in_person: bool = False, number: int = 1) -> str:
    """Ask the applicant for a supplement."""
    return scenario.happens(
        "dossier.supplement_requested",
        when,
        items=["giay-khai-sinh"],
        number=number,
        in_person=in_person,
    )


def told(scenario: Scenario, event: str, when: str, name: str = "notice.proven") -> None:
    """Let it be known what became of the notice to the applicant."""
    scenario.happens(
        name,
        when,
        notice="n-1",
        about=event,
        about_name="dossier.supplement_requested",
        at=f"{when.replace(' ', 'T')}:00+07:00",
    )


def brought(scenario: Scenario, when: str) -> None:
    """Let the applicant bring it."""
    scenario.happens("dossier.supplement_received", when, items=["giay-khai-sinh"])


def flags(scenario: Scenario) -> list[str]:
    """Return what stands beside the deadline."""
    assert scenario.state is not None
    return list(obligations_view(scenario.state)["obligations"][0]["flags"])


def opened(when: str = "2026-01-05 09:10") -> Scenario:
    """Accept a dossier of three working days, due on Thursday 8 January."""
    scenario = Scenario()
    scenario.accepted(when)
    return scenario


def test_without_proof_the_clock_runs_on_and_says_so() -> None:
    """The date stands until the proof comes; then it is suspended and the flag is gone."""
    scenario = opened()
    event = asked(scenario, "2026-01-06 10:30")
    assert flags(scenario) == ["wait_unproven"]
    assert scenario.state is not None
    deadline = scenario.state.obligations["dossier_deadline"]
    assert deadline.due is not None
    told(scenario, event, "2026-01-06 10:31")
    assert flags(scenario) == []
    deadline = scenario.state.obligations["dossier_deadline"]
    assert deadline.due is None
    assert deadline.suspended_since is not None
    assert deadline.suspended_since.minute == 31


def test_in_person_is_proof() -> None:
    """Suspended at once, no flag."""
    scenario = opened()
    asked(scenario, "2026-01-06 10:30", in_person=True)
    assert flags(scenario) == []
    assert scenario.state is not None
    assert scenario.state.obligations["dossier_deadline"].due is None


def test_a_notice_that_reached_nobody() -> None:
    """Flagged beside the wait that it leaves unproven; one to a supervisor is no such thing."""
    scenario = opened()
    event = asked(scenario, "2026-01-06 10:30")
    told(scenario, event, "2026-01-06 11:00", "notice.undeliverable")
    assert flags(scenario) == ["wait_unproven", "notice_undeliverable"]
    told(scenario, event, "2026-01-07 09:00")
    assert flags(scenario) == []


def test_proof_after_the_receipt_proves_nothing() -> None:
    """The wait that it should have opened is over."""
    scenario = opened()
    event = asked(scenario, "2026-01-06 10:30")
    brought(scenario, "2026-01-07 08:00")
    told(scenario, event, "2026-01-07 09:00")
    assert flags(scenario) == ["wait_unproven"]


def test_asked_on_the_last_day_and_asked_again() -> None:
    """Both are recorded and flagged, never refused: they happened."""
    scenario = opened()
    asked(scenario, "2026-01-08 15:00", in_person=True)
    assert flags(scenario) == ["request_on_or_after_last_day"]
    brought(scenario, "2026-01-09 09:00")
    asked(scenario, "2026-01-10 09:00", in_person=True, number=2)
    assert flags(scenario) == ["second_request", "request_on_or_after_last_day"]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("vi", "chưa có chứng từ thông báo bổ sung đã đến: theo luật thời hạn vẫn chạy"),
        ("en", "no proof that the notice arrived: by law the clock runs on"),
    ],
)
def test_explained_in_words_and_counted_in_the_ledger(language: str, text: str) -> None:
    """An inspector reads the flag, and the row of the ledger that it stands on."""
    scenario = opened()
    asked(scenario, "2026-01-06 10:30")
    brought(scenario, "2026-01-07 08:00")
    assert scenario.state is not None
    found = explanation(scenario.state, "vi" if language == "vi" else "en")["obligations"][0]
    assert {"flag": "wait_unproven", "text": text} in found["flags"]
    days = [row["day"] for row in found["ledger"]]
    assert "2026-01-06" in days


def test_a_request_after_the_limit_cures_nothing() -> None:
    """The breach stays, escalations go on until the receipt, and the end is late by law."""
    scenario = opened()
    scenario.walks_to("2026-01-09 08:00")
    asked(scenario, "2026-01-09 08:30", in_person=True)
    assert flags(scenario) == ["request_on_or_after_last_day", "request_after_limit"]
    assert scenario.obligation().suspended_since is None
    scenario.walks_to("2026-01-12 18:00")
    assert any("overdue_1" in line for line in scenario.heard())
    brought(scenario, "2026-01-13 09:00")
    scenario.happens("dossier.completed", "2026-01-14 10:00", result="KQ.1")
    deadline = scenario.obligation()
    assert (deadline.in_time, deadline.by_limit, deadline.by_index) == (True, False, False)
    assert deadline.limit_missed is not None
    breaches = [one for one in scenario.everything if one.name == "obligation.breached"]
    assert [one.data["cycle"] for one in breaches if "deadline" in one.data["obligation"]] == [
        1
    ]


def test_a_proof_that_comes_late_takes_the_missed_limit_back() -> None:
    """It shows that the notice arrived before the limit, so the clock was suspended."""
    scenario = opened()
    event = asked(scenario, "2026-01-07 10:30")
    brought(scenario, "2026-01-13 09:00")
    assert scenario.obligation().limit_missed is not None
    scenario.happens(
        "notice.proven",
        "2026-01-07 11:00",
        recorded="2026-01-14 08:00",
        notice="n-1",
        about=event,
        about_name="dossier.supplement_requested",
        at="2026-01-07T11:00:00+07:00",
    )
    assert scenario.obligation().limit_missed is None
    moved = [one for one in scenario.everything if one.name == "obligation.due_changed"]
    assert "limit_missed" not in moved[-1].data

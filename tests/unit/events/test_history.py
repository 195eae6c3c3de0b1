"""Corrections: what holds after them."""

from datetime import timedelta
from typing import Any

from shared.events.envelope import Event
from shared.events.history import apply_corrections, effective
from tests.unit.events.made import EIGHT, event

DIRECTOR = "p-06112-director"


def _correction(sequence: int, replaces: str, right: dict[str, Any] | None) -> Event:
    data: dict[str, Any] = {
        "replaces": replaces,
        "reason": "wrong_time",
        "by": "p-06112-director",
    }
    if right is not None:
        data["right"] = right
    return event("dossier.corrected", sequence, hours=100 + sequence, data=data)


def _accepted() -> Event:
    data = {"procedure": "1.004873", "channel": "direct", "lookup_hash": "a" * 64}
    return event("dossier.accepted", 1, data=data)


def test_a_replaced_event_has_the_right_time_and_data_and_keeps_its_number() -> None:
    """The event stays at its sequence; what the look-up needs is kept."""
    right = {
        "time": "2026-11-23T07:35:00+07:00",
        "data": {"procedure": "1.000656", "channel": "post"},
    }
    (held,) = effective([_accepted(), _correction(2, "dossier.accepted-1", right)])
    assert held.sequence == 1
    assert held.time == EIGHT - timedelta(minutes=30)
    assert held.data.model_dump(exclude_none=True) == {
        "lookup_hash": "a" * 64,
        "procedure": "1.000656",
        "channel": "post",
        "components_complete": True,
    }


def test_a_struck_event_is_gone() -> None:
    """No right data means that it never happened."""
    history = [
        _accepted(),
        event("dossier.completed", 2, hours=2),
        _correction(3, "dossier.completed-2", None),
    ]
    assert [item.name for item in effective(history)] == ["dossier.accepted"]


def test_events_come_in_the_order_of_what_happened() -> None:
    """By occurrence, then by sequence; the order of recording does not matter."""
    early = event("dossier.assigned", 3, hours=1)
    late = event("dossier.step_finished", 2, hours=2)
    again = event("dossier.step_started", 4, hours=2)
    held = effective([late, again, early, _accepted()])
    assert [item.sequence for item in held] == [1, 3, 2, 4]


def test_the_last_correction_of_an_event_holds() -> None:
    """Striking what was replaced before strikes it."""
    right = {"time": "2026-11-23T07:35:00+07:00", "data": {"result": "X"}}
    history = [
        _accepted(),
        event("dossier.completed", 2, hours=2),
        _correction(3, "dossier.completed-2", right),
        _correction(4, "dossier.completed-2", None),
    ]
    assert [item.sequence for item in effective(history)] == [1]


def test_a_correction_that_is_struck_has_no_effect() -> None:
    """Taking a correction back restores what was there."""
    history = [
        _accepted(),
        event("dossier.completed", 2, hours=2),
        _correction(3, "dossier.completed-2", None),
        _correction(4, "dossier.corrected-3", None),
    ]
    assert [item.sequence for item in effective(history)] == [1, 2]


def test_a_correction_that_is_corrected_holds_as_corrected() -> None:
    """The first correction named the wrong event; the second one says which was meant."""
    meant = {"replaces": "dossier.assigned-2", "reason": "wrong_time", "by": "p-06112-director"}
    history = [
        _accepted(),
        event("dossier.assigned", 2, hours=1),
        event("dossier.completed", 3, hours=2),
        _correction(4, "dossier.completed-3", None),
        _correction(5, "dossier.corrected-4", {"time": EIGHT.isoformat(), "data": meant}),
    ]
    assert [item.sequence for item in effective(history)] == [1, 3]


def test_a_correction_of_an_unknown_event_is_reported() -> None:
    """It changes nothing, and is not passed over in silence."""
    lost = _correction(2, "no-such-event", None)
    result = apply_corrections([_accepted(), lost])
    assert [item.sequence for item in result.events] == [1]
    assert result.unknown == (lost,)


def test_a_correction_with_data_of_another_type_is_reported() -> None:
    """The event stays as it was recorded."""
    wrong = _correction(
        2, "dossier.accepted-1", {"time": EIGHT.isoformat(), "data": {"result": "X"}}
    )
    result = apply_corrections([_accepted(), wrong])
    assert [item.time for item in result.events] == [EIGHT]
    assert result.unknown == (wrong,)


def test_the_source_tells_two_events_of_one_id_apart() -> None:
    """Two publishers may have used the same id."""
    mine = _accepted()
    theirs = event(
        "dossier.completed",
        2,
        hours=2,
        id="dossier.accepted-1",
        source="urn:motcua:publisher:portal",
    )
    data = {
        "replaces": "dossier.accepted-1",
        "replaces_source": "urn:motcua:publisher:portal",
        "reason": "duplicate",
        "by": "p-06112-director",
    }
    struck = event("dossier.corrected", 3, hours=100, data=data)
    assert [item.sequence for item in effective([mine, theirs, struck])] == [1]


def test_history_without_corrections_is_only_ordered() -> None:
    """Nothing is lost and nothing made."""
    history = [_accepted(), event("dossier.completed", 2, hours=2)]
    assert list(effective(history)) == history
    assert effective([]) == ()

"""The envelope: what is written is read again, and what is unknown is ignored."""

import json
from datetime import UTC

import pytest

from shared.events import envelope
from shared.events.dossiers import DossierAccepted
from shared.events.topics import CENTRES, DOSSIERS, OBLIGATIONS, REFERENCE
from tests.unit.events.made import EIGHT, event


def test_an_event_is_written_in_structured_mode_with_the_authoritys_offset() -> None:
    """The value is a whole CloudEvent; instants carry +07:00 whatever zone they came in."""
    made = event("dossier.accepted", 1, time=EIGHT.astimezone(UTC), receivingunit="06112")
    document = json.loads(envelope.encode(made))
    assert document["specversion"] == "1.0"
    assert document["type"] == "vn.motcua.dossier.accepted.v1"
    assert document["time"] == "2026-11-23T08:05:00+07:00"
    assert document["sequence"] == 1
    assert document["receivingunit"] == "06112"
    assert "competentunit" not in document
    assert "backfill" not in document
    assert "given" not in document["data"]


def test_reading_what_was_written_gives_the_same_event_and_the_same_bytes() -> None:
    """Decoding and encoding again changes no byte."""
    made = event("dossier.accepted", 3, backfill=True, inconsistency="after-end")
    value = envelope.encode(made)
    read = envelope.decode(value)
    assert read == made
    assert envelope.encode(read) == value
    assert envelope.from_document(envelope.to_document(made)) == made


def test_a_reader_ignores_what_it_does_not_know() -> None:
    """Fields that a later version adds change nothing, in the envelope or the data."""
    made = event("dossier.accepted", 1)
    document = json.loads(envelope.encode(made))
    document["moon"] = "full"
    document["data"]["colour"] = "red"
    assert envelope.decode(json.dumps(document).encode()) == made


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"type": "com.example.thing"}, "its type is none of ours"),
        ({"type": None}, "its type is none of ours"),
        ({"type": "vn.motcua.dossier.eaten.v1"}, "unknown type dossier.eaten, major 1"),
        ({"type": "vn.motcua.dossier.accepted.v2"}, "unknown type dossier.accepted, major 2"),
        ({"time": "2026-11-23T08:05:00"}, "/time: timezone_aware"),
        ({"time": "9999-12-31T23:59:59Z"}, "/time: less_than_equal"),
        ({"data": None}, "/: model_type"),
        ({"data": {"procedure": "Nguyễn Văn Mẫu"}}, "/procedure: string_pattern_mismatch"),
        ({"id": None}, "/id: string_type"),
    ],
)
def test_what_cannot_be_read_says_why_without_the_value(
    change: dict[str, object], reason: str
) -> None:
    """A record that is to be parked names its rule and place, never its data."""
    document = json.loads(envelope.encode(event("dossier.accepted", 1))) | change
    with pytest.raises(envelope.Undecodable) as refused:
        envelope.decode(json.dumps(document).encode())
    assert refused.value.reason == reason


@pytest.mark.parametrize("value", [b"", b"{", b"[]", b"\xff", b"null", b"5"])
def test_bytes_that_hold_no_event_are_undecodable(value: bytes) -> None:
    """Anything but a JSON object is refused, not raised as something else."""
    with pytest.raises(envelope.Undecodable):
        envelope.decode(value)


def test_an_answer_goes_where_its_subject_is() -> None:
    """A subject with a slash is a matter; reference and obligations have their own topics."""
    matter = "06112/duty/2026-11-23/am"
    assert event("notice.proven", 1).topic is DOSSIERS
    assert event("notice.proven", 1, subject=matter).topic is CENTRES
    assert event("duty.checked_in", 1).topic is CENTRES
    assert event("obligation.opened", 1, subject=matter).topic is OBLIGATIONS
    assert event("unit.changed", 1).topic is REFERENCE


def test_events_and_their_data_never_change() -> None:
    """An event is a value."""
    made = event("dossier.accepted", 1)
    with pytest.raises(ValueError, match="frozen"):
        made.id = "other"  # type: ignore[misc]  # It is the point.
    assert isinstance(made.data, DossierAccepted)
    with pytest.raises(ValueError, match="frozen"):
        made.data.procedure = "1.000656"  # type: ignore[misc]  # The same.

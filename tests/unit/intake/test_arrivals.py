"""Where an event came from, as a rejection names it."""

from hashlib import sha256

from services.intake.core.arrivals import Origin, RecordPlace
from shared.subjects.records import Record


def test_the_place_of_a_record_bears_the_hash_of_its_value() -> None:
    """By it a publisher finds the record that was rejected."""
    origin = Origin(Record("motcua.inbound.demo.v1", 3, 90, b"code", b"{}"))
    hashed = sha256(b"{}").hexdigest()
    assert origin.place == RecordPlace("motcua.inbound.demo.v1", 3, 90, hashed)

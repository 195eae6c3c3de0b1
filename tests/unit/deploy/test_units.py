"""`motcua units moves` says what a folder would move, and what would be refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.cli.units import line_of, moves_of, units_of
from shared.web.keys import KeyRecord
from tests.unit.reference.events import UNIT, former, unit_changed

NEW, OTHER = "06999", "06154"


def there(code: str, name: str = "Xã thử", identifier: str = "H37.117", *codes: str) -> Any:  # noqa: ANN401 -- As JSON.
    """Return a unit as intake lists it."""
    return {
        "code": code,
        "name": name,
        "electronic_id": identifier,
        "former": [{"code": one, "until": "2026-12-01"} for one in codes],
    }


def key(*units: str) -> KeyRecord:
    """Return a key of some units."""
    now = datetime(2026, 12, 1, tzinfo=UTC)
    return KeyRecord(
        id="0" * 10,
        hash="0" * 64,
        role="clerk",
        units=units,
        created=now,
        expires=now + timedelta(days=1),
    )


def test_a_unit_that_would_move_is_named_with_its_keys() -> None:
    """What is pending comes from the figures; nothing else is asked."""
    rows = [unit_changed(NEW, former(UNIT)), unit_changed(OTHER, name="Xã khác")]
    units = [there(UNIT), there(OTHER, "Xã khác", "H37.118")]
    (move,) = moves_of(rows, units, [key(UNIT), key(UNIT, OTHER), key(OTHER)])
    assert (move.old, move.new, move.keys, move.refused) == (UNIT, NEW, 2, ())
    assert line_of(move, 7) == (
        f"{UNIT} → {NEW} Xã thử: 7 pending dossiers, 2 API keys name {UNIT}"
    )


def test_what_has_moved_or_is_new_moves_no_more() -> None:
    """Loading the same folder again changes nothing; a fresh installation has no old code."""
    rows = [unit_changed(NEW, former(UNIT))]
    assert list(moves_of(rows, [there(NEW, "Xã thử", "H37.117", UNIT)], [])) == []
    assert list(moves_of(rows, [], [])) == []
    assert units_of([there(NEW, "Xã thử", "H37.117", UNIT)]).current(UNIT) == NEW


def test_a_row_that_would_be_refused_says_why() -> None:
    """A code that another unit bears is not taken over by mistake."""
    rows = [unit_changed(NEW, former(OTHER))]
    (move,) = moves_of(rows, [there(OTHER, "Xã khác", "H37.118")], [])
    assert move.refused
    assert "refused: The code is the current code" in line_of(move, 0)

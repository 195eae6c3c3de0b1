"""Patterns of codes, what a code says, and what a right to number includes."""

from dataclasses import dataclass
from datetime import date

import pytest

from shared.events.numbering import (
    CodeParts,
    CodePattern,
    CodePatternError,
    NumberingRights,
    Prefix,
    code_bearer,
    covers,
    is_grant,
)

DAY = date(2026, 11, 30)


@dataclass(frozen=True)
class Unit:
    """A unit, as far as numbering knows one."""

    code: str
    electronic_id: str


UNITS = {
    "06112": Unit("06112", "H37.117"),
    "06001": Unit("06001", "H37.101"),
    "20": Unit("20", "H37"),
}


@pytest.mark.parametrize(
    "pattern",
    [
        "{electronic_id}-{yyMMdd}-{seq:04d}",
        "{unit}{yyyyMMdd}-{seq:07d}",
        "{electronic_id}-{ddMMyy}-{seq:04d}",
        "{electronic_id}.{ddMMyyyy}.{seq:05d}",
        "{electronic_id}-{ddMMyyyy}-{yyMMdd}-{seq:04d}",
        "{seq:03d}.{electronic_id}.{yyMMdd}",
        "MC-{electronic_id}{unit}.{yyMMdd}_{unit}_{seq:01d}",
    ],
)
@pytest.mark.parametrize("unit", UNITS.values())
@pytest.mark.parametrize("number", [1, 9_999, 10_000, 1_234_567])
def test_a_code_is_read_as_it_was_made(pattern: str, unit: Unit, number: int) -> None:
    """Reading is the exact inverse of making."""
    made = CodePattern(pattern)
    code = made.code(unit=unit.code, electronic_id=unit.electronic_id, day=DAY, number=number)
    assert made.read(code) == CodeParts(made.prefix(unit), DAY, number)
    assert made.prefix(unit).names(unit)


@pytest.mark.parametrize(
    "code",
    [
        "H37.117-261130-001",  # Too few digits.
        "H37.117-261130-00001",  # A zero too many: no number is written like this.
        "H37.117-261130-0000",  # There is no dossier 0.
        "H37.117-20261130-0001",  # Eight digits of a day.
        "H37.117-261131-0001",  # No such day.
        "h37.117-261130-0001",
        "G09.20-20261130-0000001",  # The ministry's system.
        "000.00.06.H56-231027-0361",
        "H37.117-261130-0001\n",
        "case-2",
        "",
    ],
)
def test_a_code_that_the_pattern_cannot_give_is_another_systems(code: str) -> None:
    """It cannot meet one of ours, so nobody needs a right for it."""
    assert CodePattern().read(code) is None


@pytest.mark.parametrize(
    ("date_field", "written"),
    [
        ("yyMMdd", "261130"),
        ("yyyyMMdd", "20261130"),
        ("ddMMyy", "301126"),
        ("ddMMyyyy", "30112026"),
    ],
)
def test_the_day_of_receipt_is_written_as_the_pattern_says(
    date_field: str, written: str
) -> None:
    """Year first by default; day first where an installation is set so."""
    pattern = CodePattern(f"{{electronic_id}}-{{{date_field}}}-{{seq:04d}}")
    code = pattern.code(unit="06112", electronic_id="H37.117", day=DAY, number=7)
    assert code == f"H37.117-{written}-0007"
    assert pattern.read(f"H37.117-{'99' * (len(written) // 2)}-0007") is None


def test_two_dates_in_one_code_must_agree() -> None:
    """Else the code is not one that the pattern gives."""
    pattern = CodePattern("{electronic_id}-{ddMMyyyy}-{yyMMdd}-{seq:04d}")
    assert pattern.read("H37.117-30112026-261130-0001") is not None
    assert pattern.read("H37.117-30112026-261129-0001") is None


@pytest.mark.parametrize(
    ("competent", "linked", "online", "bearer"),
    [
        (None, False, False, "06112"),
        (None, False, True, "06112"),
        ("06001", False, False, "06001"),
        ("06001", False, True, "06001"),
        (None, True, False, "06112"),
        ("06001", True, False, "06112"),
        (None, True, True, None),
        ("06001", True, True, None),
    ],
)
def test_whose_prefix_a_code_carries(
    competent: str | None,
    linked: bool,  # noqa: FBT001 -- A table's column.
    online: bool,  # noqa: FBT001 -- A table's column.
    bearer: str | None,
) -> None:
    """The competent unit's; of a linked group the receiving unit's, and online the portal's."""
    found = code_bearer(receiving="06112", competent=competent, linked=linked, online=online)
    assert found == bearer


def test_two_units_of_one_electronic_id_share_a_prefix() -> None:
    """What the code shows decides, not the unit behind it."""
    pattern = CodePattern()
    twin = Unit("06999", "H37.117")
    assert pattern.prefix(twin) == pattern.prefix(UNITS["06112"])
    both = CodePattern("{electronic_id}.{unit}-{yyMMdd}-{seq:04d}")
    assert both.prefix(twin).text != both.prefix(UNITS["06112"]).text


@pytest.mark.parametrize(
    "pattern",
    ["{unit}{yyMMdd}{seq:04d}", "{seq:04d}{unit}-{yyMMdd}", "{unit}-{yyMMdd}0{seq:04d}"],
)
def test_a_number_that_runs_into_other_digits_is_refused(pattern: str) -> None:
    """Else the 1,234th of one unit could be the 4th of another."""
    with pytest.raises(CodePatternError, match="must separate"):
        CodePattern(pattern)


@pytest.mark.parametrize(
    ("grant", "prefix", "included"),
    [
        ("06112", Prefix("H37.117"), True),
        ("06112", Prefix("H37.101"), False),
        ("06112", Prefix(unit="06112"), True),
        ("H37.117", Prefix("H37.117"), True),
        ("H37.117", Prefix(unit="06112"), True),
        ("H37.117", Prefix(unit="06001"), False),
        ("H37.117", Prefix(unit="99999"), False),
        ("H37", Prefix("H37.117"), False),
        ("H37.*", Prefix("H37.117"), True),
        ("H37.*", Prefix("H37"), False),
        ("H37.*", Prefix("H371.17"), False),
        ("H37.11", Prefix("H37.117"), False),
        ("99999", Prefix("H37.117"), False),
    ],
)
def test_what_a_grant_includes(grant: str, prefix: Prefix, included: bool) -> None:  # noqa: FBT001 -- A table's column.
    """A unit by either of its codes, one prefix, or all below one."""
    assert covers(grant, prefix, UNITS) is included
    rights = NumberingRights(granted={"portal": frozenset({grant})})
    assert rights.may_number("portal", prefix, UNITS) is included
    assert not rights.may_number("kiosk", prefix, UNITS)


def test_a_grant_of_a_unit_follows_its_electronic_id() -> None:
    """The id changes; the publisher still numbers for that unit, and not under the old id."""
    moved = {"06112": Unit("06112", "H37.217")}
    assert covers("06112", Prefix("H37.217"), moved)
    assert not covers("06112", Prefix("H37.117"), moved)


@pytest.mark.parametrize("text", ["06112", "20", "H37", "H37.117", "H37.*", "G15.01.02"])
def test_what_may_be_registered(text: str) -> None:
    """Units and electronic ids, or all below one."""
    assert is_grant(text)


@pytest.mark.parametrize("text", ["", "*", "0611", "H37.", "H37*", "Z37", "H37.1.*", "06112\n"])
def test_what_may_not_be_registered(text: str) -> None:
    """Nothing that gives more than it seems to."""
    assert not is_grant(text)

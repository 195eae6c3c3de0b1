"""What a unit column of an export means: of today, of before July 2025, or nothing certain."""

import csv
import re

import pytest

from deploy.imports.places import UnclearPlaceError, bundled_places
from deploy.reference.load import BUNDLED

PLACES = bundled_places()


def rows() -> list[dict[str, str]]:
    """Return the table of the communes of before July 2025."""
    with (BUNDLED / "former_communes.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_old_commune_leads_to_units_of_today_and_every_unit_had_one() -> None:
    """The province had 194 communes; two of them were divided."""
    table = rows()
    assert len({row["code"] for row in table}) == len(table) == 194
    communes = PLACES.today.keys() - {"20"}
    assert {code for row in table for code in row["today"].split()} == communes
    divided = {row["code"]: row["today"] for row in table if " " in row["today"]}
    assert divided == {"06622": "06613 06625", "06625": "06625 06637"}
    assert all(row["source"] and re.fullmatch("[0-9]{5}", row["code"]) for row in table)
    assert len({row["district"] for row in table}) == 11
    # Each unit bears the code of one of its parts.
    own = {row["code"]: row["today"].split() for row in table}
    assert all(code in own[code] for code in communes if code in own)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("06112", "06112"),
        ("06004", "06004"),
        ("06016", "06016"),  # A former code: intake knows it, and the letters stay the same.
        ("05971", "06187"),
        ("Phường Kỳ Lừa", "06187"),
        ("kỳ  lừa", "06187"),
        ("Xã Tri Phương", "06004"),
        ("Thanh Loà", "06211"),
        ("Xã Hòa Bình, Huyện Văn Quan", "06253"),
        ("Xã Chi Lăng, Huyện Tràng Định", "06040"),
        ("06999", "06999"),  # Not known: for intake to say.
        ("Sở Tư pháp", "Sở Tư pháp"),
    ],
)
def test_a_place_that_is_certain_becomes_its_unit_of_today(text: str, unit: str) -> None:
    """By code, by name, with or without its type and its district."""
    assert PLACES.unit(text) == unit


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("06622", ["Xã Đình Lập (06613)", "Xã Kiên Mộc (06625)"]),
        ("Xã Bính Xá", ["Xã Đình Lập (06613)", "Xã Kiên Mộc (06625)"]),
        ("06214", ["Xã Na Sầm (06124)", "Xã Đồng Đăng (06184)"]),
        ("Xã Hòa Bình", ["(06103)", "(06253)", "(06391)", "(06505)"]),
        ("Cao Lộc", ["(06187)", "(06211)"]),  # Thị trấn Cao Lộc is part of Kỳ Lừa today.
    ],
)
def test_a_place_that_is_not_certain_is_refused_with_the_units_it_can_be(
    text: str, names: list[str]
) -> None:
    """Nobody guesses which part of a divided commune was meant."""
    with pytest.raises(UnclearPlaceError) as refused:
        PLACES.unit(text)
    assert all(name in str(refused.value) for name in names)

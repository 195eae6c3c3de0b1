"""Which codes look like the number of a person, and which only contain digits."""

import pytest

from shared.events.inbound import InboundEvent, parse_inbound
from shared.events.personal import personal_shape
from tests.unit.events.made import document, value

NINE, TWELVE, MOBILE = "9 digits", "12 digits", "mobile"


@pytest.mark.parametrize(
    ("code", "shape"),
    [
        ("123456789", NINE),
        ("123.456.789", NINE),
        ("CMND-123456789", NINE),
        ("001099000000", TWELVE),
        ("123456789012", TWELVE),
        ("001 099 000 000", TWELVE),
        ("001099-000000", TWELVE),
        ("cccd001099000000", TWELVE),
        ("0912345678", MOBILE),
        ("84912345678", MOBILE),
        ("0912.345.678", MOBILE),
        ("091 234 56 78", MOBILE),
        ("sdt_0912345678", MOBILE),
        ("p-0912345678", MOBILE),
        ("p-06112-0912345678", MOBILE),
        ("role:06112:director:p-0912345678", MOBILE),
        ("06112/defect/0912345678", MOBILE),
        ("p-001099000000", TWELVE),
    ],
)
def test_a_number_of_a_person_is_recognised(code: str, shape: str) -> None:
    """Alone, grouped as people write it, behind a word that names it, in a person's id."""
    found = personal_shape(code)
    assert found is not None
    assert shape in found[0]


@pytest.mark.parametrize(
    "code",
    [
        "1-364285768",
        "364285768-1",
        "HS364285768",
        "HS-364285768",
        "H37.120-261123-0001",
        "000.00.20.H37-261123-0001",
        "KQ.G15.000032",
        "1.000656",
        "2026-12345",
        "2026-11-23-1",
        "2026-11-23-0042",
        "06112/duty/2026-11-23/am",
        "06112/posting/1.000656/2026-11-02",
        "06112/interruption/2026-11-23-1",
        "261123-000042",
        "0-364285768",
        "12345678",
        "1234567890",
        "12345678901",
        "p-06112-director",
        "p-nv364285768",
        "case-10011",
    ],
)
def test_digits_inside_a_code_are_part_of_the_code(code: str) -> None:
    """A code is judged as a whole; what resembles no number of a person is taken."""
    assert personal_shape(code) is None


def test_the_fault_says_which_shape_struck_and_how_to_go_on() -> None:
    """In both languages, for each of the three; the value is not repeated."""
    for code, english, vietnamese in (
        ("123456789", "an identity number of 9 digits", "số định danh 9 chữ số"),
        ("001099000000", "an identity number of 12 digits", "số định danh 12 chữ số"),
        ("0912345678", "a mobile number", "số điện thoại di động"),
    ):
        read = parse_inbound(value(subject=code))
        assert isinstance(read, list)
        (found,) = read
        assert (found.rule, found.path) == ("looks-personal", "/subject")
        assert english in found.detail
        assert vietnamese in found.detail_vi
        assert "letters directly before the digits" in found.remedy
        assert "chữ cái ngay trước dãy số" in found.remedy_vi
        assert code not in str(found)


def test_a_publisher_with_such_codes_goes_on_as_the_remedy_says() -> None:
    """The code as it is was refused; with letters before it, it is taken."""
    assert isinstance(parse_inbound(value(subject="HS364285768")), InboundEvent)
    assert isinstance(parse_inbound(value(subject="1-364285768")), InboundEvent)
    made = document("dossier.step_started")["data"] | {"agency": "1-364285768"}
    assert isinstance(parse_inbound(value("dossier.step_started", data=made)), InboundEvent)

"""Codes and subjects: what has the shape and what has not."""

from datetime import date

import pytest

from shared.events import codes


@pytest.mark.parametrize(
    "code",
    [
        "000.00.06.H56-231027-0361",
        "H37.120-261123-0001",
        "H37.120-261123-10000",
        "G09.20-20260609-0092637",
        "H37-261123-0001",
    ],
)
def test_codes_of_all_three_generations_are_dossier_codes(code: str) -> None:
    """The national pattern takes the codes that were seen in the wild."""
    assert codes.is_dossier_code(code)
    assert codes.is_opaque_code(code)


@pytest.mark.parametrize(
    "code",
    ["", "H37.120-261123-001", "Z37-261123-0001", "H37.120-261123-0001\n", "h37-261123-0001"],
)
def test_what_is_like_a_dossier_code_is_none(code: str) -> None:
    """A digit too few, a letter outside A–Y, a line break after it: none of them passes."""
    assert not codes.is_dossier_code(code)


@pytest.mark.parametrize("code", ["case-10011", "A", "x" * 60])
def test_codes_of_other_systems_are_opaque_keys(code: str) -> None:
    """What another system issued is taken as it is."""
    assert codes.is_opaque_code(code)


@pytest.mark.parametrize("code", ["", "a b", "a/b", "-a", "a-", "x" * 61, "Nguyễn", "a\n"])
def test_keys_that_could_hold_anything_are_refused(code: str) -> None:
    """Spaces, slashes, letters with marks and long strings are no keys."""
    assert not codes.is_opaque_code(code)


def test_subjects_that_both_sides_derive_are_read_as_they_are_written() -> None:
    """Building a subject and reading it gives the parts again."""
    day = date(2026, 11, 23)
    duty = codes.duty_subject("06112", day, "am")
    assert duty == "06112/duty/2026-11-23/am"
    matter = codes.parse_matter(duty)
    assert matter == codes.Matter("06112", "duty", "2026-11-23/am")
    assert matter.subject == duty
    assert codes.duty_session(matter) == (day, "am")
    assert codes.conditions_subject("06112", 2026, 3) == "06112/conditions/2026-03"
    posting = codes.posting_subject("06112", "1.004873", day)
    assert posting == "06112/posting/1.004873/2026-11-23"
    assert codes.parse_matter(posting)
    assert (
        codes.connection_subject("06112", "population-db") == "06112/connection/population-db"
    )


@pytest.mark.parametrize(
    "subject",
    [
        "06112/duty/2026-11-23",
        "06112/duty/2026-11-23/noon",
        "06112/duty/2026-02-30/am",
        "6112/duty/2026-11-23/am",
        "06112/holiday/1",
        "06112/defect/",
        "06112/defect/a/b",
        "06112/connection/Population",
        "06112",
        "H37.120-261123-0001",
        f"06112/defect/{'x' * 120}",
    ],
)
def test_a_matter_of_another_shape_is_none(subject: str) -> None:
    """An unknown kind, a day that does not exist, an id of another shape: no matter."""
    assert codes.parse_matter(subject) is None


def test_a_wrong_subject_is_never_built() -> None:
    """Building what could not be read is a bug of the caller."""
    with pytest.raises(ValueError, match="posting"):
        codes.posting_subject("06112", "not-a-procedure", date(2026, 11, 23))
    with pytest.raises(ValueError, match="duty"):
        codes.duty_session(codes.Matter("06112", "defect", "1"))


def test_a_publisher_is_read_from_its_source() -> None:
    """The instance after the name does not matter; another source names no publisher."""
    assert codes.publisher_of("urn:motcua:publisher:kiosk") == "kiosk"
    assert codes.publisher_of(codes.publisher_source("kiosk", "06112-2")) == "kiosk"
    assert codes.publisher_of(codes.service_source("workflow")) is None
    assert codes.publisher_of("urn:motcua:publisher:Kiosk") is None
    assert codes.publisher_of("https://example.vn") is None

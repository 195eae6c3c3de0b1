"""The bundled reference data: complete, consistent, and what the contract allows."""

import csv
import shutil
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import holidays
import pytest

from deploy.reference.build_calendar import render
from deploy.reference.load import (
    BUNDLED,
    bundled_reference,
    proposed_rules,
    reference_documents,
    reference_events,
)
from shared.calendar.limits import LimitUnit
from shared.calendar.zone import ICT
from shared.events.envelope import Event
from shared.events.inbound import InboundEvent, parse_document
from shared.events.reference import RuleApproved
from shared.reference.calendars import PUBLISHED_THROUGH
from shared.reference.errors import NoRuleError
from shared.reference.view import apply

VIEW = bundled_reference()
NEW_LAW = date(2027, 3, 1)
COMMUNES = [code for code in VIEW.units if code != "20"]
# Procedures of which no source says how long they may take.
WITHOUT_A_LIMIT = {
    "2.002913", "1.010803", "2.002307", "2.002308", "1.013226", "1.013227",
    "2.000950", "2.000930", "1.002211", "2.000424",
}  # fmt: skip


def test_there_are_65_communes() -> None:
    """61 xã and 4 phường; their identifiers are made up, and marked so."""
    units = [VIEW.unit(code) for code in COMMUNES]
    assert len(units) == 65
    assert sum(unit.type == "phường" for unit in units) == 4
    assert all(unit.synthetic and unit.electronic_id.startswith("H37.1") for unit in units)
    assert len({unit.electronic_id for unit in units}) == 65
    assert VIEW.unit("06112").name == "Xã Bình Gia"
    assert VIEW.unit("20").electronic_id == "H37"
    assert not VIEW.unit("20").synthetic


def test_agencies_have_names_and_say_which_are_verified(tmp_path: Path) -> None:
    """Vietnamese, with a source; a made-up code is not verified; the file may be missing."""
    assert VIEW.agency_name("cong-an-xa") == "Công an cấp xã"
    assert VIEW.agency_name("H37") == "Ủy ban nhân dân tỉnh Lạng Sơn"
    assert {code for code, one in VIEW.agencies.items() if one.verified} == {"H37"}
    for agency in VIEW.agencies.values():
        assert ("tự đặt" in agency.source) <= (not agency.verified)
    shutil.copytree(BUNDLED, tmp_path / "own", ignore=shutil.ignore_patterns("agencies.csv"))
    own = bundled_reference(tmp_path / "own")
    assert own.agency_name("cong-an-xa") == "cong-an-xa"
    assert own.units.keys() == VIEW.units.keys()


def test_the_hours_are_an_assumption_and_say_so() -> None:
    """Nobody found the province's own hours."""
    for code in VIEW.units:
        assert not VIEW.unit(code).opening_verified
        assert "Giả định" in VIEW.unit(code).opening_source


def test_every_procedure_has_a_limit_or_is_known_to_have_none() -> None:
    """A gap of the sources is a gap here, and no other."""
    without = set()
    for code in VIEW.procedures:
        try:
            VIEW.rule(code, date(2026, 11, 23))
        except NoRuleError:
            without.add(code)
    assert without == WITHOUT_A_LIMIT
    assert len(VIEW.procedures) == 68


def test_rules_belong_to_procedures_of_the_catalogue() -> None:
    """No row for a procedure that nobody can ask for."""
    assert set(VIEW.rules.by_procedure) <= set(VIEW.procedures)


def test_general_knowledge_is_never_verified() -> None:
    """A row that names no text is marked, so that nobody takes it for the law."""
    for rows in VIEW.rules.by_procedure.values():
        for row in rows:
            if "chưa đối chiếu" in row.source or "Kiến thức chung" in row.source:
                assert not row.verified, row.rule
    verified = VIEW.rule("2.000815", date(2026, 11, 23))
    assert verified.verified
    assert verified.limit.unit is LimitUnit.SAME_DAY


def test_the_new_civil_status_law_ends_the_old_rows() -> None:
    """From 1 March 2027 another law holds, whose limits are not known yet."""
    assert VIEW.rule("1.001193", date(2027, 2, 28)).limit.unit is LimitUnit.SAME_DAY
    with pytest.raises(NoRuleError):
        VIEW.rule("1.001193", date(2027, 3, 1))


def test_each_ended_row_has_one_proposed_successor_of_24_clock_hours() -> None:
    """They wait for two persons: none is verified, and none holds by loading."""
    ended = {
        row.procedure
        for rows in VIEW.rules.by_procedure.values()
        for row in rows
        if row.valid_to == NEW_LAW
    }
    proposed = proposed_rules()
    assert len(proposed) == 19
    assert {row.procedure for row in proposed} == ended
    for row in proposed:
        assert (row.limit.unit, row.limit.value) == ("clock_hours", 24)
        assert (row.valid_from, row.verified, row.unit) == (NEW_LAW, False, None)
        assert VIEW.rules.held(row.rule) is None


def test_once_approved_midnight_of_1_march_divides_the_two_laws() -> None:
    """What was received on 28 February keeps the old limit, whenever it is counted."""
    row = next(one for one in proposed_rules() if one.procedure == "1.001193")
    approved = RuleApproved.model_validate(row.model_dump())
    event = Event(
        id="approval",
        source="urn:motcua:publisher:province",
        name=approved.NAME,
        subject=f"rule:{row.rule}",
        time=datetime(2027, 2, 20, tzinfo=ICT),
        sequence=10_000,
        data=approved,
    )
    view = apply(VIEW, event)
    assert view.rule("1.001193", date(2027, 2, 28)).limit.unit is LimitUnit.SAME_DAY
    limit = view.rule("1.001193", date(2027, 3, 1)).limit
    assert (limit.unit, limit.value) == (LimitUnit.CLOCK_HOURS, 24)


def test_a_row_without_the_younger_choice_keeps_its_events_id() -> None:
    """Loading the same rows with a newer release repeats the events that intake knows."""
    events = {event.subject: event.id for event in reference_events()}
    assert (
        events["rule:2.000815-2015-04-10"]
        == "reference-846248f8809bcf6e488e89afae89d24a6f116cfa"
    )


@pytest.mark.parametrize("code", ["1.001699", "2.001263", "1.011606", "1.001776"])
def test_names_that_tell_too_much_have_a_neutral_one(code: str) -> None:
    """Disability, adoption, poverty, social aid: a message names none of them."""
    row = VIEW.procedure(code)
    assert row.sensitive
    assert row.public_name != row.name
    assert len(row.public_name) <= 40
    assert not VIEW.procedure("2.000815").sensitive


def test_every_role_has_a_holder_and_a_deputy() -> None:
    """The chart that the demo begins with has no gap."""
    day = date(2026, 11, 23)
    for code in COMMUNES:
        for role in ("handler", "division_head", "director", "chairman", "province"):
            assert VIEW.roles(code, role, day), f"{code} {role}"
    assert len(VIEW.roles("20", "province", day)) == 2
    rows = (row for rows in VIEW.organisation.assignments.values() for row in rows)
    assert all(row.deputy for row in rows)


def test_the_calendar_is_published_without_a_gap_from_2024() -> None:
    """Each published stretch begins the day after the one before it ended."""
    spans = sorted(
        (row.counterpart, row.day)
        for row in VIEW.calendars.rows.values()
        if row.kind == PUBLISHED_THROUGH and row.counterpart is not None
    )
    assert spans[0][0] == date(2024, 1, 1)
    for (_, last), (first, _) in pairwise(spans):
        assert first == last + timedelta(days=1)
    assert VIEW.horizon == spans[-1][1] == date(2027, 10, 31)


@pytest.mark.parametrize(
    ("first", "last", "source"),
    [
        (date(2026, 1, 2), date(2026, 1, 10), "12729/VPCP-KGVX"),
        (date(2026, 2, 16), date(2026, 2, 20), "9441/TB-BNV"),
        (date(2026, 8, 22), date(2026, 8, 31), "9441/TB-BNV"),
        (date(2026, 11, 24), date(2026, 11, 24), "28/2026/QH16"),
        (date(2027, 1, 1), date(2027, 1, 1), "Đ.112"),
        (date(2027, 2, 4), date(2027, 2, 10), "10065/VPCP-KGVX"),
        (date(2027, 4, 16), date(2027, 5, 1), "Đ.112"),
        (date(2027, 5, 3), date(2027, 5, 3), "Đ.111.3"),
        (date(2027, 9, 2), date(2027, 9, 3), "10065/VPCP-KGVX"),
    ],
)
def test_a_day_names_the_text_that_it_rests_on(first: date, last: date, source: str) -> None:
    """Where a text was found the row names it, and is verified."""
    notes = [note for day, note in VIEW.calendar.notes.items() if first <= day <= last]
    assert notes
    assert all(source in note.source and note.verified for note in notes)


def test_a_day_that_only_the_package_names_is_not_verified() -> None:
    """A computed day is no text."""
    for day, note in VIEW.calendar.notes.items():
        assert note.verified == ("holidays" not in note.source), day


def test_the_package_agrees_wherever_both_know() -> None:
    """A second opinion: off days, and Saturdays worked, but for the swap that it lacks."""
    first, last = date(2024, 1, 1), date(2027, 10, 31)
    package = holidays.country_holidays("VN", years=range(2024, 2029), language="vi")
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    differ = [
        day for day in days if package.is_working_day(day) != VIEW.calendar.is_working(day)
    ]
    assert differ == [date(2026, 1, 2), date(2026, 1, 10)]


def test_three_rules_end_with_2026() -> None:
    """Their repeal has one secondary source, so nobody takes it as verified."""
    for code in ("1.011606", "1.011607", "1.011608"):
        row = VIEW.rule(code, date(2026, 12, 31))
        assert not row.verified
        with pytest.raises(NoRuleError):
            VIEW.rule(code, date(2027, 1, 1))


@pytest.mark.parametrize(("year", "days"), [(2024, 251), (2025, 250), (2026, 249), (2027, 205)])
def test_the_working_days_of_each_year(year: int, days: int) -> None:
    """As counted from the decisions; the swap of January 2026 moves a day, and adds none."""
    last = min(date(year, 12, 31), date(2027, 10, 31))
    # The first of January is off in every year.
    assert VIEW.calendar.count_between(date(year, 1, 1), last) == days


def test_every_swap_has_its_other_day() -> None:
    """A day off in exchange names the day worked, and the day worked names it back."""
    notes = VIEW.calendar.notes
    swaps = {day: note for day, note in notes.items() if note.reason == "swap"}
    assert len(swaps) == 8
    for day, note in swaps.items():
        assert note.counterpart is not None
        other = swaps[note.counterpart]
        assert (other.counterpart, other.works) == (day, not note.works)
    for day, note in notes.items():
        assert note.source, day
        assert not note.works or day.weekday() >= 5, f"{day} works by the rule of the week"


def test_the_committed_calendar_is_what_the_package_and_the_overrides_give() -> None:
    """Nobody edits calendar.csv by hand; a new release of the package is reviewed."""
    committed = (BUNDLED / "calendar.csv").read_text(encoding="utf-8")
    assert committed == render(), "run python -m deploy.reference.build_calendar"


def test_the_contract_takes_every_row() -> None:
    """What is loaded would pass intake's door."""
    documents = reference_documents(obligations_from=date(2026, 11, 1))
    assert len(documents) == VIEW.version
    for document in documents:
        read = parse_document(document)
        assert isinstance(read, InboundEvent), f"{document['subject']}: {read}"
        assert read.publisher == "province"


def test_loading_twice_is_the_same_events() -> None:
    """The ids come from the content, so that a repeat repeats them and a change does not."""
    first, again = reference_events(), reference_events()
    assert first == again
    assert len({event.id for event in first}) == len(first)
    other = reference_events(obligations_from=date(2026, 11, 1))
    changed = {event.id for event in other} - {event.id for event in first}
    assert len(changed) == len(VIEW.units)


def test_a_column_that_is_new_changes_no_id_where_it_is_empty() -> None:
    """So a newer version's bundle repeats the events that an installation has."""
    ids = {event.subject: event.id for event in reference_events()}
    assert ids["procedure:2.000815"] == "reference-8eab17932c4786fa0535726c972ec880880d8aae"
    assert ids["procedure:2.002913"] != "reference-b4ab78795bd2e795428efb9da271e0f08a115499"


def test_only_groups_of_linked_procedures_are_marked() -> None:
    """Their codes carry the receiving unit's id, or the portal's (decision 0040)."""
    linked = {code for code, one in VIEW.procedures.items() if one.linked}
    assert linked == {"3.000722", "2.002913"}
    assert {VIEW.procedure(code).field for code in linked} == {"lien_thong"}


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    """A commune with summer hours and Saturday reception, and a row with its own choices."""
    for path in BUNDLED.iterdir():
        if path.suffix in {".csv", ".yaml"}:
            (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "opening.yaml").write_text(
        """
default: &default
  source: Quyết định thử
  verified: true
  seasons:
    - first: "01-01"
      last: "12-31"
      morning: &morning ["07:30", "11:30"]
      afternoon: &afternoon ["13:30", "17:00"]
units:
  "06112":
    source: Quyết định riêng
    seasons:
      - {first: "04-16", last: "10-15", morning: ["07:00", "11:30"], afternoon: *afternoon}
      - first: "10-16"
        last: "04-15"
        morning: *morning
        afternoon: ["13:30", "16:30"]
        saturday_morning: ["07:30", "11:00"]
""",
        encoding="utf-8",
    )
    with (tmp_path / "rules.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["rule", "procedure", "limit_unit", "limit_value", "limit_after_supplement",
             "limit_cutoff", "valid_from", "source"]
        )  # fmt: skip
        writer.writerow(
            ["own", "1.004873", "hours", "8", "subtract", "", "2026-01-01", "Quyết định thử"]
        )

    view = bundled_reference(tmp_path)

    assert view.opening("06112").close_of(date(2026, 3, 2)).hour == 16
    assert len(view.opening("06112").sessions(date(2026, 3, 7))) == 1
    assert view.opening("06154").sessions(date(2026, 3, 7)) == ()
    limit = view.rule("1.004873", date(2026, 3, 2)).limit
    assert (limit.unit, limit.value, limit.after_supplement) == ("hours", 8, "subtract")
    assert f"{limit.cutoff:%H:%M}" == "15:00"

"""A unit whose code changes: one unit, under every code, named as it was when it was named."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.reference.load import bundled_reference, reference_events
from shared.calendar.zone import ICT
from shared.events.answers import Corrected, Replacement
from shared.events.dossiers import DossierMoved
from shared.events.envelope import Event
from shared.events.inbound import InboundEvent, parse_document
from shared.events.reference import FormerCode
from shared.events.units import event_under
from shared.reference.proposals import Proposal
from shared.reference.units import Units, code_faults
from shared.reference.view import Reference, apply
from tests.unit.reference.events import (
    OTHER,
    UNIT,
    assigned,
    event,
    former,
    off,
    procedure,
    published,
    rule,
    unit_changed,
    view_of,
)

NEW, NEWER = "06999", "06998"
RECORDED = datetime(2026, 12, 3, 9, 0, tzinfo=ICT)
CORRECTED = {"06004": "06016", "06211": "06193", "06196": "06202", "06124": "06214",
             "06436": "06421"}  # fmt: skip


def moved(
    view: Reference,
    new: str = NEW,
    *codes: str,
    recorded: datetime = RECORDED,
    until: str = "2026-12-01",
) -> Reference:
    """Give the unit a new code."""
    row = unit_changed(new, *(former(code, until) for code in codes or (UNIT,)))
    return apply(view, event(row, view.version + 1, recorded))


def lived() -> Reference:
    """Return a view in which everything names a unit."""
    return view_of(
        unit_changed(UNIT, obligations_from="2026-01-01"),
        unit_changed(OTHER, name="Xã khác", electronic_id="H37.118"),
        published(),
        procedure(),
        rule(),
        rule("own", value=7, unit=UNIT),
        off("2026-06-08", unit=UNIT),
        assigned("p-a", "director", deputy="p-b"),
    )


def test_the_five_wrong_codes_are_former_codes_of_the_right_ones() -> None:
    """Law.md, section 2: the units are the same 66, each found under both codes."""
    view = bundled_reference()
    assert len(view.units) == 66
    for new, old in CORRECTED.items():
        assert view.unit(old) is view.unit(new)
        assert view.unit(old).code == view.current(old) == new
        assert set(view.units.former(new)) == {old}
        assert view.units.name_on(new, date.min) == new, "nothing was ever named by it here"


def test_a_row_that_names_no_former_code_keeps_the_id_that_it_had() -> None:
    """Loading after an upgrade repeats the events of the units that have not changed."""
    ids = {one.subject: one.id for one in reference_events()}
    assert ids["unit:06112"] == "reference-511607208ed318a5d086acb6f98e52138a7cf61b"


def test_a_moved_unit_is_one_unit_under_both_codes() -> None:
    """Whatever is asked by either code gives the same answer."""
    view = moved(lived())
    assert sorted(view.units) == sorted([NEW, OTHER])
    assert UNIT in view.units
    assert NEW in view.units
    assert view.units.get("00000") is None
    day = date(2026, 7, 1)
    for code in (UNIT, NEW):
        assert view.unit(code).code == NEW
        assert view.has_unit(code)
        assert view.rule("1.004873", day, unit=code).rule == "own"
        assert view.opening(code).sessions(date(2026, 6, 8)) == ()
        assert view.roles(code, "director", day) == ("p-a",)
        assert view.agency_name(code) == "Xã thử"
    assert view.organisation.seats("p-a", day) == {(NEW, "director")}
    assert view.rule("1.004873", day, unit=OTHER).rule == "marital-1"


def test_what_names_the_former_code_later_is_of_the_unit_too() -> None:
    """Another system, or a file of an earlier day, goes on with the code that it knows."""
    view = moved(lived())
    for row in (
        rule("later", value=9, unit=UNIT, valid_from="2027-01-01"),
        off("2026-06-09", unit=UNIT),
        assigned("p-c", "chairman"),
    ):
        view = apply(view, event(row, view.version + 1))
    assert view.rule("1.004873", date(2027, 1, 5), unit=NEW).rule == "later"
    assert view.opening(NEW).sessions(date(2026, 6, 9)) == ()
    assert view.roles(NEW, "chairman", date(2026, 7, 1)) == ("p-c",)


def test_the_law_of_an_earlier_moment_has_the_codes_of_now() -> None:
    """A dossier counted under the law of its time belongs to its unit by its present code."""
    before = lived()
    view = moved(before)
    then = view.then(before.law)
    assert then.unit(NEW).code == then.unit(UNIT).code == NEW
    assert then.rule("1.004873", date(2026, 7, 1), unit=NEW).rule == "own"
    assert then.opening(NEW).sessions(date(2026, 6, 8)) == ()
    assert then.version == before.law
    # Nothing that held then is different otherwise.
    assert then.unit(NEW).obligations_from == before.unit(UNIT).obligations_from
    assert view.unit(NEW).obligations_from is None


def test_proposals_name_the_unit_by_its_new_code() -> None:
    """Who approves a row proposed before the change approves it for the unit."""
    held = off("2026-06-10", unit=UNIT)
    view = lived()
    subject = "calendar:row"
    proposal = Proposal(subject, held, "event", RECORDED)
    object.__setattr__(view, "proposals", {subject: proposal})
    assert moved(view).proposals[subject].data.unit == NEW


@pytest.mark.parametrize(
    ("until", "recorded", "first_day"),
    [
        ("2026-12-01", date(2026, 12, 3), date(2026, 12, 4)),  # Never before the next day.
        ("2026-12-10", date(2026, 12, 3), date(2026, 12, 10)),
        ("2026-12-04", date(2026, 12, 3), date(2026, 12, 4)),
    ],
)
def test_a_period_is_named_by_the_code_under_which_it_began(
    until: str, recorded: date, first_day: date
) -> None:
    """The last day of the old name and the first of the new one."""
    view = moved(lived(), recorded=datetime.combine(recorded, time(23, 59), ICT), until=until)
    one = timedelta(days=1)
    assert view.units.name_on(NEW, first_day - one) == UNIT
    assert view.units.name_on(NEW, first_day) == NEW
    assert view.units.name_on(UNIT, first_day) == NEW
    assert view.units.first_name(NEW) == UNIT
    assert view.units.name_on(OTHER, first_day - one) == OTHER


def test_former_codes_add_up_and_follow_the_unit() -> None:
    """A row that leaves them out takes none back; a second change takes the first one along."""
    view = moved(lived())
    view = apply(view, event(unit_changed(NEW, close="16:00"), view.version + 1))
    assert view.current(UNIT) == NEW
    later = RECORDED + timedelta(days=30)
    view = moved(view, NEWER, NEW, recorded=later, until="2027-01-01")
    assert view.current(UNIT) == view.current(NEW) == NEWER
    names = [view.units.name_on(UNIT, day) for day in (date(2026, 12, 3), date(2026, 12, 4))]
    assert names == [UNIT, NEW]
    assert view.units.name_on(UNIT, date(2027, 1, 3)) == NEWER


def test_a_unit_may_have_its_old_code_again() -> None:
    """A change that was wrong is taken back the way that it came."""
    view = moved(lived())
    row = unit_changed(UNIT, former(NEW, "2026-12-20"))
    assert list(code_faults(view.units, row)) == []
    view = apply(view, event(row, view.version + 1, RECORDED + timedelta(days=1)))
    assert view.current(NEW) == view.current(UNIT) == UNIT
    days = [date(2026, 12, 1), date(2026, 12, 10), date(2026, 12, 20)]
    assert [view.units.name_on(NEW, day) for day in days] == [UNIT, NEW, UNIT]


def test_a_code_belongs_to_one_unit() -> None:
    """Each way to give it to another is refused, with the unit that has it."""
    view = moved(lived())

    def faults(code: str, *codes: FormerCode, **more: str) -> list[tuple[str, str]]:
        row = unit_changed(code, *codes, **more)
        return [(one.rule, one.path) for one in code_faults(view.units, row)]

    path = "/data/former/0/code"
    assert faults(UNIT) == [("unit-code-is-former", "/data/unit")]
    assert faults(OTHER, former(UNIT), name="Xã khác") == [("former-code-of-other", path)]
    assert faults(NEWER, former(OTHER)) == [("former-code-in-use", path)]
    assert faults(NEWER, former(OTHER), name="Xã khác") == []
    assert faults(NEWER, former(OTHER), electronic_id="H37.118") == []
    assert faults(NEW, former(UNIT)) == []
    assert faults(NEWER, former("06997")) == []
    unchanged = apply(view, event(unit_changed(UNIT, close="15:00"), view.version + 1))
    assert unchanged.units == view.units


def test_events_are_read_under_current_codes_and_keep_their_names() -> None:
    """The subject, the id and the letters that were sent stay."""
    current = moved(lived()).current
    sent = {
        "specversion": "1.0",
        "id": "e-1",
        "source": "urn:motcua:publisher:bpi",
        "type": "vn.motcua.dossier.moved.v1",
        "subject": "H37.117-261123-0001",
        "time": "2026-11-23T09:00:00+07:00",
        "receivingunit": UNIT,
        "data": {"from_unit": UNIT, "to_unit": OTHER},
    }
    read = parse_document(sent)
    assert isinstance(read, InboundEvent)
    under = event_under(read, current)
    assert (under.receivingunit, under.subject) == (NEW, read.subject)
    assert isinstance(under.data, DossierMoved)
    assert (under.data.from_unit, under.data.to_unit) == (NEW, OTHER)
    assert (under.fingerprint, under.sent) == (read.fingerprint, read.sent)
    right = Replacement(time=RECORDED, data={"from_unit": UNIT, "to_unit": OTHER})
    correction = Event(
        id="e-2",
        source="urn:motcua:publisher:bpi",
        name="dossier.corrected",
        subject="H37.117-261123-0001",
        time=RECORDED,
        data=Corrected(replaces="e-1", right=right, reason="wrong_data", by="p-a"),
    )
    corrected = event_under(correction, current).data
    assert isinstance(corrected, Corrected)
    assert corrected.right is not None
    assert corrected.right.data == {"from_unit": NEW, "to_unit": OTHER}
    assert event_under(correction, Units().current) is correction


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=8))
def test_a_code_leads_to_one_unit_whatever_changed_in_which_order(
    changes: list[tuple[int, int]],
) -> None:
    """Against a plain list of each unit's codes: what intake takes keeps them apart."""
    codes = [f"0700{number}" for number in range(6)]
    view = Reference.empty()
    owner: dict[str, int] = {}  # Code to the number of its unit.
    newest: dict[int, str] = {}
    for number in range(3):
        row = unit_changed(codes[number], name=f"Xã {number}", electronic_id=f"H37.1{number}0")
        view = apply(view, event(row, view.version + 1, RECORDED))
        owner[codes[number]], newest[number] = number, codes[number]
    for old, new in changes:
        if old == new:
            continue
        unit = owner.get(codes[old], 0)
        row = unit_changed(
            codes[new],
            former(codes[old]),
            *([former(newest[unit])] if newest[unit] not in {codes[old], codes[new]} else []),
            name=f"Xã {unit}",
            electronic_id=f"H37.1{unit}0",
        )
        mine = owner.get(codes[old], unit) == unit and owner.get(codes[new], unit) == unit
        faults = list(code_faults(view.units, row))
        assert bool(faults) == (not mine)
        if faults:
            continue
        view = apply(view, event(row, view.version + 1, RECORDED))
        owner[codes[old]] = owner[codes[new]] = unit
        newest[unit] = codes[new]
    assert set(view.units) == set(newest.values())
    for code, unit in owner.items():
        assert view.current(code) == newest[unit]
        assert view.unit(code).name == f"Xã {unit}"

"""What the simulation's own count makes of lost links, by hand."""

from datetime import date, datetime, timedelta
from typing import Any

from deploy.demo.oracle import ExpectedRung
from deploy.demo.outages import hung_of, link_rungs, shared, systems_of, told_of
from deploy.demo.province import Outage, Span, centres, simulate
from deploy.demo.slow_calendar import SlowCalendar
from deploy.demo.story import Procedure
from deploy.reference.load import bundled_reference
from shared.calendar.zone import ICT

UNITS = [f"0611{number}" for number in range(9)]
CALENDAR = SlowCalendar()
LADDERS: dict[str, list[dict[str, Any]]] = {
    "connection": [
        {"id": "down", "role": "director", "when": {"minutes_from_start": 15}},
        {"id": "down_60", "role": "province", "when": {"minutes_from_start": 60}},
        {"id": "overdue", "role": "chairman", "when": {"minutes_from_due": 0}},
    ],
    "dossier_deadline": [
        {"id": "half", "role": "handler"},
        {"id": "overdue", "role": "chairman"},
        {"id": "overdue_1", "role": "province"},
    ],
}
LOST = datetime(2026, 8, 4, 14, 59, 59, tzinfo=ICT)
END = datetime(2026, 8, 31, tzinfo=ICT)


def outage(unit: str, hours: float = 3, *, after: float = 0, system: str = "a") -> Outage:
    """Return a loss that begins so many hours after the first."""
    lost = LOST + timedelta(hours=after)
    return Outage(unit, system, lost, lost + timedelta(hours=hours))


def owed(rung: str, at: datetime, subject: str = "H37-1") -> ExpectedRung:
    """Return a rung of a dossier that was to be raised."""
    return ExpectedRung(subject, "dossier_deadline", LOST, rung, at, raised=True)


def hung(
    *outages: Outage, rung: str = "overdue", hours: float = 2, needs: str = "a"
) -> list[str]:
    """Return on what a dossier's rung hangs that is due so many hours after the first loss."""
    moment = LOST + timedelta(hours=hours, seconds=1)
    of = {"H37-1": ("06110", frozenset({needs}))}
    found = hung_of([owed(rung, moment)], outages, of, LADDERS, CALENDAR)
    return [one.outage.matter for one in found]


def test_a_rung_hangs_on_what_its_dossier_needs_while_that_is_lost() -> None:
    """Above the handler, of its unit, of its system, between the loss and the return."""
    here = outage("06110")
    assert hung(here) == [here.matter]
    assert hung(here, rung="half") == []
    assert hung(here, needs="b") == []
    assert hung(outage("06111")) == []
    assert hung(here, hours=-1) == []
    assert hung(here, hours=3) == [], "it is looked at a quarter of an hour later"
    assert hung(outage("06110", 99), hours=24) == [here.matter]
    assert hung(outage("06110", 99), hours=26) == [], "no outage gathers for ever"


def test_several_units_share_a_loss_after_a_quarter_of_an_hour() -> None:
    """Until the last one has it again; one after the other share none."""
    both = [outage("06110"), outage("06111", 5, after=1)]
    quarter = timedelta(minutes=15)
    began = LOST + timedelta(hours=1) + quarter
    assert not shared("a", both, began - quarter)
    assert shared("a", both, began)
    assert shared("a", both, both[1].back)
    assert not shared("a", both, both[1].back + quarter)
    assert not shared("b", both, began)
    apart = [outage("06110", 1), outage("06111", 1, after=1)]
    assert not shared("a", apart, LOST + timedelta(hours=1, minutes=30))


def test_what_is_told_of_incidents() -> None:
    """A commune's where its people hear; the province's with everybody who shared it."""
    both = [outage("06110"), outage("06111", 5, after=1.5)]
    alone = outage("06112", system="b")
    rungs = list(link_rungs([*both, alone], LADDERS, CALENDAR, END))
    moment = LOST + timedelta(hours=2, seconds=1)
    needs = {"H37-1": ("06110", frozenset("a")), "H37-2": ("06111", frozenset("a"))}
    rungs += [owed("overdue", moment), owed("overdue_1", moment, "H37-2")]
    found = list(hung_of(rungs, [*both, alone], needs, LADDERS, CALENDAR))
    assert sorted((one.rung[0], one.rung[2]) for one in found) == [
        ("06111/connection/a", "down_60"),
        ("H37-1", "overdue"),
        ("H37-2", "overdue_1"),
    ], "the first link's hour was over before anybody shared it"
    assert told_of(found, [*both, alone], END) == {
        ("opened", "06110/connection/a"): 1,
        ("closed", "06110/connection/a"): 1,
        ("opened", "20/connection/a"): 1,
        ("closed", "20/connection/a", "06110", "06111"): 1,
    }


def test_the_rungs_of_a_link() -> None:
    """Counted by hand: 15 and 60 minutes, and four opening hours, over the night."""
    [first, second] = list(link_rungs([outage("06110", 4)], LADDERS, CALENDAR, END))
    assert (first.rung, first.at - LOST) == ("down", timedelta(minutes=15))
    assert (second.rung, second.at - LOST) == ("down_60", timedelta(hours=1))
    third = list(link_rungs([outage("06110", 24)], LADDERS, CALENDAR, END))[2]
    assert (third.rung, third.at) == ("overdue", datetime(2026, 8, 5, 9, 29, 59, tzinfo=ICT))


def test_a_month_has_one_day_on_which_every_commune_loses_the_same() -> None:
    """The same seed draws the same; without outages the dossiers are the same ones."""
    calendar = bundled_reference().calendar
    procedures = [Procedure("2.000635", "working_days", 2, 1.0)]

    def month(outages: int, seed: int = 7) -> Any:  # noqa: ANN401 - looked at below.
        span = Span(date(2026, 8, 1), date(2026, 8, 31), seed, outages=outages)
        places = centres(UNITS, seed=seed, scale=0.01)
        return simulate(places, procedures, dict.fromkeys(UNITS, "p"), calendar, span)

    some = month(4)
    assert some == month(4)
    assert some.outages != month(4, seed=8).outages
    assert (month(0).stories, month(0).outages) == (some.stories, ())
    national = [one for one in some.outages if one.lost == LOST]
    assert [one.unit for one in national] == UNITS
    single = some.outages[len(UNITS) :]
    assert len({one.unit for one in single}) == len(single) == 4
    assert all(one.lost > national[0].back for one in single)
    assert [one.at for one in some.at_centres] == sorted(one.at for one in some.at_centres)


def test_every_system_of_the_catalogue_is_one_that_can_be_lost() -> None:
    """And some procedures need none."""
    needed = systems_of()
    assert frozenset() in needed.values()
    assert any("population-db" in systems for systems in needed.values())

"""Roles that no channel reaches, as notifications says it: gaps beside those of empty seats."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from prometheus_client import CollectorRegistry

from services.workflow.adapters.telling import Telling
from services.workflow.core.adopt import adopt
from services.workflow.core.codec import SubjectCodec
from services.workflow.core.emissions import Emitter
from services.workflow.core.fold import fold
from services.workflow.core.model import Gap, Subject
from services.workflow.core.reach import check, coverage_subject
from services.workflow.core.stored import stamp
from shared.events.answers import Replacement
from shared.events.centres import CentreCorrected, CoverageReachChecked
from shared.events.envelope import Event, from_document
from shared.events.model import EventData
from shared.events.reference import RoleAssigned
from shared.ops.metrics import Metrics
from shared.reference.units import Units
from shared.reference.view import Reference
from shared.subjects.fold import Context, Emission
from tests.fakes.emitted import read_back
from tests.fakes.workflow import Durable, Process
from tests.unit.workflow.province import PROVINCE, UNIT, decide, province
from tests.unit.workflow.scenario import moment
from tests.unit.workflow.test_reachability import MORNING, house, night, vacated

LADDER: Final = coverage_subject(UNIT, Units())
NIGHT: Final = "2026-01-06 00:00"


def word(number: int, at: str, roles: Mapping[str, str], *, unit: str = UNIT) -> Event:
    """Return what notifications says of a unit: each role, and why nothing reaches it."""
    unreached = [{"role": role, "reasons": [why]} for role, why in roles.items()]
    return said(number, at, CoverageReachChecked.model_validate({"unreached": unreached}), unit)


def said(number: int, at: str, data: EventData, unit: str = UNIT) -> Event:
    """Return an event of a unit's ladder."""
    return Event(
        id=f"w-{number}",
        source="urn:motcua:publisher:notifications",
        name=data.NAME,
        subject=coverage_subject(unit, Units()),
        time=moment(at),
        sequence=number,
        recordedtime=moment(at),
        data=data,
    )


class Ladder:
    """The matter of one unit's ladder, with everything that was said of its gaps."""

    def __init__(
        self, reference: Reference | None = None, state: Subject | None = None
    ) -> None:
        self.reference = reference or province()
        self.state = state
        self.told: list[Emission] = []

    def hears(self, *events: Event, now: datetime | None = None) -> list[str]:
        """Fold what is said; return the lines that follow."""
        before = len(self.told)
        for event in events:
            folded = fold(self.state, event, Context(now or event.time, self.reference))
            codec = SubjectCodec()
            self.state = codec.from_document(codec.to_document(folded.state))
            assert self.state.gaps == folded.state.gaps
            self.told += folded.emissions
        return [line(one) for one in self.told[before:]]

    def walks(self, at: str) -> list[str]:
        """Let workflow's own walk of a night look at the seats."""
        self.state = self.state or Subject(LADDER, UNIT)
        emit = Emitter(self.state, cause="night")
        check(self.state, self.reference, moment(at), emit)
        self.told += emit.emissions
        return [line(one) for one in emit.emissions]


def line(emission: Emission) -> str:
    """Write what was said of a gap as a line."""
    data: Any = read_back(emission)
    heard = getattr(data, "heard_by", None)
    to = f" → {heard} {','.join(data.persons)}" if heard else ""
    return f"{emission.name[9:]} {data.gap.removeprefix(UNIT)} {data.why}{to}"


def test_the_next_role_that_is_reached_hears_of_it() -> None:
    """Upward in the unit, past those that are unreached or empty; the province last."""
    ladder = Ladder(decide(province(), vacated("chairman")))
    assert ladder.hears(word(1, NIGHT, {"division_head": "no_contact"})) == [
        f"gap_opened :division_head:unreachable unreachable → director p-{UNIT}-director"
    ]
    both = {"division_head": "no_contact", "director": "suppressed"}
    assert ladder.hears(word(2, "2026-01-07 00:00", both)) == [
        f"gap_opened :director:unreachable unreachable → province p-{PROVINCE}-province"
    ]


def test_the_last_word_replaces_all_before_it() -> None:
    """What it names no more is reached; what it names again is said once."""
    ladder = Ladder()
    ladder.hears(word(1, NIGHT, {"director": "no_contact", "chairman": "erased"}))
    assert ladder.hears(word(2, "2026-01-06 09:30", {"chairman": "no_contact"})) == [
        "gap_closed :director:unreachable reached"
    ]
    assert ladder.state is not None
    assert ladder.state.gaps[f"{UNIT}:chairman:unreachable"].reasons == ("no_contact",)
    assert ladder.hears(word(3, "2026-01-07 00:00", {"chairman": "no_contact"})) == []
    assert ladder.hears(word(4, "2026-01-08 00:00", {})) == [
        "gap_closed :chairman:unreachable reached"
    ]


def test_the_reasons_travel_and_nobody_is_named_but_the_hearer() -> None:
    """They are codes of a closed list."""
    ladder = Ladder()
    ladder.hears(word(1, NIGHT, {"director": "no_contact"}))
    [opened] = ladder.told
    assert opened.data["reasons"] == ["no_contact"]
    assert f"p-{UNIT}-director" not in str(opened.data)


def test_an_empty_seat_and_an_unreached_one_do_not_know_of_each_other() -> None:
    """The walk closes no gap of reach as filled, and a word closes no empty seat."""
    ladder = Ladder(decide(province(), vacated("chairman")))
    assert ladder.walks(MORNING) == ["gap_opened :chairman vacant"]
    ladder.hears(word(1, "2026-01-06 00:20", {"director": "no_contact"}))
    assert ladder.walks("2026-01-07 00:00") == []
    assert ladder.hears(word(2, "2026-01-07 00:10", {})) == [
        "gap_closed :director:unreachable reached"
    ]
    assert ladder.state is not None
    assert list(ladder.state.gaps) == [f"{UNIT}:chairman"]
    assigned = RoleAssigned(
        person="p-new", role="chairman", unit=UNIT, from_day=date(2026, 1, 7)
    )
    ladder.reference = decide(ladder.reference, assigned)
    ladder.hears(word(3, "2026-01-08 00:00", {"chairman": "no_contact"}))
    assert ladder.walks("2026-01-08 00:00") == ["gap_closed :chairman filled"]
    assert list(ladder.state.gaps) == [f"{UNIT}:chairman:unreachable"]


def test_a_role_that_nobody_holds_any_more_is_not_called_reached() -> None:
    """Its gap ends, since it is that of an empty seat now."""
    ladder = Ladder()
    ladder.hears(word(1, NIGHT, {"director": "no_contact"}))
    ladder.reference = decide(ladder.reference, vacated("director"))
    assert ladder.hears(word(2, "2026-01-07 00:00", {})) == [
        "gap_closed :director:unreachable vacant"
    ]


def test_a_word_that_was_wrong_is_put_right() -> None:
    """Struck, it leaves the one before; replaced, the right one holds."""
    ladder = Ladder()
    ladder.hears(word(1, NIGHT, {"director": "no_contact"}))
    ladder.hears(word(2, "2026-01-07 00:00", {}))
    struck = CentreCorrected(replaces="w-2", reason="wrong", by="p-20-province")
    assert [
        one.partition(" →")[0] for one in ladder.hears(said(3, "2026-01-07 09:00", struck))
    ] == ["gap_opened :director:unreachable unreachable"]
    right = Replacement(time=moment(NIGHT), data={"unreached": []})
    replaced = CentreCorrected(replaces="w-1", right=right, reason="wrong", by="p-20-province")
    assert ladder.hears(said(4, "2026-01-07 10:00", replaced)) == [
        "gap_closed :director:unreachable reached"
    ]


def test_a_rebuild_says_nothing_again_and_ends_where_it_was() -> None:
    """Gaps of reach are found again from what was said; empty seats from what was published."""
    words = [
        word(1, NIGHT, {"director": "no_contact"}),
        word(2, "2026-01-07 00:00", {}),
        word(3, "2026-01-08 00:00", {"director": "suppressed", "chairman": "erased"}),
    ]
    ladder = Ladder()
    for event in words:
        ladder.hears(event)
    assert ladder.state is not None
    published = [_published(number, one) for number, one in enumerate(ladder.told, start=1)]
    rebuilt = Ladder(ladder.reference, adopt(LADDER, published))
    later = moment("2026-02-01 09:00")
    assert rebuilt.hears(*words, now=later) == []
    assert rebuilt.state is not None
    assert rebuilt.state.gaps == ladder.state.gaps
    assert rebuilt.hears(word(4, "2026-02-02 00:00", {})) == [
        "gap_closed :director:unreachable reached",
        "gap_closed :chairman:unreachable reached",
    ]


def _published(number: int, emission: Emission) -> Event:
    return Event(
        id=emission.id,
        source="urn:motcua:service:workflow",
        name=emission.name,
        subject=LADDER,
        time=emission.time,
        sequence=number,
        recordedtime=emission.time,
        data=read_back(emission),
    )


def test_what_an_older_build_stored_is_read() -> None:
    """A gap had no reasons then."""
    document = SubjectCodec().to_document(Subject(LADDER, UNIT))
    since = moment(NIGHT)
    document["gaps"] = [[UNIT, "chairman", "vacant", stamp(since)]]
    read = SubjectCodec().from_document(document)
    assert read.gaps == {f"{UNIT}:chairman": Gap(UNIT, "chairman", "vacant", since)}


def test_the_walk_and_the_word_meet_in_one_document() -> None:
    """On the real use cases: two streams of one subject, numbered each by itself."""
    durable = house()
    durable.reference = decide(durable.reference, vacated("director"))
    assert len(night(durable, MORNING)) == 1
    asyncio.run(Process(durable).applies([word(1, MORNING, {"chairman": "no_contact"})]))
    assert _gaps(durable) == [
        (1, "gap_opened", f"{UNIT}:director"),
        (2, "gap_opened", f"{UNIT}:chairman:unreachable"),
    ]
    assert night(durable, "2026-01-07 00:10") == []
    asyncio.run(Process(durable).applies([word(2, "2026-01-07 00:11", {})]))
    assert _gaps(durable)[2:] == [(3, "gap_closed", f"{UNIT}:chairman:unreachable")]


def _gaps(durable: Durable) -> Sequence[tuple[int | None, str, str]]:
    events = [
        from_document(out.value)
        for out in durable.publisher.published
        if out.value is not None and out.key == LADDER
    ]
    return [(one.sequence, one.name[9:], getattr(one.data, "gap", "")) for one in events]


def test_open_gaps_are_measured_by_role_and_reason() -> None:
    """From what stands in the matters, so that a restart forgets none and counts none twice."""
    metrics = Metrics(CollectorRegistry(), process=False)
    telling = Telling(metrics)
    one, other = Ladder(), Ladder(decide(province(), vacated("chairman")))
    one.hears(word(1, NIGHT, {"director": "no_contact", "chairman": "erased"}))
    other.walks(MORNING)
    other.hears(word(1, NIGHT, {"director": "no_contact"}))
    ladders = [ladder.state for ladder in (one, other) if ladder.state is not None]
    telling.covered(ladders)
    assert _measured(metrics) == {
        ("chairman", "unreachable"): 1,
        ("chairman", "vacant"): 1,
        ("director", "unreachable"): 2,
    }
    telling.covered(ladders[:1])
    telling.covered(ladders[:1])
    assert _measured(metrics) == {
        ("chairman", "unreachable"): 1,
        ("director", "unreachable"): 1,
    }


def _measured(metrics: Metrics) -> dict[tuple[str, str], float]:
    return {
        (sample.labels["role"], sample.labels["reason"]): sample.value
        for family in metrics.registry.collect()
        if family.name == "motcua_coverage_gaps_open"
        for sample in family.samples
        if sample.value
    }

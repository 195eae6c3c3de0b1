"""Whatever is said to have happened, and whenever, a kind says what is owed or says nothing.

Intake takes lawful histories only; but history is imported as it is, corrections move events
past each other, and the published calendar has two ends. A kind that raised would stop its
subject.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final

from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.workflow.core.facts import gather
from services.workflow.core.kinds.registry import kinds_of
from shared.calendar.zone import ICT
from shared.events.dossiers import DossierAccepted, DossierApologyIssued, DossierArrived
from shared.events.envelope import Event
from shared.events.model import EventData
from shared.reference.view import Reference
from tests.property.workflow.lives import MATTERS, Life, any_event_of
from tests.unit.workflow.province import (
    FIRST,
    LAST,
    OTHER_UNIT,
    THREE_DAYS,
    UNIT,
    day_off,
    decide,
    province,
)

CODE: Final = "H37.100-260105-0001"
EVENTS_MAX: Final = 8
NOWHERE: Final = "99999"
"""A unit that no reference data know."""

UNITS: Final = (
    *[(UNIT, UNIT)] * 3,
    *[(OTHER_UNIT, UNIT)] * 3,
    (NOWHERE, UNIT),
    (UNIT, NOWHERE),
)
"""Who received it, and who settles it."""

_ANCHORS: Final = (
    datetime.combine(FIRST, time(9), ICT),
    datetime(2026, 1, 5, 9, tzinfo=ICT),
    datetime.combine(LAST, time(9), ICT),
)
_OWN_IDS: Final = {
    "duty": ("2026-01-07/am", f"{LAST}/pm", "2027-01-04/am"),
    "conditions": ("2026-02", "2026-12", "2027-01"),
    "posting": (f"{THREE_DAYS}/2026-01-06", f"{THREE_DAYS}/{LAST}", f"{THREE_DAYS}/2027-01-04"),
}
ANY_SUBJECT: Final = (
    *[CODE] * len(MATTERS),  # Half of all: most can happen to a dossier.
    *(f"{UNIT}/{kind}/{own}" for kind in MATTERS for own in _OWN_IDS.get(kind, ("m-1",))),
)
AWAY: Final = st.builds(
    timedelta,
    days=st.integers(-12, 12),
    hours=st.integers(0, 23),
    minutes=st.sampled_from((0, 0, 30)),
)
"""How far from its anchor something happens: often at one moment with something else."""


@st.composite
def histories(draw: st.DrawFn) -> tuple[str, tuple[Event, ...]]:
    """Draw a subject, and events of a few of its types in any order, at any moments."""
    subject, anchor = draw(st.sampled_from(ANY_SUBJECT)), draw(st.sampled_from(_ANCHORS))
    units = draw(st.sampled_from(UNITS))
    life, few = Life(subject), draw(st.sets(st.integers(0, 99), min_size=1, max_size=4))
    for away in draw(st.lists(AWAY, min_size=1, max_size=EVENTS_MAX)):
        data = any_event_of(life, sorted(few), draw(st.data()), anchor + away)
        if data is not None:
            life.events.append(told(subject, data, anchor + away, len(life.events) + 1, units))
    return subject, tuple(life.events)


def told(
    subject: str, data: EventData, at: datetime, number: int, units: tuple[str, str]
) -> Event:
    """Return an event as the archive would have it."""
    return Event(
        id=f"e-{number}",
        source="urn:motcua:publisher:counter",
        name=data.NAME,
        subject=subject,
        time=at,
        sequence=number,
        recordedtime=at.astimezone(UTC),
        receivingunit=units[0],
        competentunit=None if "/" in subject else units[1],
        data=data,
    )


def across(*acts: tuple[int, EventData]) -> tuple[str, tuple[Event, ...]]:
    """Return a dossier of one commune that another received, and on which day what happened."""
    return CODE, tuple(
        told(CODE, data, _ANCHORS[1] + timedelta(days=days), number, (OTHER_UNIT, UNIT))
        for number, (days, data) in enumerate(acts, start=1)
    )


def references() -> Sequence[Reference]:
    """Return what may be known of the law: nothing, a year, a year that ends with days off."""
    ends_idle = province()
    for days in range(6):
        ends_idle = decide(ends_idle, day_off(LAST - timedelta(days=days)))
    return (Reference.empty(), province(), ends_idle)


REFERENCES: Final = references()


@settings(max_examples=400)
@given(histories(), st.sampled_from(REFERENCES))
@example(
    across(
        (0, DossierAccepted(procedure=THREE_DAYS, channel="online")),
        (1, DossierApologyIssued(reason="workload", agency="UB")),
        (2, DossierArrived()),
    ),
    province(),
)
def test_no_kind_raises_and_each_obligation_is_assessed_once(
    history: tuple[str, tuple[Event, ...]], reference: Reference
) -> None:
    """Each kind answers, and so does each answer's ledger; ids are each obligation's own."""
    subject, events = history
    facts = gather(subject, UNIT, events)
    ids = [
        assessment.id
        for kind in kinds_of(subject)
        for assessment in kind.assess(facts, reference)
        if assessment.ledger() is not None
    ]
    assert len(ids) == len(set(ids))

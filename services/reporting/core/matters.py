"""Facts of a centre's matters: who was on duty, what was interrupted, lost, asked or posted.

A fact is worked out from the matter's own events and from what workflow said of it. What it
gives to the roll-ups stands in `matter_counts`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from services.reporting.core.clocks import Span, local_day
from services.reporting.core.fact import MatterFact, Outcome
from services.reporting.core.premises import UNASSESSED, unassessed
from services.reporting.core.reported import FIGURES
from services.reporting.core.state import FactState
from shared.events import centre_head, centres, obligations
from shared.events.codes import Matter, duty_session, parse_matter
from shared.events.envelope import Event
from shared.events.history import effective
from shared.events.units import Current, as_they_are

DUTY: Final = "duty"
COVERAGE: Final = "coverage"
"""Whether a unit's seats are filled: no matter that begins and ends."""

POSTING: Final = "posting"
MEETING: Final = "meeting"
STAFF_POSTING: Final = "staff_posting"
BY_CALENDAR: Final = frozenset({POSTING, MEETING, STAFF_POSTING})
"""Kinds that the calendar opens: open from the first that is known of them."""

UPWARD: Final = frozenset({"chairman", "province"})
GOOD_SCORE_MIN: Final = 4

OPENERS: Final = (
    centres.CentreInterrupted,
    centres.ConnectionLost,
    centres.SupportRequested,
    centres.DefectReported,
    centres.PetitionReceived,
    centres.DataRequestReceived,
    centre_head.SecondmentStarted,
)
CLOSERS: Final = (
    centres.CentreResumed,
    centres.ConnectionRestored,
    centres.SupportResolved,
    centres.DefectRepaired,
    centres.PetitionAnswered,
    centres.DataRequestAnswered,
    centres.PostingPublished,
    centres.PostingWithdrawn,
    centre_head.MeetingHeld,
    centre_head.StaffPosted,
    centre_head.SecondmentEnded,
)
NOT_OWED: Final = frozenset({"refused", "forwarded"})
"""Outcomes of a petition that leave no answer to be given."""

DETAILS: Final = ("cause", "item", "topic", "procedure", "right", "channel", "agency")


def derive_matter(state: FactState, current: Current = as_they_are) -> MatterFact | None:
    """Return the fact of a matter; None for a subject that is none, or before any event.

    Args:
        state: Its histories.
        current: Returns the code that the unit in its subject has now.
    """
    matter = parse_matter(state.subject)
    if matter is None or matter.kind in {COVERAGE, FIGURES}:
        return None
    own = list(effective(state.own))
    dues = [one for one in state.dues if _is_own_kind(one, matter.kind)]
    moments = [event.time for event in (*own, *dues)]
    if not moments:
        return None
    spans = _spans(own, matter, min(moments))
    began = spans[0].start if spans else min(moments)
    session, day = None, local_day(began)
    if matter.kind == DUTY:
        day, session = duty_session(matter)
    lacking, good, assessed = _assessment(own)
    return MatterFact(
        subject=state.subject,
        unit=current(matter.unit),
        kind=matter.kind,
        day=day,
        spans=spans,
        outcome=_outcome(own, dues),
        reported_up=_reported_up(dues),
        due=_due(dues),
        detail=_detail(own, matter),
        session=session,
        persons=_on_duty(own),
        lacking=lacking,
        good=good,
        assessed=assessed,
    )


def _spans(own: Sequence[Event], matter: Matter, first: datetime) -> tuple[Span, ...]:
    """Return when it was open."""
    found: list[Span] = []
    since = first if matter.kind in BY_CALENDAR else None
    for event in own:
        if isinstance(event.data, OPENERS):
            since = since or event.time
        elif since is not None and _closes(event):
            found.append(Span(since, event.time))
            since = None
    if since is not None:
        found.append(Span(since, None))
    return tuple(found)


def _closes(event: Event) -> bool:
    data = event.data
    if isinstance(data, centres.PetitionClassified):
        return data.outcome in NOT_OWED
    return isinstance(data, CLOSERS)


def _detail(own: Sequence[Event], matter: Matter) -> str | None:
    """Name what it is about by the first event that says so; a connection by its system."""
    if matter.kind == "connection":
        return matter.id
    if matter.kind == POSTING:
        return matter.id.partition("/")[0]
    said = (getattr(one.data, name, None) for one in own for name in DETAILS)
    return next((str(one) for one in said if one is not None), None)


def _assessment(own: Sequence[Event]) -> tuple[tuple[str, ...], int, int]:
    """Return what the last self-assessment or rating says: what lacks, good ones, all.

    Of a self-assessment, what it leaves out of the law's list lacks too.
    """
    for event in reversed(own):
        data = event.data
        if isinstance(data, centres.ConditionsReported):
            left_out = unassessed([one.item for one in data.items], local_day(event.time))
            states: list[tuple[str, str]] = [(one.item, one.state) for one in data.items]
            states += [(item, UNASSESSED) for item in left_out]
            lacking = tuple(f"{item}:{state}" for item, state in states if state != "good")
            return lacking, len(states) - len(lacking), len(states)
        if isinstance(data, centres.RatingGiven):
            return (), int(data.score >= GOOD_SCORE_MIN), 1
    return (), 0, 0


def _is_own_kind(event: Event, kind: str) -> bool:
    """Say whether an obligation is the session's own; a gap in its roster is another one."""
    return kind != DUTY or getattr(event.data, "kind", DUTY) == DUTY


def _outcome(own: Sequence[Event], dues: Sequence[Event]) -> Outcome:
    """Judge by what workflow said of each obligation: one that was missed is missed.

    A check-in alone is met, before workflow has spoken.
    """
    if not dues:
        present = any(isinstance(one.data, centres.DutyCheckedIn) for one in own)
        return "met" if present else "open"
    judged: dict[tuple[str, int], Outcome] = {}
    for event in dues:
        data = event.data
        if not isinstance(data, obligations.ObligationData):
            continue
        which = (data.obligation, data.cycle)
        before = judged.setdefault(which, "open")
        if isinstance(data, obligations.ObligationDischarged):
            done: Outcome = "missed" if data.in_time is False else "met"
            judged[which] = "void" if data.void else done
        elif isinstance(data, obligations.ObligationBreached) and before == "open":
            judged[which] = "missed"
        elif isinstance(data, obligations.ObligationOpened) and before == "void":
            judged[which] = "open"
    found = set(judged.values())
    order: tuple[Outcome, ...] = ("missed", "open", "met", "void")
    return next((one for one in order if one in found), "open")


def _due(dues: Sequence[Event]) -> datetime | None:
    """Return the date of what is owed last."""
    moments = [
        one.data.due
        for one in dues
        if isinstance(one.data, obligations.ObligationOpened) and one.data.due is not None
    ]
    moments += [
        one.data.new_due
        for one in dues
        if isinstance(one.data, obligations.ObligationDueChanged)
        and one.data.new_due is not None
    ]
    return moments[-1] if moments else None


def _reported_up(dues: Sequence[Event]) -> bool:
    return any(
        isinstance(one.data, obligations.ObligationRungReached) and one.data.role in UPWARD
        for one in dues
    )


def _on_duty(own: Sequence[Event]) -> tuple[str, ...]:
    seen = dict.fromkeys(
        one.data.person for one in own if isinstance(one.data, centres.DutyCheckedIn)
    )
    return tuple(seen)

"""The deadlines of a dossier over time, gathered from what workflow said of them.

The rule row's clock gives promise and statutory limit; the index's clock is its own. A deadline
that the source system gave stands in the dossier's own acceptance and needs no workflow.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from services.reporting.core.clocks import Setting, Span, deadline_at, late_spans
from services.reporting.core.fact import Deadlines, Verdict, Wait
from shared.events import obligations
from shared.events.envelope import Event

DEADLINE_KIND: Final = "dossier_deadline"
"""The kind of the obligation that carries a dossier's own deadline."""

CORRECTION: Final = "correction"
"""Reason of a change that holds from the beginning, because what was there was wrong."""


@dataclass(slots=True)
class Clocks:
    """Each clock's settings, in the order in which they took effect.

    Attributes:
        missed: The first statutory limit that passed unmet, as workflow last stated it. No
            limit of a later cycle cures it.
    """

    promise: list[Setting]
    limit: list[Setting]
    index: list[Setting]
    first_due: datetime | None = None
    given: bool = False
    missing_because: str | None = None
    missed: datetime | None = None


def gather(accepted: Event | None, dues: Iterable[Event]) -> Clocks:
    """Gather the settings of the three clocks from acceptance and obligations."""
    given = getattr(accepted.data, "given", None) if accepted else None
    if accepted is not None and given is not None:
        only = [Setting(accepted.time, given)]
        clocks = Clocks(list(only), list(only), list(only), first_due=given, given=True)
    else:
        clocks = Clocks([], [], [])
    for event in dues:
        if getattr(event.data, "kind", None) != DEADLINE_KIND:
            continue
        if isinstance(event.data, obligations.ObligationJudged):
            clocks.missed = event.data.limit_missed
        if not clocks.given:
            _apply(clocks, event)
    if clocks.missed is not None and all(one.deadline is None for one in clocks.limit):
        # It was stated for the first time during a later suspension: no other limit is known.
        since = min((one.at for one in clocks.limit), default=clocks.missed)
        clocks.limit.insert(0, Setting(since, clocks.missed))
    for settings in (clocks.promise, clocks.limit, clocks.index):
        settings.sort(key=lambda one: one.at)  # Stable: the sequence decides among equals.
    return clocks


def _apply(clocks: Clocks, event: Event) -> None:
    data = event.data
    if isinstance(data, obligations.ObligationOpened):
        _set(clocks, data.opened_at, data.due, data.limit, data.index_due)
        clocks.first_due = clocks.first_due or data.due
        clocks.missing_because = data.no_deadline if data.limit is None else None
    elif isinstance(data, obligations.ObligationDueChanged):
        at = event.time
        if data.reason == CORRECTION:
            at = min((one.at for one in clocks.limit), default=at)
            clocks.promise, clocks.limit, clocks.index = [], [], []
        _set(clocks, at, data.new_due, data.new_limit, data.new_index_due)
        clocks.first_due = data.first_due or clocks.first_due or data.new_due
        if data.new_limit is not None:
            clocks.missing_because = None
    elif isinstance(data, obligations.ObligationSuspended):
        clocks.promise.append(Setting(data.since, None))
        clocks.limit.append(Setting(data.since, None))
    elif isinstance(data, obligations.ObligationResumed):
        _set(clocks, data.at, data.due, data.limit, data.index_due)


def _set(
    clocks: Clocks,
    at: datetime,
    due: datetime | None,
    limit: datetime | None,
    index_due: datetime | None,
) -> None:
    clocks.promise.append(Setting(at, due))
    clocks.limit.append(Setting(at, limit))
    if index_due is not None:
        # The index's clock has its own waits (`index_settings`); nobody else suspends it.
        clocks.index.append(Setting(at, index_due))


def index_settings(
    counted: Sequence[Setting], waits: Sequence[Wait], requests: Sequence[datetime]
) -> list[Setting]:
    """Return the index's clock with its waits and its rule of one request.

    A first request suspends it: if nothing follows, the dossier ended then for the index. The
    second request makes the dossier late, whatever the dates (F766).
    """
    settings = list(counted)
    if waits and (settings or len(requests) > 1):
        first = waits[0]
        until = first.received
        inside = [
            one
            for one in settings
            if first.requested < one.at and (until is None or one.at < until)
        ]
        settings = [one for one in settings if one not in inside]
        settings.append(Setting(first.requested, None))
        if until is not None:
            told = any(one.at == until for one in settings)
            known = deadline_at([*settings, *inside], until)
            if not told:
                settings.append(Setting(until, known))
        settings.sort(key=lambda one: one.at)
    if len(requests) > 1:
        second = requests[1]
        settings = [one for one in settings if one.at < second]
        settings.append(Setting(second, second))
    return settings


def verdict(settings: Sequence[Setting], ended: datetime | None) -> Verdict:
    """Judge a dossier by one clock; at the deadline is in time."""
    known = [one for one in settings if one.deadline is not None]
    if not known:
        return "none"
    if ended is None:
        return "open"
    deadline = deadline_at(settings, ended)
    assert deadline is not None, "a known deadline was found"
    return "on_time" if ended <= deadline else "late"


def law_verdict(clocks: Clocks, ended: datetime | None) -> Verdict:
    """Judge a dossier by the statute: a limit that was missed once stays missed."""
    plain = verdict(clocks.limit, ended)
    return "late" if plain == "on_time" and clocks.missed is not None else plain


def late_by_law(clocks: Clocks, ended: datetime | None) -> tuple[Span, ...]:
    """Return when a dossier was late by law: from the first limit missed on, to its end.

    Without one that the next cycle leaves missed, while it was past the limit that then held.
    """
    if clocks.missed is None:
        return late_spans(clocks.limit, ended=ended)
    if ended is not None and ended <= clocks.missed:
        return ()  # It counts as ended at the request, which the limit came after.
    return (Span(clocks.missed, ended),)


def index_verdict(
    settings: Sequence[Setting], requests: Sequence[datetime], ended: datetime | None
) -> Verdict:
    """Judge a dossier by the index: a second request is late, whatever the dates."""
    plain = verdict(settings, ended)
    if plain == "on_time" and len(requests) > 1:
        return "late"
    return plain


def in_force(settings: Sequence[Setting], ended: datetime | None) -> datetime | None:
    """Return the deadline in force, or that judged the end; None while suspended."""
    if ended is not None:
        return deadline_at(settings, ended)
    return settings[-1].deadline if settings else None


def as_they_stand(clocks: Clocks, new_date: date | None, ended: datetime | None) -> Deadlines:
    """Return the dates in force now, or at the end."""
    return Deadlines(
        due=in_force(clocks.promise, ended),
        first_due=clocks.first_due,
        limit=in_force(clocks.limit, ended),
        index_due=clocks.index[-1].deadline if clocks.index else None,
        new_date=new_date,
        given=clocks.given,
        missing_because=clocks.missing_because,
        limit_missed=clocks.missed,
    )

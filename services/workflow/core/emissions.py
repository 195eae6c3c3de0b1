"""The events that workflow emits, put together from an obligation's state.

Ids are derived from what an emission is about (subject, obligation, cycle, rung, how often), or
from the event that caused it, so that working it out again gives the same id.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.workflow.core.model import Cycle, Gap, Obligation, Promise, RungState, Subject
from shared.events.ids import derived_id
from shared.events.model import EventData
from shared.events.obligations import (
    BrokenPromise,
    CoverageGapClosed,
    CoverageGapOpened,
    ObligationAcknowledgementRefused,
    ObligationBreached,
    ObligationDischarged,
    ObligationDueChanged,
    ObligationOpened,
    ObligationResumed,
    ObligationRungReached,
    ObligationRungSkipped,
    ObligationRungWithdrawn,
    ObligationSuspended,
)
from shared.subjects.fold import Emission


class Emitter:
    """Collects what one decision emits about one subject."""

    def __init__(self, subject: Subject, *, cause: str, backfill: bool = False) -> None:
        self.subject = subject
        self.cause = cause
        self.backfill = backfill
        self.emissions: list[Emission] = []

    def opened(self, ob: Obligation) -> None:
        """Say that something is owed from now on."""
        data = ObligationOpened(
            **self._which(ob),
            opened_at=ob.opened_at,
            due=ob.due,
            limit=ob.limit,
            index_due=ob.index_due,
            rule=ob.rule,
            no_deadline=ob.no_deadline,
            handler=next(iter(ob.persons.get("handler", ())), None),
            ledger=ob.ledger,
            cause=self.cause,
            backfill=self.backfill,
        )
        self._by_state("opened", ob, ob.cycle_number, data, at=ob.opened_at)

    def due_changed(self, ob: Obligation, *, reason: str, at: datetime) -> None:
        """Say that a date moved, from what was last known to what is now in force."""
        data = ObligationDueChanged(
            **self._which(ob),
            old_due=ob.last_due,
            new_due=ob.due,
            old_limit=ob.last_limit,
            new_limit=ob.limit,
            old_index_due=ob.last_index_due,
            new_index_due=ob.index_due,
            first_due=ob.first_due,
            reason=reason,
            cause=self.cause,
            ledger=ob.ledger,
        )
        self._by_cause("due_changed", ob, data, at=at)

    def suspended(self, ob: Obligation, *, reason: str, proven: bool) -> None:
        """Say that the law's clock stands."""
        assert ob.suspended_since is not None, "a suspended obligation says since when"
        data = ObligationSuspended(
            **self._which(ob),
            since=ob.suspended_since,
            proven=proven,
            reason=reason,
            cause=self.cause,
            ledger=ob.ledger,
        )
        self._by_cause("suspended", ob, data, at=ob.suspended_since)

    def resumed(self, ob: Obligation, *, at: datetime) -> None:
        """Say that the clock runs again."""
        data = ObligationResumed(
            **self._which(ob),
            at=at,
            due=ob.due,
            limit=ob.limit,
            index_due=ob.index_due,
            cause=self.cause,
            ledger=ob.ledger,
        )
        self._by_cause("resumed", ob, data, at=at)

    def discharged(self, ob: Obligation) -> None:
        """Say that it is done, or void."""
        assert ob.discharged_at is not None, "a discharged obligation says when"
        data = ObligationDischarged(
            **self._which(ob),
            at=ob.discharged_at,
            in_time=ob.in_time,
            by_limit=ob.by_limit,
            by_index=ob.by_index,
            void=ob.void,
            why=ob.why,
            cause=self.cause,
        )
        self._by_cause("discharged", ob, data, at=ob.discharged_at)

    def reached(  # noqa: PLR0913 - what a message says of a rung, in one place.
        self,
        ob: Obligation,
        cycle: Cycle,
        rung: RungState,
        *,
        now: datetime,
        role: str,
        persons: Sequence[str],
        statutory: bool = False,
        vacant: Sequence[str] = (),
        late_hours: int = 0,
        incomplete_since: datetime | None = None,
        broken: Promise | None = None,
    ) -> None:
        """Say that a rung is reached and who is to hear of it."""
        data = ObligationRungReached(
            **self._which(ob, cycle.number),
            rung=rung.rung,
            rung_at=rung.at,
            role=role,
            persons=tuple(persons),
            due=cycle.due,
            limit=cycle.limit,
            late_by_outage_hours=late_hours,
            repeat=rung.repeat,
            promise_broken=None
            if broken is None
            else BrokenPromise(by=broken.by, cause=broken.cause, promised=broken.promised),
            statutory=statutory,
            data_incomplete_since=incomplete_since,
            vacant_roles=tuple(vacant),
            cause=cycle.key if _is_identifier(cycle.key) else None,
        )
        self._of_rung("reached", ob, cycle, rung, data, at=now)

    def skipped(
        self, ob: Obligation, cycle: Cycle, rung: RungState, *, why: str, now: datetime
    ) -> None:
        """Say that a rung was not raised, and why."""
        data = ObligationRungSkipped(
            **self._which(ob, cycle.number),
            rung=rung.rung,
            rung_at=rung.at,
            why=why,
            cause=self.cause,
        )
        self._of_rung("skipped", ob, cycle, rung, data, at=now)

    def withdrawn(
        self, ob: Obligation, cycle: Cycle, rung: RungState, *, why: str, now: datetime
    ) -> None:
        """Say that a rung should not have been raised."""
        data = ObligationRungWithdrawn(
            **self._which(ob, cycle.number), rung=rung.rung, why=why, cause=self.cause
        )
        self._of_rung("withdrawn", ob, cycle, rung, data, at=now)

    def breached(self, ob: Obligation, cycle: Cycle, rung: RungState) -> None:
        """Say that the statutory moment passed and the obligation is not met."""
        data = ObligationBreached(
            **self._which(ob, cycle.number),
            at=rung.at,
            clock="due" if cycle.limit is None else "limit",
            due=cycle.due,
            limit=cycle.limit,
        )
        self._of_rung("breached", ob, cycle, rung, data, at=rung.at)

    def refused(
        self, obligation: dict[str, Any], rung: str, by: str, *, why: str, at: datetime
    ) -> None:
        """Say that an acknowledgement has no effect."""
        data = ObligationAcknowledgementRefused(
            **obligation, rung=rung, by=by, why=why, cause=self.cause
        )
        self._add("acknowledgement_refused", (self.cause,), data, at, obligation["unit"])

    def gap_opened(self, ob: Obligation, gap: Gap) -> None:
        """Say that nobody answers for a role here."""
        data = CoverageGapOpened(
            gap=gap.id,
            unit=gap.unit,
            role=gap.role,
            why=gap.why,
            obligation=ob.id,
            cycle=ob.cycle_number,
        )
        self._add("gap_opened", (gap.id, gap.since.isoformat()), data, gap.since, gap.unit)

    def gap_closed(self, gap: Gap, *, why: str, at: datetime) -> None:
        """Say that somebody answers for the role again, or that nothing hangs on it."""
        data = CoverageGapClosed(gap=gap.id, unit=gap.unit, role=gap.role, why=why)
        self._add("gap_closed", (gap.id, gap.since.isoformat()), data, at, gap.unit)

    def _which(self, ob: Obligation, cycle: int | None = None) -> dict[str, Any]:
        return {
            "obligation": ob.id,
            "kind": ob.kind,
            "unit": ob.unit,
            "cycle": cycle or ob.cycle_number,
            "procedure": ob.about.get("procedure"),
            "field": ob.about.get("field"),
        }

    def _of_rung(
        self,
        what: str,
        ob: Obligation,
        cycle: Cycle,
        rung: RungState,
        data: EventData,
        *,
        at: datetime,
    ) -> None:
        parts = (ob.id, str(cycle.number), rung.rung, str(rung.repeat), str(rung.times))
        self._add(what, parts, data, at, ob.unit)

    def _by_state(
        self, what: str, ob: Obligation, cycle: int, data: EventData, *, at: datetime
    ) -> None:
        self._add(what, (ob.id, str(cycle), self.cause), data, at, ob.unit)

    def _by_cause(self, what: str, ob: Obligation, data: EventData, *, at: datetime) -> None:
        self._add(what, (ob.id, self.cause), data, at, ob.unit)

    def _add(
        self, what: str, parts: Sequence[str], data: EventData, at: datetime, unit: str
    ) -> None:
        event_id = derived_id(self.subject.id, what, *parts)
        if event_id in self.subject.adopted:
            if not isinstance(data, OF_RUNGS):
                return  # It was published before a rebuild: nobody is to hear it again.
            # The same cycle number and rung, at another moment than before the rebuild.
            event_id = derived_id(event_id, at.isoformat())
        self.emissions.append(
            Emission(
                id=event_id,
                name=data.NAME,
                data=data,
                time=at,
                competentunit=unit,
                backfill=self.backfill,
            )
        )


OF_RUNGS = (ObligationRungReached, ObligationRungSkipped, ObligationBreached)
"""What is adopted by the rung's moment and not by the event's id."""


def _is_identifier(text: str) -> bool:
    return bool(text) and " " not in text

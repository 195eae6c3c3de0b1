"""The events that workflow emits, put together from an obligation's state.

Ids are derived from what an emission is about (subject, obligation, cycle, rung, how often), or
from the event that caused it, so that working it out again gives the same id. The data are put
together as they travel; the tests read every emission back through its model.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from services.workflow.core.incident import Told
from services.workflow.core.model import Cycle, Gap, Obligation, Promise, RungState, Subject
from shared.events.ids import derived_id
from shared.events.model import EventData, instant_text
from shared.events.obligations import (
    CoverageGapClosed,
    CoverageGapOpened,
    IncidentClosed,
    IncidentOpened,
    IncidentUpdated,
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
        data = self._which(ob)
        data.update(
            opened_at=instant_text(ob.opened_at),
            due=_text(ob.due),
            limit=_text(ob.limit),
            index_due=_text(ob.index_due),
            rule=ob.rule,
            no_deadline=ob.no_deadline,
            limit_missed=_text(ob.limit_missed),
            handler=next(iter(ob.persons.get("handler", ())), None),
            ledger=ob.ledger,
            cause=self.cause,
            backfill=self.backfill,
        )
        parts = (ob.id, str(ob.cycle_number), self.cause)
        self._add("opened", parts, ObligationOpened, data, ob.opened_at)

    def due_changed(self, ob: Obligation, *, reason: str, at: datetime) -> None:
        """Say that a date moved, from what was last known to what is now in force."""
        data = self._which(ob)
        data.update(
            old_due=_text(ob.last_due),
            new_due=_text(ob.due),
            old_limit=_text(ob.last_limit),
            new_limit=_text(ob.limit),
            old_index_due=_text(ob.last_index_due),
            new_index_due=_text(ob.index_due),
            first_due=_text(ob.first_due),
            limit_missed=_text(ob.limit_missed),
            reason=reason,
            cause=self.cause,
            ledger=ob.ledger,
        )
        self._by_cause("due_changed", ob, ObligationDueChanged, data, at=at)

    def suspended(self, ob: Obligation, *, reason: str, proven: bool) -> None:
        """Say that the law's clock stands."""
        assert ob.suspended_since is not None, "a suspended obligation says since when"
        data = self._which(ob)
        data.update(
            since=instant_text(ob.suspended_since),
            proven=proven,
            limit_missed=_text(ob.limit_missed),
            reason=reason,
            cause=self.cause,
            ledger=ob.ledger,
        )
        self._by_cause("suspended", ob, ObligationSuspended, data, at=ob.suspended_since)

    def resumed(self, ob: Obligation, *, at: datetime) -> None:
        """Say that the clock runs again."""
        data = self._which(ob)
        data.update(
            at=instant_text(at),
            due=_text(ob.due),
            limit=_text(ob.limit),
            index_due=_text(ob.index_due),
            limit_missed=_text(ob.limit_missed),
            cause=self.cause,
            ledger=ob.ledger,
        )
        self._by_cause("resumed", ob, ObligationResumed, data, at=at)

    def discharged(self, ob: Obligation) -> None:
        """Say that it is done, or void."""
        self._by_cause("discharged", ob, ObligationDischarged, self._end(ob), at=_ended_at(ob))

    def lapsed(self, ob: Obligation) -> None:
        """Say that it ended by itself: again, if a fact had opened it once more."""
        facts = str(len(self.subject.history))
        parts = (ob.id, "lapse", facts, str(ob.cycle_number))
        self._add("discharged", parts, ObligationDischarged, self._end(ob), _ended_at(ob))

    def _end(self, ob: Obligation) -> dict[str, Any]:
        data = self._which(ob)
        data.update(
            at=instant_text(_ended_at(ob)),
            in_time=ob.in_time,
            by_limit=ob.by_limit,
            by_index=ob.by_index,
            limit_missed=_text(ob.limit_missed),
            void=ob.void,
            why=ob.why,
            cause=self.cause,
            ledger=(),
        )
        return data

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
        incident: str | None = None,
    ) -> None:
        """Say that a rung is reached and who is to hear of it."""
        data = self._which(ob, cycle.number)
        data.update(
            rung=rung.rung,
            rung_at=instant_text(rung.at),
            role=role,
            persons=list(persons),
            due=_text(cycle.due),
            limit=_text(cycle.limit),
            late_by_outage_hours=late_hours,
            repeat=rung.repeat,
            promise_broken=None
            if broken is None
            else {
                "by": broken.by,
                "cause": broken.cause,
                "promised": broken.promised.isoformat(),
            },
            statutory=statutory,
            incident=incident,
            data_incomplete_since=_text(incomplete_since),
            vacant_roles=list(vacant),
            cause=cycle.key if _is_identifier(cycle.key) else None,
        )
        self._of_rung(REACHED, ob, cycle.number, rung, ObligationRungReached, data, at=now)

    def skipped(
        self, ob: Obligation, cycle: Cycle, rung: RungState, *, why: str, now: datetime
    ) -> None:
        """Say that a rung was not raised, and why."""
        data = self._which(ob, cycle.number)
        data.update(rung=rung.rung, rung_at=instant_text(rung.at), why=why, cause=self.cause)
        self._of_rung("skipped", ob, cycle.number, rung, ObligationRungSkipped, data, at=now)

    def withdrawn(
        self, ob: Obligation, cycle: Cycle, rung: RungState, *, why: str, now: datetime
    ) -> None:
        """Say that a rung should not have been raised, by the cycle under which it was."""
        number = rung.told_in or cycle.number
        data = self._which(ob, number)
        data.update(rung=rung.rung, why=why, cause=self.cause)
        self._of_rung("withdrawn", ob, number, rung, ObligationRungWithdrawn, data, at=now)

    def breached(self, ob: Obligation, cycle: Cycle, rung: RungState) -> None:
        """Say that the statutory moment passed and the obligation is not met."""
        data = self._which(ob, cycle.number)
        data.update(
            at=instant_text(rung.at),
            clock="due" if cycle.limit is None else "limit",
            due=_text(cycle.due),
            limit=_text(cycle.limit),
        )
        self._of_rung("breached", ob, cycle.number, rung, ObligationBreached, data, at=rung.at)

    def refused(
        self, obligation: dict[str, Any], rung: str, by: str, *, why: str, at: datetime
    ) -> None:
        """Say that an acknowledgement has no effect."""
        data = {**obligation, "rung": rung, "by": by, "why": why, "cause": self.cause}
        model = ObligationAcknowledgementRefused
        self._add("acknowledgement_refused", (self.cause,), model, data, at)

    def gap_opened(
        self,
        ob: Obligation | None,
        gap: Gap,
        *,
        heard_by: str | None = None,
        persons: Sequence[str] = (),
    ) -> None:
        """Say that nobody answers for a role: here, or in the unit at all."""
        data = {
            **_gap(gap),
            "why": gap.why,
            "reasons": list(gap.reasons),
            "heard_by": heard_by,
            "persons": list(persons),
        }
        if ob is not None:
            data.update(obligation=ob.id, cycle=ob.cycle_number)
        parts = (gap.id, gap.since.isoformat())
        self._add("gap_opened", parts, CoverageGapOpened, data, gap.since)

    def gap_closed(self, gap: Gap, *, why: str, at: datetime) -> None:
        """Say that somebody answers for the role again, or that nothing hangs on it."""
        parts = (gap.id, gap.since.isoformat())
        self._add("gap_closed", parts, CoverageGapClosed, {**_gap(gap), "why": why}, at)

    def incident_told(
        self, told: Told, unit: str, *, begins: bool, role: str, persons: Sequence[str]
    ) -> None:
        """Say what hangs on an incident: the first time, or that it has become more."""
        model = IncidentOpened if begins else IncidentUpdated
        data = {**_of_incident(told, unit), "role": role, "persons": list(persons)}
        self._add("incident", (told.incident, str(told.times)), model, data, told.at)

    def incident_closed(self, told: Told, unit: str, *, until: datetime, struck: bool) -> None:
        """Say that the common cause is gone, or never was one."""
        data = {
            **_of_incident(told, unit),
            "until": instant_text(until),
            "reversed": struck,
        }
        self._add("incident", (told.incident, str(told.times)), IncidentClosed, data, until)

    def _which(self, ob: Obligation, cycle: int | None = None) -> dict[str, Any]:
        return {
            "obligation": ob.id,
            "kind": ob.kind,
            "unit": ob.unit,
            "cycle": cycle or ob.cycle_number,
            "procedure": ob.about.get("procedure"),
            "field": ob.about.get("field"),
            "applicant_until": ob.about.get("applicant_until"),
        }

    def _of_rung(
        self,
        what: str,
        ob: Obligation,
        cycle: int,
        rung: RungState,
        model: type[EventData],
        data: dict[str, Any],
        *,
        at: datetime,
    ) -> None:
        self._add(what, _parts_of_rung(ob, cycle, rung), model, data, at)

    def _by_cause(
        self,
        what: str,
        ob: Obligation,
        model: type[EventData],
        data: dict[str, Any],
        *,
        at: datetime,
    ) -> None:
        self._add(what, (ob.id, self.cause), model, data, at)

    def _add(
        self,
        what: str,
        parts: Sequence[str],
        model: type[EventData],
        data: dict[str, Any],
        at: datetime,
    ) -> None:
        event_id = derived_id(self.subject.id, what, *parts)
        if event_id in self.subject.adopted:
            if model not in OF_RUNGS:
                return  # It was published before a rebuild: nobody is to hear it again.
            # The same cycle number and rung, at another moment than before the rebuild.
            event_id = derived_id(event_id, at.isoformat())
        self.emissions.append(
            Emission(
                id=event_id,
                name=model.NAME,
                data={name: value for name, value in data.items() if value is not None},
                time=at,
                competentunit=data["unit"],
                backfill=self.backfill,
            )
        )


OF_RUNGS = (ObligationRungReached, ObligationRungSkipped, ObligationBreached)
"""What is adopted by the rung's moment and not by the event's id."""


REACHED: Final = "reached"
"""What is derived into the id of the event that says that a level is reached."""


def reached_id(subject: Subject, ob: Obligation, cycle: Cycle, rung: RungState) -> str:
    """Return the id of the event that last said that a level is reached."""
    parts = _parts_of_rung(ob, rung.told_in or cycle.number, rung)
    return derived_id(subject.id, REACHED, *parts)


def _parts_of_rung(ob: Obligation, cycle: int, rung: RungState) -> tuple[str, ...]:
    return (ob.id, str(cycle), rung.rung, str(rung.repeat), str(rung.times))


def _ended_at(ob: Obligation) -> datetime:
    assert ob.discharged_at is not None, "a discharged obligation says when"
    return ob.discharged_at


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else instant_text(moment)


def _of_incident(told: Told, unit: str) -> dict[str, Any]:
    return {
        "incident": told.incident,
        "unit": unit,
        "cause": told.cause,
        "system": told.system,
        "since": instant_text(told.since),
        "subjects": list(told.subjects),
        "obligations_count": told.count,
        "units": list(told.units) or None,
    }


def _gap(gap: Gap) -> dict[str, Any]:
    return {"gap": gap.id, "unit": gap.unit, "role": gap.role}


def _is_identifier(text: str) -> bool:
    return bool(text) and " " not in text

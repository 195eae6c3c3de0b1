"""Every night: does a channel reach somebody of each role, in every unit?"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from services.notifications.core.policy import STAFF_CHANNELS
from services.notifications.core.reach import reached_roles, unreached_roles
from services.notifications.core.verdict import (
    NOTHING,
    Verdict,
    coverage_subject,
    judge,
    relieve,
    verdict_of,
)
from services.notifications.ports import ContactsRead, Ends, Nights, SaidVerdicts
from services.notifications.usecases.reaching import KnowReach
from shared.calendar.zone import ONE_DAY, legal_day
from shared.events.codes import PROVINCE
from shared.reference.view import Reference
from shared.subjects.change import ChangeSubjects
from shared.subjects.document import Document
from shared.subjects.fold import Context, Emission
from shared.subjects.ports import Clock, SubjectStore

STILL_SECONDS_MAX: Final = 15 * 60.0
"""How long contacts that do not come may hold the check up; then it is made on what we have."""

PERSON_PREFIX: Final = "p-"


@dataclass(frozen=True, slots=True)
class _Awaited:
    """Contacts that had come by some moment of a day and are yet to be applied."""

    night: date
    ends: Ends
    since: float


@dataclass(slots=True)
class JudgeReach:
    """Checks every unit once a day, as the day begins, and says what differs from before.

    Whichever instance comes first gives a unit's verdict: the others find it there. The first
    day is not checked: while an installation is set up, units come before people.
    """

    know: KnowReach
    change: ChangeSubjects[Verdict]
    verdicts: SubjectStore[Verdict]
    said: SaidVerdicts
    nights: Nights
    reading: ContactsRead
    reference: Callable[[], Reference]
    clock: Clock
    wall: Callable[[], float]
    _seen: date | None = None
    _awaited: _Awaited | None = field(default=None)

    @property
    def waits(self) -> bool:
        """Whether there is a check that is still to be made."""
        return bool(self.reference().units) and self._seen != legal_day(self.clock.now())

    async def __call__(self) -> None:
        """Check what has not been checked today.

        Raises:
            UnavailableError: store or broker did not answer; the next look tries again.
        """
        if not self.waits:
            return
        night = legal_day(self.clock.now())
        last = await self.nights.last()
        if last is not None and last < night:
            if not await self._has_read(night):
                return
            await self._judge(night)
        if last is None or last < night:
            await self.nights.keep(night)
        self._seen = night

    async def hear(self, keys: Collection[str]) -> None:
        """Let the roles be reached again of those whose contact has just been told.

        Raises:
            UnavailableError: the store did not answer.
        """
        persons = {key for key in keys if key.startswith(PERSON_PREFIX)}
        if persons:
            chart, now = self.reference().organisation, self.clock.now()
            await self._relieve(
                {
                    unit
                    for unit, role in chart.assignments
                    if not persons.isdisjoint(chart.holders(unit, role, now))
                }
            )

    async def _has_read(self, night: date) -> bool:
        """Say whether the contacts that had come when we first looked are applied."""
        awaited = self._awaited
        if awaited is None or awaited.night != night:
            awaited = _Awaited(night, await self.reading.ends(), self.wall())
        elif not awaited.ends:
            awaited = replace(awaited, ends=await self.reading.ends())
        self._awaited = awaited
        # Without partitions of our own we cannot tell, and leave it to those who can.
        read = bool(awaited.ends) and self.reading.passed(awaited.ends)
        return read or self.wall() - awaited.since >= STILL_SECONDS_MAX

    async def _judge(self, night: date) -> None:
        units = self._units()
        found = unreached_roles(
            await self.know(frozenset(units.values())), self.know.rules, await self.know.gone()
        )
        said_before = await self._said_before(frozenset(units), night)

        def decide(document: Document[Verdict], context: Context) -> Sequence[Emission] | None:
            unit = units[document.id]
            given = judge(
                document.state or said_before.get(document.id),
                unit,
                found.get(unit, NOTHING),
                night=night,
                now=context.now,
                units=context.reference.units,
            )
            if given is None:
                return None
            document.state, out = given
            if out is not None:
                document.added.append(out)
            return ()

        await self.change(units, decide, create=True)
        # A contact that came while we looked found no verdict yet that it could have changed.
        await self._relieve(found.keys())

    async def _relieve(self, units: Collection[str]) -> None:
        """Take the roles that are reached again out of what was said of these units."""
        if not units:
            return
        reached = reached_roles(await self.know(units))

        def decide(document: Document[Verdict], context: Context) -> Sequence[Emission] | None:
            known = document.state
            if known is None:
                return None
            roles = {role for unit, role in reached if unit == known.unit}
            given = relieve(known, roles, now=context.now, units=context.reference.units)
            if given is None:
                return None
            document.state, out = given
            document.added.append(out)
            return ()

        known_units = self.reference().units
        ladders = [coverage_subject(unit, known_units) for unit in sorted(units)]
        await self.change(ladders, decide)

    def _units(self) -> Mapping[str, str]:
        """Return the units that have an organisation chart, by the matter of their ladder."""
        reference = self.reference()
        return {
            coverage_subject(unit, reference.units): unit
            for unit, role in sorted(reference.organisation.assignments)
            if role in STAFF_CHANNELS and (unit == PROVINCE or reference.has_unit(unit))
        }

    async def _said_before(
        self, subjects: frozenset[str], night: date
    ) -> Mapping[str, Verdict]:
        """Return what the archive has of units whose verdict the store does not have."""
        lost = subjects - (await self.verdicts.load(subjects)).keys()
        if not lost:
            return {}
        told = await self.said.last(lost)
        units = self.reference().units
        return {key: verdict_of(event, night - ONE_DAY, units) for key, event in told.items()}

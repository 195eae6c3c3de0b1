"""Heartbeats of connected systems stop here: only a loss and a return become events."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from services.intake.core.arrivals import Sender
from services.intake.ports import Presence, Presences
from services.intake.usecases.entries import Candidate, Settled
from services.intake.usecases.receive import ReceiveEvents
from shared.events.codes import connection_subject, publisher_source
from shared.events.ids import derived_id
from shared.events.model import instant_text
from shared.events.registry import REGISTRY
from shared.subjects.ports import Clock

PUBLISHER: Final = "heartbeat"
SWEEP_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class WatchConnections:
    """Notes who was heard, and tells when a system falls silent or comes back."""

    presences: Presences
    receive: ReceiveEvents
    clock: Clock
    silence_max: timedelta

    async def beat(self, unit: str, system: str) -> Settled:
        """Note that a unit's connection to a system works; tell if it had been lost.

        Raises:
            UnavailableError: the store does not answer.
        """
        now = self.clock.now()
        subject = await self._watched(unit, system)
        before = await self.presences.beat(subject, now)
        if before is None or before.lost_at is None:
            return Settled([])
        settled = await self._tell("connection.restored", before, now)
        await self.presences.found(subject, before.lost_at)
        return settled

    async def sweep(self) -> Settled:
        """Tell of every connection that has been silent for too long.

        Raises:
            UnavailableError: the store does not answer.
        """
        now = self.clock.now()
        settled = Settled([])
        for presence in await self.presences.silent(now - self.silence_max, SWEEP_MAX):
            told = await self._tell("connection.lost", presence, now)
            await self.presences.lost(presence.subject, presence.last_seen)
            settled.subjects += told.subjects
            settled.repeated |= told.repeated
        return settled

    async def _watched(self, unit: str, system: str) -> str:
        """Return the subject under which a connection is watched, by any code of its unit."""
        codes = self.receive.references.current().units.names(unit)
        names = [connection_subject(code, system) for code in codes]
        if len(names) > 1:
            known = await self.presences.known(names)
            names = [name for name in names if name in known] or names
        return names[0]

    async def _tell(self, name: str, presence: Presence, now: datetime) -> Settled:
        """Send the event in by the common door; its id is of this silence and no other."""
        silence = presence.lost_at or presence.last_seen
        data: dict[str, Any] = {}
        if name == "connection.lost":
            data["last_seen"] = instant_text(presence.last_seen)
        event = {
            "specversion": "1.0",
            "id": derived_id(presence.subject, name, instant_text(silence)),
            "source": publisher_source(PUBLISHER),
            "type": REGISTRY[name].type,
            "subject": presence.subject,
            "time": instant_text(now),
            "data": data,
        }
        return await self.receive(Sender(PUBLISHER), [Candidate.of(event)])

"""What the nightly check of whom channels reach needs: its marks, the archive, positions."""

import time
from collections.abc import Collection, Mapping
from datetime import date
from typing import Final

from services.notifications.core.announcing import PUBLISHER
from services.notifications.core.verdict import Verdict, VerdictCodec
from services.notifications.ports import Ends
from services.notifications.usecases.judging import JudgeReach
from services.notifications.usecases.planning import SERVICE
from services.notifications.usecases.reaching import KnowReach
from shared.events.centres import CoverageReachChecked
from shared.events.envelope import Event, from_document
from shared.events.topics import CONTACTS, inbound
from shared.events.units import Current, as_they_are
from shared.kafka.consumer import Consumption
from shared.mongo.client import Mongo
from shared.mongo.subjects import MongoSubjects
from shared.ops.clock import wall_now
from shared.subjects.change import ChangeSubjects
from shared.subjects.ports import ReferenceSource
from shared.subjects.relay import Relay

MARK: Final = "checked"


class MongoNights:
    """Implements `Nights`: one small document for the whole service."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo.collection("reach_marks")

    async def last(self) -> date | None:
        """Return the last day that was checked; None before the first."""
        row = await self._rows.find_one({"_id": MARK})
        return None if row is None else date.fromisoformat(row["through"])

    async def keep(self, night: date) -> None:
        """Remember a day; an earlier one never replaces a later one."""
        known = await self.last()
        if known is None or known < night:
            await self._rows.replace({"_id": MARK, "through": night.isoformat()})


class MongoSaidVerdicts:
    """Implements `SaidVerdicts` on the archive of what we published."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo.collection("archive")

    async def last(self, subjects: Collection[str]) -> Mapping[str, Event]:
        """Return the last verdict that was said of each of these matters."""
        topic = inbound(PUBLISHER).name
        rows = await self._rows.find({"topic": topic, "key": {"$in": sorted(subjects)}})
        events = [from_document(row["event"]) for row in rows]
        verdicts = [one for one in events if one.name == CoverageReachChecked.NAME]
        return {one.subject: one for one in sorted(verdicts, key=lambda one: one.time)}


class ConsumedContacts:
    """Implements `ContactsRead` on the consumer's positions."""

    def __init__(self, consumption: Consumption) -> None:
        self._consumption = consumption

    async def ends(self) -> Ends:
        """Return where the partitions of contacts that we hold end, as the broker tells now.

        Raises:
            UnavailableError: the broker did not say.
        """
        ends = await self._consumption.end_offsets()
        return {place: end for place, end in ends.items() if place[0] == CONTACTS.name}

    def passed(self, ends: Ends) -> bool:
        """Say whether what lies before these ends is applied, as far as it is still ours."""
        at = self._consumption.next_offsets
        ours = {place: end for place, end in ends.items() if place in at}
        return bool(ours) and all(at[place] >= end for place, end in ours.items())


def verdicts_in(mongo: Mongo, current: Current = as_they_are) -> MongoSubjects[Verdict]:
    """Return the collection `reach`: one document for each unit."""
    return MongoSubjects[Verdict](mongo, "reach", VerdictCodec(current))


def judging(
    mongo: Mongo,
    know: KnowReach,
    relay: Relay[Verdict],
    consumption: Consumption,
    reference: ReferenceSource,
) -> JudgeReach:
    """Return the nightly check on the engines, which changes verdicts by that relay's store."""
    change = ChangeSubjects(SERVICE, relay.store, relay, reference, know.clock, wall_now)
    return JudgeReach(
        know=know,
        change=change,
        verdicts=relay.store,
        said=MongoSaidVerdicts(mongo),
        nights=MongoNights(mongo),
        reading=ConsumedContacts(consumption),
        reference=reference.current,
        clock=know.clock,
        wall=time.monotonic,
    )

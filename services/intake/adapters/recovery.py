"""Intake's store, prepared and compared with the topics before anything else happens."""

from dataclasses import dataclass, field

from services.intake.adapters.adoption import MongoContactsNamed, MongoRefusedPlaces
from services.intake.adapters.receipts import MongoCodeCounter
from services.intake.adapters.stores import Stores
from services.intake.settings import IntakeSettings
from services.intake.usecases.adoption import AdoptCanonical, document_of, entry_of
from services.intake.usecases.contacts_adoption import AdoptContacts
from services.intake.usecases.refused_before import FindRefused, PassOverRefused
from shared.events.numbering import CodePattern
from shared.kafka.cluster import Cluster
from shared.mongo.seen_keys import MongoSeenKeys
from shared.ops.clock import wall_now
from shared.ops.health import Health
from shared.ops.log import logger
from shared.service.store_level import StoreLevel
from shared.subjects.own_events import OwnEvents
from shared.subjects.ports import Clock

LOG = logger(__name__)


@dataclass(slots=True)
class Recovery:
    """Prepares the store, and says whether it has everything that the topics have.

    Attributes:
        pass_over: Leaves out of inbound batches what was rejected before the store was lost.
    """

    stores: Stores
    level: StoreLevel
    pass_over: PassOverRefused
    adopting: AdoptCanonical
    _prepared: bool = field(default=False)

    @classmethod
    def of(
        cls,
        settings: IntakeSettings,
        stores: Stores,
        clock: Clock,
        health: Health,
    ) -> "Recovery":
        """Put the parts together, and add the check to readiness; nothing connects yet."""
        client_id = f"motcua-intake-{settings.instance}"
        level = StoreLevel(stores.mongo, Cluster.of(settings), client_id=client_id)
        places = MongoRefusedPlaces(stores.mongo)
        named = MongoContactsNamed(
            MongoSeenKeys(stores.mongo), stores.subjects, stores.contacts, stores.archive
        )
        adopting = AdoptCanonical(
            OwnEvents(stores.subjects, stores.archive, document_of, entry_of),
            stores.subjects,
            stores.archive,
            stores.receipts,
            MongoCodeCounter(stores.mongo),
            CodePattern(settings.dossier_code_pattern),
            stores.presences,
            AdoptContacts(level.topics, level.marks, stores.contacts, named, wall_now),
            FindRefused(level.topics, places),
            clock,
            wall_now,
        )
        level.compare(adopting, stores.ownership, health)
        return cls(stores, level, PassOverRefused(places), adopting)

    async def is_level(self) -> bool:
        """Prepare the store, adopt what may be adopted, and say whether intake may begin.

        Raises:
            UnavailableError: the store does not answer.
        """
        if not self._prepared:
            await self.stores.prepare()
            self._prepared = True
        if not await self.level():
            return False
        if self.adopting.counted:
            LOG.info("canonical_events_adopted", **self.adopting.counted)
            self.adopting.counted.clear()
        await self.pass_over.begin()
        return True

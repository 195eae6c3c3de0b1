"""What notifications does about a store that is behind its topics, put together."""

from collections.abc import Sequence

from services.notifications.adapters.store import MongoContacts, MongoNotices, MongoTold
from services.notifications.core.cause import Cause
from services.notifications.usecases.planning import PlanNotices
from services.notifications.usecases.stored_contacts import EraseMissing
from shared.events.topics import NOTICES
from shared.mongo.begin_again import MongoForgetting
from shared.mongo.client import Mongo
from shared.mongo.seen_keys import MongoSeenKeys
from shared.service.runtime import Runtime
from shared.subjects.begin_again import BeginAgain
from shared.subjects.own_events import OwnEvents

FORGOTTEN = ("causes", "notices")
"""What is folded again; answers, contacts, verdicts and endpoints are kept."""


def forgetting(mongo: Mongo) -> MongoForgetting:
    """Return what forgets causes and notices."""
    return MongoForgetting(mongo, subjects=FORGOTTEN, marks=())


def recover(
    runtime: Runtime[Cause], notices: MongoNotices, planning: PlanNotices, reads: Sequence[str]
) -> None:
    """Compare the store with the topic of notices, and make notices again that it lost."""
    told, contacts = MongoTold(runtime.mongo), MongoContacts(runtime.mongo)
    log = runtime.store_level.topics
    runtime.compare(
        BeginAgain(
            OwnEvents(notices.subjects, runtime.archive, is_made_later=told.is_rebuilt),
            runtime.archive,
            log,
            runtime.broker.publisher,
            forgetting(runtime.mongo),
            topics=[NOTICES.name],
            reads=reads,
            first=told.begin,
            last=EraseMissing(log, contacts, contacts, MongoSeenKeys(runtime.mongo)),
        )
    )

    async def notice_a_lost_store() -> None:
        """Make notices again of what was ever published, when they themselves are gone."""
        if await notices.none() and await told.any():
            await told.begin()
        planning.told, planning.rebuilding = told, await told.is_rebuilt()

    runtime.beginning.append(notice_a_lost_store)

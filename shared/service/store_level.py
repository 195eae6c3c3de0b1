"""A service's store, compared with its topics at the start: on readiness and in the log."""

from shared.kafka.cluster import Cluster
from shared.kafka.own_topics import KafkaOwnTopics
from shared.mongo.adoption import MongoAdoption
from shared.mongo.client import Mongo
from shared.ops.health import Health
from shared.ops.log import logger
from shared.subjects.adoption import Adopter, CompareStore, Heirs

LOG = logger(__name__)

CHECK = "store and topics"
"""The name of the check on readiness."""


class StoreLevel:
    """Says whether the store has everything that the service's own topics have.

    Until it does, the service is not ready, takes nothing in and publishes nothing.

    Attributes:
        topics: Reads the service's own topics.
        marks: What the store remembers of cluster and adoption.
    """

    def __init__(self, mongo: Mongo, cluster: Cluster, *, client_id: str) -> None:
        self.topics = KafkaOwnTopics(cluster, client_id=client_id)
        self.marks = MongoAdoption(mongo)
        self._comparing: CompareStore | None = None
        self._said: str | None = None

    def compare(self, adopter: Adopter, heirs: Heirs, health: Health) -> None:
        """Compare with what `adopter` adopts; a service without topics of its own need not."""
        comparing = CompareStore(self.topics, self.marks, adopter, heirs)
        self._comparing = comparing
        health.add(CHECK, comparing.missing)
        health.close_while(lambda: comparing.sentence)

    async def __call__(self) -> bool:
        """Return whether the store is level; ask again until it is."""
        comparing = self._comparing
        if comparing is None or comparing.level:
            return True
        level = await comparing()
        if comparing.sentence != self._said:
            self._said = comparing.sentence
            if self._said is not None:
                LOG.warning("store_not_level", reason=self._said)
        if level and comparing.adopted:
            LOG.info("store_adopted_topics", records=comparing.adopted)
        return level

"""Databases that begin where shared topics end.

Connected tests share a broker and have databases of their own. To a service such a database
looks like one that was emptied, so it is given the ends that the topics have before the test,
and begins to read where its group stopped in the test before.
"""

from shared.events.topics import CENTRES, CONTACTS, DOSSIERS, NOTICES, OBLIGATIONS, REFERENCE
from shared.kafka.own_topics import KafkaOwnTopics
from shared.mongo.adoption import MongoAdoption
from shared.mongo.client import Mongo

WRITTEN = (REFERENCE, DOSSIERS, CENTRES, CONTACTS, OBLIGATIONS, NOTICES)


async def begin_at_the_ends(bootstrap: str, mongo_url: str, database: str) -> None:
    """Note in a new database where the topics end; one that has noted that stays as it is."""
    mongo = Mongo(mongo_url, database)
    marks, topics = MongoAdoption(mongo), KafkaOwnTopics([bootstrap], client_id="test")
    try:
        for topic in WRITTEN:
            if not await marks.known(topic.name):
                await marks.level(topic.name, await topics.extents(topic.name))
        await mongo.collection("read_positions").insert(
            {"_id": "group", "believes_committed": True}
        )
    finally:
        await mongo.close()

"""How a client of ours ends."""

from typing import Final, TypeAlias

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient

from shared.kafka.connections import stop_clients

STOP_S_MAX: Final = 10.0

Client: TypeAlias = AIOKafkaConsumer | AIOKafkaProducer | AIOKafkaAdminClient


async def disconnect(client: Client, *, stop_s_max: float = STOP_S_MAX) -> None:
    """Stop a client, whatever state the broker is in; one that has stopped already is left."""
    stop = client.close if isinstance(client, AIOKafkaAdminClient) else client.stop
    await stop_clients(stop, [client_inside(client)], stop_s_max)


def client_inside(client: Client) -> AIOKafkaClient:
    """Return the client that has the connections of a consumer, producer or admin client."""
    if isinstance(client, AIOKafkaProducer):
        return client.client
    return client._client  # noqa: SLF001 -- There is no public way.

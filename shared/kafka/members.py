"""Who else is a member of a group: a program that joins ours takes partitions away from us.

What it is given is read by nobody else while it runs. Our own members are known by their client
id, which begins with the service's name.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from shared.kafka.cluster import Cluster
from shared.kafka.connect import connect
from shared.kafka.disconnect import disconnect
from shared.subjects.errors import UnavailableError

ANSWER_S_MAX: Final = 5.0
NAMED_MAX: Final = 3
"""How many strange members are named; the others are counted."""


@dataclass(frozen=True, slots=True, order=True)
class Member:
    """One member of a group, as the broker describes it."""

    client_id: str
    host: str


class GroupMembers:
    """Asks the broker for the members of one group; a client without an answer is made anew."""

    def __init__(
        self, where: Cluster | Sequence[str], group: str, *, prefix: str, client_id: str
    ) -> None:
        """Nothing connects yet; members whose client id begins with `prefix` are ours."""
        self.group = group
        self._cluster = Cluster.at(where)
        self._prefix = prefix
        self._client_id = client_id
        self._client: AIOKafkaAdminClient | None = None
        self.strange: tuple[Member, ...] = ()

    @classmethod
    def of_service(cls, where: Cluster | Sequence[str], service: str, client_id: str) -> Self:
        """Look at the group that bears a service's name, as one of its replicas."""
        prefix = f"motcua-{service}-"
        return cls(where, service, prefix=prefix, client_id=f"{client_id}-members")

    async def look(self) -> Sequence[Member]:
        """Return the members that are not ours; `strange` has them until the next look.

        Raises:
            UnavailableError: the broker does not answer.
        """
        try:
            async with asyncio.timeout(ANSWER_S_MAX):
                client = await self._connected()
                answers = await client.describe_consumer_groups([self.group])
        except (KafkaError, OSError, TimeoutError) as error:
            await self.stop()
            raise UnavailableError("the broker does not say who is in our group") from error
        found = {
            member
            for answer in answers
            for group in answer.to_object()["groups"]
            for member in map(_member, group["members"])
            if not member.client_id.startswith(self._prefix)
        }
        self.strange = tuple(sorted(found))
        return self.strange

    def sentence(self) -> str | None:
        """Say who else is in the group and what to do; None while all members are ours."""
        if not self.strange:
            return None
        named = ", ".join(
            f"client id {one.client_id!r} at {one.host}" for one in self.strange[:NAMED_MAX]
        )
        more = len(self.strange) - NAMED_MAX
        return (
            f"another program is a member of group {self.group} and takes partitions from us: "
            f"{named}{f' and {more} more' if more > 0 else ''}; stop it, or give it a group of "
            "its own; what it read is read again then"
        )

    async def stop(self) -> None:
        """Disconnect; the next look connects anew."""
        client, self._client = self._client, None
        if client is not None:
            await disconnect(client, stop_s_max=ANSWER_S_MAX)

    async def _connected(self) -> AIOKafkaAdminClient:
        if self._client is None:
            self._client = AIOKafkaAdminClient(
                **self._cluster.options(),
                client_id=self._client_id,
                request_timeout_ms=int(ANSWER_S_MAX * 1_000),
            )
            await connect(self._client)
        return self._client


def _member(described: Mapping[str, Any]) -> Member:
    """Return a member; the broker writes its host with a slash before it."""
    return Member(str(described["client_id"]), str(described["client_host"]).lstrip("/"))

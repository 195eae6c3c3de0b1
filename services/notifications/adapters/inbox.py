"""The inbox as a channel: standing there is being sent; who comes for it has got it."""

import hashlib

from services.notifications.core.notice import Notice, Taken
from services.notifications.core.settling import Accepted, Outcome
from services.notifications.ports import Message


class InboxChannel:
    """Has no provider: the desk shows what is open, this only keeps the proof."""

    async def send(self, message: Message) -> Outcome:
        """Take it; it waits until its person comes."""
        return Accepted(
            Taken(
                content_sha256=hashlib.sha256(message.content.text.encode()).hexdigest(),
                address_masked="inbox",
                template_version=message.content.version,
                language=message.language,
                provider_ref=message.id,
                response="in the inbox",
            )
        )

    async def look_up(self, notice: Notice) -> Outcome | None:
        """Nothing gets lost on the way to a page of ours."""
        del notice
        return None

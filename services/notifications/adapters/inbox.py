"""The inbox page as a channel: standing there is being sent, being looked at is arriving."""

import hashlib

from services.notifications.core.notice import Notice, Taken
from services.notifications.core.settling import Accepted, Outcome
from services.notifications.ports import Message


class InboxChannel:
    """Has no provider: the page reads what is open, this only keeps the proof."""

    async def send(self, message: Message) -> Outcome:
        """Take it; the page shows it from now on."""
        return Accepted(
            Taken(
                content_sha256=hashlib.sha256(message.content.text.encode()).hexdigest(),
                address_masked="inbox",
                template_version=message.content.version,
                language=message.language,
                provider_ref=message.id,
                response="on the inbox page",
            )
        )

    async def look_up(self, notice: Notice) -> Outcome | None:
        """Nothing gets lost on the way to a page of ours."""
        del notice
        return None

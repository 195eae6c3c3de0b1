"""Gathering what a decision about a notice looks at."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.notifications.core.dispatch import Known
from services.notifications.core.ids import notice_id
from services.notifications.core.notice import ENDPOINT_PREFIX, Channel, Notice
from services.notifications.ports import CauseStore, ContactStore, EndpointStore
from shared.subjects.ports import SubjectStore


@dataclass(slots=True)
class KnowNotices:
    """Reads causes, contacts and followed notices of a batch, each kind in one query."""

    causes: CauseStore
    contacts: ContactStore
    notices: SubjectStore[Notice]
    endpoints: EndpointStore
    configured: frozenset[str]

    async def __call__(self, notices: Sequence[Notice]) -> dict[str, Known]:
        """Return what is known beside each of `notices`, by its id."""
        if not notices:
            return {}
        causes = await self.causes.get({notice.plan.subject for notice in notices})
        people = {
            notice.plan.contact
            for notice in notices
            if not notice.plan.recipient.startswith(ENDPOINT_PREFIX)
        }
        contacts = await self.contacts.get(people)
        followed = await self._followed(notices)
        webhooks = any(notice.plan.channel is Channel.WEBHOOK for notice in notices)
        usable = self.configured - await self.endpoints.disabled() if webhooks else frozenset()
        return {
            notice.id: Known(
                cause=causes.get(notice.plan.subject),
                contact=contacts.get(notice.plan.contact),
                followed=tuple(
                    followed[key] for key in _followed_ids(notice) if key in followed
                ),
                endpoint=notice.plan.recipient.removeprefix(ENDPOINT_PREFIX) in usable,
            )
            for notice in notices
        }

    async def _followed(self, notices: Sequence[Notice]) -> dict[str, Notice]:
        ids = {key for notice in notices for key in _followed_ids(notice)}
        if not ids:
            return {}
        documents = await self.notices.load(ids)
        return {key: one.state for key, one in documents.items() if one.state is not None}


def _followed_ids(notice: Notice) -> list[str]:
    """Return the ids, one for each channel, of what a notice takes back."""
    follows = notice.plan.follows
    if follows is None:
        return []
    return [notice_id(follows, channel) for channel in Channel]

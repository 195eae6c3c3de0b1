"""One exportable proof for each notice: what was sent, to where, when, and who took it."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.notifications.core.notice import Notice
from services.notifications.ports import NoticeStore
from shared.events.model import instant_text
from shared.subjects.ports import SubjectStore

LISTED_MAX = 500


@dataclass(slots=True)
class ProveNotices:
    """Reads notices for whoever has to show that somebody was told."""

    store: SubjectStore[Notice]
    notices: NoticeStore
    key: bytes

    async def of_subject(self, subject: str) -> Sequence[Notice]:
        """Return a subject's notices, oldest first."""
        return await self.notices.of_subject(subject, limit=LISTED_MAX)

    async def get(self, notice_id: str) -> Notice | None:
        """Return one notice."""
        document = (await self.store.load({notice_id})).get(notice_id)
        return None if document is None else document.state

    def proof(self, notice: Notice) -> dict[str, Any]:
        """Return the proof, sealed with this installation's key."""
        proof = {**summary(notice), "tries": tries(notice)}
        canonical = json.dumps(
            proof, ensure_ascii=False, sort_keys=True, separators=(",", ":")
        ).encode()
        return {
            **proof,
            "proof_sha256": hashlib.sha256(canonical).hexdigest(),
            "seal": hmac.digest(self.key, canonical, "sha256").hex(),
        }


def summary(notice: Notice) -> dict[str, Any]:
    """Return what may be read of a notice: ids, states, times; no address, no name."""
    plan = notice.plan
    return {
        "id": notice.id,
        "subject": plan.subject,
        "unit": plan.unit,
        "event": plan.event,
        "event_name": plan.event_name,
        "recipient": plan.recipient,
        "channel": plan.channel.value,
        "template": plan.template,
        "template_version": notice.template_version,
        "language": notice.language,
        "obligation": plan.obligation,
        "cycle": plan.cycle,
        "rung": plan.rung,
        "state": notice.state.value,
        "reason": notice.reason,
        "attempts": notice.attempt,
        "resent": notice.resent,
        "message": notice.message,
        "merged": list(notice.merged),
        "address": notice.address_masked,
        "content_sha256": notice.content_sha256,
        "provider_ref": notice.provider_ref,
        "planned_at": instant_text(plan.planned_at),
        "next_at": instant_text(notice.next_at) if notice.next_at else None,
        "sent_at": instant_text(notice.sent_at) if notice.sent_at else None,
        "delivered_at": instant_text(notice.delivered_at) if notice.delivered_at else None,
    }


def tries(notice: Notice) -> list[dict[str, str]]:
    """Return the calls that were made and what was answered."""
    return [
        {"at": instant_text(one.at), "outcome": one.outcome, "response": one.response}
        for one in notice.tries
    ]

"""After the store was lost: what we told of a notice says how it stood.

A rebuilt service plans again what it planned before. What it has published of a notice is
adopted instead: nothing is told twice, and nothing is sent twice without a mark.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from services.notifications.core.notice import Notice, Plan, State
from shared.events.envelope import Event
from shared.events.notices import NoticeData, NoticeSent

_ENDED: Final[Mapping[str, State]] = {
    "notice.sent": State.SENT,
    "notice.delivered": State.DELIVERED,
    "notice.failed": State.FAILED,
    "notice.obsolete": State.OBSOLETE,
}


@dataclass(frozen=True, slots=True)
class Adopted:
    """A notice as it was last told of, and the last sequence that it was given."""

    notice: Notice
    sequence: int


def adopt(plan: Plan, told: Sequence[Event], *, wall: datetime) -> Adopted:
    """Return a notice in the state that its events, oldest first, tell of."""
    assert told, "somebody was told of it"
    last = told[-1]
    data = last.data
    assert isinstance(data, NoticeData), "these are events of notices"
    base = Notice(plan, attempt=data.attempt, language=data.language, message=plan.id)
    notice = replace(base, **_sent(told))
    sequence = max(event.sequence or 0 for event in told)
    reason: str | None = getattr(data, "reason", None)
    if last.name in _ENDED:
        return Adopted(replace(notice, state=_ENDED[last.name], reason=reason), sequence)
    twice = last.name == "notice.unknown" and reason == "answer_lost_twice"
    if twice:
        notice = replace(notice, resent=True)
    # Planned or held is what was told; whether it was claimed since, nobody knows any more.
    unknown = replace(notice, state=State.UNKNOWN, reason=reason if twice else "store_lost")
    return Adopted(unknown if twice else replace(unknown, wall_at=wall), sequence)


def _sent(told: Sequence[Event]) -> dict[str, Any]:
    for event in reversed(told):
        data = event.data
        if isinstance(data, NoticeSent):
            return {
                "sent_at": data.at,
                "content_sha256": data.content_hash,
                "merged": data.merged,
                "resent": data.resend,
                "provider_ref": data.provider_id,
                "template_version": data.template_version,
            }
    return {}

"""What the world is told when a notice takes a step: events on `notices`, answers inbound."""

from datetime import datetime
from typing import Any, Final

from services.notifications.core.notice import (
    APPLICANT,
    ENDPOINT_PREFIX,
    OPEN,
    Channel,
    Notice,
    State,
)
from shared.events.answers import NoticeProven, NoticeUndeliverable
from shared.events.ids import derived_id
from shared.events.model import EventData
from shared.events.notices import (
    NoticeDelivered,
    NoticeFailed,
    NoticeHeld,
    NoticeObsolete,
    NoticePlanned,
    NoticeSent,
    NoticeUnknown,
)
from shared.subjects.document import Outgoing
from shared.subjects.fold import Emission
from shared.subjects.inbound import to_intake

PUBLISHER: Final = "notifications"

HARMLESS: Final = frozenset({"no_contact"})
"""Reasons that were known before anything was tried: nobody need be told again."""


def announce(
    before: Notice | None, after: Notice, *, now: datetime, next_channel: Channel | None = None
) -> list[Emission]:
    """Return the event of a step, if it is one that others see.

    A claim and a wait are our own affair; held is told once for each moment.
    """
    data = _data(before, after, now, next_channel)
    if data is None:
        return []
    return [
        Emission(
            id=derived_id(after.id, data.NAME, str(after.attempt), _mark(after)),
            name=data.NAME,
            data=data.document(),
            time=now,
            key=after.plan.subject,
            competentunit=after.plan.unit or None,
        )
    ]


def _mark(after: Notice) -> str:
    """Tell two holds of one attempt apart by their end."""
    held = after.state is State.HELD and after.next_at is not None
    return after.next_at.isoformat() if held and after.next_at else ""


def _data(  # noqa: PLR0911 -- One way out for each state.
    before: Notice | None, after: Notice, now: datetime, next_channel: Channel | None
) -> EventData | None:
    fields = _fields(after)
    if before is None:
        return NoticePlanned(**fields)
    state = after.state
    if state is State.HELD and after.next_at is not None and after.next_at != before.next_at:
        return NoticeHeld(**fields, until=after.next_at, reason=after.reason or "held")
    if state is before.state or state in OPEN or state is State.CLAIMED:
        return None
    if state is State.SENT:
        return NoticeSent(
            **fields,
            at=after.sent_at or now,
            resend=after.resent,
            merged=after.merged,
            content_hash=after.content_sha256 or None,
        )
    if state is State.DELIVERED:
        return NoticeDelivered(**fields, at=after.delivered_at or now)
    reason = after.reason or state.value
    if state is State.FAILED:
        channel = next_channel.value if next_channel else None
        return NoticeFailed(**fields, at=now, reason=reason, next_channel=channel)
    if state is State.UNKNOWN:
        return NoticeUnknown(**fields, at=now, reason=reason)
    return NoticeObsolete(**fields, at=now, reason=reason)


def _fields(notice: Notice) -> dict[str, Any]:
    plan = notice.plan
    return {
        "about": plan.event,
        "about_name": plan.event_name,
        "cause": plan.subject,
        "unit": plan.unit or None,
        "person": _person(notice),
        "channel": plan.channel.value,
        "template": plan.template,
        "template_version": notice.template_version or 1,
        "language": notice.language or "vi",
        "obligation": plan.obligation,
        "cycle": plan.cycle,
        "rung": plan.rung,
        "attempt": notice.attempt,
    }


def _person(notice: Notice) -> str | None:
    recipient = notice.plan.recipient
    if recipient == APPLICANT or recipient.startswith(ENDPOINT_PREFIX):
        return None
    return recipient


def proven(notice: Notice, *, at: datetime, read: bool = False) -> Outgoing:
    """Return the proof of arrival, as any publisher would send it in."""
    data = NoticeProven(
        notice=notice.id,
        about=notice.plan.event,
        about_name=notice.plan.event_name,
        at=at,
        proof="read" if read else "delivered",
        obligation=notice.plan.obligation,
        cycle=notice.plan.cycle,
        rung=notice.plan.rung,
        person=_person(notice),
    )
    return to_intake(PUBLISHER, derived_id(notice.id, data.NAME), notice.plan.subject, data, at)


def undeliverable(notice: Notice, *, at: datetime) -> Outgoing:
    """Return the word that no channel reaches the recipient."""
    data = NoticeUndeliverable(
        notice=notice.id,
        about=notice.plan.event,
        about_name=notice.plan.event_name,
        at=at,
        reason=notice.reason or "no_channel",
        obligation=notice.plan.obligation,
        cycle=notice.plan.cycle,
        rung=notice.plan.rung,
        person=_person(notice),
    )
    return to_intake(
        PUBLISHER, derived_id(notice.plan.key, data.NAME), notice.plan.subject, data, at
    )


def inbound_event(event_id: str, subject: str, data: EventData, at: datetime) -> Outgoing:
    """Return an event of this publisher for the inbound topic that is its own."""
    return to_intake(PUBLISHER, event_id, subject, data, at)

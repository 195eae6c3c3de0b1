"""Ids that follow from what a thing is, so that a repeat repeats them."""

from collections.abc import Collection

from services.notifications.core.notice import Channel
from shared.events.ids import derived_id


def escalation_key(
    subject: str, obligation: str, cycle: int, rung: str, repeat: int, person: str
) -> str:
    """Return the key of one person hearing of one rung, whatever the channel."""
    return "|".join((subject, obligation, str(cycle), rung, str(repeat), person))


def event_key(event_id: str, template: str, recipient: str) -> str:
    """Return the key of one audience hearing of one event, whatever the channel."""
    return f"{event_id}|{template}|{recipient}"


def notice_id(key: str, channel: Channel) -> str:
    """Return the id of the notice of `key` by `channel`."""
    return derived_id(key, "notice", channel.value)


def message_id(notice_ids: Collection[str]) -> str:
    """Return the id of the message that carries these notices, whenever it is sent."""
    if len(notice_ids) == 1:
        return next(iter(notice_ids))
    return derived_id("|".join(sorted(notice_ids)), "message")

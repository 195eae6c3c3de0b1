"""From claimed notices to the one message that carries them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.notifications.core.dispatch import Known, Send
from services.notifications.core.ids import message_id
from services.notifications.core.letter import LinkMaker, Names, letter_of
from services.notifications.core.notice import Notice
from services.notifications.ports import Message, Renderer


@dataclass(slots=True)
class WriteMessages:
    """Puts notices into words for their recipient."""

    renderer: Renderer
    names: Callable[[], Names]
    links: LinkMaker

    def __call__(
        self,
        notices: tuple[Notice, ...],
        send: Send,
        known: Mapping[str, Known],
        *,
        wall: datetime,
    ) -> Message:
        """Return the message of one notice, or of several that were merged."""
        names = self.names()
        ordered = tuple(
            sorted(notices, key=lambda one: (one.plan.urgency, one.plan.planned_at))
        )
        letters = [
            letter_of(
                notice,
                known[notice.id].cause,
                language=send.language,
                name=send.name,
                names=names,
                links=self.links(notice.plan, send.language),
                resent=notice.resent,
            )
            for notice in ordered
        ]
        return Message(
            id=message_id([notice.id for notice in notices]),
            notices=ordered,
            address=send.address,
            name=send.name,
            language=send.language,
            content=self.renderer.render(letters),
            wall=wall,
            resent=tuple(notice.id for notice in ordered if notice.resent),
        )

"""The addresses that messages carry: the acknowledge form of one rung, and the inbox."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notifications.core.letter import Links
from services.notifications.core.notice import APPLICANT, Channel, Plan
from services.notifications.core.tokens import Grant, issue


@dataclass(frozen=True, slots=True)
class MakeLinks:
    """Makes links under the address at which this service's pages are reached."""

    base: str
    key: bytes
    lasts: timedelta
    wall_now: Callable[[], datetime]

    def __call__(self, plan: Plan) -> Links:
        """Return the links of a notice; people outside get none."""
        if plan.recipient == APPLICANT or plan.channel is Channel.WEBHOOK:
            return Links()
        inbox = f"{self.base.rstrip('/')}/inbox"
        if plan.template != "rung" or plan.obligation is None:
            return Links(inbox=inbox)
        assert plan.cycle is not None, "a rung has a cycle"
        assert plan.rung is not None, "a rung has a name"
        grant = Grant(
            subject=plan.subject,
            obligation=plan.obligation,
            cycle=plan.cycle,
            rung=plan.rung,
            person=plan.recipient,
            notice=plan.id,
            expires=self.wall_now() + self.lasts,
        )
        token = issue(grant, self.key)
        return Links(answer=f"{self.base.rstrip('/')}/a/{token}", inbox=inbox)

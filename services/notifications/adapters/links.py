"""The addresses that messages carry: the form of one rung, and the way to one's desk."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notifications.core.letter import Links
from services.notifications.core.notice import APPLICANT, Channel, Language, Plan
from services.notifications.core.tokens import Grant, issue


@dataclass(frozen=True, slots=True)
class MakeLinks:
    """Makes links under the address at which this service's pages are reached."""

    base: str
    key: bytes
    lasts: timedelta
    wall_now: Callable[[], datetime]

    def __call__(self, plan: Plan, language: Language) -> Links:
        """Return the links of a notice, in its reader's language; people outside get none."""
        if plan.recipient == APPLICANT or plan.channel is Channel.WEBHOOK:
            return Links()
        base, query = self.base.rstrip("/"), "?lang=en" if language == "en" else ""
        desk = f"{base}/inbox{query}"
        if plan.template != "rung" or plan.obligation is None:
            return Links(desk=desk)
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
        return Links(answer=f"{base}/a/{token}{query}", desk=desk)

"""Zalo's server as its rules of 2026 describe it: tags, nights, quotas, repeats.

It shares no code with the gateway: hours and codes are written down here once more.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from tests.fakes.provider import Posted, Reply

VIET_NAM = timezone(timedelta(hours=7))
TRANSACTION = 1


@dataclass
class Zalo:
    """The rules of one account.

    Attributes:
        now: The server's own clock.
        templates: The tag of each approved template, by id.
        account_quota: How many messages the account may send on a day.
        template_quota: How many each template may.
        taken: What was sent, by tracking id.
    """

    now: datetime
    templates: Mapping[str, int]
    account_quota: int = 500
    template_quota: int = 500
    token: str = "0a-token"
    taken: dict[str, str] = field(default_factory=dict)
    _sent: Counter[str] = field(default_factory=Counter)

    def __call__(self, posted: Posted) -> Reply:
        """Answer a request; the code is in the body, HTTP always says 200."""
        return Reply(body=json.dumps(self._answer(posted)).encode())

    def _answer(self, posted: Posted) -> dict[str, object]:
        asked = posted.json
        tracking, template = asked["tracking_id"], asked["template_id"]
        local = self.now.astimezone(VIET_NAM)
        day = f"{local:%Y-%m-%d}"
        if tracking not in self.taken:
            tag = self.templates.get(template)
            by_day = 7 <= local.hour < 22
            refusals = {
                -124: posted.headers.get("access_token") != self.token,
                -109: tag is None,
                -133: tag != TRANSACTION and not by_day,
                -144: self._sent[day] >= self.account_quota,
                -147: self._sent[f"{day}/{template}"] >= self.template_quota,
            }
            for code, refused in refusals.items():
                if refused:
                    return {"error": code, "message": "refused"}
            self._sent.update([day, f"{day}/{template}"])
            self.taken[tracking] = f"Z-{len(self.taken) + 1}"
        return {"error": 0, "message": "Success", "data": {"msg_id": self.taken[tracking]}}

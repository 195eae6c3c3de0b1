"""SMS gateway and Zalo: JSON over HTTP, one call for one message, made idempotent by id."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final

import httpx2

from services.notifications.adapters.calling import Answer, post, refusal
from services.notifications.core.notice import Notice, Taken
from services.notifications.core.safety import masked
from services.notifications.core.settling import (
    Accepted,
    Closed,
    Later,
    Lost,
    Never,
    Outcome,
)
from services.notifications.core.sms import fit
from services.notifications.core.timing import QuietHours
from services.notifications.ports import Message
from shared.calendar.zone import ICT

RESPONSE_CHARACTERS_MAX: Final = 120

ZALO_PERMANENT: Final[Mapping[int, str]] = {
    -108: "bounced",
    -109: "template_refused",
    -111: "template_refused",
    -112: "template_refused",
    -118: "account_gone",
    -119: "account_gone",
}
"""Codes after which this message is not tried again by Zalo. Source: its list of errors."""

ZALO_OURS: Final = frozenset({-101, -102, -103, -104, -105, -106, -107})
"""Codes that speak of our application, not of this message: an operator has to act."""

ZALO_AT_NIGHT: Final = -133
ZALO_QUOTA: Final = frozenset({-144, -147})
"""The account, or the template, has sent what it may on this day."""

ZALO_ROUND_THE_CLOCK: Final = 1
"""The tag of transactions. Tags 2 (customer care) and 3 (promotion) are not sent at night."""

ZALO_DAY: Final = QuietHours(time(7), time(22))
"""When templates of tags 2 and 3 go. Source: one secondary source, not verified."""

NOON: Final = time(12)

ZALO_LIMITS: Final[Mapping[str, int]] = {
    "ma_ho_so": 30,
    "trang_thai": 30,
    "ngay_hen": 30,
    "ten_nguoi_dan": 30,
    "don_vi": 200,
    "ten_dich_vu": 200,
    "loi_nhan": 200,
}
"""Longest values by parameter: a procedure's name needs the type PRODUCT."""

Secret = Callable[[], str]


@dataclass(slots=True)
class SmsChannel:
    """A gateway that takes `{"to", "from", "text", "encoding", "reference"}`.

    `fields` renames them to what the gateway at hand calls them; the reference is the notice's
    id, by which a gateway that can tells repeats apart.
    """

    url: str
    sender: str
    token: Secret
    client: httpx2.AsyncClient
    fields: Mapping[str, str]
    reference_field: str = "id"
    status_url: str | None = None
    accents: bool = False
    loopback: bool = False

    async def send(self, message: Message) -> Outcome:
        """Send the short text, planned for its encoding and length."""
        text, length = fit(message.content.short, accents=self.accents)
        values: dict[str, Any] = {
            "to": message.address,
            "from": self.sender,
            "text": text,
            "encoding": length.encoding,
            "reference": message.id,
        }
        body = _json({self.fields.get(name, name): value for name, value in values.items()})
        answer = await post(
            self.client,
            self.url,
            content=body,
            headers={
                "content-type": "application/json",
                "authorization": f"Bearer {self.token()}",
                "idempotency-key": message.id,
            },
            loopback=self.loopback,
        )
        if not isinstance(answer, Answer):
            return answer
        if not answer.taken:
            return refusal(answer, wall=message.wall)
        said = _read(answer)
        if said is None:
            return Lost("an answer that cannot be read")
        reference = str(said.get(self.reference_field) or message.id)
        return _accepted(message, body, reference, answer)

    async def look_up(self, notice: Notice) -> Outcome | None:
        """Ask by reference, where the gateway can be asked."""
        if self.status_url is None:
            return None
        answer = await post(
            self.client,
            self.status_url,
            content=_json({"reference": notice.message or notice.id}),
            headers={
                "content-type": "application/json",
                "authorization": f"Bearer {self.token()}",
            },
            loopback=self.loopback,
        )
        if not isinstance(answer, Answer) or not answer.taken:
            return None
        said = _read(answer) or {}
        if said.get("status") in {"accepted", "sent", "delivered"}:
            return _found(notice, str(said.get(self.reference_field) or notice.id))
        return None


@dataclass(frozen=True, slots=True)
class ZaloTemplate:
    """A template as Zalo approved it.

    Attributes:
        id: Its id there.
        tag: 1 transaction, 2 customer care, 3 promotion.
    """

    id: str
    tag: int

    def open_from(self, wall: datetime) -> datetime:
        """Return `wall` if it may be sent then, else the next moment when it may."""
        return wall if self.tag == ZALO_ROUND_THE_CLOCK else ZALO_DAY.open_from(wall)


@dataclass(slots=True)
class ZaloChannel:
    """ZBS Template Message, once called ZNS: an approved template for each wording."""

    url: str
    token: Secret
    client: httpx2.AsyncClient
    templates: Mapping[str, ZaloTemplate]
    loopback: bool = False

    async def send(self, message: Message) -> Outcome:
        """Post one template message; `tracking_id` makes a repeat known."""
        template = self.templates.get(message.notices[0].plan.template)
        if template is None:
            return Never("no_template")
        opens = template.open_from(message.wall)
        if opens > message.wall:
            return Closed(opens, "provider_night")
        body = _json(
            {
                "phone": message.address,
                "template_id": template.id,
                "template_data": template_data(message.content.parameters),
                "tracking_id": message.id,
            }
        )
        answer = await post(
            self.client,
            self.url,
            content=body,
            headers={"content-type": "application/json", "access_token": self.token()},
            loopback=self.loopback,
        )
        if not isinstance(answer, Answer):
            return answer
        if not answer.taken:
            return refusal(answer, wall=message.wall)
        return self._outcome(message, body, answer)

    async def look_up(self, notice: Notice) -> Outcome | None:
        """Not asked: the status endpoint wants a message id, which the lost answer held."""
        del notice
        return None

    @staticmethod
    def _outcome(message: Message, body: bytes, answer: Answer) -> Outcome:
        """Read the code that stands in the body, whatever HTTP says."""
        said = _read(answer)
        code = said.get("error") if said else None
        if said is None or not isinstance(code, int):
            return Lost("an answer that cannot be read")
        response = f"error {code}"
        if code == 0:
            data = said.get("data")
            reference = data.get("msg_id") if isinstance(data, dict) else None
            return _accepted(message, body, str(reference or message.id), answer)
        return _refused(code, message.wall, response)


def _refused(code: int, wall: datetime, response: str) -> Later | Closed | Never:
    """Return what an error code means for a message."""
    if code in ZALO_PERMANENT:
        return Never(ZALO_PERMANENT[code], response)
    if code == ZALO_AT_NIGHT:
        return _at_night(wall, response)
    if code in ZALO_QUOTA:
        return Closed(_next_day(wall), "provider_quota", response, urgent_goes_on=True)
    return Later("provider_refuses_us" if code in ZALO_OURS else "provider_busy", response)


def _at_night(wall: datetime, response: str) -> Closed | Later:
    """Wait for the morning; where it has begun by our clock alone, Zalo's follows soon."""
    opens = ZALO_DAY.open_from(wall)
    if opens > wall:
        return Closed(opens, "provider_night", response)
    if wall.astimezone(ICT).time() < NOON:
        return Later("provider_night", response)
    return Closed(_next_day(wall), "provider_night", response)


def _next_day(wall: datetime) -> datetime:
    """Return the opening of Zalo's next day; quotas are counted by the day of Viet Nam."""
    day = wall.astimezone(ICT).date() + timedelta(days=1)
    return datetime.combine(day, ZALO_DAY.opens, ICT).astimezone(wall.tzinfo)


def template_data(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that are filled, cut to what Zalo takes."""
    return {
        name: value[: ZALO_LIMITS[name]]
        for name, value in parameters.items()
        if value and name in ZALO_LIMITS
    }


def _accepted(message: Message, body: bytes, reference: str, answer: Answer) -> Accepted:
    return Accepted(
        Taken(
            content_sha256=hashlib.sha256(body).hexdigest(),
            address_masked=masked(message.address),
            template_version=message.content.version,
            language=message.language,
            provider_ref=reference[:RESPONSE_CHARACTERS_MAX],
            response=f"HTTP {answer.status}",
        )
    )


def _found(notice: Notice, reference: str) -> Accepted:
    """Return what is known of a message that the provider has, after its answer was lost."""
    return Accepted(
        Taken(
            content_sha256=notice.content_sha256 or "",
            address_masked=notice.address_masked or "",
            template_version=notice.template_version or 1,
            language=notice.language or "vi",
            provider_ref=reference,
            response="looked up",
        )
    )


def _read(answer: Answer) -> dict[str, Any] | None:
    try:
        said = json.loads(answer.body or b"{}")
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

"""SMS gateway and Zalo ZNS: JSON over HTTP, one call for one message, made idempotent by id."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx2

from services.notifications.adapters.calling import Answer, post, refusal
from services.notifications.core.notice import Notice, Taken
from services.notifications.core.safety import masked
from services.notifications.core.settling import Accepted, Later, Lost, Never, Outcome
from services.notifications.core.sms import fit
from services.notifications.ports import Message

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


@dataclass(slots=True)
class ZaloChannel:
    """Zalo Notification Service: an approved template for each wording."""

    url: str
    token: Secret
    client: httpx2.AsyncClient
    templates: Mapping[str, str]
    loopback: bool = False

    async def send(self, message: Message) -> Outcome:
        """Post one template message; `tracking_id` makes a repeat known."""
        template = self.templates.get(message.notices[0].plan.template)
        if template is None:
            return Never("no_template")
        body = _json(
            {
                "phone": message.address,
                "template_id": template,
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
        if code in ZALO_PERMANENT:
            return Never(ZALO_PERMANENT[code], response)
        if code in ZALO_OURS:
            return Later("provider_refuses_us", response)
        return Later("provider_busy", response)


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

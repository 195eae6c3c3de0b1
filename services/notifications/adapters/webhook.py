"""Webhooks, signed as Standard Webhooks 1.0 says; thin, so that reading stays auditable."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import httpx2

from services.notifications.adapters.calling import Answer, post, refusal
from services.notifications.core.notice import Notice, Taken
from services.notifications.core.settling import Accepted, Later, Never, Outcome
from services.notifications.ports import EndpointStore, Message

GONE: Final = 410
SECRET_BYTES_MIN: Final = 24
TIMESTAMP_TOLERANCE_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address that is told; several secrets while one is being replaced."""

    id: str
    url: str
    secrets: tuple[bytes, ...]


@dataclass(slots=True)
class WebhookChannel:
    """Posts ids, never personal data, to the endpoints of an installation."""

    endpoints: Mapping[str, Endpoint]
    store: EndpointStore
    client: httpx2.AsyncClient
    loopback: bool = False

    async def send(self, message: Message) -> Outcome:
        """Post the notices of a message, one in practice."""
        endpoint = self.endpoints.get(message.address)
        if endpoint is None:
            return Never("endpoint_unknown")
        body = payload(message)
        headers = signed_headers(endpoint, message, body)
        answer = await post(
            self.client, endpoint.url, content=body, headers=headers, loopback=self.loopback
        )
        if not isinstance(answer, Answer):
            return answer
        if answer.status == GONE:
            await self.store.disable(endpoint.id, at=message.wall)
            return Never("endpoint_gone", f"HTTP {GONE}")
        if not answer.taken:
            found = refusal(answer, wall=message.wall)
            # A receiver may be mending itself: all but "gone" and redirects are tried again.
            if isinstance(found, Never) and found.reason == "message_refused":
                return Later("provider_refuses_us", found.response)
            return found
        return Accepted(
            Taken(
                content_sha256=hashlib.sha256(body).hexdigest(),
                address_masked=endpoint.id,
                template_version=message.content.version,
                language=message.language,
                provider_ref=message.id,
                response=f"HTTP {answer.status}",
            )
        )

    async def look_up(self, notice: Notice) -> Outcome | None:
        """Nobody can be asked; the receiver knows a repeat by its `webhook-id`."""
        del notice
        return None


def payload(message: Message) -> bytes:
    """Return the body: what happened to which subject, by ids alone."""
    first = message.notices[0].plan
    data = {
        "notice": message.id,
        "subject": first.subject,
        "unit": first.unit,
        "event": first.event,
        "event_name": first.event_name,
        "template": first.template,
        "obligation": first.obligation,
        "cycle": first.cycle,
        "rung": first.rung,
        "facts": {
            key: value
            for key, value in sorted(first.facts.items())
            if key in {"due", "limit", "kind", "rung", "role", "rung_at", "new_date", "why"}
        },
        "resent": bool(message.resent),
    }
    body = {
        "type": f"notice.{first.template}",
        "timestamp": first.planned_at.isoformat(),
        "data": {key: value for key, value in data.items() if value is not None},
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def signed_headers(endpoint: Endpoint, message: Message, body: bytes) -> dict[str, str]:
    """Return the headers of Standard Webhooks, one signature for each secret."""
    timestamp = str(int(message.wall.timestamp()))
    marks = [signature(secret, message.id, timestamp, body) for secret in endpoint.secrets]
    return {
        "content-type": "application/json",
        "webhook-id": message.id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(marks),
    }


def signature(secret: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    """Return one `v1` signature over id, timestamp and body."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()


def is_signed(
    headers: Mapping[str, str], body: bytes, *, secrets: tuple[bytes, ...], wall: float
) -> bool:
    """Say whether a request that reaches us carries one of our partners' signatures."""
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not timestamp.isdecimal() or len(timestamp) > len("99999999999"):
        return False
    if abs(wall - int(timestamp)) > TIMESTAMP_TOLERANCE_SECONDS:
        return False
    given = headers.get("webhook-signature", "").split(" ")[:10]
    wanted = [signature(secret, message_id, timestamp, body) for secret in secrets]
    found = [
        hmac.compare_digest(one.encode(), other.encode()) for one in given for other in wanted
    ]
    return any(found)


def secret_bytes(text: str) -> bytes:
    """Read a secret, `whsec_` and base64 of at least 24 bytes.

    Raises:
        ValueError: it is no such secret.
    """
    try:
        raw = base64.b64decode(text.strip().removeprefix("whsec_"), validate=True)
    except ValueError:
        raise ValueError("a webhook secret is whsec_ followed by base64") from None
    if len(raw) < SECRET_BYTES_MIN:
        raise ValueError(f"a webhook secret has at least {SECRET_BYTES_MIN} bytes")
    return raw

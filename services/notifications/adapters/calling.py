"""One POST to a provider, and what its answer means for a message."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import httpx2

from services.notifications.adapters.guard import (
    ANSWER_BYTES_MAX,
    ForbiddenAddressError,
    check_url,
)
from services.notifications.core.settling import Later, Lost, Never

WAIT_MAX: Final = timedelta(hours=24)
_TOO_MANY: Final = 429
_TIMEOUT: Final = 408
_SERVER_ERROR: Final = 500
_REDIRECT: Final = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that came whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def taken(self) -> bool:
        """Whether it is one of the 2xx."""
        return 200 <= self.status < _REDIRECT  # noqa: PLR2004 -- As HTTP counts.


async def post(
    client: httpx2.AsyncClient,
    url: str,
    *,
    content: bytes,
    headers: Mapping[str, str],
    loopback: bool,
) -> Answer | Later | Lost | Never:
    """Post and read an answer of bounded size; say what it means when none came.

    What failed before a byte was written surely did not arrive; what failed later may have.
    """
    try:
        check_url(url, loopback=loopback)
        async with client.stream("POST", url, content=content, headers=headers) as response:
            body = b""
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > ANSWER_BYTES_MAX:
                    body = body[:ANSWER_BYTES_MAX]
                    break
            return Answer(response.status_code, dict(response.headers), body)
    except ForbiddenAddressError as error:
        return Never("forbidden_address", str(error))
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
        return Later("provider_away", type(error).__name__)
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
        return Never("forbidden_address", type(error).__name__)
    except httpx2.HTTPError as error:
        return Lost(type(error).__name__)


def refusal(answer: Answer, *, wall: datetime) -> Later | Never:
    """Return what an answer that is not 2xx means: most may pass, some never will."""
    said = f"HTTP {answer.status}"
    if answer.status in {_TOO_MANY, _TIMEOUT} or answer.status >= _SERVER_ERROR:
        return Later("provider_busy", said, retry_after(answer, wall=wall))
    if _REDIRECT <= answer.status < 400:  # noqa: PLR2004 -- As HTTP counts.
        return Never("redirect_refused", said)
    return Never("message_refused", said)


def retry_after(answer: Answer, *, wall: datetime) -> timedelta | None:
    """Read `Retry-After`, in seconds or as a date; a day at most."""
    text = next(
        (value for name, value in answer.headers.items() if name.lower() == "retry-after"), ""
    ).strip()
    if text.isdecimal() and len(text) <= len("86400000"):
        wait = timedelta(seconds=int(text))
    else:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError):
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        wait = moment - wall
    return min(max(wait, timedelta(0)), WAIT_MAX)

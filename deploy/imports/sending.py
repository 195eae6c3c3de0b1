"""Sending events to intake, however often it has to be tried: same ids, same answers."""

import random
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

import httpx2
import orjson

from deploy.errors import CommandError

LINES_MAX: Final = 2_000
WAIT_S_MIN: Final = 0.2
WAIT_S_MAX: Final = 5.0
ANSWER_S_MAX: Final = 60.0
NDJSON: Final = "application/x-ndjson"
RETRIED: Final = frozenset({408, 429, 500, 502, 503, 504})
UNAUTHORISED: Final = frozenset({401, 403})

Tell = Callable[[str], None]


class SendingError(CommandError):
    """Intake does not take what is sent; the text says what to do."""


class NoAnswerError(SendingError):
    """Intake stayed away, or was not ready, for too long."""


class Sender:
    """Posts lines to intake, and waits for it up to `patience_s` without an answer."""

    def __init__(self, url: str, key: str, *, patience_s: float, tell: Tell) -> None:
        self._client = httpx2.Client(
            base_url=url,
            timeout=ANSWER_S_MAX,
            headers={"authorization": f"Bearer {key}"},
            trust_env=False,
        )
        self._url = url
        self._patience_s = patience_s
        self._tell = tell

    def close(self) -> None:
        """Give the connection back."""
        self._client.close()

    def now(self) -> datetime:
        """Ask intake for its clock.

        Raises:
            SendingError: it does not answer, or not us.
        """
        content = self._until_answered(lambda: self._client.get("/v1/units"))
        return datetime.fromisoformat(orjson.loads(content)["now"])

    def send(self, events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Send events in order and return their receipts.

        Raises:
            SendingError: intake stayed away for too long, or refuses us altogether.
        """
        receipts: list[dict[str, Any]] = []
        for start in range(0, len(events), LINES_MAX):
            part = events[start : start + LINES_MAX]
            body = b"\n".join(orjson.dumps(event) for event in part)
            content = self._until_answered(
                lambda sent=body: self._client.post(  # type: ignore[misc]  # Bound at once.
                    "/v1/events", content=sent, headers={"content-type": NDJSON}
                )
            )
            answered = [orjson.loads(line) for line in content.splitlines()]
            if len(answered) != len(part):
                raise SendingError(
                    f"{self._url} answered {len(answered)} of {len(part)} lines: is it intake?"
                )
            receipts += answered
        return receipts

    def _until_answered(self, ask: Callable[[], httpx2.Response]) -> bytes:
        silent_since = time.monotonic()
        attempt = 0
        while True:
            why, wait_s = "", 0.0
            try:
                response = ask()
            except httpx2.TransportError as error:
                why = f"does not answer ({type(error).__name__})"
            else:
                if response.is_success:
                    return response.content
                if response.status_code not in RETRIED:
                    raise _refused(self._url, response)
                why = f"says {response.status_code}"
                wait_s = _retry_after(response)
            if time.monotonic() - silent_since >= self._patience_s:
                raise NoAnswerError(
                    f"{self._url} {why} for {self._patience_s:g} s: see `motcua status`, then "
                    "run the same import again; it goes on where it stopped."
                )
            attempt += 1
            self._tell(f"intake {why}; trying again")
            time.sleep(max(wait_s, _backoff_s(attempt)))


def _refused(url: str, response: httpx2.Response) -> SendingError:
    try:
        detail = str(orjson.loads(response.content).get("detail", ""))
    except ValueError:
        detail = ""
    if response.status_code in UNAUTHORISED:
        return SendingError(
            f"{url} does not take this key ({response.status_code}): it must be a publisher's, "
            "of the profile's publisher; make one with `motcua keys add`."
        )
    return SendingError(f"{url} answered {response.status_code}. {detail}".strip())


def _retry_after(response: httpx2.Response) -> float:
    text = response.headers.get("retry-after", "")
    return min(float(text), WAIT_S_MAX) if text.isdecimal() else 0.0


def _backoff_s(attempt: int) -> float:
    ceiling = min(WAIT_S_MAX, WAIT_S_MIN * 2 ** min(attempt, 10))
    return random.uniform(ceiling / 2, ceiling)  # noqa: S311 -- Jitter, no secret.

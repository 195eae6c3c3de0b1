"""Asking a service of ours over HTTP, with its problems turned into one sentence."""

from typing import Any, Final

import httpx2

from deploy.errors import CommandError
from shared.subjects.errors import UnavailableError

TIMEOUT_S: Final = 60.0
CLIENT_ERROR: Final = 400


class AnswerError(CommandError):
    """A service refused what a command asked of it."""


def ask(
    method: str,
    url: str,
    key: str,
    *,
    params: dict[str, Any] | None = None,
    body: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Any:  # noqa: ANN401 - whatever JSON the route gives.
    """Return the JSON that a service answers.

    Raises:
        AnswerError: it refused; the text is the problem's own.
        UnavailableError: nobody answers there.
    """
    try:
        answer = httpx2.request(
            method,
            url,
            params=params,
            json=body,
            headers={
                "Authorization": f"Bearer {key}",
                "Accept-Language": "en",
                **(headers or {}),
            },
            timeout=TIMEOUT_S,
            trust_env=False,  # Services are ours: no proxy stands between.
        )
    except httpx2.TransportError as error:
        raise UnavailableError(f"nobody answers at {url}: is it running?") from error
    if answer.status_code >= CLIENT_ERROR:
        raise AnswerError(_said(answer))
    return answer.json()


def _said(answer: httpx2.Response) -> str:
    try:
        problem = answer.json()
        faults = "; ".join(
            f"{one['path']}: {one['detail']} {one['remedy']}"
            for one in problem.get("faults", ())
        )
        return f"{problem['title']} {faults or problem.get('detail', '')}".strip()
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"{answer.url} answered with status {answer.status_code}"

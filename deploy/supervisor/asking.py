"""Ask a service on this machine how it is."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any, Final

TIMEOUT_S: Final = 5.0
SERVICE_UNAVAILABLE: Final = 503

#: Services are on this machine: no proxy of the environment stands between.
_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a service is ready, what is missing if not, and what works only in part."""

    ready: bool
    missing: dict[str, str] = field(default_factory=dict)
    impaired: dict[str, str] = field(default_factory=dict)


def readiness(url: str) -> Readiness:
    """Ask /readyz; a service that does not answer misses everything."""
    try:
        answer = json.loads(get(f"{url}/readyz"))
        return Readiness(ready=True, impaired=_named(answer, "impaired"))
    except urllib.error.HTTPError as error:
        return _unready(error)
    except (OSError, ValueError) as error:
        return Readiness(ready=False, missing={"process": _reason(error)})


def status(url: str, key: str | None = None) -> dict[str, Any] | None:
    """Ask /statusz; None when the service does not answer it."""
    try:
        answer: dict[str, Any] = json.loads(get(f"{url}/statusz", key))
    except (OSError, ValueError):
        return None
    return answer


def get(url: str, key: str | None = None) -> bytes:
    """Return the body of a successful answer.

    Raises:
        OSError: nobody answered, or with a status of 400 or above (an HTTPError then).
    """
    request = urllib.request.Request(url)  # noqa: S310  An address of ours.
    if key is not None:
        request.add_header("Authorization", f"Bearer {key}")
    with _OPENER.open(request, timeout=TIMEOUT_S) as answer:
        body: bytes = answer.read()
    return body


def _unready(error: urllib.error.HTTPError) -> Readiness:
    try:
        answer = json.loads(error.read())
        missing = _named(answer, "missing")
        return Readiness(ready=False, missing=missing, impaired=_named(answer, "impaired"))
    except (OSError, ValueError, TypeError, AttributeError):
        return Readiness(ready=False, missing={"readyz": f"answered {error.code}"})


def _named(answer: dict[str, Any], part: str) -> dict[str, str]:
    return {str(name): str(why) for name, why in answer.get(part, {}).items()}


def _reason(error: OSError | ValueError) -> str:
    cause = getattr(error, "reason", error)
    return str(getattr(cause, "strerror", None) or cause)

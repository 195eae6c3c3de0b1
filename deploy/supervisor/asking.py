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
    """Whether a service is ready, and what is missing if not."""

    ready: bool
    missing: dict[str, str] = field(default_factory=dict)


def readiness(url: str) -> Readiness:
    """Ask /readyz; a service that does not answer misses everything."""
    try:
        get(f"{url}/readyz")
    except urllib.error.HTTPError as error:
        return Readiness(ready=False, missing=_missing(error))
    except OSError as error:
        return Readiness(ready=False, missing={"process": _reason(error)})
    return Readiness(ready=True)


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


def _missing(error: urllib.error.HTTPError) -> dict[str, str]:
    try:
        said = json.loads(error.read())["missing"]
        return {str(name): str(why) for name, why in said.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {"readyz": f"answered {error.code}"}


def _reason(error: OSError) -> str:
    cause = getattr(error, "reason", error)
    return str(getattr(cause, "strerror", None) or cause)

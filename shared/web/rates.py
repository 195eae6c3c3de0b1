"""Limits on how often somebody may try, for what the public can reach."""

import math

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.requests import Request

from shared.ops.clock import wall_now
from shared.web.problem import ProblemError


class RateLimit:
    """A limit such as `10/minute`, kept in memory per replica and counted per key.

    Several may be given, for a burst and for the long run: `10/minute;100/day`.
    """

    def __init__(self, name: str, rule: str) -> None:
        self._name = name
        self._items: list[RateLimitItem] = [parse(part) for part in rule.split(";")]
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def spend(self, *keys: str) -> None:
        """Count one try against each limit.

        Raises:
            ProblemError: 429 with Retry-After, when one of them is used up.
        """
        for item in self._items:
            if await self._limiter.hit(item, self._name, *keys):
                continue
            reset = (await self._limiter.get_window_stats(item, self._name, *keys)).reset_time
            wait = max(1, math.ceil(reset - wall_now().timestamp()))
            raise ProblemError("too-many-requests", headers={"Retry-After": str(wait)})


def client_of(request: Request) -> str:
    """Name the machine that asks: its address as the socket gives it, forwarded ones ignored.

    Of an IPv6 address the first 64 bits count, because that is what a household is given.
    """
    host = request.client.host if request.client else "unknown"
    return ":".join(host.split(":")[:4]) if ":" in host else host

"""Outgoing HTTP that cannot be turned against the house: checked where the socket connects.

A name is resolved once, each address is judged, and that very address is connected to; what a
name server says a moment later changes nothing. No redirects, no proxies, small answers.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

import httpcore2
import httpx2
from typing_extensions import override

ANSWER_BYTES_MAX: Final = 64 * 1024
CONNECTIONS_MAX: Final = 20
HTTPS_PORT: Final = 443

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_NAT64_LOCAL: Final = ipaddress.ip_network("64:ff9b:1::/48")
_CGNAT: Final = ipaddress.ip_network("100.64.0.0/10")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class ForbiddenAddressError(Exception):
    """A URL leads where this service must not go."""


def check_url(url: str, *, loopback: bool) -> None:
    """Refuse a URL that is not plain https to port 443.

    Args:
        url: the address to be called.
        loopback: whether this installation explicitly allows its own machine, for tests and
            demonstrations; then http and other ports are allowed there.

    Raises:
        ForbiddenAddressError: with the reason.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ForbiddenAddressError("it is no URL") from None
    if parts.username is not None or parts.password is not None:
        raise ForbiddenAddressError("it carries a user name")
    if not parts.hostname or "%" in parts.hostname:
        raise ForbiddenAddressError("it names no host")
    if loopback and parts.scheme in {"http", "https"}:
        return
    if parts.scheme != "https":
        raise ForbiddenAddressError("it is not https")
    if port not in {None, HTTPS_PORT}:
        raise ForbiddenAddressError("its port is not 443")


def is_allowed(text: str, *, loopback: bool) -> bool:
    """Say whether an address of the network may be connected to."""
    try:
        address: Address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return False
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and (address in _NAT64 or address in _NAT64_LOCAL):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if address.teredo is not None:
            return False
        if inner is not None:
            return is_allowed(str(inner), loopback=False)
    if address.is_loopback:
        return loopback
    return address.is_global and not (
        address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or (address.version == 4 and address in _CGNAT)  # noqa: PLR2004 -- The IP version.
    )


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Resolves, judges, then connects to what it judged."""

    def __init__(self, *, loopback: bool) -> None:
        self._loopback = loopback
        self._inner = httpcore2.AnyIOBackend()

    @override
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first address of `host`, unless any of them is forbidden."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore2.ConnectError(f"{host} has no address") from error
        addresses = [str(entry[4][0]) for entry in found]
        if not addresses or not all(
            is_allowed(address, loopback=self._loopback) for address in addresses
        ):
            raise ForbiddenAddressError(f"{host} has an address inside")
        return await self._inner.connect_tcp(
            addresses[0],
            port,
            timeout=timeout,
            local_address=local_address,
            socket_options=socket_options,
        )

    @override
    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Refuse: no endpoint lives in a file."""
        raise ForbiddenAddressError(path)

    @override
    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class GuardedTransport(httpx2.AsyncHTTPTransport):
    """The client's transport, on the guarded backend."""

    def __init__(self, *, loopback: bool) -> None:
        super().__init__(trust_env=False)
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=httpx2.create_ssl_context(trust_env=False),
            max_connections=CONNECTIONS_MAX,
            max_keepalive_connections=CONNECTIONS_MAX,
            keepalive_expiry=30.0,
            network_backend=GuardedBackend(loopback=loopback),
        )


def guarded_client(*, loopback: bool, seconds_max: float) -> httpx2.AsyncClient:
    """Return a client that follows no redirect, uses no proxy and goes nowhere inside."""
    return httpx2.AsyncClient(
        transport=GuardedTransport(loopback=loopback),
        timeout=seconds_max,
        follow_redirects=False,
        trust_env=False,
        headers={"User-Agent": "motcua-notifications"},
    )

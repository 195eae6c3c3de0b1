"""E-mail: a pool of reused connections to one relay; ready bytes are handed over."""

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from services.notifications.adapters.mime import mail_bytes
from services.notifications.core.notice import Notice, Taken
from services.notifications.core.safety import UnsafeTextError, masked, printable
from services.notifications.core.settling import Accepted, Later, Lost, Never, Outcome
from services.notifications.ports import Message

CONNECTIONS: Final = 4
"""Four reused connections per relay: sixteen add 14 % and triple the latency."""

CONNECT_SECONDS_MAX: Final = 8.0
STEP_SECONDS_MAX: Final = 10.0
ROOM_SECONDS_MAX: Final = 9.0
"""How long a mail waits for a connection; a busy relay is no lost answer."""

RESPONSE_CHARACTERS_MAX: Final = 200
PERMANENT_FROM: Final = 500
ADDRESS_REFUSED: Final = frozenset({550, 551, 553})
IDLE_TRUSTED_SECONDS: Final = 5.0
"""A connection that was used so lately is not asked whether it still answers."""

NOTICE_HEADER: Final = "X-Motcua-Notice"
RESEND_HEADER: Final = "X-Motcua-Resend"


@dataclass(frozen=True, slots=True)
class SmtpRelay:
    """Where mail is handed over, and as whom."""

    host: str
    port: int
    sender: str
    sender_name: str
    tls: str = "none"
    user: str | None = None
    password: str | None = None
    ca_file: str | None = None


@dataclass(slots=True)
class SmtpChannel:
    """Hands mails to one relay."""

    relay: SmtpRelay
    connections: int = CONNECTIONS
    _idle: list[tuple[SMTP, float]] = field(default_factory=list)
    _room: asyncio.Semaphore | None = None

    async def send(self, message: Message) -> Outcome:
        """Hand a mail over; an answer that does not come after the data counts as lost."""
        try:
            data = self._bytes(message)
        except UnsafeTextError as error:
            return Never("unsafe", str(error))
        room = self._room = self._room or asyncio.Semaphore(self.connections)
        try:
            async with asyncio.timeout(ROOM_SECONDS_MAX):
                await room.acquire()
        except TimeoutError:
            return Later("provider_busy", "no connection came free")
        try:
            return await self._through_connection(message, data)
        finally:
            room.release()

    async def look_up(self, notice: Notice) -> Outcome | None:
        """Mail relays cannot be asked."""
        del notice
        return None

    async def close(self) -> None:
        """Say goodbye on every connection."""
        while self._idle:
            client, _ = self._idle.pop()
            with suppress(SMTPException, OSError, TimeoutError):
                await client.quit(timeout=2)

    def _bytes(self, message: Message) -> bytes:
        content = message.content
        marks = [(NOTICE_HEADER, notice.id) for notice in message.notices]
        marks += [(RESEND_HEADER, notice_id) for notice_id in message.resent]
        return mail_bytes(
            message_id=message.id,
            sender=self.relay.sender,
            sender_name=self.relay.sender_name,
            to=message.address,
            to_name=message.name,
            subject=content.subject,
            text=content.text,
            html=content.html,
            sent_at=message.wall,
            language=message.language,
            marks=marks,
        )

    async def _through_connection(self, message: Message, data: bytes) -> Outcome:
        try:
            client = await self._connected()
        except SMTPAuthenticationError as error:
            return Later("provider_refuses_us", _said(error))
        except (SMTPException, OSError, TimeoutError) as error:
            return Later("provider_away", type(error).__name__)
        return await self._hand_over(client, message, data)

    async def _hand_over(self, client: SMTP, message: Message, data: bytes) -> Outcome:
        """Go through one transaction; until the data are sent, nothing was taken."""
        async with self._kept(client):
            address = False
            try:
                await client.mail(self.relay.sender, timeout=STEP_SECONDS_MAX)
                address = True
                await client.rcpt(message.address, timeout=STEP_SECONDS_MAX)
            except SMTPResponseException as error:
                await _reset(client)
                return _refusal(error, address=address)
            except (SMTPException, OSError, TimeoutError) as error:
                client.close()
                return Later("provider_away", type(error).__name__)
            try:
                said = await client.data(data, timeout=STEP_SECONDS_MAX)
            except SMTPResponseException as error:
                await _reset(client)
                return _refusal(error, address=False)
            except (SMTPException, OSError, TimeoutError) as error:
                client.close()
                return Lost(type(error).__name__)
        return Accepted(
            Taken(
                content_sha256=hashlib.sha256(data).hexdigest(),
                address_masked=masked(message.address),
                template_version=message.content.version,
                language=message.language,
                response=printable(f"{said.code} {said.message}")[:RESPONSE_CHARACTERS_MAX],
            )
        )

    async def _connected(self) -> SMTP:
        """Take an idle connection that still answers, or open one."""
        while self._idle:
            client, since = self._idle.pop()
            if not client.is_connected:
                continue
            if _now() - since < IDLE_TRUSTED_SECONDS:
                return client
            try:
                await client.rset(timeout=2)
            except (SMTPException, OSError, TimeoutError):
                client.close()
            else:
                return client
        relay = self.relay
        context = None
        if relay.tls != "none":
            context = ssl.create_default_context(cafile=relay.ca_file)
        client = SMTP(
            hostname=relay.host,
            port=relay.port,
            timeout=CONNECT_SECONDS_MAX,
            use_tls=relay.tls == "tls",
            start_tls=relay.tls == "starttls",
            tls_context=context,
        )
        await client.connect()
        if relay.user is not None:
            await client.login(relay.user, relay.password or "")
        return client

    @asynccontextmanager
    async def _kept(self, client: SMTP) -> AsyncIterator[None]:
        """Put a connection back that is still good, and close it when we are interrupted."""
        try:
            yield
        except BaseException:
            client.close()
            raise
        if client.is_connected:
            self._idle.append((client, _now()))


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _reset(client: SMTP) -> None:
    try:
        await client.rset(timeout=2)
    except (SMTPException, OSError, TimeoutError):
        client.close()


def _refusal(error: SMTPResponseException, *, address: bool) -> Outcome:
    """Tell a refusal for good from one for now; a lost connection never comes here."""
    if isinstance(error, SMTPServerDisconnected):
        return Later("provider_away", "disconnected")
    if error.code >= PERMANENT_FROM:
        refused = address and error.code in ADDRESS_REFUSED
        return Never("address_refused" if refused else "message_refused", _said(error))
    return Later("provider_busy", _said(error))


def _said(error: SMTPResponseException) -> str:
    return printable(f"{error.code} {error.message}")[:RESPONSE_CHARACTERS_MAX]

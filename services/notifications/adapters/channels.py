"""The channels that this installation has switched on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2

from services.notifications.adapters.gateways import SmsChannel, ZaloChannel, ZaloTemplate
from services.notifications.adapters.guard import (
    ForbiddenAddressError,
    check_url,
    guarded_client,
)
from services.notifications.adapters.inbox import InboxChannel
from services.notifications.adapters.smtp import SmtpChannel, SmtpRelay
from services.notifications.adapters.webhook import Endpoint, WebhookChannel, secret_bytes
from services.notifications.core.notice import Channel
from services.notifications.ports import ChannelPort, EndpointStore
from services.notifications.settings import (
    ChannelsFile,
    NotificationsSettings,
    SmsSettings,
    WebhookSettings,
    ZaloSettings,
)
from shared.ops.settings import SettingError

CALL_SECONDS_MAX: Final = 15.0


@dataclass(frozen=True, slots=True)
class Channels:
    """The ports by channel, and what has to be closed."""

    ports: Mapping[Channel, ChannelPort]
    mail: SmtpChannel | None
    client: httpx2.AsyncClient

    @classmethod
    def of(
        cls, settings: NotificationsSettings, file: ChannelsFile, endpoints: EndpointStore
    ) -> "Channels":
        """Build the channels.

        Raises:
            SettingError: an address or a secret cannot be used.
        """
        client = guarded_client(loopback=file.loopback, seconds_max=CALL_SECONDS_MAX)
        ports: dict[Channel, ChannelPort] = {Channel.INBOX: InboxChannel()}
        mail = _mail(settings)
        if mail is not None:
            ports[Channel.EMAIL] = mail
        if file.sms is not None:
            ports[Channel.SMS] = _sms(file.sms, client, loopback=file.loopback)
        if file.zalo is not None:
            ports[Channel.ZALO] = _zalo(file.zalo, client, loopback=file.loopback)
        if file.webhooks:
            hooks = [_endpoint(one, loopback=file.loopback) for one in file.webhooks]
            ports[Channel.WEBHOOK] = WebhookChannel(
                {one.id: one for one in hooks}, endpoints, client, loopback=file.loopback
            )
        return cls(ports, mail, client)

    async def close(self) -> None:
        """Give connections back."""
        if self.mail is not None:
            await self.mail.close()
        await self.client.aclose()


def receipt_secrets(file: ChannelsFile) -> dict[Channel, tuple[bytes, ...]]:
    """Read the secrets that providers sign their receipts with.

    Raises:
        SettingError: a file cannot be read or holds no secret.
    """
    named = {Channel.SMS: file.sms, Channel.ZALO: file.zalo}
    return {
        channel: (_secret(part.receipt_secret_file),)
        for channel, part in named.items()
        if part is not None and part.receipt_secret_file is not None
    }


def _mail(settings: NotificationsSettings) -> SmtpChannel | None:
    if settings.smtp_host is None:
        return None
    password = settings.smtp_password
    return SmtpChannel(
        SmtpRelay(
            host=settings.smtp_host,
            port=settings.smtp_port,
            sender=settings.mail_from,
            sender_name=settings.mail_from_name,
            tls=settings.smtp_tls,
            user=settings.smtp_user,
            password=None if password is None else password.get_secret_value(),
        )
    )


def _sms(part: SmsSettings, client: httpx2.AsyncClient, *, loopback: bool) -> SmsChannel:
    _usable(part.url, "sms.url", loopback=loopback)
    if part.status_url is not None:
        _usable(part.status_url, "sms.status_url", loopback=loopback)
    return SmsChannel(
        url=part.url,
        sender=part.sender,
        token=_token(part.token_file),
        client=client,
        fields={str(name): value for name, value in part.fields.items()},
        reference_field=part.reference_field,
        status_url=part.status_url,
        accents=part.accents,
        loopback=loopback,
    )


def _zalo(part: ZaloSettings, client: httpx2.AsyncClient, *, loopback: bool) -> ZaloChannel:
    _usable(part.url, "zalo.url", loopback=loopback)
    return ZaloChannel(
        url=part.url,
        token=_token(part.token_file),
        client=client,
        templates={
            wording: ZaloTemplate(template.id, template.tag)
            for wording, template in part.templates.items()
        },
        loopback=loopback,
    )


def _endpoint(part: WebhookSettings, *, loopback: bool) -> Endpoint:
    _usable(part.url, f"webhooks.{part.id}.url", loopback=loopback)
    return Endpoint(part.id, part.url, tuple(_secret(path) for path in part.secret_files))


def _usable(url: str, name: str, *, loopback: bool) -> None:
    try:
        check_url(url, loopback=loopback)
    except ForbiddenAddressError as error:
        raise SettingError(
            f"MOTCUA_CHANNELS_FILE: {name} cannot be used, {error}: give an https address."
        ) from None


def _token(path: Path) -> Callable[[], str]:
    """Return a reader of a token; it is read each time, because providers rotate them.

    Raises:
        SettingError: the file cannot be read now.
    """
    _read(path)
    return lambda: _read(path)


def _secret(path: Path) -> bytes:
    try:
        return secret_bytes(_read(path))
    except ValueError as error:
        raise SettingError(f"MOTCUA_CHANNELS_FILE: {path}: {error}.") from None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise SettingError(
            f"MOTCUA_CHANNELS_FILE names {path}, which cannot be read ({reason})."
        ) from None

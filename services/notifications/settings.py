"""Everything about notifications that differs between installations."""

from collections.abc import Mapping
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from services.notifications.core.notice import Channel
from services.notifications.core.policy import EndpointRule, Rules
from services.notifications.core.rates import Rate
from services.notifications.core.safety import email_address
from services.notifications.core.timing import QuietHours
from shared.ops.settings import URL_PATTERN, Port, ServiceSettings, SettingError

Tls = Literal["none", "starttls", "tls"]
UnitInterval = Annotated[float, Field(gt=0, le=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RateSettings(_Part):
    """How fast one channel goes."""

    burst: int = Field(default=6, ge=1, description="messages a person may get at once")
    every_seconds: float = Field(default=600, gt=0, description="then one more this often")
    per_second: float = Field(default=200, gt=0, description="messages the provider takes")
    merge_from: int = Field(default=3, ge=2, description="notices that are merged into one")

    @property
    def person(self) -> Rate:
        """The rate of one recipient."""
        return Rate(self.burst, timedelta(seconds=self.every_seconds))

    @property
    def provider(self) -> Rate:
        """The rate of the provider as a whole."""
        return Rate(max(1, int(self.per_second)), timedelta(seconds=1 / self.per_second))


DEFAULT_RATES: Final[Mapping[Channel, RateSettings]] = {
    Channel.EMAIL: RateSettings(),
    Channel.ZALO: RateSettings(per_second=20),
    Channel.SMS: RateSettings(burst=4, every_seconds=900, per_second=20),
    Channel.WEBHOOK: RateSettings(burst=1_000, every_seconds=1, per_second=50),
    Channel.INBOX: RateSettings(burst=100_000, every_seconds=0.001, per_second=2_000),
}


class SmsSettings(_Part):
    """The gateway for SMS."""

    url: str
    sender: str = Field(max_length=11, description="the registered sender name")
    token_file: Path
    fields: dict[Literal["to", "from", "text", "encoding", "reference"], str] = Field(
        default_factory=dict, description="what the gateway calls the fields"
    )
    reference_field: str = "id"
    status_url: str | None = None
    receipt_secret_file: Path | None = None
    accents: bool = Field(default=False, description="keep Vietnamese marks (UCS-2)")


class ZaloTemplateSettings(_Part):
    """A template as Zalo approved it."""

    id: str = Field(min_length=1, max_length=40)
    tag: Literal[1, 2, 3] = Field(description="1 transaction, 2 customer care, 3 promotion")

    @model_validator(mode="before")
    @classmethod
    def _with_its_tag(cls, value: object) -> object:
        if isinstance(value, str):
            message = (
                f'write {{id: "{value}", tag: 1}}, with the tag that Zalo approved it under'
            )
            raise ValueError(message)  # noqa: TRY004 -- pydantic takes a ValueError.
        return value


class ZaloSettings(_Part):
    """ZBS Template Message of Zalo, once called ZNS."""

    url: str = "https://business.openapi.zalo.me/message/template"
    token_file: Path
    templates: dict[str, ZaloTemplateSettings] = Field(
        description="wording of ours → approved template and its tag"
    )
    receipt_secret_file: Path | None = None


class WebhookSettings(_Part):
    """One endpoint that is told of events."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    url: str
    secret_files: tuple[Path, ...] = Field(min_length=1, max_length=3)
    events: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()

    @property
    def rule(self) -> EndpointRule:
        """What the policy needs to know of it."""
        return EndpointRule(self.id, self.events, self.units, self.roles)


class QuietSettings(_Part):
    """When routine notices may go, local time."""

    opens: time = time(7)
    closes: time = time(21)

    @model_validator(mode="after")
    def _open_before_closed(self) -> Self:
        if self.opens < self.closes:
            return self
        raise ValueError("quiet_hours: opens must come before closes")


class ChannelsFile(_Part):
    """The file that MOTCUA_CHANNELS_FILE names."""

    sms: SmsSettings | None = None
    zalo: ZaloSettings | None = None
    webhooks: tuple[WebhookSettings, ...] = ()
    rates: dict[Channel, RateSettings] = Field(default_factory=dict)
    quiet_hours: QuietSettings = QuietSettings()
    proven_when_taken: frozenset[Channel] = frozenset({Channel.EMAIL})
    loopback: bool = Field(
        default=False,
        description="allow providers on this machine, for tests and demonstrations only",
    )

    @field_validator("webhooks")
    @classmethod
    def _ids_differ(cls, webhooks: tuple[WebhookSettings, ...]) -> tuple[WebhookSettings, ...]:
        ids = [webhook.id for webhook in webhooks]
        if len(set(ids)) == len(ids):
            return webhooks
        raise ValueError("two webhooks have the same id")


class NotificationsSettings(ServiceSettings):
    """The settings of notifications."""

    service: ClassVar[str] = "notifications"

    http_port: Port = 8712
    public_url: str = Field(
        default="http://127.0.0.1:8712",
        pattern=URL_PATTERN,
        description="the address under which this service's pages are reached, http(s)://…",
    )
    desk_url: str = Field(
        default="http://127.0.0.1:8711",
        pattern=URL_PATTERN,
        description="where workflow's pages are, for links to what is open, http(s)://…",
    )
    smtp_host: str | None = Field(
        default=None, min_length=1, description="the mail relay; unset: no e-mail is sent"
    )
    smtp_port: Port = Field(default=25, description="the mail relay's port")
    smtp_tls: Tls = Field(default="none", description="none, starttls or tls")
    smtp_user: str | None = Field(default=None, description="the user at the mail relay")
    smtp_password: SecretStr | None = Field(
        default=None, description="the password at the mail relay"
    )
    mail_from: str = Field(
        default="motcua@localhost.localdomain", description="the sender's plain address"
    )
    mail_from_name: str = Field(
        default="Trung tâm phục vụ hành chính công",
        max_length=80,
        description="the sender's name",
    )
    channels_file: Path | None = Field(
        default=None, description="the YAML file of SMS, Zalo, webhooks, rates, quiet hours"
    )
    retry_scale: UnitInterval = Field(
        default=1.0, description="shortens pauses before retries, for demonstrations: 0 to 1"
    )
    lease_seconds: float = Field(
        default=45.0,
        ge=25.0,
        le=600.0,
        description="how long a claim holds, from 25 s (longer than any call) to 600 s",
    )
    link_days: int = Field(
        default=30, ge=1, le=90, description="how many days an acknowledge link works, 1 to 90"
    )

    @field_validator("mail_from")
    @classmethod
    def _one_plain_address(cls, value: str) -> str:
        if email_address(value) is not None:
            return value
        raise ValueError("not one plain address")

    def channels(self) -> ChannelsFile:
        """Read the file of channels; without one, only mail and the inbox are used.

        Raises:
            SettingError: it cannot be read or is wrong.
        """
        if self.channels_file is None:
            return ChannelsFile()
        try:
            read = yaml.safe_load(self.channels_file.read_text(encoding="utf-8"))
            return ChannelsFile.model_validate(read or {})
        except OSError as error:
            reason = error.strerror or type(error).__name__
        except yaml.YAMLError:
            reason = "it is no YAML"
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            reason = f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
        raise SettingError(f"MOTCUA_CHANNELS_FILE names {self.channels_file}: {reason}.")

    def rules(self, channels: ChannelsFile) -> Rules:
        """Return what this installation has switched on."""
        usable = {Channel.INBOX}
        if self.smtp_host is not None:
            usable.add(Channel.EMAIL)
        if channels.sms is not None:
            usable.add(Channel.SMS)
        if channels.zalo is not None:
            usable.add(Channel.ZALO)
        return Rules(
            channels=frozenset(usable),
            endpoints=tuple(webhook.rule for webhook in channels.webhooks),
        )


def quiet_of(channels: ChannelsFile) -> QuietHours:
    """Return the quiet hours as the core knows them."""
    return QuietHours(channels.quiet_hours.opens, channels.quiet_hours.closes)

"""What every service reads from its environment, once, and how it says what is wrong."""

import difflib
import hashlib
import hmac
import os
import types
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    Self,
    TypeVar,
    Union,
    get_args,
    get_origin,
)

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from typing_extensions import override

from shared.events.progress import LATE_WAIT

PREFIX = "MOTCUA_"
SECRET_BYTES_MIN = 32
# Read by the command line alone. A service finds them in its environment and leaves them be.
COMMAND_LINE_ONLY = frozenset(
    PREFIX + name
    for name in (
        "DATA",
        "CACHE_DIR",
        "MAVEN_URL",
        "HTTP_PORT_BASE",
        "START_WAIT_S",
        "KEY",
        "PERSON_KEY",
        "TOPIC_REPLICATION",
        "TOPIC_MIN_INSYNC",
    )
)

EXIT_WRONG_SETTING = 2


class SettingError(Exception):
    """A setting is missing, wrong or unknown; the text is one sentence for the operator."""


def _split(value: object) -> object:
    """Turn `a:9092, b:9092` into its parts; aiokafka does not split a string itself."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


CommaSeparated = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Port = Annotated[int, Field(ge=0, le=65_535)]
URL_PATTERN = r"^https?://[^\s/]+(/[^\s]*)?$"


SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"]


class KafkaSettings(BaseSettings):
    """Where the brokers are, and how we prove who we are; the command line reads it too.

    In the environment each field is `MOTCUA_` and its name in capitals; a secret may also be
    given as a file, by `MOTCUA_<NAME>_FILE`. Arguments of the constructor win, for tests.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        validate_default=True,
    )

    service: ClassVar[str] = "the command line"

    kafka_bootstrap: CommaSeparated = Field(
        default=("127.0.0.1:9092",),
        min_length=1,
        description="the brokers to ask first, host:port, separated by commas",
    )
    kafka_security_protocol: SecurityProtocol = Field(
        default="PLAINTEXT", description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"
    )
    kafka_ca_file: Path | None = Field(
        default=None,
        description="PEM file of who signed the brokers' certificates; unset: the system's",
    )
    kafka_certificate_file: Path | None = Field(
        default=None, description="PEM file of our own certificate, for mutual TLS"
    )
    kafka_key_file: Path | None = Field(
        default=None, description="PEM file of the key of our certificate"
    )
    kafka_sasl_mechanism: SaslMechanism = Field(
        default="SCRAM-SHA-512", description="SCRAM-SHA-512, SCRAM-SHA-256 or PLAIN"
    )
    kafka_user: str | None = Field(
        default=None, min_length=1, description="the user at the brokers, with SASL"
    )
    kafka_password: SecretStr | None = Field(
        default=None, description="the password at the brokers, with SASL"
    )

    @model_validator(mode="after")
    def _security_fits_together(self) -> Self:
        """Refuse half of a pair, and what the protocol would silently not use."""
        sasl = self.kafka_security_protocol.startswith("SASL_")
        tls = self.kafka_security_protocol.endswith("SSL")
        named = (
            self.kafka_ca_file,
            self.kafka_certificate_file,
            self.kafka_key_file,
        )
        if sasl and (self.kafka_user is None or self.kafka_password is None):
            raise ValueError(
                f"with {variable_of('kafka_security_protocol')}={self.kafka_security_protocol} "
                f"set {variable_of('kafka_user')} and {variable_of('kafka_password')}_FILE"
            )
        if not sasl and (self.kafka_user is not None or self.kafka_password is not None):
            raise ValueError(
                f"{variable_of('kafka_user')} and its password are used with SASL_SSL or "
                f"SASL_PLAINTEXT: set {variable_of('kafka_security_protocol')} to one of them"
            )
        if not tls and any(path is not None for path in named):
            raise ValueError(
                "certificates are used with SSL or SASL_SSL: set "
                f"{variable_of('kafka_security_protocol')} to one of them"
            )
        if (self.kafka_certificate_file is None) != (self.kafka_key_file is None):
            raise ValueError(
                f"{variable_of('kafka_certificate_file')} and {variable_of('kafka_key_file')} "
                "belong together: set both or none"
            )
        return self

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read arguments, then the environment, then the files that secrets stand in."""
        return init_settings, env_settings, _SecretFiles(settings_cls)


class ServiceSettings(KafkaSettings):
    """The settings that all four services share; a service subclasses it and names itself."""

    service: ClassVar[str] = "service"

    mongo_url: SecretStr = Field(
        default=SecretStr("mongodb://127.0.0.1:27017"),
        description="the store's address, mongodb://host:port",
    )
    mongo_driver: Literal["motor", "pymongo"] = Field(
        default="motor", description="the driver to use, motor or pymongo"
    )
    mongo_database: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9_-]{1,60}$",
        description="the database of this service: letters, digits, _ and -",
    )
    http_host: str = Field(
        default="127.0.0.1", min_length=1, description="the address to listen on"
    )
    http_port: Port = Field(
        default=8700, description="the port to listen on, 1 to 65535, or 0 for any free one"
    )
    clock_file: Path | None = Field(
        default=None, description="the file of a simulated clock; unset for the real one"
    )
    keys_file: Path = Field(description="the file of hashed API keys that `motcua keys` writes")
    secret_file: Path = Field(
        description=f"a file of at least {SECRET_BYTES_MIN} random bytes, kept for good"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="debug, info, warning or error"
    )
    public_url: str = Field(
        default="http://127.0.0.1:8713",
        pattern=URL_PATTERN,
        description="the address that links in messages start with, http://… or https://…",
    )
    instance: str = Field(
        default="0",
        pattern=r"^[A-Za-z0-9._-]{1,64}$",
        description="the name of this replica: letters, digits, . _ and -",
    )
    late_wait_s: Annotated[int, Field(ge=1, le=600)] = Field(
        default=LATE_WAIT // timedelta(seconds=1),
        description="how much later than its time an event may be recorded before it is late, "
        "and how long an overdue escalation waits for the rest of a backlog, in seconds",
    )

    @model_validator(mode="before")
    @classmethod
    def _name_the_database_after_the_service(cls, values: Any) -> Any:  # noqa: ANN401 -- Before validation anything may come.
        if isinstance(values, dict) and not values.get("mongo_database"):
            return values | {"mongo_database": f"motcua_{cls.service}"}
        return values

    @property
    def late_wait(self) -> timedelta:
        """Return `late_wait_s` as a span."""
        return timedelta(seconds=self.late_wait_s)

    def secret(self) -> bytes:
        """Read the installation's secret, from which everything keyed is derived.

        Raises:
            SettingError: the file cannot be read or is too short.
        """
        return read_secret(self.secret_file)


def secret_in_file(name: str, environ: Mapping[str, str]) -> str | None:
    """Return what the file holds that `MOTCUA_<NAME>_FILE` names; None where none is named.

    Raises:
        SettingError: it cannot be read, or the value itself is set as well.
    """
    variable = variable_of(name) + "_FILE"
    path = environ.get(variable)
    if path is None:
        return None
    if variable_of(name) in environ:
        raise SettingError(
            f"{variable_of(name)} and {variable} are both set: keep one of them."
        )
    return _read(variable, Path(path)).decode("utf-8").strip()


class _SecretFiles(PydanticBaseSettingsSource):
    """The source of `MOTCUA_<NAME>_FILE`, for fields that are secrets and for no other."""

    @override
    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        found = secret_in_file(field_name, os.environ) if _is_secret(field.annotation) else None
        return found, field_name, False

    @override
    def __call__(self) -> dict[str, Any]:
        found = {
            name: self.get_field_value(field, name)[0]
            for name, field in self.settings_cls.model_fields.items()
        }
        return {name: value for name, value in found.items() if value is not None}


SettingsT = TypeVar("SettingsT", bound=KafkaSettings)


def load(
    settings_class: type[SettingsT],
    **given: Any,  # noqa: ANN401 -- Whatever its fields take.
) -> SettingsT:
    """Read settings from the environment; a service refuses what is none of its own.

    Raises:
        SettingError: one sentence that names the variable and says how to mend it.
    """
    if issubclass(settings_class, ServiceSettings):
        _refuse_unknown(settings_class)
    try:
        return settings_class(**given)
    except ValidationError as error:
        raise SettingError(_sentence(settings_class, error)) from None


def variable_of(field_name: str) -> str:
    """Name the environment variable of a field."""
    return PREFIX + field_name.upper()


def variables_of(settings_class: type[KafkaSettings]) -> frozenset[str]:
    """Name every variable that a service understands; who starts it hands on no others."""
    return frozenset(_variables(settings_class))


def read_secret(path: Path) -> bytes:
    """Read a file of key material.

    Raises:
        SettingError: the file cannot be read or is too short.
    """
    secret = _read(variable_of("secret_file"), path)
    if len(secret) < SECRET_BYTES_MIN:
        raise SettingError(
            f"{variable_of('secret_file')} names {path}, which holds {len(secret)} bytes: "
            f"write at least {SECRET_BYTES_MIN} random ones into it."
        )
    return secret


def derive_key(secret: bytes, purpose: str) -> bytes:
    """Derive the 32-byte key of one purpose from the installation's secret (HKDF, SHA-256).

    Source: RFC 5869, one block of output, the purpose as `info`.
    """
    assert len(secret) >= SECRET_BYTES_MIN, "a key is derived from the whole secret"
    assert purpose, "a key has a purpose"
    extracted = hmac.digest(b"motcua", secret, hashlib.sha256)
    return hmac.digest(extracted, purpose.encode() + b"\x01", hashlib.sha256)


def _variables(settings_class: type[KafkaSettings]) -> Iterator[str]:
    for name, field in settings_class.model_fields.items():
        yield variable_of(name)
        if _is_secret(field.annotation):
            yield variable_of(name) + "_FILE"


def _is_secret(annotation: object) -> bool:
    if get_origin(annotation) in {Union, types.UnionType}:
        return any(_is_secret(part) for part in get_args(annotation))
    return annotation is SecretStr


def _refuse_unknown(settings_class: type[KafkaSettings]) -> None:
    known = variables_of(settings_class)
    for name in sorted(os.environ):
        if not name.startswith(PREFIX) or name in COMMAND_LINE_ONLY:
            continue
        if name in known or name.split("__", 1)[0] in known:
            continue
        near = difflib.get_close_matches(name, sorted(known), n=1)
        hint = f"did you mean {near[0]}?" if near else "remove it."
        raise SettingError(f"{name} is no setting of {settings_class.service}: {hint}")


def _sentence(settings_class: type[KafkaSettings], error: ValidationError) -> str:
    """Say what is wrong with the first wrong setting, without the value of a secret."""
    first = error.errors(include_url=False)[0]
    path = [str(part) for part in first["loc"]]
    if not path or path[0] not in settings_class.model_fields:
        return f"The settings of {settings_class.service} do not fit together: {_said(first)}."
    field = settings_class.model_fields[path[0]]
    names = [path[0], *(part for part in path[1:] if not part.isdecimal())]
    nested = len(names) > 1 and settings_class.model_config.get("env_nested_delimiter")
    variable = variable_of("__".join(names) if nested else path[0])
    mend = f"give {field.description}." if field.description else f"{first['msg']}."
    if first["type"] == "missing":
        return f"{variable} is not set: {mend}"
    if _is_secret(field.annotation):
        return f"{variable} is wrong: {mend}"
    return f"{variable} is wrong ({os.environ.get(variable, first['input'])!r}): {mend}"


def _said(error: ErrorDetails) -> str:
    """Return what a validator of ours said, without pydantic's own words before it."""
    reason = error.get("ctx", {}).get("error")
    return str(reason) if isinstance(reason, ValueError) else error["msg"]


def _read(variable: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise SettingError(
            f"{variable} names {path}, which cannot be read ({reason}): "
            "give the path of a file that this user may read."
        ) from None

"""Which cluster, and how we prove to it who we are: for every client that we make."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512
from typing_extensions import override

from shared.ops.settings import (
    KafkaSettings,
    SaslMechanism,
    SecurityProtocol,
    SettingError,
    variable_of,
)

READ_COMMITTED: Final = "read_committed"
"""How every consumer reads, FastStream's too."""


@dataclass(frozen=True, slots=True)
class Security:
    """How a client speaks to the brokers.

    Attributes:
        protocol: As Kafka names it; with SSL the brokers' names are checked.
        tls: Whom we trust, and our certificate if we have one; None without TLS.
        mechanism: Of SASL.
        user: Of SASL; None without it.
        password: Of SASL, never shown.
    """

    protocol: SecurityProtocol = "PLAINTEXT"
    tls: ssl.SSLContext | None = None
    mechanism: SaslMechanism = "SCRAM-SHA-512"
    user: str | None = None
    password: str | None = field(default=None, repr=False)


OPEN = Security()
"""A broker that asks no questions, such as the embedded one."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """The brokers to ask first, and how they are spoken to."""

    bootstrap: tuple[str, ...]
    security: Security = OPEN

    @classmethod
    def at(cls, where: "Cluster | Sequence[str]") -> "Cluster":
        """Take a cluster as it is; addresses alone are brokers that ask no questions."""
        return where if isinstance(where, Cluster) else cls(tuple(where))

    @classmethod
    def of(cls, settings: KafkaSettings) -> Self:
        """Read certificates and make the cluster that the settings describe.

        Raises:
            SettingError: a file cannot be read, or is no certificate or key.
        """
        return cls(settings.kafka_bootstrap, _security(settings))

    @override
    def __str__(self) -> str:
        """Name the brokers, as an operator wrote them."""
        return ",".join(self.bootstrap)

    def options(self) -> dict[str, Any]:
        """Return what every client of aiokafka is made with."""
        security = self.security
        options: dict[str, Any] = {
            "bootstrap_servers": list(self.bootstrap),
            "security_protocol": security.protocol,
            "ssl_context": security.tls,
        }
        if security.user is not None:
            options |= {
                "sasl_mechanism": security.mechanism,
                "sasl_plain_username": security.user,
                "sasl_plain_password": security.password,
            }
        return options

    def reader_options(self) -> dict[str, Any]:
        """Return what every consumer of aiokafka is made with besides.

        An aborted transaction was never sent, and one that is open may still be aborted. Nobody
        commits a position by the clock.
        """
        return self.options() | {
            "isolation_level": READ_COMMITTED,
            "enable_auto_commit": False,
        }

    def faststream_security(self) -> BaseSecurity | None:
        """Return the same in the words of FastStream; None where no questions are asked."""
        security = self.security
        if security.protocol == "PLAINTEXT":
            return None
        if security.user is None:
            return BaseSecurity(ssl_context=security.tls, use_ssl=True)
        kind = {
            "SCRAM-SHA-512": SASLScram512,
            "SCRAM-SHA-256": SASLScram256,
            "PLAIN": SASLPlaintext,
        }[security.mechanism]
        return kind(
            username=security.user,
            password=security.password or "",
            ssl_context=security.tls,
            use_ssl=security.tls is not None,
        )


def _security(settings: KafkaSettings) -> Security:
    protocol = settings.kafka_security_protocol
    sasl = protocol.startswith("SASL_")
    password = settings.kafka_password
    return Security(
        protocol=protocol,
        tls=_tls(settings) if protocol.endswith("SSL") else None,
        mechanism=settings.kafka_sasl_mechanism,
        user=settings.kafka_user if sasl else None,
        password=password.get_secret_value() if sasl and password is not None else None,
    )


def _tls(settings: KafkaSettings) -> ssl.SSLContext:
    ca, certificate = settings.kafka_ca_file, settings.kafka_certificate_file
    try:
        context = ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        raise SettingError(
            f"{variable_of('kafka_ca_file')}: {ca} cannot be read as certificates ({error}): "
            "name a PEM file of the authority that signed the brokers' certificates"
        ) from error
    if certificate is not None:
        try:
            context.load_cert_chain(certificate, settings.kafka_key_file)
        except (OSError, ssl.SSLError) as error:
            raise SettingError(
                f"{variable_of('kafka_certificate_file')}: {certificate} and its key cannot be "
                f"read ({error}): name PEM files of a certificate and of the key that belongs "
                "to it"
            ) from error
    return context

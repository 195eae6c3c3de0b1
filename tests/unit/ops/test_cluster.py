"""How clients are told to speak to the brokers."""

from pathlib import Path

import pytest
import trustme
from pydantic import SecretStr

from shared.kafka.cluster import Cluster
from shared.ops.settings import KafkaSettings, SettingError


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    """The certificate of an authority."""
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return tmp_path / "ca.pem"


def test_addresses_alone_are_brokers_that_ask_no_questions() -> None:
    """The embedded broker, and a test's."""
    options = Cluster.at(["127.0.0.1:9092"]).options()

    assert options["security_protocol"] == "PLAINTEXT"
    assert "sasl_plain_username" not in options
    assert Cluster.at(["127.0.0.1:9092"]).faststream_security() is None


def test_a_password_travels_under_tls_and_is_never_shown(ca_file: Path) -> None:
    """Both kinds of client get the same; a cluster in a log line has no password."""
    settings = KafkaSettings(
        kafka_security_protocol="SASL_SSL",
        kafka_ca_file=ca_file,
        kafka_user="motcua-workflow",
        kafka_password=SecretStr("hidden-word"),
    )

    cluster = Cluster.of(settings)

    options = cluster.options()
    assert options["sasl_mechanism"] == "SCRAM-SHA-512"
    assert options["sasl_plain_password"] == "hidden-word"
    assert options["ssl_context"].check_hostname
    security = cluster.faststream_security()
    assert type(security).__name__ == "SASLScram512"
    assert "hidden-word" not in repr(cluster) + str(cluster) + repr(settings)


def test_a_file_that_is_no_certificate_is_named(ca_file: Path, tmp_path: Path) -> None:
    """Which setting, which file, what to name instead."""
    (tmp_path / "no.pem").write_text("hello", encoding="ascii")
    for ca in (tmp_path / "no.pem", tmp_path / "missing.pem"):
        with pytest.raises(SettingError, match=f"MOTCUA_KAFKA_CA_FILE: {ca} cannot be read"):
            Cluster.of(KafkaSettings(kafka_security_protocol="SSL", kafka_ca_file=ca))

    with pytest.raises(SettingError, match="MOTCUA_KAFKA_CERTIFICATE_FILE"):
        Cluster.of(
            KafkaSettings(
                kafka_security_protocol="SSL",
                kafka_ca_file=ca_file,
                kafka_certificate_file=ca_file,
                kafka_key_file=tmp_path / "no.pem",
            )
        )

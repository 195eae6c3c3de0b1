"""A wrong setting stops the start with one sentence that names it and mends it."""

from pathlib import Path
from typing import ClassVar

import pytest
from pydantic import Field, SecretStr

from shared.ops.settings import (
    KafkaSettings,
    ServiceSettings,
    SettingError,
    derive_key,
    load,
    read_secret,
    variables_of,
)


class ExampleSettings(ServiceSettings):
    service: ClassVar[str] = "example"

    smtp_password: SecretStr | None = Field(default=None, description="the mail password")
    days: int = Field(default=3, ge=1, description="a number of days, 1 or more")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give every test the two settings that have no default."""
    secret = tmp_path / "secret"
    secret.write_bytes(b"s" * 32)
    monkeypatch.setenv("MOTCUA_KEYS_FILE", str(tmp_path / "keys.json"))
    monkeypatch.setenv("MOTCUA_SECRET_FILE", str(secret))
    return tmp_path


def test_defaults_are_those_of_one_machine() -> None:
    """Defaults are those of one machine."""
    settings = load(ExampleSettings)
    assert settings.mongo_database == "motcua_example"
    assert settings.kafka_bootstrap == ("127.0.0.1:9092",)
    assert settings.clock_file is None


def test_the_list_of_brokers_is_split(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of brokers is split."""
    monkeypatch.setenv("MOTCUA_KAFKA_BOOTSTRAP", "a:9092, b:9092")
    assert load(ExampleSettings).kafka_bootstrap == ("a:9092", "b:9092")


WRONG = [
    ("MOTCUA_HTTP_PORT", "eighty", "1 to 65535"),
    ("MOTCUA_HTTP_PORT", "65536", "1 to 65535"),
    ("MOTCUA_KAFKA_BOOTSTRAP", " , ", "separated by commas"),
    ("MOTCUA_LOG_LEVEL", "loud", "debug, info"),
    ("MOTCUA_MONGO_DRIVER", "mgo", "motor or pymongo"),
    ("MOTCUA_MONGO_DATABASE", "a b", "letters"),
    ("MOTCUA_INSTANCE", "a/b", "letters"),
    ("MOTCUA_PUBLIC_URL", "motcua.vn", "http"),
    ("MOTCUA_DAYS", "0", "1 or more"),
]


@pytest.mark.parametrize(("name", "value", "mend"), WRONG)
def test_a_wrong_value_is_named_and_mended(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, mend: str
) -> None:
    """A wrong value is named and mended."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingError) as caught:
        load(ExampleSettings)
    sentence = str(caught.value)
    assert sentence.startswith(name)
    assert mend in sentence
    assert "\n" not in sentence


def test_a_missing_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing setting is named."""
    monkeypatch.delenv("MOTCUA_SECRET_FILE")
    with pytest.raises(SettingError, match=r"^MOTCUA_SECRET_FILE is not set: give a file"):
        load(ExampleSettings)


def test_a_misspelt_setting_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt setting is no setting."""
    monkeypatch.setenv("MOTCUA_HTPP_PORT", "8710")
    with pytest.raises(SettingError, match="did you mean MOTCUA_HTTP_PORT"):
        load(ExampleSettings)


def test_settings_of_the_command_line_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of the command line are left alone."""
    monkeypatch.setenv("MOTCUA_DATA", "/somewhere")
    assert load(ExampleSettings).service == "example"


def test_a_secret_may_stand_in_a_file(
    monkeypatch: pytest.MonkeyPatch, environment: Path
) -> None:
    """A secret may stand in a file."""
    file = environment / "password"
    file.write_text("hunter2\n")
    monkeypatch.setenv("MOTCUA_SMTP_PASSWORD_FILE", str(file))
    password = load(ExampleSettings).smtp_password
    assert password is not None
    assert password.get_secret_value() == "hunter2"


def test_a_secret_given_twice_is_refused(
    monkeypatch: pytest.MonkeyPatch, environment: Path
) -> None:
    """A secret given twice is refused."""
    monkeypatch.setenv("MOTCUA_MONGO_URL_FILE", str(environment / "secret"))
    monkeypatch.setenv("MOTCUA_MONGO_URL", "mongodb://x")
    with pytest.raises(SettingError, match="both set"):
        load(ExampleSettings)


def test_a_secret_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret file that is not there is named."""
    monkeypatch.setenv("MOTCUA_MONGO_URL_FILE", "/nowhere/at/all")
    with pytest.raises(SettingError, match=r"^MOTCUA_MONGO_URL_FILE names /nowhere/at/all"):
        load(ExampleSettings)


def test_who_starts_a_service_can_ask_what_it_understands() -> None:
    """Who starts a service can ask what it understands."""
    names = variables_of(ExampleSettings)
    assert {"MOTCUA_DAYS", "MOTCUA_MONGO_URL", "MOTCUA_MONGO_URL_FILE"} <= names
    assert "MOTCUA_DAYS_FILE" not in names


def test_a_short_secret_is_refused(tmp_path: Path) -> None:
    """A short secret is refused."""
    file = tmp_path / "short"
    file.write_bytes(b"x" * 31)
    with pytest.raises(SettingError, match="31 bytes"):
        read_secret(file)


def test_keys_of_two_purposes_differ_and_repeat() -> None:
    """Keys of two purposes differ and repeat."""
    secret = b"k" * 32
    assert derive_key(secret, "a") == derive_key(secret, "a")
    assert derive_key(secret, "a") != derive_key(secret, "b")
    assert derive_key(secret, "a") != derive_key(b"l" * 32, "a")
    assert len(derive_key(secret, "a")) == 32


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        (
            {"SECURITY_PROTOCOL": "SASL_SSL"},
            "set MOTCUA_KAFKA_USER and MOTCUA_KAFKA_PASSWORD_FILE",
        ),
        ({"USER": "motcua"}, "set MOTCUA_KAFKA_SECURITY_PROTOCOL to one of them"),
        ({"CA_FILE": "/ca.pem"}, "set MOTCUA_KAFKA_SECURITY_PROTOCOL to one of them"),
        (
            {"SECURITY_PROTOCOL": "SSL", "CERTIFICATE_FILE": "/c.pem"},
            "MOTCUA_KAFKA_CERTIFICATE_FILE and MOTCUA_KAFKA_KEY_FILE belong together",
        ),
        ({"SECURITY_PROTOCOL": "TLS"}, "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"),
    ],
)
def test_half_of_a_way_in_is_refused(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], says: str
) -> None:
    """A setting that would silently not be used is as wrong as one that is missing."""
    for name, value in environ.items():
        monkeypatch.setenv(f"MOTCUA_KAFKA_{name}", value)

    with pytest.raises(SettingError, match=says):
        load(KafkaSettings)

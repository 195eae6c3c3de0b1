"""What `motcua up` decides from folder and environment, before anything runs."""

from pathlib import Path

import pytest

from deploy.durability import ALONE, Durability
from deploy.errors import SettingError
from deploy.installation import SERVICES, Installation, State, write_state
from deploy.supervisor.plan import plan_for


def test_each_service_has_a_port_an_address_and_the_installations_files(tmp_path: Path) -> None:
    """Four ports in a row; addresses in messages lead to the service that sends them."""
    plan = plan_for(tmp_path, 9000, {"PATH": "/bin"})

    assert [spec.name for spec in plan.services] == list(SERVICES)
    assert [spec.port for spec in plan.services] == [9000, 9001, 9002, 9003]
    for spec in plan.services:
        assert spec.environ["MOTCUA_HTTP_PORT"] == str(spec.port)
        assert spec.environ["MOTCUA_PUBLIC_URL"] == spec.url
        assert spec.environ["MOTCUA_SECRET_FILE"] == str(tmp_path / "secret")
        assert spec.environ["PATH"] == "/bin"
        assert spec.command[1:] == ("-m", f"services.{spec.name}.main")


def test_the_auditor_has_the_fifth_port_and_finds_the_rest_in_the_folder(
    tmp_path: Path,
) -> None:
    """It is told how brokers are spoken to, and none of the services' own settings."""
    environ = {
        "PATH": "/bin",
        "MOTCUA_KAFKA_SECURITY_PROTOCOL": "SSL",
        "MOTCUA_SMTP_HOST": "relay",
    }
    plan = plan_for(tmp_path, 9000, environ, audits=("--every", "5m"))

    auditor = plan.auditor
    assert auditor is not None
    assert plan.processes == (*plan.services, auditor)
    assert (auditor.port, auditor.url) == (9004, "http://127.0.0.1:9004")
    assert " ".join(auditor.command[1:]) == (
        f"-m deploy.cli.main audit --every 5m --host 127.0.0.1 --port 9004 --data {tmp_path}"
    )
    assert auditor.environ == {"PATH": "/bin", "MOTCUA_KAFKA_SECURITY_PROTOCOL": "SSL"}


def test_the_embedded_engines_are_meant_unless_others_are_named(tmp_path: Path) -> None:
    """Either one, or both, can be a cluster's."""
    own = plan_for(tmp_path, None, {})
    assert (own.kafka_bootstrap, own.mongo_url) == (None, None)

    clusters = plan_for(
        tmp_path,
        None,
        {"MOTCUA_KAFKA_BOOTSTRAP": "a:9092, b:9092", "MOTCUA_MONGO_URL": "mongodb://c"},
    )
    assert clusters.kafka_bootstrap == ("a:9092", "b:9092")
    assert clusters.mongo_url == "mongodb://c"


def test_a_store_address_with_a_password_comes_from_a_file(tmp_path: Path) -> None:
    """The services read the same file; its content is no variable of theirs."""
    secret = tmp_path / "url"
    secret.write_text("mongodb://user:pass@c\n")

    plan = plan_for(tmp_path, None, {"MOTCUA_MONGO_URL_FILE": str(secret)})

    assert plan.mongo_url == "mongodb://user:pass@c"
    assert plan.services[0].environ["MOTCUA_MONGO_URL_FILE"] == str(secret)
    assert "MOTCUA_MONGO_URL" not in plan.services[0].environ


def test_a_setting_reaches_the_services_that_know_it(tmp_path: Path) -> None:
    """What only intake understands would stop the others."""
    plan = plan_for(tmp_path, None, {"MOTCUA_PROGRESS_MS": "100", "MOTCUA_LOG_LEVEL": "debug"})

    knowing = {spec.name for spec in plan.services if "MOTCUA_PROGRESS_MS" in spec.environ}
    assert knowing == {"intake"}
    assert all(spec.environ["MOTCUA_LOG_LEVEL"] == "debug" for spec in plan.services)


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"MOTCUA_KAFKA_BOOTSTRP": "a:9092"}, "MOTCUA_KAFKA_BOOTSTRP is no setting"),
        ({"MOTCUA_HTTP_PORT": "80"}, "use --http-port-base"),
        ({"MOTCUA_HTTP_PORT_BASE": "many"}, "MOTCUA_HTTP_PORT_BASE is wrong"),
        ({"MOTCUA_HTTP_PORT_BASE": "65532"}, "first HTTP port is wrong"),
        ({"MOTCUA_MONGO_URL_FILE": "/nowhere/at/all"}, "MOTCUA_MONGO_URL_FILE names"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, environ: dict[str, str], says: str) -> None:
    """In one sentence, before anything starts."""
    with pytest.raises(SettingError, match=says) as refused:
        plan_for(tmp_path, None, environ)

    assert refused.value.exit_code == 2


def test_a_folder_keeps_its_ports(tmp_path: Path) -> None:
    """Side by side with another installation, a second start needs no option."""
    first = plan_for(tmp_path, 9100, {})
    services = {spec.name: spec.url for spec in first.services}
    write_state(tmp_path, State(("a:1",), "mongodb://b", services))

    assert plan_for(tmp_path, None, {}).services[3].port == 9103
    assert plan_for(tmp_path, 9200, {}).services[0].port == 9200


def test_new_topics_are_kept_as_the_environment_states(tmp_path: Path) -> None:
    """Stated for a cluster, one copy on the embedded broker, and else nothing is assumed."""
    somewhere = {"MOTCUA_KAFKA_BOOTSTRAP": "a:9092"}
    three = plan_for(tmp_path, None, {**somewhere, "MOTCUA_TOPIC_REPLICATION": "3"})
    assert three.durability == Durability(3, 2)
    assert plan_for(tmp_path, None, somewhere).durability is None

    embedded = State(("a:9092",), "mongodb://c", {}, versions={"kafka": "4"})
    elsewhere = State(("a:9092",), "mongodb://c", {})
    assert Installation(tmp_path, embedded).durability(None) == ALONE
    assert Installation(tmp_path, elsewhere).durability(None) is None
    for state in (embedded, elsewhere):
        assert Installation(tmp_path, state).durability(Durability(3, 2)) == Durability(3, 2)


def test_a_wrong_replication_stops_the_start(tmp_path: Path) -> None:
    """Named, before anything runs."""
    with pytest.raises(SettingError, match=r"MOTCUA_TOPIC_REPLICATION is wrong \('many'\)"):
        plan_for(tmp_path, None, {"MOTCUA_TOPIC_REPLICATION": "many"})

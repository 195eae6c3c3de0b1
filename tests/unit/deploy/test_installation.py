"""Where other commands find an installation, and what they are told when there is none."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.installation import (
    AlreadyRunningError,
    Installation,
    NoInstallationError,
    State,
    data_folder,
    hold,
    holder_of,
    write_state,
)

STATE = State(
    kafka_bootstrap=("a:1", "b:2"),
    mongo_url="mongodb://c",
    services={"intake": "http://d:3"},
    pids={"intake": 4},
    clock_file="/e",
)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    """Every part of the state, and nothing of the environment."""
    write_state(tmp_path, STATE)

    found = Installation.find(tmp_path, {"MOTCUA_KAFKA_BOOTSTRAP": "z:9"})

    assert found.state == STATE
    assert found.http("intake") == "http://d:3"
    assert found.clock_file == Path("/e")
    assert not found.running


def test_clusters_are_described_by_the_environment(tmp_path: Path) -> None:
    """Nothing was started here; variables name the engines and the services."""
    found = Installation.find(
        tmp_path / "none",
        {
            "MOTCUA_KAFKA_BOOTSTRAP": "a:1,b:2",
            "MOTCUA_MONGO_URL": "mongodb://c",
            "MOTCUA_INTAKE_URL": "https://intake.example.vn",
        },
    )

    assert found.kafka_bootstrap == ("a:1", "b:2")
    assert found.http("intake") == "https://intake.example.vn"
    assert found.http("reporting") == "http://127.0.0.1:8713"


@pytest.mark.parametrize(
    "written", ["", "[]", "{}", '{"format": 99}', json.dumps({"format": 1, "odd": 1})]
)
def test_a_state_file_of_another_make_is_refused(tmp_path: Path, written: str) -> None:
    """Never a stack trace."""
    (tmp_path / "state.json").write_text(written)

    with pytest.raises(NoInstallationError, match=r"state\.json"):
        Installation.find(tmp_path, {})


def test_a_missing_key_says_how_to_make_one(tmp_path: Path) -> None:
    """The sentence names the file."""
    write_state(tmp_path, STATE)

    with pytest.raises(NoInstallationError, match=r"publisher-kiosk\.key.*motcua keys add"):
        Installation.find(tmp_path, {}).publisher_key("kiosk")


def test_the_folder_is_the_users_own_unless_named(tmp_path: Path) -> None:
    """The option first, then our variable, then the platform's."""
    assert data_folder(tmp_path, {"MOTCUA_DATA": "/b"}) == tmp_path
    assert data_folder(None, {"MOTCUA_DATA": "/b"}) == Path("/b")
    assert data_folder(None, {"XDG_DATA_HOME": "/c"}) == Path("/c/motcua")
    assert data_folder(None, {}) == Path.home() / ".local" / "share" / "motcua"


def test_one_process_at_a_time_holds_a_folder(tmp_path: Path) -> None:
    """The holder is known by its process id; killed with -9, it holds nothing any more."""
    script = (
        "import sys, time; from pathlib import Path\n"
        "from deploy.installation import hold\n"
        "with hold(Path(sys.argv[1])): print('holds', flush=True); time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "holds\n"
        assert holder_of(tmp_path) == other.pid
        with pytest.raises(AlreadyRunningError, match=f"process {other.pid}"), hold(tmp_path):
            pytest.fail("held twice")
        other.kill()

    assert holder_of(tmp_path) is None
    with hold(tmp_path):
        pass

"""The settings of the last start, as the data folder keeps them."""

import stat
import subprocess
from pathlib import Path

import pytest

from deploy.errors import CommandError
from deploy.settings_file import SETTINGS_FILE, read_settings, settings_of, write_settings
from deploy.supervisor.plan import plan_for

ODD = {
    "MOTCUA_MAIL_FROM_NAME": "Trung tâm 'một cửa' $HOME",
    "MOTCUA_SMTP_PASSWORD": 'a b\n"c"=\\`d`',
    "MOTCUA_SMTP_USER": "",
}


def test_what_was_written_is_read_by_us_and_by_a_shell(tmp_path: Path) -> None:
    """Whatever a value holds; the owner alone reads it."""
    write_settings(tmp_path, ODD)
    write_settings(tmp_path, ODD)

    assert read_settings(tmp_path) == ODD
    path = tmp_path / SETTINGS_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    script = f'set -a; . "{path}"; printf %s "$MOTCUA_SMTP_PASSWORD"'
    shell = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert shell.stdout == ODD["MOTCUA_SMTP_PASSWORD"]


def test_only_settings_of_the_installation_are_kept() -> None:
    """Neither the folder's own place, nor the keys of whoever ran a command."""
    environ = {
        "PATH": "/bin",
        "MOTCUA_DATA": "/d",
        "MOTCUA_KEY": "k",
        "MOTCUA_PERSON_KEY": "p",
        "MOTCUA_SMTP_HOST": "relay",
    }
    assert settings_of(environ) == {"MOTCUA_SMTP_HOST": "relay"}


def test_a_folder_that_never_started_has_none(tmp_path: Path) -> None:
    """A file that no shell could read is named."""
    assert read_settings(tmp_path) == {}
    (tmp_path / SETTINGS_FILE).write_text("MOTCUA_X='open\n")
    with pytest.raises(CommandError, match=SETTINGS_FILE):
        read_settings(tmp_path)


def test_the_plan_of_a_start_has_them(tmp_path: Path) -> None:
    """What the supervisor writes is what it was started with."""
    plan = plan_for(tmp_path, 9000, {"PATH": "/bin", "MOTCUA_SMTP_HOST": "relay"})
    assert plan.settings == {"MOTCUA_SMTP_HOST": "relay"}

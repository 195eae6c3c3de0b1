"""The settings with which an installation was last started, kept in its data folder.

Nothing reads them back at a start: the environment decides. A backup takes them along, so that
whoever starts the installation on another machine has them. A shell reads the file.
"""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from deploy.errors import CommandError
from deploy.private_file import write_private
from shared.ops.settings import PREFIX

SETTINGS_FILE: Final = "settings.env"
NOT_KEPT: Final = frozenset({"MOTCUA_DATA", "MOTCUA_KEY", "MOTCUA_PERSON_KEY"})
"""Where the folder is, which is wrong in a copy of it, and keys of whoever ran a command."""


def settings_of(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return our own variables of an environment, in alphabetical order."""
    return {
        name: environ[name]
        for name in sorted(environ)
        if name.startswith(PREFIX) and name not in NOT_KEPT
    }


def write_settings(folder: Path, settings: Mapping[str, str]) -> None:
    """Write the settings whole, for the owner's eyes alone: some are passwords."""
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in settings.items()]
    write_private(folder / SETTINGS_FILE, "".join(lines).encode())


def read_settings(folder: Path) -> Mapping[str, str]:
    """Return the settings of the last start; none where nothing was written.

    Raises:
        CommandError: the file is not one of ours.
    """
    path = folder / SETTINGS_FILE
    try:
        words = shlex.split(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from error
    return dict(word.partition("=")[::2] for word in words)

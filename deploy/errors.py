"""What stops a command of ours: always one sentence that a person can act on."""

from typing import Final

EXIT_FAILED: Final = 1
EXIT_WRONG_SETTING: Final = 2


class CommandError(Exception):
    """Stops the command; `motcua` prints the message on stderr and nothing else."""

    exit_code = EXIT_FAILED


class SettingError(CommandError):
    """A setting or an argument is wrong; the message names it."""

    exit_code = EXIT_WRONG_SETTING

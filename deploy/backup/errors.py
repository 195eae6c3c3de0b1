"""What stops a backup or a restore."""

from pathlib import Path

from deploy.errors import CommandError


class BackupDamagedError(CommandError):
    """A folder is no backup, or not the one that was made."""


def unreadable(path: Path, error: object) -> BackupDamagedError:
    """Return the error of a file that cannot be read as what it is to be."""
    return BackupDamagedError(
        f"{path} cannot be read ({error}): take another copy of the backup"
    )


class BackupTooNewError(CommandError):
    """A backup has a format that this version does not know."""

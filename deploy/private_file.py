"""Files that their owner alone can read, written whole or not at all."""

import os
from pathlib import Path

from deploy.installation import PRIVATE, PRIVATE_FOLDER


def write_private(path: Path, content: bytes) -> None:
    """Write a file, whatever was there; it is on the disk when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    partial = path.with_name(f"{path.name}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)

"""What every connected test of intake starts from."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.intake.settings import IntakeSettings
from shared.ops.clock import ClockFile
from tests.fakes.intake import NOW


@pytest.fixture
def settings(
    kafka_bootstrap: str, mongo_url: str, unique: str, tmp_path: Path
) -> IntakeSettings:
    """A database of their own, and a clock that runs from the fixtures' Monday."""
    (tmp_path / "secret").write_bytes(os.urandom(48))
    ClockFile(tmp_path / "clock").write(now=NOW, rate=1)
    return IntakeSettings(
        kafka_bootstrap=(kafka_bootstrap,),
        mongo_url=SecretStr(mongo_url),
        mongo_database=unique,
        keys_file=tmp_path / "keys.json",
        secret_file=tmp_path / "secret",
        http_port=0,
        clock_file=tmp_path / "clock",
    )

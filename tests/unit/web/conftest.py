"""A client of the example service."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from shared.web.keys import mint
from shared.web.principal import Role
from tests.unit.web import service


class Clients:
    """The service in a folder, and headers of whoever asks."""

    def __init__(self, folder: Path, client: TestClient) -> None:
        self.folder = folder
        self.keys_file = folder / "keys.json"
        self.client = client

    def key(self, role: Role, *units: str, publisher: str | None = None) -> str:
        """Make a key."""
        return mint(self.keys_file, role=role, units=units or "*", publisher=publisher)

    def as_(self, role: Role, *units: str) -> dict[str, str]:
        """Give the headers of a new key."""
        return {"Authorization": f"Bearer {self.key(role, *units)}"}


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Clients]:
    """Run the example service in this process."""
    app = service.build(service.settings(tmp_path))
    with TestClient(app, raise_server_exceptions=False, base_url="http://testserver") as client:
        yield Clients(tmp_path, client)

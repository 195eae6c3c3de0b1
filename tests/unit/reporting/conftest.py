"""Reporting's pages over two weeks of six centres."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.fakes.reporting_site import Site, a_fortnight


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The pages with data."""
    folder: Path = tmp_path_factory.mktemp("site")
    made = Site(folder, a_fortnight())
    made.take(made.known())
    return made


@pytest.fixture(scope="module")
def client(site: Site) -> Iterator[TestClient]:
    """A client without a key."""
    with TestClient(site.app, base_url="http://testserver") as made:
        yield made


@pytest.fixture(scope="module")
def province(site: Site) -> dict[str, str]:
    """The headers of the provincial centre."""
    return {"Authorization": f"Bearer {site.key('province')}"}


@pytest.fixture(scope="module")
def director(site: Site) -> dict[str, str]:
    """The headers of one centre's director."""
    return {"Authorization": f"Bearer {site.key('director', '06112')}"}

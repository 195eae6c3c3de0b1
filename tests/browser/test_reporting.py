"""The pages in a real browser: nothing wider than the screen, no error, alive, printable."""

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.reporting.core.figures import Period
from shared.events import dossiers
from tests.browser.looking import (
    CHROMIUM,
    DESKTOP,
    PHONE,
    Dressed,
    insist_that_it_fits,
    look,
    served,
)
from tests.fakes.histories import Teller
from tests.fakes.reporting_site import IMPORTED, KNOWN, NOW, Site, a_fortnight

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

PAGES = (
    "/",
    "/?lang=en&period=all",
    "/units/06112",
    "/board",
    "/forms/ii06a",
    "/forms/07a?period=all",
    "/forms/07a?unit=06112&lang=en",
    "/overdue",
    "/sources",
    "/rows?figure=received",
    "/rows?figure=duty_missed",
    "/rows?figure=moved_in",
    f"/dossiers/{KNOWN}",
    f"/dossiers/{IMPORTED}",
    "/dossiers/none",
    "/lookup",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The pages with two weeks of six centres."""
    assert CHROMIUM, "install Chromium for this tier"
    made = Site(tmp_path_factory.mktemp("site"), a_fortnight())
    made.take(made.known())
    return made


@pytest.fixture(scope="module")
def dressed(site: Site) -> Dressed:
    """The application as the provincial centre sees it."""
    return Dressed(site.app, site.key("province"))


@pytest.fixture(scope="module")
def address(dressed: Dressed) -> Iterator[str]:
    """Where it is served."""
    with served(dressed) as base:
        yield base


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("width", "height"), [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_page_fits_its_screen_and_raises_no_error(
    address: str, path: str, width: int, height: int
) -> None:
    """No sideways scrolling, no script or resource that fails, our own type face."""
    insist_that_it_fits(address, path, width=width, height=height)


def test_a_page_renews_itself_in_place_and_says_when_it_stopped(
    dressed: Dressed, address: str, site: Site
) -> None:
    """A dossier that comes in meanwhile shows; when the server fails, the page says so."""
    opened = 0
    newcomer = Teller("H37.117-261123-9100", "06112")
    newcomer.tell(dossiers.DossierAccepted(procedure="1.004873", channel="direct"), NOW)

    async def before() -> None:
        nonlocal opened
        opened += 1
        if opened == 2:
            await site.reporting.take(newcomer.events)
        if opened > 3:
            raise RuntimeError("the server is gone")

    month = Period(NOW.date().replace(day=1), None)
    received = asyncio.run(site.reporting.overview(month)).total.received
    dressed.rewrite = lambda body: body.replace(b'data-live-every="15"', b'data-live-every="1"')
    dressed.before = before
    try:
        seen = look(f"{address}/", width=1280, height=960)
    finally:
        dressed.before, dressed.rewrite = None, lambda body: body
    assert opened > 3
    assert f'href="/rows?figure=received">{received + 1}</a>' in seen.html
    assert "mất kết nối</p>" in seen.html


def test_the_overview_prints_on_paper(address: str, tmp_path: Path) -> None:
    """A4, without navigation, with its definitions."""
    paper = tmp_path / "overview.pdf"
    assert CHROMIUM is not None
    subprocess.run(
        [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-pdf-header-footer",
            f"--print-to-pdf={paper}",
            f"{address}/units/06112",
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    content = paper.read_bytes()
    assert content.startswith(b"%PDF")
    landscape = b"/MediaBox [0 0 841.91998 594.95996]"
    assert landscape in content or b"841" in content[:200_000]

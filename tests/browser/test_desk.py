"""Workflow's pages in a real browser: they fit, raise no error, renew themselves, print."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.events.dossiers import DossierCompleted
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
from tests.fakes.workflow_site import (
    DUE_NEXT,
    GIVEN,
    NOW,
    OVERDUE,
    PROMISED,
    STEP_LATE,
    UNIT,
    DeskSite,
    a_morning,
    a_wrong_result,
)
from tests.unit.workflow.test_change_pages import DAY_OFF, proposes
from tests.unit.workflow.test_propose_pages import CALENDAR, DAY, LIMIT, RULE
from tests.unit.workflow.test_propose_pages import look as look_at

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

PAGES = (
    "/desk",
    "/desk?of=all",
    "/desk?lang=en",
    f"/desk/answer?subject={OVERDUE}&obligation=dossier_deadline",
    f"/desk/answer?subject={PROMISED}&obligation=dossier_deadline",
    "/today",
    "/slips",
    f"/slips/{STEP_LATE}",
    "/slips/none",
    "/results",
    "/results?lang=en",
    f"/results/{GIVEN}",
    f"/results/{GIVEN}?lang=en",
)

CHANGES = (
    "/changes",
    "/changes?lang=en",
    "/changes/calendar:VN-2026-11-25",
    "/changes/calendar:VN-2027-01-04?sent=propose&event=none",
    "/changes/propose/calendar",
    look_at(CALENDAR, DAY),
    look_at(CALENDAR, DAY | {"day": "2026-11-26"}),
    look_at(CALENDAR, DAY | {"day": "2026-11-26"}, "&lang=en"),
    look_at(RULE, LIMIT),
    look_at(RULE, LIMIT | {"unit": ""}),
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> DeskSite:
    """A morning with one dossier of each sort."""
    assert CHROMIUM, "install Chromium for this tier"
    return DeskSite(tmp_path_factory.mktemp("desk"), [*a_morning(), *a_wrong_result()])


@pytest.fixture(scope="module")
def dressed(site: DeskSite) -> Dressed:
    """The pages as the Director sees them."""
    return Dressed(site.app, site.key("director", UNIT))


@pytest.fixture(scope="module")
def address(dressed: Dressed) -> Iterator[str]:
    """Where they are served."""
    with served(dressed) as base:
        yield base


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("width", "height"), [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_page_fits_its_screen_and_raises_no_error(
    address: str, path: str, width: int, height: int
) -> None:
    """No sideways scrolling, no script or resource that fails, our own type face."""
    insist_that_it_fits(address, path, width=width, height=height)


@pytest.mark.parametrize("path", CHANGES)
@pytest.mark.parametrize(("width", "height"), [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_pages_of_changes_fit_too(
    tmp_path: Path, path: str, width: int, height: int
) -> None:
    """As a second person of the provincial centre sees what was proposed."""
    own = DeskSite(tmp_path, a_morning())
    proposes(own, DAY_OFF)
    key = own.key("province", person="p-20-officer-2")
    with served(Dressed(own.app, key)) as base:
        insist_that_it_fits(base, path, width=width, height=height)


def test_todays_list_renews_itself(tmp_path: Path) -> None:
    """A dossier that ends meanwhile goes; nobody has to load the page again."""
    own = DeskSite(tmp_path, a_morning())
    fresh = Dressed(own.app, own.key("clerk", UNIT))
    opened = 0

    async def rewrite() -> None:
        nonlocal opened
        opened += 1
        if opened == 2:
            ended = Teller(DUE_NEXT, UNIT).tell(DossierCompleted(), NOW)
            await own.process.applies([ended.model_copy(update={"sequence": 3})])

    fresh.before = rewrite
    fresh.before_path = "/today"
    fresh.rewrite = lambda body: body.replace(b'data-live-every="30"', b'data-live-every="1"')
    with served(fresh) as base:
        seen = look(f"{base}/today", width=1280, height=960)
    assert opened >= 2
    assert DUE_NEXT not in seen.html
    assert OVERDUE in seen.html


@pytest.mark.parametrize("path", ["/today", f"/slips/{STEP_LATE}"])
def test_a_page_prints(address: str, path: str, tmp_path: Path) -> None:
    """The list on A4 without navigation; a slip on a single sheet."""
    assert CHROMIUM is not None
    paper = tmp_path / "page.pdf"
    subprocess.run(
        [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-pdf-header-footer",
            f"--print-to-pdf={paper}",
            f"{address}{path}",
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    sheets = paper.read_bytes().count(b"/Type /Page\n")
    assert sheets == 1 if path.startswith("/slips") else sheets >= 1

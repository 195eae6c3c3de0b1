"""The page on which the province imports a form of a unit that is not connected."""

import asyncio
import re
from hashlib import sha256
from pathlib import Path

import httpx2
import pytest

from shared.events.centres import FiguresReported
from shared.events.codes import figures_subject
from tests.fakes.workflow_site import UNIT, DeskSite, a_morning
from tests.unit.sheets.test_forms import CHUNG_THUC, HO_TICH, XLS, workbook
from tests.unit.workflow.test_change_pages import FIRST, province
from tests.unit.workflow.test_desk import Browser

PATH = "/reported"
CHOSEN = {"form": "ii06a", "unit": UNIT, "from": "2026-07-01", "to": "2026-09-30"}


@pytest.fixture
def site(tmp_path: Path) -> DeskSite:
    """A morning; nothing was imported."""
    return DeskSite(tmp_path, a_morning())


def upload(site: DeskSite, browser: Browser, content: bytes, **form: str) -> httpx2.Response:
    """Send a file with the form's fields and its token."""
    token = re.search(r'name="csrf" value="([^"]+)"', browser.get(PATH).text)
    assert token is not None

    async def send() -> httpx2.Response:
        transport = httpx2.ASGITransport(app=site.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://t") as client:
            return await client.post(
                f"{PATH}?lang=en",
                headers={
                    "accept": "text/html",
                    "sec-fetch-site": "same-origin",
                    "cookie": browser._cookie,  # noqa: SLF001 -- The browser of the tests.
                },
                data={**form, "csrf": token[1]},
                files={"file": ("form.xls", content)},
            )

    return asyncio.run(send())


def test_a_form_becomes_one_event_in_the_persons_name(site: DeskSite) -> None:
    """Every row and number of the file, its hash, its period; pressed twice it is one."""
    browser = province(site, FIRST)
    content = XLS.read_bytes()
    for _ in range(2):
        answer = upload(site, browser, content, **CHOSEN)
        assert (answer.status_code, answer.headers["location"]) == (
            303,
            f"/reported?lang=en&sent={UNIT}",
        )
    first, again = site.asked()
    assert first == again
    data = first.data
    assert isinstance(data, FiguresReported)
    assert first.subject == figures_subject(UNIT, "ii06a", data.first_day, data.last_day)
    assert (data.by, data.file_sha256) == (FIRST, sha256(content).hexdigest())
    assert [(row.field, tuple(one.count for one in row.columns)) for row in data.rows] == [
        ("ho_tich", HO_TICH),
        ("chung_thuc", CHUNG_THUC),
    ]
    assert "was sent" in browser.get(f"{PATH}?sent={UNIT}&lang=en").text


@pytest.mark.parametrize(
    ("content", "changed", "said"),
    [
        (workbook([1, "Hộ tịch", 121, *HO_TICH[1:]]), {}, "C3: The columns 3 = 4 + 5 + 6"),
        (b"no workbook", {}, "cannot be read as a workbook"),
        (XLS.read_bytes(), {"form": "07a"}, "numbers the columns from 1 to 23"),
        (XLS.read_bytes(), {"unit": "99999"}, "There is no such unit"),
        (XLS.read_bytes(), {"to": "2026-06-30"}, "from"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_sent(
    site: DeskSite, content: bytes, changed: dict[str, str], said: str
) -> None:
    """The page has the cell and the remedy, and what was chosen stays chosen."""
    answer = upload(site, province(site, FIRST), content, **(CHOSEN | changed))
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="2026-07-01"' in answer.text
    assert site.asked() == []


def test_the_page_is_the_provinces_alone(site: DeskSite) -> None:
    """A director has no such page; a key that names nobody has no button."""
    assert Browser(site, "director", UNIT).get(PATH).status_code == 403
    assert 'type="file"' not in province(site, None).get(PATH).text

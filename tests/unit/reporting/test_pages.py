"""The pages: who sees what, in which language, and what they say when there is nothing."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from services.reporting.core.figures import FLOWS, LEVELS
from services.reporting.usecases.listing import FIGURES
from shared.calendar.zone import ICT
from shared.events import dossiers
from tests.fakes.histories import Teller
from tests.fakes.reporting_site import IMPORTED, KNOWN, SECRET, Site

PAGES = (
    *("/", "/units/06112", "/overdue", "/board", "/sources", "/rows?figure=received"),
    *("/forms/ii06a", "/forms/07a", "/forms/07a?unit=06112&period=all"),
)
Headers = dict[str, str]


@pytest.mark.parametrize("path", [*PAGES, f"/dossiers/{KNOWN}", f"/dossiers/{IMPORTED}"])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_page_renders_in_both_languages(
    client: TestClient, province: Headers, path: str, language: str
) -> None:
    """Each page answers with its title and its language."""
    joined = "&" if "?" in path else "?"
    answer = client.get(f"{path}{joined}lang={language}", headers=province)
    assert answer.status_code == 200
    assert f'<html lang="{language}">' in answer.text
    assert answer.text.count("<h1>") == 1


@pytest.mark.parametrize("path", PAGES)
def test_no_page_carries_a_script_or_style_of_its_own(
    client: TestClient, province: Headers, path: str
) -> None:
    """The policy of content allows neither, and nothing comes from elsewhere."""
    text = client.get(path, headers=province).text
    assert " style=" not in text
    assert "<style" not in text
    elsewhere = re.findall(r'<(\w+)[^>]*(?:src|href)="(?:https?:)?//([^"]*)"', text)
    assert elsewhere == [("a", "127.0.0.1:8711/")], "a link to workflow's pages alone"
    assert re.findall(r"<script(?![^>]*src=)", text) == []


@pytest.mark.parametrize("figure", FIGURES)
def test_every_number_of_the_province_opens_its_rows(
    client: TestClient, province: Headers, figure: str
) -> None:
    """A list says how many there are, in words that exist."""
    answer = client.get(f"/rows?figure={figure}&period=all", headers=province)
    assert answer.status_code == 200


def test_links_on_the_overview_lead_to_lists_of_that_length(
    client: TestClient, province: Headers
) -> None:
    """The strip's numbers are those of the pages behind them."""
    text = client.get("/", headers=province).text
    for figure in ("received", "ended", "pending", "overdue"):
        found = re.search(rf'href="(/rows\?figure={figure})">([\d.]+)</a>', text)
        assert found is not None, figure
        rows = client.get(found[1], headers=province).text
        assert f": {found[2]} hồ sơ</h1>" in rows


def test_a_rate_shows_what_it_is_made_of(client: TestClient, province: Headers) -> None:
    """Numerator and denominator stand beneath the rate."""
    figures = client.get("/v1/figures?period=this_month", headers=province).json()
    law = figures["on_time_law"]
    assert f"{law['num']} / {law['den']}" in client.get("/", headers=province).text


def test_a_director_sees_their_own_unit_alone(client: TestClient, director: Headers) -> None:
    """Pages, rows, exports and the API are narrowed to the scope of the key."""
    text = client.get("/", headers=director).text
    assert "Xã Bình Gia" in text
    assert "Xã Tràng Định" not in text
    assert client.get("/units/06046", headers=director).status_code == 403
    rows = client.get("/v1/rows?figure=received", headers=director).json()
    assert {row["unit"] for row in rows["rows"]} == {"06112"}
    everything = client.get("/export/overview.json", headers=director).json()
    assert {row["unit"] for row in everything["rows"]} == {"06112", ""}


def test_a_dossier_of_another_unit_is_not_there(client: TestClient, director: Headers) -> None:
    """Its page answers as if the code did not exist."""
    rows = client.get("/v1/rows?figure=received", headers=director).json()["rows"]
    assert client.get(f"/dossiers/{rows[0]['code']}", headers=director).status_code == 200
    other = client.get("/dossiers/H37.108-261109-0001", headers=director)
    none = client.get("/dossiers/H37.108-261109-9999", headers=director)
    assert (other.status_code, none.status_code) == (404, 404)


def test_nobody_without_a_key_sees_a_page(client: TestClient) -> None:
    """People are led to sign in, machines are refused."""
    page = client.get("/", headers={"Accept": "text/html"}, follow_redirects=False)
    assert page.status_code == 303
    assert page.headers["location"].startswith("/sign-in")
    assert client.get("/v1/figures").status_code == 401


def test_before_any_data_the_overview_says_so(tmp_path: Path) -> None:
    """No rate, no zero per cent, and a sentence that says what to wait for."""
    empty = Site(tmp_path)
    with TestClient(empty.app) as client:
        headers = {"Authorization": f"Bearer {empty.key('province')}"}
        text = client.get("/", headers=headers).text
        assert "Chưa có dữ liệu nào" in text
        assert "100,0" not in text
        assert text.count("chưa có dữ liệu") == 65


def test_a_silent_centre_has_no_rate_and_says_since_when(
    client: TestClient, province: Headers
) -> None:
    """Of the 65 centres only six ever sent anything."""
    text = client.get("/", headers=province).text
    heard = client.get("/v1/figures", headers=province).json()["heard"]
    assert 0 < heard["count"] <= 6
    assert f">{heard['count']}</a>/65 trung tâm" in text
    assert text.count("chưa có dữ liệu") == 59


def test_a_list_without_rows_says_what_to_do(client: TestClient, province: Headers) -> None:
    """An empty list is a sentence, not an empty table."""
    text = client.get("/rows?figure=moved_in", headers=province).text
    assert "Không có hồ sơ nào khớp" in text
    assert "<table" not in text


@pytest.mark.parametrize(
    "query", ["from=2026-13-01", "from=2026-11-05&to=2026-11-01", "period=fortnight"]
)
def test_a_wrong_period_is_refused_with_the_right_form(
    client: TestClient, province: Headers, query: str
) -> None:
    """The answer says how a period is written."""
    answer = client.get(f"/v1/figures?{query}", headers=province)
    assert answer.status_code == 422
    assert "YYYY-MM-DD" in answer.json()["detail"]


def test_an_unknown_figure_is_not_found(client: TestClient, province: Headers) -> None:
    """There is no list behind what is no figure."""
    assert client.get("/v1/rows?figure=nonsense", headers=province).status_code == 404


def test_the_api_has_what_the_page_shows(client: TestClient, province: Headers) -> None:
    """The same figures, all time when no dates are given, and that they reconcile."""
    found = client.get("/v1/figures", headers=province).json()
    assert found["reconciles"] is True
    assert found["from"] is None
    left = found["received"] + found["carried"] + found["moved_in"]
    assert left == found["ended"] + found["pending"] + found["moved_out"]
    assert found["inconsistent"] == {"events_after_end": 1, "end_before_first": 1}
    assert found["imported"] == {"dossiers": 1, "events": 3}
    assert sum(row["received"] for row in found["by_unit"]) == found["received"]
    assert sum(row["received"] for row in found["by_field"]) == found["received"]


def test_one_dossier_as_json_tells_its_story(client: TestClient, province: Headers) -> None:
    """Events in order of occurrence, each with when it was recorded."""
    found = client.get(f"/v1/dossiers/{IMPORTED}", headers=province).json()
    assert [one["name"] for one in found["events"]] == [
        "dossier.accepted",
        "dossier.completed",
        "dossier.step_finished",
    ]
    assert found["events"][-1]["mark"] == "after-end"
    assert found["law"] == "on_time"


def test_a_dossiers_story_calls_agencies_and_units_by_name(tmp_path: Path) -> None:
    """Who had it, who used the days, who was at fault; by its code whom nobody has named."""
    fresh, code = Site(tmp_path), "H37.117-261109-9401"
    teller, day = Teller(code, "06112"), datetime(2026, 11, 9, 8, tzinfo=ICT)
    for data in (
        dossiers.DossierAccepted(procedure="1.004873", channel="direct"),
        dossiers.DossierStepStarted(step="verify", agency="cong-an-xa"),
        dossiers.DossierStepFinished(step="verify", agency="cong-an-xa"),
        dossiers.DossierStepStarted(step="tax", agency="G99.1"),
        dossiers.DossierApologyIssued(reason="workload", agency="06112"),
        dossiers.DossierMoved(from_unit="06112", to_unit="06184"),
    ):
        teller.tell(data, day)
        day += timedelta(days=1)
    fresh.take(teller.events)
    with TestClient(fresh.app) as client:
        key = {"Authorization": f"Bearer {fresh.key('province')}", "accept": "text/html"}
        page = client.get(f"/dossiers/{code}", headers=key).text
        english = client.get(f"/dossiers/{code}?lang=en", headers=key).text
    assert "Chuyển Công an cấp xã xử lý" in page
    assert "Công an cấp xã xử lý xong" in page
    assert "Công an cấp xã: 1" in page
    assert "Chuyển G99.1 xử lý" in page
    assert "cơ quan gây chậm trễ: Xã Bình Gia" in page
    assert "Chuyển đến đơn vị Xã Đồng Đăng" in page
    assert "cong-an-xa" not in page
    assert "agency at fault: Xã Bình Gia" in english


def test_the_slip_opens_its_dossier_and_nothing_else(client: TestClient, site: Site) -> None:
    """Stage and date are shown; no procedure, no handler, no name."""
    answer = client.post("/lookup", data={"code": KNOWN, "secret": SECRET.lower()})
    assert answer.status_code == 200
    assert "chờ bổ sung" in answer.text
    assert "1.004873" not in answer.text
    assert site.reporting.reference.procedures["1.004873"].name not in answer.text


def test_wrong_code_and_wrong_secret_get_the_same_answer(client: TestClient) -> None:
    """Nobody can find out which codes exist."""
    wrong_secret = client.post("/lookup", data={"code": KNOWN, "secret": "WRONGWRONG"})
    wrong_code = client.post("/lookup", data={"code": "H37.999-1", "secret": SECRET})
    assert wrong_secret.status_code == wrong_code.status_code == 200
    assert wrong_secret.text.replace(KNOWN, "") == wrong_code.text.replace("H37.999-1", "")
    assert "Không tìm thấy hồ sơ" in wrong_code.text


def test_looking_up_is_limited(tmp_path: Path) -> None:
    """Guessing a secret ends after a few tries."""
    fresh = Site(tmp_path)
    with TestClient(fresh.app) as client:
        answers = [
            client.post("/lookup", data={"code": KNOWN, "secret": str(number)}).status_code
            for number in range(12)
        ]
    assert answers[0] == 200
    assert answers[-1] == 429


def test_every_figure_has_words() -> None:
    """Whatever can be listed can be named in both languages."""
    from services.reporting.adapters.pages.words import words  # noqa: PLC0415

    assert {*FLOWS, *LEVELS, *FIGURES} <= words().words.keys()
    assert all(all(pair) for pair in words().words.values())

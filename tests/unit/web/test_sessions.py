"""People sign in with a key, for a time, and forms prove the page they come from."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from starlette.datastructures import Headers
from starlette.testclient import TestClient

from shared.ops.clock import wall_now
from shared.web import sessions as module
from shared.web.keys import mint, revoke
from shared.web.sessions import Session, Sessions
from shared.web.sign_in import TRIES, local
from tests.unit.web import service
from tests.unit.web.conftest import Clients

SECRET = b"s" * 32
HTML = {"Accept": "text/html,application/xhtml+xml"}


class Wall:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.moment: datetime = wall_now()
        monkeypatch.setattr(module, "wall_now", lambda: self.moment)

    def pass_(self, **time: int) -> None:
        self.moment += timedelta(**time)


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    """Give a wall clock that the test moves."""
    return Wall(monkeypatch)


@pytest.fixture
def sessions() -> Sessions:
    """Give the sessions of an installation."""
    return Sessions(SECRET, secure=False)


def _cookie(sessions: Sessions, session: Session) -> str:
    return sessions.set_cookie(session).split(";", maxsplit=1)[0]


def _read(sessions: Sessions, cookie: str) -> Session | None:
    return sessions.read(Headers({"cookie": cookie}))


def test_a_cookie_gives_its_session_back(sessions: Sessions) -> None:
    """A cookie gives its session back."""
    session = sessions.begin("0123456789")
    assert _read(sessions, _cookie(sessions, session)) == session
    assert _read(sessions, "other=1; " + _cookie(sessions, session)) == session


def test_every_changed_character_is_noticed(sessions: Sessions) -> None:
    """Every changed character is noticed."""
    cookie = _cookie(sessions, sessions.begin("0123456789"))
    for place in range(len("motcua="), len(cookie)):
        other = "0" if cookie[place] != "0" else "1"
        assert _read(sessions, cookie[:place] + other + cookie[place + 1 :]) is None, place


@pytest.mark.parametrize("cookie", ["", "motcua=", "motcua=.", "motcua=1.2.3", "=", "motcua=é"])
def test_what_is_no_cookie_of_ours_is_nobody(sessions: Sessions, cookie: str) -> None:
    """What is no cookie of ours is nobody."""
    assert _read(sessions, cookie) is None


def test_another_installations_cookie_is_nobody(sessions: Sessions) -> None:
    """Another installation's cookie is nobody."""
    other = Sessions(b"t" * 32, secure=False)
    assert _read(sessions, _cookie(other, other.begin("0123456789"))) is None


def test_an_hour_of_rest_ends_it(sessions: Sessions, wall: Wall) -> None:
    """An hour of rest ends it."""
    cookie = _cookie(sessions, sessions.begin("0123456789"))
    wall.pass_(minutes=59)
    assert _read(sessions, cookie) is not None
    wall.pass_(minutes=1)
    assert _read(sessions, cookie) is None


def test_twelve_hours_end_it_however_busy(sessions: Sessions, wall: Wall) -> None:
    """Twelve hours end it however busy."""
    session = sessions.begin("0123456789")
    for _ in range(23):
        wall.pass_(minutes=30)
        found = _read(sessions, _cookie(sessions, session))
        assert found is not None
        renewed = sessions.renewed(found)
        assert renewed is not None
        session = renewed
    wall.pass_(minutes=30)
    assert _read(sessions, _cookie(sessions, session)) is None


def test_a_cookie_is_hidden_from_scripts_and_other_sites(sessions: Sessions) -> None:
    """A cookie is hidden from scripts and other sites."""
    header = sessions.set_cookie(sessions.begin("0123456789"))
    assert "HttpOnly" in header
    assert "SameSite=Strict" in header
    assert "Secure" not in header
    secure = Sessions(SECRET, secure=True)
    assert secure.set_cookie(secure.begin("0123456789")).startswith("__Host-motcua=")
    assert "; Secure" in secure.set_cookie(secure.begin("0123456789"))


def _sign_in(client: TestClient, key: str, wanted: str = "/") -> int:
    answer = client.post("/sign-in", data={"key": key, "next": wanted}, follow_redirects=False)
    return answer.status_code


def _token(client: TestClient) -> str:
    return client.get("/v1/page").text.removeprefix("<i>").removesuffix("</i>")


def test_a_person_signs_in_works_and_signs_out(web: Clients) -> None:
    """A person signs in works and signs out."""
    sent_away = web.client.get("/v1/page?a=1", headers=HTML, follow_redirects=False)
    assert sent_away.status_code == 303
    assert sent_away.headers["location"] == "/sign-in?next=%2Fv1%2Fpage%3Fa%3D1"
    page = web.client.get(sent_away.headers["location"])
    assert 'value="/v1/page?a=1"' in page.text
    assert "Khóa truy cập" in page.text
    assert _sign_in(web.client, web.key("clerk")) == 303
    token = _token(web.client)
    sent = web.client.post("/v1/forms", data={"cause": "thiếu hồ sơ", "csrf": token})
    assert sent.json() == "thiếu hồ sơ"
    out = web.client.post("/sign-out", data={"csrf": token}, follow_redirects=False)
    assert out.status_code == 303
    assert web.client.get("/v1/page").status_code == 401


def test_a_wrong_key_is_told_on_the_page(web: Clients) -> None:
    """A wrong key is told on the page."""
    answer = web.client.post("/sign-in", data={"key": "mc_wrong"})
    assert answer.status_code == 401
    assert 'role="alert"' in answer.text
    assert "mc_wrong" not in answer.text


@pytest.mark.parametrize("token", [None, "", "0" * 43, "ă"])
def test_a_form_without_its_token_is_refused(web: Clients, token: str | None) -> None:
    """A form without its token is refused."""
    _sign_in(web.client, web.key("clerk"))
    data = {"cause": "x"} | ({} if token is None else {"csrf": token})
    answer = web.client.post("/v1/forms", data=data)
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("/wrong-csrf-token")


def test_a_form_of_another_session_is_refused(web: Clients) -> None:
    """A form of another session is refused."""
    _sign_in(web.client, web.key("clerk"))
    token = _token(web.client)
    _sign_in(web.client, web.key("clerk"))
    assert _token(web.client) != token
    answer = web.client.post("/v1/forms", data={"cause": "x", "csrf": token})
    assert answer.status_code == 403


def test_a_form_sent_from_another_site_is_refused(web: Clients) -> None:
    """A form sent from another site is refused."""
    _sign_in(web.client, web.key("clerk"))
    answer = web.client.post(
        "/v1/forms",
        data={"cause": "x", "csrf": _token(web.client)},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 403


def test_signing_in_from_another_site_is_refused(web: Clients) -> None:
    """Signing in from another site is refused."""
    answer = web.client.post(
        "/sign-in", data={"key": web.key("clerk")}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403


def test_a_script_may_send_the_token_as_a_header(web: Clients) -> None:
    """A script may send the token as a header."""
    _sign_in(web.client, web.key("clerk"))
    headers = {"X-CSRF-Token": _token(web.client)}
    assert web.client.post("/v1/things", json={"count": 3}, headers=headers).json() == 3
    assert web.client.post("/v1/things", json={"count": 3}).status_code == 403


def test_revoking_the_key_ends_its_sessions(web: Clients) -> None:
    """Revoking the key ends its sessions."""
    key = web.key("clerk")
    _sign_in(web.client, key)
    assert web.client.get("/v1/page").is_success
    revoke(web.keys_file, key.split("_")[1])
    assert web.client.get("/v1/page").status_code == 401


def test_a_key_in_the_header_stands_for_itself(web: Clients) -> None:
    """A wrong key beside a good cookie is a wrong key."""
    _sign_in(web.client, web.key("clerk"))
    assert web.client.get("/v1/page", headers={"Authorization": "Bearer x"}).status_code == 401


def test_work_renews_the_cookie(web: Clients, wall: Wall) -> None:
    """Work renews the cookie."""
    _sign_in(web.client, web.key("clerk"))
    assert "set-cookie" not in web.client.get("/v1/page").headers
    wall.pass_(minutes=40)
    assert "set-cookie" in web.client.get("/v1/page").headers
    wall.pass_(minutes=40)
    assert web.client.get("/v1/page").is_success


def test_a_service_under_https_says_so(tmp_path: Path) -> None:
    """A service under https says so."""
    chosen = service.settings(tmp_path, public_url="https://motcua.example.vn")
    key = mint(tmp_path / "keys.json", role="clerk")
    with TestClient(service.build(chosen), base_url="https://testserver") as client:
        answer = client.post("/sign-in", data={"key": key}, follow_redirects=False)
        assert answer.headers["set-cookie"].startswith("__Host-motcua=")
        assert "max-age" in answer.headers["strict-transport-security"]
        assert client.get("/v1/page").is_success


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ("/a?b=1", "/a?b=1"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
        ("", "/"),
        ("//[", "/"),
    ],
)
def test_signing_in_leads_nowhere_else(wanted: str, given: str) -> None:
    """Signing in leads nowhere else."""
    assert local(wanted) == given


def test_guessing_keys_is_slowed_down(web: Clients) -> None:
    """Guessing keys is slowed down."""
    tries = int(TRIES.split("/", maxsplit=1)[0])
    statuses = [_sign_in(web.client, "mc_guess") for _ in range(tries + 1)]
    assert statuses == [401] * tries + [429]


def test_a_problem_in_a_browser_is_a_page(web: Clients) -> None:
    """A problem in a browser is a page."""
    answer = web.client.get("/nowhere", headers=HTML | {"Accept-Language": "en-US"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "Không tìm thấy" in answer.text
    english = web.client.get("/nowhere?lang=en", headers=HTML)
    assert "There is nothing at this address." in english.text


@pytest.mark.parametrize(
    ("address", "title"),
    [
        ("/sign-in", "Đăng nhập"),
        ("/sign-in?lang=en", "Sign in"),
        ("/sign-in?next=%2Fa%3Flang%3Den", "Sign in"),
        ("/sign-in?lang=vi&next=%2Fa%3Flang%3Den", "Đăng nhập"),
        ("/sign-in?lang=%3Cscript%3E", "Đăng nhập"),
    ],
)
def test_pages_are_vietnamese_unless_the_address_says_english(
    web: Clients, address: str, title: str
) -> None:
    """Pages are Vietnamese unless the address says English."""
    page = web.client.get(address, headers={"Accept-Language": "en"}).text
    assert f"<h1>{title}</h1>" in page

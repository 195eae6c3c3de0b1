"""The pages and the API: who may see what, what a form records, and what a stranger gets."""

from datetime import timedelta
from pathlib import Path

import pytest

from services.notifications.adapters.webhook import signature
from services.notifications.core.notice import Channel
from services.notifications.core.tokens import Grant
from shared.events.dossiers import DossierAccepted
from shared.events.obligations import ObligationDischarged
from tests.fakes.notified import (
    MONDAY,
    PROCEDURE,
    UNIT,
    Numbered,
    contact,
    opened,
    reached,
    withdrawn,
)
from tests.unit.notifications.paged import DESK, RECEIPT_SECRET, Paged, paged
from tests.unit.notifications.world import WALL

pytestmark = pytest.mark.asyncio

CODE = "H37.112-261123-0001"
CHAIR = "p-06112-chairman"
FORM = {"cause": "workload", "promised": "2026-11-25"}


@pytest.fixture
def house(tmp_path: Path) -> Paged:
    """A world with its pages."""
    return paged(tmp_path)


def grant(**other: str) -> Grant:
    """Return the grant of the Chairman's link."""
    return Grant(
        subject=other.get("subject", CODE),
        obligation="dossier_deadline",
        cycle=1,
        rung=other.get("rung", "overdue"),
        person=CHAIR,
        notice="n1",
        expires=WALL + timedelta(days=1),
    )


async def escalate(house: Paged, *, code: str = CODE, unit: str = UNIT) -> Numbered:
    """Let one dossier be overdue and its Chairman be told."""
    numbered = Numbered()
    await house.world.hear(
        contact(CHAIR, role="staff", email="chair@example.test", phone="0912345678"),
        numbered.event(code, DossierAccepted(procedure=PROCEDURE, channel="direct"), unit=unit),
        numbered.event(code, opened(due=MONDAY), unit=unit),
        numbered.event(code, reached([CHAIR], rung="overdue"), unit=unit),
    )
    await house.world.work()
    return numbered


async def test_the_link_shows_a_form_and_changes_nothing(house: Paged) -> None:
    """A scanner may follow it as often as it likes."""
    await escalate(house)
    before = len(house.world.publisher.published)
    async with house.client() as client:
        page = await client.get(f"/a/{house.token(grant())}")
        for _ in range(3):
            assert (await client.get(f"/a/{house.token(grant())}")).text == page.text
            assert (await client.head(f"/a/{house.token(grant())}")).status_code in {200, 405}
    assert CODE in page.text
    assert page.text.count('name="cause"') == 10
    assert len(house.world.publisher.published) == before
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"


async def test_a_link_is_asked_so_often_and_others_go_on(house: Paged) -> None:
    """Whoever leads much has many links: each has a limit of its own; who guesses has one."""
    await escalate(house)
    async with house.client() as client:
        link = f"/a/{house.token(grant())}"
        codes = [(await client.get(link)).status_code for _ in range(21)]
        other = await client.get(f"/a/{house.token(grant(rung='most'))}")
        guesses = [(await client.get(f"/a/guess{one}")).status_code for one in range(61)]
    assert codes == [200] * 20 + [429]
    assert other.status_code != 429
    assert guesses == [404] * 60 + [429]


async def test_english_is_a_click_away(house: Paged) -> None:
    """The address holds the language."""
    await escalate(house)
    async with house.client() as client:
        page = await client.get(f"/a/{house.token(grant())}", params={"lang": "en"})
    assert "Promised day" in page.text
    assert 'lang="en"' in page.text
    assert "lang=vi" in page.text


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({}, "nguyên nhân"),
        ({"cause": "laziness", "promised": "2026-11-25"}, "nguyên nhân"),
        ({"cause": "workload"}, "ngày hẹn"),
        ({"cause": "workload", "promised": "25/11/2026"}, "ngày hẹn"),
        ({"cause": "workload", "promised": "2026-11-22"}, "đã qua"),
        ({"cause": "workload", "promised": "2027-11-22"}, "60 ngày"),
    ],
)
async def test_a_form_that_cannot_be_taken_says_why(
    house: Paged, form: dict[str, str], words: str
) -> None:
    """422, the reason, and what was filled in stays."""
    await escalate(house)
    async with house.client() as client:
        page = await client.post(f"/a/{house.token(grant())}", data=form)
    assert page.status_code == 422
    assert words in page.text
    assert house.world.told("inbound") == []


async def test_a_promise_is_recorded_once_whoever_clicks_twice(house: Paged) -> None:
    """The second POST shows the first promise; one event goes out."""
    await escalate(house)
    path = f"/a/{house.token(grant())}"
    async with house.client(**{"follow-redirects": "no"}) as client:
        assert (await client.post(path, data=FORM)).status_code == 303
        other = {"cause": "other", "promised": "2026-11-30"}
        assert (await client.post(path, data=other)).status_code == 303
        page = await client.get(path)
    assert "thứ Tư 25/11/2026" in page.text
    assert "quá tải" in page.text
    assert "<form" not in page.text
    assert house.world.told("inbound") == ["obligation.acknowledged"]


async def test_forged_expired_and_finished_links(house: Paged) -> None:
    """Each has a page that says what to do; none leaks or records anything."""
    numbered = await escalate(house)
    token = house.token(grant())
    done = ObligationDischarged(
        obligation="dossier_deadline", kind="dossier_deadline", unit=UNIT, at=MONDAY
    )
    async with house.client() as client:
        for forged in ("x", token[:-1], f"{token}A", token.swapcase(), "../../etc/passwd"):
            page = await client.get(f"/a/{forged}")
            assert page.status_code == 404
            assert CODE not in page.text
        await house.world.hear(numbered.event(CODE, withdrawn("overdue")))
        assert "rút lại" in (await client.get(f"/a/{token}")).text
        await house.world.hear(numbered.event(CODE, done))
        page = await client.get(f"/a/{token}")
        assert "đã xong" in page.text
        assert (await client.post(f"/a/{token}", data=FORM)).status_code == 303
        house.world.wall += timedelta(days=2)
        expired = await client.get(f"/a/{token}")
        assert expired.status_code == 410
        assert (await client.post(f"/a/{token}", data=FORM)).status_code == 410
    assert house.world.told("inbound") == []


@pytest.mark.parametrize(
    ("asked", "leads_to"),
    [
        ("/inbox", f"{DESK}/desk"),
        ("/inbox?lang=en", f"{DESK}/desk?lang=en"),
        (f"/inbox?unit={UNIT}&lang=en", f"{DESK}/desk?unit={UNIT}&lang=en"),
    ],
)
async def test_the_inbox_leads_to_the_desk_in_the_language_asked_for(
    house: Paged, asked: str, leads_to: str
) -> None:
    """One page for people: workflow's. Nothing is listed here."""
    who = house.bearer(role="chairman", units=[UNIT], person=CHAIR)
    async with house.client() as client:
        answer = await client.get(asked, headers=who)
    assert (answer.status_code, answer.headers["location"]) == (303, leads_to)


async def test_who_takes_the_way_to_the_desk_has_read_what_stood_there(house: Paged) -> None:
    """Their own notices only; the key of an office stands for nobody who could have read."""
    numbered = Numbered()
    await house.world.hear(
        contact(CHAIR, role="staff", name="Không địa chỉ"),
        contact("p-06112-vice", role="staff", name="Không địa chỉ"),
        numbered.event(CODE, opened(due=MONDAY)),
        numbered.event(CODE, reached([CHAIR, "p-06112-vice"], rung="overdue")),
    )
    await house.world.work()

    def states() -> dict[str, str]:
        return {
            one.plan.recipient: one.state.value
            for one in house.world.notices.all()
            if one.plan.channel is Channel.INBOX
        }

    assert states() == {CHAIR: "sent", "p-06112-vice": "sent"}
    office = house.bearer(role="chairman", units=[UNIT])
    mine = house.bearer(role="chairman", units=[UNIT], person=CHAIR)
    async with house.client() as client:
        assert (await client.get("/inbox", headers=office)).status_code == 303
        assert states()[CHAIR] == "sent"
        assert (await client.get("/inbox", headers=mine)).status_code == 303
    assert states() == {CHAIR: "delivered", "p-06112-vice": "sent"}


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("clerk", 303),
        ("director", 303),
        ("auditor", 403),
        ("operator", 403),
        ("publisher", 403),
    ],
)
async def test_the_way_to_the_desk_is_for_those_who_are_told(
    house: Paged, role: str, status: int
) -> None:
    """Default deny; nobody at all is sent to sign in; another unit's desk is not theirs."""
    publisher = {"publisher": "demo"} if role == "publisher" else {}
    header = house.bearer(role=role, units=[UNIT], **publisher)
    async with house.client() as client:
        assert (await client.get("/inbox", headers=header)).status_code == status
        peeking = await client.get("/inbox?unit=06001", headers=header)
        assert peeking.status_code == 403
        assert (await client.get("/inbox")).status_code == 401
        page = await client.get("/inbox", headers={"accept": "text/html"})
        assert page.status_code == 303
        assert page.headers["location"].startswith("/sign-in")


async def test_a_page_of_a_link_leads_to_the_desk_too(house: Paged) -> None:
    """From the form, and from a link that has run out."""
    await escalate(house)
    async with house.client() as client:
        for path in (f"/a/{house.token(grant())}?lang=en", "/a/forged?lang=en"):
            assert 'href="/inbox?lang=en"' in (await client.get(path)).text


async def test_proofs_are_for_those_of_the_unit(house: Paged) -> None:
    """Another commune sees neither the list nor the proof; the seal covers the content."""
    await escalate(house)
    notice = next(one for one in house.world.notices.all() if one.plan.recipient == CHAIR)
    async with house.client() as client:
        mine = house.bearer(role="clerk", units=[UNIT])
        other = house.bearer(role="clerk", units=["06001"])
        listed = await client.get("/v1/notices", params={"subject": CODE}, headers=mine)
        states = {one["recipient"]: one["state"] for one in listed.json()["notices"]}
        assert states == {"applicant": "failed", CHAIR: "sent"}
        hidden = await client.get("/v1/notices", params={"subject": CODE}, headers=other)
        assert hidden.json()["notices"] == []
        proof = await client.get(f"/v1/notices/{notice.id}/proof", headers=mine)
        assert proof.json()["content_sha256"]
        assert len(proof.json()["seal"]) == 64
        assert "chair@example.test" not in proof.text
        for path in (f"/v1/notices/{notice.id}", f"/v1/notices/{notice.id}/proof"):
            assert (await client.get(path, headers=other)).status_code == 404
            assert (await client.get(path)).status_code == 401
        policy = await client.get("/v1/policy", headers=mine)
        assert {row["event"] for row in policy.json()["citizens"]} >= {"dossier.accepted"}


async def test_receipts_need_a_signature(house: Paged) -> None:
    """Unsigned, wrongly signed or for a channel without a secret: 401; signed: climbs."""
    body = b'{"receipts": [{"id": "r1", "status": "delivered"}]}'
    stamp = str(int(__import__("time").time()))
    headers = {
        "webhook-id": "m1",
        "webhook-timestamp": stamp,
        "webhook-signature": signature(RECEIPT_SECRET, "m1", stamp, body),
    }
    async with house.client() as client:
        assert (await client.post("/v1/receipts/sms", content=body)).status_code == 401
        wrong = {**headers, "webhook-signature": signature(b"x" * 32, "m1", stamp, body)}
        assert (
            await client.post("/v1/receipts/sms", content=body, headers=wrong)
        ).status_code == 401
        assert (
            await client.post("/v1/receipts/zalo", content=body, headers=headers)
        ).status_code == 401
        assert (
            await client.post("/v1/receipts/sms", content=body, headers=headers)
        ).status_code == 204
        bad = b'{"receipts": 1}'
        signed = {**headers, "webhook-signature": signature(RECEIPT_SECRET, "m1", stamp, bad)}
        assert (
            await client.post("/v1/receipts/sms", content=bad, headers=signed)
        ).status_code == 422

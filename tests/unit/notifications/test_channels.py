"""Channels against servers on this machine: the real request shapes, and every bad answer."""

import base64
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from standardwebhooks import Webhook

from services.notifications.adapters.calling import Answer, retry_after
from services.notifications.adapters.channels import Channels
from services.notifications.adapters.gateways import (
    SmsChannel,
    ZaloChannel,
    ZaloTemplate,
    template_data,
)
from services.notifications.adapters.guard import (
    ForbiddenAddressError,
    check_url,
    guarded_client,
    is_allowed,
)
from services.notifications.adapters.smtp import SmtpChannel, SmtpRelay
from services.notifications.adapters.webhook import (
    Endpoint,
    WebhookChannel,
    is_signed,
    secret_bytes,
    signature,
)
from services.notifications.core.notice import Channel, Notice, Plan, Urgency
from services.notifications.core.settling import Accepted, Closed, Later, Lost, Never
from services.notifications.ports import Content, Message
from services.notifications.settings import ChannelsFile, NotificationsSettings
from tests.fakes.mail_sink import mail_sink
from tests.fakes.notified import MONDAY, UNIT
from tests.fakes.provider import Reply, provider
from tests.fakes.zalo import Zalo
from tests.unit.notifications.world import MemoryEndpoints

pytestmark = pytest.mark.asyncio

SECRET = b"s" * 32
WALL = datetime(2030, 1, 1, tzinfo=UTC)


def message(*, channel: Channel = Channel.WEBHOOK, address: str = "desk") -> Message:
    """Return a message of one notice."""
    plan = Plan(
        id="11111111-2222-5333-8444-555555555555",
        key="k",
        subject="H37.112-261123-0001",
        unit=UNIT,
        event="e1",
        event_name="obligation.rung_reached",
        recipient="p-06112-chairman",
        contact="p-06112-chairman",
        channel=channel,
        template="rung",
        urgency=Urgency.ESCALATION,
        planned_at=MONDAY,
        facts={"kind": "dossier_deadline", "rung": "overdue", "due": MONDAY.isoformat()},
        obligation="dossier_deadline",
        cycle=1,
        rung="overdue",
    )
    content = Content(
        subject="Quá hạn",
        text="Quá hạn: xin xác nhận",
        html="<p>Quá hạn</p>",
        short="Qua han: H37.112-261123-0001",
        version=1,
        parameters={
            "ma_ho_so": "H37.112-261123-0001",
            "trang_thai": "Q" * 80,
            "ten_dich_vu": "T" * 300,
            "don_vi": "",
        },
    )
    return Message(plan.id, (Notice(plan),), address, "Chủ tịch", "vi", content, WALL)


@pytest_asyncio.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    """A client that may call this machine, as tests and demonstrations do."""
    async with guarded_client(loopback=True, seconds_max=2.0) as opened:
        yield opened


def hooks(url: str, client: httpx2.AsyncClient, store: MemoryEndpoints) -> WebhookChannel:
    """Return a channel with one endpoint."""
    return WebhookChannel(
        {"desk": Endpoint("desk", url, (SECRET,))}, store, client, loopback=True
    )


async def test_a_webhook_is_signed_as_others_verify_it(client: httpx2.AsyncClient) -> None:
    """The reference library of Standard Webhooks verifies what we post; ids only."""
    async with provider() as stub:
        outcome = await hooks(stub.url, client, MemoryEndpoints()).send(message())
    assert isinstance(outcome, Accepted)
    posted = stub.posted[0]
    verifier = Webhook(base64.b64encode(SECRET).decode())
    headers = dict(posted.headers)
    headers["webhook-timestamp"] = str(int(datetime.now(UTC).timestamp()))  # noqa: TID251 -- The library asks the machine's clock.
    stamped = headers["webhook-timestamp"]
    headers["webhook-signature"] = signature(
        SECRET, headers["webhook-id"], stamped, posted.body
    )
    assert verifier.verify(posted.body, headers)
    old = posted.headers["webhook-timestamp"]
    assert posted.headers["webhook-signature"] == signature(
        SECRET, message().id, old, posted.body
    )
    data = posted.json["data"]
    assert data["subject"] == "H37.112-261123-0001"
    assert "Chủ tịch" not in posted.body.decode()


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(status=204, body=b""), Accepted),
        (Reply(status=400), Later),
        (Reply(status=404), Later),
        (Reply(status=429, headers=(("retry-after", "120"),)), Later),
        (Reply(status=500), Later),
        (Reply(status=503), Later),
        (Reply(status=301, headers=(("location", "http://127.0.0.1:1/x"),)), Never),
        (Reply(status=307, headers=(("location", "http://10.0.0.1/x"),)), Never),
        (Reply(status=410), Never),
        (Reply(hang_up=True), Lost),
        (Reply(slow_s=3.0), Lost),
    ],
)
async def test_webhook_answers(
    client: httpx2.AsyncClient, reply: Reply, expected: type
) -> None:
    """2xx is taken, 410 ends, redirects are refused, silence is lost, the rest comes again."""
    store = MemoryEndpoints()
    async with provider(reply) as stub:
        outcome = await hooks(stub.url, client, store).send(message())
        assert stub.connections == 1
    assert isinstance(outcome, expected)
    assert (store.gone == {"desk"}) is (reply.status == 410)
    if reply.status == 429:
        assert isinstance(outcome, Later)
        assert outcome.wait == timedelta(seconds=120)


async def test_nobody_there_is_not_lost(client: httpx2.AsyncClient) -> None:
    """A refused connection surely took nothing."""
    outcome = await hooks("http://127.0.0.1:9/x", client, MemoryEndpoints()).send(message())
    assert isinstance(outcome, Later)


async def test_an_endless_answer_is_cut(client: httpx2.AsyncClient) -> None:
    """A receiver cannot fill our memory."""
    async with provider(Reply(body=b"x" * 1_000_000)) as stub:
        outcome = await hooks(stub.url, client, MemoryEndpoints()).send(message())
    assert isinstance(outcome, Accepted)


FORBIDDEN = [
    "http://desk.example/x",
    "https://user:pw@desk.example/x",
    "https://desk.example:8443/x",
    "ftp://desk.example/x",
    "https:///x",
    "https://[fe80::1%25eth0]/x",
    "file:///etc/passwd",
    "gopher://desk.example/",
    "https://desk.example:99999/x",
]


@pytest.mark.parametrize("url", FORBIDDEN)
async def test_urls_that_are_refused_before_anything_is_resolved(url: str) -> None:
    """Https and port 443 only, no user name, no zone."""
    with pytest.raises(ForbiddenAddressError):
        check_url(url, loopback=False)


INSIDE = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",  # noqa: S104 -- An address that must be refused.
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.127.255.254",
    "192.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%1",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::",
    "2002:a00:1::",
    "2001::1",
    "2001:db8::1",
    "localhost",
    "0x7f000001",
    "2130706433",
    "",
]


@pytest.mark.parametrize("address", INSIDE)
async def test_addresses_inside_are_refused(address: str) -> None:
    """Private, loopback, link-local, shared, reserved, mapped, translated: none is called."""
    assert not is_allowed(address, loopback=False)


@pytest.mark.parametrize("address", ["8.8.8.8", "203.119.8.111", "2606:4700:4700::1111"])
async def test_addresses_outside_are_allowed(address: str) -> None:
    """The guard is no wall."""
    assert is_allowed(address, loopback=False)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.1", "2130706433"])
async def test_the_guard_stands_where_the_socket_connects(host: str) -> None:
    """Whatever the URL is called, nothing inside is connected to."""
    async with (
        provider() as stub,
        guarded_client(loopback=False, seconds_max=2.0) as strict,
    ):
        with pytest.raises((ForbiddenAddressError, httpx2.HTTPError, httpx2.InvalidURL)):
            await strict.post(f"http://{host}:{stub.port}/x", content=b"")
        assert stub.connections == 0


async def test_sms_has_the_shape_that_is_configured(client: httpx2.AsyncClient) -> None:
    """Fields are renamed, the id makes a repeat known, the encoding is planned."""
    reply = Reply(body=json.dumps({"sms_id": "G-7"}).encode())
    async with provider(reply) as stub:
        channel = SmsChannel(
            url=stub.url,
            sender="LANGSON",
            token=lambda: "t0ken",
            client=client,
            fields={"to": "msisdn", "text": "content"},
            reference_field="sms_id",
            loopback=True,
        )
        outcome = await channel.send(message(channel=Channel.SMS, address="84912345678"))
    assert isinstance(outcome, Accepted)
    assert outcome.taken.provider_ref == "G-7"
    assert outcome.taken.address_masked == "84…678"
    posted = stub.posted[0]
    assert posted.json == {
        "msisdn": "84912345678",
        "from": "LANGSON",
        "content": "Qua han: H37.112-261123-0001",
        "encoding": "gsm7",
        "reference": message().id,
    }
    assert posted.headers["authorization"] == "Bearer t0ken"
    assert posted.headers["idempotency-key"] == message().id


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(status=400), Never),
        (Reply(status=402), Never),
        (Reply(status=429), Later),
        (Reply(status=502), Later),
        (Reply(body=b"<html>"), Lost),
        (Reply(body=b"[1]"), Lost),
        (Reply(hang_up=True), Lost),
    ],
)
async def test_sms_answers(client: httpx2.AsyncClient, reply: Reply, expected: type) -> None:
    """Refused for good, for now, or lost."""
    async with provider(reply) as stub:
        channel = SmsChannel(
            url=stub.url,
            sender="X",
            token=lambda: "t",
            client=client,
            fields={},
            loopback=True,
        )
        outcome = await channel.send(message(channel=Channel.SMS, address="84912345678"))
    assert isinstance(outcome, expected)


async def test_a_gateway_that_can_be_asked_is_asked(client: httpx2.AsyncClient) -> None:
    """After a lost answer: what it has is not sent again; what it has not is."""
    has = Reply(body=b'{"status": "sent", "id": "G-9"}')
    has_not = Reply(body=b'{"status": "unknown"}')
    async with provider(has, has_not, Reply(status=500)) as stub:
        channel = SmsChannel(
            url=stub.url,
            sender="X",
            token=lambda: "t",
            client=client,
            fields={},
            status_url=stub.url,
            loopback=True,
        )
        notice = message(channel=Channel.SMS).notices[0]
        found = await channel.look_up(notice)
        assert isinstance(found, Accepted)
        assert found.taken.provider_ref == "G-9"
        assert await channel.look_up(notice) is None
        assert await channel.look_up(notice) is None


def zalo(url: str, client: httpx2.AsyncClient, **templates: ZaloTemplate) -> ZaloChannel:
    """Return a channel with an approved template."""
    return ZaloChannel(
        url=url,
        token=lambda: "0a-token",
        client=client,
        templates=templates or {"rung": ZaloTemplate("201234", 1)},
        loopback=True,
    )


async def test_zalo_has_its_real_shape(client: httpx2.AsyncClient) -> None:
    """POST message/template with access_token, phone, template, data, tracking id."""
    body = json.dumps({"error": 0, "message": "Success", "data": {"msg_id": "Z-1"}}).encode()
    async with provider(Reply(body=body)) as stub:
        outcome = await zalo(stub.url, client).send(
            message(channel=Channel.ZALO, address="84912345678")
        )
    assert isinstance(outcome, Accepted)
    assert outcome.taken.provider_ref == "Z-1"
    posted = stub.posted[0]
    assert posted.headers["access_token"] == "0a-token"
    assert posted.json["phone"] == "84912345678"
    assert posted.json["template_id"] == "201234"
    assert posted.json["tracking_id"] == message().id
    data = posted.json["template_data"]
    assert len(data["trang_thai"]) == 30
    assert len(data["ten_dich_vu"]) == 200
    assert "don_vi" not in data


@pytest.mark.parametrize(
    ("code", "expected", "reason"),
    [
        (-108, Never, "bounced"),
        (-109, Never, "template_refused"),
        (-111, Never, "template_refused"),
        (-112, Never, "template_refused"),
        (-118, Never, "account_gone"),
        (-119, Never, "account_gone"),
        (-100, Later, "provider_busy"),
        (-110, Later, "provider_busy"),
        (-115, Later, "provider_busy"),
        (-144, Closed, "provider_quota"),
        (-147, Closed, "provider_quota"),
        (-101, Later, "provider_refuses_us"),
        (-105, Later, "provider_refuses_us"),
    ],
)
async def test_zalo_error_classes(
    client: httpx2.AsyncClient, code: int, expected: type, reason: str
) -> None:
    """Permanent codes take the next channel, transient ones come again; HTTP says 200."""
    async with provider(Reply(body=json.dumps({"error": code}).encode())) as stub:
        outcome = await zalo(stub.url, client).send(
            message(channel=Channel.ZALO, address="84912345678")
        )
    assert isinstance(outcome, expected)
    assert isinstance(outcome, Never | Later | Closed)
    assert outcome.reason == reason


async def test_zalo_without_an_approved_template_takes_the_next_channel(
    client: httpx2.AsyncClient,
) -> None:
    """Nothing is posted."""
    async with provider() as stub:
        outcome = await zalo(stub.url, client, accepted=ZaloTemplate("1", 1)).send(
            message(channel=Channel.ZALO)
        )
        assert stub.posted == []
    assert outcome == Never("no_template")
    assert template_data({"unknown": "x", "ma_ho_so": "y"}) == {"ma_ho_so": "y"}


async def test_a_template_has_the_tag_that_zalo_gave_it(tmp_path: Path) -> None:
    """A bare id is refused, with what to write instead; the tag reaches the channel."""
    token = tmp_path / "token"
    token.write_text("0a-token", encoding="utf-8")
    part = {"token_file": str(token), "templates": {"rung": {"id": "201234", "tag": 2}}}
    file = ChannelsFile.model_validate({"zalo": part})
    settings = NotificationsSettings(
        keys_file=tmp_path / "keys", secret_file=tmp_path / "secret"
    )
    built = Channels.of(settings, file, MemoryEndpoints())
    channel = built.ports[Channel.ZALO]
    await built.close()
    assert isinstance(channel, ZaloChannel)
    assert channel.templates == {"rung": ZaloTemplate("201234", 2)}
    for wrong, says in (
        ("201234", 'write {id: "201234", tag: 1}'),
        ({"id": "201234"}, "Field required"),
        ({"id": "201234", "tag": 4}, "Input should be 1, 2 or 3"),
    ):
        with pytest.raises(ValidationError, match=re.escape(says)):
            ChannelsFile.model_validate({"zalo": {**part, "templates": {"rung": wrong}}})


def at_wall(moment: str) -> Message:
    """Return a message that is written at a moment of Viet Nam."""
    wall = datetime.fromisoformat(f"{moment}+07:00")
    return replace(message(channel=Channel.ZALO, address="84912345678"), wall=wall)


@pytest.mark.parametrize(
    ("moment", "tag", "until"),
    [
        ("2026-11-30 21:59:59", 2, None),
        ("2026-11-30 22:00:00", 2, "2026-12-01 07:00"),
        ("2026-11-30 23:30:00", 3, "2026-12-01 07:00"),
        ("2026-12-01 06:59:59", 3, "2026-12-01 07:00"),
        ("2026-12-01 07:00:00", 2, None),
        ("2026-11-30 22:00:00", 1, None),
        ("2026-12-01 03:00:00", 1, None),
    ],
)
async def test_zalo_by_tag_and_hour(
    client: httpx2.AsyncClient, moment: str, tag: int, until: str | None
) -> None:
    """Transactions go round the clock; others are not even posted at night."""
    wall = datetime.fromisoformat(f"{moment}+07:00")
    server = Zalo(now=wall, templates={"201234": tag})
    async with provider(answer=server) as stub:
        channel = zalo(stub.url, client, rung=ZaloTemplate("201234", tag))
        outcome = await channel.send(at_wall(moment))
    if until is None:
        assert isinstance(outcome, Accepted)
        assert len(stub.posted) == 1
    else:
        expected = datetime.fromisoformat(f"{until}+07:00")
        assert outcome == Closed(expected, "provider_night")
        assert stub.posted == []


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (
            "2026-11-30 21:59:59",
            Closed(
                datetime.fromisoformat("2026-12-01T07:00+07:00"), "provider_night", "error -133"
            ),
        ),
        ("2026-11-30 07:00:02", Later("provider_night", "error -133")),
    ],
)
async def test_zalo_whose_clock_is_not_ours(
    client: httpx2.AsyncClient, moment: str, expected: object
) -> None:
    """Error -133 by day: the evening waits for the morning, the morning for some seconds."""
    night = datetime.fromisoformat("2026-11-30T22:00+07:00")
    async with provider(answer=Zalo(now=night, templates={"201234": 2})) as stub:
        channel = zalo(stub.url, client, rung=ZaloTemplate("201234", 2))
        assert await channel.send(at_wall(moment)) == expected


@pytest.mark.parametrize(("account", "template", "code"), [(1, 9, -144), (9, 1, -147)])
async def test_zalo_after_a_daily_quota(
    client: httpx2.AsyncClient, account: int, template: int, code: int
) -> None:
    """The next message waits for the next day; a repeat of the first is no new one."""
    wall = datetime.fromisoformat("2026-11-30T10:00+07:00")
    server = Zalo(wall, {"201234": 1}, account_quota=account, template_quota=template)
    first = at_wall("2026-11-30 10:00")
    async with provider(answer=server) as stub:
        channel = zalo(stub.url, client)
        assert isinstance(await channel.send(first), Accepted)
        assert isinstance(await channel.send(first), Accepted)
        outcome = await channel.send(replace(first, id="another"))
        assert outcome == Closed(
            datetime.fromisoformat("2026-12-01T07:00+07:00"),
            "provider_quota",
            f"error {code}",
            urgent_goes_on=True,
        )
        server.now += timedelta(days=1)
        assert isinstance(await channel.send(replace(first, id="another")), Accepted)


@given(st.integers(min_value=0, max_value=400), st.integers(min_value=0, max_value=7))
async def test_a_signature_stands_or_falls_by_every_bit(position: int, bit: int) -> None:
    """One flipped bit of body, id or time, another key, or an old time: refused."""
    body = b'{"receipts": []}' * 10
    stamp = str(int(WALL.timestamp()))
    headers = {
        "webhook-id": "m1",
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,x {signature(SECRET, 'm1', stamp, body)}",
    }
    wall = WALL.timestamp()
    assert is_signed(headers, body, secrets=(b"o" * 32, SECRET), wall=wall)
    flipped = bytearray(body)
    flipped[position % len(body)] ^= 1 << bit
    assert not is_signed(headers, bytes(flipped), secrets=(SECRET,), wall=wall)
    assert not is_signed({**headers, "webhook-id": "m2"}, body, secrets=(SECRET,), wall=wall)
    assert not is_signed(headers, body, secrets=(b"o" * 32,), wall=wall)
    assert not is_signed(headers, body, secrets=(SECRET,), wall=wall + 301)
    assert not is_signed(headers, body, secrets=(SECRET,), wall=wall - 301)
    assert not is_signed({}, body, secrets=(SECRET,), wall=wall)


@pytest.mark.parametrize("text", ["whsec_!!!", "whsec_" + base64.b64encode(b"x").decode(), ""])
async def test_a_weak_secret_is_refused(text: str) -> None:
    """At least 24 bytes of base64."""
    with pytest.raises(ValueError, match="webhook secret"):
        secret_bytes(text)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("99999999", 86_400),
        ("Tue, 01 Jan 2030 00:02:00 GMT", 120),
        ("Tue, 01 Jan 2019 00:02:00 GMT", 0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
async def test_retry_after_is_read_in_both_forms(header: str, seconds: int | None) -> None:
    """Seconds or a date; a day at most; nonsense is nothing."""
    wait = retry_after(Answer(429, {"Retry-After": header}, b""), wall=WALL)
    assert (None if wait is None else wait.total_seconds()) == seconds


async def test_mail_goes_over_reused_connections_and_answers_are_told_apart() -> None:
    """Taken, refused for good, refused for now, lost after the data, nobody there."""
    mailed = message(channel=Channel.EMAIL, address="chair@example.test")
    with mail_sink() as sink:
        relay = SmtpRelay(sink.host, sink.port, "motcua@province.test", "Trung tâm")
        channel = SmtpChannel(relay)
        assert isinstance(await channel.send(mailed), Accepted)
        sink.refuse = ["451 4.3.0 busy", "552 5.2.2 full"]
        assert isinstance(await channel.send(mailed), Later)
        assert await channel.send(mailed) == Never("message_refused", "552 5.2.2 full")
        sink.bad_addresses = {"chair@example.test"}
        refused = await channel.send(mailed)
        assert isinstance(refused, Never)
        assert refused.reason == "address_refused"
        sink.bad_addresses = set()
        sink.drop_after_data = 1
        assert isinstance(await channel.send(mailed), Lost)
        assert isinstance(await channel.send(mailed), Accepted)
        ids = {str(mail["Message-ID"]) for mail in sink.mails}
        assert ids == {f"<{mailed.id}@province.test>"}
        await channel.close()
    assert isinstance(await channel.send(mailed), Later)

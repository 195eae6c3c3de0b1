"""The whole service on real engines: events in, mails out, answers back."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from deploy.engines.embedded import EmbeddedEngines
from deploy.topics import provision
from shared.events.dossiers import DossierAccepted, DossierAssigned
from tests.fakes.mail_sink import Sink, html_of, mail_sink, text_of
from tests.fakes.notified import MONDAY, PROCEDURE, Numbered, contact, opened, reached
from tests.integration.notifications.running import Engines, eventually, running

pytestmark = [pytest.mark.connected, pytest.mark.asyncio]


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A mail sink."""
    with mail_sink() as started:
        yield started


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    """Engines of this module alone: topics are read whole, with nobody else's events."""
    with EmbeddedEngines.at(tmp_path_factory.mktemp("notifications")) as started:
        # In a thread: an asynchronous test may be running a loop already.
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, provision([started.kafka.bootstrap])).result()
        yield Engines(started.kafka.bootstrap, started.store.url)


async def test_a_citizen_hears_of_acceptance_with_code_and_date(
    tmp_path: Path, ground: Engines, sink: Sink, unique: str
) -> None:
    """The mail names code and date, is told of once and leaves a proof."""
    code, numbered = f"case-{unique}", Numbered()
    accepted = DossierAccepted(procedure=PROCEDURE, channel="direct")
    async with running(tmp_path, ground, sink) as world:
        await world.say(
            numbered.event(code, accepted, contactversion=1),
            numbered.event(code, opened(due=MONDAY + timedelta(days=3))),
            contact(code, name="Nông Văn Ất", email="at@example.test"),
        )
        await eventually(lambda: sink.to("at@example.test"))
        await world.rests()
        mails = sink.to("at@example.test")
        assert len(mails) == 1
        assert code in str(mails[0]["Subject"])
        assert "09:00 thứ Năm 26/11/2026" in text_of(mails[0])
        assert "Nông Văn Ất" in html_of(mails[0])
        await eventually(lambda: len(world.told(code)) == 2)
        names = [event.name for event in world.told(code)]
        assert names == ["notice.planned", "notice.sent"]
        assert [event.sequence for event in world.told(code)] == [1, 2]
        async with world.client(**world.key(role="province", units="*")) as client:
            listed = (await client.get("/v1/notices", params={"subject": code})).json()
            notice = listed["notices"][0]
            proof = (await client.get(f"/v1/notices/{notice['id']}/proof")).json()
        assert proof["state"] == "sent"
        assert "example.test" in proof["address"]
        assert "at@" not in proof["address"]


async def test_a_supervisor_acknowledges_through_the_link_once(
    tmp_path: Path, ground: Engines, sink: Sink, unique: str
) -> None:
    """GET changes nothing, POST is published once, a second POST shows the first promise."""
    code, numbered, person = f"case-{unique}", Numbered(), f"p-{unique}-chairman"
    async with running(tmp_path, ground, sink) as world:
        await world.say(
            contact(person, role="staff", email="chair@example.test"),
            numbered.event(code, opened(due=MONDAY)),
            numbered.event(code, reached([person])),
        )
        await eventually(lambda: sink.to("chair@example.test"))
        text = text_of(sink.to("chair@example.test")[0])
        link = next(word for word in text.split() if "/a/" in word)
        path = link[link.index("/a/") :]
        async with world.client() as client:
            shown = await client.get(path)
            assert shown.status_code == 200
            assert code in shown.text
            await world.rests()
            assert world.answered(code) == []
            form = {"cause": "workload", "promised": "2026-11-25"}
            first = await client.post(path, data=form)
            assert first.status_code == 303
            again = await client.post(
                path, data={"cause": "other", "promised": "2026-11-30"}, follow_redirects=True
            )
        assert "thứ Tư 25/11/2026" in again.text
        await eventually(lambda: world.answered(code))
        answers = world.answered(code)
        assert [answer.name for answer in answers] == ["obligation.acknowledged"]
        assert answers[0].source == "urn:motcua:publisher:notifications"
        assert answers[0].data.model_dump(mode="json")["promised"] == "2026-11-25"


async def test_quiet_hours_hold_what_is_routine_until_the_morning(
    tmp_path: Path, ground: Engines, sink: Sink, unique: str
) -> None:
    """A routine notice of the night goes at seven; one overtaken meanwhile never does."""
    code, night = f"case-{unique}", MONDAY + timedelta(hours=14)
    numbered = Numbered(now=night)
    async with running(tmp_path, ground, sink, now=night) as world:
        await world.say(
            contact(code, email="quiet@example.test"),
            numbered.event(
                code, DossierAccepted(procedure=PROCEDURE, channel="direct"), contactversion=1
            ),
            numbered.event(code, opened(due=MONDAY + timedelta(days=3))),
            numbered.event(code, DossierAssigned(handler="p-06112-handler-1")),
        )
        await eventually(lambda: len(world.told(code)) == 4)  # Two planned, two held.
        await world.rests()
        assert sink.mails == []
        status = await world.service.status()
        morning = MONDAY + timedelta(days=1, hours=-2)
        assert status["next_at"] == morning.isoformat()
        world.clock.advance(morning)
        await eventually(lambda: len(sink.mails) == 2)
        await world.rests()
        assert len(sink.to("quiet@example.test")) == 2

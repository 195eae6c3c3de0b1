"""Lets the simulated stories happen: at the counter over HTTP, online over Kafka."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import httpx2
import orjson

from deploy.demo.heads import Deed
from deploy.demo.province import CheckIn, Turn
from deploy.demo.story import Act, Story
from deploy.errors import CommandError
from shared.events.topics import inbound
from shared.kafka.publisher import KafkaPublisher

PUBLISHER: Final = "demo"
AT_ONCE: Final = 8
LINES_MAX: Final = 500
TRIES_MAX: Final = 60
PAUSE_S: Final = 0.5
UNAVAILABLE: Final = 503
CONTENT_TYPE: Final = (("content-type", b"application/cloudevents+json"),)


class RefusedError(CommandError):
    """The province was to accept what the simulation did, and did not."""


@dataclass(slots=True)
class Running:
    """One story on its way: which act comes next, and its code once it has one."""

    story: Story
    code: str | None = None
    next_act: int = 0

    @property
    def due(self) -> Act | None:
        """Return the act that comes next; None when the story is over."""
        acts = self.story.acts
        return acts[self.next_act] if self.next_act < len(acts) else None


@dataclass(slots=True)
class Sent:
    """The witness of what was sent and taken: by code, and how many events in all."""

    stories: dict[str, Story] = field(default_factory=dict)
    events: int = 0


@dataclass(slots=True)
class Actor:
    """Sends what happens up to a moment; returns when it was taken."""

    http: httpx2.AsyncClient
    intake: str
    counter_key: str
    publisher_key: str
    kafka: KafkaPublisher
    sent: Sent = field(default_factory=Sent)

    async def act(
        self, due: Sequence[tuple[Running, Act]], at_centres: Sequence[CheckIn | Turn | Deed]
    ) -> None:
        """Let these acts happen, one of each story, at all doors at once."""
        first = [(run, act) for run, act in due if run.next_act == 0]
        later = [(run, act) for run, act in due if run.next_act > 0]
        online = [pair for pair in due if pair[0].story.door == "kafka"]
        for run, _ in online:
            run.code = run.story.own_code
        await asyncio.gather(
            self._counter([pair for pair in first if pair[0].story.door == "http"]),
            self._bulk([pair for pair in later if pair[0].story.door == "http"]),
            self._online(online, at_centres),
        )
        for run, _ in due:
            assert run.code is not None, "a story has its code after its first act"
            self.sent.stories[run.code] = run.story
        self.sent.events += len(due) + len(at_centres)
        for run, _ in due:
            run.next_act += 1

    async def _counter(self, pairs: Sequence[tuple[Running, Act]]) -> None:
        """Send what the counters receive: by prefix one by one, so that codes are the same."""
        counters: dict[str, list[tuple[Running, Act]]] = {}
        for run, act in pairs:
            counters.setdefault(run.story.code_of, []).append((run, act))
        limit = asyncio.Semaphore(AT_ONCE)

        async def receive(own: Sequence[tuple[Running, Act]]) -> None:
            async with limit:
                for run, act in own:
                    await self._receive(run, act)

        await asyncio.gather(*(receive(own) for own in counters.values()))

    async def _receive(self, run: Running, act: Act) -> None:
        story = run.story
        body = {
            "unit": story.receiving,
            "competent_unit": story.competent,
            "procedure": story.procedure,
            "channel": story.channel,
            "time": act.at.isoformat(),
            "contact": contact_of(story),
        }
        answer = await self._post(
            f"{self.intake}/v1/dossiers",
            orjson.dumps(body),
            self.counter_key,
            {"content-type": "application/json", "idempotency-key": f"story-{story.number}"},
        )
        run.code = str(answer.json()["code"])

    async def _bulk(self, pairs: Sequence[tuple[Running, Act]]) -> None:
        for start in range(0, len(pairs), LINES_MAX):
            lines = [orjson.dumps(event_of(*pair)) for pair in pairs[start : start + LINES_MAX]]
            answer = await self._post(
                f"{self.intake}/v1/events",
                b"\n".join(lines),
                self.publisher_key,
                {"content-type": "application/x-ndjson"},
            )
            for line in answer.text.splitlines():
                said = orjson.loads(line)
                if said["outcome"] != "applied":
                    raise RefusedError(f"intake refused what happened: {line}")

    async def _online(
        self, pairs: Iterable[tuple[Running, Act]], at_centres: Iterable[CheckIn | Turn | Deed]
    ) -> None:
        events = [event_of(run, act) for run, act in pairs]
        events += [event_at_centre(one) for one in at_centres]
        topic = inbound(PUBLISHER).name
        await self.kafka.publish_raw(
            [
                (topic, str(event["subject"]).encode(), orjson.dumps(event), CONTENT_TYPE)
                for event in events
            ]
        )

    async def _post(
        self, url: str, body: bytes, key: str, headers: dict[str, str]
    ) -> httpx2.Response:
        """Send a request, again while the service is away; the same key makes it safe."""
        for _ in range(TRIES_MAX):
            try:
                answer = await self.http.post(
                    url, content=body, headers={**headers, "authorization": f"Bearer {key}"}
                )
            except httpx2.TransportError:
                await asyncio.sleep(PAUSE_S)
                continue
            if answer.status_code == UNAVAILABLE:
                await asyncio.sleep(PAUSE_S)
                continue
            if answer.is_error:
                raise RefusedError(f"intake refused what happened: {answer.text}")
            return answer
        raise RefusedError(f"intake did not answer {TRIES_MAX} times: {url}")


def event_of(run: Running, act: Act) -> dict[str, Any]:
    """Return an act as a publisher's event."""
    story = run.story
    data = dict(act.data)
    if run.next_act == 0:
        data["contact"] = contact_of(story)
    return {
        "specversion": "1.0",
        "id": f"story-{story.number}-{run.next_act}",
        "source": f"urn:motcua:publisher:{PUBLISHER}",
        "type": f"vn.motcua.{act.name}.v1",
        "subject": run.code,
        "time": act.at.isoformat(),
        "datacontenttype": "application/json",
        "receivingunit": story.receiving,
        "competentunit": story.competent,
        "data": data,
    }


def event_at_centre(one: CheckIn | Turn | Deed) -> dict[str, Any]:
    """Return what happens at a centre as a publisher's event."""
    match one:
        case CheckIn():
            return duty_event(one)
        case Turn():
            return link_event(one)
        case Deed(at=at, name=name, subject=subject, data=data):
            number = f"{name}-{subject.replace('/', '-')}-{at:%Y%m%d%H%M}"
            return _of_centre(number, name, subject, at, data)


def duty_event(duty: CheckIn) -> dict[str, Any]:
    """Return a check-in as a publisher's event."""
    return _of_centre(
        f"duty-{duty.unit}-{duty.day.isoformat()}-{duty.session}",
        "duty.checked_in",
        f"{duty.unit}/duty/{duty.day.isoformat()}/{duty.session}",
        duty.at,
        {"person": duty.person},
    )


def link_event(turn: Turn) -> dict[str, Any]:
    """Return a link that is lost, or back, as a publisher's event."""
    outage = turn.outage
    number = f"{turn.name}-{outage.unit}-{outage.system}-{turn.at:%Y%m%d%H%M}"
    return _of_centre(number, turn.name, outage.matter, turn.at, {})


def _of_centre(
    number: str, name: str, subject: str, at: datetime, data: Mapping[str, Any]
) -> dict[str, Any]:
    unit = subject.partition("/")[0]
    return {
        "specversion": "1.0",
        "id": number,
        "source": f"urn:motcua:publisher:{PUBLISHER}",
        "type": f"vn.motcua.{name}.v1",
        "subject": subject,
        "time": at.isoformat(),
        "datacontenttype": "application/json",
        "receivingunit": unit,
        "competentunit": unit,
        "data": dict(data),
    }


def contact_of(story: Story) -> dict[str, str]:
    """Return how to reach a made-up applicant."""
    return {
        "name": f"Người nộp thử nghiệm {story.number}",
        "email": applicant_address(story.number),
        "phone": f"090{story.number:07d}",
    }


def applicant_address(number: int) -> str:
    """Return the made-up address of an applicant."""
    return f"nguoi-nop-{number}@thu-nghiem.example"


def acts_until(runs: Iterable[Running], moment: datetime) -> list[tuple[Running, Act]]:
    """Return each story's next act if it happens up to `moment`, in the order of time."""
    due = [(run, act) for run in runs if (act := run.due) is not None and act.at <= moment]
    return sorted(due, key=lambda pair: (pair[1].at, pair[0].story.number))

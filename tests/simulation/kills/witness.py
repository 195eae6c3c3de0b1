"""Who publishes to the house under test, and keeps a journal of what it answered.

A publisher that behaves as publishers should: it sends again, under the same id or key, until
it has an answer. The journal holds every answer, so a promise that was broken later is seen.
"""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2
from typing_extensions import override

from deploy.demo.actor import Actor, RefusedError
from deploy.demo.staff import Answer, AnswerRefusedError, Staff
from shared.kafka.publisher import KafkaPublisher
from shared.subjects.errors import RefusedRecordError, UnavailableError

TRIES_MAX: Final = 240
PAUSE_S: Final = 0.5
UNAVAILABLE: Final = 503
RETRY_AFTER: Final = "retry-after"
KEY: Final = "idempotency-key"

RawRecords = Sequence[tuple[str, bytes | None, bytes | None, Sequence[tuple[str, bytes]]]]


@dataclass
class Journal:
    """Every attempt and its answer, in a file as it happens, and counted."""

    path: Path
    answers: Counter[str] = field(default_factory=Counter)
    codes: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    violations: list[str] = field(default_factory=list)

    def note(self, door: str, answer: str, **more: object) -> None:
        """Write one line."""
        self.answers[f"{door} {answer}"] += 1
        line = json.dumps({"door": door, "answer": answer, **more}, ensure_ascii=False)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    def code(self, key: str, code: str) -> None:
        """Keep the code that a key was answered with; another one later is a broken promise."""
        self.codes[key].add(code)
        if len(self.codes[key]) > 1:
            self.violations.append(f"{key} was answered with {sorted(self.codes[key])}")

    def summary(self) -> str:
        """Return the counted answers."""
        return ", ".join(f"{count} × {name}" for name, count in sorted(self.answers.items()))


class PatientKafka(KafkaPublisher):
    """Sends again until every record is acknowledged."""

    journal: Journal

    @override
    async def publish_raw(self, records: RawRecords) -> None:
        for _ in range(TRIES_MAX):
            try:
                await super().publish_raw(records)
            except (UnavailableError, RefusedRecordError) as error:
                self.journal.note("kafka", "unknown", records=len(records), why=str(error))
                await asyncio.sleep(PAUSE_S)
            else:
                if records:
                    self.journal.note("kafka", "acknowledged", records=len(records))
                return
        raise RefusedError(f"no broker took {len(records)} records in {TRIES_MAX} tries")


class PatientActor(Actor):
    """Lets the stories happen through doors that come and go."""

    journal: Journal
    busy: Callable[[], None]

    @override
    async def act(self, due: Sequence[Any], duties: Sequence[Any]) -> None:
        self.busy()
        await super().act(due, duties)

    @override
    async def _post(
        self, url: str, body: bytes, key: str, headers: dict[str, str]
    ) -> httpx2.Response:
        bearer = {**headers, "authorization": f"Bearer {key}"}
        for _ in range(TRIES_MAX):
            try:
                answer = await self.http.post(url, content=body, headers=bearer)
            except httpx2.TransportError as error:
                self.journal.note("http", "unknown", why=type(error).__name__)
                await asyncio.sleep(PAUSE_S)
                continue
            self.journal.note("http", str(answer.status_code))
            if answer.status_code == UNAVAILABLE:
                if RETRY_AFTER not in answer.headers:
                    self.journal.violations.append(f"a 503 of {url} names no Retry-After")
                await asyncio.sleep(PAUSE_S)
                continue
            if answer.is_error:
                raise RefusedError(f"intake refused what happened: {answer.text}")
            if KEY in headers:
                self.journal.code(headers[KEY], str(answer.json()["code"]))
            return answer
        raise RefusedError(f"intake did not answer {TRIES_MAX} times: {url}")


class PatientStaff(Staff):
    """Answers alerts, and again when the form was away."""

    @override
    async def _answer(self, answer: Answer, now: Any) -> None:
        for left in reversed(range(TRIES_MAX)):
            try:
                await super()._answer(answer, now)
            except (httpx2.TransportError, AnswerRefusedError):
                if not left:
                    raise
                await asyncio.sleep(PAUSE_S)
            else:
                return

"""The simulated supervisors: how they are reached, and which of them answer an alert."""

import asyncio
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

import httpx2

from deploy.demo.mailbox import Mail, Mailbox
from deploy.errors import CommandError
from shared.calendar.days import DeadlineCalendar
from shared.calendar.zone import ICT
from shared.events.codes import PROVINCE

DOMAIN: Final = "can-bo.example"
ANSWERING_SHARE: Final = 0.5
ANSWERS_AFTER: Final = timedelta(hours=2)
ANSWERS_A_DAY_MAX: Final = 6
"""How many alerts a person takes up in a day; the rest is never answered."""

TOO_MANY: Final = 429
TRIES_MAX: Final = 5
PAUSE_S_MAX: Final = 60.0
AT_ONCE: Final = 8
_LINK: Final = re.compile(r"https?://\S+/a/\S+")
_OPTION: Final = re.compile(r'name="cause"[^>]*value="([a-z_]+)"')


class AnswerRefusedError(CommandError):
    """The acknowledge form did not take what a supervisor answered."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to come: who opens which link, when, and promises which day."""

    at: datetime
    link: str
    person: str


@dataclass(slots=True)
class Staff:
    """Reads the mail of every supervisor; half of them answer, each time or never."""

    mailbox: Mailbox
    http: httpx2.AsyncClient
    calendar: DeadlineCalendar
    read: int = 0
    answers: list[Answer] = field(default_factory=list)
    answered: int = 0
    taken_up: Counter[tuple[str, date]] = field(default_factory=Counter)

    def read_mail(self, now: datetime) -> None:
        """Look through the mail that came since the last time and plan the answers.

        A mail may carry several notices; whoever answers, answers each, up to so many a day.
        """
        found: set[tuple[str, str]] = set()
        for mail in self.mailbox.since(self.read):
            self.read += 1
            person = _person(mail)
            if person and answers(person):
                found |= {(person, link) for link in _LINK.findall(mail.text())}
        today = now.astimezone(ICT).date()
        # A link begins with its matter and ends with what is new in every play, so that
        # their order is not.
        for person, link in sorted(found):
            if self.taken_up[person, today] < ANSWERS_A_DAY_MAX:
                self.taken_up[person, today] += 1
                self.answers.append(Answer(now + ANSWERS_AFTER, link, person))

    async def answer(self, now: datetime) -> int:
        """Let everybody answer whose time has come; return how many did.

        Communes answer at the same time and the province after them. Within one office people
        answer one after the other, so that of two who answer for one matter it is always the
        same who comes first.
        """
        due = [one for one in self.answers if one.at <= now]
        self.answers = [one for one in self.answers if one.at > now]
        offices: dict[str, list[Answer]] = {}
        for one in sorted(due, key=lambda one: (one.at, one.person, one.link)):
            offices.setdefault(_office(one.person), []).append(one)
        last = offices.pop(PROVINCE, [])
        limit = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(self._in_turn(own, now, limit) for own in offices.values()))
        await self._in_turn(last, now, limit)
        return len(due)

    def next_answer(self) -> datetime | None:
        """Return when the next answer is due."""
        return min((one.at for one in self.answers), default=None)

    async def _in_turn(
        self, answers: Iterable[Answer], now: datetime, limit: asyncio.Semaphore
    ) -> None:
        async with limit:
            for one in answers:
                await self._answer(one, now)

    async def _answer(self, answer: Answer, now: datetime) -> None:
        form = await self._ask("GET", answer.link)
        if form.is_error:
            raise AnswerRefusedError(f"{answer.link} answers {form.status_code}")
        causes = _OPTION.findall(form.text)
        if not causes:
            return  # What it asks for has ended meanwhile; the page says so.
        # By person and time, since a link is another one every time that the month is played.
        lot = hashlib.sha256(f"{answer.person}@{now.isoformat()}".encode()).digest()
        promised = self._promise(now.astimezone(ICT).date(), lot[1] % 3 + 1)
        taken = await self._ask(
            "POST",
            answer.link,
            {"cause": causes[lot[0] % len(causes)], "promised": promised.isoformat()},
        )
        if taken.is_error:
            raise AnswerRefusedError(f"{answer.link} refused the answer: {taken.status_code}")
        self.answered += 1

    async def _ask(
        self, method: str, link: str, data: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        """Send a request, and again when we are told that it was one too many in a minute."""
        for _ in range(TRIES_MAX):
            answer = await self.http.request(method, link, data=data)
            if answer.status_code != TOO_MANY:
                return answer
            await asyncio.sleep(min(float(answer.headers["retry-after"]), PAUSE_S_MAX))
        raise AnswerRefusedError(f"{link} took nothing for {TRIES_MAX} minutes")

    def _promise(self, today: date, working_days: int) -> date:
        return self.calendar.add_working_days(today, working_days)


def answers(person: str) -> bool:
    """Say whether this supervisor is one who answers."""
    return hashlib.sha256(person.encode()).digest()[0] < 256 * ANSWERING_SHARE


def address(person: str) -> str:
    """Return the made-up address of an official."""
    return f"{person}@{DOMAIN}"


def persons(units: Iterable[str], roster: Iterable[tuple[str, str]]) -> Sequence[str]:
    """Return the people named in the roster, `{unit}` filled in for each unit."""
    named = {name.format(unit=unit) for unit in units for pair in roster for name in pair}
    return sorted(named)


def _office(person: str) -> str:
    """Return the unit of an official, whose id has it between its first two dashes."""
    return person.split("-")[1]


def _person(mail: Mail) -> str | None:
    for recipient in mail.recipients:
        name, _, domain = recipient.partition("@")
        if domain == DOMAIN:
            return name
    return None

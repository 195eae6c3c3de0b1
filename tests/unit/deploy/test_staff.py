"""The simulated officials answer the same whenever the same month is played."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import parse_qs

import httpx2
import pytest

from deploy.demo.mailbox import Mail, Mailbox
from deploy.demo.staff import ANSWERS_A_DAY_MAX, Answer, Staff, address, answers
from deploy.reference.load import bundled_reference

NOW = datetime(2026, 8, 3, 3, tzinfo=UTC)
PEOPLE = ("p-20-officer-1", "p-06112-head", "p-06112-chairman", "p-06115-head")
CAUSES = ("staff", "agency", "file")
FORM = "".join(f'<input type="radio" name="cause" value="{cause}">' for cause in CAUSES)


async def _answers(tmp_path: Path, links: dict[str, str]) -> list[tuple[str, str]]:
    """Let everybody answer, and return who did with what, in the order of arrival."""
    taken: list[tuple[str, str]] = []
    persons = {link: person for person, link in links.items()}

    def form(request: httpx2.Request) -> httpx2.Response:
        if request.method == "POST":
            body = parse_qs(request.content.decode())
            said = f"{body['cause'][0]} {body['promised'][0]}"
            taken.append((persons[str(request.url)], said))
        return httpx2.Response(200, text=FORM)

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(form)) as http:
        staff = Staff(Mailbox(tmp_path / "mail.tsv"), http, bundled_reference().calendar)
        staff.answers = [Answer(NOW, link, person) for person, link in links.items()]
        assert await staff.answer(NOW) == len(links)
    return taken


def _mail(number: int, person: str, text: str) -> Mail:
    message = EmailMessage()
    message["To"] = address(person)
    message.set_content(text)
    return Mail(number, (address(person),), message.as_bytes())


@pytest.mark.asyncio
async def test_a_merged_mail_is_answered_notice_by_notice(tmp_path: Path) -> None:
    """Whether alerts were merged depends on when they came, and what is answered must not."""
    links = [f"http://a.example/a/{number}" for number in range(3)]
    text = "\n".join(f"Trả lời: {link}" for link in (*links, links[0]))
    mailbox = Mailbox(tmp_path / "mail.tsv")
    mailbox.mails = [_mail(1, "p-06112-chairman", text), _mail(2, "p-06112-head", links[0])]
    async with httpx2.AsyncClient() as http:
        staff = Staff(mailbox, http, bundled_reference().calendar)
        staff.read_mail(NOW)
    assert answers("p-06112-chairman")
    assert not answers("p-06112-head")
    assert [one.link for one in staff.answers] == links


def test_a_person_takes_up_a_few_matters_a_day_and_always_the_same(tmp_path: Path) -> None:
    """Which of them depends on the matters, not on the order in which their mails came."""
    person, links = "p-06112-chairman", [f"http://a.example/a/{n:02}" for n in range(20)]
    taken = []
    for order in (links, links[::-1]):
        mailbox = Mailbox(tmp_path / "mail.tsv")
        mailbox.mails = [_mail(n, person, link) for n, link in enumerate(order)]
        staff = Staff(mailbox, httpx2.AsyncClient(), bundled_reference().calendar)
        staff.read_mail(NOW)
        assert not [one for one in staff.answers if one.person != person]
        mailbox.mails.append(_mail(99, person, "http://a.example/a/99"))
        staff.read_mail(NOW + timedelta(hours=1))
        assert len(staff.answers) == ANSWERS_A_DAY_MAX
        staff.read_mail(NOW + timedelta(days=1))
        taken.append([one.link for one in staff.answers])
    assert taken[0] == taken[1] == links[:ANSWERS_A_DAY_MAX]


@pytest.mark.asyncio
async def test_an_answer_depends_on_who_gives_it_and_when(tmp_path: Path) -> None:
    """Neither on the link, which is new in every play, nor on the order of the mails."""
    first = await _answers(tmp_path, {one: f"http://a.example/a/1{one}" for one in PEOPLE})
    links = {one: f"http://a.example/a/2{one}" for one in reversed(PEOPLE)}
    second = await _answers(tmp_path, links)
    assert dict(first) == dict(second)
    for order in (first, second):
        people = [person for person, _ in order]
        assert people[-1] == "p-20-officer-1"
        assert people.index("p-06112-chairman") < people.index("p-06112-head")


@pytest.mark.asyncio
async def test_whoever_asked_too_often_asks_again(tmp_path: Path) -> None:
    """As long as the form says; and the answer is given once."""
    asked: list[str] = []

    def form(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.method)
        if len(asked) in {1, 3}:
            return httpx2.Response(429, headers={"retry-after": "0"})
        return httpx2.Response(200, text=FORM)

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(form)) as http:
        staff = Staff(Mailbox(tmp_path / "mail.tsv"), http, bundled_reference().calendar)
        staff.answers = [Answer(NOW, "http://a.example/a/1", PEOPLE[0])]
        await staff.answer(NOW)
    assert asked == ["GET", "GET", "POST", "POST"]
    assert staff.answered == 1

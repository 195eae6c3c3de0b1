"""A running installation gets a longer calendar: by load, and by two persons.

Dossiers that reach past the old end get their date, and their applicants one message. Of the
escalation levels that have passed by then only the highest is raised. A service is down.
"""

import asyncio
import csv
import shlex
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx2
import orjson
import pytest

from deploy.auditor.running import Scope, audit
from deploy.cli import main
from deploy.demo.mailbox import Mailbox
from deploy.reference.load import BUNDLED
from deploy.reference.send import send_reference
from deploy.supervisor.supervisor import REFERENCE_MARK
from shared.calendar.zone import ICT
from shared.events.topics import OBLIGATIONS
from shared.kafka.whole import read_to_end
from shared.web.keys import mint
from tests.simulation.recovery.running import PROCEDURE, UNIT, Running, event, until

pytestmark = [
    pytest.mark.connected,
    pytest.mark.timeout(900),
    pytest.mark.asyncio,
]

ACCEPTED_AT: Final = datetime(2027, 1, 4, 9, tzinfo=ICT)
LATER_AT: Final = datetime(2027, 1, 11, 9, tzinfo=ICT)
LOADED_AT: Final = datetime(2027, 1, 29, 9, tzinfo=ICT)
"""80 % of what was accepted first has passed, and half of the other."""

OVERDUE_AT: Final = datetime(2027, 2, 16, 9, tzinfo=ICT)
OLD_END: Final = "2027-01-31"
TWENTY_DAYS: Final = "1.001776"
"""Working days. From 4 January the last is 1 February; from 11 January they pass Tết."""

THIRTY_DAYS: Final = "2.001263"
"""Calendar days."""

DUE: Final = {
    "G09.20-270104-0000001": "2027-02-01",
    "G09.20-270104-0000002": "2027-02-03",
    "G09.20-270111-0000003": "2027-02-15",
}
"""Dossiers that have no date by the old calendar, and the one that they get."""

FIRST, SECOND, OVER_TET = DUE
SHORT: Final = "G09.20-270104-0000004"
"""Three working days, within the old calendar."""

RUNBOOK: Final = BUNDLED.parent / "runbook" / "calendar-horizon-near.md"
PROPOSER, APPROVER = "p-20-officer-1", "p-20-officer-2"
GRACE: Final = timedelta(minutes=20)

Levels = Counter[tuple[str, str, int, str]]
"""Obligation, escalation level, repeat, role."""

ROLES: Final = ("handler-1", "handler-2", "handler-3", "head", "director", "chairman")
OFFICIALS: Final = (*(f"p-{UNIT}-{role}" for role in ROLES), "p-20-officer-1", "p-20-officer-2")


def old_reference(folder: Path) -> Path:
    """Write the reference data as they were: published through 31 January 2027."""
    folder.mkdir()
    for path in BUNDLED.iterdir():
        if path.suffix in {".csv", ".yaml"}:
            (folder / path.name).write_bytes(path.read_bytes())
    with (BUNDLED / "calendar.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    kept = [row for row in rows if row["day"] <= OLD_END]
    (span,) = (row for row in rows if row["row"] == "VN-published-2027")
    kept.append({**span, "day": OLD_END, "verified": "false", "source": "Bộ luật Lao động"})
    with (folder / "calendar.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(kept)
    return folder


@dataclass
class House:
    """An installation that runs with the old calendar, and its mail catcher."""

    running: Running
    mailbox: Mailbox

    async def accepts(self, **procedures: str) -> None:
        """Accept a dossier for each code, now."""
        for code, procedure in procedures.items():
            contact = {"name": f"Người nộp thử nghiệm {code[-1]}", "email": address(code)}
            data = {"procedure": procedure, "channel": "online", "contact": contact}
            await self.running.send([event(code, "accepted", self.running.now, data)])
        await self.running.rest()

    async def moves_to(self, when: datetime) -> None:
        """Move the clock on, and wait until everything is swept."""
        self.running.leap(when - self.running.now)
        await until(self._swept, f"swept to {when}")
        await self.running.rest()

    async def _swept(self) -> bool:
        status = await self.get("workflow", "/statusz", "operator")
        swept = status["marks"]["swept_to"]
        return swept is not None and datetime.fromisoformat(swept) >= self.running.now

    async def undated(self) -> int:
        """Return how many dossiers workflow knows to have no date."""
        answer = await self.get("workflow", "/v1/undated", "province")
        return int(answer["count"])

    async def get(self, service: str, path: str, role: Any) -> Any:  # noqa: ANN401 -- A role of ours; JSON.
        """Ask a service."""
        url = f"{self.running.installation.http(service)}{path}"
        headers = {"authorization": f"Bearer {self.running.key(role)}"}
        async with httpx2.AsyncClient(timeout=30, trust_env=False) as http:
            answer = await http.get(url, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()

    async def published(self, code: str, what: str) -> list[dict[str, Any]]:
        """Return the obligation events of a name about a dossier, each id once."""
        found: dict[str, dict[str, Any]] = {}
        for record in await read_to_end(self.running.installation.kafka, OBLIGATIONS.name):
            one = orjson.loads(record.value or b"{}")
            if one["subject"] == code and one["type"] == f"vn.motcua.obligation.{what}.v1":
                found[one["id"]] = one
        return list(found.values())

    async def levels(self, code: str) -> Levels:
        """Count the escalation levels of a dossier that were raised, by repeat."""
        raised = [one["data"] for one in await self.published(code, "rung_reached")]
        return Counter(
            (one["obligation"], one["rung"], one.get("repeat", 0), one["role"])
            for one in raised
        )

    async def reaches(self, person: str) -> None:
        """Give an official an address, so that no level goes on to the next role."""
        url = f"{self.running.installation.http('intake')}/v1/contacts/{person}"
        async with httpx2.AsyncClient(timeout=30, trust_env=False) as http:
            answer = await http.put(
                url,
                json={"name": f"Cán bộ thử nghiệm {person}", "email": f"{person}@thu.example"},
                headers={"authorization": f"Bearer {self.running.key('province')}"},
            )
        assert answer.is_success, answer.text

    async def of_the_dossier(self, code: str) -> set[str]:
        """Return the levels of the dossier's own deadline that were raised."""
        levels = await self.levels(code)
        return {level for kind, level, *_ in levels if kind == "dossier_deadline"}

    def dated(self, code: str) -> int:
        """Count the messages to an applicant that name the appointment date."""
        day = f"{date.fromisoformat(DUE[code]):%d/%m/%Y}"
        return sum(
            address(code) in mail.recipients and day in mail.text()
            for mail in self.mailbox.mails
        )

    async def differences(self) -> list[str]:
        """Return what the auditor finds."""
        where = self.running.installation
        scope = Scope(self.running.now, GRACE)
        report = await audit(where.mongo_url, where.kafka, scope)
        return [one.text() for one in report.shown]


def address(code: str) -> str:
    """Return a made-up applicant's address."""
    return f"nguoi-nop-{code[-1]}@thu-nghiem.example"


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[House]:
    """Run an installation with the old calendar."""
    mailbox = Mailbox(folder / "mail.tsv")
    environ = {
        "MOTCUA_SMTP_HOST": "127.0.0.1",
        "MOTCUA_SMTP_PORT": str(await mailbox.start(0)),
        "MOTCUA_MAIL_FROM": "motcua@lang-son.example",
    }
    data = folder / "data"
    data.mkdir()
    (data / REFERENCE_MARK).write_text("0\n", encoding="utf-8")
    running = await asyncio.to_thread(Running.start, data, environ, now=ACCEPTED_AT)
    try:
        await asyncio.to_thread(
            send_reference,
            running.installation.http("intake"),
            running.installation.publisher_key("province"),
            folder=old_reference(folder / "old"),
        )
        await running.rest()
        here = House(running, mailbox)
        for person in OFFICIALS:
            await here.reaches(person)
        await running.rest()
        yield here
    finally:
        await asyncio.to_thread(running.stop)
        await mailbox.stop()


async def before(here: House) -> None:
    """Play what happened before the calendar was extended."""
    await here.accepts(**{FIRST: TWENTY_DAYS, SECOND: THIRTY_DAYS, SHORT: PROCEDURE})
    await here.moves_to(LATER_AT)
    await here.accepts(**{OVER_TET: TWENTY_DAYS})
    assert await here.undated() == len(DUE)
    await here.moves_to(LOADED_AT)
    assert await here.undated() == len(DUE)
    for code in DUE:
        assert not await here.levels(code), "without a date nothing is due"
        assert here.dated(code) == 0


async def after(here: House, short: Levels) -> None:
    """Check what came of it, now and when the dossiers are overdue."""
    assert await here.undated() == 0
    passed = {FIRST: "most", SECOND: "most", OVER_TET: "half"}
    for code, day in DUE.items():
        (moved,) = await here.published(code, "due_changed")
        assert "old_due" not in moved["data"]
        assert moved["data"]["new_due"] == f"{day}T17:00:00+07:00"
        await until(lambda code=code: here.of_the_dossier(code), f"a level of {code}")  # type: ignore[misc]  # Bound at once.
        assert await here.of_the_dossier(code) == {passed[code]}, "the highest alone"
        assert set((await here.levels(code)).values()) == {1}
        await until(lambda code=code: one_mail(here, code), f"the date for {code}")  # type: ignore[misc]  # Bound at once.
    assert await here.levels(SHORT) == short, "an earlier alert was repeated"
    assert await here.differences() == []
    await here.moves_to(OVERDUE_AT)
    for code in DUE:
        levels = await here.levels(code)
        assert "overdue" in await here.of_the_dossier(code) or code != OVER_TET
        assert set(levels.values()) == {1}
        assert len(await here.published(code, "due_changed")) == 1
        assert here.dated(code) == 1
    await here.moves_to(OVERDUE_AT.replace(hour=10))
    assert await here.differences() == []


async def one_mail(here: House, code: str) -> bool:
    """Say whether an applicant has the date."""
    return here.dated(code) == 1


async def command(running: Running, *arguments: str) -> None:
    """Run a command of the installation's."""
    done = await asyncio.to_thread(
        main.run, [*arguments, "--data", str(running.installation.data)]
    )
    assert done == 0, arguments


async def test_the_rows_are_loaded_while_workflow_is_down(tmp_path: Path) -> None:
    """It counts anew when it is back; a second load changes nothing."""
    async with house(tmp_path) as here:
        await before(here)
        short = await here.levels(SHORT)
        assert short, "three working days have passed"
        async with here.running.stopped("workflow"):
            await command(here.running, "reference", "load")
        await here.running.rest()
        await command(here.running, "reference", "load")
        await here.running.rest()
        await after(here, short)


@pytest.mark.nightly
async def test_two_persons_decide_by_the_runbook_while_notifications_is_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The commands are those of the page; the release's rows are loaded afterwards."""
    async with house(tmp_path) as here:
        await before(here)
        short = await here.levels(SHORT)
        keys = {
            person: mint(here.running.installation.keys_file, role="province", person=person)
            for person in (PROPOSER, APPROVER)
        }
        async with here.running.stopped("notifications"):
            monkeypatch.setenv("MOTCUA_PERSON_KEY", keys[PROPOSER])
            for arguments in proposals_of_the_runbook():
                await command(here.running, *arguments)
            capsys.readouterr()
            monkeypatch.setenv("MOTCUA_PERSON_KEY", keys[APPROVER])
            await command(here.running, "calendar", "list", "--waiting", "--json")
            waiting = [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]
            spans = [one for one in waiting if "published" in one["proposal"]]
            days = [one for one in waiting if one not in spans]
            for one in (*days, *spans):
                await command(here.running, "calendar", "preview", one["proposal"])
                await command(
                    here.running,
                    *("calendar", "approve", one["proposal"], "--seen", one["seen"]),
                )
            assert "3  without a date until now" in capsys.readouterr().out
        await here.running.rest()
        await command(here.running, "reference", "load")
        await here.running.rest()
        await after(here, short)


def proposals_of_the_runbook() -> list[list[str]]:
    """Return the arguments of each `motcua calendar propose` of the page."""
    lines = RUNBOOK.read_text(encoding="utf-8").splitlines()
    asked = [line for line in lines if line.startswith("motcua calendar propose ")]
    return [shlex.split(line)[1:] for line in asked]

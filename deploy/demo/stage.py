"""The demo's stage: an installation of its own, a mail catcher, a province, an actor."""

import asyncio
import contextlib
import csv
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import httpx2
import uvicorn
import yaml
from typing_extensions import override

from deploy.demo.actor import PUBLISHER, Actor
from deploy.demo.mailbox import Mailbox
from deploy.demo.oracle import limits
from deploy.demo.province import Month, Span, centres, simulate
from deploy.demo.staff import Staff, address, persons
from deploy.demo.story import Procedure
from deploy.engines import ports, waiting
from deploy.errors import CommandError
from deploy.installation import HTTP_PORT_BASE, SUPERVISED, Installation
from deploy.reference.load import BUNDLED, bundled_reference
from deploy.reference.send import send_reference
from deploy.supervisor.plan import AUDITS, plan_for
from deploy.supervisor.supervisor import Supervisor
from deploy.topics import PUBLISHERS, provision, wanted
from shared.calendar.days import DeadlineCalendar
from shared.events.codes import PROVINCE
from shared.kafka.publisher import KafkaPublisher
from shared.ops.clock import ClockFile
from shared.web.keys import mint

NO_SETTINGS: Final[Mapping[str, str]] = {}
HTTP_S_MAX: Final = 60.0
TEND_S: Final = 0.5
OF_THE_MACHINE: Final = frozenset({"MOTCUA_CACHE_DIR", waiting.SETTING})
GRACE: Final = "6h"
"""What the auditor lets services take on a fast clock: six seconds of ours at night."""

STARRED: Final = frozenset(
    {
        "2.000815",
        "2.000884",
        "1.001193",
        "1.000656",
        "1.000894",
        "2.000635",
        "1.004873",
        "3.000722",
        "1.001776",
        "1.014027",
        "1.001612",
        "1.013978",
    }
)
"""The procedures that the press names as most frequent."""
STARRED_WEIGHT: Final = 6.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Keys:
    """The demo's own keys, in plain text; they end with its folder."""

    province: str
    clerk: str
    counter: str
    operator: str


@dataclass(slots=True)
class Stage:
    """Everything that a demo, live or in steps, plays on."""

    folder: Path
    installation: Installation
    supervisor: Supervisor
    clock: ClockFile
    mailbox: Mailbox
    mail_url: str
    http: httpx2.AsyncClient
    actor: Actor
    staff: Staff
    keys: Keys
    units: tuple[str, ...]
    calendar: DeadlineCalendar

    def month(self, span: Span, *, scale: float) -> Month:
        """Tell what happens in a span of days."""
        return simulate(
            centres(self.units, seed=span.seed, scale=scale),
            procedures(),
            {unit: f"p-{unit}-handler-1" for unit in (*self.units, PROVINCE)},
            self.calendar,
            span,
        )


def procedures() -> list[Procedure]:
    """Return the catalogue's procedures that have a limit, the frequent ones weighing more."""
    linked = {code for code, one in bundled_reference().procedures.items() if one.linked}
    return [
        Procedure(
            code,
            limit.unit,
            limit.value,
            STARRED_WEIGHT if code in STARRED else 1.0,
            linked=code in linked,
        )
        for code, limit in sorted(limits().items())
    ]


def communes(folder: Path = BUNDLED) -> tuple[str, ...]:
    """Return the codes of the 65 communes."""
    with (folder / "units.csv").open(encoding="utf-8", newline="") as rows:
        return tuple(row["unit"] for row in csv.DictReader(rows) if row["type"] != "tỉnh")


@asynccontextmanager
async def stage(
    folder: Path,
    *,
    start: datetime,
    rate: float,
    obligations_from: date,
    say: Say,
    settings: Mapping[str, str] = NO_SETTINGS,
) -> AsyncIterator[Stage]:
    """Set the stage, and clear it at the end: every process stops.

    With `settings` it stands on engines of somebody else, or differs in what they name.

    Raises:
        CommandError: something did not start.
    """
    clock = ClockFile(folder / "clock")
    clock.start(now=start, rate=rate)
    mailbox = Mailbox(folder / "mail.tsv")
    smtp_port = await mailbox.start(0)
    stands = rate == 0
    mail_port, base = _ports(usual=not stands)
    environ = {**_environ(clock, smtp_port, stands=stands), **settings}
    audits = AUDITS if stands else ("--every", "5m", "--grace", GRACE)
    supervisor = Supervisor(plan_for(folder, base, environ, audits=audits), say)
    pages = asyncio.create_task(_serve(mailbox, mail_port))
    tending: asyncio.Task[None] | None = None
    kafka: KafkaPublisher | None = None
    http = httpx2.AsyncClient(timeout=HTTP_S_MAX, trust_env=False)
    try:
        await asyncio.to_thread(supervisor.start)
        tending = asyncio.create_task(_tend(supervisor))
        installation = supervisor.installation
        keys = await _furnish(supervisor, obligations_from, say)
        kafka = KafkaPublisher(installation.kafka, client_id="motcua-demo")
        calendar = bundled_reference().calendar
        units = communes()
        await _introduce(http, installation.http("intake"), keys.province, units)
        yield Stage(
            folder=folder,
            installation=installation,
            supervisor=supervisor,
            clock=clock,
            mailbox=mailbox,
            mail_url=f"http://127.0.0.1:{mail_port}/",
            http=http,
            actor=Actor(
                http,
                installation.http("intake"),
                keys.clerk,
                installation.publisher_key(PUBLISHER),
                kafka,
            ),
            staff=Staff(mailbox, http, calendar),
            keys=keys,
            units=units,
            calendar=calendar,
        )
    finally:
        for task in (tending, pages):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        if kafka is not None:
            await kafka.stop()
        await http.aclose()
        await asyncio.to_thread(supervisor.stop)
        await mailbox.stop()


async def _furnish(supervisor: Supervisor, obligations_from: date, say: Say) -> Keys:
    """Make the demo's topics and keys, and load the reference data."""
    installation = supervisor.installation
    await provision(
        installation.kafka,
        wanted((*PUBLISHERS, PUBLISHER)),
        durability=installation.durability(supervisor.plan.durability),
    )
    say("loading the reference data: 65 communes, catalogue, rules, calendar, roles")
    await asyncio.to_thread(
        send_reference,
        installation.http("intake"),
        installation.publisher_key("province"),
        obligations_from=obligations_from,
    )
    return _keys(installation)


def _ports(*, usual: bool) -> tuple[int, int]:
    """Pick a port for the mail pages and the first of five for services and auditor.

    Nobody visits a play in lock-step, so that it leaves the usual ones to others.
    """
    base = HTTP_PORT_BASE
    if not usual or not all(map(ports.is_free, range(base, base + len(SUPERVISED)))):
        base = ports.pick(row=len(SUPERVISED))
    return ports.pick(range(base, base + len(SUPERVISED))), base


def _environ(clock: ClockFile, smtp_port: int, *, stands: bool) -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOTCUA_")}
    machine = {name: value for name, value in os.environ.items() if name in OF_THE_MACHINE}
    return {
        **kept,
        **machine,
        "MOTCUA_CLOCK_FILE": str(clock.path),
        "MOTCUA_SMTP_HOST": "127.0.0.1",
        "MOTCUA_SMTP_PORT": str(smtp_port),
        "MOTCUA_PROGRESS_MS": "50",  # In lock-step everybody waits for intake's marks,
        "MOTCUA_SWEEP_MS": "50",  # and for the sweep.
        # Nobody looks at figures in between; who asks at the end has them counted first.
        "MOTCUA_REFRESH_SECONDS": "60" if stands else "5",
        "MOTCUA_MAIL_FROM": "motcua@lang-son.example",
    }


def _keys(installation: Installation) -> Keys:
    def made(role: Any, note: str) -> str:  # noqa: ANN401 - one of `shared.web`'s roles.
        return mint(installation.keys_file, role=role, note=note)

    return Keys(
        province=made("province", "the demo's visitor"),
        clerk=made("clerk", "the demo's counters"),
        counter=installation.publisher_key("counter"),
        operator=installation.operator_key,
    )


async def _introduce(
    http: httpx2.AsyncClient, intake: str, key: str, units: tuple[str, ...]
) -> None:
    """Write how every made-up official is reached."""
    roster = yaml.safe_load((BUNDLED / "roles.yaml").read_text(encoding="utf-8"))
    pairs = [
        (row["person"], row["deputy"]) for row in (*roster["commune"], *roster["province"])
    ]
    people = persons(units, pairs)
    limit = asyncio.Semaphore(16)

    async def write(person: str) -> None:
        async with limit:
            answer = await http.put(
                f"{intake}/v1/contacts/{person}",
                json={"name": f"Cán bộ thử nghiệm {person}", "email": address(person)},
                headers={"authorization": f"Bearer {key}"},
            )
        if answer.is_error:
            raise CommandError(f"intake refused a contact: {answer.text}")

    await asyncio.gather(*(write(person) for person in people))


async def _tend(supervisor: Supervisor) -> None:
    while True:
        await asyncio.to_thread(supervisor.tend)
        await asyncio.sleep(TEND_S)


async def _serve(mailbox: Mailbox, port: int) -> None:
    config = uvicorn.Config(
        mailbox.app(), host="127.0.0.1", port=port, log_config=None, lifespan="off"
    )
    server = _QuietServer(config)
    serving = asyncio.create_task(server.serve())
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True  # Cancelled itself, it would leave its socket open.
        await serving
        raise


class _QuietServer(uvicorn.Server):
    """A server that leaves signals to the demo."""

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

"""`motcua audit`: an independent recount of what should have been raised and notified."""

import asyncio
import json
import os
import re
import signal
from datetime import date, datetime, time, timedelta
from typing import Annotated, Final

import typer

from deploy.auditor.core.wall import VIETNAM
from deploy.auditor.running import Scope, audit
from deploy.auditor.serving import Auditor, serve
from deploy.errors import CommandError
from deploy.installation import HOST, DataOption, Installation
from shared.ops.clock import open_clock

PORT: Final = 8714
NICENESS: Final = 10
"""Who audits again and again beside the services lets them go first."""

_SPAN: Final = re.compile(r"([0-9]+)(s|m|h)")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600}


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("audit")(audit_command)


def audit_command(  # noqa: PLR0913, PLR0917 - the options of a command.
    unit: Annotated[str | None, typer.Option(help="One commune's code alone.")] = None,
    since: Annotated[
        str | None, typer.Option(help="What was due from this day on.", metavar="DAY")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="What was due before this day.", metavar="DAY")
    ] = None,
    grace: Annotated[
        str, typer.Option(help="How long services may take: 90s, 20m, 1h.")
    ] = "20m",
    every: Annotated[
        str | None, typer.Option(help="Audit again and again, so often, and export metrics.")
    ] = None,
    host: Annotated[str, typer.Option(help="Where --every serves its metrics.")] = HOST,
    port: Annotated[int, typer.Option(help="On which port.")] = PORT,
    data: DataOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything, as JSON.")] = False,
) -> None:
    """Recount by independent code what should have been raised; exit with 0 when all was."""
    installation = Installation.find(data)
    clock = open_clock(installation.clock_file)
    takes = _span("--grace", grace)
    if every is not None:
        pause = _span("--every", every)
        os.nice(NICENESS)
        auditor = Auditor(installation.mongo_url, installation.kafka, clock, pause, takes)
        asyncio.run(_run(auditor, host, port))
        return
    scope = Scope(clock.now(), takes, unit, _day("--since", since), _day("--until", until))
    report = asyncio.run(audit(installation.mongo_url, installation.kafka, scope))
    if as_json:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
    else:
        for line in report.lines():
            typer.echo(line)
    raise typer.Exit(0 if report.ok else 1)


async def _run(auditor: Auditor, host: str, port: int) -> None:
    try:
        server = serve(auditor, host, port)
    except OSError as error:
        raise CommandError(
            f"cannot listen on {host}:{port} ({error.strerror}): name another with --port"
        ) from error
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    typer.echo(f"auditing; metrics on http://{host}:{server.server_port}/metrics")
    try:
        await auditor.run(stopping)
    finally:
        server.shutdown()
        server.server_close()


def _day(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), VIETNAM)
    except ValueError:
        raise typer.BadParameter(
            "give a day as YYYY-MM-DD, such as 2026-11-23", param_hint=option
        ) from None


def _span(option: str, text: str) -> timedelta:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise typer.BadParameter("give a span such as 90s, 15m or 1h", param_hint=option)
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])

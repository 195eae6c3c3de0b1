"""`motcua demo`: a simulated province on the embedded engines."""

import asyncio
import contextlib
import json
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from deploy.demo.live import FIRST as FIRST_LIVE
from deploy.demo.live import RATE, play_live
from deploy.demo.once import FIRST, SEED, play_once
from deploy.errors import EXIT_FAILED
from deploy.installation import hold

SCALE_ONCE: Final = 0.05
SCALE_LIVE: Final = 1.0

Start = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"], help="The first simulated day; August 2026 if it is left out."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("demo")(demo)


def demo(  # noqa: PLR0913 -- One option for each thing that can be chosen.
    *,
    once: Annotated[
        bool, typer.Option("--once", help="A month in lock-step, reconciled, then stop.")
    ] = False,
    seed: Annotated[int, typer.Option(help="The same seed tells the same stories.")] = SEED,
    scale: Annotated[
        float | None,
        typer.Option(help="Share of the measured volume.", min=0.001, max=2.0),
    ] = None,
    start: Start = None,
    days: Annotated[
        int | None,
        typer.Option(
            help="With --once: how many days; to the end of the month if it is left out.",
            min=1,
            max=31,
        ),
    ] = None,
    rate: Annotated[
        float, typer.Option(help="Simulated seconds in a real one, while offices are open.")
    ] = RATE,
    as_json: Annotated[
        bool, typer.Option("--json", help="The summary of --once as JSON.")
    ] = False,
    keep: Annotated[
        Path | None, typer.Option(help="Keep everything in this folder instead of a new one.")
    ] = None,
) -> None:
    """Run a simulated province: 65 real communes, the real calendar, volumes as measured."""
    with _folder(keep) as folder, hold(folder):
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        if not once:
            with contextlib.suppress(KeyboardInterrupt):
                asyncio.run(
                    play_live(
                        folder,
                        _say,
                        seed=seed,
                        scale=scale or SCALE_LIVE,
                        rate=rate,
                        first=FIRST_LIVE if start is None else start.date(),
                    )
                )
            _say("stopped")
            return
        first = FIRST if start is None else start.date()
        started = time.monotonic()
        report = asyncio.run(
            play_once(
                folder,
                _say,
                seed=seed,
                scale=scale or SCALE_ONCE,
                first=first,
                last=None if days is None else first + timedelta(days=days - 1),
            )
        )
        typer.echo(
            json.dumps(report.as_json(), ensure_ascii=False) if as_json else report.text()
        )
        _say(
            f"{'everything reconciles' if report.ok else 'NOT everything reconciles'}, "
            f"after {time.monotonic() - started:.0f} s"
        )
    if not report.ok:
        raise typer.Exit(EXIT_FAILED)


def _say(line: str) -> None:
    typer.echo(line, err=True)


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """Give a folder for the demo's data; a new one is removed at the end."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.absolute()
        return
    folder = Path(tempfile.mkdtemp(prefix="motcua-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)

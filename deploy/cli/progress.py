"""`motcua progress`: how far intake has read, and marks that nobody moves any more."""

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from deploy.installation import DataOption, Installation
from deploy.marks import read_marks, retire_mark
from shared.ops.clock import open_clock


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(
        help="How far intake has read; workflow sweeps to the least mark.",
        no_args_is_help=True,
    )
    group.command("list")(list_marks)
    group.command("retire")(retire)
    app.add_typer(group, name="progress")


def list_marks(
    data: DataOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON each.")] = False,
) -> None:
    """List the marks, the one that holds the sweep back first."""
    installation = Installation.find(data)
    now = _now(installation)
    marks = asyncio.run(read_marks(installation.kafka))
    rows = sorted((mark.through, key) for key, mark in marks.items())
    if as_json:
        for through, key in rows:
            age = max(0.0, (now - through).total_seconds())
            typer.echo(
                json.dumps(
                    {"mark": key, "through": through.isoformat(), "age_s": round(age, 1)}
                )
            )
        return
    if not rows:
        typer.echo("No marks: intake has not run yet.")
        return
    table = Table("mark", "everything read before", "age")
    for through, key in rows:
        table.add_row(
            key, through.isoformat(timespec="seconds"), f"{_age_s(now, through):.0f} s"
        )
    Console().print(table)


def retire(
    mark: Annotated[str, typer.Argument(help="The mark's key, from `motcua progress list`.")],
    data: DataOption = None,
    *,
    yes: Annotated[
        bool,
        typer.Option("--yes", help="Do it; without this, only say whether it stands still."),
    ] = False,
) -> None:
    """Retire the mark of a replica or a topic that is gone for good."""
    installation = Installation.find(data)
    typer.echo(f"Watching {mark}: it must stand still.")
    through = asyncio.run(retire_mark(installation.kafka, mark, do=yes))
    where = through.isoformat(timespec="seconds")
    if yes:
        typer.echo(f"{mark} is retired; it stood at {where}")
    else:
        typer.echo(f"{mark} stands still at {where}; say --yes to retire it")


def _now(installation: Installation) -> datetime:
    clock_file = installation.state.clock_file
    return open_clock(None if clock_file is None else Path(clock_file)).now()


def _age_s(now: datetime, through: datetime) -> float:
    return round(max(0.0, (now - through).total_seconds()), 1)

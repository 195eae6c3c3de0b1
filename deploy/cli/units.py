"""`motcua units`: the units with their former codes, and what a change of codes would move."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from deploy.cli.keys import KEYS_FILE
from deploy.errors import CommandError
from deploy.http import ask
from deploy.installation import DataOption, Installation
from deploy.reference.load import BUNDLED, reference_data
from shared.calendar.opening import OpeningRules
from shared.events.reference import UnitChanged
from shared.reference.catalogue import Unit
from shared.reference.units import Alias, Units, code_faults
from shared.web.keys import KeyRecord, read_keys


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(help="Units and their codes.", no_args_is_help=True)
    group.command("list")(show)
    group.command("moves")(moves)
    app.add_typer(group, name="units")


@dataclass(frozen=True, slots=True)
class Move:
    """A unit that has another code in a folder than in the installation.

    Attributes:
        old: Its code in the installation.
        new: Its code in the folder.
        name: Its name.
        keys: How many API keys name the old code.
        refused: Why intake would refuse the row; nothing where it would not.
    """

    old: str
    new: str
    name: str
    keys: int
    refused: tuple[str, ...] = ()


def show(data: DataOption = None) -> None:
    """List the units by code, with the codes that they had before."""
    installation = Installation.find(data)
    table = Table("code", "name", "electronic id", "former codes")
    for row in _units(installation):
        former = ", ".join(f"{one['code']} (until {one['until']})" for one in row["former"])
        table.add_row(row["code"], row["name"], row["electronic_id"], former)
    Console().print(table)


def moves(
    folder: Annotated[
        Path | None,
        typer.Argument(help="A folder of reference data; the bundled one if it is left out."),
    ] = None,
    data: DataOption = None,
) -> None:
    """Say what loading a folder would move to another code; nothing is changed."""
    installation = Installation.find(data)
    try:
        rows = [
            one for one in reference_data(folder or BUNDLED) if isinstance(one, UnitChanged)
        ]
    except (OSError, ValueError, KeyError) as error:
        raise CommandError(f"{folder or BUNDLED} is no reference data: {error}") from error
    keys = read_keys(installation.data / KEYS_FILE)
    there = _units(installation)
    found = list(moves_of(rows, there, keys))
    if not found:
        typer.echo("no unit has another code in the folder")
        return
    for move in found:
        typer.echo(line_of(move, _pending(installation, move.old)))
    refused = sum(bool(move.refused) for move in found)
    if refused:
        raise CommandError(f"{refused} of {len(found)} rows would be refused")
    typer.echo(
        f"{len(found)} units would move. Keys and addresses of the old codes go on. "
        "`motcua reference load` moves them"
    )


def moves_of(
    rows: Iterable[UnitChanged],
    there: Sequence[Mapping[str, Any]],
    keys: Iterable[KeyRecord],
) -> Iterator[Move]:
    """Yield the units that a folder gives another code than the installation has.

    Args:
        rows: The folder's rows of units.
        there: The units as intake lists them.
        keys: The installation's API keys.
    """
    named = Counter(
        unit for key in keys if not isinstance(key.units, str) for unit in key.units
    )
    units = units_of(there)
    for row in rows:
        refused = tuple(one.detail for one in code_faults(units, row))
        for former in row.former or ():
            known = units.get(former.code)
            if known is not None and (known.code != row.unit or refused):
                yield Move(known.code, row.unit, row.name, named[known.code], refused)


def line_of(move: Move, pending: int) -> str:
    """Write a move as people read it."""
    line = (
        f"{move.old} → {move.new} {move.name}: {pending} pending dossiers, "
        f"{move.keys} API keys name {move.old}"
    )
    return f"{line}; refused: {' '.join(move.refused)}" if move.refused else line


def units_of(there: Iterable[Mapping[str, Any]]) -> Units:
    """Return the units that intake lists, as far as a change of codes looks at them."""
    rows = list(there)
    by_code = {
        row["code"]: Unit(
            code=row["code"],
            name=row["name"],
            type="",
            electronic_id=row["electronic_id"],
            synthetic=False,
            numbering="",
            obligations_from=None,
            opening=OpeningRules(()),
            opening_source="",
            opening_verified=False,
        )
        for row in rows
    }
    aliases = {
        one["code"]: Alias(row["code"], date.fromisoformat(one["until"]), "")
        for row in rows
        for one in row["former"]
    }
    return Units(by_code, aliases)


def _units(installation: Installation) -> list[dict[str, Any]]:
    answer = ask("GET", f"{installation.http('intake')}/v1/units", installation.operator_key)
    found: list[dict[str, Any]] = answer["units"]
    return found


def _pending(installation: Installation, unit: str) -> int:
    address = f"{installation.http('reporting')}/v1/figures"
    answer = ask("GET", address, installation.operator_key, params={"unit": unit})
    return int(answer["pending"])

"""`motcua numbering`: which publishers may open dossiers under codes of our own pattern."""

import json
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from deploy import numbering
from deploy.errors import CommandError, SettingError
from deploy.installation import DataOption, Installation
from shared.calendar.zone import ICT
from shared.law.citation import cite
from shared.law.rules import Rule
from shared.ops.clock import wall_now

PREFIX: Final = (
    "Their prefix is the competent unit's; for a group of linked procedures on paper it is the "
    "receiving unit's"
)

Publisher = Annotated[str, typer.Argument(help="The publisher's name.")]


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(
        help="Who else may number dossiers for a unit; counters always may.",
        no_args_is_help=True,
    )
    group.command("list")(list_grants)
    group.command("add")(add)
    group.command("remove")(remove)
    app.add_typer(group, name="numbering")


def list_grants(
    data: DataOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print what intake answers.")] = False,
) -> None:
    """List the publishers that may number, and for whom."""
    answer = numbering.read(Installation.find(data))
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
        return
    typer.echo(f"Codes of this installation: {answer['pattern']}")
    source = cite(Rule.DOSSIER_CODE, wall_now().astimezone(ICT).date())
    typer.echo(f"{PREFIX} ({source.en})")
    if not answer["grants"]:
        typer.echo("No publisher may number; the units' own counters and imports do.")
        return
    table = Table("publisher", "numbers for", "since", "by key")
    for row in answer["grants"]:
        table.add_row(row["publisher"], row["numbers_for"], row["at"][:19], row["by"])
    Console().print(table)


def add(
    publisher: Publisher,
    numbers_for: Annotated[
        list[str], typer.Argument(help="Units (06112) or prefixes (H37.117, H37.*).")
    ],
    data: DataOption = None,
) -> None:
    """Let a publisher number dossiers of units, or under prefixes."""
    register_all(Installation.find(data), publisher, numbers_for)


def remove(
    publisher: Publisher,
    numbers_for: Annotated[
        list[str] | None, typer.Argument(help="Units or prefixes, as `list` prints them.")
    ] = None,
    data: DataOption = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="All that it has.")] = False,
) -> None:
    """Take a publisher's right to number away; what it opened stays."""
    if every == bool(numbers_for):
        raise SettingError("name what to remove, or say --all")
    installation = Installation.find(data)
    if every:
        typer.echo(f"{numbering.remove(installation, publisher)} rights removed")
        return
    for one in numbers_for or ():
        if not numbering.remove(installation, publisher, one):
            raise CommandError(
                f"{publisher} does not number for {one}; see `motcua numbering list`"
            )
        typer.echo(f"{publisher} no longer numbers for {one}")


def register_all(installation: Installation, publisher: str, numbers_for: list[str]) -> None:
    """Register each, and say so."""
    for one in numbering.checked(numbers_for):
        added = numbering.add(installation, publisher, one)
        typer.echo(f"{publisher} {'now numbers' if added else 'already numbers'} for {one}")

"""`motcua topics accept-loss`: read on behind records that were deleted unread."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from deploy.errors import CommandError
from deploy.http import ask
from deploy.installation import DataOption, Installation

ROUTE = "/v1/losses"


def accept_loss(
    *,
    publisher: Annotated[str, typer.Argument(help="Whose records were deleted.")],
    who: Annotated[str, typer.Option(help="The person who decides it, such as p-lan.")],
    why: Annotated[str, typer.Option(help="The reason; it is kept for the audit.")],
    partition: Annotated[
        int | None, typer.Option(help="This partition alone; without it, all.", min=0)
    ] = None,
    data: DataOption = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without this, only say what would be.")
    ] = False,
) -> None:
    """Read on behind records that Kafka deleted before intake had read them.

    The publisher reads on its rejected topic which times to send again.
    """
    installation = Installation.find(data)
    answer = ask(
        "POST",
        f"{installation.http('intake')}{ROUTE}/accept",
        installation.operator_key,
        body={
            "publisher": publisher,
            "partition": partition,
            "by": who,
            "why": why,
            "dry_run": not yes,
        },
    )
    losses: list[dict[str, Any]] = answer["losses"]
    if not losses:
        of_it = "" if partition is None else f" in partition {partition}"
        raise CommandError(
            f"intake reads all that there is of {publisher}{of_it}: nothing to accept"
        )
    Console().print(_table(losses))
    if answer["done"]:
        typer.echo(
            f"Accepted by {who}; intake reads on within seconds. {publisher} reads on "
            f"motcua.rejected.{publisher}.v1 which times to send again."
        )
    else:
        typer.echo("These records are gone. Say --yes to read on behind them.")


def _table(losses: list[dict[str, Any]]) -> Table:
    table = Table("partition", "offsets deleted", "written after", "and before")
    for row in losses:
        table.add_row(
            str(row["partition"]),
            f"{row['first_offset']} to {row['end_offset'] - 1}",
            row["since"] or "an unknown time",
            row["until"] or "an unknown time",
        )
    return table

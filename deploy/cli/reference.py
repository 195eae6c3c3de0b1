"""`motcua reference`: the calendar, the rules, the catalogue and the organisation."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from deploy.errors import CommandError
from deploy.installation import DataOption, Installation
from deploy.reference.load import BUNDLED, PUBLISHER
from deploy.reference.published import unpublished
from deploy.reference.send import send_reference
from shared.events.topics import REFERENCE


def register(app: typer.Typer) -> None:
    """Add the command group to the command line."""
    reference = typer.Typer(
        help="Calendar, rules, catalogue and organisation.", no_args_is_help=True
    )
    reference.callback()(group)
    reference.command("load")(load)
    app.add_typer(reference, name="reference")


def group() -> None:
    """Calendar, rules, catalogue and organisation of the province."""


def load(
    folder: Annotated[
        Path | None,
        typer.Argument(help="A folder of your own; the bundled one if it is left out."),
    ] = None,
    obligations_from: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="From this day the communes owe what the calendar opens (duty, "
            "self-assessment); without it nothing is opened by the calendar.",
        ),
    ] = None,
    data: DataOption = None,
) -> None:
    """Send reference data to intake, and check that all of it is on the topic.

    Rows that intake has already change nothing.
    """
    installation = Installation.find(data)
    sent = send_reference(
        installation.http("intake"),
        installation.publisher_key(PUBLISHER),
        folder=folder or BUNDLED,
        obligations_from=None if obligations_from is None else obligations_from.date(),
        tell=lambda text: typer.echo(text, err=True),
    )
    rows = len(sent.ids)
    typer.echo(f"intake has {rows} rows of reference data, {sent.new} of them new")
    missing = asyncio.run(unpublished(installation.kafka, sent.ids))
    if missing:
        raise CommandError(
            f"{missing} of the {rows} rows are not on {REFERENCE.name}, so the services do not "
            "have them: see `motcua status` whether intake can publish; what a broker has lost "
            "is published again by `motcua restore topics`"
        )
    typer.echo(f"all {rows} rows are on {REFERENCE.name}")

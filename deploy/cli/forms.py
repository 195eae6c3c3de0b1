"""`motcua form`: import a statistical form of a unit that is not connected."""

import re
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final

import typer

from deploy.errors import CommandError
from deploy.imports.places import UnclearPlaceError, bundled_places
from deploy.imports.sending import Sender
from deploy.installation import DataOption, Installation
from shared.calendar.zone import ICT
from shared.events.centres import FiguresReported
from shared.events.codes import PUBLISHER_SOURCE_PREFIX, figures_subject
from shared.events.envelope import Event, to_document
from shared.events.faults import Fault
from shared.events.form_sheets import read_form, report_id
from shared.events.forms import FORMS, FormCode
from shared.sheets.reading import BYTES_MAX, UnreadableSheetError, read_sheets

PUBLISHER: Final = "province"
PATIENCE_S: Final = 120.0
DAY: Final = "%Y-%m-%d"
_COMMUNE: Final = re.compile("[0-9]{5}")


class FormRefusedError(CommandError):
    """The file is not a form that can be taken; the text names each cell and the remedy."""


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(
        help="Forms II.06a and 07a/BTP of units not connected.", no_args_is_help=True
    )
    group.callback()(form_group)
    group.command("import")(import_form)
    app.add_typer(group, name="form")


def form_group() -> None:
    """Reported numbers are shown beside counted ones and never added to them."""


def import_form(  # noqa: PLR0913 -- As many as the command has options.
    file: Annotated[Path, typer.Argument(help="XLSX or XLS, one unit and one period.")],
    *,
    form: Annotated[FormCode, typer.Option("--form", help="ii06a or 07a.")],
    unit: Annotated[str, typer.Option("--unit", help="Commune: its code or name.")],
    first: Annotated[datetime, typer.Option("--from", formats=[DAY], help="First day.")],
    last: Annotated[datetime, typer.Option("--to", formats=[DAY], help="Last day.")],
    who: Annotated[str, typer.Option("--who", help="Who imports it, such as p-20-province.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check; send nothing.")] = False,
    data: DataOption = None,
) -> None:
    """Import a form; a later import of the same unit and period replaces it."""
    place = unit_of(unit)
    made = reported(file, form, first.date(), last.date(), who)
    rows = f"{len(made.rows)} fields of form {FORMS[form].name}"
    if dry_run:
        typer.echo(f"{file.name}: {rows}; every sum agrees. Nothing was sent.")
        return
    installation = Installation.find(data)
    sender = Sender(
        installation.http("intake"),
        installation.publisher_key(PUBLISHER),
        patience_s=PATIENCE_S,
        tell=lambda _: None,
    )
    try:
        (receipt,) = sender.send([document(made, place, sender.now())])
    finally:
        sender.close()
    if receipt["outcome"] == "refused":
        faults = (
            f"{one['path']}: {one['detail']} {one['remedy']}" for one in receipt["faults"]
        )
        raise FormRefusedError("; ".join(faults))
    typer.echo(f"{file.name}: {rows} reported for {place}.")


def unit_of(text: str) -> str:
    """Return the code of the commune that is meant; intake knows the former codes of units.

    Raises:
        FormRefusedError: It is no commune, or parts of several.
    """
    try:
        code = bundled_places().unit(text)
    except UnclearPlaceError as error:
        raise FormRefusedError(f"--unit: {error}: give its code of today") from None
    if _COMMUNE.fullmatch(code) is None:
        raise FormRefusedError(f"--unit {text}: use a commune's code of 5 digits, or its name.")
    return code


def reported(file: Path, form: FormCode, first: date, last: date, who: str) -> FiguresReported:
    """Return what a file reports.

    Raises:
        FormRefusedError: It cannot be read, or its numbers do not agree.
    """
    try:
        content = file.read_bytes()
        sheets = read_sheets(content)
    except FileNotFoundError:
        raise FormRefusedError(f"There is no file {file}.") from None
    except UnreadableSheetError:
        raise FormRefusedError(
            f"{file} cannot be read: save it as XLSX or XLS, without a password, of at most "
            f"{BYTES_MAX} bytes."
        ) from None
    rows = read_form(FORMS[form], sheets)
    if isinstance(rows, list):
        raise FormRefusedError("\n".join(_sentence(file, one) for one in rows))
    try:
        return FiguresReported(
            form=form,
            first_day=first,
            last_day=last,
            rows=rows,
            file_sha256=sha256(content).hexdigest(),
            by=who,
        )
    except ValueError as error:
        raise FormRefusedError(f"--who {who}: use a person's id, p-20-province.") from error


def document(made: FiguresReported, unit: str, now: datetime) -> dict[str, object]:
    """Return the report as the event that `province` publishes."""
    subject = figures_subject(unit, made.form, made.first_day, made.last_day)
    moment = now.astimezone(ICT)
    return to_document(
        Event(
            id=report_id(subject, made.file_sha256, made.by, moment),
            source=f"{PUBLISHER_SOURCE_PREFIX}{PUBLISHER}",
            name=made.NAME,
            subject=subject,
            time=moment,
            data=made,
        )
    )


def _sentence(file: Path, one: Fault) -> str:
    where = f"{file.name}, cell {one.path}" if one.path else file.name
    return f"{where}: {one.detail} {one.remedy}"

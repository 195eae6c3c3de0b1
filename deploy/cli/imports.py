"""`motcua import`: take in what another system exported, by a profile."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import orjson
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from deploy.errors import CommandError
from deploy.imports.profile import Profile, ProfileError, read_profile
from deploy.imports.report import Report
from deploy.imports.resuming import PointFile
from deploy.imports.running import Import, OfflineReceiver
from deploy.imports.sending import Sender
from deploy.imports.sources import SourceError, extent
from deploy.installation import DataOption, Installation, data_folder
from shared.ops.clock import wall_now

PATIENCE_S: Final = 600.0
LISTED_MAX: Final = 10


class ImportProblemError(CommandError):
    """The import cannot be done, or left rows behind; the text says which."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import")(import_file)


def import_file(  # noqa: PLR0913 -- As many as the command has options.
    file: Annotated[Path, typer.Argument(help="CSV, XLSX or XES (.xes, .xes.gz).")],
    *,
    profile: Annotated[Path, typer.Option("--profile", help="How its rows become events.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check; send nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume/--restart", help="Go on where it stopped, or begin anew.")
    ] = True,
    errors: Annotated[
        Path | None, typer.Option("--errors", help="Where to list what was refused.")
    ] = None,
    patience: Annotated[
        float, typer.Option("--patience", help="Seconds to wait for services that are away.")
    ] = PATIENCE_S,
    data: DataOption = None,
) -> None:
    """Import another system's export; importing it again changes nothing."""
    choices = _Choices(dry_run, as_json, resume, errors, patience, data)
    try:
        chosen = read_profile(profile)
        report, listed = _run(file, chosen, choices)
    except (ProfileError, SourceError) as error:
        raise ImportProblemError(str(error)) from None
    if as_json:
        summary = {"file": file.name, "profile": chosen.name, "dry_run": dry_run}
        summary |= {**report.to_document(), "errors": str(listed)}
        sys.stdout.write(orjson.dumps(summary).decode() + "\n")
    else:
        _show(report, listed, dry_run=dry_run)
    if not report.reconciles:
        raise ImportProblemError("the rows do not add up: this is a fault of ours, report it")
    if not report.is_clean:
        raise ImportProblemError(f"{report.refusals} were refused; they are listed in {listed}")


@dataclass(frozen=True, slots=True)
class _Choices:
    """What the command was asked for, beside the file and its profile."""

    dry_run: bool
    as_json: bool
    resume: bool
    errors: Path | None
    patience: float
    data: Path | None

    @property
    def folder(self) -> Path:
        """Return where points and errors are kept."""
        return data_folder(self.data) / "imports"


def _run(file: Path, profile: Profile, choices: _Choices) -> tuple[Report, Path]:
    if not file.is_file():
        raise SourceError(f"There is no file {file}.")
    points = None if choices.dry_run else PointFile.of(choices.folder, file, profile)
    if points is not None and not choices.resume:
        points.remove()
    going_on = points is not None and points.path.exists()
    listed = choices.errors or choices.folder / f"{file.name}.{profile.name}.errors.ndjson"
    listed.parent.mkdir(parents=True, exist_ok=True)
    with (
        _progress(file, profile, quiet=choices.as_json) as progress,
        _receiver(profile, choices, progress) as receiver,
        listed.open("a" if going_on else "w", encoding="utf-8") as errors,
    ):
        work = Import(file, profile, receiver, errors, points, progress.show)
        return work.run(), listed


@contextmanager
def _receiver(
    profile: Profile, choices: _Choices, progress: "_Bar"
) -> Iterator[Sender | OfflineReceiver]:
    if choices.dry_run:
        yield OfflineReceiver(wall_now())
        return
    installation = Installation.find(choices.data)
    sender = Sender(
        installation.http("intake"),
        installation.publisher_key(profile.publisher),
        patience_s=choices.patience,
        tell=progress.tell,
    )
    try:
        yield sender
    finally:
        sender.close()


class _Bar:
    """The progress bar on the terminal; silent where nobody looks."""

    def __init__(self, bar: Progress, task: TaskID, *, by_rows: bool) -> None:
        self._bar = bar
        self._task = task
        self._by_rows = by_rows

    def show(self, cases: int, rows: int) -> None:
        """Move on."""
        self._bar.update(self._task, completed=rows if self._by_rows else cases, note="")

    def tell(self, note: str) -> None:
        """Say what holds it up."""
        self._bar.update(self._task, note=note)


@contextmanager
def _progress(file: Path, profile: Profile, *, quiet: bool) -> Iterator[_Bar]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as bar:
        task = bar.add_task(file.name, total=extent(file, profile), note="")
        yield _Bar(bar, task, by_rows=profile.format != "xes")


def _show(report: Report, listed: Path, *, dry_run: bool) -> None:
    console = Console()
    title = "What would be imported" if dry_run else "What was imported"
    table = Table(title=title, show_header=False)
    own = ", ".join(
        f"{name} {counts.get('applied', 0) + counts.get('duplicates', 0)}"
        for name, counts in sorted(report.own_events.items())
    )
    deadlines = report.deadlines
    kept = (
        f"{deadlines.on_time} on time, {deadlines.late} late, "
        f"{deadlines.open} open, {deadlines.without} without"
    )
    for name, value in (
        ("dossiers", f"{report.dossiers} of {report.cases}, {report.ended} with an end"),
        ("made of their own columns", own or "nothing"),
        ("rows of the export", str(report.rows)),
        ("  applied", str(report.applied)),
        ("  known already", str(report.duplicates)),
        ("  not mapped", str(sum(report.not_mapped.values()))),
        ("  refused", str(report.refused)),
        ("  these add up", "yes" if report.reconciles else "NO"),
        ("by the export's own deadlines", kept),
        ("end before their first event", str(len(report.end_before_first_event))),
    ):
        table.add_row(name, value)
    for mark, marked in sorted(report.marked.items()):
        events = f"{marked.events} events of {len(marked.dossiers)} dossiers"
        table.add_row(f"marked {mark}", events)
    console.print(table)
    for activity, count in sorted(report.not_mapped.items(), key=lambda one: -one[1]):
        console.print(f"not mapped: {count} × {activity}", markup=False)
    for reason, count in sorted(report.reasons.items(), key=lambda one: -one[1])[:LISTED_MAX]:
        console.print(f"refused: {count} × {reason}", markup=False)
    for mark, marked in sorted(report.marked.items()):
        shown = ", ".join(marked.dossiers[:LISTED_MAX])
        more = len(marked.dossiers) - LISTED_MAX
        console.print(f"{mark}: {shown}{f' and {more} more (--json)' if more > 0 else ''}")
    if report.reasons:
        console.print(f"Each refusal is listed in {listed}", markup=False)

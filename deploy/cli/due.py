"""`motcua due`: the law's arithmetic for anybody, one line of JSON for each case."""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final

import typer

from deploy.errors import CommandError
from deploy.reference.load import BUNDLED, bundled_reference
from shared.calendar.cases import answer, parse_case
from shared.calendar.errors import DateOutsideCalendarError, RefusedInputError
from shared.events.codes import PROVINCE
from shared.reference.errors import NoCalendarError, UnknownUnitError
from shared.reference.view import Reference

LINE_BYTES_MAX: Final = 1_000_000


class UnreadableFileError(CommandError):
    """A file that the command was given cannot be read."""


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("due")(due)


def due(
    file: Annotated[
        Path | None,
        typer.Argument(help="NDJSON, a case to a line; standard input if it is left out."),
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option(help="A folder of reference data instead of the bundled one."),
    ] = None,
) -> None:
    """Work out due, limit and ledger of each case, by the bundled calendar and hours.

    A case: {"from": "2026-01-05T09:10:00+07:00", "limit": {"unit": "working_days", "value": 3},
    "unit_code": "06112", "waits": [["2026-01-06T10:30:00+07:00", "2026-01-08T14:20:00+07:00"]],
    "after_supplement": "restart"}; all but the first two are optional. A case that has no
    answer gives a line with `error`, its rule, place and remedy; the next is answered, and the
    command still ends with 0.
    """
    view = _reference(reference or BUNDLED)
    if file is None or str(file) == "-":
        _print(answers(sys.stdin.buffer, view))
        return
    with _opened(file) as lines:
        _print(answers(lines, view))


def answers(lines: BinaryIO, view: Reference) -> Iterator[dict[str, Any]]:
    """Yield one answer for each line that is not empty, in order, in bounded memory."""
    for number, line in enumerate(_lines(lines), start=1):
        if not line.strip():
            continue
        try:
            yield _answer(line, view)
        except RefusedInputError as refused:
            yield {
                "error": f"{refused.path}: {refused.detail}",
                "rule": refused.rule,
                "path": refused.path,
                "remedy": refused.remedy,
                "line": number,
            }
        except (DateOutsideCalendarError, NoCalendarError) as refused:
            yield {
                "error": str(refused),
                "rule": "outside-calendar",
                "path": "/from",
                "remedy": "Publish the calendar further, or ask about an earlier date.",
                "line": number,
            }


def _lines(source: BinaryIO) -> Iterator[bytes]:
    """Yield lines; of one that is too long no more than shows that it is."""
    while line := source.readline(LINE_BYTES_MAX + 2):
        yield line
        while not line.endswith(b"\n") and (rest := source.readline(LINE_BYTES_MAX)):
            line = rest


def _answer(line: bytes, view: Reference) -> dict[str, Any]:
    case = parse_case(_json(line))
    unit = case.unit_code or PROVINCE
    try:
        opening = view.opening(unit)
    except UnknownUnitError:
        raise RefusedInputError(
            "/unit_code",
            "unknown-unit",
            "there is no such unit",
            "Write the five digits of a commune of the province, or leave it out.",
        ) from None
    return answer(case, view.calendar, opening)


def _json(line: bytes) -> object:
    if len(line.rstrip(b"\r\n")) > LINE_BYTES_MAX:
        raise _unreadable(f"the line has more than {LINE_BYTES_MAX} bytes", "Shorten it.")
    try:
        return json.loads(line.decode("utf-8-sig"), object_pairs_hook=_once)
    except UnicodeDecodeError:
        raise _unreadable("the line is not UTF-8", "Write the file in UTF-8.") from None
    except (ValueError, RecursionError):
        raise _unreadable("the line is not JSON", "Write one JSON object to a line.") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its fields; one that comes twice leaves open which is meant."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _unreadable("a field of an object comes twice", "Leave one of them out.")
    return made


def _unreadable(detail: str, remedy: str) -> RefusedInputError:
    return RefusedInputError("/", "unreadable-line", detail, remedy)


def _opened(file: Path) -> BinaryIO:
    try:
        return file.open("rb")
    except OSError as error:
        raise UnreadableFileError(f"{file} cannot be read: {error.strerror}.") from error


def _reference(folder: Path) -> Reference:
    try:
        return bundled_reference(folder)
    except (OSError, ValueError) as error:
        raise UnreadableFileError(f"The reference data in {folder} cannot be read.") from error


def _print(documents: Iterable[dict[str, Any]]) -> None:
    """Print each answer at once, so that another program can wait for it."""
    for document in documents:
        text = json.dumps(document, ensure_ascii=False)
        # Half a character of a case that is refused: JSON has an escape for it, UTF-8 no form.
        typer.echo(text.encode("utf-8", "backslashreplace"))

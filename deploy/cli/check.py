"""`motcua check`: which of a publisher's events would be refused, and why, offline."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final, Literal

import typer

from deploy import numbering
from deploy.errors import SettingError
from deploy.reference.load import BUNDLED, bundled_reference
from shared.events.codes import PUBLISHER_PATTERN
from shared.events.numbering import (
    DEFAULT_PATTERN,
    CodePattern,
    CodePatternError,
)
from shared.events.rehearsal import Numbering, Rehearsal, Verdict
from shared.events.topics import INBOUND_RECORD_BYTES_MAX
from shared.ops.clock import wall_now
from shared.reference.view import Reference

Language = Literal["en", "vi"]

EXIT_ALL_TAKEN: Final = 0
EXIT_SOME_REFUSED: Final = 1
#: A file up to this size may be one object over many lines.
WHOLE_BYTES_MAX: Final = 2 * 1024 * 1024
#: Longer lines are cut there; they are refused for their size anyway.
LINE_BYTES_MAX: Final = INBOUND_RECORD_BYTES_MAX + 1

_WORDS: Final[dict[Language, dict[str, str]]] = {
    "en": {
        "line": "line {line}",
        "no_id": "(no readable id)",
        "summary": "{events} events: {recorded} would be recorded, {repeated} repeated, "
        "{refused} would be refused.",
        "ignored": "{ignored} attributes are not part of the contract and would be ignored.",
        "own_codes": "{own_codes} dossiers begin under codes of this installation's pattern. "
        "They are refused unless the publisher is registered for those prefixes: motcua topics "
        "add-publisher NAME --numbers-for UNIT (or PREFIX). Name here what it is registered "
        "for with --numbers-for, and it is judged.",
        "waited": "{waited} of them would first wait for an earlier event of their dossier.",
        "not_judged": "Not judged here: which units a sender speaks for, what came before, and "
        "how long an event waits.",
    },
    "vi": {
        "line": "dòng {line}",
        "no_id": "(không đọc được mã)",
        "summary": "{events} sự kiện: {recorded} sẽ được ghi nhận, {repeated} lặp lại, "
        "{refused} sẽ bị từ chối.",
        "ignored": "{ignored} thuộc tính không thuộc hợp đồng dữ liệu và sẽ được bỏ qua.",
        "own_codes": "{own_codes} hồ sơ bắt đầu bằng mã theo mẫu đánh số của hệ thống này. "
        "Chúng bị từ chối nếu bên gửi chưa được đăng ký cấp số cho các tiền tố đó: motcua "
        "topics add-publisher TÊN --numbers-for ĐƠN_VỊ (hoặc TIỀN_TỐ). Nêu quyền đã đăng ký "
        "bằng --numbers-for để được xét tại đây.",
        "waited": "Trong đó {waited} sự kiện sẽ phải chờ sự kiện trước của cùng hồ sơ.",
        "not_judged": "Không xét ở đây: bên gửi thay đơn vị nào, những gì đã gửi trước đó, "
        "sự kiện chờ trong bao lâu.",
    },
}


@dataclass(slots=True)
class Count:
    """How many events of a file came to what."""

    events: int = 0
    recorded: int = 0
    repeated: int = 0
    refused: int = 0
    ignored: int = 0
    waited: int = 0

    def add(self, verdict: Verdict) -> None:
        """Count the verdict on one more event; one that waits counts when that has ended."""
        self.events += 1
        self.waited += verdict.outcome == "waiting"
        self.ignored += verdict.ignored
        for one in (verdict, *verdict.released):
            self.recorded += one.outcome == "recorded"
            self.repeated += one.outcome == "repeated"
            self.refused += one.outcome == "refused"


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("check")(check)


def check(  # noqa: PLR0913 -- One option for each thing that a check may be told.
    file: Annotated[
        Path, typer.Argument(help="Events as NDJSON, or one JSON object; - is standard input.")
    ],
    *,
    publisher: Annotated[
        str | None,
        typer.Option(help="Whose topic it is for: checks source and rights."),
    ] = None,
    reference: Annotated[
        Path | None, typer.Option(help="A folder of reference data instead of the bundled one.")
    ] = None,
    continuing: Annotated[
        bool, typer.Option(help="Take dossiers that do not begin in the file as known.")
    ] = False,
    numbers_for: Annotated[
        list[str] | None,
        typer.Option(help="A unit or prefix that the publisher may number for; repeat."),
    ] = None,
    pattern: Annotated[
        str,
        typer.Option(
            envvar="MOTCUA_DOSSIER_CODE_PATTERN", help="The installation's pattern of codes."
        ),
    ] = DEFAULT_PATTERN,
    now: Annotated[
        str | None, typer.Option(help="Judge as at this moment (ISO 8601 with offset).")
    ] = None,
    language: Annotated[Language, typer.Option("--lang", help="Of the reasons.")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Say which events of a file would be refused, and why, without sending any.

    The same words come from the HTTP door and on `motcua.rejected.<publisher>.v1`. Exits with 0
    when every event would be taken, 1 when one would be refused, 2 when the file is unusable.
    """
    view = _reference(reference or BUNDLED)
    rehearsal = Rehearsal(
        now=_moment(now),
        view=view,
        publisher=_publisher(publisher),
        continuing=continuing,
        numbering=_numbering(pattern, view, numbers_for),
        current=view.current,
    )
    refusals: list[dict[str, Any]] = []

    def tell(line: int, verdict: Verdict) -> None:
        if as_json:
            refusals.append(_document(line, verdict))
        else:
            typer.echo(_paragraph(line, verdict, language))

    with _opened(file) as stream:
        count = _rehearse(rehearsal, stream, tell)
    if not count.events:
        raise SettingError(f"{file} holds no event.")
    if as_json:
        report = {**_report(file, count, refusals), "own_codes": rehearsal.own_codes}
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        own_codes = rehearsal.own_codes if numbers_for is None else 0
        typer.echo(_summary(count, own_codes, language))
    raise typer.Exit(EXIT_SOME_REFUSED if count.refused else EXIT_ALL_TAKEN)


def _rehearse(
    rehearsal: Rehearsal, stream: BinaryIO, tell: Callable[[int, Verdict], None]
) -> Count:
    """Judge every event, pass on each that would be refused with its line, and count all."""
    count = Count()
    lines: dict[int, int] = {}
    for line, value in records(stream):
        verdict = rehearsal.judge(value)
        lines[verdict.number] = line
        count.add(verdict)
        if verdict.outcome == "refused":
            tell(line, verdict)
    for verdict in rehearsal.unmet():
        count.refused += 1
        tell(lines[verdict.number], verdict)
    return count


def records(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield each record with the line it begins on; a file of one object is one record."""
    head = stream.read(WHOLE_BYTES_MAX)
    if len(head) == WHOLE_BYTES_MAX:
        head += stream.readline(LINE_BYTES_MAX)
    elif isinstance(whole := _whole(head), dict):
        yield 1, head.strip()
        return
    elif isinstance(whole, list) and len(head.splitlines()) > 1:
        raise SettingError("The file holds one list: write one event to a line (NDJSON).")
    number = 0
    for source in (BytesIO(head), stream):
        while line := source.readline(LINE_BYTES_MAX):
            number += 1
            if line.strip():
                yield number, line.strip()


def _whole(text: bytes) -> object:
    """Read the whole text as one JSON value; None when it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _paragraph(line: int, verdict: Verdict, language: Language) -> str:
    words = _WORDS[language]
    head = (words["line"].format(line=line), verdict.id or words["no_id"])
    rows = ["  ".join([*head, *filter(None, (verdict.name, verdict.subject))])]
    for item in verdict.faults:
        vietnamese = language == "vi"
        rows += [
            f"  {item.rule}  {item.path}".rstrip(),
            f"    {item.detail_vi if vietnamese else item.detail}",
            f"    {item.remedy_vi if vietnamese else item.remedy}",
        ]
    return "\n".join(rows) + "\n"


def _summary(count: Count, own_codes: int, language: Language) -> str:
    """Say what would become of all, and what was not judged."""
    shown = {
        "summary": True,
        "ignored": count.ignored,
        "waited": count.waited,
        "not_judged": True,
        "own_codes": own_codes,
    }
    numbers = {**asdict(count), "own_codes": own_codes}
    return "\n".join(
        _WORDS[language][name].format(**numbers) for name, whether in shown.items() if whether
    )


def _document(line: int, verdict: Verdict) -> dict[str, Any]:
    return {
        "line": line,
        "id": verdict.id,
        "type": verdict.name,
        "subject": verdict.subject,
        "faults": [item.to_document() for item in verdict.faults],
    }


def _report(file: Path, count: Count, refusals: list[dict[str, Any]]) -> dict[str, Any]:
    return {"file": str(file), **asdict(count), "refusals": refusals}


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    if str(file) == "-":
        yield sys.stdin.buffer
        return
    try:
        with file.open("rb") as stream:
            yield stream
    except OSError as error:
        raise SettingError(f"{file} cannot be read: {error.strerror}.") from error


def _moment(text: str | None) -> datetime:
    if text is None:
        return wall_now()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise SettingError("--now is no moment with an offset: 2026-11-23T08:00:00+07:00.")
    return moment


def _publisher(name: str | None) -> str | None:
    if name is not None and re.fullmatch(PUBLISHER_PATTERN, name) is None:
        raise SettingError("--publisher is no publisher's name: small letters, digits and -.")
    return name


def _numbering(pattern: str, view: Reference, numbers_for: list[str] | None) -> Numbering:
    granted = None if numbers_for is None else frozenset(numbering.checked(numbers_for))
    try:
        checked = CodePattern(pattern)
    except CodePatternError as error:
        raise SettingError(f"--pattern: {error}") from error
    return Numbering(checked, view.units, granted)


def _reference(folder: Path) -> Reference:
    try:
        return bundled_reference(folder)
    except (OSError, ValueError, KeyError) as error:
        raise SettingError(f"The reference data in {folder} cannot be read.") from error

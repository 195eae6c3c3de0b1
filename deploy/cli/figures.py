"""`motcua figures`: what the pages show, in numbers."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Final

import typer

from deploy.http import ask
from deploy.installation import DataOption, Installation

_WORDS: Final[tuple[tuple[str, str], ...]] = (
    ("received", "tiếp nhận"),
    ("carried", "từ kỳ trước"),
    ("moved_in", "chuyển đến"),
    ("moved_out", "chuyển đi"),
    ("ended", "đã giải quyết"),
    ("pending", "đang giải quyết"),
    ("waiting", "chờ bổ sung"),
    ("overdue_open", "đang quá hạn"),
    ("late_law", "đã giải quyết quá hạn"),
    ("without_deadline", "chưa có thời hạn"),
)
_RATES: Final = (("on_time_law", "đúng hạn theo luật"), ("on_time_index", "đúng hạn theo 766"))


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("figures")(figures)


def figures(
    unit: Annotated[
        str | None, typer.Option(help="A commune's code; without it, the whole province.")
    ] = None,
    first: Annotated[
        str | None, typer.Option("--from", help="First day, YYYY-MM-DD.", metavar="DAY")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", help="Last day, included, YYYY-MM-DD.", metavar="DAY")
    ] = None,
    data: DataOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything, as JSON.")] = False,
) -> None:
    """Print the figures of a unit and a period as the pages show them; no dates: all time."""
    for option, day in (("--from", first), ("--to", last)):
        _check(option, day)
    installation = Installation.find(data)
    asked = {"unit": unit, "from": first, "to": last}
    answer = ask(
        "GET",
        f"{installation.http('reporting')}/v1/figures",
        installation.operator_key,
        params={name: value for name, value in asked.items() if value is not None},
    )
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
        return
    for line in lines_of(answer):
        typer.echo(line)


def lines_of(answer: Mapping[str, Any]) -> Iterator[str]:
    """Write figures as people read them."""
    first, last = answer["from"] or "…", answer["to"] or "…"
    yield f"{answer['unit'] or 'toàn tỉnh'}, {first} – {last}, dữ liệu đến {answer['as_of']}"
    for name, word in _WORDS:
        yield f"  {word:<26} {answer[name]:>10}"
    for name, word in _RATES:
        rate = answer[name]
        share = "–" if rate["rate"] is None else f"{rate['rate'] * 100:.1f} %".replace(".", ",")
        yield f"  {word:<26} {share:>10}   {rate['num']} / {rate['den']}"
    heard = answer["heard"]
    yield f"  {heard['count']}/{heard['of']} trung tâm đã gửi dữ liệu ngày {heard['day']}"


def _check(option: str, day: str | None) -> None:
    if day is None:
        return
    try:
        date.fromisoformat(day)
    except ValueError:
        raise typer.BadParameter(
            "give a day as YYYY-MM-DD, such as 2026-11-23", param_hint=option
        ) from None

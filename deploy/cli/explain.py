"""`motcua explain`: why a date is that date, and who was told what."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

import typer

from deploy.http import ask
from deploy.installation import DataOption, Installation

Language = Literal["vi", "en"]

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "due": ("hẹn trả", "promised"),
    "limit": ("hết hạn theo luật", "statutory end"),
    "index_due": ("theo chỉ số 766", "by index 766"),
    "first_due": ("lời hẹn đầu", "first promise"),
    "why": ("vì sao là ngày này", "why this date"),
    "ladder": ("nhắc và báo lên", "reminders and escalations"),
    "nothing": ("không có nghĩa vụ nào", "nothing is owed"),
    "on_time": ("đúng hạn", "in time"),
    "late": ("trễ hạn", "late"),
}
_TAGS: Final = {"law": "", "index": "[766] "}


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("explain")(explain)


def explain(
    subject: Annotated[
        str,
        typer.Argument(help="A dossier's code, or a matter such as 06112/duty/2026-01-05/am."),
    ],
    lang: Annotated[str, typer.Option(help="vi or en.")] = "vi",
    data: DataOption = None,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what the service answers.")
    ] = False,
) -> None:
    """Say why each date of a dossier is that date: what was counted, by which rule."""
    if lang not in {"vi", "en"}:
        raise typer.BadParameter("give vi or en", param_hint="--lang")
    language: Language = "vi" if lang == "vi" else "en"
    installation = Installation.find(data)
    answer = ask(
        "GET",
        f"{installation.http('workflow')}/v1/explain/{quote(subject)}",
        installation.operator_key,
        params={"lang": language},
    )
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
        return
    for line in lines_of(answer, language):
        typer.echo(line)


def lines_of(answer: Mapping[str, Any], language: Language) -> Iterator[str]:
    """Write an explanation as people read it."""
    yield f"{answer['subject']} ({answer['unit']})"
    if not answer["obligations"]:
        yield f"  {_word('nothing', language)}"
    for obligation in answer["obligations"]:
        yield ""
        yield from _obligation(obligation, language)


def _obligation(one: Mapping[str, Any], language: Language) -> Iterator[str]:
    yield f"{one['name']}: {one['status']}"
    for name in ("due", "limit", "index_due", "first_due"):
        if one[name] is not None:
            yield f"  {_word(name, language)}: {_moment(one[name])}"
    ended = one["discharged"]
    if ended is not None:
        judged = {True: "on_time", False: "late"}.get(ended["in_time"])
        verdict = f" ({_word(judged, language)})" if judged else ""
        yield f"  {ended['why']}: {_moment(ended['at'])}{verdict}"
    if one["source"] is not None:
        yield f"  {one['source']}"
    for flag in one["flags"]:
        yield f"  ! {flag['text']}"
    if one["ledger"]:
        yield f"  {_word('why', language)}:"
        for row in one["ledger"]:
            tag = _TAGS.get(row["clock"], "")
            day = datetime.fromisoformat(row["day"]).strftime("%d/%m/%Y")
            yield f"    {day} {row['count']:>4}  {tag}{row['text']}"
    if one["ladder"]:
        yield f"  {_word('ladder', language)}:"
        for rung in one["ladder"]:
            role = f" → {rung['role']}" if rung["role"] else ""
            yield f"    {_moment(rung['at'])}  {rung['text']}: {rung['status']}{role}"


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).strftime("%H:%M %d/%m/%Y")


def _word(name: str, language: Language) -> str:
    vietnamese, english = _WORDS[name]
    return vietnamese if language == "vi" else english

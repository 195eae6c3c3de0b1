"""`motcua calendar` and `motcua rule`: propose a change, preview it, let another decide it.

They act in the name of the person whose key stands in `MOTCUA_PERSON_KEY`.
"""

import json
import os
import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

import typer

from deploy.cli.change_lines import AS_IS, in_force_line, lines_of, row_text, title
from deploy.errors import CommandError, SettingError
from deploy.http import ask
from deploy.installation import DataOption, Installation
from deploy.law_watch import law_watch_lines
from deploy.reference.load import BUNDLED, PROPOSED_RULES, proposed_rules
from shared.calendar.zone import legal_day
from shared.events.reference import RuleProposed
from shared.ops.clock import wall_now

KEY: Final = "MOTCUA_PERSON_KEY"
Kind = Literal["calendar", "rule"]
DAY: Final = "%Y-%m-%d"

HELD: Final[Mapping[Kind, str]] = {"calendar": "calendar", "rule": "limits"}
"""What intake is asked for what is in force."""

ROWS: Final = {"proposals": "proposals", "calendar": "days", "limits": "limits"}
"""Where the rows stand in its answer."""

Proposal = Annotated[
    str, typer.Argument(help="As `list` prints it, such as calendar:VN-2027-01-04.")
]
Source = Annotated[str, typer.Option(help="The legal text that it rests on.")]
Unit = Annotated[str | None, typer.Option(help="One commune's code; without it, all.")]
RowId = Annotated[str | None, typer.Option(help="The row's own id; made if left out.")]
InForce = Annotated[bool, typer.Option("--in-force", help="Only what is in force.")]
Waiting = Annotated[bool, typer.Option("--waiting", help="Only what waits.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print what the service answers.")]


def register(app: typer.Typer) -> None:
    """Add the two groups of commands."""
    calendar = typer.Typer(help="Days off and worked, by two persons.", no_args_is_help=True)
    calendar.callback()(calendar_group)
    calendar.command("propose")(propose_day)
    rule = typer.Typer(help="Limits of procedures, by two persons.", no_args_is_help=True)
    rule.callback()(rule_group)
    rule.command("propose")(propose_rule)
    rule.command("propose-file")(propose_file)
    for name, group in (("calendar", calendar), ("rule", rule)):
        group.command("list")(list_calendar if name == "calendar" else list_rules)
        group.command("preview")(preview)
        group.command("approve")(approve)
        group.command("withdraw")(withdraw)
        app.add_typer(group, name=name)


def calendar_group() -> None:
    """Days of the calendar: proposed by one person, approved by another."""


def rule_group() -> None:
    """Limits of procedures: proposed by one person, approved by another."""


def propose_day(  # noqa: PLR0913 -- One option for each thing that a row says.
    day: Annotated[datetime, typer.Argument(formats=[DAY])],
    *,
    kind: Annotated[str, typer.Option(help="off, work or published_through.")],
    source: Source,
    reason: Annotated[str, typer.Option(help="tet, swap, closure, …")] = "swap",
    unit: Unit = None,
    counterpart: Annotated[
        datetime | None,
        typer.Option(formats=[DAY], help="The day it is swapped with; of a span, its first."),
    ] = None,
    row: RowId = None,
    data: DataOption = None,
) -> None:
    """Propose that a day is off or worked, or published through; nothing moves yet."""
    _propose(
        "calendar",
        {
            "row": row,
            "day": _day(day),
            "kind": kind,
            "unit": unit,
            "reason": reason,
            "counterpart": _day(counterpart),
            "source": source,
        },
        data,
    )


def propose_rule(  # noqa: PLR0913 -- As above.
    procedure: Annotated[str, typer.Argument(help="Its code, such as 1.004873.")],
    *,
    limit: Annotated[
        str,
        typer.Option(help="Such as working_days:3, clock_hours:24 or same_day."),
    ],
    valid_from: Annotated[datetime, typer.Option("--from", formats=[DAY])],
    source: Source,
    valid_to: Annotated[
        datetime | None, typer.Option("--to", formats=[DAY], help="First day without it.")
    ] = None,
    unit: Unit = None,
    channel: Annotated[str | None, typer.Option(help="direct, online or post.")] = None,
    after_supplement: Annotated[str, typer.Option(help="restart or subtract.")] = "restart",
    outside_opening: Annotated[
        str, typer.Option(help="Of clock_hours: as_is or next_opening.")
    ] = AS_IS,
    rule: RowId = None,
    data: DataOption = None,
) -> None:
    """Propose how long a procedure may take, for what is received from a day on."""
    counted, _, value = limit.partition(":")
    if value and not value.isdecimal():
        raise SettingError(f"--limit {limit} is none: write it like working_days:3")
    _propose(
        "rule",
        {
            "rule": rule,
            "procedure": procedure,
            "unit": unit,
            "channel": channel,
            "limit": {
                "unit": counted,
                "value": int(value or 0),
                "after_supplement": after_supplement,
                **_not_usual(outside_opening),
            },
            "valid_from": _day(valid_from),
            "valid_to": _day(valid_to),
            "source": source,
        },
        data,
    )


def propose_file(
    file: Annotated[
        Path, typer.Argument(help="Rows as in rules.csv; without it, those that motcua brings.")
    ] = BUNDLED / PROPOSED_RULES,
    data: DataOption = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be proposed.")
    ] = False,
) -> None:
    """Propose each limit of a file that neither waits nor is in force; nothing moves yet."""
    rows = [_file_row(each) for each in _read(file)]
    waiting = {one["proposal"] for one in _proposals("rule", data)}
    held = {row["rule"] for row in _asked("limits", data)["limits"]}
    for row in rows:
        name = f"{row_text(row)} ({row['source']})"
        if row["rule"] in held:
            typer.echo(f"in force already: {name}")
        elif f"rule:{row['rule']}" in waiting:
            typer.echo(f"waits already: {name}")
        elif dry_run:
            typer.echo(f"would be proposed: {name}")
        else:
            _send("rule", row, data)
            typer.echo(f"proposed: {name}")
    typer.echo(
        "Then, for each: `motcua rule preview`, and a second person `motcua rule approve`."
    )


def list_calendar(
    data: DataOption = None,
    *,
    in_force: InForce = False,
    waiting: Waiting = False,
    as_json: AsJson = False,
) -> None:
    """List the days that wait for a second person, those in force, and the law watch."""
    _list("calendar", data, in_force=in_force, waiting=waiting, as_json=as_json)
    if in_force == waiting:
        for line in law_watch_lines(legal_day(wall_now()), as_json=as_json):
            typer.echo(line)


def list_rules(
    data: DataOption = None,
    *,
    in_force: InForce = False,
    waiting: Waiting = False,
    as_json: AsJson = False,
) -> None:
    """List the limits that wait for a second person, and those in force."""
    _list("rule", data, in_force=in_force, waiting=waiting, as_json=as_json)


def preview(
    proposal: Proposal,
    limit: Annotated[int, typer.Option(min=0, max=500, help="How many to list.")] = 20,
    data: DataOption = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Say what would move if a proposal were approved now; nothing moves."""
    answer = ask(
        "GET",
        f"{Installation.find(data).http('workflow')}/v1/preview/{quote(proposal)}",
        person_key(),
        params={"limit": limit},
    )
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
        return
    for line in lines_of(answer):
        typer.echo(line)


def approve(
    proposal: Proposal,
    seen: Annotated[str, typer.Option(help="What `preview` printed as seen.")],
    data: DataOption = None,
) -> None:
    """Approve what somebody else proposed, as the preview showed it."""
    _decide("approve", proposal, seen, data)
    typer.echo(f"{proposal} holds; what it moves is being counted anew.")


def withdraw(proposal: Proposal, data: DataOption = None) -> None:
    """Take a proposal back; nothing had moved."""
    seen = next(
        (
            one["seen"]
            for one in _asked("proposals", data)["proposals"]
            if one["proposal"] == proposal
        ),
        "none",
    )
    _decide("withdraw", proposal, seen, data)
    typer.echo(f"{proposal} is withdrawn.")


def person_key() -> str:
    """Return the key of the person who decides.

    Raises:
        SettingError: none is set.
    """
    key = os.environ.get(KEY)
    if not key:
        raise SettingError(
            f"{KEY} is not set: a change is decided by a person. Make a key with "
            "`motcua keys add --role province --person p-…`"
        )
    return key


def _read(file: Path) -> list[RuleProposed]:
    """Return the rows of a file.

    Raises:
        CommandError: it cannot be read, or a row is none that the contract allows.
    """
    try:
        return proposed_rules(file)
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise CommandError(f"{file} has a row that is no limit: {error}") from error


def _file_row(rule: RuleProposed) -> dict[str, Any]:
    """Return a row as intake takes it, without what the file does not say."""
    return rule.model_dump(mode="json", exclude_unset=True, exclude={"verified"})


def _propose(kind: Kind, row: Mapping[str, Any], data: Any) -> None:  # noqa: ANN401 -- The option.
    answer = _send(kind, row, data)
    typer.echo(f"{answer['subject']} is proposed; see `motcua {kind} preview`.")


def _send(kind: Kind, row: Mapping[str, Any], data: Any) -> Any:  # noqa: ANN401 -- As above.
    return ask(
        "POST",
        f"{Installation.find(data).http('intake')}/v1/proposals/{kind}",
        person_key(),
        body={name: value for name, value in row.items() if value is not None},
        headers={"Idempotency-Key": secrets.token_hex(12)},
    )


def _decide(decision: str, proposal: str, seen: str, data: Any) -> None:  # noqa: ANN401 -- As above.
    ask(
        "POST",
        f"{Installation.find(data).http('intake')}/v1/proposals/{quote(proposal)}/{decision}",
        person_key(),
        body={"seen": seen},
        headers={"Idempotency-Key": secrets.token_hex(12)},
    )


def _list(kind: Kind, data: Any, *, in_force: bool, waiting: bool, as_json: bool) -> None:  # noqa: ANN401 -- As above.
    """Print what waits, then what is in force; asked for neither alone, both."""
    both = in_force == waiting
    found = _proposals(kind, data) if waiting or both else None
    held = _asked(HELD[kind], data) if in_force or both else None
    rows = held[ROWS[HELD[kind]]] if held else ()
    if as_json:
        lines = [{"state": "waiting", **one} for one in found or ()]
        lines += [{"state": "in_force", "row": row} for row in rows]
        for one in lines:
            typer.echo(json.dumps(one, ensure_ascii=False))
        return
    if found is not None:
        typer.echo("Waiting for a second person:" if found else "Nothing is proposed.")
        for one in found:
            typer.echo(f"  {title(one)}")
    if held is not None:
        span = held.get("published")
        through = f", published {span['first']} to {span['last']}" if span else ""
        typer.echo(f"In force{through}:" if rows else "Nothing is in force.")
        for row in rows:
            typer.echo(f"  {in_force_line(row)}")


def _proposals(kind: Kind, data: Any) -> list[dict[str, Any]]:  # noqa: ANN401 -- As above.
    found: list[dict[str, Any]] = _asked("proposals", data)["proposals"]
    return [one for one in found if one["proposal"].startswith(f"{kind}:")]


def _asked(what: str, data: Any) -> dict[str, Any]:  # noqa: ANN401 -- As above.
    """Return intake's answer about `proposals`, `calendar` or `limits`.

    Raises:
        CommandError: it is none that this version knows.
    """
    answer = ask("GET", f"{Installation.find(data).http('intake')}/v1/{what}", person_key())
    if not isinstance(answer, dict) or ROWS[what] not in answer:
        raise CommandError("intake's answer is none that this version knows")
    return answer


def _not_usual(outside_opening: str) -> dict[str, str]:
    """Return the choice if it is one; an intake of an older release knows none."""
    return {} if outside_opening == AS_IS else {"outside_opening": outside_opening}


def _day(day: datetime | None) -> str | None:
    return None if day is None else day.date().isoformat()

"""`motcua parked`: events that a service cannot apply, or that a broker does not take."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from deploy.errors import CommandError
from deploy.http import ask
from deploy.installation import DataOption, Installation

APPLYING = ("workflow", "notifications", "reporting")
"""The services that apply canonical records; intake rejects with a reason instead."""

PUBLISHING = ("intake", "workflow", "notifications")
"""The services whose records a broker may refuse."""

SERVICES = ("intake", *APPLYING)
REFUSED = "refused|"
"""How the id of a refused record begins."""

ServiceOption = Annotated[
    str | None, typer.Option("--service", help="Only this service's; without it, all.")
]
Yes = Annotated[
    bool, typer.Option("--yes", help="Do it; without this, only say what would be.")
]


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(
        help="Events that could not be applied, and events that the broker refuses.",
        no_args_is_help=True,
    )
    group.command("list")(list_parked)
    group.command("show")(show)
    group.command("retry")(retry)
    group.command("discard")(discard)
    group.command("log")(log)
    app.add_typer(group, name="parked")


def list_parked(
    service: ServiceOption = None,
    data: DataOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON each.")] = False,
) -> None:
    """List what is parked, oldest first, then what the broker refuses."""
    rows = list(_all(Installation.find(data), service))
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row, ensure_ascii=False))
        return
    if not rows:
        typer.echo("Nothing is parked.")
        return
    table = Table("service", "id", "subject", "since", "reason")
    for row in rows:
        table.add_row(
            row["service"], row["id"], row["subject"], row["parked_at"][:19], row["reason"]
        )
    Console().print(table)


def show(parked_id: str, service: ServiceOption = None, data: DataOption = None) -> None:
    """Print one parked or refused record whole."""
    installation = Installation.find(data)
    row = _one(installation, parked_id, service)
    answer = ask(
        "GET",
        f"{installation.http(row['service'])}/v1/{_kind(row)}/one",
        installation.operator_key,
        params={"id": parked_id},
    )
    typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))


def retry(
    parked_id: Annotated[str, typer.Argument(help="The id, or `all`.")],
    service: ServiceOption = None,
    data: DataOption = None,
    *,
    yes: Yes = False,
) -> None:
    """Apply parked records again, and publish refused ones again, with their own ids."""
    installation = Installation.find(data)
    rows = (
        list(_all(installation, service))
        if parked_id == "all"
        else [_one(installation, parked_id, service)]
    )
    for row in rows:
        _decide(installation, row, "retry", {"dry_run": not yes})


def discard(
    parked_id: str,
    why: Annotated[str, typer.Option("--why", help="The reason, for the audit line.")],
    service: ServiceOption = None,
    data: DataOption = None,
    *,
    yes: Yes = False,
) -> None:
    """Pass over a parked record; what waits behind it is applied."""
    installation = Installation.find(data)
    row = _one(installation, parked_id, service)
    if _kind(row) == "refused":
        raise CommandError(
            "a refused record cannot be discarded, since its readers wait for its number: mend "
            f"what refuses it ({row['reason']})"
        )
    _decide(installation, row, "discard", {"dry_run": not yes, "why": why})


def log(
    service: ServiceOption = None,
    data: DataOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON each.")] = False,
) -> None:
    """List who decided what about parked records, the last one first."""
    installation = Installation.find(data)
    rows = [
        {"service": name, **row}
        for name in _services(service, APPLYING)
        for row in ask(
            "GET",
            f"{installation.http(name)}/v1/parked/decided",
            installation.operator_key,
            params={"limit": 500},
        )["decided"]
    ]
    rows.sort(key=lambda row: row["at"], reverse=True)
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row, ensure_ascii=False))
        return
    if not rows:
        typer.echo("Nothing has been decided.")
        return
    table = Table("at", "service", "subject", "decision", "by key", "why")
    for row in rows:
        table.add_row(
            row["at"][:19],
            row["service"],
            row["subject"],
            row["decision"],
            row["who"],
            row["why"],
        )
    Console().print(table)


def _decide(
    installation: Installation, row: dict[str, Any], decision: str, body: dict[str, Any]
) -> None:
    verdict = ask(
        "POST",
        f"{installation.http(row['service'])}/v1/{_kind(row)}/{decision}",
        installation.operator_key,
        body={"id": row["id"], **body},
    )
    if _kind(row) == "refused":
        typer.echo(_about_refused(row, verdict))
        return
    if verdict["done"]:
        typer.echo(f"{row['id']}: done, {verdict['applied']} events applied")
    elif verdict["reason"]:
        typer.echo(f"{row['id']}: still refused: {verdict['reason']}")
    else:
        typer.echo(
            f"{row['id']}: would go through, {verdict['applied']} events would be applied; "
            "say --yes to do it"
        )


def _about_refused(row: dict[str, Any], verdict: dict[str, Any]) -> str:
    if verdict["done"]:
        return f"{row['id']}: done, {verdict['published']} events published"
    if verdict["reason"]:
        return f"{row['id']}: still refused: {verdict['reason']}"
    return (
        f"{row['id']}: {row['events']} events would be published again, from {row['event_id']} "
        "on; say --yes to do it"
    )


def _all(installation: Installation, service: str | None) -> Iterator[dict[str, Any]]:
    for name in _services(service, APPLYING):
        answer = ask(
            "GET",
            f"{installation.http(name)}/v1/parked",
            installation.operator_key,
            params={"limit": 500},
        )
        for row in answer["parked"]:
            yield {"service": name, **row}
    for name in _services(service, PUBLISHING):
        answer = ask(
            "GET",
            f"{installation.http(name)}/v1/refused",
            installation.operator_key,
            params={"limit": 500},
        )
        for row in answer["refused"]:
            reason = f"{row['error']}: {row['sentence']}"
            yield {"service": name, **row, "parked_at": row["at"], "reason": reason}


def _one(installation: Installation, parked_id: str, service: str | None) -> dict[str, Any]:
    for row in _all(installation, service):
        if row["id"] == parked_id:
            return row
    raise CommandError(f"nothing is parked under {parked_id}; see `motcua parked list`")


def _services(service: str | None, those: tuple[str, ...]) -> tuple[str, ...]:
    if service is None:
        return those
    if service not in SERVICES:
        raise CommandError(f"--service is one of {', '.join(SERVICES)}, not {service}")
    return (service,) if service in those else ()


def _kind(row: dict[str, Any]) -> str:
    return "refused" if row["id"].startswith(REFUSED) else "parked"

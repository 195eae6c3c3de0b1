"""`motcua reachability`: who would hear each rung of each ladder today, and how."""

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import typer

from deploy.http import ask
from deploy.installation import DataOption, Installation

EXIT_GAPS: Final = 1


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("reachability")(reachability)


def reachability(
    unit: Annotated[
        str | None, typer.Option(help="A unit's code; left out: every unit.")
    ] = None,
    data: DataOption = None,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what the services answer.")
    ] = False,
) -> None:
    """Say which seat nobody fills and whom no message reaches; exit with 0 only if none."""
    installation = Installation.find(data)
    found = {
        service: ask(
            "GET",
            f"{installation.http(service)}/v1/reachability",
            installation.operator_key,
            params={} if unit is None else {"unit": unit},
        )
        for service in ("workflow", "notifications")
    }
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        for line in lines_of(found["workflow"], found["notifications"]):
            typer.echo(line)
    if gaps_in(found["workflow"], found["notifications"]):
        raise SystemExit(EXIT_GAPS)


def gaps_in(seats: Mapping[str, Any], persons: Mapping[str, Any]) -> int:
    """Count the seats that nobody fills and the people whom nothing reaches."""
    empty = sum(seat["why"] is not None for one in seats["units"] for seat in one["seats"])
    return empty + int(persons["unreached"])


def lines_of(seats: Mapping[str, Any], persons: Mapping[str, Any]) -> Iterator[str]:
    """Write what is missing as people read it; what is well is one line."""
    for one in seats["units"]:
        for seat in one["seats"]:
            if seat["why"] is not None:
                yield f"{one['unit']} {one['name']}: {seat['role']} {seat['why']}"
        for rung in one["passed_over"]:
            heard = rung["heard_by"] or "nobody"
            yield f"  {rung['kind']} {rung['rung']}: {rung['role']} → {heard}"
    for person in persons["persons"]:
        if person["why"] is not None:
            yield f"{person['unit']} {person['role']} {person['person']}: {person['why']}"
    for endpoint in persons["endpoints_disabled"]:
        yield f"webhook {endpoint}: it stopped taking messages (410)"
    count = len(seats["units"])
    yield f"{count} units, {gaps_in(seats, persons)} gaps"

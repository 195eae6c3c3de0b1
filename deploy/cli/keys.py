"""`motcua keys`: who may call the services, and until when."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from deploy.errors import SettingError
from deploy.installation import DataOption, data_folder
from shared.ops.clock import wall_now
from shared.web.keys import (
    DAYS_DEFAULT,
    DAYS_MAX,
    KeyRecord,
    KeyRing,
    KeysFileError,
    UnknownKeyError,
    WrongKeyError,
    mint,
    read_keys,
    revoke,
)
from shared.web.principal import ALL_UNITS, ROLES, Role

KEYS_FILE = "keys.json"
OPERATOR_KEY_FILE = "operator.key"
OPERATOR_KEY_DAYS = 365
EXPIRES_SOON = timedelta(days=14)

_EVERYWHERE: frozenset[Role] = frozenset({"province", "auditor", "operator", "publisher"})

KeysFile = Annotated[
    Path | None,
    typer.Option(
        "--keys",
        envvar="MOTCUA_KEYS_FILE",
        help="The installation's keys file; by default keys.json in its data folder.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command group to the command line."""
    keys = typer.Typer(help="API keys: add, list, revoke.", no_args_is_help=True)
    keys.command("add")(add)
    keys.command("list")(show)
    keys.command("revoke")(take_away)
    app.add_typer(keys, name="keys")


def add(  # noqa: PLR0913 -- One option for each thing that a key says.
    *,
    role: Annotated[str, typer.Option(help=f"One of: {', '.join(ROLES)}.")],
    unit: Annotated[
        list[str] | None, typer.Option(help="A commune it is for; repeat, or * for all.")
    ] = None,
    publisher: Annotated[
        str | None, typer.Option(help="The publisher whose events it may send.")
    ] = None,
    person: Annotated[str | None, typer.Option(help="The person it stands for, by id.")] = None,
    days: Annotated[
        int, typer.Option(min=1, max=DAYS_MAX, help="How long it lives.")
    ] = DAYS_DEFAULT,
    note: Annotated[str, typer.Option(help="What it is for; no personal data.")] = "",
    keys: KeysFile = None,
    data: DataOption = None,
) -> None:
    """Make a key and print it; nobody can print it again."""
    if role not in ROLES:
        raise SettingError(f"--role {role} is none: take one of {', '.join(ROLES)}.")
    units = unit or ([ALL_UNITS] if role in _EVERYWHERE else [])
    if not units:
        raise SettingError(f"A {role}'s key needs --unit, or --unit '*' for all of them.")
    with _said_clearly():
        key = mint(
            _file(keys, data),
            role=role,
            units=ALL_UNITS if ALL_UNITS in units else units,
            publisher=publisher,
            person=person,
            days=days,
            note=note,
        )
    typer.echo(key)
    typer.echo("Keep it now: only its hash is stored, it cannot be shown again.", err=True)


def show(keys: KeysFile = None, data: DataOption = None) -> None:
    """List the keys, without their secrets."""
    file = _file(keys, data)
    with _said_clearly():
        records = read_keys(file)
    if not records:
        typer.echo(f"{file} holds no keys; `motcua keys add` makes one.")
        return
    table = Table(box=None, pad_edge=False)
    for title in ("id", "role", "units", "publisher", "person", "expires", "note"):
        table.add_column(title)
    for record in records:
        table.add_row(*_row(record))
    Console().print(table)


def take_away(
    key_id: Annotated[str, typer.Argument(help="The id of the key, from `motcua keys list`.")],
    keys: KeysFile = None,
    data: DataOption = None,
) -> None:
    """Revoke a key: it is refused from the next request on."""
    with _said_clearly():
        record = revoke(_file(keys, data), key_id)
    typer.echo(f"The {record.role}'s key {record.id} is revoked.")


def operator_key(data: Path) -> str:
    """Give the key by which an installation's own tools ask its services, made when needed.

    It stands in `operator.key` of the data folder, readable by the owner alone.
    """
    file, keys = data / OPERATOR_KEY_FILE, data / KEYS_FILE
    if file.exists():
        key = file.read_text(encoding="utf-8").strip()
        if KeyRing(keys).find(key) is not None:
            return key
    key = mint(keys, role="operator", days=OPERATOR_KEY_DAYS, note="the installation's tools")
    file.touch(mode=0o600)
    file.chmod(0o600)
    file.write_text(key + "\n", encoding="utf-8")
    return key


@contextmanager
def _said_clearly() -> Iterator[None]:
    try:
        yield
    except (KeysFileError, UnknownKeyError, WrongKeyError) as error:
        raise SettingError(str(error)) from None


def _file(keys: Path | None, data: Path | None) -> Path:
    return keys if keys is not None else data_folder(data) / KEYS_FILE


def _row(record: KeyRecord) -> tuple[str, ...]:
    now = wall_now()
    expires = record.expires.date().isoformat()
    if record.expires <= now:
        expires += " (expired)"
    elif record.expires - now < EXPIRES_SOON:
        expires += " (soon)"
    units = record.units if isinstance(record.units, str) else ", ".join(record.units)
    empty = "–"
    return (
        record.id,
        record.role,
        units,
        record.publisher or empty,
        record.person or empty,
        expires,
        record.note or empty,
    )

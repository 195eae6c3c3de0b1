"""`motcua restore`: bring back what a broker or a store has lost.

Each command of the group is a module of `deploy.restore` with a function `add_to`.
"""

import importlib
from typing import Final

import typer

COMMANDS: Final = (
    "deploy.restore.topics_command",
    "deploy.restore.store_command",
    "deploy.restore.backup_command",
)


def register(app: typer.Typer) -> None:
    """Add the command group to the command line."""
    restore = typer.Typer(
        help="Bring back what a broker or a store has lost.", no_args_is_help=True
    )
    restore.callback()(group)
    for name in COMMANDS:
        importlib.import_module(name).add_to(restore)
    app.add_typer(restore, name="restore")


def group() -> None:
    """Bring back what a broker or a store has lost."""

"""`motcua`: the command line. Each group of commands is a module of its own beside this one."""

import importlib
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Annotated, Final, NoReturn

import typer

from deploy.errors import EXIT_FAILED, EXIT_WRONG_SETTING, CommandError
from shared.ops.settings import SettingError
from shared.subjects.errors import UnavailableError

#: Each module and the commands it brings, in the order that `motcua --help` lists them. Only
#: the module of the command that is asked for is imported, so that each starts quickly.
COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "engines": ("up", "down", "status", "prepare"),
    "backup": ("backup",),
    "demo": ("demo",),
    "check": ("check",),
    "imports": ("import",),
    "figures": ("figures",),
    "forms": ("form",),
    "due": ("due",),
    "explain": ("explain",),
    "audit": ("audit",),
    "reachability": ("reachability",),
    "parked": ("parked",),
    "progress": ("progress",),
    "replay": ("replay",),
    "restore": ("restore",),
    "keys": ("keys",),
    "topics": ("topics",),
    "numbering": ("numbering",),
    "reference": ("reference",),
    "units": ("units",),
    "changes": ("calendar", "rule"),
}
EXIT_INTERRUPTED: Final = 130


def build(asked: str | None = None) -> typer.Typer:
    """Put the command line together: the command asked for, or all when it is none of ours."""
    app = typer.Typer(
        name="motcua",
        help="The event backbone of commune-level Public Administration Service Centres.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(root)
    bringing = [name for name, brings in COMMANDS.items() if asked in brings]
    for name in bringing or COMMANDS:
        if find_spec(f"deploy.cli.{name}") is not None:
            importlib.import_module(f"deploy.cli.{name}").register(app)
    return app


def root(
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version",
            is_eager=True,
            callback=lambda asked: _print_version() if asked else None,
            help="Print the version and exit.",
        ),
    ] = False,
) -> None:
    """The event backbone of commune-level Public Administration Service Centres."""


def _print_version() -> NoReturn:
    typer.echo(f"motcua {own_version()}")
    raise typer.Exit


def own_version() -> str:
    """Return the version of this installation."""
    try:
        return version("motcua")
    except PackageNotFoundError:  # A checkout, linked and not installed.
        import tomllib  # noqa: PLC0415  Only a checkout reads it.
        from pathlib import Path  # noqa: PLC0415

        project = Path(__file__).resolve().parents[2] / "pyproject.toml"
        return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])


def run(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code; what stops it becomes one sentence."""
    try:
        given = sys.argv[1:] if arguments is None else arguments
        if given == ["--version"]:
            _print_version()
        build(given[0] if given else None)(given)
    except typer.Exit:
        return 0
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else int(done.code is not None)
    except CommandError as error:
        return _say(str(error), error.exit_code)
    except (SettingError, UnavailableError) as error:
        return _say(
            str(error),
            EXIT_WRONG_SETTING if isinstance(error, SettingError) else EXIT_FAILED,
        )
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return 0


def _say(sentence: str, code: int) -> int:
    sys.stderr.write(f"motcua: {sentence}\n")
    return code


def main() -> NoReturn:
    """Run as a program."""
    sys.exit(run())


if __name__ == "__main__":
    main()

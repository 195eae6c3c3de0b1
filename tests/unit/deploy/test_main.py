"""The command line: what stops a command is one sentence and an exit code."""

from importlib.util import find_spec

import pytest

from deploy.cli import main
from deploy.errors import CommandError, SettingError
from shared.subjects.errors import UnavailableError


def test_the_version_is_the_projects(capsys: pytest.CaptureFixture[str]) -> None:
    """As pyproject.toml says, installed or linked."""
    assert main.run(["--version"]) == 0
    assert capsys.readouterr().out == f"motcua {main.own_version()}\n"


def test_every_command_module_that_is_there_is_listed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The commands an operator needs first."""
    assert main.run(["--help"]) == 0
    said = capsys.readouterr().out
    for name in ("up", "down", "status", "topics", "keys"):
        assert f" {name} " in said


@pytest.mark.parametrize("module", main.COMMANDS)
def test_each_module_brings_the_commands_it_is_listed_with(module: str) -> None:
    """Else a command would be found in the help and not when it is asked for."""
    assert find_spec(f"deploy.cli.{module}") is not None
    commands = main.COMMANDS[module]

    app = main.build(commands[0])

    brought = {one.name for one in app.registered_commands}
    brought |= {one.name for one in app.registered_groups}
    assert brought == set(commands)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CommandError("It stopped."), 1),
        (SettingError("MOTCUA_X is wrong."), 2),
        (UnavailableError("Nobody answers."), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_what_stops_a_command_becomes_an_exit_code(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
) -> None:
    """No stack trace for what a person can mend."""

    def built(_asked: str | None) -> object:
        def command(_arguments: object) -> None:
            raise error

        return command

    monkeypatch.setattr(main, "build", built)

    assert main.run([]) == code
    said = capsys.readouterr().err
    assert said == (f"motcua: {error}\n" if str(error) else "")


def test_an_unknown_command_is_a_wrong_call(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, and what was wrong."""
    assert main.run(["nonsense"]) == 2
    assert "nonsense" in capsys.readouterr().err

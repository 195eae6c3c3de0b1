"""Keys are shown once, kept as hashes, and managed from the command line."""

import json
import stat
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from deploy.cli import keys as command
from deploy.errors import SettingError
from shared.web.keys import KeyRing, KeysFileError, WrongKeyError, mint, read_keys
from shared.web.principal import OutsideScopeError, Principal


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Name a keys file that is not there yet."""
    return tmp_path / "keys.json"


@pytest.fixture
def cli() -> typer.Typer:
    """Give a command line with the key commands."""
    app = typer.Typer()
    command.register(app)
    app.command("nothing")(lambda: None)
    return app


def test_the_file_holds_no_secret(file: Path) -> None:
    """The file holds no secret."""
    key = mint(file, role="clerk", units=["06112"], person="p-06112-clerk")
    prefix, key_id, secret = key.split("_", maxsplit=2)
    assert (prefix, len(key_id), len(secret)) == ("mc", 10, 32)
    assert secret not in file.read_text(encoding="utf-8")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert KeyRing(file).find(key) == Principal(
        key_id, "clerk", frozenset({"06112"}), None, "p-06112-clerk"
    )


def test_keys_made_later_are_known_at_once(file: Path) -> None:
    """Keys made later are known at once."""
    ring = KeyRing(file)
    first = mint(file, role="operator")
    second = mint(file, role="publisher", publisher="counter")
    assert ring.find(first) is not None
    principal = ring.find(second)
    assert principal is not None
    assert principal.publisher == "counter"


@pytest.mark.parametrize(
    "wrong",
    [
        {"role": "publisher"},
        {"role": "clerk", "publisher": "counter"},
        {"role": "publisher", "publisher": "Counter 1"},
        {"role": "clerk", "units": []},
        {"role": "clerk", "units": ["../x"]},
        {"role": "clerk", "days": 0},
        {"role": "clerk", "days": 100_000},
    ],
)
def test_a_key_without_sense_is_not_made(file: Path, wrong: dict[str, object]) -> None:
    """A key without sense is not made."""
    with pytest.raises(WrongKeyError):
        mint(file, **wrong)  # type: ignore[arg-type] # Wrong on purpose.
    assert not file.exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"keys": 1}', '{"keys": [{"id": "x"}]}'])
def test_what_is_no_keys_file_is_left_as_it_is(file: Path, content: str) -> None:
    """What is no keys file is left as it is."""
    file.write_text(content, encoding="utf-8")
    with pytest.raises(KeysFileError, match="no file of API keys"):
        mint(file, role="operator")
    assert file.read_text(encoding="utf-8") == content


def test_a_scope_narrows_to_what_is_asked_for() -> None:
    """A scope narrows to what is asked for."""
    one = Principal("k", "director", frozenset({"06112"}))
    everybody = Principal("k", "province", None)
    assert one.narrow(None) == frozenset({"06112"})
    assert one.narrow("06112") == frozenset({"06112"})
    assert everybody.narrow(None) is None
    assert everybody.narrow("06112") == frozenset({"06112"})
    with pytest.raises(OutsideScopeError):
        one.narrow("06113")


def test_the_command_line_adds_lists_and_revokes(cli: typer.Typer, file: Path) -> None:
    """The command line adds lists and revokes."""
    run = CliRunner()
    where = ["--keys", str(file)]
    added = run.invoke(
        cli, ["keys", "add", "--role", "director", "--unit", "06112", "--days", "3", *where]
    )
    assert added.exit_code == 0
    key = added.stdout.strip()
    assert KeyRing(file).find(key) is not None
    listed = run.invoke(cli, ["keys", "list", *where])
    key_id = key.split("_")[1]
    assert key_id in listed.stdout
    assert "(soon)" in listed.stdout
    assert key.split("_", maxsplit=2)[2] not in listed.stdout
    revoked = run.invoke(cli, ["keys", "revoke", key_id, *where])
    assert revoked.exit_code == 0
    assert KeyRing(file).find(key) is None
    assert run.invoke(cli, ["keys", "list", *where]).stdout.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["add", "--role", "king"],
        ["add", "--role", "clerk"],
        ["add", "--role", "publisher"],
        ["add", "--role", "clerk", "--unit", "here"],
        ["revoke", "0123456789"],
    ],
)
def test_a_wrong_command_says_one_sentence(
    cli: typer.Typer, file: Path, arguments: list[str]
) -> None:
    """A wrong command says one sentence."""
    result = CliRunner().invoke(cli, ["keys", *arguments, "--keys", str(file)])
    assert isinstance(result.exception, SettingError)
    assert result.exception.exit_code == 2
    assert str(result.exception).endswith(".")
    assert "\n" not in str(result.exception)
    assert not file.exists()


def test_the_installations_own_key_is_made_once_and_remade_when_needed(tmp_path: Path) -> None:
    """The installation's own key is made once and remade when needed."""
    first = command.operator_key(tmp_path)
    assert command.operator_key(tmp_path) == first
    assert stat.S_IMODE((tmp_path / "operator.key").stat().st_mode) == 0o600
    (tmp_path / "keys.json").write_text(json.dumps({"keys": []}), encoding="utf-8")
    second = command.operator_key(tmp_path)
    assert second != first
    assert KeyRing(tmp_path / "keys.json").find(second) is not None
    assert len(read_keys(tmp_path / "keys.json")) == 1

"""The tables of the README that the code knows better: topics, commands, settings.

`python -m tests.architecture.tables` writes them anew; a test fails while they differ.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from deploy.cli.main import build
from deploy.installation import SERVICES
from deploy.supervisor.plan import settings_class
from shared.events.topics import (
    DAY_MS,
    FOREVER,
    HOUR_MS,
    TOPICS,
    Topic,
    inbound,
    rejected,
    replay,
)
from shared.ops.settings import ServiceSettings, variable_of, variables_of

README: Final = Path(__file__).resolve().parents[2] / "README.md"
ANY_PUBLISHER: Final = "publisher"
MARK: Final = "<!-- {name}: written by `python -m tests.architecture.tables` -->"
END: Final = "<!-- end of {name} -->"


def topics() -> str:
    """Render the table of topics, as the contract declares them."""
    doors = [inbound(ANY_PUBLISHER), rejected(ANY_PUBLISHER), replay("workflow")]
    named = {ANY_PUBLISHER: "<publisher>", "workflow": "<group>"}
    rows = [_topic_row(topic, {}) for topic in TOPICS.values()]
    rows += [_topic_row(topic, named) for topic in doors]
    return _table(("topic", "key", "partitions", "kept", "producer", "consumers"), rows)


def commands() -> str:
    """Render the table of commands, as `motcua --help` has them."""
    rows = [(f"`motcua {name}`", _first_line(one)) for name, one in every_command()]
    return _table(("command", "does"), rows)


def every_command() -> Iterator[tuple[str, Any]]:
    """Yield every command there is, with its name in full."""
    yield from _commands(typer.main.get_command(build()), "")


def settings() -> str:
    """Render the table of settings, those of all services before those of one."""
    classes = {name: settings_class(name) for name in SERVICES}
    rows = []
    for field in ServiceSettings.model_fields:
        described = [one.model_fields[field] for one in classes.values()]
        rows.append(_setting_row(field, described, "all"))
    for name, one in classes.items():
        own = [field for field in one.model_fields if field not in ServiceSettings.model_fields]
        rows += [_setting_row(field, [one.model_fields[field]], name) for field in own]
    return _table(("variable", "of", "default", "is"), rows)


TABLES: Final[Mapping[str, Callable[[], str]]] = {
    "topics": topics,
    "commands": commands,
    "settings": settings,
}


def every_variable() -> frozenset[str]:
    """Name every variable that a service reads."""
    return frozenset().union(*(variables_of(settings_class(name)) for name in SERVICES))


def written(text: str, name: str) -> str:
    """Cut a table out of the README.

    Raises:
        ValueError: its marks are not there.
    """
    start, end = MARK.format(name=name), END.format(name=name)
    before, found, rest = text.partition(start)
    table, ended, _ = rest.partition(end)
    if not (found and ended and before):
        raise ValueError(
            f"the README has no table of {name}: it stands between\n{start}\n{end}"
        )
    return table.strip()


def put(text: str, name: str, table: str) -> str:
    """Put a table between its marks."""
    start, end = MARK.format(name=name), END.format(name=name)
    pattern = re.compile(re.escape(start) + r".*?" + re.escape(end), re.DOTALL)
    return pattern.sub(lambda _found: f"{start}\n{table}\n{end}", text)


def _commands(group: Any, before: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - Typer's own copy of Click.
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{before}{name} ")
        else:
            yield before + name, command


def _first_line(command: Any) -> str:  # noqa: ANN401 - the same.
    return " ".join((command.help or "").split("\n\n", maxsplit=1)[0].split())


def _topic_row(topic: Topic, named: Mapping[str, str]) -> Sequence[str]:
    def shown(text: str) -> str:
        word = named.get(text, text)
        return f"`{word}`" if "<" in word else word

    name = topic.name
    for word, placeholder in named.items():
        name = name.replace(f".{word}.", f".{placeholder}.")
    return (
        f"`{name}`",
        shown(topic.key),
        str(topic.partitions),
        _kept(topic),
        shown(topic.writer),
        ", ".join(shown(reader) for reader in topic.readers),
    )


def _kept(topic: Topic) -> str:
    if topic.cleanup == "compact":
        lag = topic.max_compaction_lag_ms
        return "the latest per key" + ("" if lag is None else f", within {lag // HOUR_MS} h")
    if topic.retention_ms == FOREVER:
        return "for ever"
    if topic.retention_ms > 3 * DAY_MS:
        return f"{topic.retention_ms // DAY_MS} days"
    return f"{topic.retention_ms // HOUR_MS} h"


def _setting_row(field: str, infos: Sequence[FieldInfo], of: str) -> Sequence[str]:
    said = [info.description for info in infos if info.description]
    secret = any("SecretStr" in str(info.annotation) for info in infos)
    variable = f"`{variable_of(field)}`" + (" or `…_FILE`" if secret else "")
    defaults = dict.fromkeys(_default(field, info) for info in infos)
    return variable, of, " / ".join(defaults), said[0] if said else "–"


def _default(field: str, info: FieldInfo) -> str:
    value: Any = info.default
    if value is PydanticUndefined:
        return "must be set"
    if field == "mongo_database":
        return "`motcua_<service>`"
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if value is None:
        return "unset"
    return f"`{','.join(value) if isinstance(value, tuple) else value}`"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )


def main() -> None:
    """Write every table into the README."""
    text = README.read_text(encoding="utf-8")
    for name, render in TABLES.items():
        text = put(text, name, render())
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

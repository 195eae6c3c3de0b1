"""A log line is one JSON object that forges nothing and says nothing of a person."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from shared.ops import log


class Lines:
    def __init__(self) -> None:
        self.stream = io.StringIO()

    def last(self) -> dict[str, Any]:
        text = self.stream.getvalue()
        assert text.endswith("\n")
        line: dict[str, Any] = json.loads(text.splitlines()[-1])
        return line


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Send this process's log lines to a string."""
    found = Lines()
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    log.configure("example", instance="7", level="info", stream=found.stream)
    yield found
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_line_says_who_when_and_what(lines: Lines) -> None:
    """A line says who when and what."""
    log.logger("somewhere").info("batch", records=3)
    line = lines.last()
    assert line["service"] == "example"
    assert line["instance"] == "7"
    assert line["event"] == "batch"
    assert line["records"] == 3
    assert line["timestamp"].endswith("Z")
    assert line["level"] == "info"


def test_bound_event_ids_stand_on_every_line_within(lines: Lines) -> None:
    """Bound event ids stand on every line within."""
    with log.about(event_id="e-1", subject="H37.110-261102-0001"):
        log.logger("somewhere").warning("held")
    assert lines.last()["event_id"] == "e-1"
    log.logger("somewhere").warning("after")
    assert "event_id" not in lines.last()


@pytest.mark.parametrize("key", ["name", "phone", "national_id", "email", "value"])
def test_what_is_not_on_the_list_is_dropped_and_named(lines: Lines, key: str) -> None:
    """What is not on the list is dropped and named."""
    log.logger("somewhere").info("saved", **{key: "Hoàng Thị Bưởi"})
    assert "Bưởi" not in lines.stream.getvalue()
    assert lines.last()["dropped"] == [key]


@pytest.mark.parametrize(
    "text",
    ["a\r\nb", "a\nERROR forged", "\x1b[31m", "a\u202eb", "a\u2028b", "\x00", "\u200f"],
)
def test_a_text_cannot_forge_a_line(lines: Lines, text: str) -> None:
    """A text cannot forge a line."""
    log.logger("somewhere").info("seen", reason=text, missing={text: text}, rules=[text])
    output = lines.stream.getvalue()
    assert output.count("\n") == 1
    assert all(c == "\n" or c.isprintable() for c in output)
    line = lines.last()
    for shown in (line["reason"], line["rules"][0], *line["missing"]):
        assert shown.isprintable()
    assert "\\u" in line["reason"]


def test_vietnamese_is_shown_as_it_is(lines: Lines) -> None:
    """Vietnamese is shown as it is."""
    log.logger("somewhere").info("seen", reason="Quá hạn giải quyết")
    assert "Quá hạn giải quyết" in lines.stream.getvalue()


def test_a_long_text_is_cut(lines: Lines) -> None:
    """A long text is cut."""
    log.logger("somewhere").info("seen", reason="x" * 5_000)
    assert len(lines.last()["reason"]) == log.TEXT_CHARACTERS_MAX + 1


def test_an_exception_is_its_type_and_place_without_its_values(lines: Lines) -> None:
    """An exception is its type and place without its values."""
    try:
        _fail_on("Hoàng Thị Bưởi")
    except ValueError:
        log.logger("somewhere").exception("failed")
    assert "Bưởi" not in lines.stream.getvalue()
    line = lines.last()
    assert line["error"] == "ValueError <- KeyError"
    assert "_fail_on" in line["where"][-1]


def test_what_a_machine_said_is_kept(lines: Lines) -> None:
    """What a machine said is kept."""
    try:
        raise ConnectionRefusedError(111, "Connection refused")
    except OSError:
        log.logger("somewhere").exception("failed")
    assert "Connection refused" in lines.last()["error"]


def test_libraries_speak_json_too_and_leak_no_traceback(lines: Lines) -> None:
    """Libraries speak json too and leak no traceback."""
    try:
        _fail_on("Hoàng Thị Bưởi")
    except ValueError:
        logging.getLogger("uvicorn.error").exception("Exception in %s", "ASGI application")
    assert "Bưởi" not in lines.stream.getvalue()
    line = lines.last()
    assert line["event"] == "Exception in ASGI application"
    assert line["logger"] == "uvicorn.error"
    assert line["error"].startswith("ValueError")


def test_a_batch_has_one_line_that_stays_short(lines: Lines) -> None:
    """A batch has one line that stays short."""
    ids = [f"e-{number}" for number in range(500)]
    log.batch_line(
        log.logger("somewhere"), topic="t", event_ids=ids, seconds=0.1234, applied=499, held=1
    )
    line = lines.last()
    assert line["records"] == 500
    assert len(line["event_ids"]) == log.IDS_MAX
    assert line["milliseconds"] == 123.4
    assert line["applied"] == 499


def _fail_on(name: str) -> None:
    try:
        dict[str, int]()[name]
    except KeyError as error:
        raise ValueError(f"cannot read {name}") from error

"""`motcua due`: a line for a line, and a bad line stops nothing."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner
from typing_extensions import override

from deploy.cli.due import LINE_BYTES_MAX, UnreadableFileError, answers, register
from deploy.reference.load import bundled_reference

VIEW = bundled_reference()
CASE: dict[str, Any] = {
    "from": "2026-01-05T09:10:00+07:00",
    "limit": {"unit": "working_days", "value": 3},
    "unit_code": "06112",
    "waits": [["2026-01-06T10:30:00+07:00", "2026-01-08T14:20:00+07:00"]],
}


def ask(*cases: object) -> list[dict[str, Any]]:
    """Answer cases, each as JSON or as the bytes of its line."""
    lines = [
        case if isinstance(case, bytes) else json.dumps(case, ensure_ascii=False).encode()
        for case in cases
    ]
    return list(answers(io.BytesIO(b"\n".join(lines) + b"\n"), VIEW))


def but(**other: object) -> dict[str, Any]:
    """Return the case with something else in it; None takes a field out."""
    fields = {**CASE, **other}
    return {name: value for name, value in fields.items() if value is not None}


def test_answers_in_order() -> None:
    """One line of JSON for each case: due, limit, ledger."""
    restarted, subtracted, plain = ask(
        CASE, but(after_supplement="subtract"), but(waits=None, unit_code=None)
    )
    assert restarted["due"] == "2026-01-12T17:00:00+07:00"
    assert restarted["limit"] == "2026-01-13T00:00:00+07:00"
    assert restarted["index_due"] == "2026-01-10T17:00:00+07:00"
    assert subtracted["due"] == "2026-01-10T17:00:00+07:00"
    assert plain["due"] == "2026-01-08T17:00:00+07:00"
    last = [row for row in restarted["ledger"] if row["clock"] == "law"][-1]
    assert (last["day"], last["count"]) == ("2026-01-12", 3)
    assert last["vi"] == "ngày làm việc, hết 17:00"
    assert last["en"] == "working day, until 17:00"


def test_an_open_wait_has_no_date_yet() -> None:
    """What stands still is null, and says so."""
    (answer,) = ask(but(waits=[["2026-01-06T10:30:00+07:00", None]]))
    assert (answer["due"], answer["limit"], answer["suspended"]) == (None, None, True)
    (shorter,) = ask(but(waits=[["2026-01-06T10:30:00+07:00"]]))
    assert shorter == answer


NAIVE = "2026-01-05T09:10:00"
BAD: tuple[tuple[object, str], ...] = (
    (b"nonsense", "unreadable-line"),
    (b'{"from": "\xff\xfe"}', "unreadable-line"),
    (b"[" * 100_000, "unreadable-line"),
    (b'"' + b"x" * LINE_BYTES_MAX + b'"', "unreadable-line"),
    (b"[1]", "malformed-case"),
    (b"null", "malformed-case"),
    (but(**{"from": None}), "malformed-case"),
    (but(limit=None), "malformed-case"),
    (but(limit=3), "malformed-case"),
    (but(limit={"value": 3}), "malformed-case"),
    (but(limit={"unit": "working_days", "value": 3, "days": 3}), "malformed-case"),
    (but(limit={"unit": "working_days", "value": 3.5}), "malformed-case"),
    (but(limit={"unit": "working_days", "value": True}), "malformed-case"),
    (but(limit={"unit": "working_days", "value": "3"}), "malformed-case"),
    (but(limit={"unit": "working_days"}), "limit-out-of-range"),
    (but(limit={"unit": "working_days", "value": -1}), "limit-out-of-range"),
    (but(limit={"unit": "working_days", "value": 10**30}), "limit-out-of-range"),
    (but(limit={"unit": "weeks", "value": 1}), "unknown-choice"),
    (but(limit={"unit": ["hours"], "value": 1}), "unknown-choice"),
    (but(limit={"unit": "hours", "value": 1, "roll": "back"}), "unknown-choice"),
    (but(limit={"unit": "same_day", "cutoff": "three"}), "malformed-case"),
    (but(limit={"unit": "same_day", "cutoff": 15}), "malformed-case"),
    (but(limit={"unit": "same_day", "cutoff": "15:00+09:00"}), "malformed-case"),
    (but(limit={"unit": "hours", "value": 1, "roll": 0}), "unknown-choice"),
    (but(after_supplement=0), "unknown-choice"),
    (but(after_supplement=""), "unknown-choice"),
    (but(unit_code=""), "malformed-case"),
    (but(accepted="2026-01-06T09:10:00+07:00"), "accepted-after-start"),
    (b'{"from": "2026-01-05T09:10:00+07:00", "from": "2026-01-06"}', "unreadable-line"),
    (b'{"\\ud800": 1}', "malformed-case"),
    (b"9" * 5_000, "unreadable-line"),
    (b"\x00", "unreadable-line"),
    (but(limit={"unit": "given"}), "given-without-instant"),
    (but(limit={"unit": "given", "given": NAIVE}), "instant-without-offset"),
    (but(**{"from": NAIVE}), "instant-without-offset"),
    (but(**{"from": "2026-01-05"}), "instant-without-offset"),
    (but(**{"from": "5 January"}), "malformed-case"),
    (but(**{"from": 1767578400}), "malformed-case"),
    (but(**{"from": "2026-02-30T09:00:00+07:00"}), "malformed-case"),
    (but(**{"from": "0001-01-01T00:00:00+14:00"}), "malformed-case"),
    (but(**{"from": "9999-12-31T23:59:59-12:00"}), "malformed-case"),
    (but(after_supplement="pause"), "unknown-choice"),
    (but(unit_code="99999"), "unknown-unit"),
    (but(unit_code=6112), "malformed-case"),
    (but(waits={}), "malformed-case"),
    (but(waits=[[]]), "malformed-case"),
    (but(waits=[["a", "b", "c"]]), "malformed-case"),
    (but(waits=["2026-01-06T10:30:00+07:00"]), "malformed-case"),
    (but(waits=[["2026-01-06T10:30:00", None]]), "instant-without-offset"),
    (but(waits=[[None, "2026-01-06T10:30:00+07:00"]]), "receipt-without-request"),
    (but(waits=[{"received": "2026-01-06T10:30:00+07:00"}]), "receipt-without-request"),
    (but(waits=CASE["waits"] * 101), "malformed-case"),
    (
        but(waits=[["2026-01-08T10:30:00+07:00", "2026-01-06T10:30:00+07:00"]]),
        "wait-ends-before-it-starts",
    ),
    (but(waits=CASE["waits"] * 2), "overlapping-waits"),
    (but(extensions=[{"decided": CASE["from"]}]), "malformed-case"),
    (but(extensions=[{"decided": CASE["from"], "new_day": "tomorrow"}]), "malformed-case"),
    (but(extensions=[{"new_day": "2026-01-09"}]), "malformed-case"),
    (but(deadline="2026-01-09"), "malformed-case"),
    (but(**{"from": "2031-01-06T09:00:00+07:00"}, waits=None), "outside-calendar"),
    (but(limit={"unit": "calendar_days", "value": 3000}), "outside-calendar"),
)


@pytest.mark.parametrize(("case", "rule"), BAD)
def test_a_bad_line_gives_an_error_and_no_stop(case: object, rule: str) -> None:
    """The reason names the field, the rule and the remedy; the next case is answered."""
    refused, answered = ask(case, CASE)
    assert refused["rule"] == rule
    assert refused["error"]
    assert refused["remedy"]
    assert refused["path"].startswith("/")
    assert refused["line"] == 1
    assert answered["due"] == "2026-01-12T17:00:00+07:00"


def test_a_last_line_without_its_end_and_empty_lines() -> None:
    """Empty lines are no cases; the last line needs no newline, the first may have a mark."""
    text = b"\xef\xbb\xbf" + json.dumps(CASE).encode() + b"\n\n  \n" + json.dumps(CASE).encode()
    assert len(list(answers(io.BytesIO(text), VIEW))) == 2


def test_as_a_command(tmp_path: Path) -> None:
    """It reads a file, or standard input, and prints the same."""
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    file = tmp_path / "cases.ndjson"
    file.write_text(json.dumps(CASE) + "\nnonsense\n", encoding="utf-8")

    from_file = CliRunner().invoke(app, ["due", str(file)])
    from_input = CliRunner().invoke(app, ["due"], input=file.read_text(encoding="utf-8"))

    assert (from_file.exit_code, from_input.exit_code) == (0, 0)
    assert from_file.stdout == from_input.stdout
    first, second = (json.loads(line) for line in from_file.stdout.splitlines())
    assert first["due"] == "2026-01-12T17:00:00+07:00"
    assert second["rule"] == "unreadable-line"


@pytest.mark.parametrize("arguments", [["missing.ndjson"], ["--reference", "missing", "-"]])
def test_what_cannot_be_read_is_said(arguments: list[str]) -> None:
    """A wrong path is one sentence, not a trace."""
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    result = CliRunner().invoke(app, ["due", *arguments], input="")
    assert isinstance(result.exception, UnreadableFileError)
    assert "missing" in str(result.exception)


class Endless(io.RawIOBase):
    """A line of many gigabytes, and a case behind it; counts how much was read at once."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.left = size
        self.most = 0
        self._tail = io.BytesIO(b"\n" + json.dumps(CASE).encode() + b"\n")

    @override
    def readline(self, size: int | None = -1, /) -> bytes:
        """Give the next part of the line."""
        assert size is not None
        assert size > 0, "never all of it"
        self.most = max(self.most, size)
        if not self.left:
            return self._tail.readline(size)
        part = min(size, self.left)
        self.left -= part
        return b"x" * part


def test_a_line_without_end_is_read_in_parts() -> None:
    """Ten gigabytes in a line are one refusal, in the memory of a part."""
    source = Endless(10_000 * LINE_BYTES_MAX)
    refused, answered = answers(source, VIEW)  # type: ignore[arg-type]  # All that is asked of it.
    assert refused["rule"] == "unreadable-line"
    assert answered["due"] == "2026-01-12T17:00:00+07:00"
    assert source.most <= LINE_BYTES_MAX + 2


def test_answers_come_before_the_input_ends() -> None:
    """One line is read for one answer, so that a hundred thousand need no more memory."""

    class Counting(io.BytesIO):
        lines = 0

        @override
        def readline(self, size: int | None = -1, /) -> bytes:
            self.lines += 1
            return super().readline(size)

    source = Counting((json.dumps(CASE).encode() + b"\n") * 100_000)
    found = answers(source, VIEW)
    next(found)
    next(found)
    assert source.lines == 2

"""`motcua check`: what it says and how it exits."""

import json
from pathlib import Path

import pytest

from deploy.cli.main import run
from tests.unit.events.made import NOW, value

AT = ("--now", NOW.isoformat())


def _file(folder: Path, *values: bytes) -> str:
    path = folder / "events.ndjson"
    path.write_bytes(b"\n".join(values))
    return str(path)


def test_a_file_that_would_be_taken_exits_with_zero(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A summary, and what was not judged."""
    file = _file(tmp_path, value(), b"", value("dossier.assigned"), value())
    assert run(["check", file, *AT]) == 0
    said = capsys.readouterr().out
    assert "3 events: 2 would be recorded, 1 repeated, 0 would be refused." in said
    assert "Not judged here" in said


def test_refusals_name_line_field_rule_and_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the bundled reference data, the transition table and the publisher."""
    file = _file(
        tmp_path,
        value(),
        b"{",
        value("dossier.returned"),
        value(id="2", subject="H37.120-261123-0002", receivingunit="99999"),
        value("dossier.assigned", source="urn:motcua:publisher:portal"),
    )
    assert run(["check", file, *AT, "--publisher", "kiosk"]) == 1
    said = capsys.readouterr().out
    assert "line 2  (no readable id)\n  not-json" in said
    assert "line 3  dossier.returned-1  dossier.returned  H37.120-261123-0001" in said
    assert "illegal-transition  /type" in said
    assert "unknown-unit  /receivingunit" in said
    assert "wrong-source  /source" in said
    assert "5 events: 1 would be recorded, 0 repeated, 4 would be refused." in said


def test_a_file_out_of_order_is_judged_as_the_door_would(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What waits for a later line is recorded; what nothing comes for is refused, last."""
    asked = value("dossier.supplement_requested", time="2026-11-23T08:05:10+07:00")
    early = value("dossier.completed", time="2026-11-23T08:05:30+07:00")
    received = value("dossier.supplement_received", time="2026-11-23T08:05:20+07:00")
    file = _file(tmp_path, value(), asked, early, received)
    assert run(["check", file, *AT]) == 0
    said = capsys.readouterr().out
    assert "4 events: 4 would be recorded, 0 repeated, 0 would be refused." in said
    assert "1 of them would first wait" in said
    file = _file(tmp_path, value(), asked, early, b"{")
    assert run(["check", file, *AT]) == 1
    said = capsys.readouterr().out
    assert "4 events: 2 would be recorded, 0 repeated, 2 would be refused." in said
    assert said.index("line 4") < said.index("line 3")


def test_the_reasons_can_be_had_in_vietnamese(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same words that a citizen's officer gets."""
    assert run(["check", _file(tmp_path, b"{"), *AT, "--lang", "vi"]) == 1
    said = capsys.readouterr().out
    assert "dòng 1" in said
    assert "Nội dung không phải JSON" in said


def test_codes_of_our_own_pattern_are_counted_or_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Offline nobody knows who is registered: it warns, or judges by what it is given."""
    file = _file(tmp_path, value(), value("dossier.assigned"), value(id="2", subject="case-2"))
    option = "add-publisher NAME --numbers-for"
    assert run(["check", file, *AT]) == 0
    assert "1 dossiers begin under codes" in (said := capsys.readouterr().out)
    assert option in said
    assert run(["check", file, *AT, "--numbers-for", "H37.120"]) == 0
    assert run(["check", file, *AT, "--pattern", "{unit}-{yyMMdd}-{seq:04d}"]) == 0
    assert option not in capsys.readouterr().out
    assert run(["check", file, *AT, "--numbers-for", "06001", "--lang", "vi"]) == 1
    said = capsys.readouterr().out
    assert "may-not-number  /subject" in said
    assert "add-publisher kiosk --numbers-for" in said
    assert run(["check", file, *AT, "--numbers-for", "H37.*", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["own_codes"] == 1


def test_json_holds_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One document: counts, and every refusal with its faults."""
    file = _file(tmp_path, value(), value("dossier.returned"))
    assert run(["check", file, *AT, "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["events"], report["recorded"], report["refused"]) == (2, 1, 1)
    (refusal,) = report["refusals"]
    assert (refusal["line"], refusal["id"]) == (2, "dossier.returned-1")
    assert refusal["faults"][0]["rule"] == "illegal-transition"
    assert refusal["faults"][0]["remedy_vi"]


def test_one_object_over_many_lines_is_one_event(tmp_path: Path) -> None:
    """A publisher may check a single pretty-printed event."""
    pretty = json.dumps(json.loads(value()), indent=2).encode()
    assert run(["check", _file(tmp_path, pretty), *AT]) == 0


def test_dossiers_that_began_before_the_file_may_be_taken_as_known(tmp_path: Path) -> None:
    """Only with the option that says so."""
    file = _file(tmp_path, value("dossier.completed"))
    assert run(["check", file, *AT]) == 1
    assert run(["check", file, *AT, "--continuing"]) == 0


def test_a_future_moment_is_judged_by_the_clock_that_is_given(tmp_path: Path) -> None:
    """Before it happened, the event is refused."""
    file = _file(tmp_path, value())
    assert run(["check", file, "--now", "2026-11-22T08:00:00+07:00"]) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["/no/such/file"], "cannot be read"),
        (["{empty}"], "holds no event"),
        (["{listed}"], "one event to a line"),
        (["{events}", "--publisher", "Kiosk!"], "--publisher"),
        (["{events}", "--now", "2026-11-22"], "--now"),
        (["{events}", "--reference", "/no/such/folder"], "reference data"),
        (["{events}", "--numbers-for", "H37*"], "no prefix"),
        (["{events}", "--pattern", "{{unit}}-{{seq:04d}}"], "--pattern"),
    ],
)
def test_what_is_unusable_exits_with_two(
    arguments: list[str],
    sentence: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One clear sentence on stderr."""
    events = _file(tmp_path, value())
    empty = tmp_path / "empty.ndjson"
    empty.write_bytes(b"\n \n")
    listed = tmp_path / "list.json"
    listed.write_bytes(b"[\n{},\n{}\n]")
    filled = [part.format(empty=empty, events=events, listed=listed) for part in arguments]
    assert run(["check", *filled]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1


def test_a_line_longer_than_any_record_is_refused_for_its_size(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Five megabytes on one line; the next line is judged as ever."""
    huge = b'{"id": "' + b"x" * (5 * 1024 * 1024) + b'"}'
    assert run(["check", _file(tmp_path, huge, value()), *AT]) == 1
    said = capsys.readouterr().out
    assert "record-too-large" in said
    assert "2 events: 1 would be recorded" in said

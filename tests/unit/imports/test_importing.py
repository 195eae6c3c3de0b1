"""Profiles, sources and the account of an import, on small files made for it."""

import io
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typing_extensions import override

from deploy.imports.profile import Profile, ProfileError, read_profile
from deploy.imports.report import Report
from deploy.imports.resuming import PointFile
from deploy.imports.running import Import, OfflineReceiver, Receiver
from deploy.imports.sources import SourceError
from services.intake.core.arrivals import Sender
from services.intake.usecases.entries import Candidate
from shared.events.judge import IMPORT_PUBLISHER as IMPORT
from tests.fakes.intake import NOW, World

ROOT = Path(__file__).resolve().parents[3]
README = ROOT / "deploy/imports/README.md"

TABLE = """\
Mã hồ sơ;Xã;Mã TTHC;Kênh;Ngày nhận;Hạn trả;Ngày xong;Bước;Thời điểm;ID
1;Kỳ Lừa;1.004873;TT;02/11/2026 08:00;05/11/2026 17:00;04/11/2026 10:00;Thẩm định;03/11/2026 09:00;a1
2;;1.001193;??;02/11/2026 09:00;02/11/2026 17:00;;Thẩm định;02/11/2026 10:00;a2
1;Kỳ Lừa;1.004873;TT;02/11/2026 08:00;05/11/2026 17:00;04/11/2026 10:00;In phiếu;04/11/2026 11:00;a3
1;Kỳ Lừa;1.004873;TT;02/11/2026 08:00;05/11/2026 17:00;04/11/2026 10:00;Xin ý kiến;05/11/2026 11:00;a4
2;;1.001193;TT;02/11/2026 09:00;02/11/2026 17:00;;Chưa biết;02/11/2026 11:00;a5
3;;1.001193;TT;never;02/11/2026 17:00;;Thẩm định;02/11/2026 11:00;a6
2;;1.001193;TT;02/11/2026 09:00;02/11/2026 17:00;;Thẩm định;;a7
"""  # noqa: E501 -- A row is a line.

XES = """<?xml version="1.0"?>
<log xmlns="http://www.xes-standard.org/"><trace>
<string key="concept:name" value="c1"/><string key="channel" value="Desk"/>
<date key="startdate" value="2011-10-11T13:42:22.688+02:00"/>
<date key="deadline" value="2011-12-06T13:41:31.788+01:00"/>
<event><string key="concept:name" value="T02 Check confirmation of receipt"/>
<string key="concept:instance" value="t1"/><string key="org:group" value="Group 4"/>
<date key="time:timestamp" value="2011-10-12T08:26:25.398+02:00"/></event></trace></log>
"""


class WorldReceiver:
    """Intake in memory, asked as over HTTP."""

    def __init__(self, world: World) -> None:
        self.world = world

    def now(self) -> Any:  # noqa: ANN401 -- A moment.
        return self.world.clock.now()

    def send(self, events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        import asyncio  # noqa: PLC0415 -- Only here is a loop needed.

        candidates = [Candidate.of(event) for event in events]
        settled = asyncio.run(self.world.receive(Sender(IMPORT), candidates))
        return [
            {
                "outcome": answer.outcome.value,
                "repeated": answer.repeated,
                **answer.details,
                "faults": [fault.to_document() for fault in answer.faults],
            }
            for answer in settled.answers
        ]


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    """The example of the README, which therefore works."""
    (example,) = re.findall(r"```yaml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    path = tmp_path / "profile.yaml"
    path.write_text(example, encoding="utf-8")
    return read_profile(path)


def run(
    source: Path, profile: Profile, receiver: Receiver, points: PointFile | None = None
) -> tuple[Report, list[dict[str, Any]]]:
    """Import a file and return its report and the errors it listed."""
    errors = io.StringIO()
    report = Import(source, profile, receiver, errors, points).run()
    return report, [json.loads(line) for line in errors.getvalue().splitlines()]


def table(folder: Path, text: str = TABLE) -> Path:
    """Write a table."""
    path = folder / "export.csv"
    path.write_text(text, encoding="utf-8-sig")
    return path


def test_every_row_of_a_table_is_accounted_for(tmp_path: Path, profile: Profile) -> None:
    """Applied, left out, refused: each row once, however scattered a dossier's rows are."""
    report, errors = run(table(tmp_path), profile, WorldReceiver(World()))
    assert report.reconciles
    assert (report.rows, report.applied, report.duplicates) == (7, 3, 0)
    assert report.not_mapped == {"In phiếu": 1, "Chưa biết (unknown)": 1}
    assert report.refused == 2  # Dossier 3 has no beginning; a7 has no time.
    assert {error["row"] for error in errors} == {None, 6, 7}
    assert (report.dossiers, report.ended) == (2, 1)
    assert report.marked["after-end"].dossiers == ["K1-1"]
    assert (report.deadlines.on_time, report.deadlines.open) == (1, 1)


def test_importing_twice_changes_nothing(tmp_path: Path, profile: Profile) -> None:
    """The second time every event is known; what intake holds stays byte for byte."""
    world = World()
    receiver = WorldReceiver(world)
    source = table(tmp_path)
    run(source, profile, receiver)
    before = json.dumps(world.subjects.rows, default=str)
    world.later(hours=1)
    report, _ = run(source, profile, receiver)
    assert (report.applied, report.duplicates) == (0, 3)
    assert report.reconciles
    assert json.dumps(world.subjects.rows, default=str) == before


def test_an_interrupted_import_goes_on_where_it_stopped(
    tmp_path: Path, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sums of both parts are those of one run; lost answers count as applied once."""
    monkeypatch.setattr("deploy.imports.running.BATCH_EVENTS", 1)
    source = table(tmp_path)
    points = PointFile.of(tmp_path / "points", source, profile)
    receiver = WorldReceiver(World())

    class CutOff(WorldReceiver):
        """Answers one batch, records the next, and is gone before it answers."""

        calls = 0

        @override
        def send(self, events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
            self.calls += 1
            self.world.later(seconds=1)
            answers = super().send(events)
            if self.calls > 1:
                raise ConnectionError
            return answers

    with pytest.raises(ConnectionError):
        run(source, profile, CutOff(receiver.world), points)
    report, _ = run(source, profile, receiver, points)
    assert (report.rows, report.applied, report.duplicates) == (7, 3, 0)
    assert report.reconciles
    assert not points.path.exists()


def test_a_spreadsheet_and_a_table_are_the_same(tmp_path: Path, profile: Profile) -> None:
    """The same rows as XLSX give the same events."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for line in TABLE.splitlines():
        sheet.append(line.split(";"))
    path = tmp_path / "export.xlsx"
    book.save(path)
    of_table = WorldReceiver(World())
    of_sheet = WorldReceiver(World())
    run(table(tmp_path), profile, of_table)
    run(path, profile.model_copy(update={"format": "xlsx"}), of_sheet)
    assert json.dumps(of_table.world.subjects.rows, default=str) == json.dumps(
        of_sheet.world.subjects.rows, default=str
    )


def test_one_row_a_dossier(tmp_path: Path, profile: Profile) -> None:
    """The other layout: a row is a dossier, and is counted as one row."""
    flat = profile.model_copy(update={"layout": "cases", "rows": None})
    lines = TABLE.splitlines()
    source = table(tmp_path, "\n".join([lines[0], lines[1], lines[2], lines[6]]) + "\n")
    report, _ = run(source, flat, OfflineReceiver(NOW))
    assert report.reconciles
    assert (report.rows, report.applied, report.refused) == (3, 2, 1)
    assert report.own_events["dossier.completed"] == {"applied": 1}


def test_the_receipt_profile_reads_a_log(tmp_path: Path) -> None:
    """Instants keep their offsets' meaning, and what the contract refuses is listed."""
    path = tmp_path / "log.xes"
    path.write_text(XES, encoding="utf-8")
    receipt = read_profile(ROOT / "deploy/imports/profiles/receipt.yaml")
    world = World()
    report, errors = run(path, receipt, WorldReceiver(world))
    assert errors == []
    facts = world.subjects.rows["c1"]["state"]["facts"]
    assert [fact["t"] for fact in facts] == [
        "2011-10-11T18:42:22.688000+07:00",
        "2011-10-12T13:26:25.398000+07:00",
    ]
    assert facts[0]["d"]["given"] == "2011-12-06T19:41:31.788000+07:00"
    assert (report.dossiers, report.ended, report.deadlines.open) == (1, 0, 1)


@pytest.mark.parametrize(
    ("change", "place", "mend"),
    [
        (("format: csv", "format: ods"), "format", "must be"),
        (("type: dossier.accepted", "type: dossier.acepted"), "opening.type", "no such type"),
        (("name: kiosk-export", "name: Kiosk Export"), "name", "short name"),
        (("zone: Asia/Ho_Chi_Minh", "zone: Hanoi"), "clocks.zone", "no such time zone"),
        (("optional: true", "optoinal: true"), "case_events.0.optoinal", "no key"),
        (("{result: done}", "{resultat: done}"), "case_events.0", "no field 'resultat'"),
        (("{step: verify, agency: H37.19}", "{step: verify}"), "rows.map", "'agency'"),
        (("not_mapped: [In phiếu]", "not_mapped: [Thẩm định]"), "rows", "under map and under"),
        (("  at: {from: Ngày nhận}\n", ""), "top", "need `at`"),
        (("rows:", "rows: ["), "line", "mend the YAML"),
        (("profile: 1", "profile: 2"), "profile", "must be 1"),
    ],
)
def test_a_wrong_profile_says_what_where_and_how(
    tmp_path: Path, change: tuple[str, str], place: str, mend: str
) -> None:
    """One sentence for each mistake, with its place as it is written."""
    (example,) = re.findall(r"```yaml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    path = tmp_path / "wrong.yaml"
    path.write_text(example.replace(*change), encoding="utf-8")
    with pytest.raises(ProfileError) as refused:
        read_profile(path)
    assert str(path) in str(refused.value)
    assert place in str(refused.value)
    assert mend in str(refused.value)


def test_a_column_that_is_not_there_is_named(tmp_path: Path, profile: Profile) -> None:
    """Before anything is sent, with the columns that there are."""
    source = table(tmp_path, TABLE.replace("Hạn trả", "Hạn"))
    with pytest.raises(ProfileError, match=r"opening\.data\.given names the column 'Hạn trả'"):
        run(source, profile, OfflineReceiver(NOW))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xff\xfe\x00", "is not utf-8-sig"),
        (b"", "no first row"),
        (b"a;a\n1;2\n", "two columns 'a'"),
    ],
)
def test_a_table_that_cannot_be_read_says_why(
    tmp_path: Path, profile: Profile, content: bytes, why: str
) -> None:
    """One sentence that names the file."""
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=why):
        run(path, profile, OfflineReceiver(NOW))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("<log><trace>", "not well-formed"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><log/>', "document type"),
        ("<log/>", "holds no trace"),
    ],
)
def test_a_log_that_cannot_be_read_says_why(tmp_path: Path, content: str, why: str) -> None:
    """Neither half a log nor one with entities is read."""
    path = tmp_path / "bad.xes"
    path.write_text(content, encoding="utf-8")
    receipt = read_profile(ROOT / "deploy/imports/profiles/receipt.yaml")
    with pytest.raises(SourceError, match=why):
        run(path, receipt, OfflineReceiver(NOW))


def test_a_changed_file_has_no_point_to_go_on_from(tmp_path: Path, profile: Profile) -> None:
    """The point belongs to these bytes and this profile."""
    source = table(tmp_path)
    before = PointFile.of(tmp_path, source, profile)
    table(tmp_path, TABLE + TABLE.splitlines()[-1])
    assert PointFile.of(tmp_path, source, profile) != before
    renamed = profile.model_copy(update={"name": "other"})
    assert PointFile.of(tmp_path, source, renamed) != before

"""`motcua calendar` and `motcua rule`: what a preview says, and what stops a command."""

import csv
import json
import shlex
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from typing_extensions import override

from deploy.cli import main
from deploy.cli.change_lines import COUNTS, lines_of
from deploy.law_watch import law_watch_lines
from deploy.reference.load import BUNDLED
from services.workflow.core.preview import COUNTED
from shared.calendar.zone import legal_day
from shared.ops.clock import wall_now

LIMIT = {
    "proposal": "rule:new",
    "seen": "e-1",
    "proposed_at": "2026-11-23T09:00:00+07:00",
    "proposed_by": "p-20-officer-1",
    "retroactive": True,
    "row": {
        "rule": "new",
        "procedure": "1.004873",
        "limit": {"unit": "working_days", "value": 2},
        "valid_from": "2026-11-02",
        "source": "NĐ 1/2026",
    },
}
MOVED = {
    "subject": "H37.117-261123-0001",
    "obligation": "dossier_deadline",
    "old_due": None,
    "new_due": "2026-11-27T17:00:00+07:00",
    "what": ["dated", "citizens"],
}
PREVIEW = {
    **LIMIT,
    "as_of": "2026-11-23T10:15:00+07:00",
    "subjects": 40,
    "touched": 2,
    "counts": dict.fromkeys(COUNTED, 0) | {"dated": 1, "citizens": 1},
    "listed": [MOVED],
    "more": True,
}


HELD: dict[str, Any] = {
    "/v1/proposals": {"proposals": [LIMIT]},
    "/v1/calendar": {
        "published": {"first": "2025-01-01", "last": "2027-01-31"},
        "days": [
            {
                "row": "VN-2026-01-02",
                "day": "2026-01-02",
                "kind": "off",
                "reason": "swap",
                "counterpart": "2026-01-10",
                "source": "Chính phủ",
                "verified": True,
            }
        ],
    },
    "/v1/limits": {
        "limits": [
            {
                "rule": "1.004873-2025-07-01",
                "procedure": "1.004873",
                "channel": "online",
                "limit": {"unit": "working_days", "value": 3},
                "valid_from": "2025-07-01",
                "valid_to": "2027-03-01",
                "source": "NĐ 1/2025",
                "verified": False,
            }
        ]
    },
}
SATURDAY = 5
PROPOSED = "proposed by p-20-officer-1 on 2026-11-23; reaches into the past"
PROPOSE_RULE = "rule propose 1.004873 --limit working_days:2 --from 2026-12-01 --channel online"
SEEN = {"seen": "e-1"}
DECIDE_RULE = "/v1/proposals/rule%3Anew"
REFUSED_RULE = "1.001669-2027-03-01"


class Service(BaseHTTPRequestHandler):
    """Answers as intake and workflow do, and keeps what was asked."""

    asked: list[tuple[str, str, str | None, Any]] = []  # noqa: RUF012 -- Of the one server.

    def do_GET(self) -> None:
        found = next((HELD[part] for part in HELD if self.path.endswith(part)), PREVIEW)
        self._answer(found)

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        asked = json.loads(self.rfile.read(length))
        if asked.get("rule") == REFUSED_RULE:
            self._answer({"title": "no", "detail": "The key is not an officer's."}, asked, 403)
        else:
            self._answer({"subject": "calendar:VN-2027-01-04"}, asked)

    def _answer(self, body: object, asked: object = None, status: int = 200) -> None:
        key = self.headers.get("idempotency-key")
        self.asked.append((self.command, self.path, key, asked))
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    @override
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[Any]]:
    """A service that answers, and the environment that leads to it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    for name, value in {
        "MOTCUA_DATA": str(tmp_path),
        "MOTCUA_KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "MOTCUA_MONGO_URL": "mongodb://127.0.0.1:1",
        "MOTCUA_INTAKE_URL": address,
        "MOTCUA_WORKFLOW_URL": address,
        "MOTCUA_PERSON_KEY": "mc_key",
    }.items():
        monkeypatch.setenv(name, value)
    Service.asked.clear()
    yield Service.asked
    server.shutdown()
    server.server_close()


def test_every_count_of_a_preview_has_its_words() -> None:
    """Else a number would be left out in silence."""
    assert set(COUNTS) == set(COUNTED)


def test_a_preview_names_what_moves_and_what_was_seen() -> None:
    """Only what is not none; dates as people write them; how many more there are."""
    assert list(lines_of(PREVIEW)) == [
        f"rule:new: 1.004873 2 working_days from 2026-11-02 (NĐ 1/2026); {PROPOSED}",
        "  seen e-1, as of 2026-11-23 10:15",
        "  40 open dossiers and matters were looked at",
        "        1  without a date until now, and get one",
        "        1  applicants who are told a new date",
        "  H37.117-261123-0001  dossier_deadline  – → 17:00 27/11/2026  dated, citizens",
        "  … 2 in all; --limit lists more",
    ]


def test_nothing_that_moves_is_said_too() -> None:
    """An empty list could be taken for a failure."""
    quiet = {**PREVIEW, "counts": dict.fromkeys(COUNTED, 0), "listed": [], "more": False}
    assert list(lines_of(quiet))[-1] == "  nothing would move"


@pytest.mark.parametrize(
    ("arguments", "path", "body"),
    [
        (
            ["calendar", "propose", "2027-01-04", "--kind", "off", "--source", "CV 1"],
            "/v1/proposals/calendar",
            {"day": "2027-01-04", "kind": "off", "reason": "swap", "source": "CV 1"},
        ),
        (
            [*PROPOSE_RULE.split(), "--source", "NĐ 1"],
            "/v1/proposals/rule",
            {
                "procedure": "1.004873",
                "channel": "online",
                "limit": {"unit": "working_days", "value": 2, "after_supplement": "restart"},
                "valid_from": "2026-12-01",
                "source": "NĐ 1",
            },
        ),
        (["rule", "approve", "rule:new", "--seen", "e-1"], f"{DECIDE_RULE}/approve", SEEN),
        (["rule", "withdraw", "rule:new"], f"{DECIDE_RULE}/withdraw", SEEN),
    ],
)
def test_each_command_asks_intake_once_under_a_key_of_its_own(
    service: list[Any], arguments: list[str], path: str, body: dict[str, Any]
) -> None:
    """What is decided carries what was seen."""
    assert main.run(arguments) == 0
    method, asked, key, sent = service[-1]
    assert (method, asked, sent) == ("POST", path, body)
    assert key


def test_the_runbook_proposes_the_days_of_the_bundled_calendar(service: list[Any]) -> None:
    """Each weekday off after January 2027, then the span, with reason and source."""
    page = (BUNDLED.parent / "runbook" / "calendar-horizon-near.md").read_text(encoding="utf-8")
    for line in page.splitlines():
        if line.startswith("motcua calendar propose "):
            assert main.run(shlex.split(line)[1:]) == 0
    proposed = [body for _, _, _, body in service]
    with (BUNDLED / "calendar.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["day"] > "2027-01-31"]
    moves = [row for row in rows if date.fromisoformat(row["day"]).weekday() < SATURDAY]
    spans = [row for row in rows if row["kind"] == "published_through"]
    names = ("day", "kind", "reason", "source")
    assert [[body[name] for name in names] for body in proposed] == [
        [row[name] for name in names] for row in (*moves, *spans)
    ]
    assert proposed[-1]["row"] == spans[0]["row"]
    assert proposed[-1]["counterpart"] == spans[0]["counterpart"]


HEADER = "rule,procedure,limit_unit,limit_value,valid_from,source,verified\n"
OF_A_FILE = (
    "new,1.004873,working_days,2,2026-11-02,NĐ 1/2026,false\n"
    "1.004873-2025-07-01,1.004873,working_days,3,2025-07-01,NĐ 1/2025,false\n"
    "1.001193-2027-03-01,1.001193,clock_hours,24,2027-03-01,Luật 03/2026/QH16,false\n"
)


def test_a_file_proposes_what_neither_waits_nor_holds(
    service: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Asked again, the command goes on where it stopped; a dry run sends nothing."""
    file = tmp_path / "rules.csv"
    file.write_text(HEADER + OF_A_FILE, encoding="utf-8")
    assert main.run(["rule", "propose-file", str(file), "--dry-run"]) == 0
    assert [one for one in service if one[0] == "POST"] == []
    assert "would be proposed: 1.001193 24 clock_hours from 2027-03-01" in (
        capsys.readouterr().out
    )
    assert main.run(["rule", "propose-file", str(file)]) == 0
    ((_, path, key, sent),) = [one for one in service if one[0] == "POST"]
    assert path == "/v1/proposals/rule"
    assert key
    assert sent == {
        "rule": "1.001193-2027-03-01",
        "procedure": "1.001193",
        "limit": {"unit": "clock_hours", "value": 24},
        "valid_from": "2027-03-01",
        "source": "Luật 03/2026/QH16",
    }
    waits, holds, proposed, _ = capsys.readouterr().out.splitlines()
    assert waits.startswith("waits already: 1.004873 2 working_days")
    assert holds.startswith("in force already: 1.004873 3 working_days")
    assert proposed.startswith("proposed: 1.001193 24 clock_hours")


def test_a_row_that_intake_refuses_is_not_called_proposed(
    service: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command stops there, says why, and names what it proposed before."""
    refused = f"{REFUSED_RULE},1.001669,clock_hours,24,2027-03-01,Luật 03/2026/QH16,false\n"
    file = tmp_path / "rules.csv"
    file.write_text(HEADER + OF_A_FILE + refused, encoding="utf-8")
    assert main.run(["rule", "propose-file", str(file)]) == 1
    printed = capsys.readouterr()
    assert [one[3]["rule"] for one in service if one[0] == "POST"] == [
        "1.001193-2027-03-01",
        REFUSED_RULE,
    ]
    assert "\nproposed: 1.001193" in printed.out
    assert "1.001669" not in printed.out
    assert "motcua rule approve" not in printed.out
    assert "The key is not an officer's." in printed.err


@pytest.mark.parametrize(
    "content", [None, HEADER + "new,1.004873,weeks,2,2026-11-02,NĐ,false\n"]
)
def test_a_file_that_is_none_proposes_nothing(
    service: list[Any], tmp_path: Path, content: str | None
) -> None:
    """One wrong row stops the file before its first is sent."""
    file = tmp_path / "rules.csv"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    assert main.run(["rule", "propose-file", str(file)]) == 1
    assert service == []


IN_FORCE = (
    "In force, published 2025-01-01 to 2027-01-31:\n"
    "  2026-01-02 off, with 2026-01-10 (Chính phủ)  VN-2026-01-02\n"
)
WATCHED = "".join(f"{line}\n" for line in law_watch_lines(legal_day(wall_now()), as_json=False))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("calendar list", f"Nothing is proposed.\n{IN_FORCE}{WATCHED}"),
        ("calendar list --in-force", IN_FORCE),
        ("calendar list --waiting", "Nothing is proposed.\n"),
        (
            "rule list",
            (
                "Waiting for a second person:\n"
                f"  rule:new: 1.004873 2 working_days from 2026-11-02 (NĐ 1/2026); {PROPOSED}\n"
                "In force:\n"
                "  1.004873 3 working_days online from 2025-07-01 to 2027-03-01 "
                "(NĐ 1/2025; not verified)  1.004873-2025-07-01\n"
            ),
        ),
    ],
)
def test_what_waits_and_what_holds_is_listed(
    service: list[Any], capsys: pytest.CaptureFixture[str], arguments: str, said: str
) -> None:
    """Limits are no days; what holds names the id by which it is changed."""
    assert main.run(arguments.split()) == 0
    assert capsys.readouterr().out == said
    assert service


def test_a_program_reads_both_line_by_line(
    service: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each says which it is, and has the row as the service gives it."""
    assert main.run(["rule", "list", "--json"]) == 0
    waits, holds = map(json.loads, capsys.readouterr().out.splitlines())
    assert waits == {"state": "waiting", **LIMIT}
    assert holds == {"state": "in_force", "row": HELD["/v1/limits"]["limits"][0]}
    assert main.run(["calendar", "list", "--json", "--in-force"]) == 0
    (day,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (day["state"], day["row"]["day"]) == ("in_force", "2026-01-02")
    assert main.run(["rule", "preview", "rule:new"]) == 0
    assert "get one" in capsys.readouterr().out
    assert service


def test_a_limit_that_is_none_and_a_missing_key_are_said(
    service: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence, and the code of a wrong argument."""
    wrong = ["rule", "propose", "1.004873", "--limit", "days:few", "--from", "2026-12-01"]
    assert main.run([*wrong, "--source", "NĐ 1"]) == 2
    assert "write it like working_days:3" in capsys.readouterr().err
    monkeypatch.delenv("MOTCUA_PERSON_KEY")
    assert main.run(["calendar", "list"]) == 2
    assert "motcua keys add --role province --person" in capsys.readouterr().err
    assert service == []

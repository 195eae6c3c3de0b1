"""The published vectors of obligations: by the engine, and by the auditor's own derivation."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from deploy.auditor.core import dossier as auditors_dossier
from deploy.auditor.core.history import fact_of
from deploy.auditor.core.law import Laws
from deploy.auditor.core.one import About, count_one
from deploy.auditor.core.single import KINDS as AUDITED
from deploy.reference.load import bundled_reference, reference_events
from services.workflow.core.facts import gather
from services.workflow.core.kinds.registry import KINDS
from shared.calendar.vectors.run import VECTORS
from shared.calendar.zone import ICT
from shared.events import answers, dossiers
from shared.events.envelope import Event, to_document
from shared.events.model import EventData
from tests.property.auditor.played import LADDERS

Json = Mapping[str, Any]
FILE: Final = Path("shared/calendar/vectors/obligations.json")
CASES: Final = json.loads(FILE.read_text(encoding="utf-8"))["cases"]
UNIT: Final = "06112"
SUBJECT: Final = "H37.117-260302-0001"
KNOWN: Final[tuple[type[EventData], ...]] = (*dossiers.MODELS, answers.NoticeProven)
MODELS: Final = {model.NAME: model for model in KNOWN}


def events_of(case: Json) -> list[Event]:
    """Return the events of a case; each has the id `e1`, `e2`, … by its place."""
    found = []
    for number, one in enumerate(case["events"], start=1):
        moment = datetime.fromisoformat(one["time"])
        event = Event(
            id=f"e{number}",
            source="urn:motcua:publisher:counter",
            name=one["name"],
            subject=SUBJECT,
            time=moment,
            sequence=number,
            recordedtime=moment.astimezone(UTC),
            receivingunit=one.get("receiving", UNIT),
            competentunit=one.get("competent", UNIT),
            data=MODELS[one["name"]].model_validate(one["data"]),
        )
        found.append(event)
    return found


def iso(moment: datetime | None) -> str | None:
    """Write a moment as the vectors have it."""
    return None if moment is None else moment.astimezone(ICT).isoformat()


def row(
    name: str, opened: datetime, due: datetime | None, how: str, ended: datetime | None
) -> dict[str, str | None]:
    """Write an obligation as the vectors have it."""
    found = {"obligation": name, "opened": iso(opened), "due": iso(due), "how": how}
    return found if ended is None else {**found, "ended": iso(ended)}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_engine_derives_them(case: Json) -> None:
    """From the events alone, in the order in which they happened."""
    facts = gather(SUBJECT, UNIT, events_of(case))
    found = []
    for one in KINDS[case["kind"]].assess(facts, bundled_reference()):
        end = one.discharge
        how = "open" if end is None else "void" if end.void else "late"
        how = "in_time" if how == "late" and end is not None and end.in_time else how
        ended = None if end is None else end.at
        found.append(row(one.id, one.opened_at, one.due, how, ended))
    assert found == case["expect"]


LAWS: Final = Laws(
    to_document(event.model_copy(update={"recordedtime": event.time, "sequence": number}))
    for number, event in enumerate(reference_events(), start=1)
)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_auditor_derives_the_same(case: Json) -> None:
    """It shares no code with the engine."""
    facts = [fact_of(to_document(event)) for event in events_of(case)]
    law = LAWS.last
    assert law is not None
    about = About(SUBJECT, UNIT, facts, law, auditors_dossier.read(facts, UNIT))
    found = []
    for one in AUDITED[case["kind"]](about):
        owed = count_one(one, about, LADDERS[case["kind"]])
        ended = None if owed.discharged is None else owed.discharged[0]
        how = "open" if ended is None else "void" if owed.void else "late"
        if how == "late" and ended is not None and owed.due is not None and ended <= owed.due:
            how = "in_time"
        found.append(row(owed.id, one.start, owed.due, how, ended))
    assert found == case["expect"]


def test_every_case_has_a_name_of_its_own_and_the_calendar_is_published() -> None:
    """The calendar and the hours stand in the file of the deadlines."""
    names = [case["name"] for case in CASES]
    assert len(names) == len(set(names)) > 20
    assert all(case["name"].startswith(f"{case['kind']}/") for case in CASES)
    beside = json.loads(VECTORS.read_text(encoding="utf-8"))
    vectors = json.loads(FILE.read_text(encoding="utf-8"))
    assert vectors["calendar"] in beside["calendars"]
    assert vectors["opening"] in beside["openings"]

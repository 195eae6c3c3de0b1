"""The reference data of this folder as events of the publisher `province`.

The ids come from the content: loading the same rows again repeats the same events, which
intake knows already; a changed row is a new event, and takes the place of the old one.
"""

import csv
import json
from collections.abc import Iterator
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import yaml

from shared.calendar.zone import ICT
from shared.events.codes import PROVINCE, PUBLISHER_SOURCE_PREFIX
from shared.events.envelope import Event, to_document
from shared.events.model import EventData
from shared.events.reference import (
    AgencyNamed,
    CalendarApproved,
    ProcedureDecided,
    RoleAssigned,
    RuleApproved,
    RuleProposed,
    UnitChanged,
    subject_of,
)
from shared.reference.view import Reference, apply

BUNDLED: Final = Path(__file__).resolve().parent
PROPOSED_RULES: Final = "proposed_rules.csv"
PUBLISHER: Final = "province"
SOURCE: Final = f"{PUBLISHER_SOURCE_PREFIX}{PUBLISHER}:bundle"
# Facts of the law do not happen when they are loaded: the day the two-tier communes began.
OCCURRED: Final = datetime(2025, 7, 1, tzinfo=ICT)
_ID_CHARACTERS: Final = 40


def reference_data(
    folder: Path = BUNDLED, *, obligations_from: date | None = None
) -> Iterator[EventData]:
    """Yield every row of a folder of reference data, units first.

    Args:
        folder: Where `units.csv`, `opening.yaml`, `roles.yaml`, `calendar.csv`,
            `procedures.csv` and `rules.csv` are; `former_units.csv` and `agencies.csv` may be
            left out.
        obligations_from: From when the units' calendar obligations open; none, never.

    Raises:
        ValueError: a row is none that the contract allows.
    """
    yield from _units(folder, obligations_from)
    yield from _agencies(folder)
    yield from _calendar(folder)
    yield from _procedures(folder)
    yield from _rules(folder)
    yield from _roles(folder)


def reference_events(
    folder: Path = BUNDLED, *, obligations_from: date | None = None
) -> list[Event]:
    """Return the rows of a folder as the events that `province` publishes.

    Raises:
        ValueError: a row is none that the contract allows.
    """
    rows = reference_data(folder, obligations_from=obligations_from)
    return [_event(data) for data in rows]


def reference_documents(
    folder: Path = BUNDLED, *, obligations_from: date | None = None
) -> list[dict[str, Any]]:
    """Return the same as CloudEvents, one to a line of NDJSON for `POST /v1/events`.

    Raises:
        ValueError: a row is none that the contract allows.
    """
    events = reference_events(folder, obligations_from=obligations_from)
    return [to_document(event) for event in events]


def proposed_rules(path: Path = BUNDLED / PROPOSED_RULES) -> list[RuleProposed]:
    """Return the limits of a file that persons are to decide on; loading puts none in force.

    Raises:
        OSError: the file cannot be read.
        ValueError: a row is none that the contract allows.
    """
    return [RuleProposed.model_validate(cells) for cells in _rule_rows(path)]


def bundled_reference(
    folder: Path = BUNDLED, *, obligations_from: date | None = None
) -> Reference:
    """Return the view that a service would hold after loading a folder, made offline.

    Raises:
        ValueError: a row is none that the contract allows.
    """
    view = Reference.empty()
    events = reference_events(folder, obligations_from=obligations_from)
    for sequence, event in enumerate(events, start=1):
        view = apply(view, event.model_copy(update={"sequence": sequence}))
    return view


def _event(data: EventData) -> Event:
    subject = subject_of(data)
    content = json.dumps(
        [data.NAME, subject, _identifying(data)], sort_keys=True, ensure_ascii=False
    )
    digest = sha256(content.encode()).hexdigest()[:_ID_CHARACTERS]
    return Event(
        id=f"reference-{digest}",
        source=SOURCE,
        name=data.NAME,
        subject=subject,
        time=OCCURRED,
        data=data,
    )


def _identifying(data: EventData) -> dict[str, Any]:
    """Return what makes the id, without a choice that the contract gained and no row makes.

    So a newer release repeats the events of an older one, where the rows are the same.
    """
    dumped = data.model_dump(mode="json")
    match data:
        case RuleApproved() if data.limit.outside_opening == "as_is":
            del dumped["limit"]["outside_opening"]
        case ProcedureDecided():
            for field in ("linked", "online_level"):
                if dumped[field] is None:
                    del dumped[field]
        case UnitChanged() if data.former is None:
            del dumped["former"]
    return dumped


def _units(folder: Path, obligations_from: date | None) -> Iterator[EventData]:
    opening = _yaml(folder / "opening.yaml")
    former = _former(folder / "former_units.csv")
    for cells in _csv(folder / "units.csv"):
        own = opening["units"].get(cells["unit"], opening["default"])
        yield UnitChanged.model_validate(
            {
                "unit": cells["unit"],
                "name": cells["name"],
                "type": cells["type"],
                "electronic_id": cells["electronic_id"],
                "synthetic": cells["synthetic"],
                "numbering": cells["numbering"],
                "opening": own,
                "obligations_from": obligations_from,
                "former": former.pop(cells["unit"], None),
            }
        )
    if former:
        raise ValueError(f"former_units.csv: no unit {', '.join(sorted(former))} in units.csv")


def _former(path: Path) -> dict[str, list[dict[str, str]]]:
    """Return the former codes of each unit that has any."""
    found: dict[str, list[dict[str, str]]] = {}
    for cells in _csv(path) if path.exists() else ():
        found.setdefault(cells.pop("unit"), []).append(cells)
    return found


def _agencies(folder: Path) -> Iterator[EventData]:
    path = folder / "agencies.csv"
    for cells in _csv(path) if path.exists() else ():
        yield AgencyNamed.model_validate(cells)


def _calendar(folder: Path) -> Iterator[EventData]:
    for cells in _csv(folder / "calendar.csv"):
        yield CalendarApproved.model_validate(cells)


def _procedures(folder: Path) -> Iterator[EventData]:
    for cells in _csv(folder / "procedures.csv"):
        systems = cells.pop("systems", "").split()
        yield ProcedureDecided.model_validate({**cells, "systems": systems or None})


def _rules(folder: Path) -> Iterator[EventData]:
    for cells in _rule_rows(folder / "rules.csv"):
        yield RuleApproved.model_validate(cells)


def _rule_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file of limits, the columns of the limit put together."""
    for cells in _csv(path):
        limit = {
            name.removeprefix("limit_"): cells.pop(name)
            for name in list(cells)
            if name.startswith("limit_")
        }
        yield {**cells, "limit": limit}


def _roles(folder: Path) -> Iterator[EventData]:
    roles = _yaml(folder / "roles.yaml")
    units = [cells["unit"] for cells in _csv(folder / "units.csv")]
    for unit in units:
        for row in roles["province" if unit == PROVINCE else "commune"]:
            yield RoleAssigned(
                person=row["person"].format(unit=unit),
                role=row["role"],
                unit=unit,
                deputy=row["deputy"].format(unit=unit) if row.get("deputy") else None,
                from_day=roles["from_day"],
            )


def _csv(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a file without its empty cells."""
    with path.open(encoding="utf-8", newline="") as file:
        for cells in csv.DictReader(file):
            yield {name: value for name, value in cells.items() if value}


def _yaml(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded

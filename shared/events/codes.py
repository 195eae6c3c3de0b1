"""The shapes of codes and subjects, and how a subject is put together and read.

A code is an opaque key once it is issued; its shape is checked at the door only. None of them
can hold a name, a telephone number or an address, so they may be keys and stand in logs.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from hashlib import sha256
from typing import Annotated, Final, Literal

from pydantic import StringConstraints

#: 5 digits for a commune, 2 for the province (QĐ 19/2025/QĐ-TTg).
UNIT_PATTERN: Final = r"^(?:[0-9]{5}|[0-9]{2})$"
#: National code of a procedure, its local variant and its services.
PROCEDURE_PATTERN: Final = (
    r"^[0-9]\.[0-9]{6}(?:\.[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.[A-Y][0-9]{2})?(?:\.[0-9]{2})?$"
)
#: Dossier codes of the three generations seen; an installation may narrow it.
DOSSIER_PATTERN: Final = (
    r"^(?:[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.)?[A-Y][0-9]{2}(?:\.[0-9]{2,3}){0,3}"
    r"-(?:[0-9]{6}|[0-9]{8})-[0-9]{4,7}$"
)
#: A dossier code of another system, taken as it is: an opaque key that is safe in logs.
OPAQUE_PATTERN: Final = r"^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,58}[A-Za-z0-9])?$"
#: Electronic identifier of a state body (QĐ 20/2020/QĐ-TTg).
ELECTRONIC_ID_PATTERN: Final = r"^[A-Y][0-9]{2}(?:\.[0-9]{2,3}){0,3}$"
#: A person of the organisation, by an id that says nothing about them.
PERSON_PATTERN: Final = r"^p-[a-z0-9]+(?:-[a-z0-9]+){0,5}$"
#: A calendar month.
MONTH_PATTERN: Final = r"^[0-9]{4}-(?:0[1-9]|1[0-2])$"
#: A word of a closed or local list: a reason, a cause, a step, a system, a division.
SLUG_PATTERN: Final = r"^[a-z][a-z0-9]*(?:[_-][a-z0-9]+){0,7}$"
#: A component of a dossier, an agency, a result: codes of other systems.
ITEM_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$"
#: An id of an event, a notice, an incident.
IDENTIFIER_PATTERN: Final = r"^[A-Za-z0-9](?:[A-Za-z0-9._:/+=~-]{0,126}[A-Za-z0-9=])?$"
#: What tells an obligation from others of its kind is at most this long.
OBLIGATION_TAIL_CHARACTERS_MAX: Final = 60
#: An obligation of a subject: its kind, and what of it where there are several.
OBLIGATION_PATTERN: Final = (
    rf"^[a-z][a-z0-9_]{{0,39}}(?::[A-Za-z0-9._-]{{1,{OBLIGATION_TAIL_CHARACTERS_MAX}}})?$"
)
PUBLISHER_PATTERN: Final = r"^[a-z][a-z0-9-]{1,30}$"
#: A type without its prefix and major.
EVENT_NAME_PATTERN: Final = r"^[a-z]+\.[a-z]+(?:_[a-z]+){0,4}$"
#: What a publisher says it is, with an instance of it where it likes.
SOURCE_PATTERN: Final = r"^urn:motcua:publisher:[a-z][a-z0-9-]{1,30}(?::[A-Za-z0-9._-]{1,60})?$"
TRACEPARENT_PATTERN: Final = r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"
HASH_PATTERN: Final = r"^[0-9a-f]{64}$"

UnitCode = Annotated[str, StringConstraints(pattern=UNIT_PATTERN)]
ProcedureCode = Annotated[str, StringConstraints(pattern=PROCEDURE_PATTERN)]
DossierCode = Annotated[str, StringConstraints(pattern=DOSSIER_PATTERN, max_length=50)]
ElectronicId = Annotated[str, StringConstraints(pattern=ELECTRONIC_ID_PATTERN, max_length=35)]
PersonId = Annotated[str, StringConstraints(pattern=PERSON_PATTERN, max_length=64)]
Month = Annotated[str, StringConstraints(pattern=MONTH_PATTERN)]
Slug = Annotated[str, StringConstraints(pattern=SLUG_PATTERN, max_length=64)]
ItemCode = Annotated[str, StringConstraints(pattern=ITEM_PATTERN, max_length=40)]
Identifier = Annotated[str, StringConstraints(pattern=IDENTIFIER_PATTERN, max_length=128)]
ObligationId = Annotated[str, StringConstraints(pattern=OBLIGATION_PATTERN)]
PublisherName = Annotated[str, StringConstraints(pattern=PUBLISHER_PATTERN)]
EventName = Annotated[str, StringConstraints(pattern=EVENT_NAME_PATTERN, max_length=64)]
Sha256 = Annotated[str, StringConstraints(pattern=HASH_PATTERN)]

PROVINCE: Final = "20"
SUBJECT_CHARACTERS_MAX: Final = 120
SOURCES_KEPT: Final = 1_024
"""How many sources are kept at hand with their publishers: each event asks for its own."""
TAIL_MARK_CHARACTERS: Final = 12
PUBLISHER_SOURCE_PREFIX: Final = "urn:motcua:publisher:"
SERVICE_SOURCE_PREFIX: Final = "urn:motcua:service:"

QUARTER_MONTHS: Final = 3

Session = Literal["am", "pm"]

_DAY = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_OWN = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,58}[A-Za-z0-9])?"
_PROCEDURE = PROCEDURE_PATTERN.removeprefix("^").removesuffix("$")

#: Kind of matter → shape of its id. Ids that both sides can derive have a shape of their own.
MATTER_IDS: Final[Mapping[str, re.Pattern[str]]] = {
    "interruption": re.compile(_OWN),
    "outage": re.compile(_OWN),
    "duty": re.compile(rf"{_DAY}/(?:am|pm)"),
    "conditions": re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])"),
    "defect": re.compile(_OWN),
    "posting": re.compile(rf"{_PROCEDURE}/{_DAY}"),
    "meeting": re.compile(r"[0-9]{4}-Q[1-4]"),
    "staff_posting": re.compile(_DAY),
    "secondment": re.compile(_OWN),
    "rating": re.compile(_OWN),
    "petition": re.compile(_OWN),
    "support": re.compile(_OWN),
    "connection": re.compile(r"[a-z][a-z0-9-]{1,30}"),
    "datarequest": re.compile(_OWN),
    "coverage": re.compile("ladder"),
    "loss": re.compile(_OWN),
    "figures": re.compile(rf"(?:ii06a|07a)-{_DAY}-{_DAY}"),
    "audit": re.compile(_DAY),
}

_DATED = frozenset({"duty", "posting", "staff_posting", "audit", "figures"})
_DAY_IN_ID = re.compile(_DAY)
_DOSSIER = re.compile(DOSSIER_PATTERN)
_OPAQUE = re.compile(OPAQUE_PATTERN)
_UNIT = re.compile(UNIT_PATTERN)
_PUBLISHER = re.compile(PUBLISHER_PATTERN)


@dataclass(frozen=True, slots=True)
class Matter:
    """The parts of a centre matter's subject."""

    unit: str
    kind: str
    id: str

    @property
    def subject(self) -> str:
        """The subject as it stands in the envelope."""
        return f"{self.unit}/{self.kind}/{self.id}"


def is_matter(subject: str) -> bool:
    """Say whether a subject is a centre's matter; every other subject is a dossier."""
    return "/" in subject


def is_dossier_code(subject: str) -> bool:
    """Say whether a subject has the national shape of a dossier code."""
    return len(subject) <= SUBJECT_CHARACTERS_MAX and _DOSSIER.fullmatch(subject) is not None


def is_opaque_code(subject: str) -> bool:
    """Say whether a subject may be a dossier's key at all, whoever issued it."""
    return _OPAQUE.fullmatch(subject) is not None


def parse_matter(subject: str) -> Matter | None:
    """Read a matter's subject; None when it has not the shape that its kind asks for."""
    parts = subject.split("/", 2)
    if len(parts) != len(("unit", "kind", "id")) or len(subject) > SUBJECT_CHARACTERS_MAX:
        return None
    unit, kind, rest = parts
    shape = MATTER_IDS.get(kind)
    if shape is None or _UNIT.fullmatch(unit) is None or shape.fullmatch(rest) is None:
        return None
    if any(not _exists(day) for day in _DAY_IN_ID.findall(rest) if kind in _DATED):
        return None
    return Matter(unit=unit, kind=kind, id=rest)


def _exists(day: str) -> bool:
    """Say whether a day is in the calendar: the shape alone lets 30 February pass."""
    try:
        date.fromisoformat(day)
    except ValueError:
        return False
    return True


def matter_subject(unit: str, kind: str, own_id: str) -> str:
    """Put a matter's subject together.

    Raises:
        ValueError: The parts have not the shape that the kind asks for.
    """
    subject = f"{unit}/{kind}/{own_id}"
    if parse_matter(subject) is None:
        raise ValueError(f"not a subject of kind {kind}: {subject!r}")
    return subject


def duty_subject(unit: str, day: date, session: Session) -> str:
    """Name the session in which someone must be on duty at a unit."""
    return matter_subject(unit, "duty", f"{day.isoformat()}/{session}")


def duty_session(matter: Matter) -> tuple[date, Session]:
    """Read the day and the session from a duty matter.

    Raises:
        ValueError: The matter is not one of duty.
    """
    day, _, session = matter.id.partition("/")
    if matter.kind != "duty" or session not in {"am", "pm"}:
        raise ValueError(f"not a duty matter: {matter.subject!r}")
    return date.fromisoformat(day), "am" if session == "am" else "pm"


def conditions_subject(unit: str, year: int, month: int) -> str:
    """Name a unit's self-assessment of one month."""
    return matter_subject(unit, "conditions", f"{year:04d}-{month:02d}")


def posting_subject(unit: str, procedure: str, decided_on: date) -> str:
    """Name a unit's posting of one decision on a procedure."""
    return matter_subject(unit, "posting", f"{procedure}/{decided_on.isoformat()}")


def meeting_subject(unit: str, year: int, quarter: int) -> str:
    """Name a unit's meeting with the agencies of one quarter."""
    return matter_subject(unit, "meeting", f"{year:04d}-Q{quarter}")


def meeting_quarter(matter: Matter) -> date:
    """Return the first day of the quarter that a record of a meeting is of.

    Raises:
        ValueError: The record is not one of a meeting.
    """
    year, _, quarter = matter.id.partition("-Q")
    if matter.kind != "meeting":
        raise ValueError(f"not a record of a meeting: {matter.subject!r}")
    return date(int(year), (int(quarter) - 1) * QUARTER_MONTHS + 1, 1)


def staff_posting_subject(unit: str, changed_on: date) -> str:
    """Name a unit's list of staff after the change of one day."""
    return matter_subject(unit, "staff_posting", changed_on.isoformat())


def figures_subject(unit: str, form: str, first: date, last: date) -> str:
    """Return the subject of a form that a unit reports for a period."""
    return matter_subject(unit, "figures", figures_id(form, first, last))


def figures_id(form: str, first: date, last: date) -> str:
    """Return what tells a unit's reports apart: the form and its period."""
    return f"{form}-{first.isoformat()}-{last.isoformat()}"


def loss_subject(publisher: str, partition: int, first_offset: int) -> str:
    """Return the subject of records that were deleted before they were read."""
    return matter_subject(PROVINCE, "loss", f"{publisher}-{partition}-{first_offset}")


def connection_subject(unit: str, system: str) -> str:
    """Name the link of a unit to another system."""
    return matter_subject(unit, "connection", system)


def obligation_id(kind: str, tail: str) -> str:
    """Name one of several obligations of a kind, by what tells it from the others.

    A tail that is longer than an id has room for keeps its beginning, and ends with a full stop
    and 12 hex digits of its SHA-256. So every word of the contract, and how often it was met,
    has an id of its own.

    Args:
        kind: The kind of obligation.
        tail: Letters, digits and `. _ -`; at least one.
    """
    if len(tail) > OBLIGATION_TAIL_CHARACTERS_MAX:
        mark = sha256(tail.encode()).hexdigest()[:TAIL_MARK_CHARACTERS]
        kept = OBLIGATION_TAIL_CHARACTERS_MAX - TAIL_MARK_CHARACTERS - 1
        tail = f"{tail[:kept]}.{mark}"
    return f"{kind}:{tail}"


@lru_cache(maxsize=SOURCES_KEPT)
def publisher_of(source: str) -> str | None:
    """Read the publisher from a source; None where it names none."""
    if not source.startswith(PUBLISHER_SOURCE_PREFIX):
        return None
    name = source.removeprefix(PUBLISHER_SOURCE_PREFIX).partition(":")[0]
    return name if _PUBLISHER.fullmatch(name) else None


def publisher_source(publisher: str, instance: str | None = None) -> str:
    """Write the source of what a publisher sends."""
    tail = f":{instance}" if instance else ""
    return f"{PUBLISHER_SOURCE_PREFIX}{publisher}{tail}"


def service_source(service: str) -> str:
    """Write the source of what one of our services emits."""
    return f"{SERVICE_SOURCE_PREFIX}{service}"

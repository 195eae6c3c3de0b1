"""The small province that scenarios play in, and the names that their tables use."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import cache
from typing import Final

from shared.calendar.zone import ICT
from shared.events.model import EventData
from shared.events.reference import ProcedureDecided, RuleApproved, RuleLimit, UnitChanged
from shared.reference.view import Reference
from tests.unit.workflow.province import (
    FIRST,
    NO_RULE,
    PROVINCE,
    SAME_DAY,
    SOURCE,
    SUBTRACTING,
    TEN_DAYS,
    THREE_DAYS,
    UNIT,
    decide,
    province_events,
)

YEAR: Final = 2026
HANDLER: Final = f"p-{UNIT}-handler"

PROCEDURES: Final[Mapping[str, str]] = {
    "three-days": THREE_DAYS,
    "same-day": SAME_DAY,
    "ten-days": TEN_DAYS,
    "ten-days-subtracting": SUBTRACTING,
    "no-rule": NO_RULE,
    "eight-hours": "1.000011",
    "twenty-four-clock-hours": "1.000014",
    "three-half-days": "1.000012",
    "fifteen-calendar-days": "1.000013",
}
"""What tables call the procedures, after their limits."""

CONTACTS: Final[Mapping[str, Mapping[str, str]]] = {
    "citizen": {"email": "citizen@example.test"},
    "by-phone": {"phone": "0912345678"},
    "every-way": {"email": "citizen@example.test", "phone": "0912345678", "zalo": "0912345678"},
}
"""What tables call an applicant's contact."""

_MORE_LIMITS: Final[Mapping[str, RuleLimit]] = {
    "eight-hours": RuleLimit(unit="hours", value=8),
    "twenty-four-clock-hours": RuleLimit(unit="clock_hours", value=24),
    "three-half-days": RuleLimit(unit="half_days", value=3),
    "fifteen-calendar-days": RuleLimit(unit="calendar_days", value=15),
}


@cache
def world(name: str) -> Reference:
    """Return a small province by its name.

    `quiet` owes nothing of what the calendar opens; `duty 2026-01-06` owes it at one commune,
    from that day on.
    """
    kind, _, first_day = name.partition(" ")
    assert kind in {"quiet", "duty"}, f"no such world: {name}"
    begins = date.fromisoformat(first_day) if first_day else None
    view = Reference.empty()
    decided = [*(event.data for event in province_events()), *_more_procedures()]
    for data in decided:
        if isinstance(data, UnitChanged):
            first = begins if data.unit == UNIT else None
            view = decide(view, data.model_copy(update={"obligations_from": first}))
        else:
            view = decide(view, data)
    return view


def _more_procedures() -> Iterator[EventData]:
    for name, limit in _MORE_LIMITS.items():
        code = PROCEDURES[name]
        yield ProcedureDecided(
            procedure=code,
            name=f"Procedure {code}",
            field="ho_tich",
            decided_on=FIRST,
            source=SOURCE,
        )
        yield RuleApproved(
            rule=f"rule-{code}", procedure=code, limit=limit, valid_from=FIRST, source=SOURCE
        )


def moment(text: str) -> datetime:
    """Return the instant of `Mon 5 Jan 09:00` of the year that scenarios play in."""
    fields = text.split()
    assert len(fields) == 4, f"no moment like `Mon 5 Jan 09:00`: {text}"
    naive = datetime.strptime(f"{YEAR} {' '.join(fields[1:])}", "%Y %d %b %H:%M")  # noqa: DTZ007
    assert naive.strftime("%a") == fields[0], f"{text} is a {naive:%a}"
    return naive.replace(tzinfo=ICT)


def dossier_code(letter: str) -> str:
    """Return the code of the dossier called A, B and so on."""
    return f"H37.100-260105-{ord(letter) - ord('A') + 1:04d}"


def person(name: str) -> str:
    """Return the id of `chairman`, `06040-director` or `province`."""
    if name == "province":
        return f"p-{PROVINCE}-province"
    return f"p-{name}" if name[:1].isdigit() else f"p-{UNIT}-{name}"

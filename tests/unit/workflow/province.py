"""A small province for scenarios: one commune, its people, three procedures, the calendar."""

from datetime import UTC, date, datetime, timedelta
from functools import cache

from shared.events.envelope import Event
from shared.events.model import EventData
from shared.events.reference import (
    CalendarApproved,
    FormerCode,
    Opening,
    OpeningSeason,
    ProcedureDecided,
    RoleAssigned,
    RuleApproved,
    RuleLimit,
    UnitChanged,
)
from shared.reference.view import Reference, apply

UNIT = "06112"
OTHER_UNIT = "06040"
MOVED_TO = "06999"
"""The code that the unit gets where its code changes."""
PROVINCE = "20"
FIRST = date(2025, 1, 1)
LAST = date(2026, 12, 31)
THREE_DAYS = "1.000001"
SAME_DAY = "1.000002"
TEN_DAYS = "1.000003"
SUBTRACTING = "1.000004"
BY_CLOCK = "1.000007"
BY_CLOCK_SUBTRACTING = "1.000008"
NO_RULE = "1.000009"
SYSTEM = "civil-status"
"""The system that procedures of three days cannot do without."""
SOURCE = "a test"

OFF = (
    date(2025, 1, 1),
    date(2026, 1, 1),
    date(2026, 1, 2),
    *(date(2026, 2, day) for day in range(16, 21)),
    date(2026, 4, 27),
    date(2026, 4, 30),
    date(2026, 5, 1),
    date(2026, 8, 31),
    date(2026, 9, 1),
    date(2026, 9, 2),
    date(2026, 11, 24),
)
WORKED = (date(2026, 1, 10), date(2026, 8, 22))
ROLES = ("division_head", "director", "chairman")


@cache
def province() -> Reference:
    """Return the reference data; it is immutable, so every scenario may have the same."""
    view = Reference.empty()
    for event in province_events():
        view = apply(view, event)
    return view


def province_events() -> list[Event]:
    """Return the reference data as the events that they come from."""
    decided = (*_calendar(), *_units(), *_people(), *_procedures())
    return [decision(data, number) for number, data in enumerate(decided, start=1)]


def decide(view: Reference, data: EventData, at: datetime | None = None) -> Reference:
    """Return the view after one more decision, long ago unless a moment is given."""
    return apply(view, decision(data, view.version + 1, at))


def decision(data: EventData, number: int, at: datetime | None = None) -> Event:
    """Return a reference event."""
    at = at or datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
    return Event(
        id=f"reference-{number}",
        source="urn:motcua:publisher:province",
        name=data.NAME,
        subject=f"{data.NAME.partition('.')[0]}:{number}",
        time=at,
        sequence=number,
        recordedtime=at,
        data=data,
    )


def day_off(day: date, *, unit: str | None = None) -> CalendarApproved:
    """Return the decision that a day is off."""
    return _row(day, "off", unit)


def day_worked(day: date) -> CalendarApproved:
    """Return the decision that a day is worked."""
    return _row(day, "work", None)


def published_through(day: date) -> CalendarApproved:
    """Return the decision that the calendar is published up to a day."""
    return CalendarApproved.model_validate(
        {
            "row": f"VN/through-{day}",
            "day": day,
            "kind": "published_through",
            "reason": "published",
            "counterpart": FIRST,
            "source": SOURCE,
        }
    )


def row_of_move(view: Reference, until: date, code: str = MOVED_TO) -> UnitChanged:
    """Give the unit another code; it has been named by the old one."""
    known = view.unit(UNIT)
    season = OpeningSeason(
        first="01-01", last="12-31", morning=("07:30", "11:30"), afternoon=("13:30", "17:00")
    )
    return UnitChanged.model_validate(
        {
            "unit": code,
            "name": known.name,
            "type": known.type,
            "electronic_id": known.electronic_id,
            "obligations_from": known.obligations_from,
            "opening": Opening(source=SOURCE, seasons=(season,)),
            "former": [FormerCode(code=known.code, until=until, source=SOURCE)],
        }
    )


def begun_by(day: date) -> UnitChanged:
    """Return the decision that the first commune's calendar obligations begin on a day."""
    unit = next(each for each in _units() if isinstance(each, UnitChanged))
    return unit.model_copy(update={"obligations_from": day})


def open_until(close: str) -> UnitChanged:
    """Return the decision that the first commune's counter closes at a time of day."""
    season = OpeningSeason(
        first="01-01", last="12-31", morning=("07:30", "11:30"), afternoon=("13:30", close)
    )
    unit = next(each for each in _units() if isinstance(each, UnitChanged))
    return unit.model_copy(update={"opening": Opening(source=SOURCE, seasons=(season,))})


def _row(day: date, kind: str, unit: str | None) -> CalendarApproved:
    return CalendarApproved.model_validate(
        {
            "row": f"{unit or 'VN'}/{day}",
            "day": day,
            "unit": unit,
            "kind": kind,
            "reason": "closure",
            "source": SOURCE,
        }
    )


def _calendar() -> list[EventData]:
    return [published_through(LAST), *map(day_off, OFF), *map(day_worked, WORKED)]


def _units() -> list[EventData]:
    season = OpeningSeason(
        first="01-01", last="12-31", morning=("07:30", "11:30"), afternoon=("13:30", "17:00")
    )
    return [
        UnitChanged.model_validate(
            {
                "unit": unit,
                "name": f"Unit {unit}",
                "type": "tỉnh" if unit == PROVINCE else "xã",
                "electronic_id": f"H37.{100 + number}",
                "synthetic": True,
                "obligations_from": date(2026, 1, 5),
                "numbering": "motcua",
                "opening": Opening(source=SOURCE, seasons=(season,)),
            }
        )
        for number, unit in enumerate((UNIT, OTHER_UNIT, PROVINCE))
    ]


def _people() -> list[EventData]:
    held = [(UNIT, role) for role in ROLES] + [(OTHER_UNIT, role) for role in ROLES]
    held.append((PROVINCE, "province"))
    return [
        RoleAssigned.model_validate(
            {
                "person": f"p-{unit}-{role.replace('_', '-')}",
                "role": role,
                "unit": unit,
                "from_day": FIRST,
            }
        )
        for unit, role in held
    ]


def _procedures() -> list[EventData]:
    limits = {
        THREE_DAYS: RuleLimit(unit="working_days", value=3),
        SAME_DAY: RuleLimit(unit="same_day"),
        TEN_DAYS: RuleLimit(unit="working_days", value=10),
        SUBTRACTING: RuleLimit(unit="working_days", value=10, after_supplement="subtract"),
        BY_CLOCK: RuleLimit(unit="clock_hours", value=24),
        BY_CLOCK_SUBTRACTING: RuleLimit(
            unit="clock_hours",
            value=60,
            after_supplement="subtract",
            outside_opening="next_opening",
        ),
    }
    decided = [
        ProcedureDecided.model_validate(
            {
                "procedure": code,
                "name": f"Procedure {code}",
                "field": "ho_tich",
                "decided_on": FIRST,
                "systems": (SYSTEM,) if code == THREE_DAYS else None,
                "source": SOURCE,
            }
        )
        for code in (*limits, NO_RULE)
    ]
    rules = [
        RuleApproved.model_validate(
            {
                "rule": f"rule-{code}",
                "procedure": code,
                "limit": limit,
                "valid_from": FIRST,
                "source": SOURCE,
            }
        )
        for code, limit in limits.items()
    ]
    return [*decided, *rules]

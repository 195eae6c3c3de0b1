"""Reference events, put together as briefly as they are told."""

from datetime import date, datetime

from shared.calendar.zone import ICT
from shared.events.envelope import Event
from shared.events.model import EventData
from shared.events.reference import (
    CalendarApproved,
    CalendarProposed,
    CalendarRow,
    FormerCode,
    Opening,
    OpeningSeason,
    ProcedureDecided,
    RoleAssigned,
    RuleApproved,
    RuleLimit,
    UnitChanged,
    subject_of,
)
from shared.reference.view import Reference, apply

SOURCE = "Quyết định thử"
UNIT, OTHER = "06112", "06154"


def view_of(*rows: EventData, view: Reference | None = None) -> Reference:
    """Fold rows, numbered on from the view."""
    folded = view or Reference.empty()
    for row in rows:
        folded = apply(folded, event(row, folded.version + 1))
    return folded


def event(row: EventData, sequence: int, recorded: datetime | None = None) -> Event:
    """Return the canonical event of a row."""
    return Event(
        id=f"row-{sequence}",
        source="urn:motcua:publisher:province",
        name=row.NAME,
        subject=subject_of(row),
        time=datetime(2026, 1, 1, tzinfo=ICT),
        sequence=sequence,
        recordedtime=recorded,
        data=row,
    )


def published(first: str = "2026-01-01", last: str = "2026-12-31") -> CalendarApproved:
    """Say that the days from the first to the last are published."""
    return CalendarApproved(
        row=f"VN-published-{last}",
        day=date.fromisoformat(last),
        kind="published_through",
        reason="published",
        counterpart=date.fromisoformat(first),
        source=SOURCE,
    )


def off(day: str, *, unit: str | None = None, reason: str = "tet") -> CalendarApproved:
    """Say that a day is off, for all or for one unit."""
    return CalendarApproved.model_validate(_calendar(day, unit, "off", reason))


def work(day: str, *, unit: str | None = None, reason: str = "swap") -> CalendarApproved:
    """Say that a day is worked, for all or for one unit."""
    return CalendarApproved.model_validate(_calendar(day, unit, "work", reason))


def proposed(day: str, *, by: str | None = "p-20-officer-1") -> CalendarProposed:
    """Propose that a day is off."""
    return CalendarProposed.model_validate({**_calendar(day, None, "off", "tet"), "by": by})


def _calendar(day: str, unit: str | None, kind: str, reason: str) -> dict[str, object]:
    row = f"{unit or 'VN'}-{day}"
    return {
        "row": row, "day": day, "unit": unit, "kind": kind, "reason": reason, "source": SOURCE,
    }  # fmt: skip


def former(code: str, until: str = "2026-12-01") -> FormerCode:
    """Describe a code that a unit had before."""
    return FormerCode(code=code, until=date.fromisoformat(until), source=SOURCE)


def unit_changed(
    unit: str = UNIT,
    *formers: FormerCode,
    close: str = "17:00",
    obligations_from: str | None = None,
    name: str = "Xã thử",
    electronic_id: str = "H37.117",
) -> UnitChanged:
    """Describe a commune's centre."""
    season = OpeningSeason(
        first="01-01", last="12-31", morning=("07:30", "11:30"), afternoon=("13:30", close)
    )
    return UnitChanged(
        unit=unit,
        name=name,
        type="xã",
        electronic_id=electronic_id,
        former=formers or None,
        opening=Opening(seasons=(season,), source=SOURCE),
        obligations_from=None
        if obligations_from is None
        else date.fromisoformat(obligations_from),
    )


def rule(
    rule_id: str = "marital-1",
    *,
    value: int = 3,
    valid_from: str = "2025-07-01",
    valid_to: str | None = None,
    unit: str | None = None,
    channel: str | None = None,
    by: str | None = None,
) -> RuleApproved:
    """Approve a limit in working days for 1.004873."""
    return RuleApproved.model_validate(
        {
            "rule": rule_id,
            "procedure": "1.004873",
            "unit": unit,
            "channel": channel,
            "limit": RuleLimit(unit="working_days", value=value),
            "valid_from": valid_from,
            "valid_to": valid_to,
            "source": SOURCE,
            "by": by,
        }
    )


def procedure(code: str = "1.004873", **more: object) -> ProcedureDecided:
    """Decide a procedure."""
    return ProcedureDecided.model_validate(
        {
            "procedure": code,
            "name": "Cấp Giấy xác nhận tình trạng hôn nhân",
            "field": "ho_tich",
            "decided_on": "2025-07-01",
            "source": SOURCE,
            **more,
        }
    )


def assigned(
    person: str, role: str, *, unit: str = UNIT, deputy: str | None = None
) -> RoleAssigned:
    """Give a person a role."""
    return RoleAssigned.model_validate(
        {
            "person": person,
            "role": role,
            "unit": unit,
            "deputy": deputy,
            "from_day": "2026-01-01",
        }
    )


def row_of(data: CalendarRow) -> dict[str, object]:
    """Return the fields of a calendar row."""
    return data.model_dump()

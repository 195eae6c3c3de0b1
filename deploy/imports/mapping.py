"""From a dossier of an export to inbound events: pure, and the same every time.

Ids are derived from the profile's name, the dossier and the row, so that importing again, or
going on after a crash, sends the same events under the same ids.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from deploy.imports.places import UnclearPlaceError, bundled_places
from deploy.imports.profile import Clocks, EventRule, Lookup, Profile, Scalar, Value
from deploy.imports.sources import SourceCase, SourceRow, Values
from shared.events.codes import publisher_source
from shared.events.ids import derived_id
from shared.events.model import instant_text
from shared.events.registry import REGISTRY

_YES: Final = frozenset({"1", "true", "yes", "y", "x", "có", "co", "đúng"})
_NO: Final = frozenset({"0", "false", "no", "n", "", "không", "khong", "sai"})


class RowFault(Exception):  # noqa: N818 -- An outcome of a row, listed and counted.
    """A row cannot become an event; the text says which column and why, not its value."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """An event, and the source row it was made of (None: of the dossier's own columns)."""

    event: dict[str, Any]
    moment: datetime
    row: int | None


@dataclass(slots=True)
class CaseResult:
    """What became of a dossier's rows before anything is sent."""

    code: str
    events: list[Mapped] = field(default_factory=list)
    not_mapped: list[tuple[int, str]] = field(default_factory=list)  # Row and activity.
    faults: list[tuple[int | None, str]] = field(default_factory=list)  # Row and reason.


def map_case(profile: Profile, case: SourceCase) -> CaseResult:
    """Turn one dossier into its events: the opening one, then the others by when they happened.

    Times may tie; the order of the export then holds. What an export says is sent as it is:
    an end before its beginning is for the receiver to mark, not for us to mend.
    """
    result = CaseResult(code="")
    rows = case.rows or ()
    try:
        result.code = _code(profile, case)
        common = _common(profile, case, result.code)
        opening = _event(profile, common, profile.opening, case.values, None)
        made = [
            _event(profile, common, rule, case.values, None)
            for rule in profile.case_events
            if not (rule.optional and _is_empty(rule.at, case.values))
        ]
    except RowFault as fault:
        # Without its opening a dossier cannot be received, so its rows are refused with it.
        result.faults = [(row.number, str(fault)) for row in rows] or [
            (case.number, str(fault))
        ]
        if rows:
            result.faults.insert(0, (None, f"dossier {case.number}: {fault}"))
        return result
    for row in rows:
        _map_row(profile, common, row, result, made)
    made.sort(key=lambda one: one.moment)
    result.events = [opening, *made]
    return result


def _map_row(
    profile: Profile,
    common: Mapping[str, Any],
    row: SourceRow,
    result: CaseResult,
    made: list[Mapped],
) -> None:
    rows = profile.rows
    assert rows is not None, "layout: events has rows"
    try:
        _require_readable(row)
        activity = str(_value(rows.activity, row.values, profile.clocks) or "")
        rule = rows.map.get(activity)
        if rule is None:
            known = activity in rows.not_mapped
            result.not_mapped.append(
                (row.number, activity if known else f"{activity} (unknown)")
            )
            return
        made.append(_event(profile, common, rule, row.values, row))
    except RowFault as fault:
        result.faults.append((row.number, str(fault)))


def _require_readable(row: SourceRow | SourceCase) -> None:
    if row.fault is not None:
        raise RowFault(row.fault)


def _code(profile: Profile, case: SourceCase) -> str:
    _require_readable(case)
    code = str(_value(profile.case.code, case.values, profile.clocks) or "")
    if not code:
        raise RowFault(f"column {profile.case.code.column!r}, the dossier's code, is empty")
    return code


def _common(profile: Profile, case: SourceCase, code: str) -> dict[str, Any]:
    unit = _value(profile.case.unit, case.values, profile.clocks)
    if not unit:
        raise RowFault("the dossier's unit is empty: give `case.unit` a `default`")
    common: dict[str, Any] = {
        "specversion": "1.0",
        "source": publisher_source(profile.publisher, profile.name),
        "subject": code,
        "datacontenttype": "application/json",
        "receivingunit": _unit(str(unit)),
        "backfill": True,
    }
    if profile.case.competent_unit is not None:
        common["competentunit"] = _unit(
            str(_value(profile.case.competent_unit, case.values, profile.clocks) or unit)
        )
    return common


def _unit(text: str) -> str:
    """Return the unit that a column means, of today or of before July 2025."""
    try:
        return bundled_places().unit(text)
    except UnclearPlaceError as error:
        raise RowFault(f"{error}: name the right one in `map`") from None


def _event(
    profile: Profile,
    common: Mapping[str, Any],
    rule: EventRule,
    values: Values,
    row: SourceRow | None,
) -> Mapped:
    at = rule.at or (profile.rows.at if profile.rows else None)
    assert at is not None, "checked with the profile"
    text = values.get(at.column, "")
    if not text:
        raise RowFault(f"column {at.column!r}, when {rule.type} happened, is empty")
    moment = _instant(text, at.column, profile.clocks)
    data = {
        name: found
        for name, value in rule.data.items()
        if (found := _value(value, values, profile.clocks)) is not None
    }
    event = {
        **common,
        "id": derived_id(
            f"import:{profile.name}:{common['subject']}",
            rule.type,
            _own_id(profile, row, moment),
        ),
        "type": REGISTRY[rule.type].type,
        "time": moment.isoformat(),
        "data": data,
    }
    return Mapped(event, moment, None if row is None else row.number)


def _own_id(profile: Profile, row: SourceRow | None, moment: datetime) -> str:
    """Return what tells this event from its dossier's others, the same in every import."""
    if row is None:
        return "case"
    assert profile.rows is not None, "a row comes of layout: events"
    if profile.rows.id is not None:
        own = str(_value(profile.rows.id, row.values, profile.clocks) or "")
        if not own:
            raise RowFault(f"column {profile.rows.id.column!r}, the row's id, is empty")
        return own
    activity = row.values.get(profile.rows.activity.column, "")
    return f"{activity}|{instant_text(moment)}|{row.number}"


def _value(value: Value, values: Values, clocks: Clocks) -> Any:  # noqa: ANN401 -- JSON.
    """Work a value out; None where its column is empty and there is no default."""
    if not isinstance(value, Lookup):
        return value
    text = values.get(value.column, "")
    if value.map is not None:
        found: Scalar | None = value.map.get(text, value.default)
        if found is None and text:
            raise RowFault(
                f"column {value.column!r} holds a value that its `map` does not list: "
                "add it there, or give a `default`"
            )
        return found
    if not text:
        return value.default
    return _typed(value, text, clocks)


def _typed(value: Lookup, text: str, clocks: Clocks) -> Any:  # noqa: ANN401 -- JSON.
    if value.kind == "instant":
        return _instant(text, value.column, clocks).isoformat()
    if value.kind == "day":
        return _instant(text, value.column, clocks, day=True).date().isoformat()
    if value.kind == "integer":
        try:
            return int(text.replace(" ", "").replace("\u00a0", ""))
        except ValueError:
            raise RowFault(f"column {value.column!r} holds no whole number") from None
    if value.kind == "yes_no":
        if text.lower() not in _YES | _NO:
            raise RowFault(f"column {value.column!r} holds neither yes nor no")
        return text.lower() in _YES
    if value.kind == "list":
        return [value.prefix + part.strip() for part in text.split(",") if part.strip()]
    return value.prefix + text


def _instant(text: str, column: str, clocks: Clocks, *, day: bool = False) -> datetime:
    moment = _parsed(text, clocks.formats)
    if moment is None:
        how = "; ".join(clocks.formats) or "ISO 8601"
        raise RowFault(f"column {column!r} holds no time as {how}: set `clocks.formats`")
    if moment.tzinfo is not None:
        return moment
    zone = clocks.info()
    if zone is None and not day:
        raise RowFault(f"column {column!r} has no offset: set `clocks.zone`")
    return _placed(moment, zone) if zone is not None else moment.replace(tzinfo=UTC)


def _placed(moment: datetime, zone: ZoneInfo) -> datetime:
    """Put a local time in its zone; one that a clock change repeats is the first."""
    return moment.replace(tzinfo=zone, fold=0)


def _parsed(text: str, formats: Sequence[str]) -> datetime | None:
    for pattern in formats:
        try:
            return datetime.strptime(text, pattern)  # noqa: DTZ007 -- The zone follows.
        except ValueError:
            continue
    if formats:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    try:
        return datetime.combine(date.fromisoformat(text), datetime.min.time())
    except ValueError:
        return None


def _is_empty(at: Lookup | None, values: Values) -> bool:
    return at is None or not values.get(at.column, "")

"""One case in JSON: a limit and a history in, a deadline with its ledger out.

This is the form of `motcua due` and of the published vectors, so that anybody can check the
arithmetic against their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any, Final, TypeVar

from shared.calendar.counting import Moments
from shared.calendar.days import DeadlineCalendar
from shared.calendar.deadline import Deadline, compute
from shared.calendar.errors import InvalidHistoryError, InvalidLimitError, RefusedInputError
from shared.calendar.history import Extension, History, Wait
from shared.calendar.ledger import LedgerEntry, entry_to_document, explain
from shared.calendar.limits import (
    AfterSupplement,
    Limit,
    LimitUnit,
)
from shared.calendar.opening import OpeningHours
from shared.calendar.shares import apology_slip_due
from shared.calendar.zone import ICT

WAITS_MAX: Final = 100
_CASE_FIELDS: Final = frozenset(
    {"from", "limit", "unit_code", "waits", "after_supplement", "extensions", "accepted"}
)
_LIMIT_FIELDS: Final = frozenset(
    {
        "unit",
        "value",
        "cutoff",
        "roll",
        "promise_at",
        "after_hours",
        "outside_opening",
        "given",
    }
)
_WAIT_FIELDS: Final = frozenset({"requested", "proven", "received"})
_EXTENSION_FIELDS: Final = frozenset({"decided", "new_day"})
_PAIR: Final = 2

Choice = TypeVar("Choice", bound=StrEnum)


class MalformedCaseError(RefusedInputError):
    """The case is not of the documented form."""


@dataclass(frozen=True, slots=True)
class Case:
    """One question."""

    limit: Limit
    history: History
    unit_code: str | None = None


def parse_case(document: object) -> Case:
    """Return the case that a JSON object describes.

    Raises:
        MalformedCaseError: a field is missing, unknown or of the wrong kind.
        InvalidLimitError: the limit is none that a rule row may hold.
        InvalidHistoryError: an instant has no offset, a receipt has no request, or the clock
            starts before the acceptance.
    """
    fields = _object(document, "", _CASE_FIELDS)
    for name in ("from", "limit"):
        if name not in fields:
            raise _malformed(f"/{name}", "is missing", f"Add `{name}`.")
    unit_code = fields.get("unit_code")
    if unit_code is not None and (not isinstance(unit_code, str) or not unit_code):
        raise _malformed("/unit_code", "is no text", "Write the code with its zeros, quoted.")
    after_supplement = _chosen(fields, "after_supplement", AfterSupplement.RESTART, "")
    waits = enumerate(_list(fields.get("waits"), "/waits"))
    extensions = enumerate(_list(fields.get("extensions"), "/extensions"))
    history = History(
        start=_instant(fields["from"], "/from"),
        waits=tuple(_wait(wait, f"/waits/{index}") for index, wait in waits),
        extensions=tuple(
            _extension(each, f"/extensions/{index}") for index, each in extensions
        ),
        accepted=_optional(fields, "accepted", ""),
    )
    if history.accepted is not None and history.accepted > history.start:
        raise InvalidHistoryError(
            "/accepted",
            "accepted-after-start",
            "the clock starts before the dossier was accepted",
            "Leave it out, or say when it was accepted before it arrived.",
        )
    return Case(_limit(fields["limit"], after_supplement), history, unit_code)


def answer(case: Case, calendar: DeadlineCalendar, opening: OpeningHours) -> dict[str, Any]:
    """Return what is owed by when, and why, as JSON can hold it.

    Raises:
        InvalidLimitError: the limit is `given`, and nobody gave the instant.
        InvalidHistoryError: the history contradicts itself.
        DateOutsideCalendarError: the answer lies beyond the published calendar.
    """
    deadline = compute(case.limit, case.history, calendar, opening)
    return {**outcome(deadline), "ledger": [_row(entry) for entry in deadline.ledger]}


def outcome(deadline: Deadline) -> dict[str, Any]:
    """Return the dates of a deadline as JSON can hold them, without the ledger.

    Raises:
        DateOutsideCalendarError: the slip of apology would be due before the calendar.
    """
    given = deadline.terms.limit.unit is LimitUnit.GIVEN
    return {
        "due": _text(deadline.due),
        "limit": _text(deadline.limit),
        "last_day": None if deadline.last_day is None else deadline.last_day.isoformat(),
        "index_due": _text(deadline.index_due),
        "index_late": deadline.index_late,
        "suspended": deadline.suspended,
        "before_wait": _moments(deadline.before_wait),
        "first_due": _text(deadline.first.due),
        "slip_due": None if given else _text(apology_slip_due(deadline)),
        "cycle": deadline.cycle,
        "limit_missed": _text(deadline.limit_missed),
        "flags": list(deadline.flags),
    }


def _row(entry: LedgerEntry) -> dict[str, Any]:
    """Return a row of the ledger, its words in both languages beside it."""
    (vi,), (en,) = explain([entry], "vi"), explain([entry], "en")
    return {**entry_to_document(entry), "vi": vi.text, "en": en.text}


def _limit(value: object, after_supplement: AfterSupplement) -> Limit:
    fields = _object(value, "/limit", _LIMIT_FIELDS)
    if "unit" not in fields:
        raise _malformed("/limit/unit", "is missing", f"Take one of {_names(LimitUnit)}.")
    amount = fields.get("value")
    if amount is not None and (isinstance(amount, bool) or not isinstance(amount, int)):
        raise _malformed("/limit/value", "is no whole number", "Write it as 3, not as 3.5.")
    cutoff, given = fields.get("cutoff"), fields.get("given")
    defaults = Limit(LimitUnit.SAME_DAY)
    return Limit(
        unit=_choice(LimitUnit, fields["unit"], "/limit/unit"),
        value=amount or 0,
        cutoff=defaults.cutoff if cutoff is None else _clock(cutoff, "/limit/cutoff"),
        roll=_chosen(fields, "roll", defaults.roll, "/limit"),
        promise_at=_chosen(fields, "promise_at", defaults.promise_at, "/limit"),
        after_hours=_chosen(fields, "after_hours", defaults.after_hours, "/limit"),
        after_supplement=after_supplement,
        outside_opening=_chosen(fields, "outside_opening", defaults.outside_opening, "/limit"),
        given=None if given is None else _instant(given, "/limit/given"),
    )


def _wait(value: object, path: str) -> Wait:
    """Read `[asked, brought]` or `{"requested", "proven", "received"}`.

    In a pair the notice counts as proven when it was asked; in an object `proven` says so, and
    without it nothing is proven.
    """
    if isinstance(value, Sequence) and not isinstance(value, str):
        if not 1 <= len(value) <= _PAIR:
            raise _malformed(path, "is no pair", "Write [asked, brought], or [asked, null].")
        asked, brought = value[0], value[1] if len(value) == _PAIR else None
        fields: Mapping[str, Any] = {"requested": asked, "proven": asked, "received": brought}
    else:
        fields = _object(value, path, _WAIT_FIELDS)
    if fields.get("requested") is None:
        raise InvalidHistoryError(
            f"{path}/requested",
            "receipt-without-request",
            "a supplement was received that nobody requested",
            "Say when it was requested, or leave the wait out.",
        )
    return Wait(
        requested=_instant(fields["requested"], f"{path}/requested"),
        proven=_optional(fields, "proven", path),
        received=_optional(fields, "received", path),
    )


def _extension(value: object, path: str) -> Extension:
    fields = _object(value, path, _EXTENSION_FIELDS)
    decided, new_day = fields.get("decided"), fields.get("new_day")
    try:
        day = date.fromisoformat(new_day) if isinstance(new_day, str) else None
    except ValueError:
        day = None
    if day is None:
        raise _malformed(f"{path}/new_day", "is no date", "Write it as 2026-01-12.")
    return Extension(_instant(decided, f"{path}/decided"), day)


def _instant(value: object, path: str) -> datetime:
    if not isinstance(value, str):
        raise _malformed(path, "is no instant", "Write it as 2026-01-05T09:10:00+07:00.")
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        raise _malformed(
            path, "is no instant", "Write it as 2026-01-05T09:10:00+07:00."
        ) from None
    if instant.tzinfo is None:
        raise InvalidHistoryError(
            path,
            "instant-without-offset",
            "the instant has no offset",
            "Write the instant with its offset, such as +07:00.",
        )
    try:
        return instant.astimezone(ICT)
    except OverflowError:
        raise _malformed(path, "is beyond all calendars", "Correct the year.") from None


def _optional(fields: Mapping[str, Any], name: str, path: str) -> datetime | None:
    value = fields.get(name)
    return None if value is None else _instant(value, f"{path}/{name}")


def _clock(value: object, path: str) -> time:
    try:
        clock = time.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        clock = None
    if clock is None or clock.tzinfo is not None:
        raise _malformed(path, "is no time of the day", "Write it as 15:00, without offset.")
    return clock


def _chosen(fields: Mapping[str, Any], name: str, default: Choice, path: str) -> Choice:
    """Return the choice that a field makes; left out or null it is the default."""
    value = fields.get(name)
    return default if value is None else _choice(type(default), value, f"{path}/{name}")


def _choice(kind: type[Choice], value: object, path: str) -> Choice:
    try:
        return kind(str(value))
    except ValueError:
        raise InvalidLimitError(
            path,
            "unknown-choice",
            "is none that a rule row may hold",
            f"Take one of {_names(kind)}.",
        ) from None


def _object(value: object, path: str, allowed: frozenset[str]) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _malformed(path or "/", "is no JSON object", "Write it in braces.")
    for name in value:
        if name not in allowed:
            known = ", ".join(sorted(allowed))
            raise _malformed(f"{path}/{name}", "is unknown here", f"Known are {known}.")
    return value


def _list(value: object, path: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > WAITS_MAX:
        raise _malformed(path, f"is no list of at most {WAITS_MAX}", "Write it in brackets.")
    return value


def _names(kind: type[StrEnum]) -> str:
    return ", ".join(each.value for each in kind)


def _malformed(path: str, detail: str, remedy: str) -> MalformedCaseError:
    return MalformedCaseError(path, "malformed-case", detail, remedy)


def _moments(moments: Moments | None) -> dict[str, str] | None:
    if moments is None:
        return None
    return {
        "due": moments.due.astimezone(ICT).isoformat(),
        "limit": moments.limit.astimezone(ICT).isoformat(),
        "last_day": moments.last_day.isoformat(),
    }


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(ICT).isoformat()

"""One made-up example of every type that our own services write: subject and data."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from shared.events.examples import DOSSIER, Example
from shared.law.citation import cite
from shared.law.rules import Rule

_CAUSE: Final = "3d0a1f52-8d0b-4f2e-8f57-0a1b2c3d4e5f"
_DUE: Final = "2026-11-27T16:30:00+07:00"
_LIMIT: Final = "2026-11-28T00:00:00+07:00"
_HANDLER: Final = "p-06112-handler-1"
_CHAIRMAN: Final = "p-06112-chairman"
_NOTICE: Final = "n-5f1c"

_WHOSE: Final[Mapping[str, Any]] = {
    "obligation": "dossier_deadline",
    "kind": "dossier_deadline",
    "unit": "06112",
    "cycle": 1,
    "procedure": "1.004873",
    "field": "ho_tich",
}
_LEDGER: Final = (
    {
        "key": "accepted",
        "at": "2026-11-23T08:05:00+07:00",
        "day": "2026-11-23",
        "count": 0.0,
        "clock": "law",
        "cause": _CAUSE,
        "source": cite(Rule.FIRST_DAY_NOT_COUNTED, date(2026, 11, 23)).vi,
    },
    {"key": "day_off", "day": "2026-11-24", "clock": "law"},
    {"key": "working_day", "day": "2026-11-25", "count": 1.0, "clock": "law"},
    {"key": "working_day", "day": "2026-11-26", "count": 2.0, "clock": "law"},
    {"key": "working_day", "day": "2026-11-27", "count": 3.0, "clock": "law"},
)
_GAP: Final[Mapping[str, Any]] = {
    "gap": "gap-06112-director",
    "unit": "06112",
    "role": "director",
    "why": "vacant",
    "obligation": "apology_slip",
    "cycle": 1,
    "rung": "slip_tomorrow",
}
_INCIDENT: Final[Mapping[str, Any]] = {
    "incident": "06112/connection/population-db~4f1d3b7a9c20",
    "unit": "06112",
    "cause": "system_outage",
    "system": "population-db",
    "since": "2026-11-26T08:40:00+07:00",
    "subjects": (DOSSIER,),
    "obligations_count": 1,
}

OBLIGATIONS: Final[Mapping[str, Example]] = {
    "obligation.opened": (
        DOSSIER,
        {
            **_WHOSE,
            "opened_at": "2026-11-23T08:05:00+07:00",
            "due": _DUE,
            "limit": _LIMIT,
            "index_due": _DUE,
            "rule": "1.004873-2025",
            "handler": _HANDLER,
            "ledger": _LEDGER,
            "cause": _CAUSE,
        },
    ),
    "obligation.due_changed": (
        DOSSIER,
        {
            **_WHOSE,
            "old_due": _DUE,
            "new_due": "2026-12-01T16:30:00+07:00",
            "old_limit": _LIMIT,
            "new_limit": _LIMIT,
            "old_index_due": _DUE,
            "new_index_due": _DUE,
            "first_due": _DUE,
            "reason": "extension",
            "cause": _CAUSE,
            "ledger": ({"key": "extension", "day": "2026-12-01", "cause": _CAUSE},),
        },
    ),
    "obligation.suspended": (
        DOSSIER,
        {
            **_WHOSE,
            "since": "2026-11-25T08:00:30+07:00",
            "proven": True,
            "reason": "supplement",
            "cause": _CAUSE,
        },
    ),
    "obligation.resumed": (
        DOSSIER,
        {
            **_WHOSE,
            "cycle": 2,
            "at": "2026-11-26T09:10:00+07:00",
            "due": "2026-12-01T16:30:00+07:00",
            "limit": "2026-12-02T00:00:00+07:00",
            "index_due": "2026-11-28T16:30:00+07:00",
            "first_due": _DUE,
            "cause": _CAUSE,
        },
    ),
    "obligation.rung_reached": (
        DOSSIER,
        {
            **_WHOSE,
            "rung": "overdue",
            "rung_at": _DUE,
            "role": "chairman",
            "persons": (_CHAIRMAN,),
            "statutory": True,
            "due": _DUE,
            "limit": _LIMIT,
            "late_by_outage_hours": 0,
            "repeat": 0,
            "vacant_roles": ("director",),
        },
    ),
    "obligation.rung_withdrawn": (
        DOSSIER,
        {**_WHOSE, "rung": "overdue", "why": "completed_before", "cause": _CAUSE},
    ),
    "obligation.rung_skipped": (
        DOSSIER,
        {
            **_WHOSE,
            "rung": "used_80",
            "rung_at": "2026-11-27T07:30:00+07:00",
            "why": "overtaken",
            "cause": _CAUSE,
        },
    ),
    "obligation.discharged": (
        DOSSIER,
        {
            **_WHOSE,
            "at": "2026-11-27T10:20:00+07:00",
            "in_time": True,
            "by_limit": True,
            "by_index": True,
            "cause": _CAUSE,
        },
    ),
    "obligation.breached": (
        DOSSIER,
        {**_WHOSE, "at": _LIMIT, "clock": "limit", "due": _DUE, "limit": _LIMIT},
    ),
    "obligation.acknowledgement_refused": (
        DOSSIER,
        {
            **_WHOSE,
            "rung": "overdue",
            "by": _CHAIRMAN,
            "why": "promise_in_past",
            "cause": _CAUSE,
        },
    ),
    "coverage.gap_opened": (DOSSIER, _GAP),
    "coverage.gap_closed": (DOSSIER, _GAP),
    "incident.opened": (
        "06112/connection/population-db",
        {**_INCIDENT, "role": "province", "persons": ("p-20-province",)},
    ),
    "incident.updated": (
        "06112/connection/population-db",
        {**_INCIDENT, "role": "province", "persons": ("p-20-province",)},
    ),
    "incident.closed": (
        "06112/connection/population-db",
        {**_INCIDENT, "until": "2026-11-26T10:05:00+07:00"},
    ),
    "audit.compared": (
        "06112/audit/2026-11-27",
        {
            "unit": "06112",
            "day": "2026-11-27",
            "kind": "dossier_deadline",
            "rung": "overdue",
            "expected": 1,
            "done": 1,
        },
    ),
}

_TO: Final[Mapping[str, Any]] = {
    "about": _CAUSE,
    "about_name": "obligation.rung_reached",
    "cause": DOSSIER,
    "unit": "06112",
    "person": _CHAIRMAN,
    "channel": "email",
    "template": "rung_overdue",
    "template_version": 1,
    "language": "vi",
    "obligation": "dossier_deadline",
    "cycle": 1,
    "rung": "overdue",
    "attempt": 1,
}
_AT: Final = "2026-11-27T16:31:02+07:00"

NOTICES: Final[Mapping[str, Example]] = {
    "notice.planned": (_NOTICE, {**_TO, "attempt": 0, "send_after": _DUE}),
    "notice.sent": (_NOTICE, {**_TO, "at": _AT, "provider_id": "smtp-20261127-77"}),
    "notice.delivered": (_NOTICE, {**_TO, "at": _AT, "provider_id": "smtp-20261127-77"}),
    "notice.failed": (
        _NOTICE,
        {**_TO, "at": _AT, "reason": "mailbox_unknown", "next_channel": "zalo"},
    ),
    "notice.unknown": (_NOTICE, {**_TO, "at": _AT, "reason": "answer_lost"}),
    "notice.obsolete": (_NOTICE, {**_TO, "at": _AT, "reason": "discharged"}),
    "notice.held": (
        _NOTICE,
        {**_TO, "until": "2026-11-28T07:00:00+07:00", "reason": "quiet_hours"},
    ),
}

"""One made-up example of every type that publishers send: subject and data.

They tell one story: dossier H37.120-261123-0001 of Bình Gia, for a certificate of marital
status (three working days), received on Monday 23 November 2026; Tuesday the 24th is a day off.
"""

from collections.abc import Mapping
from typing import Any, Final

from shared.events.forms import II06A

Example = tuple[str, Mapping[str, Any]]

DOSSIER: Final = "H37.120-261123-0001"
_AGENCY: Final = "H37.19"
_DIRECTOR: Final = "p-06112-director"
_HANDLER: Final = "p-06112-handler-1"
_ITEMS: Final = ("KQ.G15.000032", "TP-02")
_DUTY: Final = "06112/duty/2026-11-23/am"
_LAW: Final = "NĐ 118/2025/NĐ-CP"
_FORM: Final = (120, 70, 40, 10, 100, 60, 35, 5, 20, 18, 2)
_WRONG: Final = "0b8f7c1e-6a55-4f0e-9a51-3f2a6d0c9e11"

DOSSIERS: Final[Mapping[str, Example]] = {
    "dossier.submitted": (DOSSIER, {"procedure": "1.004873", "channel": "online"}),
    "dossier.accepted": (
        DOSSIER,
        {
            "procedure": "1.004873",
            "channel": "direct",
            "components_complete": True,
            "fee_due": 15000,
        },
    ),
    "dossier.refused": (DOSSIER, {"reason": "not_competent"}),
    "dossier.arrived": (DOSSIER, {}),
    "dossier.assigned": (DOSSIER, {"handler": _HANDLER, "division": "justice"}),
    "dossier.step_started": (
        DOSSIER,
        {
            "step": "verify_residence",
            "agency": _AGENCY,
            "limit": {"unit": "working_days", "value": 2},
        },
    ),
    "dossier.step_finished": (DOSSIER, {"step": "verify_residence", "agency": _AGENCY}),
    "dossier.supplement_requested": (
        DOSSIER,
        {"items": _ITEMS, "number": 1, "in_person": True},
    ),
    "dossier.supplement_received": (DOSSIER, {"items": _ITEMS}),
    "dossier.confirmation_requested": (DOSSIER, {}),
    "dossier.confirmed": (DOSSIER, {"by_silence": True}),
    "dossier.payment_requested": (DOSSIER, {"amount": 15000}),
    "dossier.paid": (DOSSIER, {"amount": 15000}),
    "dossier.apology_issued": (DOSSIER, {"reason": "verification_needed", "agency": _AGENCY}),
    "dossier.extended": (DOSSIER, {"new_date": "2026-12-01"}),
    "dossier.moved": (DOSSIER, {"from_unit": "06112", "to_unit": "06115"}),
    "dossier.withdrawn": (DOSSIER, {}),
    "dossier.stopped": (DOSSIER, {"reason": "applicant_deceased"}),
    "dossier.completed": (DOSSIER, {"result": "KQ.G15.000031"}),
    "dossier.returned": (DOSSIER, {"how": "direct"}),
    "dossier.result_disputed": (
        DOSSIER,
        {"reason": "wrong_date_of_birth", "fault": "officials"},
    ),
    "dossier.result_corrected": (DOSSIER, {"result": "KQ.G15.000032"}),
    "dossier.corrected": (
        DOSSIER,
        {
            "replaces": _WRONG,
            "right": {
                "time": "2026-11-26T09:40:00+07:00",
                "data": {"result": "KQ.G15.000031"},
            },
            "reason": "wrong_time",
            "by": _DIRECTOR,
        },
    ),
    "obligation.acknowledged": (
        DOSSIER,
        {
            "obligation": "dossier_deadline",
            "cycle": 1,
            "rung": "overdue",
            "cause": "awaiting_other_agency",
            "promised": "2026-12-01",
            "by": "p-06112-chairman",
        },
    ),
    "notice.proven": (
        DOSSIER,
        {
            "notice": "n-5f1c",
            "about": _WRONG,
            "about_name": "dossier.supplement_requested",
            "at": "2026-11-25T08:00:30+07:00",
            "channel": "sms",
            "proof": "delivered",
        },
    ),
    "notice.undeliverable": (
        DOSSIER,
        {
            "notice": "n-5f1c",
            "about": _WRONG,
            "about_name": "obligation.rung_reached",
            "at": "2026-11-25T08:00:30+07:00",
            "reason": "no_channel",
            "obligation": "dossier_deadline",
            "cycle": 1,
            "rung": "used_50",
            "person": _HANDLER,
        },
    ),
}

CENTRES: Final[Mapping[str, Example]] = {
    "centre.interrupted": (
        "06112/interruption/2026-11-23-1",
        {"cause": "power_cut", "systems": ("one-stop",)},
    ),
    "centre.resumed": ("06112/interruption/2026-11-23-1", {}),
    "outage.planned": (
        "06112/outage/2026-11-28",
        {
            "starts": "2026-11-28T07:30:00+07:00",
            "ends": "2026-11-28T11:30:00+07:00",
            "cause": "maintenance",
            "systems": ("population-db",),
        },
    ),
    "duty.rostered": (_DUTY, {"persons": (_HANDLER, "p-06112-handler-2")}),
    "duty.checked_in": (_DUTY, {"person": _HANDLER}),
    "duty.checked_out": (_DUTY, {"person": _HANDLER}),
    "duty.replaced": (
        _DUTY,
        {"person": _HANDLER, "by": "p-06112-handler-2", "reason": "sick_leave"},
    ),
    "conditions.reported": (
        "06112/conditions/2026-11",
        {
            "items": (
                {"item": "seats", "state": "good", "count": 24},
                {"item": "water", "state": "good"},
                {"item": "wifi", "state": "poor"},
                {"item": "air_conditioning", "state": "broken", "count": 1},
            ),
            "by": _DIRECTOR,
        },
    ),
    "defect.reported": (
        "06112/defect/2026-0007",
        {"item": "air_conditioning", "priority": "high", "by": _DIRECTOR},
    ),
    "defect.repaired": ("06112/defect/2026-0007", {"by": _DIRECTOR}),
    "posting.published": (
        "06112/posting/1.004873/2026-11-16",
        {"procedure": "1.004873", "where": "all"},
    ),
    "posting.withdrawn": ("06112/posting/1.004873/2026-11-16", {"procedure": "1.004873"}),
    "meeting.held": (
        "06112/meeting/2026-Q4",
        {"agencies": (_AGENCY, "06112"), "minutes": "12/BB-TTPVHCC", "by": _DIRECTOR},
    ),
    "staff.posted": (
        "06112/staff_posting/2026-11-16",
        {
            "staff": (
                {"person": _DIRECTOR, "role": "director"},
                {"person": _HANDLER, "role": "handler"},
            ),
            "where": "both",
            "by": _DIRECTOR,
        },
    ),
    "secondment.started": (
        "06112/secondment/2026-0007",
        {
            "person": "p-06112-handler-3",
            "agency": _AGENCY,
            "from_day": "2026-11-02",
            "until_day": "2028-05-01",
        },
    ),
    "secondment.assessed": (
        "06112/secondment/2026-0007",
        {"month": "2026-11", "by": _DIRECTOR},
    ),
    "secondment.ended": (
        "06112/secondment/2026-0007",
        {"reason": "term_over", "by": _DIRECTOR},
    ),
    "rating.given": (
        "06112/rating/2026-0311",
        {"score": 5, "dossier": DOSSIER, "aspects": ("attitude", "time")},
    ),
    "petition.received": (
        "06112/petition/2026-0012",
        {"channel": "online", "dossier": DOSSIER},
    ),
    "petition.classified": (
        "06112/petition/2026-0012",
        {"outcome": "accepted", "topic": "late_result"},
    ),
    "petition.answered": ("06112/petition/2026-0012", {"by": _DIRECTOR, "justified": True}),
    "petition.published": ("06112/petition/2026-0012", {}),
    "support.requested": (
        "06112/support/2026-0031",
        {"topic": "software_error", "priority": "high", "by": _DIRECTOR},
    ),
    "support.assigned": ("06112/support/2026-0031", {"to": "p-20-support-1"}),
    "support.resolved": (
        "06112/support/2026-0031",
        {"by": "p-20-support-1", "outcome": "resolved"},
    ),
    "connection.lost": (
        "06112/connection/population-db",
        {"last_seen": "2026-11-23T08:40:00+07:00", "cause": "timeout"},
    ),
    "connection.restored": ("06112/connection/population-db", {}),
    "datarequest.received": (
        "06112/datarequest/2026-0003",
        {"right": "erase", "dossier": DOSSIER},
    ),
    "datarequest.answered": (
        "06112/datarequest/2026-0003",
        {"outcome": "done", "by": _DIRECTOR},
    ),
    "coverage.reach_checked": (
        "06112/coverage/ladder",
        {"unreached": ({"role": "director", "reasons": ("no_contact",)},)},
    ),
    "loss.accepted": (
        "20/loss/bpi-3-120",
        {
            "publisher": "bpi",
            "partition": 3,
            "first_offset": 120,
            "end_offset": 450,
            "since": "2026-11-20T16:58:03+07:00",
            "until": "2026-11-23T08:00:12+07:00",
            "by": _DIRECTOR,
        },
    ),
    "figures.reported": (
        "06112/figures/ii06a-2026-07-01-2026-09-30",
        {
            "form": "ii06a",
            "first_day": "2026-07-01",
            "last_day": "2026-09-30",
            "rows": (
                {
                    "field": "ho_tich",
                    "columns": tuple(
                        {"column": code, "count": count}
                        for code, count in zip(
                            II06A.codes,
                            (120, 70, 40, 10, 100, 60, 35, 5, 20, 18, 2),
                            strict=True,
                        )
                    ),
                },
            ),
            "file_sha256": "5f" * 32,
            "by": _DIRECTOR,
        },
    ),
    "centre.corrected": (
        _DUTY,
        {"replaces": _WRONG, "reason": "never_happened", "by": _DIRECTOR},
    ),
}

_DAY_OFF: Final = {
    "row": "VN-2026-11-24",
    "day": "2026-11-24",
    "kind": "off",
    "reason": "culture_day",
    "source": "NQ 80-NQ/TW",
    "verified": False,
    "by": "p-20-province",
}
_RULE: Final = {
    "rule": "1.004873-2025",
    "procedure": "1.004873",
    "limit": {
        "unit": "working_days",
        "value": 3,
        "cutoff": "15:00",
        "roll": "next_working_day",
        "promise_at": "close",
        "after_hours": "as_accepted",
        "after_supplement": "restart",
    },
    "valid_from": "2025-07-01",
    "source": _LAW,
    "verified": False,
    "by": "p-20-province",
}

REFERENCE: Final[Mapping[str, Example]] = {
    "calendar.proposed": ("calendar:VN-2026-11-24", _DAY_OFF),
    "calendar.approved": ("calendar:VN-2026-11-24", _DAY_OFF),
    "calendar.withdrawn": ("calendar:VN-2026-11-24", _DAY_OFF),
    "rule.proposed": ("rule:1.004873-2025", _RULE),
    "rule.approved": ("rule:1.004873-2025", _RULE),
    "rule.withdrawn": ("rule:1.004873-2025", _RULE),
    "procedure.decided": (
        "procedure:1.004873",
        {
            "procedure": "1.004873",
            "name": "Cấp Giấy xác nhận tình trạng hôn nhân",
            "field": "ho_tich",
            "field_name": "Hộ tịch",
            "sensitive": False,
            "levels": ("commune",),
            "decided_on": "2026-11-16",
            "effective_from": "2026-11-23",
            "fee": 15000,
            "source": _LAW,
            "verified": False,
        },
    ),
    "procedure.expired": (
        "procedure:1.004873",
        {"procedure": "1.004873", "expired_on": "2027-03-01", "replaced_by": "1.004874"},
    ),
    "unit.changed": (
        "unit:06112",
        {
            "unit": "06112",
            "name": "Xã Bình Gia",
            "type": "xã",
            "electronic_id": "H37.120",
            "synthetic": True,
            "opening": {
                "seasons": (
                    {
                        "first": "01-01",
                        "last": "12-31",
                        "morning": ("07:30", "11:30"),
                        "afternoon": ("13:30", "16:30"),
                    },
                ),
                "source": "QĐ 19/2025/QĐ-TTg",
                "verified": False,
            },
            "obligations_from": "2026-11-01",
            "numbering": "motcua",
        },
    ),
    "agency.named": (
        f"agency:{_AGENCY}",
        {
            "agency": _AGENCY,
            "name": "Sở Tư pháp tỉnh Lạng Sơn",
            "source": "Mã minh họa, chưa đối chiếu",
            "verified": False,
        },
    ),
    "role.assigned": (
        f"role:06112:director:{_DIRECTOR}",
        {
            "person": _DIRECTOR,
            "role": "director",
            "unit": "06112",
            "deputy": "p-06112-deputy",
            "from_day": "2026-01-01",
        },
    ),
    "role.ended": (
        f"role:06112:director:{_DIRECTOR}",
        {
            "person": _DIRECTOR,
            "role": "director",
            "unit": "06112",
            "ended_on": "2026-12-31",
        },
    ),
    "leave.recorded": (
        f"leave:06112:{_DIRECTOR}:2026-11-25",
        {
            "person": _DIRECTOR,
            "unit": "06112",
            "first_day": "2026-11-25",
            "last_day": "2026-11-27",
            "deputy": "p-06112-deputy",
        },
    ),
}

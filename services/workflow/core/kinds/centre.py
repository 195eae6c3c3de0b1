"""What a centre owes besides dossiers: service without interruption, connection, support."""

from collections.abc import Sequence
from typing import Final

from services.workflow.core.assessment import Assessment
from services.workflow.core.facts import Facts
from services.workflow.core.kinds.counted import (
    Owed,
    assess_owed,
    given,
    opening_hours,
    working_days,
)
from services.workflow.core.kinds.kind import NEVER, Kind, Words
from services.workflow.core.ladder import (
    FromDue,
    Ladder,
    MinutesFromDue,
    MinutesFromStart,
    Rung,
    Share,
)
from shared.calendar.errors import DateOutsideCalendarError
from shared.calendar.zone import legal_day, midnight_after
from shared.events.centres import (
    DefectReported,
    OutagePlanned,
    SupportAssigned,
    SupportRequested,
)
from shared.events.codes import PROVINCE, parse_matter
from shared.events.envelope import Event
from shared.law.rules import Rule
from shared.reference.errors import NoCalendarError
from shared.reference.view import Reference

INTERRUPTION: Final = "interruption"
OUTAGE: Final = "outage_notice"
CONNECTION: Final = "connection"
ASSIGN: Final = "support_assign"
RESOLVE: Final = "support_resolve"
DEFECT: Final = "defect_repair"

RESTORE_HOURS: Final = 4
RECONNECT_HOURS: Final = 4
OUTAGE_NOTICE_WORKING_DAYS: Final = 7
ASSIGN_HOURS: Final = {"high": 1, "normal": 4, "low": 8}
RESOLVE_HOURS: Final = {"high": 8, "normal": 16, "low": 40}
REPAIR_DAYS: Final = {"high": 1, "normal": 5, "low": 10}


def assess_interruption(facts: Facts, reference: Reference) -> list[Assessment]:
    """Say by when the service is to be restored; each interruption is one of its own."""
    return _losses(
        facts, reference, INTERRUPTION_KIND, ("centre.interrupted", "centre.resumed"), "resumed"
    )


def assess_connection(facts: Facts, reference: Reference) -> list[Assessment]:
    """Say by when a link is to be back; each loss is one of its own."""
    return _losses(
        facts,
        reference,
        CONNECTION_KIND,
        ("connection.lost", "connection.restored"),
        "restored",
    )


def _losses(
    facts: Facts, reference: Reference, kind: Kind, names: tuple[str, str], why: str
) -> list[Assessment]:
    lost, back = names
    found: list[Assessment] = []
    open_since: Event | None = None
    matter = parse_matter(facts.subject)
    about = {"system": matter.id} if matter is not None and matter.kind == "connection" else {}
    pairs: list[tuple[Event, Event | None]] = []
    for event in facts.named(set(names)):
        if event.name == lost and open_since is None:
            open_since = event
        elif event.name == back and open_since is not None:
            pairs.append((open_since, event))
            open_since = None
    if open_since is not None:
        pairs.append((open_since, None))
    for number, (start, end) in enumerate(pairs, start=1):
        owed = Owed(
            id=kind.id if number == 1 else f"{kind.id}:{number}",
            kind=kind.id,
            unit=facts.unit,
            start=start.time,
            cause=start.id,
            limit=opening_hours(RESTORE_HOURS if kind.id == INTERRUPTION else RECONNECT_HOURS),
            done=end,
            done_why=why,
            about=about,
        )
        found.append(assess_owed(owed, kind.ladder, reference))
    return found


def assess_outage(facts: Facts, reference: Reference) -> list[Assessment]:
    """Judge a planned outage: it is to be announced seven working days before it starts."""
    planned = facts.first("outage.planned")
    if planned is None or not isinstance(planned.data, OutagePlanned):
        return []
    starts = legal_day(planned.data.starts)
    try:
        last_day = reference.calendar.subtract_working_days(starts, OUTAGE_NOTICE_WORKING_DAYS)
    except (DateOutsideCalendarError, NoCalendarError):
        return []
    owed = Owed(
        id=OUTAGE,
        kind=OUTAGE,
        unit=facts.unit,
        start=planned.time,
        cause=planned.id,
        limit=given(midnight_after(last_day)),
        done=planned,
        done_why="announced",
    )
    return [assess_owed(owed, OUTAGE_KIND.ladder, reference)]


def assess_assign(facts: Facts, reference: Reference) -> list[Assessment]:
    """Say by when somebody of the provincial centre is to take a request for support."""
    requested = facts.first("support.requested")
    if requested is None or not isinstance(requested.data, SupportRequested):
        return []
    done = _earliest(facts, ("support.assigned", "support.resolved"))
    return [
        _support(facts, reference, SUPPORT_ASSIGN, requested, ASSIGN_HOURS, done, "assigned")
    ]


def assess_resolve(facts: Facts, reference: Reference) -> list[Assessment]:
    """Say by when the difficulty is to be removed."""
    requested = facts.first("support.requested")
    if requested is None or not isinstance(requested.data, SupportRequested):
        return []
    done = facts.first("support.resolved")
    return [
        _support(facts, reference, SUPPORT_RESOLVE, requested, RESOLVE_HOURS, done, "resolved")
    ]


def _support(
    facts: Facts,
    reference: Reference,
    kind: Kind,
    requested: Event,
    hours: dict[str, int],
    done: Event | None,
    why: str,
) -> Assessment:
    assert isinstance(requested.data, SupportRequested), "the name says so"
    assigned = facts.last("support.assigned")
    persons: dict[str, tuple[str, ...]] = {}
    if assigned is not None and isinstance(assigned.data, SupportAssigned):
        persons["handler"] = (assigned.data.to,)
    owed = Owed(
        id=kind.id,
        kind=kind.id,
        unit=PROVINCE,
        start=requested.time,
        cause=requested.id,
        limit=opening_hours(hours[requested.data.priority]),
        done=done,
        done_why=why,
        persons=persons,
        about={"topic": requested.data.topic, "for": facts.unit},
    )
    return assess_owed(owed, kind.ladder, reference)


def assess_defect(facts: Facts, reference: Reference) -> list[Assessment]:
    """Say by when a defect of the facilities is to be repaired."""
    reported = facts.first("defect.reported")
    if reported is None or not isinstance(reported.data, DefectReported):
        return []
    owed = Owed(
        id=DEFECT,
        kind=DEFECT,
        unit=facts.unit,
        start=reported.time,
        cause=reported.id,
        limit=working_days(REPAIR_DAYS[reported.data.priority]),
        done=facts.first("defect.repaired"),
        done_why="repaired",
        about={"item": reported.data.item},
    )
    return [assess_owed(owed, DEFECT_REPAIR.ladder, reference)]


def _earliest(facts: Facts, names: Sequence[str]) -> Event | None:
    return next(iter(facts.named(set(names))), None)


def _down(what_vi: str, what_en: str) -> Ladder:
    return Ladder(
        (
            Rung(
                "down",
                MinutesFromStart(15),
                "director",
                f"{what_vi} 15 phút",
                f"{what_en}: 15 min",
            ),
            Rung(
                "down_60",
                MinutesFromStart(60),
                "province",
                f"{what_vi} 60 phút",
                f"{what_en}: 60 min",
            ),
            Rung(
                "overdue",
                MinutesFromDue(0),
                "chairman",
                f"{what_vi} quá 4 giờ làm việc",
                f"{what_en}: over 4 opening hours",
            ),
        )
    )


INTERRUPTION_KIND = Kind(
    id=INTERRUPTION,
    name=Words("Khôi phục hoạt động của trung tâm", "Restore the centre's service"),
    of="interruption",
    opens=Words("Khi trung tâm bị gián đoạn.", "When reception at the centre stops."),
    due=Words("4 giờ làm việc.", "4 opening hours."),
    pauses=NEVER,
    discharged=Words("Hoạt động trở lại.", "It runs again."),
    rules=(Rule.DIRECTIVE, Rule.OUTAGE_NOTICE),
    ladder=_down("Gián đoạn", "Interrupted"),
    watches=frozenset({"centre.interrupted", "centre.resumed"}),
    assess=assess_interruption,
)

CONNECTION_KIND = Kind(
    id=CONNECTION,
    name=Words("Khôi phục kết nối dữ liệu", "Reconnect a database"),
    of="connection",
    opens=Words("Khi mất kết nối với một hệ thống.", "When the link to a system is lost."),
    due=Words("4 giờ làm việc.", "4 opening hours."),
    pauses=NEVER,
    discharged=Words("Kết nối trở lại.", "The link is back."),
    rules=(Rule.DIRECTIVE,),
    ladder=_down("Mất kết nối", "Disconnected"),
    watches=frozenset({"connection.lost", "connection.restored"}),
    assess=assess_connection,
)

OUTAGE_KIND = Kind(
    id=OUTAGE,
    name=Words("Thông báo trước khi dừng hệ thống", "Notice of a planned outage"),
    of="outage",
    opens=Words("Khi thông báo kế hoạch dừng.", "When the outage is announced."),
    due=Words(
        "Chậm nhất 7 ngày làm việc trước khi dừng.",
        "7 working days before it starts at latest.",
    ),
    pauses=NEVER,
    discharged=Words("Chính thông báo đó, đúng hạn hoặc trễ.", "The announcement itself."),
    rules=(Rule.OUTAGE_NOTICE,),
    ladder=Ladder(()),
    watches=frozenset({"outage.planned"}),
    assess=assess_outage,
)

SUPPORT_ASSIGN = Kind(
    id=ASSIGN,
    name=Words("Phân công xử lý vướng mắc", "Assign a request for support"),
    of="support",
    opens=Words("Khi xã đề nghị hỗ trợ.", "When a commune asks for support."),
    due=Words(
        "1, 4 hoặc 8 giờ làm việc của cấp tỉnh, theo mức ưu tiên.",
        "1, 4 or 8 opening hours of the province, by priority.",
    ),
    pauses=NEVER,
    discharged=Words("Đã phân công hoặc đã giải quyết.", "It is assigned or resolved."),
    rules=(Rule.DIRECTIVE,),
    ladder=Ladder(
        (
            Rung(
                "overdue",
                MinutesFromDue(0),
                "province",
                "Vướng mắc chưa được phân công",
                "A request for support is not assigned",
            ),
        )
    ),
    watches=frozenset({"support.requested", "support.assigned", "support.resolved"}),
    assess=assess_assign,
)

SUPPORT_RESOLVE = Kind(
    id=RESOLVE,
    name=Words("Giải quyết vướng mắc", "Resolve a request for support"),
    of="support",
    opens=Words("Khi xã đề nghị hỗ trợ.", "When a commune asks for support."),
    due=Words(
        "8, 16 hoặc 40 giờ làm việc của cấp tỉnh, theo mức ưu tiên.",
        "8, 16 or 40 opening hours of the province, by priority.",
    ),
    pauses=NEVER,
    discharged=Words("Đã giải quyết.", "It is resolved."),
    rules=(Rule.DIRECTIVE,),
    ladder=Ladder(
        (
            Rung("most", Share(80), "handler", "Đã dùng 80 % thời gian", "80 % used"),
            Rung(
                "overdue",
                MinutesFromDue(0),
                "province",
                "Vướng mắc chưa được giải quyết",
                "A request for support is not resolved",
            ),
        )
    ),
    watches=frozenset({"support.requested", "support.assigned", "support.resolved"}),
    assess=assess_resolve,
)

DEFECT_REPAIR = Kind(
    id=DEFECT,
    name=Words("Sửa chữa cơ sở vật chất", "Repair a defect of the facilities"),
    of="defect",
    opens=Words("Khi có báo hỏng.", "When a defect is reported."),
    due=Words(
        "1, 5 hoặc 10 ngày làm việc theo mức ưu tiên.", "1, 5 or 10 working days by priority."
    ),
    pauses=NEVER,
    discharged=Words("Đã sửa xong.", "It is repaired."),
    rules=(Rule.DIRECTIVE,),
    ladder=Ladder(
        (
            Rung("most", Share(80), "director", "Đã dùng 80 % thời hạn sửa", "80 % used"),
            Rung("overdue", FromDue(0), "chairman", "Quá hạn sửa chữa", "Repair is overdue"),
            Rung(
                "overdue_5", FromDue(5), "province", "Quá hạn sửa 5 ngày", "Overdue by 5 days"
            ),
        )
    ),
    watches=frozenset({"defect.reported", "defect.repaired"}),
    assess=assess_defect,
)

"""The dossier's legal deadline, and the slip of apology that is due before it."""

from datetime import datetime

from services.workflow.core.assessment import (
    AssessedCycle,
    Assessment,
    Discharge,
    Suspension,
)
from services.workflow.core.facts import Facts
from services.workflow.core.kinds.deadline_cycles import (
    Stretch,
    cycles_of,
    ledger_rows,
    stretches,
)
from services.workflow.core.kinds.dossier_facts import (
    Dossier,
    limit_of,
    read_dossier,
)
from services.workflow.core.kinds.dossier_verdict import (
    discharge_of,
    limit_missed,
    met,
    word_of,
)
from services.workflow.core.kinds.kind import Kind, Words
from services.workflow.core.kinds.pauses import pause_flags
from services.workflow.core.ladder import FromDue, Ladder, Repeat, Rung, Share
from shared.calendar.deadline import Deadline
from shared.calendar.errors import DateOutsideCalendarError
from shared.calendar.history import History
from shared.calendar.shares import apology_slip_due
from shared.events.envelope import Event
from shared.law.rules import Rule
from shared.reference.errors import NoCalendarError, UnknownUnitError
from shared.reference.view import Reference

DEADLINE = "dossier_deadline"
SLIP = "apology_slip"

WATCHES = frozenset(
    {
        "dossier.accepted",
        "dossier.arrived",
        "dossier.supplement_requested",
        "dossier.supplement_received",
        "dossier.extended",
        "dossier.moved",
        "dossier.completed",
        "dossier.returned",
        "dossier.stopped",
        "dossier.refused",
        "dossier.withdrawn",
        "notice.proven",
        "notice.undeliverable",
    }
)

IDLE_AFTER = {"dossier.returned": "dossier.completed"}
"""A result that is handed out changes nothing where it was ready before."""


def assess_deadline(facts: Facts, reference: Reference) -> list[Assessment]:
    """Say by when a dossier's result is owed, by both clocks."""
    dossier = read_dossier(facts)
    if dossier is None:
        return []
    counted = _count(dossier, facts, reference)
    if isinstance(counted, str):
        return [_undated(dossier, reference, counted)]
    deadline, found, rule = counted
    ladder = DOSSIER_DEADLINE.ladder_for(_field(dossier, reference))
    return [
        Assessment(
            id=DEADLINE,
            kind=DEADLINE,
            unit=dossier.unit,
            opened_at=dossier.accepted.time,
            cause=dossier.accepted.id,
            cycles=cycles_of(found, ladder, due_of=lambda d: d.due, limit_of=lambda d: d.limit),
            due=deadline.due,
            limit=deadline.limit,
            index_due=deadline.index_due,
            limit_missed=limit_missed(dossier, deadline),
            suspended=_suspension(deadline),
            discharge=discharge_of(dossier, deadline),
            rule=rule,
            persons=_persons(dossier),
            about=_about(dossier, reference),
            flags=(*deadline.flags, *pause_flags(dossier, facts)),
            ledger=lambda: ledger_rows(deadline),
        )
    ]


def assess_slip(facts: Facts, reference: Reference) -> list[Assessment]:
    """Say by when a slip of apology is owed if the promise will not be kept."""
    dossier = read_dossier(facts)
    if dossier is None:
        return []
    counted = _count(dossier, facts, reference)
    if isinstance(counted, str):
        return []
    deadline, found, rule = counted
    found = [stretch for stretch in found if stretch.why != "extension"]
    try:
        if all(apology_slip_due(stretch.deadline) is None for stretch in found):
            return []
        issued = _issued(dossier, facts)
        counted_on = cycles_of(
            found, APOLOGY_SLIP.ladder, due_of=apology_slip_due, limit_of=_slip_limit
        )
        begun = [one for one in counted_on if issued is None or one.opened <= issued.time]
        # One that was given before the clock began (on arrival) leaves nothing of the first.
        cycles = [_until_issued(one, issued) for one in begun or counted_on[:1]]
        due = cycles[-1].due
    except DateOutsideCalendarError:
        return []
    suspended = _suspension(deadline) if issued is None else None
    return [
        Assessment(
            id=SLIP,
            kind=SLIP,
            unit=dossier.unit,
            opened_at=dossier.accepted.time,
            cause=dossier.accepted.id,
            cycles=tuple(cycles),
            due=None if suspended else due,
            limit=None if suspended else cycles[-1].limit,
            suspended=suspended,
            discharge=_slip_discharge(dossier, deadline, issued, due),
            rule=rule,
            persons=_persons(dossier),
            about=_about(dossier, reference),
        )
    ]


Counted = tuple[Deadline, list[Stretch], str]


def _count(dossier: Dossier, facts: Facts, reference: Reference) -> Counted | str:
    """Count the deadline once for both kinds, or say in a word why there is none."""
    return facts.once("deadline", lambda: _counted(dossier, facts, reference))


def _counted(dossier: Dossier, facts: Facts, reference: Reference) -> Counted | str:
    if dossier.start is None:
        return "not_arrived"
    held = limit_of(dossier, reference)
    if held is None:
        return "no_rule"
    limit, rule = held
    arrived = dossier.start is not dossier.accepted
    history = History(
        start=dossier.start.time,
        waits=dossier.waits,
        extensions=dossier.extensions,
        accepted=dossier.accepted.time if arrived else None,
        cause=dossier.start.id,
        start_key="arrived" if arrived else "accepted",
    )
    end = dossier.end
    try:
        deadline, found = stretches(
            limit,
            history,
            reference,
            dossier.unit,
            end=None if end is None else end.time,
            end_why=None if end is None else word_of(end),
            printed=facts.printed.get(DEADLINE),
        )
    except DateOutsideCalendarError:
        return "beyond_horizon"
    except NoCalendarError:
        return "no_calendar"
    except UnknownUnitError:
        return "unknown_unit"
    return deadline, found, rule


def _undated(dossier: Dossier, reference: Reference, why: str) -> Assessment:
    """Return the deadline of a dossier that no date can be given for, with the reason."""
    end = dossier.end
    return Assessment(
        id=DEADLINE,
        kind=DEADLINE,
        unit=dossier.unit,
        opened_at=dossier.accepted.time,
        cause=dossier.accepted.id,
        no_deadline=why,
        discharge=None if end is None else Discharge(end.time, end.id, word_of(end)),
        persons=_persons(dossier),
        about=_about(dossier, reference),
    )


def _suspension(deadline: Deadline) -> Suspension | None:
    if deadline.suspended_since is None:
        return None
    wait = deadline.history.waits[-1]
    return Suspension(
        deadline.suspended_since, wait.proof_cause or wait.cause or "", "supplement"
    )


def _slip_discharge(
    dossier: Dossier, deadline: Deadline, issued: Event | None, due: datetime | None
) -> Discharge | None:
    end = dossier.end
    if issued is not None and (end is None or issued.time <= end.time):
        return Discharge(issued.time, issued.id, "issued", met(issued.time, due))
    if end is None:
        return None
    judged = discharge_of(dossier, deadline)
    assert judged is not None, "an ended dossier is judged"
    if judged.by_limit is False:
        # The limit was missed and no slip was given: it was owed.
        return Discharge(end.time, end.id, "never_issued", in_time=False)
    return Discharge(end.time, end.id, "not_needed", void=True)


def _issued(dossier: Dossier, facts: Facts) -> Event | None:
    """Return what gave the slip: the apology, or the new date that comes with one."""
    given = facts.named({"dossier.apology_issued", "dossier.extended"})
    return next((event for event in given if event.time >= dossier.accepted.time), None)


def _slip_limit(deadline: Deadline) -> datetime | None:
    """Return until when the slip can still be judged as not owed."""
    return None if apology_slip_due(deadline) is None else deadline.limit


def _until_issued(cycle: AssessedCycle, issued: Event | None) -> AssessedCycle:
    if issued is None or (cycle.ended_at is not None and cycle.ended_at <= issued.time):
        return cycle
    return AssessedCycle(
        key=cycle.key,
        opened=cycle.opened,
        due=cycle.due,
        limit=cycle.limit,
        why=cycle.why,
        rungs=cycle.rungs,
        ended_at=issued.time,
        ended_why="issued",
    )


def _persons(dossier: Dossier) -> dict[str, tuple[str, ...]]:
    return {"handler": (dossier.handler,)} if dossier.handler else {}


def _field(dossier: Dossier, reference: Reference) -> str | None:
    procedure = reference.procedures.get(dossier.procedure)
    return None if procedure is None else procedure.field


def _about(dossier: Dossier, reference: Reference) -> dict[str, str]:
    about = {"procedure": dossier.procedure}
    administration = _field(dossier, reference)
    if administration:
        about["field"] = administration
    return about


DOSSIER_DEADLINE = Kind(
    id=DEADLINE,
    name=Words("Thời hạn giải quyết hồ sơ", "Legal deadline of a dossier"),
    of="dossier",
    opens=Words(
        "Khi hồ sơ được tiếp nhận đầy đủ; hồ sơ phi địa giới: khi cơ quan có thẩm quyền "
        "nhận được.",
        "When the dossier is accepted complete; across boundaries, when the competent agency "
        "has it.",
    ),
    due=Words(
        "Giờ đóng cửa của ngày cuối cùng (lời hẹn); 24:00 ngày cuối cùng (theo luật). "
        "Ngày hẹn lại chỉ dời lời hẹn; thời hạn theo luật chỉ bị vi phạm một lần. "
        "Đồng hồ của chỉ số 766 chạy song song.",
        "Close of office on the last day (the promise); 24:00 of the last day (the statute). "
        "A new date moves the promise alone; the statute is breached once. "
        "The clock of index 766 runs beside it.",
    ),
    pauses=Words(
        "Chờ người dân bổ sung, tính từ khi chứng minh được thông báo đã đến. Nhận đủ thì tính "
        "lại từ đầu (chỉ số 766: trừ thời gian chờ). Thông báo đến sau khi hết thời hạn theo "
        "luật thì không dừng gì: hồ sơ vẫn quá hạn.",
        "Waiting for the applicant's supplement, from the proven arrival of the notice. Its "
        "receipt restarts the clock (index 766 subtracts the wait). A notice that arrives "
        "after the statutory limit suspends nothing: the dossier stays late.",
    ),
    discharged=Words(
        "Có kết quả; hoặc dừng, từ chối, rút hồ sơ.",
        "The result is ready; or it is stopped, refused or withdrawn.",
    ),
    rules=(Rule.LIMIT_FROM_RECEIPT,),
    ladder=Ladder(
        (
            Rung(
                "half", Share(50), "handler", "Đã dùng 50 % thời hạn", "50 % of the limit used"
            ),
            Rung(
                "most",
                Share(80),
                "division_head",
                "Đã dùng 80 % thời hạn",
                "80 % of the limit used",
            ),
            Rung("overdue", FromDue(0), "chairman", "Quá hạn", "Overdue", statutory=True),
            Rung("overdue_1", FromDue(1), "province", "Quá hạn 1 ngày", "Overdue by 1 day"),
            Rung("overdue_3", FromDue(3), "province", "Quá hạn 3 ngày", "Overdue by 3 days"),
            Rung(
                "overdue_5",
                FromDue(5),
                "province",
                "Quá hạn 5 ngày",
                "Overdue by 5 days",
                repeat=Repeat(every_working_days=5, times_max=6),
            ),
        )
    ),
    watches=WATCHES,
    idle_after=IDLE_AFTER,
    assess=assess_deadline,
)

APOLOGY_SLIP = Kind(
    id=SLIP,
    name=Words("Phiếu xin lỗi và hẹn lại ngày trả", "Slip of apology with a new date"),
    of="dossier",
    opens=Words("Cùng lúc với thời hạn của hồ sơ.", "Together with the dossier's deadline."),
    due=Words(
        "Giờ đóng cửa của ngày làm việc trước ngày cuối cùng; không áp dụng cho thủ tục trả "
        "trong ngày.",
        "Close of office on the working day before the last day; not for same-day procedures.",
    ),
    pauses=Words("Như thời hạn của hồ sơ.", "As the dossier's deadline."),
    discharged=Words(
        "Đã phát hành phiếu; hoặc hồ sơ xong trong thời hạn thì không cần.",
        "The slip is issued; or the dossier ends within its limit, and none was needed.",
    ),
    rules=(Rule.APOLOGY_AND_NEW_DATE,),
    ladder=Ladder(
        (
            Rung(
                "draft",
                FromDue(-1),
                "director",
                "Một ngày trước hạn ký phiếu xin lỗi; kèm bản dự thảo",
                "A day before the slip is due; with a draft",
            ),
            Rung(
                "last_moment",
                FromDue(0),
                "chairman",
                "Thời điểm hợp pháp cuối cùng để xin lỗi",
                "The last legal moment to apologise",
                statutory=True,
            ),
        )
    ),
    beside=True,
    watches=WATCHES | {"dossier.apology_issued"},
    idle_after=IDLE_AFTER,
    assess=assess_slip,
)

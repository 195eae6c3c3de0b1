"""What has one beginning, one limit and one end: a dossier's other duties, and a centre's."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from typing import Final

from deploy.auditor.core.answers import ANSWERS
from deploy.auditor.core.history import Fact, first
from deploy.auditor.core.one import About, One, given, hours, working_days
from deploy.auditor.core.owing import last_of_month
from deploy.auditor.core.wall import DAY, VIETNAM, BeyondCalendar, Json, instant, midnight_after

PROVINCE: Final = "20"
OVER: Final = (
    "dossier.completed",
    "dossier.returned",
    "dossier.stopped",
    "dossier.refused",
    "dossier.withdrawn",
)
NOTICE_DAYS: Final = 3
OUTAGE_DAYS: Final = 7
POSTING_DAYS: Final = 5
RESTORE_HOURS: Final = 4
REPAIR_DAYS: Final = {"high": 1, "normal": 5, "low": 10}
ASSIGN_HOURS: Final = {"high": 1, "normal": 4, "low": 8}
RESOLVE_HOURS: Final = {"high": 8, "normal": 16, "low": 40}
DATA_DAYS: Final = {
    "see": 10,
    "correct": 10,
    "withdraw_consent": 15,
    "restrict": 15,
    "object": 15,
    "erase": 20,
}


def steps(about: About) -> Iterator[One]:
    """Each step of another agency, by its own limit."""
    counts: dict[str, int] = {}
    for fact in about.facts:
        if fact.name != "dossier.step_started":
            continue
        step, agency, limit = fact.data["step"], fact.data["agency"], fact.data.get("limit")
        counts[step] = number = counts.get(step, 0) + 1
        if limit is None or (limit["unit"] != "same_day" and limit["value"] < 1):
            continue
        done = next(
            (
                each
                for each in about.facts
                if each.name == "dossier.step_finished"
                and (each.data["step"], each.data["agency"]) == (step, agency)
                and each.time >= fact.time
            ),
            None,
        )
        tail = step if number == 1 else f"{step}.{number}"
        void = first(about.facts, *OVER, after=fact.time)
        yield One("agency_step", fact.time, fact.id, limit, done, void, tail=tail)


def notice(about: About) -> Iterator[One]:
    """The first request for a supplement, judged from the acceptance on."""
    accepted = first(about.facts, "dossier.accepted")
    if accepted is None:
        return
    asked = first(about.facts, "dossier.supplement_requested", after=accepted.time)
    if asked is not None:
        limit = working_days(NOTICE_DAYS)
        yield One("supplement_notice", accepted.time, accepted.id, limit, asked)


def confirmations(about: About) -> Iterator[One]:
    """Each form to be confirmed by the end of the next day; silence is consent."""
    asked_for = [f for f in about.facts if f.name == "dossier.confirmation_requested"]
    for number, asked in enumerate(asked_for, start=1):
        until = midnight_after(asked.time.date() + DAY)
        done = first(about.facts, "dossier.confirmed", after=asked.time)
        over = first(about.facts, *OVER, after=asked.time)
        yield One(
            "applicant_confirmation",
            asked.time,
            asked.id,
            given(until),
            done if done is not None and done.time <= until else None,
            over if over is not None and over.time <= until else None,
            lapses=until,
            tail="" if number == 1 else str(number),
        )


def losses(kind: str, lost: str, back: str) -> Callable[[About], Iterator[One]]:
    """Return what pairs each loss with what ended it."""

    def pairs(about: About) -> Iterator[One]:
        since: Fact | None = None
        number = 0
        for fact in [*about.facts, None]:
            if since is None and fact is not None and fact.name == lost:
                since = fact
            elif since is not None and (fact is None or fact.name == back):
                number += 1
                tail = "" if number == 1 else str(number)
                yield One(kind, since.time, since.id, hours(RESTORE_HOURS), fact, tail=tail)
                since = None

    return pairs


def outage(about: About) -> Iterator[One]:
    """A planned outage, announced seven working days before; judged as it is announced."""
    planned, wall = first(about.facts, "outage.planned"), about.law.wall(about.unit)
    if planned is None or wall is None:
        return
    try:
        last = wall.shift(instant(planned.data["starts"]).date(), -OUTAGE_DAYS)
    except BeyondCalendar:
        return
    until = given(midnight_after(last))
    yield One("outage_notice", planned.time, planned.id, until, planned)


def simple(
    kind: str, opened: str, limit: Callable[[Fact], Json], *ended: str, unit: str | None = None
) -> Callable[[About], Iterator[One]]:
    """Return a kind that one event opens, and the first of some others ends."""

    def found(about: About) -> Iterator[One]:
        begun = first(about.facts, opened)
        if begun is not None:
            done = first(about.facts, *ended)
            yield One(kind, begun.time, begun.id, limit(begun), done, unit=unit)

    return found


def classify(about: About) -> Iterator[One]:
    """A petition is taken or refused in 2 working days, or asked to be completed in 5."""
    received = first(about.facts, "petition.received")
    if received is None:
        return
    done = first(about.facts, "petition.classified") or first(about.facts, "petition.answered")
    asks = done is not None and done.data.get("outcome") == "supplement"
    yield One(
        "petition_classify",
        received.time,
        received.id,
        working_days(5 if asks else 2),
        done,
    )


def answer(about: About) -> Iterator[One]:
    """A petition is answered in 15 working days, unless it was refused or forwarded."""
    received = first(about.facts, "petition.received")
    if received is None:
        return
    passed_on = next(
        (
            fact
            for fact in about.facts
            if fact.name == "petition.classified"
            and fact.data["outcome"] in {"refused", "forwarded"}
        ),
        None,
    )
    done = first(about.facts, "petition.answered")
    yield One("petition_answer", received.time, received.id, working_days(15), done, passed_on)


def data_request(about: About) -> Iterator[One]:
    """A request about personal data, in calendar days by the right it rests on."""
    received = first(about.facts, "datarequest.received")
    if received is None:
        return
    limit = {"unit": "calendar_days", "value": DATA_DAYS[received.data["right"]]}
    done = [fact for fact in about.facts if fact.name == "datarequest.answered"]
    last = done[-1] if done else None
    yield One("datarequest", received.time, received.id, limit, last)


def conditions(about: About) -> Iterator[One]:
    """A month's self-assessment, by the close of its last working day."""
    begins = date.fromisoformat(f"{about.own_id}-01")
    done = first(about.facts, "conditions.reported")
    yield from _by_last_day(about, "conditions", begins, last_of_month(begins), done)


def meeting(about: About) -> Iterator[One]:
    """A meeting with the agencies, by the close of its quarter's last working day."""
    year, quarter = (int(part) for part in about.own_id.split("-Q"))
    begins, last = date(year, 3 * quarter - 2, 1), last_of_month(date(year, 3 * quarter, 1))
    done = first(about.facts, "meeting.held")
    yield from _by_last_day(about, "meeting", begins, last, done)


def _by_last_day(
    about: About, kind: str, begins: date, last: date, done: Fact | None
) -> Iterator[One]:
    """What a period asks for, by the close of its last working day."""
    unit, wall = about.law.units.get(about.unit), about.law.wall(about.unit)
    if unit is None or wall is None or unit.begins is None or begins < unit.begins:
        return
    if last > wall.last or not about.is_named(begins):
        return
    working = last if wall.works(last) else wall.working_before(last)
    yield One(
        kind,
        datetime.combine(begins, time(), VIETNAM),
        f"calendar:{about.own_id}",
        given(wall.close(working)),
        done,
    )


def secondment_notes(about: About) -> Iterator[One]:
    """The note of each month, opened by that of the month before; all once it has ended."""
    wall, started = about.law.wall(about.unit), first(about.facts, "secondment.started")
    if started is None or wall is None:
        return
    begins, last = (date.fromisoformat(started.data[f"{one}_day"]) for one in ("from", "until"))
    begins = max(begins, started.time.date())
    ended = first(about.facts, "secondment.ended")
    if ended is not None:
        last = min(last, ended.time.date())
    sent: dict[str, Fact] = {}
    for fact in about.facts:
        if fact.name == "secondment.assessed":
            sent.setdefault(fact.data["month"], fact)
    latest = max((month for month in sent if f"{begins:%Y-%m}" <= month), default="")
    day, before_was_sent = begins, True
    while day <= last:
        month, end = f"{day:%Y-%m}", last_of_month(day.replace(day=1))
        if not (before_was_sent or month <= latest or ended is not None):
            return
        if wall.first <= end <= wall.last:
            working = end if wall.works(end) else wall.working_before(end)
            yield One(
                "secondment_note",
                datetime.combine(day, time(), VIETNAM),
                f"calendar:{month}",
                given(wall.close(working)),
                sent.get(month),
                tail=month,
            )
        before_was_sent = month in sent
        day = end + DAY


def secondment_end(about: About) -> Iterator[One]:
    """A secondment ends by the end of its last day."""
    started = first(about.facts, "secondment.started")
    if started is not None:
        until = given(midnight_after(date.fromisoformat(started.data["until_day"])))
        ended = first(about.facts, "secondment.ended")
        yield One("secondment_end", started.time, started.id, until, ended)


def staff_posting(about: About) -> Iterator[One]:
    """The staff list is posted within 5 working days of a change, or of the beginning."""
    unit, changed = about.law.units.get(about.unit), date.fromisoformat(about.own_id)
    if unit is None or unit.begins is None or changed < unit.begins:
        return
    if not about.is_named(changed):
        return
    yield One(
        "staff_posting",
        datetime.combine(changed, time(), VIETNAM),
        f"staff:{changed}",
        working_days(POSTING_DAYS),
        first(about.facts, "staff.posted"),
    )


def posting(about: About) -> Iterator[One]:
    """A decision is posted within 5 working days."""
    unit = about.law.units.get(about.unit)
    code, _, day = about.own_id.rpartition("/")
    decided = date.fromisoformat(day)
    if unit is None or unit.begins is None or decided < unit.begins:
        return
    if not about.is_named(decided):
        return
    yield One(
        "posting",
        datetime.combine(decided, time(), VIETNAM),
        f"decision:{code}:{decided}",
        working_days(POSTING_DAYS),
        first(about.facts, "posting.published"),
    )


def withdrawal(about: About) -> Iterator[One]:
    """An expired procedure is taken down within 5 working days."""
    unit = about.law.units.get(about.unit)
    known = about.law.procedures.get(about.own_id.rpartition("/")[0])
    if unit is None or unit.begins is None or known is None or known.expired is None:
        return
    if known.expired < unit.begins:
        return
    if not about.is_named(date.fromisoformat(about.own_id.rpartition("/")[2])):
        return
    yield One(
        "posting_withdrawal",
        datetime.combine(known.expired, time(), VIETNAM),
        f"expiry:{known.code}:{known.expired}",
        working_days(POSTING_DAYS),
        first(about.facts, "posting.withdrawn"),
    )


KINDS: Final[Mapping[str, Callable[[About], Iterator[One]]]] = {
    **ANSWERS,
    "agency_step": steps,
    "supplement_notice": notice,
    "applicant_confirmation": confirmations,
    "conditions": conditions,
    "defect_repair": simple(
        "defect_repair",
        "defect.reported",
        lambda fact: working_days(REPAIR_DAYS[fact.data["priority"]]),
        "defect.repaired",
    ),
    "posting": posting,
    "posting_withdrawal": withdrawal,
    "meeting": meeting,
    "staff_posting": staff_posting,
    "secondment_note": secondment_notes,
    "secondment_end": secondment_end,
    "petition_classify": classify,
    "petition_answer": answer,
    "petition_publish": simple(
        "petition_publish",
        "petition.answered",
        lambda _fact: working_days(2),
        "petition.published",
    ),
    "support_assign": simple(
        "support_assign",
        "support.requested",
        lambda fact: hours(ASSIGN_HOURS[fact.data["priority"]]),
        "support.assigned",
        "support.resolved",
        unit=PROVINCE,
    ),
    "support_resolve": simple(
        "support_resolve",
        "support.requested",
        lambda fact: hours(RESOLVE_HOURS[fact.data["priority"]]),
        "support.resolved",
        unit=PROVINCE,
    ),
    "interruption": losses("interruption", "centre.interrupted", "centre.resumed"),
    "outage_notice": outage,
    "connection": losses("connection", "connection.lost", "connection.restored"),
    "datarequest_reply": simple(
        "datarequest_reply",
        "datarequest.received",
        lambda _fact: working_days(2),
        "datarequest.answered",
    ),
    "datarequest": data_request,
}
"""Every kind with one beginning and one end, and how it is read from what happened."""

"""What a dossier's centre must answer or do within hours or days of one event of it."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, time
from typing import Final

from deploy.auditor.core.history import first
from deploy.auditor.core.one import About, One, given, hours, working_days
from deploy.auditor.core.wall import DAY, BeyondCalendar, Json, Wall

FROM: Final = date(2025, 7, 1)
"""The decree that asks for these is in force from this day on."""

ANSWER_HOURS: Final = 8
APPLICANT_DAYS: Final = 15
CORRECTION_DAYS: Final = 3
NO_DATE: Final = working_days(100_000)
"""Longer than any calendar: it is due on a day that nobody has published."""

HOUR: Final = DAY / 24
CUT_OFF: Final = time(15, 0)

ANSWERS_ONLINE: Final = ("dossier.accepted", "dossier.refused", "dossier.supplement_requested")
ENDS_OTHERWISE: Final = (
    "dossier.withdrawn",
    "dossier.stopped",
    "dossier.completed",
    "dossier.returned",
)
PASSED_ON: Final = (
    "dossier.assigned",
    "dossier.arrived",
    "dossier.completed",
    "dossier.returned",
)
CALLED_OFF: Final = ("dossier.stopped", "dossier.refused", "dossier.withdrawn")


def online_answers(about: About) -> Iterator[One]:
    """Each time that the system received an online dossier which was neither taken nor over."""
    facts = list(about.facts)
    sent = first(facts, "dossier.submitted")
    if sent is None or sent.data["channel"] != "online":
        return
    closing = first(facts, "dossier.accepted", "dossier.refused", *ENDS_OTHERWISE)
    story = facts if closing is None else facts[: facts.index(closing) + 1]
    if sent not in story:
        return
    number, rest = 0, story[story.index(sent) :]
    while rest:
        number += 1
        start, rest = rest[0], rest[1:]
        reply = first(rest, *ANSWERS_ONLINE, *ENDS_OTHERWISE)
        kept = reply is not None and reply.name in ANSWERS_ONLINE
        if start.time.date() >= FROM:
            yield One(
                "online_answer",
                start.time,
                start.id,
                hours(ANSWER_HOURS),
                reply if kept else None,
                None if kept else reply,
                tail="" if number == 1 else str(number),
            )
        after = [] if reply is None else rest[rest.index(reply) + 1 :]
        mended = first(after, "dossier.supplement_received")
        rest = [] if mended is None else after[after.index(mended) :]


def hand_over(about: About) -> Iterator[One]:
    """Paper goes on the same day; after 15:00 in the first hour of the next; or elsewhere."""
    dossier, wall = about.dossier, about.law.wall(about.unit)
    if dossier is None or dossier.accepted.data["channel"] == "online":
        return
    accepted = dossier.accepted
    day = accepted.time.date()
    new = day >= FROM
    passed_on = first(about.facts, *PASSED_ON, after=accepted.time)
    void = first(about.facts, *CALLED_OFF, after=accepted.time)
    units = (accepted.receiving, accepted.competent)
    sender = None
    if new and None not in units and units[0] != units[1]:
        limit, sender = working_days(1), units[0]  # Who received the paper must send it.
    elif wall is None or not wall.first <= day <= wall.last:
        return
    else:
        early = wall.works(day) and accepted.time.time() <= CUT_OFF
        if early and not new:
            return
        if early and accepted.time < wall.close(day):
            limit = given(wall.close(day))
        else:
            try:
                limit = given(wall.begin(wall.next_working(day)) + HOUR)
            except BeyondCalendar:
                limit = working_days(1)  # It is due on a day that nobody has published.
    yield One("hand_over", accepted.time, accepted.id, limit, passed_on, void, unit=sender)


def closings(about: About) -> Iterator[One]:
    """Each proven wait for the applicant: 15 days, and the next working day to close."""
    dossier, wall = about.dossier, about.law.wall(about.unit)
    facts = list(about.facts)
    for number, wait in enumerate(() if dossier is None else dossier.waits, start=1):
        if wait.proven is None:
            continue
        start = max(wait.requested, wait.proven)
        asked = next(
            fact
            for fact in facts
            if fact.name == "dossier.supplement_requested" and fact.time == wait.requested
        )
        over = first(
            facts[facts.index(asked) + 1 :],
            "dossier.supplement_received",
            "dossier.refused",
            *ENDS_OTHERWISE,
        )
        if start.date() < FROM or (over is not None and over.time < start):
            continue
        closed = (
            over is not None
            and over.name == "dossier.stopped"
            and over.data["reason"] == "not_supplemented"
        )
        yield One(
            "supplement_closing",
            start,
            asked.id,
            NO_DATE if wall is None else _close_by(wall, start.date()),
            over if closed else None,
            None if closed else over,
            tail="" if number == 1 else str(number),
        )


def _close_by(wall: Wall, noticed: date) -> Json:
    try:
        day = noticed + DAY * APPLICANT_DAYS
        if not wall.works(day):
            day = wall.next_working(day)
        return given(wall.close(wall.next_working(day)))
    except BeyondCalendar:
        return NO_DATE


def corrections(about: About) -> Iterator[One]:
    """Each result that was wrong by the officials' fault; what is disputed meanwhile is one."""
    left, number = list(about.facts), 0
    while True:
        wrong = next(
            (
                fact
                for fact in left
                if fact.name == "dossier.result_disputed"
                and fact.data["fault"] == "officials"
                and fact.time.date() >= FROM
            ),
            None,
        )
        if wrong is None:
            return
        number += 1
        left = left[left.index(wrong) + 1 :]
        right = first(left, "dossier.result_corrected")
        yield One(
            "result_correction",
            wrong.time,
            wrong.id,
            working_days(CORRECTION_DAYS),
            right,
            tail="" if number == 1 else str(number),
        )
        left = [] if right is None else left[left.index(right) + 1 :]


ANSWERS: Final[Mapping[str, Callable[[About], Iterator[One]]]] = {
    "hand_over": hand_over,
    "result_correction": corrections,
    "supplement_closing": closings,
    "online_answer": online_answers,
}

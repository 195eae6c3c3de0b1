"""What happens to one simulated dossier, from the counter to the returned result.

Pure: a seed and a calendar give the same story. The story knows nothing of deadlines as motcua
counts them; it only aims before or after a rough one, so that some results come late.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final, Literal

from shared.calendar.days import DeadlineCalendar
from shared.calendar.zone import ICT

Channel = Literal["direct", "online", "post"]
Door = Literal["http", "kafka"]

OPENS: Final = time(7, 30)
NOON: Final = time(11, 30)
AFTERNOON: Final = time(13, 30)
CLOSES: Final = time(17, 0)
QUARTER_MINUTES: Final = 15

CHANNELS: Final[tuple[Channel, ...]] = ("online", "direct", "post")
CHANNEL_SHARES: Final = (0.8776, 0.1, 0.0224)
REFUSED_SHARE: Final = 0.03
ANSWERED_LATE_SHARE: Final = 0.04
"""Online dossiers that nobody answers before the next day or the one after."""

MENDED_SHARE: Final = 0.03
"""Online dossiers that their applicants have to mend before they are accepted."""

WITHDRAWN_SHARE: Final = 0.01
STOPPED_SHARE: Final = 0.008
SUPPLEMENT_SHARE: Final = 0.05
SECOND_SUPPLEMENT_SHARE: Final = 0.12
PAYMENT_SHARE: Final = 0.06
SLIP_SHARE: Final = 0.4
IN_PERSON_SHARE: Final = 0.6
UNSUPPLEMENTED_SHARE: Final = 0.2
"""Requests that the applicant never answers."""

CLOSED_LATE_SHARE: Final = 0.3
APPLICANT_DAYS: Final = 15
RETURNED_SHARE: Final = 0.9
WRONG_SHARE: Final = 0.03
"""Results that turn out to be wrong by the officials' fault."""

ELSEWHERE_SHARE: Final = 0.02


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that happens: the event's name without prefix, and its data."""

    at: datetime
    name: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Procedure:
    """As much of a procedure as the simulator needs."""

    code: str
    unit: str
    value: int
    weight: float
    linked: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """One dossier.

    `number` is its place in the simulation. Its code comes from intake if the counter receives
    it, and from the portal's own numbering (`own_code`) if it comes online.

    Attributes:
        code_of: The unit whose electronic id the counter's code carries.
    """

    number: int
    receiving: str
    competent: str
    code_of: str
    procedure: str
    channel: Channel
    door: Door
    own_code: str | None
    acts: tuple[Act, ...]


def slots(minutes: int) -> tuple[time, ...]:
    """Return the moments of a working day at which things happen, so many minutes apart."""
    return tuple(
        time(hour, minute)
        for hour in (8, 9, 10, 14, 15, 16)
        for minute in range(0, 60, minutes)
    )


class Teller:
    """Tells stories for one province; all chance comes from `chance`.

    Things happen at moments `slot_minutes` apart; the fewer, the more happens at once.
    """

    def __init__(
        self, calendar: DeadlineCalendar, chance: random.Random, slot_minutes: int
    ) -> None:
        self._calendar = calendar
        self._chance = chance
        self._slots = slots(slot_minutes)
        self._quarters_a_slot = slot_minutes // QUARTER_MINUTES

    def tell(
        self,
        *,
        number: int,
        day: date,
        receiving: str,
        competent: str,
        procedure: Procedure,
        late: bool,
        handler: str,
    ) -> Story:
        """Tell the story of a dossier that arrives on `day`, a working day."""
        channel = self._chance.choices(CHANNELS, CHANNEL_SHARES)[0]
        base = {"procedure": procedure.code, "channel": channel}
        acts: list[Act] = []
        if channel == "online":
            submitted = self._moment(day, early=True)
            acts.append(Act(submitted, "dossier.submitted", base))
            accepted = self._answer(acts, submitted)
            if self._chance.random() < REFUSED_SHARE:
                acts.append(Act(accepted, "dossier.refused", {"reason": "incomplete"}))
                return self._story(number, receiving, competent, procedure, channel, acts)
        else:
            accepted = self._moment(day, early=False)
        acts.append(Act(accepted, "dossier.accepted", base))
        start = accepted
        if competent != receiving:
            start = self._working_after(accepted, quarters=12)
            acts.append(Act(start, "dossier.arrived"))
        assigned = self._working_after(start, quarters=self._chance.randint(1, 4))
        acts.append(Act(assigned, "dossier.assigned", {"handler": handler}))
        self._settle(acts, assigned, procedure, late=late)
        return self._story(number, receiving, competent, procedure, channel, acts)

    def _answer(self, acts: list[Act], received: datetime) -> datetime:
        """Return when an online dossier is accepted or refused; it may be mended before."""
        answered = self._answered_after(received)
        if self._chance.random() >= MENDED_SHARE:
            return answered
        asked = {"items": ["TP01"], "number": 1, "in_person": False}
        acts.append(Act(answered, "dossier.supplement_requested", asked))
        mended = self._working_after(answered, quarters=self._chance.randint(4, 40))
        acts.append(Act(mended, "dossier.supplement_received", {"items": ["TP01"]}))
        return self._answered_after(mended)

    def _answered_after(self, received: datetime) -> datetime:
        late = self._chance.random() < ANSWERED_LATE_SHARE
        quarters = self._chance.randint(20, 60) if late else self._chance.randint(1, 8)
        return self._working_after(received, quarters=quarters)

    def _settle(
        self, acts: list[Act], assigned: datetime, procedure: Procedure, *, late: bool
    ) -> None:
        chance = self._chance
        at, roll = assigned, chance.random()
        if procedure.unit != "same_day" and chance.random() < SUPPLEMENT_SHARE:
            requests = 2 if chance.random() < SECOND_SUPPLEMENT_SHARE else 1
            for number in range(1, requests + 1):
                brought = self._supplement(acts, at, number)
                if brought is None:
                    return
                at = brought
        if chance.random() < PAYMENT_SHARE:
            amount = chance.choice((8_000, 15_000, 50_000, 100_000))
            at = self._working_after(at, quarters=chance.randint(1, 4))
            acts.append(Act(at, "dossier.payment_requested", {"amount": amount}))
            at = self._working_after(at, quarters=chance.randint(1, 8))
            acts.append(Act(at, "dossier.paid", {"amount": amount}))
        if roll < WITHDRAWN_SHARE:
            at = self._working_after(at, quarters=chance.randint(1, 12))
            acts.append(Act(at, "dossier.withdrawn"))
            return
        if roll < WITHDRAWN_SHARE + STOPPED_SHARE:
            at = self._working_after(at, quarters=chance.randint(1, 12))
            acts.append(Act(at, "dossier.stopped", {"reason": "suspended_by_law"}))
            return
        done = self._done_at(acts, at, procedure, late=late)
        acts.append(Act(done, "dossier.completed", {"result": "granted"}))
        if chance.random() < RETURNED_SHARE:
            back = self._working_after(done, quarters=chance.randint(1, 30))
            acts.append(
                Act(back, "dossier.returned", {"how": chance.choice(("direct", "online"))})
            )
            if chance.random() < WRONG_SHARE:
                self._correct(acts, back)

    def _correct(self, acts: list[Act], back: datetime) -> None:
        """Let a result be disputed and corrected; a day's slots are 24 working quarters."""
        chance = self._chance
        disputed = self._working_after(back, quarters=chance.randint(8, 60))
        wrong = {"reason": "wrong_date_of_birth", "fault": "officials"}
        acts.append(Act(disputed, "dossier.result_disputed", wrong))
        corrected = self._working_after(disputed, quarters=chance.choice((20, 30, 40, 130)))
        acts.append(Act(corrected, "dossier.result_corrected"))

    def _supplement(self, acts: list[Act], at: datetime, number: int) -> datetime | None:
        """Return when the supplement is brought; None where the dossier is closed instead."""
        chance = self._chance
        asked = self._working_after(at, quarters=chance.randint(2, 20))
        acts.append(
            Act(
                asked,
                "dossier.supplement_requested",
                {
                    "items": ["TP01"],
                    "number": number,
                    "in_person": chance.random() < IN_PERSON_SHARE,
                },
            )
        )
        if chance.random() < UNSUPPLEMENTED_SHARE:
            last = asked.astimezone(ICT).date() + timedelta(days=APPLICANT_DAYS)
            if not self._calendar.is_working(last):
                last = self._calendar.add_working_days(last, 1)
            late = chance.choice((2, 3, 6)) if chance.random() < CLOSED_LATE_SHARE else 1
            day = self._calendar.add_working_days(last, late)
            closed = self._at(day, chance.choice(self._slots))
            acts.append(Act(closed, "dossier.stopped", {"reason": "not_supplemented"}))
            return None
        brought = self._working_after(asked, quarters=chance.randint(8, 90))
        acts.append(Act(brought, "dossier.supplement_received", {"items": ["TP01"]}))
        return brought

    def _done_at(
        self, acts: list[Act], at: datetime, procedure: Procedure, *, late: bool
    ) -> datetime:
        """Return when it is settled: within the limit, or some working days past it."""
        chance = self._chance
        quarters_a_day = len(self._slots) * self._quarters_a_slot
        days = {
            "same_day": 0,
            "hours": 1,
            "clock_hours": procedure.value // 24,
            "half_days": 1,
            "calendar_days": procedure.value * 5 // 7,
        }
        limit_days = days.get(procedure.unit, procedure.value)
        if not late:
            most = max(2, int(limit_days * quarters_a_day * 0.85))
            return self._working_after(at, quarters=chance.randint(1, most))
        over = self._calendar.add_working_days(at.astimezone(ICT).date(), limit_days + 1)
        if limit_days >= 3 and chance.random() < SLIP_SHARE:  # noqa: PLR2004 - room for a slip.
            slip_day = self._calendar.subtract_working_days(over, 3)
            slip = self._at(slip_day, time(9, 30))
            if slip > at:
                fresh = self._calendar.add_working_days(over, 3)
                acts.append(
                    Act(
                        slip,
                        "dossier.apology_issued",
                        {"reason": "verification", "agency": "ubnd-xa"},
                    )
                )
                acts.append(Act(slip, "dossier.extended", {"new_date": fresh.isoformat()}))
        late_day = self._calendar.add_working_days(
            over, chance.choice((1, 1, 1, 2, 2, 3, 4, 6))
        )
        return self._at(late_day, chance.choice(self._slots))

    def _moment(self, day: date, *, early: bool) -> datetime:
        """Return a moment of arrival; mornings are busier, and the portal never closes."""
        if early and self._chance.random() < 0.15:  # noqa: PLR2004 - evenings at home.
            return self._at(day, self._chance.choice((time(6, 15), time(19, 30), time(21, 0))))
        weights = [3 if moment < NOON else 2 for moment in self._slots]
        return self._at(day, self._chance.choices(self._slots, weights)[0])

    def _working_after(self, at: datetime, *, quarters: int) -> datetime:
        """Return the slot about so many working quarter-hours after `at`, the next at least."""
        count = max(1, round(quarters / self._quarters_a_slot))
        local = at.astimezone(ICT) + timedelta(seconds=1)
        day, moment = local.date(), local.time()
        if not self._calendar.is_working(day) or moment > self._slots[-1]:
            day = self._calendar.add_working_days(day, 1)
            index = -1
        else:
            index = sum(slot <= moment for slot in self._slots) - 1
        whole, rest = divmod(index + count, len(self._slots))
        if whole:
            day = self._calendar.add_working_days(day, whole)
        return self._at(day, self._slots[rest])

    def _at(self, day: date, moment: time) -> datetime:
        """Return the instant, a second before the quarter: nothing ties with a limit."""
        return datetime.combine(day, moment, tzinfo=ICT) - timedelta(seconds=1)

    def _story(
        self,
        number: int,
        receiving: str,
        competent: str,
        procedure: Procedure,
        channel: Channel,
        acts: Sequence[Act],
    ) -> Story:
        online = channel == "online"
        day = acts[0].at.astimezone(ICT).date()
        return Story(
            number=number,
            receiving=receiving,
            competent=competent,
            code_of=receiving if procedure.linked else competent,
            procedure=procedure.code,
            channel=channel,
            door="kafka" if online else "http",
            own_code=f"G09.20-{day:%Y%m%d}-{number:07d}" if online else None,
            acts=tuple(acts),
        )

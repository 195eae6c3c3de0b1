"""Made-up matters of centres, as their publishers and workflow tell them."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from shared.events import centre_head, centres, obligations
from shared.events.codes import (
    conditions_subject,
    matter_subject,
    meeting_subject,
    posting_subject,
    staff_posting_subject,
)
from shared.events.envelope import Event
from shared.events.model import EventData
from tests.fakes.histories import WORKFLOW, Teller

ITEMS = ("seats", "water", "wifi", "air_conditioning", "fans", "scanner")
BY_LAW = (
    "information_area",
    "online_area",
    "counters",
    "priority_counter",
    "writing_desks",
    "citizen_computers",
    "camera",
    "queue_machine",
    "touch_screens",
)
"""What the law lists besides; the scanner is what it calls digitising equipment."""

PROCEDURES = ("1.004873", "2.000815", "1.001193", "3.000722")
BY = "p-20-support-1"


def matters(
    seed: int, units: Sequence[str], *, first: datetime, now: datetime
) -> Iterator[Event]:
    """Tell what centres lived through beside dossiers: each kind at least once, all in all."""
    random = Random(f"matters/{seed}")
    for index, unit in enumerate(units):
        told = Centre(random, unit, first, now)
        told.interrupted(index % 3)
        told.disconnected(index % 4)
        told.asked(index % 3)
        told.assessed(index)
        told.posted(index)
        told.headed(index)
        told.seconded(index)
        told.rated(index * 2)
        yield from (event for event in told.events if event.time <= now)


class Centre:
    """One centre's matters."""

    def __init__(self, random: Random, unit: str, first: datetime, now: datetime) -> None:
        self._random = random
        self._unit = unit
        self._first = first
        self._hours = int((now - first) / timedelta(hours=1))
        self.events: list[Event] = []

    def interrupted(self, times: int) -> None:
        """Tell interruptions; the last of several lasts."""
        for number in range(times):
            teller = self._teller("interruption", f"i{number}")
            start = self._moment()
            self._open(teller, centres.CentreInterrupted(cause="power"), start)
            lasts = number == 1
            ended = None if lasts else start + timedelta(minutes=self._random.randint(5, 600))
            self._end(teller, centres.CentreResumed(), start, ended, late=lasts)

    def disconnected(self, times: int) -> None:
        """Tell one connection that is lost again and again; the last time it stays away."""
        teller = self._teller("connection", "lgsp")
        start = self._first + timedelta(hours=3)
        for number in range(times):
            self._open(teller, centres.ConnectionLost(), start, cycle=number + 1)
            back = start + timedelta(minutes=self._random.randint(20, 3_000))
            ended = None if number == 2 else back
            self._end(
                teller, centres.ConnectionRestored(), start, ended, cycle=number + 1, late=False
            )
            start = back + timedelta(hours=5)

    def asked(self, times: int) -> None:
        """Tell requests of every sort, some answered in time, some late, some not at all."""
        by = f"p-{self._unit}-head"
        sorts: tuple[tuple[str, EventData, EventData], ...] = (
            (
                "support",
                centres.SupportRequested(topic="software", by=by),
                centres.SupportResolved(by=BY),
            ),
            (
                "defect",
                centres.DefectReported(item="fans", by=by),
                centres.DefectRepaired(by=by),
            ),
            (
                "petition",
                centres.PetitionReceived(channel="online"),
                centres.PetitionAnswered(by=by),
            ),
            (
                "datarequest",
                centres.DataRequestReceived(right="see"),
                centres.DataRequestAnswered(outcome="done", by=by),
            ),
        )
        for kind, opening, closing in sorts:
            for number in range(times + 1):
                teller = self._teller(kind, f"{kind[0]}{number}")
                start = self._moment()
                self._open(teller, opening, start)
                ended = start + timedelta(hours=self._random.randint(1, 60))
                self._end(
                    teller, closing, start, ended if number else None, late=number % 2 == 0
                )

    def assessed(self, lacking: int) -> None:
        """Tell this month's self-assessment, in which some items are not good or left out."""
        subject = conditions_subject(self._unit, self._first.year, self._first.month)
        teller = Teller(subject, self._unit)
        items = tuple(
            centres.ConditionState(item=item, state="poor" if place < lacking - 2 else "good")
            for place, item in enumerate((*ITEMS, *BY_LAW[lacking // 2 :]))
        )
        by = f"p-{self._unit}-head"
        report = centres.ConditionsReported(items=items, by=by)
        self.events.append(teller.tell(report, self._moment()))

    def posted(self, missing: int) -> None:
        """Tell which procedures were decided, and which of them were posted."""
        for place, procedure in enumerate(PROCEDURES):
            subject = posting_subject(self._unit, procedure, self._first.date())
            teller = Teller(subject, self._unit)
            self._owed(teller, "posting", self._first, 1)
            posted = self._first + timedelta(hours=30)
            lacks = place < missing - 2
            published = centres.PostingPublished(procedure=procedure)
            self._end(teller, published, self._first, None if lacks else posted, late=lacks)

    def headed(self, missing: int) -> None:
        """Tell which meetings were held and which lists of the staff were posted."""
        by = f"p-{self._unit}-director"
        staff = (centre_head.PostedPerson(person=by, role="director"),)
        day, quarter = self._first.date(), (self._first.month + 2) // 3
        sorts: tuple[tuple[str, str, EventData], ...] = (
            (
                "meeting",
                meeting_subject(self._unit, day.year, quarter),
                centre_head.MeetingHeld(agencies=("H37.19",), minutes="12/BB", by=by),
            ),
            (
                "staff_posting",
                staff_posting_subject(self._unit, day),
                centre_head.StaffPosted(staff=staff, by=by),
            ),
        )
        for place, (kind, subject, done) in enumerate(sorts):
            teller = Teller(subject, self._unit)
            self._owed(teller, kind, self._first, 1)
            lacks = place < missing - 2
            ended = None if lacks else self._first + timedelta(hours=20)
            self._end(teller, done, self._first, ended, late=lacks)

    def seconded(self, times: int) -> None:
        """Tell secondments; the first of them lasts."""
        by = f"p-{self._unit}-director"
        start = self._first.date()
        for number in range(times):
            teller = self._teller("secondment", f"b{number}")
            started = centre_head.SecondmentStarted(
                person=f"p-{self._unit}-seconded-{number}",
                agency="H37.19",
                from_day=start,
                until_day=start.replace(year=start.year + 1),
            )
            self._open(teller, started, self._first)
            ended = self._first + timedelta(hours=30) if number else None
            done = centre_head.SecondmentEnded(by=by)
            self._end(teller, done, self._first, ended, late=number == 1)

    def rated(self, times: int) -> None:
        """Tell ratings, good ones and poor ones."""
        for number in range(times):
            teller = self._teller("rating", f"r{number}")
            rating = centres.RatingGiven(score=5 if number % 3 else 2)
            self.events.append(teller.tell(rating, self._moment()))

    def _teller(self, kind: str, own: str) -> Teller:
        return Teller(matter_subject(self._unit, kind, own), self._unit)

    def _moment(self) -> datetime:
        return self._first + timedelta(hours=self._random.randint(0, self._hours))

    def _open(
        self, teller: Teller, opening: EventData, start: datetime, cycle: int = 1
    ) -> None:
        self.events.append(teller.tell(opening, start))
        self._owed(teller, teller.subject.split("/")[1], start, cycle)

    def _owed(self, teller: Teller, kind: str, start: datetime, cycle: int) -> None:
        due = start + timedelta(hours=24)
        opened = obligations.ObligationOpened(
            **self._which(kind, cycle), opened_at=start, due=due, limit=due
        )
        self.events.append(teller.tell(opened, start, source=WORKFLOW))

    def _end(
        self,
        teller: Teller,
        closing: EventData,
        start: datetime,
        ended: datetime | None,
        *,
        late: bool,
        cycle: int = 1,
    ) -> None:
        which = self._which(teller.subject.split("/")[1], cycle)
        due = start + timedelta(hours=24)
        if late:
            breached = obligations.ObligationBreached(**which, at=due, clock="due")
            self.events.append(teller.tell(breached, due, source=WORKFLOW))
            rung = obligations.ObligationRungReached(
                **which, rung="overdue", rung_at=due, role="chairman", persons=()
            )
            self.events.append(teller.tell(rung, due, source=WORKFLOW))
        if ended is not None:
            ended = max(ended, due + timedelta(hours=1)) if late else ended
            self.events.append(teller.tell(closing, ended))
            done = obligations.ObligationDischarged(
                **which, at=ended, in_time=not late, by_limit=not late
            )
            self.events.append(teller.tell(done, ended, source=WORKFLOW))

    def _which(self, kind: str, cycle: int) -> dict[str, Any]:
        return {"obligation": kind, "kind": kind, "unit": self._unit, "cycle": cycle}

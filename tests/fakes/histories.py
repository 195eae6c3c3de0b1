"""Made-up histories of dossiers and of duty, as the three writers tell them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from shared.calendar.deadline import Deadline, compute
from shared.calendar.history import Extension, History, Wait
from shared.calendar.ledger import ledger_to_documents
from shared.calendar.limits import LimitUnit
from shared.calendar.zone import at, legal_day
from shared.events import centres, dossiers, notices, obligations
from shared.events.answers import NoticeProven, ObligationAcknowledged
from shared.events.codes import duty_subject, publisher_source, service_source
from shared.events.envelope import Event
from shared.events.ids import derived_id
from shared.events.model import EventData
from shared.reference.errors import NoRuleError
from shared.reference.view import Reference

KIOSK = publisher_source("demo")
WORKFLOW = service_source("workflow")
NOTIFICATIONS = service_source("notifications")


@dataclass
class Teller:
    """Numbers events as their writers do."""

    subject: str
    unit: str
    backfill: bool = False
    events: list[Event] = field(default_factory=list)
    last: dict[str, int] = field(default_factory=dict)

    def tell(
        self,
        data: EventData,
        when: datetime,
        *,
        source: str = KIOSK,
        subject: str | None = None,
        delay_s: int = 2,
        mark: str | None = None,
    ) -> Event:
        """Append one event and return it."""
        stream = f"{subject or source.partition(':service:')[2] or 'own'}"
        number = self.last.get(stream, 0) + 1
        self.last[stream] = number
        event = Event(
            id=derived_id(self.subject, stream, str(number)),
            source=source,
            name=data.NAME,
            subject=subject or self.subject,
            time=when,
            sequence=number,
            recordedtime=when + timedelta(seconds=delay_s),
            receivingunit=self.unit,
            competentunit=self.unit,
            backfill=self.backfill,
            inconsistency=mark,
            data=data,
        )
        self.events.append(event)
        return event


class Dossier:
    """One dossier that lives through what a random course gives it."""

    def __init__(
        self,
        random: Random,
        reference: Reference,
        code: str,
        unit: str,
        procedure: str,
        start: datetime,
        lateness: float,
    ) -> None:
        self._random = random
        self._reference = reference
        self._teller = Teller(code, unit)
        self._unit = unit
        self._procedure = procedure
        self._start = start
        self._lateness = lateness
        self._waits: list[Wait] = []
        self._extensions: list[Extension] = []
        self._which: dict[str, Any] = {}
        self._accepted = ""

    def events(self, until: datetime) -> list[Event]:
        """Return what has happened until a moment, in the order in which it was told."""
        self._live(until)
        return [event for event in self._teller.events if event.time <= until]

    def _deadline(self) -> Deadline:
        rule = self._reference.rule(self._procedure, legal_day(self._start))
        history = History(
            self._start,
            waits=tuple(self._waits),
            extensions=tuple(self._extensions),
            cause=self._accepted,
        )
        return compute(
            rule.limit, history, self._reference.calendar, self._reference.opening(self._unit)
        )

    def _obligation(self, due: Deadline, **more: object) -> dict[str, Any]:
        return {
            "obligation": "dossier_deadline",
            "kind": "dossier_deadline",
            "unit": self._unit,
            "cycle": due.cycle,
            "procedure": self._procedure,
            "ledger": ledger_to_documents(due.ledger),
            **more,
        }

    def _live(self, until: datetime) -> None:
        random, tell = self._random, self._teller.tell
        channel = random.choice(("direct", "direct", "online", "post"))
        accepted = tell(
            dossiers.DossierAccepted(
                procedure=self._procedure, channel=channel, lookup_hash="0" * 64
            ),
            self._start,
        )
        self._accepted = accepted.id
        due = self._deadline()
        self._open(due, accepted)
        self._notice(accepted, "direct" if channel == "direct" else "email")
        now = self._start + timedelta(minutes=random.randint(5, 90))
        handler = f"p-{self._unit}-handler-{random.randint(1, 3)}"
        tell(dossiers.DossierAssigned(handler=handler), now)
        if random.random() < 0.12 and due.due is not None:
            now = self._supplement(now)
            if now > until:
                return
            due = self._deadline()
        elif random.random() < 0.1:
            step = {"step": "tu_phap", "agency": "H37.19"}
            tell(dossiers.DossierStepStarted(**step), now + timedelta(minutes=30))
            tell(dossiers.DossierStepFinished(**step), now + timedelta(hours=20))
        self._finish(due, now, until)

    def _open(self, due: Deadline, cause: Event) -> None:
        data = obligations.ObligationOpened(
            **self._obligation(due),
            opened_at=self._start,
            due=due.due,
            limit=due.limit,
            index_due=due.index_due,
            cause=cause.id,
        )
        self._teller.tell(data, self._start, source=WORKFLOW, delay_s=3)

    def _notice(self, cause: Event, channel: str) -> None:
        if channel == "direct":
            return
        name = derived_id(cause.id, "notice")
        base = {
            "about": cause.id,
            "about_name": cause.name,
            "cause": cause.subject,
            "unit": self._unit,
            "channel": channel,
            "template": "accepted",
        }
        tell = self._teller.tell
        told: dict[str, Any] = {"source": NOTIFICATIONS, "subject": name}
        sent = cause.time + timedelta(seconds=4)
        tell(notices.NoticePlanned(**base), cause.time, **told)
        tell(notices.NoticeSent(**base, at=sent), sent, **told)
        tell(notices.NoticeDelivered(**base, at=sent), sent + timedelta(seconds=5), **told)

    def _supplement(self, now: datetime) -> datetime:
        random, tell = self._random, self._teller.tell
        asked = now + timedelta(hours=random.randint(1, 20))
        request = tell(
            dossiers.DossierSupplementRequested(items=("a1",), number=1, in_person=False),
            asked,
        )
        proven = asked + timedelta(seconds=9)
        tell(
            NoticeProven(notice="n1", about=request.id, about_name=request.name, at=proven),
            proven,
        )
        received = asked + timedelta(hours=random.randint(4, 200))
        self._waits.append(Wait(asked, proven, None, cause=request.id))
        due = self._deadline()
        suspended = obligations.ObligationSuspended(
            **self._obligation(due), since=proven, proven=True, cause=request.id
        )
        self._teller.tell(suspended, proven, source=WORKFLOW)
        receipt = tell(dossiers.DossierSupplementReceived(items=("a1",)), received)
        self._waits[-1] = Wait(
            asked, proven, received, cause=request.id, receipt_cause=receipt.id
        )
        after = self._deadline()
        resumed = obligations.ObligationResumed(
            **self._obligation(after),
            at=received,
            due=after.due,
            limit=after.limit,
            index_due=after.index_due,
            cause=receipt.id,
        )
        self._teller.tell(resumed, received, source=WORKFLOW)
        return received

    def _finish(self, due: Deadline, now: datetime, until: datetime) -> None:
        random, tell = self._random, self._teller.tell
        assert due.due is not None, "it was resumed"
        late = random.random() < self._lateness
        if late:
            over = timedelta(hours=random.choice((2, 20, 26, 50, 120, 260)))
            end = max(due.due, now) + over
            self._climb(due, end, until)
        else:
            end = now + (max(due.due, now) - now) * random.uniform(0.1, 0.95)
        if random.random() < 0.03:
            tell(dossiers.DossierStopped(reason="withdrawn_rule"), end)
        elif random.random() < 0.02:
            tell(dossiers.DossierWithdrawn(), end)
        else:
            done = tell(dossiers.DossierCompleted(result="KQ.G15.000032"), end)
            tell(dossiers.DossierReturned(how="direct"), done.time + timedelta(hours=3))
        data = obligations.ObligationDischarged(
            **self._obligation(due), at=end, in_time=not late, by_limit=end <= due.due
        )
        self._teller.tell(data, end, source=WORKFLOW)

    def _climb(self, due: Deadline, end: datetime, until: datetime) -> None:
        assert due.due is not None, "asked of a running clock"
        for rung, moment, role in (
            ("soon", due.due - timedelta(hours=25), "director"),
            ("due", due.due, "chairman"),
            ("due_3", due.due + timedelta(days=3), "province"),
        ):
            if moment >= min(end, until) or moment <= self._start:
                continue
            who = f"p-{self._unit}-{role}"
            reached = obligations.ObligationRungReached(
                **{**self._obligation(due), "ledger": ()},
                rung=rung,
                rung_at=moment,
                role=role,
                persons=(who,),
                due=due.due,
            )
            self._teller.tell(reached, moment, source=WORKFLOW)
            if role == "chairman" and self._random.random() < 0.6:
                answer = ObligationAcknowledged(
                    obligation="dossier_deadline",
                    cycle=due.cycle,
                    rung=rung,
                    cause="verification_needed",
                    promised=legal_day(moment) + timedelta(days=3),
                    by=who,
                )
                self._teller.tell(answer, moment + timedelta(minutes=42))


def duty(random: Random, unit: str, day: date, covered: float) -> Iterator[Event]:
    """Tell both duty sessions of a day at a unit."""
    for session, opens in (
        ("am", time(7, 30)),
        ("pm", time(13)),
    ):
        subject = duty_subject(unit, day, "am" if session == "am" else "pm")
        teller = Teller(subject, unit)
        which = {"obligation": "duty", "kind": "duty", "unit": unit}
        opened = at(day, opens)
        teller.tell(
            obligations.ObligationOpened(**which, opened_at=opened, due=opened),
            opened - timedelta(hours=1),
            source=WORKFLOW,
        )
        if random.random() < covered:
            arrived = opened - timedelta(minutes=random.randint(1, 20))
            teller.tell(centres.DutyCheckedIn(person=f"p-{unit}-handler-1"), arrived)
            done = obligations.ObligationDischarged(**which, at=arrived, in_time=True)
            teller.tell(done, arrived, source=WORKFLOW)
        else:
            late = opened + timedelta(minutes=30)
            missed = obligations.ObligationBreached(**which, at=opened, clock="due")
            teller.tell(missed, late, source=WORKFLOW)
            if random.random() < 0.4:
                rung = obligations.ObligationRungReached(
                    **which, rung="gap", rung_at=late, role="chairman", persons=()
                )
                teller.tell(rung, late, source=WORKFLOW)
        yield from teller.events


def _ruled(reference: Reference, procedure: str, day: date) -> bool:
    try:
        return reference.rule(procedure, day).limit.unit is not LimitUnit.GIVEN
    except NoRuleError:
        return False


def province(
    seed: int,
    reference: Reference,
    *,
    first: date,
    now: datetime,
    per_day: int,
    units: Sequence[str] | None = None,
) -> Iterator[Event]:
    """Tell what a province lived through: each unit with a pace and a lateness of its own."""
    random = Random(seed)
    known = sorted(units or set(reference.units) - {"20"})
    procedures = [one for one in sorted(reference.procedures) if _ruled(reference, one, first)]
    weights = {unit: random.lognormvariate(0, 0.64) for unit in known}
    lateness = {unit: min(0.6, max(0.01, random.gauss(0.12, 0.09))) for unit in known}
    covered = {unit: random.choice((1.0, 1.0, 1.0, 0.98, 0.9, 0.7)) for unit in known}
    silent = random.sample(known, min(2, len(known) // 20))
    number = 0
    day = first
    while day <= legal_day(now):
        if reference.calendar.is_working(day):
            pace = 1.6 if day.weekday() == 0 else 1.0
            for unit in known:
                told_duty = duty(random, unit, day, covered[unit])
                yield from (event for event in told_duty if event.time <= now)
            for _ in range(int(per_day * pace * random.uniform(0.8, 1.15))):
                unit = random.choices(known, [weights[one] for one in known])[0]
                if unit in silent and (legal_day(now) - day).days < 9:
                    continue
                number += 1
                code = f"H37.{100 + known.index(unit)}-{day:%y%m%d}-{number:04d}"
                start = at(day, time(7, 30)) + timedelta(minutes=random.randint(0, 560))
                told = Dossier(
                    random,
                    reference,
                    code,
                    unit,
                    random.choice(procedures),
                    start,
                    lateness[unit],
                )
                yield from (event for event in told.events(now) if event.time <= now)
        day += timedelta(days=1)

"""What should have been raised and notified against what was: each difference by name."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from deploy.auditor.core.expecting import Held, Running, Slot, Telling
from deploy.auditor.core.finding import Cell, Finding, Sense
from deploy.auditor.core.gathered import Hung, Message
from deploy.auditor.core.history import Fact
from deploy.auditor.core.incidents import Incidents
from deploy.auditor.core.outages import causes_in
from deploy.auditor.core.owing import BREACH, PROMISE_BROKEN, Ladder
from deploy.auditor.core.said import Raised, Said
from deploy.auditor.core.wall import BeyondCalendar

UNDER_WAY: Final = frozenset({"overtaken", "acknowledged"})
"""Reasons for not raising a rung while its stretch still runs."""


@dataclass
class Tally:
    """What a comparison came to.

    Attributes:
        expected: How many rungs were to be raised.
        done: How many of them were raised and told, or skipped with ground.
        findings: Each difference.
        incidents: What hung on common causes, to be judged when all has been read.
    """

    expected: Counter[Cell] = field(default_factory=Counter)
    done: Counter[Cell] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    incidents: Incidents = field(default_factory=Incidents)


@dataclass
class Comparing:
    """Compares one subject's story with what was said of it.

    Attributes:
        telling: The story, told.
        said: What was said.
        upto: What was due before this moment must have been raised by now.
        ladders: The ladders, by kind.
        tally: Takes the outcome.
        since: What was due before this moment is not looked at.
    """

    telling: Telling
    said: Said
    upto: datetime
    ladders: Mapping[str, Ladder]
    tally: Tally
    since: datetime | None = None
    matched: set[str] = field(default_factory=set)
    reroutes: Counter[tuple[str, str]] = field(default_factory=Counter)

    def compare(self) -> None:
        """Compare everything."""
        self._incidents()
        self.reroutes.update(
            (str(fact.data.get("obligation")), str(fact.data.get("rung")))
            for fact in self.telling.known
            if fact.name == "notice.undeliverable"
        )
        for running in self.telling.running.values():
            self._opened(running)
            for held in running.held.values():
                for slot in held.slots.values():
                    self._slot(running, held, slot)
            self._promises(running)
        self._rest()

    def _find(
        self, sense: Sense, what: str, running: Running, rung: str, at: datetime | None
    ) -> None:
        owed = running.owed
        finding = Finding(sense, what, self.telling.subject, owed.unit, owed.kind, rung, at)
        self.tally.findings.append(finding)

    def _opened(self, running: Running) -> None:
        """What is owed was said to be, and by the dates that the law gives."""
        owed = running.owed
        stated = self.said.stated.get(owed.id)
        if stated is None or not stated.opened:
            if not running.gone:
                self._find("missing", "it was never said to be owed", running, "opened", None)
            return
        if running.gone or (owed.discharged is not None) != stated.discharged:
            return  # An end that is not said yet is judged when it is.
        if owed.stretches and owed.limit_missed != stated.limit_missed:
            self._limit_missed(running, stated.limit_missed)
        if stated.discharged:
            return
        for name, law, told in (
            ("due", owed.due, stated.due),
            ("limit", owed.limit, stated.limit),
            ("index_due", owed.index_due, stated.index_due),
        ):
            if (
                law is not None
                and law != told
                and not (stated.suspended and name != "index_due")
            ):
                what = f"it was said to be {told and told.isoformat()}"
                self._find("missing", what, running, name, law)

    def _limit_missed(self, running: Running, told: datetime | None) -> None:
        """Another limit is said to have been missed than was, or none, or one that was not."""
        law = running.owed.limit_missed
        sense: Sense = "unexpected" if law is None else "missing"
        what = f"it was said to be {told and told.isoformat()}"
        self._find(sense, what, running, "limit_missed", law or told)

    def _slot(self, running: Running, held: Held, slot: Slot) -> None:
        """One rung: raised once, or recorded as skipped, if it was to be; else not."""
        owed = running.owed
        live = [
            one
            for one in self.said.raised
            if one.obligation == owed.id
            and (one.rung, one.repeat) == (slot.rung, slot.repeat)
            and one.key in {None, held.key}
            and one.at in slot.accepts
            and not one.withdrawn
            and one.event not in self.matched
        ]
        over = held.over(slot.at)
        quiet = running.quiet is not None and slot.at <= running.quiet
        if over or running.gone or (quiet and not slot.must):
            return  # Whatever is live of it is found unexpected in the end.
        self.matched |= {one.event for one in live}
        if self._before(slot.at):
            return
        if quiet:
            self._quiet(running, live)
            return
        # What hung on an incident is said once more when that is over.
        hung = sum(one.incident is not None for one in live)
        allowed = max(1, hung + 1) + self.reroutes[owed.id, slot.rung]
        for one in live[allowed:]:
            self._find("unexpected", "it was raised more than once", running, slot.rung, one.at)
        self._count(running, held, slot, live)

    def _before(self, moment: datetime) -> bool:
        return self.since is not None and moment < self.since

    def _quiet(self, running: Running, live: list[Raised]) -> None:
        assert running.quiet is not None, "asked of imported history only"
        for one in live:
            if one.recorded > running.quiet:
                what = "it is dated before imported history was recorded"
                self._find("unexpected", what, running, one.rung, one.at)

    def _count(self, running: Running, held: Held, slot: Slot, live: list[Raised]) -> None:
        due = slot.must and slot.at < self.upto
        if slot.repeat and (held.end is not None or self._later(running, held, slot)):
            due = False  # A reminder that something overtook leaves no record.
        if not due and not live:
            return
        cell = (running.owed.unit, running.owed.kind, slot.rung)
        self.tally.expected[cell] += 1
        if live:
            untold = [what for one in live for what in self._untold(one)]
            for what in untold:
                self._find("missing", what, running, slot.rung, slot.at)
            self.tally.done[cell] += not untold
            for one in live:
                self._role(running, one)
            return
        why = self._skipped(running, held, slot)
        if why is None:
            self.tally.done[cell] += 1
        else:
            self._find("missing", why, running, slot.rung, slot.at)

    def _skipped(self, running: Running, held: Held, slot: Slot) -> str | None:
        """Say why a rung that was not raised is missing; None if it was skipped with ground."""
        found = [
            one
            for one in self.said.skipped
            if (one.obligation, one.rung) == (running.owed.id, slot.rung)
            and one.at in slot.accepts
        ]
        if not found:
            return "it was neither raised nor skipped"
        why = found[-1].why
        if why == "overtaken" and not self._later(running, held, slot):
            return "it was skipped as overtaken, and nothing overtook it"
        if held.end is None and not held.moved and why not in UNDER_WAY:
            return f"it was skipped ({why}) though its stretch runs"
        return None

    def _later(self, running: Running, held: Held, slot: Slot) -> bool:
        """Say whether a later rung of the stretch was raised, be it withdrawn since."""
        return any(
            one.obligation == running.owed.id
            and one.rung not in {BREACH, PROMISE_BROKEN}
            and one.key in {None, held.key}
            and _due_at(held, one) >= slot.at
            and (one.rung, one.repeat) != (slot.rung, slot.repeat)
            for one in self.said.raised
        )

    def _role(self, running: Running, one: Raised) -> None:
        """The role that the ladder names heard it, or is named as vacant."""
        rungs = self.ladders[running.owed.kind].rungs
        role = next((rung["role"] for rung in rungs if rung["id"] == one.rung), one.role)
        if one.role != role and role not in one.vacant:
            what = f"{one.role} heard it, and {role} is not said to be vacant"
            self._find("missing", what, running, one.rung, one.at)

    def _untold(self, one: Raised) -> Iterator[str]:
        """Yield who of those named in a rung was not told of it, and is not about to be."""
        if one.incident is not None:
            return  # It is named in the incident's message; that is judged in the end.
        if not one.persons and one.rung != BREACH and not one.vacant and not self.said.gaps:
            yield "it names nobody, and no gap is said to be open"
        for person in one.persons:
            if not self.said.told(one.event, person, one.recorded, self.upto):
                yield f"no notice of it to {person}"

    def _incidents(self) -> None:
        """Keep what hangs on common causes, what they were, and what was said of them."""
        kept, subject = self.tally.incidents, self.telling.subject
        if "/" in subject:
            kept.causes |= causes_in(subject, self.telling.unit, self.telling.known)
            for said in self.said.incidents:
                untold = [
                    one
                    for one in said.persons
                    if not self.said.told(said.event, one, said.recorded, self.upto)
                ]
                kept.messages.append(
                    Message(
                        said.incident,
                        said.name,
                        said.recorded,
                        said.subjects,
                        tuple(untold),
                        said.units,
                    )
                )
        kept.hung += [self._hung(one) for one in self.said.raised if one.incident is not None]

    def _hung(self, one: Raised) -> Hung:
        running = self.telling.running.get(one.obligation)
        held = None if running is None or one.key is None else running.held.get(one.key)
        same = (one.obligation, one.rung, one.at)
        later = any(
            (other.obligation, other.rung, other.at) == same
            and other.repeat == one.repeat
            and (other.sequence, other.event) > (one.sequence, one.event)
            for other in self.said.raised
        )
        skipped = any(
            (other.obligation, other.rung, other.at) == same and other.sequence > one.sequence
            for other in self.said.skipped
        )
        gone = running is None or running.gone or (held is not None and bool(held.moved))
        procedures = (fact.data.get("procedure") for fact in self.telling.known)
        return Hung(
            incident=str(one.incident),
            subject=self.telling.subject,
            unit=self.telling.unit if running is None else running.owed.unit,
            kind=_kind(one.obligation),
            rung=one.rung,
            role=one.role,
            at=one.at,
            recorded=one.recorded,
            procedures=frozenset(code for code in procedures if code is not None),
            freed=later or skipped or gone or one.withdrawn,
            ended=None if held is None else held.end,
        )

    def _promises(self, running: Running) -> None:
        """A promise that expired is told to the next role, once."""
        promised = self._promised(running)
        moments = {expires for _, expires, _ in promised}
        for one in self.said.raised:
            if (one.obligation, one.rung) != (running.owed.id, PROMISE_BROKEN):
                continue
            if one.at in moments and one.event not in self.matched:
                self.matched.add(one.event)
        for _fact, expires, held in promised:
            if held is None or held.end is not None or held.moved or expires >= self.upto:
                continue
            if self._before(expires):
                continue
            live = [
                one
                for one in self.said.raised
                if (one.obligation, one.rung) == (running.owed.id, PROMISE_BROKEN)
                and one.at == expires
            ]
            cell = (running.owed.unit, running.owed.kind, PROMISE_BROKEN)
            self.tally.expected[cell] += 1
            untold = [what for one in live for what in self._untold(one)]
            if not live:
                untold = ["a promised day closed, and the next role was not told"]
            for what in untold:
                self._find("missing", what, running, PROMISE_BROKEN, expires)
            self.tally.done[cell] += not untold

    def _promised(self, running: Running) -> list[tuple[Fact, datetime, Held | None]]:
        """Return the promises in force, when each expires, and the stretch it was made for.

        One that a later promise replaced before it expired has no stretch: it may be told.
        """
        law, found = self.telling.laws.last, list[tuple[Fact, datetime, Held | None]]()
        wall = None if law is None else law.wall(running.owed.unit)
        made = [
            fact
            for fact in self.telling.known
            if fact.name == "obligation.acknowledged"
            and fact.data["obligation"] == running.owed.id
            and fact.id not in self.said.refused
        ]
        for number, fact in enumerate(made):
            if wall is None:
                continue
            try:
                expires = wall.close(date.fromisoformat(fact.data["promised"]))
            except BeyondCalendar:
                continue
            later = made[number + 1].recorded if number + 1 < len(made) else None
            key = next(
                (
                    one.key
                    for one in self.said.raised
                    if (one.obligation, one.cycle) == (running.owed.id, fact.data["cycle"])
                    and one.key is not None
                ),
                None,
            )
            held = running.held.get(key) if key is not None and later is None else None
            found.append((fact, expires, held))
        return found

    def _rest(self) -> None:
        """What was raised and matches nothing should not have been."""
        by_id = self.telling.running
        for one in self.said.raised:
            if one.withdrawn or one.event in self.matched or self._before(one.at):
                continue
            running = by_id.get(one.obligation)
            if self.said.taken_back[one.obligation, one.rung] > 0:
                self.said.taken_back[one.obligation, one.rung] -= 1
                continue
            if running is None:
                if _kind(one.obligation) in self.ladders:
                    self._strange(
                        one.obligation, one.rung, one.at, "nothing of the kind is owed"
                    )
                continue
            cell = (running.owed.unit, running.owed.kind, one.rung)
            self.tally.done[cell] += 1
            self._find(
                "unexpected", "it was raised, and not due then", running, one.rung, one.at
            )
        for obligation, rung in (+self.said.taken_back).elements():
            if _kind(obligation) in self.ladders:
                self._strange(obligation, rung, None, "it was withdrawn, and still is due")
        for obligation, stated in self.said.stated.items():
            known = obligation in by_id or _kind(obligation) not in self.ladders
            if not known and not stated.discharged:
                self._strange(obligation, "opened", None, "it is not owed")

    def _strange(self, obligation: str, rung: str, at: datetime | None, what: str) -> None:
        kind, unit = _kind(obligation), self.telling.unit
        self.tally.findings.append(
            Finding("unexpected", what, self.telling.subject, unit, kind, rung, at)
        )


def _due_at(held: Held, one: Raised) -> datetime:
    """Return when a rung that was raised is due by now: its dates may have moved since."""
    slot = held.slots.get((one.rung, one.repeat))
    return slot.at if slot is not None and one.at in slot.accepts else one.at


def _kind(obligation: str) -> str:
    return obligation.partition(":")[0]

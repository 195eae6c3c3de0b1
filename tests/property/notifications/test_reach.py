"""A gap stands open after a night if and only if somebody holds the role and nothing reaches.

The whole way is gone: notifications works it out, intake records it, workflow opens and closes.
The oracle knows channels and contacts by itself, and shares no code with what it judges.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, Literal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.notifications.core.contact import suppress
from services.notifications.core.notice import Channel
from shared.calendar.zone import ICT
from shared.events.envelope import from_document
from shared.events.obligations import CoverageGapClosed, CoverageGapOpened, Role
from shared.events.reference import LeaveRecorded, RoleAssigned
from shared.events.topics import CONTACTS
from shared.reference.view import Reference
from shared.subjects.document import Outgoing
from tests.fakes.notified import contact
from tests.simulation.scenarios.house import House
from tests.unit.workflow.province import PROVINCE, UNIT, decide, province_events

DAWN: Final = datetime(2026, 1, 5, 7, 0, tzinfo=ICT)
SEATS: Final[tuple[tuple[str, Role], ...]] = (
    (UNIT, "handler"),
    (UNIT, "division_head"),
    (UNIT, "director"),
    (UNIT, "chairman"),
    (PROVINCE, "province"),
)
BY_MESSAGE: Final = frozenset({"director", "chairman", "province"})
"""Roles that text messages go to as well."""

Word = Literal["nothing", "mail", "zalo", "phone", "no_address", "bounced", "erased"]
WORDS: Final[tuple[Word, ...]] = (
    "nothing",
    "mail",
    "zalo",
    "phone",
    "no_address",
    "bounced",
    "erased",
)
PARTS: Final[Mapping[str, Mapping[str, str]]] = {
    "mail": {"email": "one@example.test"},
    "zalo": {"zalo": "0912345678"},
    "phone": {"phone": "0912345678"},
    "no_address": {},
}


@dataclass
class Known:
    """What the oracle knows of a person's contact."""

    parts: frozenset[str] = frozenset()
    bounced: bool = False
    gone: bool = False
    version: int = 0

    def reached(self, role: str) -> bool:
        """Say whether a message would come."""
        ways = {"email", "zalo"} | ({"phone"} if role in BY_MESSAGE else set())
        return not self.gone and not self.bounced and bool(self.parts & ways)


@dataclass
class Night:
    """What is told of each person before a night."""

    words: Mapping[tuple[str, int], Word]
    away: frozenset[str]


nights = st.builds(
    Night,
    words=st.fixed_dictionaries(
        {(role, place): st.sampled_from(WORDS) for _, role in SEATS for place in range(2)}
    ),
    away=st.frozensets(st.sampled_from([role for _, role in SEATS]), max_size=2),
)
holders = st.fixed_dictionaries({role: st.integers(0, 2) for _, role in SEATS})


@dataclass
class Played:
    """A house, and what the oracle knows beside it."""

    house: House
    held: Mapping[str, int]
    known: dict[str, Known] = field(default_factory=dict)

    async def told(self, person: str, word: Word) -> None:
        """Let something be told of a person's contact."""
        known = self.known.setdefault(person, Known())
        hear = self.house.notifications.hear
        if word == "erased":
            known.gone = True
            await hear(Outgoing(person, CONTACTS.name, person, None))
        elif word == "bounced":
            await self._bounces(person, known)
        elif word != "nothing":
            known.version += 1
            if not known.gone:
                known.parts, known.bounced = frozenset(PARTS[word]), False
            told = contact(person, version=known.version, role="staff", **PARTS[word])
            await hear(told)
        await self.house.settles()

    async def _bounces(self, person: str, known: Known) -> None:
        """Let every provider refuse the address, as it does when a message is sent."""
        contacts = self.house.notifications.contacts
        kept = (await contacts.get({person})).get(person)
        if kept is None or kept.erased:
            return
        known.bounced = True
        for channel in (Channel.EMAIL, Channel.ZALO, Channel.SMS):
            kept = suppress(kept, channel)
        await contacts.keep([kept])

    def open_gaps(self) -> set[str]:
        """Return the gaps that were said to be open, of the units' ladders."""
        found: set[str] = set()
        for out in self.house.durable.publisher.published:
            if out.value is None or not out.key.endswith("/coverage/ladder"):
                continue
            data = from_document(out.value).data
            if isinstance(data, CoverageGapOpened):
                assert data.gap not in found, "a gap is opened once"
                found.add(data.gap)
            elif isinstance(data, CoverageGapClosed):
                found.remove(data.gap)
        return found

    def present(self, role: str, away: frozenset[str]) -> list[str]:
        """Return who holds a role and is there."""
        people = [f"p-{role.replace('_', '-')}-{n}" for n in range(self.held[role])]
        return people[1:] if role in away else people

    def unreached(self, role: str, away: frozenset[str]) -> bool:
        """Say by the oracle whether somebody is there and nobody is reached."""
        there = self.present(role, away)
        return bool(there) and not any(
            self.known.get(one, Known()).reached(role) for one in there
        )


def people(held: Mapping[str, int]) -> Reference:
    """Return the province with these people alone."""
    view = Reference.empty()
    for event in province_events():
        if not isinstance(event.data, RoleAssigned):
            view = decide(view, event.data)
    for unit, role in SEATS:
        for number in range(held[role]):
            person = f"p-{role.replace('_', '-')}-{number}"
            assigned = RoleAssigned(
                person=person, role=role, unit=unit, from_day=date(2026, 1, 1)
            )
            view = decide(view, assigned)
    return view


@given(held=holders, story=st.lists(nights, min_size=1, max_size=3))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_gap_is_open_after_a_night_iff_nobody_is_reached(
    held: Mapping[str, int], story: list[Night]
) -> None:
    """And by day none is open of a role that somebody is reached in again."""
    asyncio.run(_play(held, story))


async def _play(held: Mapping[str, int], story: list[Night]) -> None:
    played = Played(House(people(held), DAWN), held)
    await played.house.settles()
    seats: dict[str, str] = {role: unit for unit, role in SEATS}
    for number, night in enumerate(story):
        day = DAWN.date() + timedelta(days=number)
        for (role, place), word in night.words.items():
            person = f"p-{role.replace('_', '-')}-{place}"
            await played.told(person, word)
            today = story[number - 1].away if number else frozenset()
            if f"{seats[role]}:{role}:unreachable" in played.open_gaps():
                assert not any(
                    played.known[one].reached(role)
                    for one in played.present(role, today)
                    if one in played.known
                )
        for role in night.away:
            leave = LeaveRecorded(
                person=f"p-{role.replace('_', '-')}-0",
                unit=seats[role],
                first_day=day + timedelta(days=1),
                last_day=day + timedelta(days=1),
            )
            await played.house.decides(leave)
        after = datetime.combine(day + timedelta(days=1), datetime.min.time(), ICT)
        await played.house.walks_to(after + timedelta(minutes=5))
        expected = {
            f"{unit}:{role}:unreachable"
            for unit, role in SEATS
            if played.unreached(role, night.away)
        } | {
            f"{unit}:{role}"
            for unit, role in SEATS
            if role != "handler" and not played.present(role, night.away)
        }
        found = {gap for gap in played.open_gaps() if not gap.startswith("06040")}
        assert found == expected

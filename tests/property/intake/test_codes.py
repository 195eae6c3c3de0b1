"""Whatever portals, counters and hostile keys do: one code, one receiver, one secret.

Several units receive for one agency, on two replicas, and each code carries the prefix that
the law gives it. The oracle keeps, by plain rules of its own, who opened which code and what
each citizen's slip says; it shares no code with intake's numbering.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.intake.core.arrivals import Sender
from services.intake.core.receipts import ReceiptKey
from services.intake.ports import Grant
from services.intake.usecases.answers import Answer
from services.intake.usecases.counter import DossierRequest
from services.intake.usecases.entries import Candidate
from tests.fakes.crashing import DiedError
from tests.fakes.intake import (
    NOW,
    OTHER_UNIT,
    PROCEDURE,
    THIRD_UNIT,
    UNIT,
    World,
    event,
    reference,
)
from tests.unit.intake.test_crashes import run_dying_at

UNITS = {unit: reference().unit(unit).electronic_id for unit in (UNIT, OTHER_UNIT, THIRD_UNIT)}
LINKED = "3.000722"
NUMBERS = st.integers(1, 4)
UNIT_CODES = st.sampled_from(sorted(UNITS))
PORTALS = st.sampled_from(["registered", "registered", "stranger", "counter"])

REPLICAS = st.sampled_from([0, 1])


@dataclass(frozen=True)
class Citizen:
    """Who comes to which unit's counter, for what, and which unit is competent for it."""

    unit: str
    competent: str | None
    procedure: str
    key: str

    @property
    def prefix(self) -> str:
        """The electronic id that the code carries by law."""
        if self.procedure == LINKED or self.competent is None:
            return UNITS[self.unit]
        return UNITS[self.competent]


CITIZEN_LIST = [
    Citizen(UNIT, None, PROCEDURE, "k1"),
    Citizen(UNIT, None, PROCEDURE, "k2"),
    Citizen(UNIT, OTHER_UNIT, PROCEDURE, "k3"),
    Citizen(UNIT, OTHER_UNIT, LINKED, "k4"),
    Citizen(OTHER_UNIT, UNIT, PROCEDURE, "k1"),
    Citizen(OTHER_UNIT, None, PROCEDURE, "k2"),
    Citizen(OTHER_UNIT, None, LINKED, "k3"),
    Citizen(THIRD_UNIT, UNIT, PROCEDURE, "k1"),
    Citizen(THIRD_UNIT, OTHER_UNIT, PROCEDURE, "k2"),
]
"""Few, so that one comes again, at the other replica or after a refusal."""
CITIZENS = st.sampled_from(CITIZEN_LIST)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("walk_in"), CITIZENS, REPLICAS),
        st.tuples(st.just("walk_in_twice"), CITIZENS),
        st.tuples(st.just("together"), st.lists(CITIZENS, min_size=2, max_size=5)),
        st.tuples(st.just("die"), CITIZENS, st.integers(1, 16)),
        st.tuples(st.just("refused"), CITIZENS),
        st.tuples(st.just("portal"), PORTALS, UNIT_CODES, NUMBERS),
        st.tuples(st.just("hostile_clerk"), UNIT_CODES, UNIT_CODES, UNIT_CODES, NUMBERS),
        st.tuples(st.just("restart")),
    ),
    max_size=14,
)


@dataclass
class Play:
    """An intake with one portal registered for one unit; what people hold, and who opened what.

    Attributes:
        slips: Code and secret of each citizen's slip.
        opened: Who opened a code that no counter drew.
        came: Everybody who came to a counter.
    """

    world: World = field(default_factory=World)
    slips: dict[Citizen, tuple[str, str]] = field(default_factory=dict)
    opened: dict[str, str] = field(default_factory=dict)
    came: set[Citizen] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.world.grants.kept = {("registered", UNIT): Grant("registered", UNIT, "op", NOW)}
        self.restart_second()

    def restart_second(self) -> None:
        """Start a second process on the same stores."""
        self.second = copy(self.world)
        self.second.start()

    async def step(self, kind: str, *arguments: Any) -> None:  # noqa: ANN401 -- By kind.
        """Play one step."""
        await getattr(self, kind)(*arguments)

    async def walk_in(self, citizen: Citizen, replica: int = 0) -> None:
        """A citizen comes to a counter, or the counter asks again."""
        self.came.add(citizen)
        answer = await receive((self.world, self.second)[replica], citizen)
        if answer.is_applied:
            told = self.world.dossiers.details(answer)
            slip = (str(answer.subject), str(told["lookup_secret"]))
            assert self.slips.setdefault(citizen, slip) == slip

    async def walk_in_twice(self, citizen: Citizen) -> None:
        """The same request reaches two replicas."""
        await asyncio.gather(self.walk_in(citizen, 0), self.walk_in(citizen, 1))

    async def together(self, citizens: Sequence[Citizen]) -> None:
        """Several counters receive at the same moment, on both replicas."""
        await asyncio.gather(
            *(self.walk_in(one, number % 2) for number, one in enumerate(citizens))
        )

    async def die(self, citizen: Citizen, burns_at: int) -> None:
        """The process dies at a step of a request."""
        self.came.add(citizen)
        with suppress(DiedError):
            await run_dying_at(self.world, burns_at, lambda dying: receive(dying, citizen))

    async def refused(self, citizen: Citizen) -> None:
        """A request that is wrong leaves a receipt behind, with a code of any prefix."""
        await receive(self.world, citizen, competent=None, procedure="9.999999")

    async def portal(self, name: str, unit: str, number: int) -> None:
        """A publisher submits under a code of the pattern."""
        code = f"{UNITS[unit]}-261123-{number:04d}"
        made = event("dossier.submitted", code, publisher=name, receivingunit=unit)
        settled = await self.world.receive(Sender(name), [Candidate.of(made)])
        if settled.answers[0].is_applied:
            assert (name, unit) == ("registered", UNIT)
            self.opened.setdefault(code, name)

    async def hostile_clerk(self, own: str, receiving: str, prefix: str, number: int) -> None:
        """A clerk opens a dossier with its own unit as the competent one."""
        code = f"{UNITS[prefix]}-261123-{number:04d}"
        made = event(
            "dossier.accepted",
            code,
            publisher="counter",
            receivingunit=receiving,
            competentunit=own,
            id=f"clerk-{own}-{receiving}-{code}",
        )
        clerk = Sender("counter", frozenset({own}), staff=True)
        settled = await self.world.receive(clerk, [Candidate.of(made)])
        if settled.answers[0].is_applied and code not in self.opened:
            assert own == receiving == prefix
            self.opened[code] = f"clerk of {own}"

    async def restart(self) -> None:
        """A fresh process finds what the one before left."""
        self.world.start()
        self.restart_second()


async def receive(world: World, citizen: Citizen, **wrong: Any) -> Answer:  # noqa: ANN401 -- Any field.
    """Ask a counter's request, or the same with something else in it."""
    asked = {"competent": citizen.competent, "procedure": citizen.procedure} | wrong
    request = DossierRequest(
        unit=citizen.unit,
        competent_unit=asked["competent"],
        name="dossier.accepted",
        data={"procedure": asked["procedure"], "channel": "direct"},
        contact=None,
        time=None,
    )
    clerk = Sender("counter", frozenset({citizen.unit}), staff=True)
    key = ReceiptKey(f"key:{citizen.unit}", citizen.key, 0)
    answer, settled = await world.dossiers(clerk, key, request)
    await world.relay.now(settled)
    return answer


@given(STEPS)
@example([step for one in CITIZEN_LIST for step in (("refused", one), ("walk_in", one, 0))])
@example([("together", CITIZEN_LIST), ("together", CITIZEN_LIST[::-1])])
@settings(max_examples=150, deadline=None)
def test_one_code_one_receiver_one_secret(steps: list[tuple[Any, ...]]) -> None:
    """No two slips bear one code, none lacks a secret, each is of its own unit's dossier.

    Each code carries the prefix of its competent unit, or of the unit that received a group of
    linked procedures. So one number of a prefix and day is one dossier's, whoever received it.
    """
    played = Play()

    async def play() -> None:
        for step in steps:
            await played.step(*step)

    asyncio.run(play())
    codes = [code for code, _ in played.slips.values()]
    secrets = [secret for _, secret in played.slips.values()]
    assert len(set(codes)) == len(codes)
    assert all(secrets)
    assert len(set(secrets)) == len(secrets)
    assert not set(codes) & set(played.opened)
    for citizen, (code, _) in played.slips.items():
        state = played.world.subjects.rows[code]["state"]
        assert code.startswith(f"{citizen.prefix}-261123-")
        competent = citizen.competent or citizen.unit
        assert (state["receiving"], state["competent"]) == (citizen.unit, competent)
        assert [fact["n"] for fact in state["facts"]] == ["dossier.accepted"]
    counted = [row for row in played.world.subjects.rows if row not in played.opened]
    assert len(counted) <= len(played.came)

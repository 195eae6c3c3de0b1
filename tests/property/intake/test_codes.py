"""Whatever portals, counters and hostile keys do: one code, one receiver, one secret.

The oracle keeps, by plain rules of its own, who opened which code and what each citizen's slip
says; it shares no code with intake's numbering.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.core.arrivals import Sender
from services.intake.core.receipts import ReceiptKey
from services.intake.ports import Grant
from services.intake.usecases.answers import Answer
from services.intake.usecases.counter import DossierRequest
from services.intake.usecases.entries import Candidate
from tests.fakes.crashing import DiedError
from tests.fakes.intake import NOW, OTHER_UNIT, PROCEDURE, UNIT, World, event, reference
from tests.unit.intake.test_crashes import run_dying_at

UNITS = {unit: reference().unit(unit).electronic_id for unit in (UNIT, OTHER_UNIT)}
NUMBERS = st.integers(1, 4)
KEYS = st.sampled_from(["k1", "k2", "k3", "k4"])
UNIT_CODES = st.sampled_from(sorted(UNITS))
PORTALS = st.sampled_from(["registered", "registered", "stranger", "counter"])

COUNTED = {"walk_in", "walk_in_twice", "die"}
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("walk_in"), UNIT_CODES, KEYS),
        st.tuples(st.just("walk_in_twice"), UNIT_CODES, KEYS),
        st.tuples(st.just("die"), UNIT_CODES, KEYS, st.integers(1, 16)),
        st.tuples(st.just("refused"), UNIT_CODES, KEYS),
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
        slips: Code and secret of each citizen's slip, by the unit and key of the request.
        opened: Who opened a code that no counter drew.
    """

    world: World = field(default_factory=World)
    slips: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    opened: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.world.grants.kept = {("registered", UNIT): Grant("registered", UNIT, "op", NOW)}

    async def step(self, kind: str, *arguments: Any) -> None:  # noqa: ANN401 -- By kind.
        """Play one step."""
        await getattr(self, kind)(*arguments)

    async def walk_in(self, unit: str, key: str) -> None:
        """A citizen comes to a counter, or the counter asks again."""
        answer = await receive(self.world, unit, key)
        if answer.is_applied:
            told = self.world.dossiers.details(answer)
            slip = (str(answer.subject), str(told["lookup_secret"]))
            assert self.slips.setdefault((unit, key), slip) == slip

    async def walk_in_twice(self, unit: str, key: str) -> None:
        """The same request reaches two replicas."""
        await asyncio.gather(self.walk_in(unit, key), self.walk_in(unit, key))

    async def die(self, unit: str, key: str, burns_at: int) -> None:
        """The process dies at a step of a request."""
        with suppress(DiedError):
            await run_dying_at(self.world, burns_at, lambda dying: receive(dying, unit, key))

    async def refused(self, unit: str, key: str) -> None:
        """A request that is wrong leaves a receipt with a code behind."""
        await receive(self.world, unit, key, procedure="9.999999")

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


async def receive(world: World, unit: str, key: str, procedure: str = PROCEDURE) -> Answer:
    """Ask a counter's request."""
    request = DossierRequest(
        unit=unit,
        competent_unit=None,
        name="dossier.accepted",
        data={"procedure": procedure, "channel": "direct"},
        contact=None,
        time=None,
    )
    clerk = Sender("counter", frozenset({unit}), staff=True)
    answer, settled = await world.dossiers(clerk, ReceiptKey(f"key:{unit}", key, 0), request)
    await world.relay.now(settled)
    return answer


@given(STEPS)
@settings(max_examples=150, deadline=None)
def test_one_code_one_receiver_one_secret(steps: list[tuple[Any, ...]]) -> None:
    """No two slips bear one code, none lacks a secret, each is of its own unit's dossier."""
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
    for (unit, _), (code, _) in played.slips.items():
        state = played.world.subjects.rows[code]["state"]
        assert code.startswith(f"{UNITS[unit]}-")
        assert (state["receiving"], state["competent"]) == (unit, unit)
        assert [fact["n"] for fact in state["facts"]] == ["dossier.accepted"]
    counted = [row for row in played.world.subjects.rows if row not in played.opened]
    assert len(counted) <= len({step[1:3] for step in steps if step[0] in COUNTED})

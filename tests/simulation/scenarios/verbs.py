"""What happens in a scenario besides events: answers, decisions, outages."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, get_args

from services.notifications.core.acknowledge import Matter
from services.notifications.core.notice import Channel
from shared.events.obligations import Role
from shared.events.reference import (
    LeaveRecorded,
    ProcedureDecided,
    ProcedureExpired,
    RoleAssigned,
    RoleEnded,
    RuleApproved,
    RuleLimit,
)
from tests.simulation.scenarios.house import House
from tests.simulation.scenarios.worlds import PROCEDURES, moment, person
from tests.unit.workflow.province import PROVINCE, SOURCE, UNIT, day_off, day_worked


@dataclass(frozen=True)
class Said:
    """An event that came in, so that a later one can put it right."""

    name: str
    subject: str
    at: datetime
    data: Mapping[str, Any]


@dataclass
class Stage:
    """One playing of a scenario."""

    house: House
    numbers: dict[str, int] = field(default_factory=dict)
    said: dict[str, Said] = field(default_factory=dict)

    def next_id(self, name: str) -> str:
        """Number the events of a name, so that a correction can point at one."""
        self.numbers[name] = self.numbers.get(name, 0) + 1
        return f"{name}-{self.numbers[name]}"


Verb = Callable[[Stage, list[str], dict[str, Any]], Awaitable[None]]


def inbound(
    number: str,
    name: str,
    subject: str,
    at: datetime,
    data: Mapping[str, Any],
    *,
    publisher: str = "demo",
    **envelope: Any,  # noqa: ANN401 -- Any attribute of the envelope.
) -> dict[str, Any]:
    """Return an event as a publisher sends it."""
    return {
        "specversion": "1.0",
        "id": number,
        "source": f"urn:motcua:publisher:{publisher}",
        "type": f"vn.motcua.{name}.v1",
        "subject": subject,
        "time": at.isoformat(),
        "data": dict(data),
        **envelope,
    }


async def _strikes(stage: Stage, words: list[str], data: dict[str, Any]) -> None:
    wrong = stage.said[words[0]]
    told: dict[str, Any] = {"replaces": words[0], "reason": "wrong", "by": person("director")}
    if "to" in data:
        right = {key: one for key, one in wrong.data.items() if key != "contact"}
        told["right"] = {"time": moment(data["to"]).isoformat(), "data": right}
    name = "dossier.corrected" if wrong.name.startswith("dossier.") else "centre.corrected"
    now = stage.house.clock.now()
    event = inbound(stage.next_id(name), name, wrong.subject, now, told)
    await stage.house.sent(event, "demo")


async def _acknowledges(stage: Stage, words: list[str], data: dict[str, Any]) -> None:
    who, obligation, rung = words
    told = [
        plan
        for sent in stage.house.messages
        for plan in sent.plans
        if (plan.recipient, plan.obligation, plan.rung) == (person(who), obligation, rung)
    ]
    assert told, f"{who} was never told of {obligation} {rung}"
    plan = told[-1]
    assert plan.cycle is not None, "a rung has a cycle"
    matter = Matter(plan.subject, obligation, plan.cycle, rung, plan.recipient)
    promised = date.fromisoformat(data["promised"])
    await stage.house.answers(matter, cause=data.get("cause", "workload"), promised=promised)


async def _day_off(stage: Stage, words: list[str], data: dict[str, Any]) -> None:
    await stage.house.decides(day_off(date.fromisoformat(words[0]), unit=data.get("unit")))


async def _day_worked(stage: Stage, words: list[str], _data: dict[str, Any]) -> None:
    await stage.house.decides(day_worked(date.fromisoformat(words[0])))


async def _limit(stage: Stage, words: list[str], data: dict[str, Any]) -> None:
    name, days = words
    await stage.house.decides(
        RuleApproved(
            rule=f"decided-{name}",
            procedure=PROCEDURES[name],
            limit=RuleLimit(unit="working_days", value=int(days)),
            valid_from=date.fromisoformat(data["from"]),
            source=SOURCE,
        )
    )


async def _leave(stage: Stage, words: list[str], data: dict[str, Any]) -> None:
    who, first, last = words
    deputy = data.get("deputy")
    if deputy:
        await stage.house.reachable(person(deputy))
    await stage.house.decides(
        LeaveRecorded(
            person=person(who),
            unit=data.get("unit", UNIT),
            first_day=date.fromisoformat(first),
            last_day=date.fromisoformat(last),
            deputy=person(deputy) if deputy else None,
        )
    )


async def _role_ends(stage: Stage, words: list[str], data: dict[str, Any]) -> None:
    role, ended_on = words
    who = person("province" if role == "province" else role.replace("_", "-"))
    await stage.house.decides(
        RoleEnded(
            person=data.get("person", who),
            role=_role(role),
            unit=PROVINCE if role == "province" else UNIT,
            ended_on=date.fromisoformat(ended_on),
        )
    )


async def _role_begins(stage: Stage, words: list[str], data: dict[str, Any]) -> None:
    who, role, first = words
    if data.get("address") != "none":
        await stage.house.reachable(person(who))
    await stage.house.decides(
        RoleAssigned(
            person=person(who),
            role=_role(role),
            unit=PROVINCE if role == "province" else UNIT,
            from_day=date.fromisoformat(first),
        )
    )


def _role(name: str) -> Role:
    return next(role for role in get_args(Role) if role == name)


async def _decided(stage: Stage, words: list[str], _data: dict[str, Any]) -> None:
    code, decided_on = words
    await stage.house.decides(
        ProcedureDecided(
            procedure=code,
            name=f"Procedure {code}",
            field="ho_tich",
            decided_on=date.fromisoformat(decided_on),
            source=SOURCE,
        )
    )


async def _expired(stage: Stage, words: list[str], _data: dict[str, Any]) -> None:
    code, expired_on = words
    await stage.house.decides(
        ProcedureExpired(
            procedure=code, expired_on=date.fromisoformat(expired_on), source=SOURCE
        )
    )


async def _refuses(stage: Stage, words: list[str], _data: dict[str, Any]) -> None:
    who, *channels = words
    stage.house.refuses(person(who), *map(Channel, channels))


async def _has_address(stage: Stage, words: list[str], _data: dict[str, Any]) -> None:
    await stage.house.reachable(person(words[0]))
    await stage.house.settles()


async def _erased(stage: Stage, words: list[str], _data: dict[str, Any]) -> None:
    await stage.house.erased(person(words[0]))
    await stage.house.settles()


async def _stops(stage: Stage, words: list[str], _data: dict[str, Any]) -> None:
    stage.house.stops(words[0])


async def _starts(stage: Stage, words: list[str], _data: dict[str, Any]) -> None:
    await stage.house.starts(words[0])


async def _stands_still(stage: Stage, _words: list[str], _data: dict[str, Any]) -> None:
    stage.house.stands_still = True


async def _goes_on(stage: Stage, _words: list[str], _data: dict[str, Any]) -> None:
    stage.house.stands_still = False
    await stage.house.settles()


VERBS: Final[Mapping[str, Verb]] = {
    "strikes": _strikes,  # dossier.completed-1
    "corrects": _strikes,  # dossier.accepted-1 to='Mon 5 Jan 09:00'
    "acknowledges": _acknowledges,  # chairman dossier_deadline overdue promised=2026-01-10
    "limit": _limit,  # three-days 5 from=2026-01-05
    "day-off": _day_off,  # 2026-01-08 [unit=06112]
    "day-worked": _day_worked,  # 2026-01-10
    "on-leave": _leave,  # chairman 2026-01-08 2026-01-09 [deputy=deputy]
    "role-ends": _role_ends,  # chairman 2026-01-05
    "role-begins": _role_begins,  # newcomer chairman 2026-01-05 [address=none]
    "procedure-decided": _decided,  # 1.000005 2026-01-05
    "procedure-expired": _expired,  # 1.000001 2026-01-05
    "providers-refuse": _refuses,  # chairman [email zalo …]
    "has-address": _has_address,  # 06040-handler
    "contact-erased": _erased,  # chairman
    "stops": _stops,  # workflow
    "starts": _starts,  # workflow
    "intake-stands-still": _stands_still,  # Its marks move no more …
    "intake-goes-on": _goes_on,  # … and move again.
}

"""A supervisor's inbox: everything open that is theirs, most urgent first."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.notifications.core.acknowledge import Answer, Answers, Matter, standing_answer
from services.notifications.core.cause import Cause, Owed, Reached


@dataclass(frozen=True, slots=True)
class Item:
    """One open obligation of which a person has heard."""

    matter: Matter
    kind: str
    unit: str
    procedure: str | None
    due: datetime | None
    limit: datetime | None
    reached_at: datetime
    role: str
    promise: Answer | None

    @property
    def urgency(self) -> tuple[datetime, datetime, str]:
        """What it is sorted by: its date, or since when it stands here."""
        return self.due or self.reached_at, self.reached_at, self.matter.key


def items(
    causes: Iterable[Cause],
    answers: Mapping[str, Answers],
    *,
    persons: Collection[str] | None,
    roles: Collection[str] | None,
) -> Sequence[Item]:
    """Return what is open for these persons (None: anybody) in these roles (None: any)."""
    found: list[Item] = []
    for cause in causes:
        for owed in cause.owed.values():
            heard = _heard(owed, persons, roles)
            found.extend(
                _item(cause, owed, reached, person, answers)
                for person, reached in sorted(heard.items())
            )
    return sorted(found, key=lambda item: item.urgency)


def _heard(
    owed: Owed, persons: Collection[str] | None, roles: Collection[str] | None
) -> dict[str, Reached]:
    """Return the latest rung that each person heard of."""
    latest: dict[str, Reached] = {}
    for reached in sorted(owed.current, key=lambda one: (one.at, one.repeat)):
        if roles is not None and reached.role not in roles:
            continue
        for person in reached.persons:
            if persons is None or person in persons:
                latest[person] = reached
    return latest


def _item(
    cause: Cause, owed: Owed, reached: Reached, person: str, answers: Mapping[str, Answers]
) -> Item:
    matter = Matter(cause.subject, owed.obligation, reached.cycle, reached.rung, person)
    return Item(
        matter=matter,
        kind=owed.kind,
        unit=owed.unit or cause.unit,
        procedure=cause.procedure,
        due=owed.due,
        limit=owed.limit,
        reached_at=reached.at,
        role=reached.role,
        promise=standing_answer(owed, matter, answers.get(matter.key)),
    )

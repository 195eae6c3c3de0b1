"""What a kind says of one obligation, from the facts alone; the engine does the rest."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.workflow.core.ladder import PlannedRung


@dataclass(frozen=True, slots=True)
class AssessedCycle:
    """One stretch under one due moment, as the facts have it.

    Attributes:
        key: The id of the event (or the word) that began it; it names the cycle for ever.
        opened: Its day 0 moment.
        due: Its promise.
        limit: Its statutory end, which may be none.
        why: The word for what began it, such as `opened`, `supplement`, `extension`.
        rungs: The moments of its ladder, earliest first.
        ended_at: When it ended; None while it runs.
        ended_why: What ended it.
        can_breach: Whether its end, once missed, is a breach of its own.
        moved_at: When the law last moved its dates, as the story was told again; kinds do not
            know.
        kept: The rungs and repeats that were due then and stay due.
    """

    key: str
    opened: datetime
    due: datetime | None
    limit: datetime | None
    why: str = "opened"
    rungs: tuple[PlannedRung, ...] = ()
    ended_at: datetime | None = None
    ended_why: str | None = None
    can_breach: bool = True
    moved_at: datetime | None = None
    kept: frozenset[tuple[str, int]] = frozenset()


@dataclass(frozen=True, slots=True)
class Discharge:
    """How an obligation ended.

    Attributes:
        at: When.
        cause: The id of the event that ended it.
        why: The word for it, such as `completed`.
        in_time: Whether the promise was met; None where there was none.
        by_limit: Whether the statutory end was met; None where there was none.
        by_index: Whether the index's promise was met; None where there was none.
        void: Whether it turned out not to be owed at all.
    """

    at: datetime
    cause: str
    why: str
    in_time: bool | None = None
    by_limit: bool | None = None
    by_index: bool | None = None
    void: bool = False


@dataclass(frozen=True, slots=True)
class Suspension:
    """Why the law's clock stands still."""

    since: datetime
    cause: str
    why: str = "supplement"
    proven: bool = True


@dataclass(frozen=True, slots=True)
class Retold:
    """What only the whole story knows of an obligation.

    Attributes:
        first_due: The first promise that was known.
        quiet_until: Nobody is told of what was due up to this moment.
    """

    first_due: datetime | None
    quiet_until: datetime | None


@dataclass(frozen=True, slots=True)
class Assessment:
    """One obligation as the facts and the law have it, whatever was known before.

    Attributes:
        id: The kind, and after a colon what tells it from others of its kind here.
        unit: Who owes it.
        opened_at: When it began to be owed.
        cause: The id of what opened it.
        cycles: Its stretches, in order; the last is the one that runs, if it runs.
        due: The promise in force; None while suspended or where there is none.
        limit: The statutory end in force.
        index_due: The index's promise; figures only.
        limit_missed: The first statutory end that passed unmet, whatever follows it. Of an
            open obligation only what its own facts show: time alone misses its last limit.
        suspended: Why the clock stands, if it does.
        discharge: How it ended, if it did.
        lapse: How it ends by itself, once that moment has passed.
        no_deadline: Why there is no date: `beyond_horizon`, `no_rule`.
        rule: The row of the rule that it is counted by.
        persons: Who holds a role for this obligation alone, such as the handler.
        about: Codes for messages and lists, such as `procedure` and `field`.
        flags: What an inspector should look at.
        ledger: Gives what was counted and why; asked only when something is told.
        retold: What the whole story adds, where it was told again.
    """

    id: str
    kind: str
    unit: str
    opened_at: datetime
    cause: str
    cycles: tuple[AssessedCycle, ...] = ()
    due: datetime | None = None
    limit: datetime | None = None
    index_due: datetime | None = None
    limit_missed: datetime | None = None
    suspended: Suspension | None = None
    discharge: Discharge | None = None
    lapse: Discharge | None = None
    no_deadline: str | None = None
    rule: str | None = None
    persons: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    ledger: Callable[[], tuple[Mapping[str, Any], ...]] = tuple
    retold: Retold | None = None

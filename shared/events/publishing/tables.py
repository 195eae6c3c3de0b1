"""The contract's tables as JSON: transitions, topics, rules."""

from collections.abc import Mapping
from typing import Any, Final

from shared.events.faults import STATUS_VI
from shared.events.partitioner import murmur2, partition_of
from shared.events.place import HELD_MAX, MISSING_MAX, waits_for
from shared.events.rules import RULES
from shared.events.topics import (
    GROUPS,
    PARTITIONS,
    TOPICS,
    Topic,
    inbound,
    rejected,
    replay,
)
from shared.events.transitions import (
    ENDED,
    NAMES,
    OPEN,
    TABLE,
    Row,
    Status,
    When,
    is_legal,
    next_status,
)

Json = dict[str, Any]


def transitions() -> Json:
    """Give the statuses and the transition table."""
    return {
        "version": 1,
        "statuses": [
            {
                "number": int(status),
                "name": status.name.lower(),
                "name_vi": STATUS_VI[status],
                "open": status in OPEN,
                "ended": status in ENDED,
            }
            for status in Status
        ],
        "notes": {
            "from": "null: the event may be the dossier's first",
            "to": "null: the status does not change",
            "when": "before_acceptance and after_acceptance: whether the dossier was ever "
            "accepted; a dossier that waits for a supplement is in 5 in both cases",
            "marked": "allowed, and in imported history marked after-end",
            "waiting": "an event that the rows do not allow in the dossier's status by its "
            "time waits for the events named; what is in neither is refused at once",
        },
        "rows": [_row(row) for row in TABLE],
        "waiting": {
            "missing_max": MISSING_MAX,
            "waiting_max": HELD_MAX,
            "rows": _waiting(),
        },
    }


def topics() -> Json:
    """Give every topic with its settings; inbound and rejected for one `publisher`."""
    listed = (
        *TOPICS.values(),
        inbound("publisher"),
        rejected("publisher"),
        *(replay(group) for group in GROUPS),
    )
    return {"version": 1, "partitioner": "murmur2", "topics": [_topic(item) for item in listed]}


#: Keys of every length modulo 4, and with letters beyond ASCII.
_KEYS: Final = (
    "",
    "a",
    "ab",
    "abc",
    "abcd",
    "H37.120-261123-0001",
    "H37.120-261123-0002",
    "000.00.06.H56-231027-0361",
    "G09.20-20260609-0092637",
    "case-10011",
    "06112/duty/2026-11-23/am",
    "06112/posting/1.004873/2026-11-16",
    "p-06112-director",
    "Lạng Sơn",
)


def partitioner_vectors() -> Json:
    """Give keys with the hash and the partition that any client must come to."""
    return {
        "version": 1,
        "partitioner": "murmur2",
        "partitions": PARTITIONS,
        "keys": [
            {
                "key": key,
                "murmur2": murmur2(key.encode()),
                "partition": partition_of(key.encode(), PARTITIONS),
            }
            for key in _KEYS
        ],
    }


def transition_vectors() -> Json:
    """Give every case of the transition table, written out: legal ones with their status."""
    return {
        "version": 1,
        "cases": [
            {
                "event": name,
                "status": None if status is None else int(status),
                "was_accepted": was_accepted,
                "next": int(next_status(status, name, was_accepted=was_accepted))
                if is_legal(status, name, was_accepted=was_accepted)
                else None,
            }
            for name in sorted(NAMES)
            for status in (None, *Status)
            for was_accepted in (False, True)
        ],
    }


def rules() -> Json:
    """Give every rule that an event can break, with its words."""
    return {
        "version": 1,
        "rules": [
            {
                "rule": rule.name,
                "detail": rule.detail,
                "remedy": rule.remedy,
                "detail_vi": rule.detail_vi,
                "remedy_vi": rule.remedy_vi,
            }
            for rule in RULES.values()
        ],
    }


def _waiting() -> list[Json]:
    """Give what each event waits for, by the statuses in which it is not allowed yet."""
    found: dict[tuple[str, str, tuple[str, ...]], list[int]] = {}
    for name in sorted(NAMES):
        for when, statuses in _BY_ACCEPTANCE.items():
            for status in statuses:
                names = waits_for(status, name, was_accepted=when == "after_acceptance")
                if names:
                    found.setdefault((name, when, names), []).append(int(status))
    return [
        {"event": name, "status": statuses, "when": when, "for": list(names)}
        for (name, when, names), statuses in found.items()
    ]


_BY_ACCEPTANCE: Final[Mapping[When, tuple[Status, ...]]] = {
    "before_acceptance": (Status.SUBMITTED, Status.SUPPLEMENT_REQUESTED),
    "after_acceptance": (
        Status.ACCEPTED,
        Status.PROCESSING,
        Status.SUPPLEMENT_REQUESTED,
        Status.PAYMENT_REQUESTED,
    ),
}
"""The open statuses that a dossier can have before and after it was accepted."""


def _row(row: Row) -> Json:
    starts = sorted(row.start, key=lambda status: -1 if status is None else int(status))
    return {
        "event": row.name,
        "from": [None if status is None else int(status) for status in starts],
        "to": None if row.to is None else int(row.to),
        "when": row.when,
        **({"marked": True} if row.marked else {}),
    }


def _topic(topic: Topic) -> Json:
    return {
        "name": topic.name,
        "says": topic.says,
        "key": topic.key,
        "writer": topic.writer,
        "readers": list(topic.readers),
        "partitions": topic.partitions,
        "personal_data": topic.personal,
        "config": topic.config,
    }

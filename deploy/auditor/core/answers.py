"""What a dossier's centre must answer or do within hours or days of one event of it."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Final

from deploy.auditor.core.history import first
from deploy.auditor.core.one import About, One, hours

FROM: Final = date(2025, 7, 1)
"""The decree that asks for these is in force from this day on."""

ANSWER_HOURS: Final = 8
ANSWERS_ONLINE: Final = ("dossier.accepted", "dossier.refused", "dossier.supplement_requested")
ENDS_OTHERWISE: Final = (
    "dossier.withdrawn",
    "dossier.stopped",
    "dossier.completed",
    "dossier.returned",
)


def online_answers(about: About) -> Iterator[One]:
    """Each time that the system received an online dossier which was neither taken nor over."""
    facts = list(about.facts)
    sent = first(facts, "dossier.submitted")
    if sent is None or sent.data["channel"] != "online":
        return
    closing = first(facts, "dossier.accepted", "dossier.refused", *ENDS_OTHERWISE)
    story = facts if closing is None else facts[: facts.index(closing) + 1]
    if sent not in story:
        return
    number, rest = 0, story[story.index(sent) :]
    while rest:
        number += 1
        start, rest = rest[0], rest[1:]
        reply = first(rest, *ANSWERS_ONLINE, *ENDS_OTHERWISE)
        kept = reply is not None and reply.name in ANSWERS_ONLINE
        if start.time.date() >= FROM:
            yield One(
                "online_answer",
                start.time,
                start.id,
                hours(ANSWER_HOURS),
                reply if kept else None,
                None if kept else reply,
                tail="" if number == 1 else str(number),
            )
        after = [] if reply is None else rest[rest.index(reply) + 1 :]
        mended = first(after, "dossier.supplement_received")
        rest = [] if mended is None else after[after.index(mended) :]


ANSWERS: Final[Mapping[str, Callable[[About], Iterator[One]]]] = {
    "online_answer": online_answers,
}

"""What really happened to a subject: its facts with their corrections, in order."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from deploy.auditor.core.history import Fact
from deploy.auditor.core.instants import by_moment
from deploy.auditor.core.wall import Json, instant


def happened(facts: Iterable[Fact]) -> list[Fact]:
    """Return what really happened, in the order of its moments.

    The last correction of an event holds; one that was corrected itself holds as corrected, one
    that was struck does not.
    """
    known = sorted(facts, key=lambda fact: fact.sequence)
    right: dict[tuple[str, str], Json | None] = {}
    for fact in reversed([fact for fact in known if fact.corrects]):
        says = _says(fact, right)
        if says is None:
            continue
        for target in _targets(known, fact, says):
            right.setdefault((target.source, target.id), says.get("right"))
    held = []
    for fact in known:
        if fact.corrects:
            continue
        if (fact.source, fact.id) not in right:
            held.append(fact)
            continue
        better = right[fact.source, fact.id]
        if better is not None:
            held.append(replace(fact, time=instant(better["time"]), data=better["data"]))
    return by_moment(held)


def _says(fact: Fact, right: dict[tuple[str, str], Json | None]) -> Json | None:
    """Return what a correction says after later ones of it; None if it was struck."""
    if (fact.source, fact.id) not in right:
        return fact.data
    later = right[fact.source, fact.id]
    if later is None:
        return None
    data: Json = later["data"]
    return data


def _targets(known: Sequence[Fact], correction: Fact, says: Json) -> list[Fact]:
    source = says.get("replaces_source")
    return [
        fact
        for fact in known
        if fact.id == says["replaces"]
        and fact is not correction
        and source in {None, fact.source}
    ]


def overtaken(fact: Fact, known: Iterable[Fact]) -> bool:
    """Say whether a dossier's fact happened before one that was recorded earlier.

    So may the proof that a notice arrived.
    """
    counts = _of_dossier(fact) or fact.name == "notice.proven"
    return counts and any(one.time > fact.time for one in known if _of_dossier(one))


def _of_dossier(fact: Fact) -> bool:
    return fact.name.startswith("dossier.") and not fact.corrects

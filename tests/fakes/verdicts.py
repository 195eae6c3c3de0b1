"""What workflow and reporting make of a dossier's canonical events."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from services.reporting.core.derive import derive
from services.reporting.core.fact import Fact
from services.reporting.core.state import FactState
from services.workflow.core.fold import fold
from services.workflow.core.model import Subject
from shared.events.envelope import Event, from_document
from shared.reference.view import Reference
from shared.subjects.fold import Context
from tests.fakes.emitted import read_back


def fact_of(published: Iterable[Mapping[str, Any]], reference: Reference) -> Fact:
    """Return the fact of a dossier whose events were published in this order, and no other."""
    subject: Subject | None = None
    state: FactState | None = None
    count = 0
    for document in published:
        event = from_document(dict(document))
        now: datetime = event.recordedtime or event.time
        folded = fold(subject, event, Context(now, reference))
        subject = folded.state
        state = state or FactState(event.subject)
        state.take(event)
        for one in folded.emissions:
            count += 1
            state.take(
                Event(
                    id=one.id,
                    source="urn:motcua:service:workflow",
                    name=one.name,
                    subject=event.subject,
                    time=one.time,
                    sequence=count,
                    recordedtime=now,
                    data=read_back(one),
                )
            )
    assert state is not None, "something was published"
    found = derive(state, lambda _procedure: "field")
    assert found is not None
    return found


def verdict_of(published: Iterable[Mapping[str, Any]], reference: Reference) -> tuple[Any, ...]:
    """Return how a dossier ended by both clocks, with its waits."""
    fact = fact_of(published, reference)
    waits = [(one.requested, one.received) for one in fact.waits]
    return fact.status, fact.ended, fact.law, fact.index, waits, fact.deadlines.limit

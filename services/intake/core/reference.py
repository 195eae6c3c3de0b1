"""Reference events: one sequence for the topic, each judged by the view before it."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from services.intake.core.arrivals import Arrival, person_faults
from services.intake.core.fold import Applied, Circumstances, Refused, Verdict, outgoing_of
from services.intake.core.judge import judge
from services.intake.core.state import Subject
from shared.events.envelope import Event
from shared.events.faults import Fault
from shared.events.inbound import Added
from shared.events.reference import CalendarRow, RuleRow, UnitChanged
from shared.events.topics import REFERENCE
from shared.reference.approval import change_faults
from shared.reference.units import code_faults
from shared.reference.view import Reference, apply
from shared.subjects.document import Document


def fold_reference(
    document: Document[Subject],
    arrivals: Sequence[Arrival],
    circumstances: Circumstances,
    published: AbstractSet[str],
) -> tuple[list[Verdict], list[Event]]:
    """Number reference events in the topic's document; return verdicts and what is new.

    Args:
        document: The one that numbers the topic.
        arrivals: In order.
        circumstances: Their reference must be the view after the document's last number.
        published: Outbox ids that have left the outbox already; those are repeats.
    """
    assert circumstances.reference.version == document.emitted.get(REFERENCE.name, 0)
    document.state = document.state or Subject()
    view = circumstances.reference
    verdicts: list[Verdict] = []
    events: list[Event] = []
    numbers = {
        out.id: int(out.value["sequence"]) for out in document.outbox if out.value is not None
    }
    for sent in arrivals:
        arrival = sent.under(view.current)
        out_id = f"{arrival.event.source}#{arrival.event.id}"
        if out_id in published or out_id in numbers:
            verdicts.append(
                Applied(REFERENCE.name, numbers.get(out_id, 0), None, None, repeated=True)
            )
            continue
        faults = judge(
            Subject(),
            arrival,
            now=circumstances.now,
            reference=view,
            rights=circumstances.rights,
        )
        faults += _change_faults(arrival, view)
        if faults:
            verdicts.append(Refused(tuple(faults)))
            continue
        event = _numbered(arrival, circumstances, view)
        view = apply(view, event)
        assert event.sequence is not None, "it was numbered"
        document.emitted[REFERENCE.name] = event.sequence
        document.added.append(outgoing_of(event))
        numbers[out_id] = event.sequence
        events.append(event)
        verdicts.append(Applied(REFERENCE.name, event.sequence, None, circumstances.now))
    return verdicts, events


def _numbered(arrival: Arrival, circumstances: Circumstances, view: Reference) -> Event:
    return arrival.event.recorded(
        sequence=view.version + 1,
        recordedtime=circumstances.now,
        added=Added(referenceversion=view.version, contactversion=arrival.contact_version),
    )


def _change_faults(arrival: Arrival, view: Reference) -> list[Fault]:
    """Return why a change of the law or of a unit's code may not be, or not by this sender."""
    data = arrival.event.data
    if isinstance(data, UnitChanged):
        return list(code_faults(view.units, data))
    if not isinstance(data, CalendarRow | RuleRow):
        return []
    return person_faults(arrival.sender, data.by) or change_faults(view, data)

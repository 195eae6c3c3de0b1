"""What the store keeps of a subject, and that it comes back as it was."""

import orjson
import pytest

from services.workflow.core.codec import SubjectCodec
from services.workflow.core.fold import fold
from shared.events.envelope import decode, encode, to_document
from shared.subjects.errors import StopServiceError
from shared.subjects.fold import Context
from tests.unit.workflow.scenario import Scenario, moment, stored


def waiting() -> Scenario:
    """Return a dossier with rungs that were raised and others that are planned."""
    scenario = Scenario()
    scenario.accepted("2026-01-05 09:00")
    scenario.walks_to("2026-01-12 18:00")
    return scenario


def test_a_subject_comes_back_as_it_was_stored() -> None:
    """Every obligation, cycle and rung, planned or settled, and every event."""
    state = waiting().state
    assert state is not None
    again = stored(state)
    assert {rung.status for ob in state.obligations.values() for rung in ob.cycles[0].rungs} > {
        "planned"
    }
    assert again.obligations == state.obligations
    assert list(again.history) == list(state.history)
    codec = SubjectCodec()
    assert codec.to_document(again) == codec.to_document(state)


def test_an_event_is_kept_as_it_came() -> None:
    """What a later version added to it is not lost on the way through ours."""
    state = waiting().state
    assert state is not None
    document = to_document(next(iter(state.history)))
    value = orjson.dumps({**document, "sequence": 2, "madeup": "of tomorrow"})
    scenario = waiting()
    context = Context(moment("2026-01-13 08:00"), scenario.reference)
    folded = fold(scenario.state, decode(value), context)
    assert encode(list(stored(folded.state).history)[-1]) == value


def test_a_document_of_an_earlier_form_is_refused_with_what_to_do() -> None:
    """It is not read wrongly, nor called a bug."""
    codec, state = SubjectCodec(), waiting().state
    assert state is not None
    document = codec.to_document(state)
    document["history"] = [orjson.loads(value) for value in document["history"]]
    with pytest.raises(StopServiceError, match="motcua replay --for workflow"):
        codec.from_document(document)

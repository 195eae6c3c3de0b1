"""A sequence of records, judged as the door would."""

from shared.events.rehearsal import Rehearsal
from tests.unit.events.made import NOW, value


def test_a_dossiers_whole_way_is_taken() -> None:
    """Each event is judged by what came before it."""
    rehearsal = Rehearsal(now=NOW)
    steps = ["submitted", "accepted", "assigned", "completed", "returned"]
    said = [rehearsal.judge(value(f"dossier.{step}")).outcome for step in steps]
    assert said == ["recorded"] * 5


def test_a_repeat_is_not_judged_again_and_other_content_is_refused() -> None:
    """The same id gets the same answer; other content under it is refused."""
    rehearsal = Rehearsal(now=NOW)
    assert rehearsal.judge(value()).outcome == "recorded"
    assert rehearsal.judge(value()).outcome == "repeated"
    other = rehearsal.judge(value(receivingunit="06115"))
    assert other.outcome == "refused"
    assert [item.rule for item in other.faults] == ["id-reused"]


def test_a_refusal_binds_nothing() -> None:
    """The same id is judged anew when it comes again, mended."""
    rehearsal = Rehearsal(now=NOW)
    assert rehearsal.judge(value(receivingunit=None)).outcome == "refused"
    assert rehearsal.judge(value()).outcome == "recorded"


def test_two_publishers_may_use_one_id() -> None:
    """A receipt is kept per publisher."""
    rehearsal = Rehearsal(now=NOW)
    assert rehearsal.judge(value("dossier.submitted", id="1")).outcome == "recorded"
    second = value(id="1", source="urn:motcua:publisher:portal")
    assert rehearsal.judge(second).outcome == "recorded"


def test_the_publisher_is_checked_when_it_is_named() -> None:
    """Events of another source do not belong on this publisher's topic."""
    verdict = Rehearsal(now=NOW, publisher="portal").judge(value())
    assert [item.rule for item in verdict.faults] == ["wrong-source"]


def test_dossiers_that_began_elsewhere_may_be_taken_as_known() -> None:
    """Then their first event here is not judged by the table, and the next one is."""
    completed, returned = value("dossier.completed"), value("dossier.returned")
    strict = Rehearsal(now=NOW)
    assert [item.rule for item in strict.judge(completed).faults] == ["unknown-dossier"]
    lenient = Rehearsal(now=NOW, continuing=True)
    assert lenient.judge(completed).outcome == "recorded"
    assert lenient.judge(returned).outcome == "recorded"
    later = value("dossier.assigned", time="2026-11-23T08:06:00+07:00")
    assert lenient.judge(later).outcome == "refused"


def test_what_waits_is_recorded_with_what_it_waited_for() -> None:
    """As at the door: held, released in order of occurrence, or refused at the end."""
    rehearsal = Rehearsal(now=NOW)
    rehearsal.judge(value())
    asked = value("dossier.supplement_requested", time="2026-11-23T08:05:10+07:00")
    rehearsal.judge(asked)
    completed = value("dossier.completed", time="2026-11-23T08:05:30+07:00")
    waiting = rehearsal.judge(completed)
    assert (waiting.outcome, waiting.number) == ("waiting", 3)
    assert [item.rule for item in rehearsal.unmet()[0].faults] == ["illegal-transition"]
    assert rehearsal.judge(completed).outcome == "waiting"
    received = value("dossier.supplement_received", time="2026-11-23T08:05:20+07:00")
    verdict = rehearsal.judge(received)
    assert verdict.outcome == "recorded"
    assert [(one.number, one.outcome) for one in verdict.released] == [(3, "recorded")]
    assert rehearsal.unmet() == []
    assert rehearsal.judge(completed).outcome == "repeated"


def test_a_late_event_that_fits_is_recorded() -> None:
    """The submission may come after the acceptance that it was before."""
    rehearsal = Rehearsal(now=NOW)
    rehearsal.judge(value(time="2026-11-23T08:05:30+07:00"))
    submitted = value("dossier.submitted", time="2026-11-23T08:05:10+07:00")
    assert rehearsal.judge(submitted).outcome == "recorded"


def test_a_bad_record_does_not_disturb_its_neighbours() -> None:
    """Bytes that hold nothing are refused, and the next record is judged as ever."""
    rehearsal = Rehearsal(now=NOW)
    verdict = rehearsal.judge(b"\xff")
    assert (verdict.outcome, verdict.id) == ("refused", None)
    assert rehearsal.judge(value()).outcome == "recorded"

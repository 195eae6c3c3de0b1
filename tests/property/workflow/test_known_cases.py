"""The smallest cases in which the laws of this folder once failed, by hand and in every run."""

from services.workflow.core.cycles import STRUCK
from services.workflow.core.model import Cycle, Subject
from shared.events.centres import PostingWithdrawn
from tests.property.workflow.lives import SUBJECTS, Life
from tests.property.workflow.test_any_order import AnyOrder
from tests.unit.workflow.province import THREE_DAYS


def test_a_procedure_expires_again_before_its_withdrawal_arrives() -> None:
    """The slow replica counted from the second date for a while, the prompt one never did.

    The cycle of the second date was struck when the withdrawal arrived. It is no difference.
    """
    subject = next(one for one in SUBJECTS if "/posting/" in one)
    orders = AnyOrder()
    orders.lives[subject] = Life(subject)
    for replica in (orders.prompt, orders.slow):
        replica.opens(subject, orders.reference, orders.now)
    orders.time_passes(72)
    _expires(orders)
    orders.recorded(orders.lives[subject], PostingWithdrawn(procedure=THREE_DAYS), orders.now)
    orders.time_passes(24)
    _expires(orders)
    orders.teardown()
    prompt, slow = (_cycles(one.state(subject)) for one in (orders.prompt, orders.slow))
    assert [one.ended_why for one in prompt] == ["withdrawn"]
    assert [one.ended_why for one in slow] == ["withdrawn", STRUCK]


def _expires(orders: AnyOrder) -> None:
    """Let a procedure expire by a decision that the slow replica counts at once."""
    orders.a_procedure_expires()
    orders.the_slow_one_learns_of_the_law()
    orders.the_slow_one_sweeps_on_what_it_has()


def _cycles(state: Subject | None) -> list[Cycle]:
    assert state is not None, "the calendar opened it"
    return state.obligations["posting_withdrawal"].cycles

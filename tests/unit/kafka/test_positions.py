"""What counts as read: positions noted with a poll, taken over once the poll is durable."""

from collections.abc import Sequence

from aiokafka import ConsumerRecord

from shared.kafka.positions import Positions
from shared.subjects.read_positions import LastRecord, StoredPosition

TOPIC = "motcua.inbound.demo.v1"
ONE, TWO, NEW = (TOPIC, 0), (TOPIC, 1), (TOPIC, 2)


def records(*places: tuple[int, int], time_ms: int = 0) -> Sequence[ConsumerRecord]:
    """Make records of these partitions and offsets."""
    return [
        ConsumerRecord(TOPIC, number, offset, time_ms, 0, None, b"", None, -1, 0, ())
        for number, offset in places
    ]


def holding() -> Positions:
    """Positions of two partitions, read to 4 and 9."""
    positions = Positions()
    positions.begin(ONE, 4, committed=4, stored=StoredPosition(4))
    positions.begin(TWO, 9, committed=9, stored=StoredPosition(9))
    return positions


def test_positions_of_a_batch_count_once_it_is_durable_and_not_before() -> None:
    """With the marker behind its last record, and one that passed only markers beside it."""
    positions = holding()
    positions.polled({ONE: 7, TWO: 11}, records((0, 4), (0, 5)))
    assert positions.durable == {ONE: 4, TWO: 9}
    assert positions.uncommitted() == {}
    positions.applied()
    assert positions.durable == {ONE: 7, TWO: 11}
    assert positions.uncommitted() == {ONE: 7, TWO: 11}
    positions.commit({ONE: 7, TWO: 11})
    assert positions.uncommitted() == {}


def test_an_empty_poll_counts_at_once() -> None:
    """What it passed were markers, or records of an aborted transaction."""
    positions = holding()
    positions.polled({ONE: 6, TWO: 9}, ())
    assert positions.durable == {ONE: 6, TWO: 9}
    assert positions.uncommitted() == {ONE: 6}
    assert positions.in_hand is None


def test_a_batch_that_is_refused_counts_for_nothing_and_begins_again() -> None:
    """Also what another partition passed with it waits for the next poll."""
    positions = holding()
    positions.polled({ONE: 7, TWO: 11}, records((0, 4), (0, 5), (1, 9)))
    assert positions.refused() == {ONE: 4, TWO: 9}
    assert positions.durable == {ONE: 4, TWO: 9}
    assert positions.refused() == {}


def test_a_partition_given_up_meanwhile_is_neither_held_nor_read_again() -> None:
    """Its new owner reads it; a late batch of ours must not bring it back."""
    positions = holding()
    positions.polled({ONE: 7, TWO: 11}, records((0, 4), (1, 9)))
    positions.revoked([TWO])
    positions.applied()
    assert positions.durable == {ONE: 7}
    positions.polled({ONE: 9, TWO: 12}, records((0, 7)))
    positions.revoked([ONE])
    assert positions.refused() == {}
    positions.commit({ONE: 9})
    assert positions.committed == {}


def test_a_batch_from_before_a_rebalance_does_not_move_a_partition_that_came_back() -> None:
    """The client reads it again from what is committed, whatever the old batch does."""
    positions = holding()
    positions.polled({ONE: 7, TWO: 11}, records((0, 4), (1, 9)))
    positions.revoked([ONE, TWO])
    positions.begin(TWO, 9, committed=9)
    positions.applied()
    assert positions.durable == {TWO: 9}


def test_a_partition_is_held_once_it_is_decided_where_it_begins() -> None:
    """What the client says of it before counts for nothing: it is paused."""
    positions = holding()
    positions.polled({ONE: 4, TWO: 9, NEW: 3}, ())
    assert NEW not in positions.durable
    positions.begin(NEW, 5, committed=5)
    positions.polled({ONE: 4, TWO: 9, NEW: 6}, records((2, 5)))
    positions.applied()
    assert positions.uncommitted() == {NEW: 6}


def test_a_committed_offset_that_is_not_believed_is_committed_anew() -> None:
    """The group's offset is put right with the next commit."""
    positions = Positions()
    positions.begin(ONE, 6, committed=40)
    assert positions.uncommitted() == {ONE: 6}


def test_our_record_is_given_what_is_durable_and_beyond_it() -> None:
    """With the last record before it; what it has and we read again stays there."""
    positions = Positions()
    kept = LastRecord(6, 0, "00")
    positions.begin(ONE, 4, committed=4, stored=StoredPosition(7, kept))
    positions.polled({ONE: 6}, records((0, 5)))
    positions.applied()
    assert positions.unstored() == {}
    positions.polled({ONE: 9}, records((0, 6), (0, 8)))
    assert positions.unstored() == {}, "nothing is stored before it is durable"
    positions.applied()
    assert positions.unstored() == {ONE: 9}
    last = positions.lasts[ONE]
    assert last.offset == 8
    positions.store({ONE: 9, TWO: 3})
    assert positions.unstored() == {}
    assert TWO not in positions.stored


def test_what_was_never_stored_is_stored_from_the_beginning() -> None:
    """So that a later look finds a record of the partition, though nothing came in."""
    positions = Positions()
    positions.begin(ONE, 0, committed=0)
    assert positions.unstored() == {ONE: 0}


def test_a_halted_partition_has_nothing_to_commit_or_to_store() -> None:
    """Its position stays where the loss begins."""
    positions = Positions()
    positions.halt(ONE, 7)
    positions.polled({ONE: 7}, ())
    assert positions.durable == {ONE: 7}
    assert positions.uncommitted() == {}
    assert positions.unstored() == {}


def test_a_position_that_went_back_is_taken_over_and_committed() -> None:
    """As when the broker lost what it had, and the client begins anew."""
    positions = holding()
    positions.polled({ONE: 0, TWO: 9}, ())
    assert positions.uncommitted() == {ONE: 0}


def test_the_oldest_record_in_hand_is_known_by_topic() -> None:
    """Whatever time a producer has set."""
    positions = holding()
    positions.polled({}, [*records((0, 4), time_ms=2**62), *records((1, 9), time_ms=-1)])
    assert positions.in_hand is not None
    assert positions.in_hand.oldest_ms == {TOPIC: -1}

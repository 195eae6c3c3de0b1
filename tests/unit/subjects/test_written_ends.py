"""Written ends: what counts as a loss, what proves none, and what is said of it."""

import pytest

from shared.subjects.written_ends import ABSENT, WrittenEnd, WrittenEnds, sentence_of

TOPIC = "motcua.obligations.v1"
A, B = (TOPIC, 0), (TOPIC, 1)


def known(**rows: WrittenEnd) -> WrittenEnds:
    """Return what a process knows that has just begun."""
    ends = WrittenEnds()
    ends.begin({(TOPIC, int(name[1:])): row for name, row in rows.items()})
    return ends


def test_each_acknowledgement_raises_the_end() -> None:
    """And is to be stored."""
    ends = WrittenEnds()
    ends.acknowledged(*A, 0)
    ends.acknowledged(*A, 4)
    assert ends.rows == {A: WrittenEnd(5)}
    assert ends.unsaved == {A}


def test_a_topic_that_ends_before_is_short() -> None:
    """One that ends there, or later because others wrote, is not."""
    ends = known(p0=WrittenEnd(5), p1=WrittenEnd(5))
    ends.compare({A: 5, B: 9})
    assert not ends.short()
    ends.compare({A: 3, B: 9})
    assert ends.short() == {A: WrittenEnd(5, found=3)}


def test_a_topic_that_grew_past_its_end_again_stays_short() -> None:
    """Its length proves nothing, so what was found is kept until it is restored."""
    ends = known(p0=WrittenEnd(5))
    ends.compare({A: 0})
    ends.compare({A: 100})
    assert ends.short() == {A: WrittenEnd(5, found=0)}
    ends.refresh({A: WrittenEnd(100, log=1)})
    ends.compare({A: 100})
    assert not ends.short()


def test_a_partition_that_is_not_there_is_short() -> None:
    """The topic was deleted, and not made again yet."""
    ends = known(p0=WrittenEnd(5))
    ends.compare({})
    assert ends.short() == {A: WrittenEnd(5, found=ABSENT)}


def test_an_acknowledgement_below_what_was_known_before_is_a_loss() -> None:
    """Seen at once, however far the topic has grown when its end is next asked for."""
    ends = known(p0=WrittenEnd(5))
    ends.acknowledged(*A, 2)
    assert ends.short() == {A: WrittenEnd(5, found=2)}


def test_an_acknowledgement_below_another_replicas_is_none() -> None:
    """Its record may have been written, and stored, between ours and our answer."""
    ends = known(p0=WrittenEnd(5))
    ends.refresh({A: WrittenEnd(9)})
    ends.acknowledged(*A, 6)
    assert not ends.short()
    assert ends.rows[A] == WrittenEnd(9)


def test_after_a_restore_what_is_written_counts_from_there() -> None:
    """An offset that was low before is right now, and what was unsaved is void."""
    ends = known(p0=WrittenEnd(500))
    ends.compare({A: 0})
    ends.refresh({A: WrittenEnd(12, log=1)})
    ends.acknowledged(*A, 12)
    assert ends.rows == {A: WrittenEnd(13, log=1)}
    assert not ends.short()


@pytest.mark.parametrize("log", [0, 1])
def test_a_finding_of_another_replica_counts(log: int) -> None:
    """Each of them says the same on its readiness."""
    ends = known(p0=WrittenEnd(5, log=log))
    ends.refresh({A: WrittenEnd(5, log=log, found=1)})
    assert ends.short() == {A: WrittenEnd(5, log=log, found=1)}


def test_the_sentence_names_place_ends_and_command() -> None:
    """The first few of many."""
    assert sentence_of({}) is None
    short = {(TOPIC, number): WrittenEnd(7, found=number) for number in range(5)}
    said = sentence_of({**short, (TOPIC, 0): WrittenEnd(7, found=ABSENT)})
    assert said is not None
    assert f"{TOPIC}/0 is missing, and 7 records were acknowledged" in said
    assert f"{TOPIC}/1 ended at 1, and 7 were acknowledged" in said
    assert "2 more partitions likewise" in said
    assert "`motcua restore topics`" in said

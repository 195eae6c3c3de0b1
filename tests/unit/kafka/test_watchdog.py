"""When a consumer counts as stuck, and what only looks like it."""

from dataclasses import dataclass, field

import pytest

from shared.kafka.watchdog import LOOK_S_MAX, STUCK_S, Look, Watchdog

TOPIC = "motcua.inbound.demo.v1"
PLACE = (TOPIC, 3)
OTHER = (TOPIC, 4)
LOOK_S = 5.0
LOOKS = int(STUCK_S / LOOK_S)


@dataclass
class Watched:
    """A consumer as a test says it is, looked at every few seconds."""

    watchdog: Watchdog = field(default_factory=Watchdog)
    now_s: float = 1_000.0
    ends: dict[tuple[str, int], int] = field(default_factory=lambda: {PLACE: 8, OTHER: 2})
    read: dict[tuple[str, int], int] = field(default_factory=lambda: {PLACE: 7, OTHER: 2})
    fetched: dict[tuple[str, int], int] = field(default_factory=lambda: {PLACE: 1, OTHER: 1})
    in_hand: bool = False
    halted: frozenset[tuple[str, int]] = frozenset()

    def look(self, times: int = 1, *, every_s: float = LOOK_S) -> tuple[str, int] | None:
        """Look that many times; return what counts as stuck at the end."""
        for _ in range(times):
            self.now_s += every_s
            self.watchdog.look(
                Look(
                    self.now_s,
                    dict(self.ends),
                    dict(self.read),
                    dict(self.fetched),
                    self.in_hand,
                    self.halted,
                )
            )
        return self.watchdog.stuck()


def test_a_client_that_fetches_nothing_any_more_is_stuck_after_its_time() -> None:
    """The partition is named; the moment counts from the first look that saw it waiting."""
    watched = Watched()
    assert watched.look(LOOKS) is None
    assert watched.look() == PLACE


def test_a_halted_partition_waits_and_is_no_sign_of_a_stuck_client() -> None:
    """Its age is shown; ending the process would help nobody. Another one still counts."""
    watched = Watched(halted=frozenset({PLACE}))
    assert watched.look(LOOKS * 2) is None
    assert watched.watchdog.waited_s(TOPIC, watched.now_s) > STUCK_S
    watched.ends[OTHER] = 3
    assert watched.look(LOOKS + 1) == OTHER


def test_a_quiet_topic_is_not_stuck_and_its_next_record_begins_to_wait_when_seen() -> None:
    """Two hours without a record, then one: that one has waited for nothing."""
    watched = Watched(ends={PLACE: 7})
    assert watched.look(1_440) is None
    watched.ends[PLACE] = 8
    assert watched.look() is None
    assert watched.watchdog.waited_s(TOPIC, watched.now_s) == 0.0
    assert watched.look(LOOKS - 1) is None


def test_a_record_that_waited_before_a_pause_is_given_time_after_it() -> None:
    """A process that was stopped for an hour has not watched for an hour."""
    watched = Watched()
    watched.look()
    assert watched.look(every_s=3_600) is None
    assert watched.watchdog.waited_s(TOPIC, watched.now_s) == 3_600
    left = int((STUCK_S - LOOK_S_MAX) / LOOK_S)
    assert watched.look(left - 1) is None
    assert watched.look() == PLACE


@pytest.mark.parametrize("gap", ["batch", "fetch", "position", "read", "rebalance"])
def test_a_sign_of_life_begins_the_wait_anew(gap: str) -> None:
    """A batch in hand, a fetch that ended, a position that moved, a partition given up."""
    watched = Watched()
    assert watched.look(LOOKS) is None
    alive(watched, gap)
    assert watched.look() is None
    watched.in_hand = False
    watched.read = {PLACE: watched.read.get(PLACE, 7), OTHER: 2}
    watched.ends[PLACE] = max(watched.ends[PLACE], watched.read[PLACE] + 1)
    assert watched.look(LOOKS - 1) is None
    assert watched.look(2) == PLACE


def alive(watched: Watched, gap: str) -> None:
    """Give one sign of life."""
    match gap:
        case "batch":
            watched.in_hand = True
        case "fetch":
            watched.fetched[PLACE] += 1  # It found nothing, or what it found is on its way.
        case "position":
            watched.read[PLACE], watched.ends[PLACE] = 8, 9
        case "read":
            watched.read[PLACE] = watched.ends[PLACE]
        case "rebalance":
            del watched.read[PLACE]


def test_a_slow_fetch_is_waited_for_as_long_as_each_ends_in_time() -> None:
    """Each fetch takes nearly as long as the limit, and brings one record of many."""
    watched = Watched(ends={PLACE: 100})
    for _ in range(20):
        assert watched.look(LOOKS - 1) is None
        watched.read[PLACE] += 1
        watched.fetched[PLACE] += 1


def test_another_partitions_fetch_does_not_excuse_the_one_that_is_never_fetched() -> None:
    """One broker of three may be the one whose connection is dead."""
    watched = Watched()
    for _ in range(LOOKS):
        watched.fetched[OTHER] += 1
        watched.look()
    assert watched.look() == PLACE


def test_a_broker_that_was_away_leaves_nothing_waiting() -> None:
    """What it answers first afterwards is seen for the first time."""
    watched = Watched()
    watched.look(LOOKS)
    watched.watchdog.forget()
    assert watched.watchdog.waited_s(TOPIC, watched.now_s) == 0.0
    watched.now_s += 600
    assert watched.look(LOOKS) is None
    assert watched.look() == PLACE


def test_the_longest_wait_of_a_topic_is_measured_whatever_the_client_does() -> None:
    """Fetches that end do not make a record younger; a position that moves does."""
    watched = Watched(ends={PLACE: 8, OTHER: 3}, read={PLACE: 7, OTHER: 3})
    watched.look(4)
    watched.ends[OTHER] = 4
    watched.fetched[PLACE] += 1
    watched.look(2)
    assert watched.watchdog.waited_s(TOPIC, watched.now_s) == 5 * LOOK_S
    watched.read[PLACE] = 8
    watched.look()
    assert watched.watchdog.waited_s(TOPIC, watched.now_s) == 2 * LOOK_S
    assert watched.watchdog.waited_s("another topic", watched.now_s) == 0.0


def test_limits_are_the_callers() -> None:
    """A test of the whole need not wait for two minutes."""
    watched = Watched(Watchdog(limit_s=2.0, look_s_max=1.0))
    assert [watched.look() for _ in range(3)] == [None, None, PLACE]

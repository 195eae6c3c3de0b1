"""Laws of where a partition is begun, on played histories of a log and its reader.

The oracle is the set of records that a reader has handled: it knows nothing of the decision.
"""

from dataclasses import dataclass, field

from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.subjects.read_positions import (
    Begin,
    Halt,
    LastRecord,
    Log,
    StoredPosition,
    where_to_begin,
)

STEPS_MAX = 40

Step = tuple[str, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["write", "read", "store", "commit", "trim", "replace", "jump", "back", "restart"]
        ),
        st.integers(0, 6),
    ),
    max_size=STEPS_MAX,
)


@dataclass
class Played:
    """One partition, its reader, and what both keep.

    Attributes:
        log: The records that are there, by offset; each has a name of its own.
        start: The first offset.
        end: The next to be written.
        at: The reader's position; None while it is halted.
        handled: Names of all records whose effect is durable.
        written: Names of all records of this log that were ever written, by offset.
    """

    log: dict[int, str] = field(default_factory=dict)
    start: int = 0
    end: int = 0
    at: int | None = 0
    handled: set[str] = field(default_factory=set)
    written: dict[int, str] = field(default_factory=dict)
    stored: StoredPosition | None = None
    committed: int | None = None
    last: LastRecord | None = None
    named: int = 0
    lost: set[str] = field(default_factory=set)
    halts: int = 0

    def play(self, step: Step) -> None:
        """Do one thing, as the broker, the reader or a stranger does it."""
        what, count = step
        getattr(self, what)(count)

    def write(self, count: int) -> None:
        for _ in range(count):
            self.named += 1
            self.log[self.end] = self.written[self.end] = f"r{self.named}"
            self.end += 1

    def read(self, count: int) -> None:
        for _ in range(count):
            if self.at is None or self.at >= self.end:
                return
            if self.at not in self.log:
                self.restart(0)  # The fetch is out of range.
                continue
            name = self.log[self.at]
            self.handled.add(name)
            self.last = LastRecord(self.at, 0, name)
            self.at += 1

    def store(self, _count: int) -> None:
        if self.at is not None and (self.stored is None or self.at > self.stored.next_offset):
            self.stored = StoredPosition(self.at, self.last)

    def commit(self, _count: int) -> None:
        if self.at is not None:
            self.committed = self.at

    def trim(self, count: int) -> None:
        self.start = min(self.end, self.start + count)
        self.log = {at: name for at, name in self.log.items() if at >= self.start}

    def replace(self, count: int) -> None:
        if self.stored is not None and self.stored.last is None and self.stored.next_offset:
            return  # The one case that nobody can tell (decision 0035): no record is kept.
        self.lost |= set(self.written.values()) - self.handled
        self.log, self.written, self.start, self.end = {}, {}, 0, 0
        self.write(count)
        self.restart(0)

    def jump(self, count: int) -> None:
        self.committed = min(self.end, (self.committed or 0) + count)

    def back(self, count: int) -> None:
        self.committed = max(0, (self.committed or 0) - count)

    def restart(self, _count: int) -> None:
        kept = self.stored
        confirms = None
        if kept is not None and kept.last is not None and kept.last.offset >= self.start:
            confirms = self.log.get(kept.last.offset) == kept.last.digest
        begun = where_to_begin(
            Log(self.start, self.end, confirms),
            committed=self.committed,
            stored=kept,
            believes_committed=False,
        )
        if isinstance(begun, Halt):
            self.at = None
            self.halts += 1
            gone = [name for at, name in self.written.items() if begun.at <= at < begun.until]
            self.lost |= set(gone) - self.handled
            # An operator passes over it.
            self.stored = StoredPosition(begun.until)
            self.restart(0)
        else:
            self.at = begun.at
            self.last = None if kept is None or begun.why == "other_log" else kept.last
            if begun.why == "other_log" or kept is None:
                self.stored = StoredPosition(begun.at)
                self.lost |= {
                    name
                    for at, name in self.written.items()
                    if at < self.start and name not in self.handled
                }


@settings(max_examples=400)
@example([("write", 1), ("read", 1), ("store", 0), ("replace", 2)])
@example([("write", 3), ("read", 1), ("store", 0), ("trim", 2), ("jump", 3)])
@given(STEPS)
def test_whatever_happens_each_record_that_is_there_is_handled_or_named_as_lost(
    steps: list[Step],
) -> None:
    """Trims, replaced logs, restarts, and offsets that strangers move in any order."""
    played = Played()
    played.restart(0)
    for step in steps:
        played.play(step)
    played.restart(0)
    played.read(played.end + 1)
    assert set(played.log.values()) <= played.handled
    assert set(played.written.values()) <= played.handled | played.lost


@given(
    st.integers(0, 50),
    st.integers(0, 50),
    st.one_of(st.none(), st.integers(0, 120)),
    st.integers(0, 120),
    st.sampled_from([True, None]),
)
def test_one_log_is_never_read_from_beyond_our_own_record(
    start: int,
    length: int,
    committed: int | None,
    at: int,
    confirms: bool | None,  # noqa: FBT001 - hypothesis draws it.
) -> None:
    """Nor from before the least offset that anybody has promised."""
    log = Log(start, start + length, confirms)
    begun = where_to_begin(
        log, committed=committed, stored=StoredPosition(at), believes_committed=True
    )
    if isinstance(begun, Halt):
        assert at < start
        assert begun == Halt(at, start)
    elif begun.why == "other_log":
        assert at > log.end
        assert begun.at == start
    else:
        assert start <= begun.at <= at
        assert begun.at >= min(at, start if committed is None else committed)


def test_a_store_from_before_this_record_believes_the_committed_offset_once() -> None:
    """And halts where it was trimmed; a store that read nothing begins with the log."""
    log = Log(5, 20)
    assert where_to_begin(log, committed=9, stored=None, believes_committed=True) == Begin(
        9, "committed"
    )
    assert where_to_begin(log, committed=3, stored=None, believes_committed=True) == Halt(3, 5)
    assert where_to_begin(log, committed=21, stored=None, believes_committed=True) == Begin(
        5, "other_log"
    )
    assert where_to_begin(log, committed=9, stored=None, believes_committed=False) == Begin(
        5, "first"
    )


def test_what_was_deleted_between_both_positions_is_no_loss() -> None:
    """The store has it; only the group's commit did not get through."""
    begun = where_to_begin(
        Log(5, 20), committed=3, stored=StoredPosition(8), believes_committed=False
    )
    assert begun == Begin(5, "stored")

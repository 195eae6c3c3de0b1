"""Properties that hold for any input."""

import contextlib
import json
import string
from datetime import datetime, timedelta, timezone

from aiokafka.partitioner import murmur2 as java_murmur2
from hypothesis import example, given
from hypothesis import strategies as st

from shared.events.codes import parse_matter
from shared.events.envelope import Event, Undecodable, decode, encode
from shared.events.history import effective
from shared.events.inbound import InboundEvent, claimed_id, parse_inbound
from shared.events.judge import Standing, follow, judge
from shared.events.partitioner import murmur2, partition_of
from shared.events.registry import REGISTRY
from shared.events.transitions import ENDED, Status, is_legal, recorded_status
from tests.unit.events.made import NOW, document, event

NAMES = sorted(REGISTRY)
INBOUND = sorted(name for name, kind in REGISTRY.items() if kind.inbound)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            ["content-type", "ce_id", "ce_time", "ce_backfill", "ce-type", "x", ""]
        ),
        st.binary(max_size=30) | st.just(b"application/json"),
    ),
    max_size=4,
)


@given(st.none() | st.binary(max_size=200), HEADERS)
@example(b'{"a":"\\ud800"}', [])
@example(b"[" * 5000, [])
@example(b'{"data": {"contact": null}}', [])
def test_no_bytes_make_the_door_raise(
    value: bytes | None, headers: list[tuple[str, bytes]]
) -> None:
    """Anything gives an event or at least one fault."""
    read = parse_inbound(value, headers)
    assert isinstance(read, InboundEvent) or read
    claimed_id(value, headers)


@given(st.sampled_from(INBOUND), st.data())
def test_no_json_makes_the_door_raise(name: str, data: st.DataObject) -> None:
    """A right event in which any part is replaced by anything, or taken out."""
    made = document(name)
    place = data.draw(st.sampled_from([made, made["data"]]))
    key = data.draw(st.sampled_from([*place, "surprise", "contact", "backfill"]))
    place[key] = data.draw(JSON)
    if data.draw(st.booleans()):
        del place[key]
    text = json.dumps(made)
    read = parse_inbound(text.encode())
    if isinstance(read, InboundEvent):
        judge(read, Standing(), None, NOW)
        recorded = encode(event(name, 1, data=read.data.model_dump(), time=read.time))
        assert decode(recorded).data == read.data
    else:
        assert read
        assert all(item.detail and item.remedy and item.detail_vi for item in read)


@given(
    name=st.sampled_from(NAMES),
    moment=st.datetimes(datetime(1946, 1, 1), datetime(2199, 1, 1)),  # noqa: DTZ001  # Zone below.
    offset=st.integers(-12 * 60, 14 * 60),
    sequence=st.integers(1, 2**53),
    backfill=st.booleans(),
)
def test_what_is_written_is_read_again(
    name: str, moment: datetime, offset: int, sequence: int, *, backfill: bool
) -> None:
    """Any event comes back equal, and writing it again gives the same bytes."""
    zone = timezone(timedelta(minutes=offset))
    made = event(name, sequence, time=moment.replace(tzinfo=zone), backfill=backfill)
    value = encode(made)
    assert decode(value) == made
    again = decode(value).model_copy()  # A copy is written anew, not given back as it came.
    assert encode(again) == value


@given(st.binary(max_size=300))
def test_no_bytes_make_a_reader_raise_anything_else(value: bytes) -> None:
    """Undecodable is the only way out."""
    with contextlib.suppress(Undecodable):
        assert decode(value).name in REGISTRY


@given(st.binary(max_size=100), st.integers(1, 100))
def test_the_partitioner_is_the_java_clients(key: bytes, partitions: int) -> None:
    """The oracle is aiokafka's own."""
    assert murmur2(key) == java_murmur2(key)
    assert partition_of(key, partitions) == (java_murmur2(key) & 0x7FFFFFFF) % partitions


@given(st.text(alphabet=string.printable, max_size=60))
def test_a_matter_that_is_read_is_written_the_same(subject: str) -> None:
    """Reading never changes a subject."""
    matter = parse_matter(subject)
    assert matter is None or matter.subject == subject


DOSSIER_NAMES = [name for name in NAMES if name.startswith("dossier.")]


@given(st.lists(st.tuples(st.sampled_from(DOSSIER_NAMES), st.integers(0, 50)), max_size=12))
def test_refolding_keeps_every_event_and_never_leaves_an_ended_status(
    steps: list[tuple[str, int]],
) -> None:
    """Without known targets, corrections take nothing away; ended stays ended."""
    history: list[Event] = [
        event(name, number, hours=hours) for number, (name, hours) in enumerate(steps, start=1)
    ]
    held = effective(history)
    assert len(held) == sum(item.name != "dossier.corrected" for item in history)
    assert [item.time for item in held] == sorted(item.time for item in held)
    status: Status | None = None
    accepted = False
    for item in held:
        before = status
        legal = is_legal(status, item.name, was_accepted=accepted)
        status, told = recorded_status(status, item.name, was_accepted=accepted)
        assert told == legal
        assert before not in ENDED or status == before or legal
        accepted = accepted or item.name == "dossier.accepted"


@given(st.permutations(["submitted", "accepted", "assigned", "completed", "returned"]))
def test_what_is_judged_right_is_followed(order: list[str]) -> None:
    """Whatever order they come in, the standing moves by legal steps alone."""
    standing = Standing()
    for step in order:
        read = parse_inbound(json.dumps(document(f"dossier.{step}")).encode())
        assert isinstance(read, InboundEvent)
        legal = is_legal(standing.status, read.name, was_accepted=standing.was_accepted)
        faults = judge(read, standing, None, NOW)
        assert bool(faults) != legal
        if legal:
            standing = follow(read, standing)

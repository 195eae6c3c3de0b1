"""How many brokers keep each record: what is stated, refused, compared and planned."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.durability import (
    ALONE,
    Durability,
    Finding,
    NotDurableError,
    durability_of,
    expected,
    findings_of_config,
    findings_of_replicas,
    reassignment,
    sentence_of,
    stated,
    stated_in,
    to_create_with,
)
from deploy.errors import SettingError
from shared.kafka.admin import PartitionReplicas, TopicSpec

THREE = Durability(3, 2)


def spec(name: str = "t", *, replication: int = 3, min_insync: int = 2) -> TopicSpec:
    """Return a topic as a broker describes it."""
    return TopicSpec(name, 2, {"min.insync.replicas": str(min_insync)}, replication)


def kept_by(
    *replicas: Sequence[int], away: Sequence[int] = (), leader: int | None = 1
) -> tuple[PartitionReplicas, ...]:
    """Return the partitions of a topic, each kept by these brokers."""
    return tuple(
        PartitionReplicas(
            number, leader, tuple(brokers), tuple(one for one in brokers if one not in away)
        )
        for number, brokers in enumerate(replicas)
    )


@pytest.mark.parametrize(
    ("replication", "min_insync"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3)]
)
def test_min_insync_follows_from_the_replication(replication: int, min_insync: int) -> None:
    """Half of the brokers, rounded up, must have a record."""
    assert Durability.of(replication) == Durability(replication, min_insync)


@pytest.mark.parametrize(("replication", "min_insync"), [(0, None), (8, None), (3, 4), (3, -1)])
def test_numbers_that_make_no_sense_are_refused(
    replication: int, min_insync: int | None
) -> None:
    """More must have a record than keep it, or nobody keeps it."""
    with pytest.raises(SettingError, match="give a number from 1 to"):
        Durability.of(replication, min_insync)


def test_the_environment_states_it() -> None:
    """Both numbers, one, or none."""
    assert stated_in({}) is None
    assert stated_in({"MOTCUA_TOPIC_REPLICATION": ""}) is None
    assert stated_in({"MOTCUA_TOPIC_REPLICATION": "3"}) == THREE
    both = {"MOTCUA_TOPIC_REPLICATION": "3", "MOTCUA_TOPIC_MIN_INSYNC": "1"}
    assert stated_in(both) == Durability(3, 1)
    with pytest.raises(SettingError, match=r"MOTCUA_TOPIC_REPLICATION is wrong \('three'\)"):
        stated_in({"MOTCUA_TOPIC_REPLICATION": "three"})
    with pytest.raises(SettingError, match="state both"):
        stated(None, 2)


def test_fewer_brokers_than_wanted_are_refused_by_name() -> None:
    """One of three is away: nothing is created, and the sentence says what to do."""
    with pytest.raises(
        NotDurableError,
        match=r"3 brokers are to keep each record, and 2 answer \(1, 3\): start the others",
    ):
        to_create_with(THREE, {1, 3}, {})
    assert to_create_with(THREE, {1, 2, 3}, {}) == THREE
    assert to_create_with(THREE, {1, 2, 3, 4}, {}) == THREE


def test_one_copy_is_for_one_broker_alone() -> None:
    """A copy on one of several brokers goes away with it."""
    assert to_create_with(ALONE, {1}, {}) == ALONE
    with pytest.raises(NotDurableError, match="--replication 3 "):
        to_create_with(ALONE, {1, 2, 3}, {})
    with pytest.raises(NotDurableError, match="--replication 2 "):
        to_create_with(ALONE, {1, 2}, {})


@pytest.mark.parametrize("brokers", [{1}, {1, 2}, {1, 2, 3}])
def test_an_empty_cluster_needs_it_stated(brokers: set[int]) -> None:
    """How many answer says nothing of how many there are to be, not even where it is one."""
    with pytest.raises(SettingError, match="state it with --replication or MOTCUA_TOPIC_REPL"):
        to_create_with(None, brokers, {})


@pytest.mark.parametrize(
    ("there", "why"),
    [
        ([spec("a", replication=2, min_insync=1)], "have replication 2, and 3 answer"),
        ([spec("a"), spec("b", replication=2)], "differ in their replication"),
        ([spec("a"), spec("b", min_insync=1)], "differ in their replication or min.insync"),
    ],
)
def test_topics_that_are_there_may_give_no_answer(there: Sequence[TopicSpec], why: str) -> None:
    """What came about while a broker was away is not what new topics are to have."""
    with pytest.raises(SettingError, match=why):
        to_create_with(None, {1, 2, 3}, {one.name: one for one in there})


def test_topics_that_are_there_answer() -> None:
    """All have the same, on as many brokers as there are."""
    there = {name: spec(name) for name in "ab"}
    assert to_create_with(None, {1, 2, 3, 4}, there) == THREE
    with pytest.raises(NotDurableError, match="3 brokers are to keep"):
        to_create_with(None, {1, 2}, there)
    alone = {"a": spec("a", replication=1, min_insync=1)}
    assert to_create_with(None, {1}, alone) == ALONE


def test_what_is_compared_with_is_stated_or_the_most_that_is_seen() -> None:
    """A check without a number still sees topics that were made while a broker was away."""
    weak = spec("a", replication=2, min_insync=1)
    assert expected(None, {1, 2, 3}, [weak]) == THREE
    assert expected(None, {1, 2}, [weak]) == Durability(2, 1)
    assert expected(None, {1, 2}, [weak, spec("b")]) == THREE
    assert expected(Durability(2, 1), {1, 2, 3}, [weak]) == Durability(2, 1)
    assert expected(None, {1}, [spec("a", replication=1, min_insync=1)]) == ALONE


def lacks(findings: Sequence[Finding]) -> list[str]:
    """Return what they say is lacking."""
    return [one.lacks for one in findings]


def test_a_topic_as_wanted_lacks_nothing() -> None:
    """Three replicas, all in step, two of which must have a record."""
    assert list(findings_of_config(spec(), THREE)) == []
    assert list(findings_of_replicas("t", kept_by((1, 2, 3), (2, 3, 1)), THREE)) == []


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (spec(min_insync=1), "min.insync.replicas is 1 instead of 2"),
        (spec(min_insync=3), "min.insync.replicas is 3 instead of 2"),
        (
            spec(replication=1, min_insync=2),
            "min.insync.replicas is 2 and replication 1, so that nothing can be written",
        ),
        (
            TopicSpec(
                "t",
                2,
                {"min.insync.replicas": "2", "unclean.leader.election.enable": "true"},
                3,
            ),
            "unclean.leader.election.enable is true, so a leader may lack acknowledged records",
        ),
    ],
)
def test_settings_that_do_not_keep_records_are_found(found: TopicSpec, said: str) -> None:
    """Too few must have a record, or more than there are."""
    assert lacks(list(findings_of_config(found, THREE))) == [said]


@pytest.mark.parametrize(
    ("partitions", "said"),
    [
        (kept_by((1, 2), (2, 3)), "replication is 2 instead of 3"),
        (kept_by((1, 2, 3), (2, 3)), "replication is 2 and 3 instead of 3"),
        (
            kept_by((1, 2, 3), (1, 2, 3), away=[3]),
            "2 of 2 partitions are not in step on broker 3",
        ),
        (kept_by((1, 2, 3), leader=None), "1 of 1 partitions have no leader"),
    ],
)
def test_replicas_that_are_missing_are_found(
    partitions: Sequence[PartitionReplicas], said: str
) -> None:
    """Not assigned, not in step, or without a leader."""
    assert lacks(list(findings_of_replicas("t", partitions, THREE))) == [said]


def test_the_same_is_said_once_for_all_topics() -> None:
    """What, where, and how it is mended."""
    findings = [
        one for name in "abcde" for one in findings_of_config(spec(name, min_insync=1), THREE)
    ]
    assert sentence_of(findings) == (
        "a, b, c and 2 more topics: min.insync.replicas is 1 instead of 2 (kafka-configs.sh "
        "--add-config min.insync.replicas=2). Step by step: deploy/runbook/adding-a-broker.md"
    )


def test_a_topic_of_somebody_elses_making_is_described() -> None:
    """A min.insync above the replicas counts no further than they do."""
    assert durability_of(spec(replication=1, min_insync=2)) == ALONE
    assert durability_of(TopicSpec("t", 1, {}, 2)) == Durability(2, 1)


Topics = Mapping[str, Sequence[PartitionReplicas]]


@st.composite
def clusters(draw: st.DrawFn) -> tuple[Topics, list[int], int]:
    """Draw topics on some brokers, and how many replicas they are to have."""
    brokers = draw(st.lists(st.integers(1, 9), min_size=1, max_size=6, unique=True))
    replicas = st.lists(st.sampled_from(brokers), min_size=1, unique=True)
    topics = draw(
        st.dictionaries(st.sampled_from("abcd"), st.lists(replicas, min_size=1, max_size=6))
    )
    wanted = draw(st.integers(1, len(brokers)))
    return {name: kept_by(*parts) for name, parts in topics.items()}, brokers, wanted


@given(clusters())
def test_a_plan_adds_what_is_missing_and_moves_nothing(
    drawn: tuple[Topics, list[int], int],
) -> None:
    """Every partition keeps its replicas in their order; new ones are on other brokers."""
    topics, brokers, wanted = drawn
    plan = reassignment(topics, brokers, wanted)
    moves = {(one["topic"], one["partition"]): one["replicas"] for one in plan["partitions"]}
    for topic, partitions in topics.items():
        for one in partitions:
            planned = moves.pop((topic, one.partition), None)
            if len(one.replicas) >= wanted:
                assert planned is None
                continue
            assert planned is not None
            assert len(planned) == len(set(planned)) == wanted
            assert planned[: len(one.replicas)] == list(one.replicas)
            assert set(planned) <= set(brokers)
    assert not moves


def test_a_plan_spreads_what_it_adds() -> None:
    """A broker that is new gets what the others have less room for."""
    plan = reassignment({"t": kept_by((1, 2), (2, 1), (1, 2))}, {1, 2, 3}, 3)
    assert [one["replicas"] for one in plan["partitions"]] == [[1, 2, 3], [2, 1, 3], [1, 2, 3]]
    plan = reassignment({"t": kept_by(*[(1,)] * 4)}, {1, 2, 3}, 2)
    added = [one["replicas"][1] for one in plan["partitions"]]
    assert sorted(added) == [2, 2, 3, 3]


def test_a_plan_for_brokers_that_are_away_is_refused() -> None:
    """A partition cannot have two replicas on one broker."""
    with pytest.raises(NotDurableError, match="3 brokers are to keep each record"):
        reassignment({"t": kept_by((1,))}, {1, 2}, 3)

"""Any order and any repetition: receipts only climb, and the same notices are planned."""

import asyncio
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifications.core.notice import (
    Channel,
    Notice,
    Plan,
    State,
    Taken,
    Urgency,
    claim,
    planned,
    received,
    sent,
)
from services.notifications.core.policy import Rules
from services.notifications.core.rates import Rate, parcel
from services.notifications.core.stored import CauseCodec, NoticeCodec
from services.notifications.core.timing import Pace, QuietHours
from services.notifications.core.tokens import ForgedTokenError, Grant, issue, read
from shared.calendar.zone import ICT
from shared.events.dossiers import (
    DossierAccepted,
    DossierAssigned,
    DossierCompleted,
    DossierSupplementReceived,
    DossierSupplementRequested,
)
from shared.events.envelope import Event
from tests.fakes.notified import MONDAY, PROCEDURE, Numbered, opened, reached, withdrawn
from tests.unit.notifications.world import WALL, World

CODE, CHAIR = "H37.112-261123-0001", "p-06112-chairman"
RECEIPTS = (State.SENT, State.FAILED, State.DELIVERED)
RANK = {State.UNKNOWN: 0, State.SENT: 1, State.FAILED: 2, State.DELIVERED: 3}


def notice() -> Notice:
    """Return a notice that was handed over."""
    plan = Plan(
        id="n1",
        key="k1",
        subject=CODE,
        unit="06112",
        event="e1",
        event_name="obligation.rung_reached",
        recipient=CHAIR,
        contact=CHAIR,
        channel=Channel.SMS,
        template="rung",
        urgency=Urgency.ESCALATION,
        planned_at=MONDAY,
    )
    claimed = claim(
        planned(plan, not_before=MONDAY),
        message="n1",
        merged=(),
        wall=WALL,
        lease_until=WALL + timedelta(seconds=45),
    )
    return sent(claimed, Taken("a" * 64, "84…000", 1, "vi", "ref"), now=MONDAY)


@given(st.lists(st.sampled_from(RECEIPTS), max_size=12))
def test_receipts_only_climb_and_the_furthest_holds(receipts: list[State]) -> None:
    """Late, double or mixed up: the state is the greatest that was ever told."""
    one = notice()
    seen = [one.state]
    for state in receipts:
        one = received(one, state, now=MONDAY, reason=None)
        seen.append(one.state)
    ranks = [RANK[state] for state in seen]
    assert ranks == sorted(ranks)
    assert RANK[one.state] == max([RANK[State.SENT], *(RANK[state] for state in receipts)])


def history() -> tuple[list[Event], list[Event]]:
    """Return a dossier's two streams, each in its order."""
    numbered = Numbered()
    dossier = [
        DossierAccepted(procedure=PROCEDURE, channel="direct"),
        DossierAssigned(handler="p-06112-handler-1"),
        DossierSupplementRequested(items=("HK-01",), number=1, in_person=False),
        DossierSupplementReceived(items=("HK-01",)),
        DossierCompleted(result="KQ.1"),
    ]
    obligations = [
        opened(due=MONDAY),
        reached([CHAIR], rung="half", role="handler"),
        reached([CHAIR, "p-06112-director"]),
        reached([CHAIR], repeat=1),
        withdrawn(),
    ]
    at = [MONDAY + timedelta(minutes=number) for number in range(10)]
    return (
        [
            numbered.event(CODE, data, time=at[i], contactversion=1)
            for i, data in enumerate(dossier)
        ],
        [numbered.event(CODE, data, time=at[i]) for i, data in enumerate(obligations)],
    )


async def planned_by(events: list[Event]) -> set[tuple[str, str]]:
    """Return what is planned by hearing events in this order."""
    world = World(rules=Rules(frozenset({Channel.EMAIL, Channel.INBOX})))
    await world.hear(*events)
    return {(one.id, one.plan.template) for one in world.notices.all()}


ORDERED = asyncio.run(planned_by([event for stream in history() for event in stream]))


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_any_order_and_repetition_plans_the_same_notices(data: st.DataObject) -> None:
    """Streams interleaved, shuffled and repeated: the machinery orders, ids hold."""
    dossier, obligations = history()
    events = data.draw(st.permutations([*dossier, *obligations]))
    repeats = data.draw(st.lists(st.sampled_from(events), max_size=6))
    assert len(ORDERED) >= 9
    assert asyncio.run(planned_by([*events, *repeats])) == ORDERED


@given(st.integers(min_value=0, max_value=2 * 24 * 3600))
def test_quiet_hours_open_within_a_day_and_never_early(seconds: int) -> None:
    """The next opening is now or at seven, and it is open then."""
    now, quiet = MONDAY + timedelta(seconds=seconds), QuietHours()
    opens = quiet.open_from(now)
    assert now <= opens <= now + timedelta(hours=10)
    local = opens.astimezone(ICT).time()
    assert quiet.opens <= local < quiet.closes
    if opens > now:
        assert local == quiet.opens


@given(
    st.integers(min_value=1, max_value=8),
    st.integers(min_value=1, max_value=600),
    st.lists(st.integers(min_value=0, max_value=900), max_size=60),
)
def test_no_window_sees_more_than_the_rate(burst: int, every: int, gaps: list[int]) -> None:
    """In any window of n intervals at most burst + n messages pass."""
    rate, bucket, now = Rate(burst, timedelta(seconds=every)), None, MONDAY
    passed = []
    for gap in gaps:
        now += timedelta(seconds=gap)
        taking = rate.take(bucket, now)
        bucket = taking.drained_at
        if taking.allowed:
            passed.append(now)
        else:
            assert taking.again_at > now
            assert rate.take(bucket, taking.again_at).allowed
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            window = (passed[last] - passed[first]) // rate.interval
            assert last - first + 1 <= burst + window + 1


@given(st.lists(st.integers(), max_size=300), st.integers(min_value=2, max_value=10))
def test_parcels_hold_everything_once(items: list[int], merge_from: int) -> None:
    """Nothing is left out, nothing is doubled, order stays."""
    parts = parcel(items, merge_from=merge_from)
    assert [item for part in parts for item in part] == items
    assert all(parts), "no empty message"


@given(st.integers(min_value=1, max_value=20), st.text(min_size=1, max_size=12))
def test_retries_grow_and_end(attempt: int, name: str) -> None:
    """Each pause is longer than the one before; after the horizon there is none."""
    pace = Pace()
    first = pace.next_try(name, attempt, tried_since=WALL, wall=WALL)
    second = pace.next_try(name, attempt + 1, tried_since=WALL, wall=WALL)
    if attempt > len(pace.steps):
        assert first is None
    if first is not None and second is not None:
        assert first > WALL
        assert second - WALL > (first - WALL) * 0.5
    late = WALL + pace.horizon
    assert pace.next_try(name, attempt, tried_since=WALL, wall=late) is None


TEXT = st.text(
    alphabet=st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=30
)


@given(TEXT, TEXT, st.integers(min_value=1, max_value=99), st.data())
def test_a_token_reads_back_and_no_other_does(
    subject: str, rung: str, cycle: int, data: st.DataObject
) -> None:
    """A grant survives; a token with any change, or under another key, is refused."""
    grant = Grant(subject, "deadline", cycle, rung, CHAIR, "n1", WALL + timedelta(days=1))
    token = issue(grant, b"k" * 32)
    assert read(token, b"k" * 32, wall=WALL) == grant
    position = data.draw(st.integers(min_value=0, max_value=len(token) - 1))
    other = data.draw(st.sampled_from("ABCxyz019-_ =%é"))
    if token[position] != other:
        forged = token[:position] + other + token[position + 1 :]
        for key in (b"k" * 32, b"j" * 32):
            try:
                read(forged, key, wall=WALL)
            except ForgedTokenError:
                continue
            raise AssertionError("a changed token was read")
    try:
        read(token, b"j" * 32, wall=WALL)
    except ForgedTokenError:
        return
    raise AssertionError("a token of another installation was read")


def test_what_is_stored_reads_back() -> None:
    """Both codecs are pairs."""

    async def rows() -> World:
        world = World()
        await world.hear(*[event for stream in history() for event in stream])
        return world

    world = asyncio.run(rows())
    for row in world.notice_rows.rows.values():
        state = NoticeCodec().from_document(row["state"])
        assert NoticeCodec().from_document(NoticeCodec().to_document(state)) == state
    for row in world.cause_rows.rows.values():
        cause = CauseCodec().from_document(row["state"])
        assert CauseCodec().from_document(CauseCodec().to_document(cause)) == cause

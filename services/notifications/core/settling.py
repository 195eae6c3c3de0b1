"""From a channel's answer to the notice's next state, and to what follows from it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from services.notifications.core.announcing import HARMLESS, announce, proven, undeliverable
from services.notifications.core.contact import SUPPRESSING
from services.notifications.core.folding import outgoing_of
from services.notifications.core.ids import notice_id
from services.notifications.core.notice import (
    APPLICANT,
    Channel,
    Notice,
    Plan,
    State,
    Taken,
    Urgency,
    failed,
    lost,
    retry,
    sent,
    shut_out,
)
from services.notifications.core.timing import Pace
from shared.subjects.document import Outgoing
from shared.subjects.fold import Emission

RESEND_AFTER: Final = timedelta(seconds=5)
"""How long after a lost answer the one marked resend goes out."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has it."""

    taken: Taken


@dataclass(frozen=True, slots=True)
class Later:
    """The provider surely has not taken it, and may do so later."""

    reason: str
    response: str = ""
    wait: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """The provider takes it only from a moment on: it is held, not tried meanwhile.

    Attributes:
        until: That moment, in wall time, as the provider counts.
        reason: A closed code.
        response: What the provider answered; empty if it was not asked.
        urgent_goes_on: Whether what is urgent takes the next channel instead of waiting.
    """

    until: datetime
    reason: str
    response: str = ""
    urgent_goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Never:
    """The provider refuses it for good."""

    reason: str
    response: str = ""


@dataclass(frozen=True, slots=True)
class Lost:
    """It may or may not have been taken: the answer never came."""

    response: str = ""


Outcome = Accepted | Later | Closed | Never | Lost


@dataclass(frozen=True, slots=True)
class Settled:
    """A notice after a step, with everything that follows from it."""

    notice: Notice
    emissions: tuple[Emission, ...] = ()
    outgoing: tuple[Outgoing, ...] = ()
    suppress: bool = False


@dataclass(frozen=True, slots=True)
class SettlingRules:
    """How this installation retries, and which channels' acceptance is proof."""

    pace: Pace
    proven_when_taken: frozenset[Channel] = frozenset({Channel.EMAIL})


def settle(
    notice: Notice, outcome: Outcome, *, now: datetime, wall: datetime, rules: SettlingRules
) -> Settled:
    """Return the claimed notice after its channel's answer."""
    if isinstance(outcome, Accepted):
        return follow(notice, sent(notice, outcome.taken, now=now), now=now, rules=rules)
    if isinstance(outcome, Lost):
        again = wall + RESEND_AFTER * rules.pace.scale
        after = lost(notice, now=now, wall_at=again, response=outcome.response)
        return follow(notice, after, now=now, rules=rules)
    if isinstance(outcome, Closed):
        after = _after_closed(notice, outcome, now=now, wall=wall, rules=rules)
        return follow(notice, after, now=now, rules=rules)
    if isinstance(outcome, Later):
        due = rules.pace.next_try(
            notice.id,
            notice.attempt,
            tried_since=notice.tried_since or wall,
            wall=wall,
            wanted=outcome.wait,
        )
        if due is not None:
            after = retry(
                notice, now=now, wall_at=due, reason=outcome.reason, response=outcome.response
            )
            return follow(notice, after, now=now, rules=rules)
        after = failed(notice, now=now, reason="gave_up", response=outcome.response)
        return follow(notice, after, now=now, rules=rules)
    after = failed(notice, now=now, reason=outcome.reason, response=outcome.response)
    return follow(notice, after, now=now, rules=rules)


def _after_closed(
    notice: Notice, outcome: Closed, *, now: datetime, wall: datetime, rules: SettlingRules
) -> Notice:
    """Hold what may wait; give the channel up for what is urgent and has another way out."""
    urgent = notice.plan.urgency is not Urgency.ROUTINE
    elsewhere = any(channel is not Channel.INBOX for channel in notice.plan.channels_left)
    if outcome.urgent_goes_on and urgent and elsewhere:
        return failed(notice, now=now, reason=outcome.reason, response=outcome.response)
    if notice.attempt > len(rules.pace.steps):
        return failed(notice, now=now, reason="gave_up", response=outcome.response)
    return shut_out(
        notice,
        now=now,
        until=now + (outcome.until - wall),
        reason=outcome.reason,
        response=outcome.response,
    )


def follow(before: Notice, after: Notice, *, now: datetime, rules: SettlingRules) -> Settled:
    """Return a step with its event, the next channel's plan and the word to others."""
    following = successor(after)
    outgoing: list[Outgoing] = []
    if following is not None:
        outgoing.append(outgoing_of(following))
    outgoing += _words_to_others(before, after, following, now, rules)
    emissions = announce(
        before, after, now=now, next_channel=following.channel if following else None
    )
    return Settled(
        notice=after,
        emissions=tuple(emissions),
        outgoing=tuple(outgoing),
        suppress=after.state is State.FAILED and after.reason in SUPPRESSING,
    )


def successor(notice: Notice) -> Plan | None:
    """Return the same notice by the next channel, when this one did not reach."""
    given_up = notice.state is State.FAILED or (notice.state is State.UNKNOWN and notice.final)
    if not given_up:
        return None
    left = notice.plan.channels_left
    if notice.reason == "no_contact":
        # Every channel that needs an address would find none either.
        left = tuple(channel for channel in left if channel is Channel.INBOX)
    if not left:
        return None
    return replace(
        notice.plan,
        id=notice_id(notice.plan.key, left[0]),
        channel=left[0],
        channels_left=left[1:],
    )


def _words_to_others(
    before: Notice, after: Notice, following: Plan | None, now: datetime, rules: SettlingRules
) -> list[Outgoing]:
    if after.state is before.state or not after.plan.proves:
        return []
    applicant = after.plan.recipient == APPLICANT
    if after.state is State.DELIVERED and before.state is not State.DELIVERED:
        return [proven(after, at=now)] if applicant else []
    if after.state is State.SENT and after.plan.channel in rules.proven_when_taken:
        return [proven(after, at=now)] if applicant else []
    outward = following is not None and following.channel is not Channel.INBOX
    silent = applicant and after.reason in HARMLESS
    if after.state is State.FAILED and not outward and not silent:
        return [undeliverable(after, at=now)]
    return []

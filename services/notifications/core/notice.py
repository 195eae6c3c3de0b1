"""One notice: a message about one thing, to one recipient, by one channel; and its states.

A notice only ever climbs: planned or held, claimed, then sent, delivered, failed, unknown or
obsolete. Every step is a function from a notice to the next one; none of them asks a clock.
Simulated time orders what is due (`next_at`); wall time paces what is tried (`wall_at`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Final, Literal

Language = Literal["vi", "en"]


class State(StrEnum):
    """Where a notice stands."""

    PLANNED = "planned"
    HELD = "held"
    CLAIMED = "claimed"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    OBSOLETE = "obsolete"


class Channel(StrEnum):
    """How a notice travels."""

    EMAIL = "email"
    ZALO = "zalo"
    SMS = "sms"
    WEBHOOK = "webhook"
    INBOX = "inbox"


class Urgency(IntEnum):
    """The lane of a notice; a lower lane is emptied first."""

    ESCALATION = 0
    STATUTORY = 1
    ROUTINE = 2


HELD_BACK: Final = frozenset({"rate", "quiet_hours"})
"""Why a notice waits although it could be sent: what waited so goes together, as a digest."""

MERGED_LISTED_MAX: Final = 200
"""How many of the others a notice lists; the message's id is the same for all."""

OPEN: Final = frozenset({State.PLANNED, State.HELD})
ENDED: Final = frozenset({State.SENT, State.DELIVERED, State.FAILED, State.OBSOLETE})

APPLICANT: Final = "applicant"
ENDPOINT_PREFIX: Final = "endpoint:"

ATTEMPTS_LISTED_MAX: Final = 20
"""How many tries a proof lists; the count goes on beyond."""


class IllegalStepError(Exception):
    """A notice was asked to take a step that its state does not have."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What was decided when the cause happened; it never changes afterwards.

    Attributes:
        id: Derived from `key` and the channel.
        key: What the notice is about and whom it is for, whatever the channel.
        subject: The dossier or matter that it is about.
        unit: The unit whose people may look at it.
        event: Id of the event that it tells of.
        event_name: That event's name.
        recipient: A person's id, `applicant`, or `endpoint:<id>`.
        contact: Key of the contact to look up: the dossier's code or the person's id.
        channel: How it travels.
        channels_left: What is tried, in order, when this channel fails.
        template: Name of the wording.
        urgency: Its lane; routine notices keep quiet hours.
        proves: Whether its arrival is proof that other services wait for.
        facts: Closed values for the wording; never personal data.
        planned_at: When the cause was recorded, by the service's clock.
        contactversion: The contact's version that the cause spoke of.
        obligation: With `cycle` and `rung`, what an escalation is about.
        follows: The key of the notice that this one takes back.
    """

    id: str
    key: str
    subject: str
    unit: str
    event: str
    event_name: str
    recipient: str
    contact: str
    channel: Channel
    template: str
    urgency: Urgency
    planned_at: datetime
    channels_left: tuple[Channel, ...] = ()
    proves: bool = False
    facts: Mapping[str, str] = field(default_factory=dict)
    contactversion: int | None = None
    obligation: str | None = None
    cycle: int | None = None
    rung: str | None = None
    follows: str | None = None


@dataclass(frozen=True, slots=True)
class Try:
    """One call of a provider, for the proof."""

    at: datetime
    outcome: str
    response: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A plan and what became of it.

    Attributes:
        plan: What was decided.
        state: Where it stands.
        attempt: How often it was claimed.
        resent: Whether it was or will be sent again after a lost answer.
        next_at: When it is due, in the service's time; None while another clock decides.
        wall_at: When to look again, in wall time: a lease's end, a back-off, a wait.
        waits_since: Since when (wall time) it waits for something from upstream.
        tried_since: When (wall time) a provider was first called.
        reason: A closed code for the state.
        message: The message that it travelled in.
        merged: The other notices that the message carries, the first of them.
        content_sha256: Hash of the bytes handed over.
        address_masked: Where it went, not readable in full.
        provider_ref: The provider's id of the message.
        sent_at: When the provider took it, in the service's time.
        delivered_at: When it arrived.
        tries: The calls made.
    """

    plan: Plan
    state: State = State.PLANNED
    attempt: int = 0
    resent: bool = False
    next_at: datetime | None = None
    wall_at: datetime | None = None
    waits_since: datetime | None = None
    tried_since: datetime | None = None
    reason: str | None = None
    message: str | None = None
    merged: tuple[str, ...] = ()
    content_sha256: str | None = None
    address_masked: str | None = None
    template_version: int | None = None
    language: Language | None = None
    provider_ref: str | None = None
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    tries: tuple[Try, ...] = ()

    @property
    def id(self) -> str:
        """The plan's id."""
        return self.plan.id

    @property
    def sendable(self) -> bool:
        """Whether it may be claimed: open, or unknown with its one resend still to come."""
        return self.state in OPEN or (self.state is State.UNKNOWN and not self.final)

    @property
    def held_back(self) -> bool:
        """Whether it waits for its recipient's sake alone."""
        return self.state is State.HELD and self.reason in HELD_BACK

    @property
    def resent_next(self) -> bool:
        """Whether the next claim would be the one resend after a lost answer."""
        return self.state is State.UNKNOWN and not self.resent and not self.final

    def reclaimed(self) -> "Notice":
        """Return the notice as it was when its answer got lost, to settle it after all."""
        return replace(self, state=State.CLAIMED)

    @property
    def final(self) -> bool:
        """Whether nothing of ours changes it any more (a receipt still may)."""
        return self.state in ENDED or (
            self.state is State.UNKNOWN and self.next_at is None and self.wall_at is None
        )


@dataclass(frozen=True, slots=True)
class Taken:
    """A provider's answer that it has the message, and what the message was."""

    content_sha256: str
    address_masked: str
    template_version: int
    language: Language
    provider_ref: str = ""
    response: str = ""


def planned(plan: Plan, *, not_before: datetime) -> Notice:
    """Return the notice of a new plan, due at `not_before`."""
    return Notice(plan=plan, next_at=max(plan.planned_at, not_before))


def claim(
    notice: Notice,
    *,
    message: str,
    merged: tuple[str, ...],
    wall: datetime,
    lease_until: datetime,
) -> Notice:
    """Return the notice as it must be stored before its provider is called.

    Raises:
        IllegalStepError: it is not to be sent.
    """
    if not notice.sendable:
        raise IllegalStepError(f"{notice.id}: a {notice.state} notice is not claimed")
    return replace(
        notice,
        state=State.CLAIMED,
        attempt=notice.attempt + 1,
        resent=notice.resent or notice.state is State.UNKNOWN,
        next_at=None,
        wall_at=lease_until,
        waits_since=None,
        tried_since=notice.tried_since or wall,
        reason=None,
        message=message,
        merged=merged[:MERGED_LISTED_MAX],
    )


def as_if_claimed(notice: Notice) -> Notice:
    """Return the notice with the mark of a resend that its next claim would give it."""
    return replace(notice, resent=notice.resent or notice.state is State.UNKNOWN)


def sent(notice: Notice, taken: Taken, *, now: datetime) -> Notice:
    """Return the claimed notice after the provider has taken it."""
    _must_be_claimed(notice)
    return replace(
        _tried(notice, Try(now, "taken", taken.response)),
        state=State.SENT,
        wall_at=None,
        content_sha256=taken.content_sha256,
        address_masked=taken.address_masked,
        template_version=taken.template_version,
        language=taken.language,
        provider_ref=taken.provider_ref or None,
        sent_at=now,
    )


def retry(
    notice: Notice, *, now: datetime, wall_at: datetime, reason: str, response: str
) -> Notice:
    """Return the claimed notice after a refusal for the time being: it surely did not go."""
    _must_be_claimed(notice)
    # After a lost answer it stays "unknown" in the eyes of the world until the resend is taken.
    back = State.UNKNOWN if notice.resent else State.PLANNED
    return replace(
        _tried(notice, Try(now, reason, response)), state=back, wall_at=wall_at, reason=reason
    )


def shut_out(
    notice: Notice, *, now: datetime, until: datetime, reason: str, response: str
) -> Notice:
    """Return the claimed notice held until its provider takes such messages again.

    It surely did not go. The time until then counts as no try: the retries begin anew.
    """
    _must_be_claimed(notice)
    back = State.UNKNOWN if notice.resent else State.HELD
    return replace(
        _tried(notice, Try(now, reason, response)),
        state=back,
        next_at=until,
        wall_at=None,
        tried_since=None,
        reason=reason,
    )


def lost(notice: Notice, *, now: datetime, wall_at: datetime, response: str) -> Notice:
    """Return the claimed notice after an answer was lost; the second loss is the last word."""
    _must_be_claimed(notice)
    tried = _tried(notice, Try(now, "lost", response))
    if notice.resent:
        return replace(tried, state=State.UNKNOWN, wall_at=None, reason="answer_lost_twice")
    return replace(tried, state=State.UNKNOWN, wall_at=wall_at, reason="answer_lost")


def release(notice: Notice, *, wall_at: datetime) -> Notice:
    """Return the claimed notice whose provider was surely never called."""
    _must_be_claimed(notice)
    back = State.UNKNOWN if notice.resent else State.PLANNED
    return replace(notice, state=back, attempt=notice.attempt - 1, wall_at=wall_at)


def failed(notice: Notice, *, now: datetime, reason: str, response: str = "") -> Notice:
    """Return the notice given up on this channel."""
    if notice.final:
        raise IllegalStepError(f"{notice.id}: a {notice.state} notice does not fail any more")
    tried = _tried(notice, Try(now, reason, response)) if response else notice
    return replace(tried, state=State.FAILED, next_at=None, wall_at=None, reason=reason)


def obsolete(notice: Notice, *, reason: str) -> Notice:
    """Return the notice dropped because it is no longer true or wanted."""
    if not notice.sendable:
        raise IllegalStepError(f"{notice.id}: a {notice.state} notice is not dropped")
    return replace(notice, state=State.OBSOLETE, next_at=None, wall_at=None, reason=reason)


def held(notice: Notice, *, until: datetime, reason: str) -> Notice:
    """Return the notice held until a moment of the service's time."""
    _must_be_open(notice)
    state = notice.state if notice.state is State.UNKNOWN else State.HELD
    return replace(
        notice, state=state, next_at=until, wall_at=None, waits_since=None, reason=reason
    )


def waiting(notice: Notice, *, wall: datetime, wall_at: datetime, reason: str) -> Notice:
    """Return the notice waiting for something from upstream, to be looked at by wall time."""
    _must_be_open(notice)
    state = notice.state if notice.state is State.UNKNOWN else State.HELD
    return replace(
        notice,
        state=state,
        next_at=None,
        wall_at=wall_at,
        waits_since=notice.waits_since or wall,
        reason=reason,
    )


_RECEIPT_RANK: Final[Mapping[State, int]] = {
    State.UNKNOWN: 0,
    State.SENT: 1,
    State.FAILED: 2,
    State.DELIVERED: 3,
}


def received(notice: Notice, state: State, *, now: datetime, reason: str | None) -> Notice:
    """Return the notice after a provider's receipt; a receipt never leads back.

    Receipts come late, twice and in any order: the furthest one holds. A notice that we never
    handed over is not changed by one.
    """
    assert state in _RECEIPT_RANK, "a receipt says sent, failed or delivered"
    here = notice.state
    if here is State.CLAIMED:
        # The receipt overtook the answer: the message did arrive.
        here = State.UNKNOWN
    if here not in _RECEIPT_RANK or notice.attempt == 0:
        return notice
    if _RECEIPT_RANK[state] <= _RECEIPT_RANK[here]:
        return notice
    return replace(
        notice,
        state=state,
        next_at=None,
        wall_at=None,
        reason=reason,
        sent_at=notice.sent_at or now,
        delivered_at=now if state is State.DELIVERED else None,
    )


def _tried(notice: Notice, one: Try) -> Notice:
    return replace(notice, tries=(*notice.tries, one)[-ATTEMPTS_LISTED_MAX:])


def _must_be_claimed(notice: Notice) -> None:
    if notice.state is not State.CLAIMED:
        raise IllegalStepError(f"{notice.id}: a {notice.state} notice has no call under way")


def _must_be_open(notice: Notice) -> None:
    if not notice.sendable:
        raise IllegalStepError(f"{notice.id}: a {notice.state} notice cannot wait")

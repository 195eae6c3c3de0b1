"""What to do with a due notice: send, hold, wait, drop or give the channel up.

Pure: the notice, what is true of its cause, the contact and the moment decide; the caller has
no choices left to make.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from services.notifications.core.cause import Cause
from services.notifications.core.contact import Contact, address_of
from services.notifications.core.notice import (
    APPLICANT,
    ENDPOINT_PREFIX,
    Channel,
    Language,
    Notice,
    Plan,
    Urgency,
)
from services.notifications.core.timing import QuietHours, next_look
from services.notifications.core.truth import (
    follows_states,
    useful_until,
    waits_for_date,
    why_obsolete,
)

CONTACT_PATIENCE: Final = timedelta(hours=24)
"""How long (wall time) a notice waits for a contact that its cause says exists."""

STAFF_PATIENCE: Final = timedelta(seconds=30)
"""How long (wall time) it waits for the contact of a person of the organisation."""

DATE_PATIENCE: Final = timedelta(minutes=15)
"""How long (wall time) it waits for a date that another service works out."""


@dataclass(frozen=True, slots=True)
class Send:
    """Hand it to its channel."""

    address: str
    language: Language
    name: str | None


@dataclass(frozen=True, slots=True)
class Hold:
    """Keep it until a moment of the service's time."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again by wall time: something has not come down the line yet."""

    wall_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Drop:
    """It is no longer true, or no longer wanted."""

    reason: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """This channel cannot reach the recipient; the next one is tried."""

    reason: str


Decision = Send | Hold | Wait | Drop | GiveUp


@dataclass(frozen=True, slots=True)
class Moment:
    """Both clocks, and the hours that routine notices keep."""

    now: datetime
    wall: datetime
    quiet: QuietHours = field(default_factory=QuietHours)


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that is known beside the notice.

    Attributes:
        cause: What is true of the subject; None when nothing was ever heard of it.
        contact: The recipient's contact; None when it never came.
        followed: The notices that this one would take back.
        endpoint: Whether the webhook endpoint is configured and enabled.
    """

    cause: Cause | None
    contact: Contact | None
    followed: tuple[Notice, ...] = ()
    endpoint: bool = False


def decide(notice: Notice, known: Known, moment: Moment) -> Decision:
    """Say what becomes of a due notice now."""
    plan = notice.plan
    if (reason := why_obsolete(plan, known.cause)) is not None:
        return Drop(reason)
    if plan.follows is not None and (early := _before_taking_back(notice, known, moment)):
        return early
    if plan.channel is Channel.INBOX:
        return Send(plan.recipient, "vi", None)
    reached = _reach(notice, known, moment)
    if not isinstance(reached, Send):
        return reached
    if waits_for_date(plan, known.cause) and not _patience_over(notice, moment, DATE_PATIENCE):
        return _wait(notice, moment, "date")
    return _quiet(notice, known, moment) or reached


def _before_taking_back(
    notice: Notice, known: Known, moment: Moment
) -> Drop | Hold | Wait | None:
    states = follows_states(known.followed)
    if states.arrived_perhaps:
        return None
    if states.rests_until is not None and states.rests_until > moment.now:
        # It is dropped when its time comes, and so is this; no clock but that one matters.
        return Hold(states.rests_until, "earlier_notice")
    if states.still_open and not _patience_over(notice, moment, DATE_PATIENCE):
        return _wait(notice, moment, "earlier_notice")
    return Drop("nothing_to_take_back")


def _reach(notice: Notice, known: Known, moment: Moment) -> Send | Wait | Drop | GiveUp:
    recipient, contact = notice.plan.recipient, known.contact
    if recipient.startswith(ENDPOINT_PREFIX):
        if not known.endpoint:
            return GiveUp("endpoint_disabled")
        return Send(recipient.removeprefix(ENDPOINT_PREFIX), "vi", None)
    if contact is not None and contact.erased:
        # A citizen asked for it. A colleague still has a role: the next one must hear instead.
        return Drop("erased") if recipient == APPLICANT else GiveUp("no_contact")
    if (early := _before_contact(notice, known, moment)) is not None:
        return early
    if contact is None:
        return GiveUp("no_contact")
    return _address(notice.plan, contact)


def _before_contact(notice: Notice, known: Known, moment: Moment) -> Wait | None:
    plan, contact = notice.plan, known.contact
    version = max(plan.contactversion or 0, _told_version(plan, known.cause))
    if contact is not None and contact.version >= version:
        return None
    patience = CONTACT_PATIENCE if version else _contact_patience(plan)
    if patience is None or _patience_over(notice, moment, patience):
        return None
    return _wait(notice, moment, "contact")


def _address(plan: Plan, contact: Contact) -> Send | GiveUp:
    if plan.channel in contact.suppressed:
        return GiveUp("suppressed")
    address = address_of(contact, plan.channel)
    if address is None:
        return GiveUp("no_address")
    return Send(address, contact.language, contact.name)


def _quiet(notice: Notice, known: Known, moment: Moment) -> Hold | None:
    if notice.plan.urgency is not Urgency.ROUTINE:
        return None
    opens = moment.quiet.open_from(moment.now)
    if opens <= moment.now:
        return None
    until = useful_until(notice.plan, known.cause)
    if until is not None and until <= opens:
        # Held until morning it would come too late to be of use.
        return None
    return Hold(opens, "quiet_hours")


def _told_version(plan: Plan, cause: Cause | None) -> int:
    """Return the newest version of the applicant's contact that any event spoke of."""
    if plan.recipient != APPLICANT or cause is None:
        return 0
    return cause.contactversion or 0


def _contact_patience(plan: Plan) -> timedelta | None:
    # An applicant who left no contact will not get one by waiting; a colleague's is on its way.
    return None if plan.recipient == APPLICANT else STAFF_PATIENCE


def _wait(notice: Notice, moment: Moment, reason: str) -> Wait:
    return Wait(next_look(waits_since=notice.waits_since, wall=moment.wall), reason)


def _patience_over(notice: Notice, moment: Moment, patience: timedelta) -> bool:
    return notice.waits_since is not None and moment.wall - notice.waits_since >= patience

"""What happened to a dossier, as far as its deadline is concerned.

The instants come from events; `cause` fields carry the ids of those events into the ledger.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise

from shared.calendar.errors import InvalidHistoryError


@dataclass(frozen=True, slots=True)
class Wait:
    """One wait for the applicant (status 5).

    For the index it opens at `requested`; for the law when the notice is `proven` to have
    arrived. Handed over in person is proof. Both end when the supplement is `received`.
    """

    requested: datetime
    proven: datetime | None = None
    received: datetime | None = None
    cause: str | None = None
    proof_cause: str | None = None
    receipt_cause: str | None = None

    @property
    def opens_by_law(self) -> datetime | None:
        """Return when the wait opens for the law; proof that comes too late opens nothing.

        A wait that was never proven opens, by law, only at its end: the receipt shows that
        the applicant knew.
        """
        if self.proven is None:
            return self.received
        opened = max(self.requested, self.proven)
        return opened if self.received is None else min(opened, self.received)


@dataclass(frozen=True, slots=True)
class Extension:
    """A new date given to the applicant with an apology.

    One that `holds` was in force before the calendar changed: it stays promised, though by the
    new calendar it would be too early, or a day off.
    """

    decided: datetime
    new_day: date
    cause: str | None = None
    holds: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """Everything that the date depends on, beside the limit and the calendars.

    Attributes:
        start: When the clock starts: accepted complete, or arrived at the competent agency.
        waits: Supplement requests, in any order.
        extensions: New dates; only the first moves anything.
        accepted: When the dossier was accepted, if the clock starts later (arrival): a
            request before acceptance is no wait.
        printed: A promise that was already printed and must not move earlier.
        cause: The id of the event that started the clock.
        start_key: What to call the start in the ledger: accepted, arrived or step.
    """

    start: datetime
    waits: tuple[Wait, ...] = ()
    extensions: tuple[Extension, ...] = ()
    accepted: datetime | None = None
    printed: datetime | None = None
    cause: str | None = None
    start_key: str = "accepted"


def checked(history: History) -> History:
    """Return the history with its waits and extensions in order of time.

    Raises:
        InvalidHistoryError: an instant has no offset, a wait ends before it starts, or two
            waits overlap (touching is fine).
    """
    _require_offset("/from", history.start)
    for name in ("accepted", "printed"):
        _require_offset(f"/{name}", getattr(history, name))
    for index, wait in enumerate(history.waits):
        _check_wait(f"/waits/{index}", wait)
    for index, extension in enumerate(history.extensions):
        _require_offset(f"/extensions/{index}/decided", extension.decided)
    if not history.waits and not history.extensions:
        return history
    waits = tuple(sorted(history.waits, key=_by_time))
    _check_overlaps(waits)
    extensions = tuple(sorted(history.extensions, key=lambda each: each.decided))
    return replace(history, waits=waits, extensions=extensions)


def effective_waits(history: History) -> tuple[Wait, ...]:
    """Return the waits that the clock knows: asked after acceptance, ended after the start."""
    accepted = history.accepted or history.start
    return tuple(
        wait
        for wait in history.waits
        if wait.requested >= accepted
        and (wait.received is None or wait.received >= history.start)
    )


def _by_time(wait: Wait) -> tuple[datetime, bool, datetime]:
    return (wait.requested, wait.received is None, wait.received or wait.requested)


def _check_wait(path: str, wait: Wait) -> None:
    for name in ("requested", "proven", "received"):
        _require_offset(f"{path}/{name}", getattr(wait, name))
    if wait.received is not None and wait.received < wait.requested:
        raise InvalidHistoryError(
            path,
            "wait-ends-before-it-starts",
            f"received {wait.received.isoformat()} before it was requested "
            f"{wait.requested.isoformat()}",
            "Correct the time of the request or of the receipt.",
        )


def _check_overlaps(waits: Iterable[Wait]) -> None:
    for earlier, later in pairwise(waits):
        if earlier.received is None or later.requested < earlier.received:
            ended = "is still open" if earlier.received is None else "ends later"
            raise InvalidHistoryError(
                "/waits",
                "overlapping-waits",
                f"a wait is requested {later.requested.isoformat()} while the one of "
                f"{earlier.requested.isoformat()} {ended}",
                "A dossier is in one wait at a time: end the first, or correct a time.",
            )


def _require_offset(path: str, instant: datetime | None) -> None:
    if instant is not None and instant.tzinfo is None:
        raise InvalidHistoryError(
            path,
            "instant-without-offset",
            f"{instant.isoformat()} has no offset",
            "Write the instant with its offset, such as +07:00.",
        )

"""What notifications needs from the outside."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from services.notifications.core.acknowledge import Answers
from services.notifications.core.cause import Cause
from services.notifications.core.contact import Contact
from services.notifications.core.letter import Letter
from services.notifications.core.notice import Channel, Language, Notice
from services.notifications.core.settling import Outcome
from shared.events.envelope import Event
from shared.subjects.document import Document

Ends = Mapping[tuple[str, int], int]
"""Topic and partition to the offset after its last record."""


@dataclass(frozen=True, slots=True)
class Content:
    """A letter put into words.

    `text`, `html` and `short` are the same message for mail and for SMS; `parameters` are for
    providers that keep the wording themselves.
    """

    subject: str
    text: str
    html: str
    short: str
    version: int
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel is given: one address, one content, the notices that it carries.

    `resent` names those of the notices that may have arrived before.
    """

    id: str
    notices: tuple[Notice, ...]
    address: str
    name: str | None
    language: Language
    content: Content
    wall: datetime
    resent: tuple[str, ...] = ()


class ChannelPort(Protocol):
    """One way of reaching people."""

    async def send(self, message: Message) -> Outcome:
        """Hand a message to the provider and say what it answered; never raises for that."""
        ...

    async def look_up(self, notice: Notice) -> Outcome | None:
        """Ask what became of a message whose answer was lost; None where nobody can say."""
        ...


class WordlessError(Exception):
    """A letter cannot be put into words: a value is missing or unsafe, or the wording is."""

    def __init__(self, template: str, why: str) -> None:
        super().__init__(f"{template}: {why}")
        self.template = template


class Renderer(Protocol):
    """Puts letters into words, from templates in files."""

    def render(self, letters: Sequence[Letter]) -> Content:
        """Return one letter's content, or several merged into one message.

        Raises:
            WordlessError: the wording and the letter do not fit.
        """
        ...


class NoticeStore(Protocol):
    """The notices, by what the sender asks for; saved through the subjects' store."""

    async def due(
        self, channel: Channel, *, now: datetime, wall: datetime, limit: int
    ) -> Sequence[Document[Notice]]:
        """Return what is due: escalations before other statutory ones, each oldest first."""
        ...

    async def held_for(
        self, contact: str, channel: Channel, *, limit: int
    ) -> Sequence[Document[Notice]]:
        """Return what is held back for one recipient, escalations first, each oldest first."""
        ...

    async def awaiting(self, contacts: Collection[str]) -> Sequence[str]:
        """Return the ids of notices that wait for these contacts."""
        ...

    async def of_subject(self, subject: str, *, limit: int) -> Sequence[Notice]:
        """Return a subject's notices, oldest first."""
        ...

    async def by_reference(self, channel: Channel, provider_ref: str) -> Sequence[str]:
        """Return the ids of notices that travelled under a provider's id."""
        ...

    async def shown_to(self, persons: Collection[str], *, limit: int) -> Sequence[str]:
        """Return the ids of inbox notices that these persons have not seen yet."""
        ...

    async def earliest(self) -> datetime | None:
        """Return when the earliest notice is due, in the service's time."""
        ...

    async def next_due(self, channel: Channel) -> tuple[datetime | None, datetime | None]:
        """Return a channel's next moments, in the service's time and in wall time."""
        ...

    async def unfinished(
        self, *, earliest: datetime | None, now: datetime, wall: datetime
    ) -> Mapping[str, int]:
        """Count what is due now, claimed, or waits for something on its way.

        By what holds it up: a notice's reason, or its state where it has none.
        """
        ...


class ToldStore(Protocol):
    """What we published of notices, kept apart from the notices themselves."""

    async def of_causes(self, subjects: Collection[str]) -> Mapping[str, Sequence[Event]]:
        """Return what was told of these subjects' notices, by notice, oldest first."""
        ...


class CauseStore(Protocol):
    """What is true of subjects, for whoever decides."""

    async def get(self, subjects: Collection[str]) -> Mapping[str, Cause]: ...


class ContactStore(Protocol):
    """Contacts, the one place of personal data."""

    async def get(self, keys: Collection[str]) -> Mapping[str, Contact]: ...

    async def keep(self, contacts: Sequence[Contact]) -> None:
        """Write these as they are."""
        ...


class AnswerStore(Protocol):
    """What people answered."""

    async def of_keys(self, keys: Collection[str]) -> Mapping[str, Answers]: ...


class EndpointStore(Protocol):
    """Webhook endpoints that told us to stop (410), until an operator changes their address."""

    async def disabled(self) -> frozenset[str]: ...

    async def disable(self, endpoint: str, *, at: datetime) -> None: ...


class SaidVerdicts(Protocol):
    """What we published of whom no channel reaches, kept apart from the verdicts themselves."""

    async def last(self, subjects: Collection[str]) -> Mapping[str, Event]:
        """Return the last verdict that was said of each of these matters."""
        ...


class Nights(Protocol):
    """Remembers through which day it was checked whom channels reach."""

    async def last(self) -> date | None: ...

    async def keep(self, night: date) -> None:
        """Remember a day; an earlier one never replaces a later one."""
        ...


class ContactsRead(Protocol):
    """How far this instance has read the contacts."""

    async def ends(self) -> Ends:
        """Return where the partitions that this instance holds end, as the broker tells now.

        Raises:
            UnavailableError: the broker did not say.
        """
        ...

    def passed(self, ends: Ends) -> bool:
        """Say whether what lies before these ends is applied, as far as it is still ours."""
        ...


class Probe(Protocol):
    """Counts what the sender does, for operators."""

    def settled(self, notice: Notice, outcome: Outcome, *, seconds: float) -> None: ...

    def refused(self, channel: Channel, reason: str) -> None: ...

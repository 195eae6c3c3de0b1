"""Contacts off their topic into the one collection that holds personal data."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import ValidationError

from services.notifications.core import contact as core
from services.notifications.core.notice import Notice
from services.notifications.core.notice import waiting as keep_waiting
from services.notifications.core.settling import Settled
from services.notifications.ports import ContactStore, NoticeStore
from services.notifications.usecases.stepping import StepNotices
from shared.events.contacts import Contact
from shared.subjects.parking import park_record
from shared.subjects.ports import Clock, Parking
from shared.subjects.records import Record


async def _nobody_asks(_keys: Collection[str]) -> None:
    """Do nothing where nobody waits to hear whose contact was told."""


@dataclass(slots=True)
class ApplyContacts:
    """Keeps the newest version of each contact; a tombstone leaves a marker that stays.

    `heard` is asked with the keys of each batch, once their contacts are kept.
    """

    contacts: ContactStore
    notices: NoticeStore
    steps: StepNotices
    parking: Parking
    clock: Clock
    wall_now: Callable[[], datetime]
    woken: Callable[[], None] = lambda: None
    heard: Callable[[Collection[str]], Awaitable[None]] = _nobody_asks

    async def __call__(self, records: Sequence[Record]) -> None:
        """Apply a batch; applying it again changes nothing."""
        told: dict[str, list[core.Contact]] = {}
        for record in records:
            contact = _read(record)
            if contact is None:
                await self._park(record)
            else:
                told.setdefault(contact.key, []).append(contact)
        known = await self.contacts.get(told.keys())
        changed: list[core.Contact] = []
        for key, versions in told.items():
            before = newest = known.get(key)
            for version in versions:
                newest = core.merge(newest, version) or newest
            if newest is not None and newest != before:
                changed.append(newest)
        await self.contacts.keep(changed)
        await self._wake([contact.key for contact in changed])
        # Told also where nothing changed: the first time may have failed after it was kept.
        await self.heard(told.keys())

    async def _wake(self, keys: Sequence[str]) -> None:
        """Let the notices that waited for these contacts be looked at now."""
        ids = await self.notices.awaiting(keys) if keys else ()
        if not ids:
            return
        wall = self.wall_now()

        def look_now(notice: Notice) -> Settled | None:
            if notice.reason != "contact" or not notice.sendable:
                return None
            return Settled(keep_waiting(notice, wall=wall, wall_at=wall, reason="contact"))

        await self.steps.by_id(dict.fromkeys(ids, look_now))
        self.woken()

    async def _park(self, record: Record) -> None:
        """Park what is no contact, without a byte of it: it may name a person."""
        parked = park_record(record, "not a contact of this version", now=self.clock.now())
        await self.parking.park([replace(parked, value=None)])


def _read(record: Record) -> core.Contact | None:
    key = (record.key or b"").decode("utf-8", "replace")
    if not key:
        return None
    if record.value is None:
        return core.erased(key)
    try:
        told = Contact.model_validate_json(record.value)
    except ValidationError:
        return None
    if told.key != key:
        return None
    return core.Contact(
        key=key,
        version=told.version,
        name=told.name,
        email=told.email,
        phone=told.phone,
        zalo=told.zalo,
        language=told.language,
    )

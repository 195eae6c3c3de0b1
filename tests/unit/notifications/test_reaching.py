"""Whom messages reach: by the channels that are switched on, never by an address."""

from datetime import date

import pytest

from services.notifications.core.contact import Contact, erased, suppress
from services.notifications.core.notice import Channel
from services.notifications.core.policy import Rules
from services.notifications.core.reach import reach_of
from services.notifications.usecases.reaching import KnowReach
from shared.events.envelope import Event
from shared.events.reference import RoleAssigned
from shared.ops.clock import FixedClock
from shared.reference.view import Reference, apply
from tests.fakes.notified import MONDAY, UNIT
from tests.unit.notifications.world import MemoryContacts, MemoryEndpoints

RULES = Rules(channels=frozenset({Channel.EMAIL, Channel.SMS, Channel.INBOX}))
CHAIR, DIRECTOR = "p-06112-chairman", "p-06112-director"


def contact(**parts: str) -> Contact:
    """Return a contact."""
    return Contact(CHAIR, 1, **parts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("known", "channels", "why"),
    [
        (None, (), "no_contact"),
        (erased(CHAIR), (), "erased"),
        (contact(), (), "no_address"),
        (contact(zalo="0912345678"), (), "no_address"),  # Zalo is not switched on here.
        (contact(email="a@example.test"), (Channel.EMAIL,), None),
        (
            contact(email="a@example.test", phone="0912345678"),
            (Channel.EMAIL, Channel.SMS),
            None,
        ),
        (suppress(contact(email="a@example.test"), Channel.EMAIL), (), "suppressed"),
    ],
)
def test_a_person_is_reached_by_what_they_have_and_we_use(
    known: Contact | None, channels: tuple[Channel, ...], why: str | None
) -> None:
    """An inbox that nobody looks into reaches nobody."""
    found = reach_of(known, CHAIR, UNIT, "chairman", RULES)
    assert (found.channels, found.why) == (channels, why)


@pytest.mark.asyncio
async def test_everybody_who_holds_a_role_is_looked_at() -> None:
    """In the units asked for, or in all of them."""
    view = Reference.empty()
    held = (
        (CHAIR, "chairman", UNIT),
        (DIRECTOR, "director", UNIT),
        ("p-1", "director", "06040"),
    )
    for number, (person, role, unit) in enumerate(held, start=1):
        data = RoleAssigned.model_validate(
            {"person": person, "role": role, "unit": unit, "from_day": date(2026, 1, 1)}
        )
        view = apply(
            view,
            Event(
                id=f"r{number}",
                source="urn:motcua:publisher:province",
                name=data.NAME,
                subject=f"role:{number}",
                time=MONDAY,
                sequence=number,
                data=data,
            ),
        )
    contacts = MemoryContacts({CHAIR: contact(email="a@example.test")})
    know = KnowReach(contacts, MemoryEndpoints(), lambda: view, RULES, FixedClock(MONDAY))
    found = await know({UNIT})
    assert [(one.person, one.why) for one in found] == [(CHAIR, None), (DIRECTOR, "no_contact")]
    assert len(await know(None)) == 3

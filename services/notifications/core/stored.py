"""The named pairs between what the core knows and what the store keeps.

Instants stay instants: the store knows them. Days travel as ISO text.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.notifications.core.cause import Cause, Gathering, Owed, Promise, Reached
from services.notifications.core.contact import Contact
from services.notifications.core.notice import Channel, Notice, Plan, State, Try, Urgency
from shared.events.transitions import Status
from shared.events.units import Current, as_they_are

Stored = dict[str, Any]


def plan_to_document(plan: Plan) -> Stored:
    """Write a plan; fields that say nothing are left out."""
    return _without_none(
        {
            "id": plan.id,
            "key": plan.key,
            "subject": plan.subject,
            "unit": plan.unit,
            "event": plan.event,
            "event_name": plan.event_name,
            "recipient": plan.recipient,
            "contact": plan.contact,
            "channel": plan.channel.value,
            "channels_left": [channel.value for channel in plan.channels_left],
            "template": plan.template,
            "urgency": int(plan.urgency),
            "planned_at": plan.planned_at,
            "proves": plan.proves or None,
            # Pairs, since a field name of the store may hold no dots everywhere.
            "facts": [[name, value] for name, value in sorted(plan.facts.items())],
            "contactversion": plan.contactversion,
            "obligation": plan.obligation,
            "cycle": plan.cycle,
            "rung": plan.rung,
            "follows": plan.follows,
        }
    )


def plan_from_document(stored: Mapping[str, Any], current: Current = as_they_are) -> Plan:
    """Read a plan."""
    return Plan(
        id=stored["id"],
        key=stored["key"],
        subject=stored["subject"],
        unit=current(stored["unit"]),
        event=stored["event"],
        event_name=stored["event_name"],
        recipient=stored["recipient"],
        contact=stored["contact"],
        channel=Channel(stored["channel"]),
        channels_left=tuple(Channel(name) for name in stored["channels_left"]),
        template=stored["template"],
        urgency=Urgency(stored["urgency"]),
        planned_at=stored["planned_at"],
        proves=bool(stored.get("proves")),
        facts=dict(stored["facts"]),
        contactversion=stored.get("contactversion"),
        obligation=stored.get("obligation"),
        cycle=stored.get("cycle"),
        rung=stored.get("rung"),
        follows=stored.get("follows"),
    )


class NoticeCodec:
    """How a notice is kept, and what it is found by; units are read by their codes of now."""

    def __init__(self, current: Current = as_they_are) -> None:
        self._current = current

    def to_document(self, state: Notice) -> Stored:
        """Write a notice."""
        return _without_none(
            {
                "plan": plan_to_document(state.plan),
                "state": state.state.value,
                "attempt": state.attempt,
                "resent": state.resent or None,
                "next_at": state.next_at,
                "wall_at": state.wall_at,
                "waits_since": state.waits_since,
                "tried_since": state.tried_since,
                "reason": state.reason,
                "message": state.message,
                "merged": list(state.merged) or None,
                "content_sha256": state.content_sha256,
                "address_masked": state.address_masked,
                "template_version": state.template_version,
                "language": state.language,
                "provider_ref": state.provider_ref,
                "sent_at": state.sent_at,
                "delivered_at": state.delivered_at,
                "tries": [[one.at, one.outcome, one.response] for one in state.tries] or None,
            }
        )

    def from_document(self, document: Mapping[str, Any]) -> Notice:
        """Read a notice."""
        return Notice(
            plan=plan_from_document(document["plan"]),
            state=State(document["state"]),
            attempt=document["attempt"],
            resent=bool(document.get("resent")),
            next_at=document.get("next_at"),
            wall_at=document.get("wall_at"),
            waits_since=document.get("waits_since"),
            tried_since=document.get("tried_since"),
            reason=document.get("reason"),
            message=document.get("message"),
            merged=tuple(document.get("merged", ())),
            content_sha256=document.get("content_sha256"),
            address_masked=document.get("address_masked"),
            template_version=document.get("template_version"),
            language=document.get("language"),
            provider_ref=document.get("provider_ref"),
            sent_at=document.get("sent_at"),
            delivered_at=document.get("delivered_at"),
            tries=tuple(Try(*one) for one in document.get("tries", ())),
        )

    def index(self, state: Notice) -> Stored:
        """Give the fields that due, waking, shown and searched notices are found by."""
        shown = state.plan.channel is Channel.INBOX and state.state is State.SENT
        return {
            "channel": state.plan.channel.value,
            "lane": int(state.plan.urgency),
            "next_at": state.next_at,
            "wall_at": state.wall_at,
            "subject": state.plan.subject,
            "held_for": state.plan.contact if state.held_back else None,
            "awaits": state.plan.contact if state.reason == "contact" else None,
            "provider_ref": state.provider_ref,
            "shown_to": state.plan.recipient if shown else None,
        }


class CauseCodec:
    """How a cause is kept, and what it is found by; units are read by their codes of now."""

    def __init__(self, current: Current = as_they_are) -> None:
        self._current = current

    def to_document(self, state: Cause) -> Stored:
        """Write a cause."""
        return _without_none(
            {
                "subject": state.subject,
                "unit": state.unit,
                "procedure": state.procedure,
                "contactversion": state.contactversion,
                "status": None if state.status is None else int(state.status),
                "accepted": state.accepted or None,
                "latest": state.latest,
                "extended": _day(state.extended),
                "corrected": state.corrected or None,
                "dead": sorted(state.dead) or None,
                "history": [dict(one) for one in state.history],
                "owed": [_owed_to_document(one) for one in state.owed.values()],
                "incidents": [
                    [name, [list(pair) for pair in one.first.items()], one.latest, one.over]
                    for name, one in state.incidents.items()
                ]
                or None,
                "gaps": [list(pair) for pair in state.gaps.items()] or None,
            }
        )

    def from_document(self, document: Mapping[str, Any]) -> Cause:
        """Read a cause."""
        status, extended = document.get("status"), document.get("extended")
        owed = [_owed_from_document(one, self._current) for one in document["owed"]]
        return Cause(
            subject=document["subject"],
            unit=self._current(document["unit"]),
            procedure=document.get("procedure"),
            contactversion=document.get("contactversion"),
            status=None if status is None else Status(status),
            accepted=bool(document.get("accepted")),
            latest=document.get("latest"),
            extended=None if extended is None else date.fromisoformat(extended),
            corrected=bool(document.get("corrected")),
            dead=frozenset(document.get("dead", ())),
            history=tuple(document["history"]),
            owed={one.obligation: one for one in owed},
            incidents={
                name: Gathering(dict(first), latest, over)
                for name, first, latest, over in document.get("incidents", ())
            },
            gaps=dict(document.get("gaps", ())),
        )

    def index(self, state: Cause) -> Stored:
        """Give no field: a cause is found by its subject alone."""
        del state
        return {}


def _owed_to_document(owed: Owed) -> Stored:
    return _without_none(
        {
            "obligation": owed.obligation,
            "kind": owed.kind,
            "unit": owed.unit,
            "cycle": owed.cycle,
            "due": owed.due,
            "limit": owed.limit,
            "former": owed.former,
            "dated": owed.dated or None,
            "suspended": owed.suspended or None,
            "ended": owed.ended or None,
            "ended_at": owed.ended_at,
            "reached": [
                [
                    one.event,
                    one.rung,
                    one.cycle,
                    one.repeat,
                    one.at,
                    one.role,
                    list(one.persons),
                    one.withdrawn,
                    *([] if one.incident is None else [one.incident]),
                ]
                for one in owed.reached
            ],
            "promises": [
                [
                    one.event,
                    one.rung,
                    one.cycle,
                    one.by,
                    one.cause,
                    one.promised.isoformat(),
                    one.at,
                ]
                for one in owed.promises
            ],
            "refusals": [[key, why] for key, why in owed.refusals.items()] or None,
        }
    )


def _owed_from_document(stored: Mapping[str, Any], current: Current) -> Owed:
    return Owed(
        obligation=stored["obligation"],
        kind=stored["kind"],
        unit=current(stored["unit"]),
        cycle=stored["cycle"],
        due=stored.get("due"),
        limit=stored.get("limit"),
        former=stored.get("former"),
        dated=bool(stored.get("dated")),
        suspended=bool(stored.get("suspended")),
        ended=bool(stored.get("ended")),
        ended_at=stored.get("ended_at"),
        reached=tuple(
            Reached(event, rung, cycle, repeat, at, role, tuple(persons), *more)
            for event, rung, cycle, repeat, at, role, persons, *more in stored["reached"]
        ),
        promises=tuple(
            Promise(event, rung, cycle, by, cause, date.fromisoformat(promised), at)
            for event, rung, cycle, by, cause, promised, at in stored["promises"]
        ),
        refusals=dict(stored.get("refusals", ())),
    )


CONTACT_FIELDS = ("erased", "name", "email", "phone", "zalo", "language", "suppressed")
"""What a stored contact may lack; a newer version that lacks it takes it away."""


def contact_to_document(contact: Contact) -> Stored:
    """Write a contact; the marker of an erased one holds nothing of it."""
    return _without_none(
        {
            "_id": contact.key,
            "version": contact.version,
            "erased": contact.erased or None,
            "name": contact.name,
            "email": contact.email,
            "phone": contact.phone,
            "zalo": contact.zalo,
            "language": None if contact.erased else contact.language,
            "suppressed": sorted(channel.value for channel in contact.suppressed) or None,
        }
    )


def contact_from_document(stored: Mapping[str, Any]) -> Contact:
    """Read a contact."""
    return Contact(
        key=stored["_id"],
        version=stored["version"],
        erased=bool(stored.get("erased")),
        name=stored.get("name"),
        email=stored.get("email"),
        phone=stored.get("phone"),
        zalo=stored.get("zalo"),
        language=stored.get("language", "vi"),
        suppressed=frozenset(Channel(name) for name in stored.get("suppressed", ())),
    )


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _without_none(fields: Stored) -> Stored:
    return {name: value for name, value in fields.items() if value is not None}

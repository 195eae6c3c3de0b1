"""Who is told what, when, and what happens when a provider misbehaves; all in memory."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from typing_extensions import override

from services.notifications.core.acknowledge import Matter
from services.notifications.core.notice import Channel, State, Taken
from services.notifications.core.policy import EndpointRule, Rules
from services.notifications.core.rates import Rate
from services.notifications.core.settling import Accepted, Closed, Later, Lost, Never, Outcome
from services.notifications.ports import Message
from services.notifications.usecases.receipts import Receipt
from shared.events.answers import ObligationAcknowledged, Replacement
from shared.events.dossiers import (
    DossierAccepted,
    DossierApologyIssued,
    DossierAssigned,
    DossierCompleted,
    DossierCorrected,
    DossierExtended,
    DossierSupplementRequested,
)
from shared.events.obligations import (
    CoverageGapClosed,
    CoverageGapOpened,
    ObligationAcknowledgementRefused,
    ObligationDischarged,
    ObligationDueChanged,
    ObligationSuspended,
)
from shared.events.reference import RoleAssigned
from shared.reference.view import Reference, apply
from shared.subjects.document import Outgoing
from tests.fakes.notified import (
    MONDAY,
    PROCEDURE,
    UNIT,
    Numbered,
    contact,
    opened,
    reached,
    withdrawn,
)
from tests.unit.notifications.world import Recorder, World, accepted

pytestmark = pytest.mark.asyncio

CODE = "H37.112-261123-0001"
CHAIR = "p-06112-chairman"
DAY = timedelta(days=1)
ACCEPTED = DossierAccepted(procedure=PROCEDURE, channel="direct")
EVERY = Rules(frozenset({Channel.EMAIL, Channel.ZALO, Channel.SMS, Channel.INBOX}))


def discharged(*, at: datetime) -> ObligationDischarged:
    """Return the end of an obligation."""
    return ObligationDischarged(
        obligation="dossier_deadline", kind="dossier_deadline", unit=UNIT, at=at
    )


def applicant(**parts: Any) -> Outgoing:  # noqa: ANN401 -- Parts of a contact.
    """Return the applicant's contact."""
    return contact(CODE, **{"email": "a@example.test", **parts})


def chairman(**parts: Any) -> Outgoing:  # noqa: ANN401 -- Parts of a contact.
    """Return the Chairman's contact."""
    return contact(CHAIR, role="staff", **{"email": "chair@example.test", **parts})


async def test_backfill_alarms_nobody() -> None:
    """Imported history raises no notice to a citizen; what is live afterwards does."""
    world, numbered = World(), Numbered()
    await world.hear(
        applicant(),
        numbered.event(CODE, ACCEPTED, contactversion=1, backfill=True),
        numbered.event(CODE, opened()),
        numbered.event(CODE, DossierCompleted(result="KQ.1")),
    )
    await world.work()
    assert [one.notices[0].plan.template for one in world.mail.taken] == ["completed"]


async def test_a_notice_waits_for_its_contact() -> None:
    """The event speaks of version 2; version 1 is not used; version 2 lets it go at once."""
    world, numbered = World(), Numbered()
    await world.hear(
        applicant(email="old@example.test"),
        numbered.event(CODE, ACCEPTED, contactversion=2),
        numbered.event(CODE, opened()),
    )
    await world.work()
    assert world.mail.taken == []
    await world.hear(contact(CODE, version=2, email="new@example.test"))
    await world.work()
    assert [one.address for one in world.mail.taken] == ["new@example.test"]


async def test_acceptance_waits_for_its_date_but_not_for_ever() -> None:
    """The date comes down another topic; without it the notice goes after a while."""
    world, numbered = World(), Numbered()
    await world.hear(applicant(), numbered.event(CODE, ACCEPTED, contactversion=1))
    await world.work()
    assert world.mail.taken == []
    await world.pass_time(wall=5)
    assert world.mail.taken == []
    await world.pass_time(wall=60)
    await world.hear(numbered.event(CODE, opened(due=MONDAY + timedelta(days=1))))
    await world.pass_time(wall=61)
    assert "24/11/2026" in world.mail.taken[0].content.subject


async def test_acceptance_goes_without_a_date_when_none_comes() -> None:
    """Nobody is kept in the dark because another service stands still."""
    world, numbered = World(), Numbered()
    await world.hear(applicant(), numbered.event(CODE, ACCEPTED, contactversion=1))
    await world.work()
    await world.pass_time(wall=16 * 60)
    assert "báo sau" in world.mail.taken[0].content.text


async def test_acceptance_waits_for_no_date_while_the_applicant_is_waited_for() -> None:
    """After an outage all is heard at once, and the clock stood before the date was read."""
    world, numbered = World(), Numbered()
    await world.hear(
        applicant(),
        numbered.event(CODE, ACCEPTED, contactversion=1),
        numbered.event(
            CODE,
            DossierSupplementRequested(items=("birth-certificate",), number=1, in_person=False),
        ),
    )
    await world.work()
    assert [one.notices[0].plan.template for one in world.mail.taken] == [
        "supplement_requested"
    ]
    suspended = ObligationSuspended(
        obligation="dossier_deadline",
        kind="dossier_deadline",
        unit=UNIT,
        since=MONDAY,
        proven=True,
        cause="e1",
    )
    await world.hear(numbered.event(CODE, opened()), numbered.event(CODE, suspended))
    await world.pass_time(wall=1)
    assert [one.notices[0].plan.template for one in world.mail.taken] == [
        "supplement_requested",
        "accepted",
    ]
    assert "báo sau" in world.mail.taken[1].content.text


async def test_an_erased_contact_is_written_to_never_again() -> None:
    """A tombstone leaves a marker; a replayed version does not bring the address back."""
    world, numbered = World(), Numbered()
    gone = Outgoing("gone", applicant().topic, CODE, None)
    await world.hear(applicant(), gone, applicant(), contact(CODE, version=7, email="b@x.test"))
    await world.hear(
        numbered.event(CODE, ACCEPTED, contactversion=7), numbered.event(CODE, opened())
    )
    await world.work()
    assert world.mail.taken == []
    assert [one.reason for one in world.notices.all()] == ["erased"]
    assert world.contacts.kept[CODE].email is None


async def test_a_rung_reaches_its_persons_and_a_repeat_is_another_notice() -> None:
    """The key of the promise is (obligation, cycle, rung, repeat, person, channel)."""
    world, numbered = World(), Numbered()
    first = numbered.event(CODE, reached([CHAIR, "p-06112-director"]))
    await world.hear(chairman(), numbered.event(CODE, opened(due=MONDAY)), first, first)
    await world.work()
    assert len(world.mail.taken) == 1
    await world.hear(numbered.event(CODE, reached([CHAIR], repeat=1)))
    await world.work()
    assert len({one.id for one in world.mail.taken}) == 2


async def test_what_is_discharged_before_it_goes_is_dropped() -> None:
    """Level, not edge: the truth is asked at the moment of sending."""
    world, numbered = World(), Numbered()
    await world.hear(
        chairman(),
        numbered.event(CODE, opened(due=MONDAY)),
        numbered.event(CODE, reached([CHAIR])),
        numbered.event(CODE, discharged(at=MONDAY + timedelta(minutes=1))),
    )
    await world.work()
    assert world.mail.taken == []
    assert world.told() == ["notice.planned", "notice.obsolete"]


async def test_a_rung_that_tells_of_the_end_itself_goes() -> None:
    """Silence became consent at midnight: that is what the rung of midnight says."""
    world, numbered = World(), Numbered()
    await world.hear(
        chairman(),
        numbered.event(CODE, opened(due=MONDAY)),
        numbered.event(CODE, reached([CHAIR], at=MONDAY)),
        numbered.event(CODE, discharged(at=MONDAY)),
    )
    await world.work()
    assert len(world.mail.taken) == 1


async def test_a_withdrawn_rung_is_taken_back_in_writing_only_if_it_was_told() -> None:
    """Told and withdrawn: a second mail. Withdrawn before it was told: none at all."""
    for told_first, expected in ((True, ["rung", "rung_withdrawn"]), (False, [])):
        world, numbered = World(), Numbered()
        await world.hear(
            chairman(),
            numbered.event(CODE, opened(due=MONDAY)),
            numbered.event(CODE, reached([CHAIR])),
        )
        if told_first:
            await world.work()
        await world.hear(numbered.event(CODE, withdrawn()))
        await world.work()
        templates = [one.notices[0].plan.template for one in world.mail.taken]
        assert templates == expected


async def test_taking_back_what_is_held_back_waits_for_no_other_clock() -> None:
    """The rate holds a rung; it is withdrawn: at the rung's moment both are dropped, unsaid."""
    world, numbered = World(person=Rate(1, timedelta(minutes=10))), Numbered()
    other = "H37.112-261123-0002"
    await world.hear(
        chairman(),
        numbered.event(other, opened(due=MONDAY)),
        numbered.event(other, reached([CHAIR])),
    )
    await world.work()
    await world.hear(
        numbered.event(CODE, opened(due=MONDAY)), numbered.event(CODE, reached([CHAIR]))
    )
    await world.work()
    await world.hear(numbered.event(CODE, withdrawn()))
    await world.work()
    assert world.states() == {"sent": 1, "held": 2}
    assert {one.wall_at for one in world.notices.all()} == {None}, "all rest until their moment"
    await world.pass_time(simulated=timedelta(minutes=10))
    await world.pass_time(wall=1)
    assert world.states() == {"sent": 1, "obsolete": 2}
    assert [one.notices[0].plan.subject for one in world.mail.taken] == [other]


async def test_taking_back_what_is_on_its_way_waits_for_its_answer() -> None:
    """A claimed rung may arrive any moment: its withdrawal looks again, by wall time."""
    world, numbered = World(), Numbered()
    await world.hear(chairman(), numbered.event(CODE, opened(due=MONDAY)))
    seen: list[dict[str, int]] = []

    class Slow(Recorder):
        @override
        async def send(self, message: Message) -> Outcome:
            if not self.taken:
                self.taken.append(message)
                await world.hear(numbered.event(CODE, withdrawn()))
                await world.work()
                seen.append(world.states())
                return accepted(message)
            return await super().send(message)

    slow = Slow()
    world.ports[Channel.EMAIL] = slow
    world.start()
    await world.hear(numbered.event(CODE, reached([CHAIR])))
    await world.work()
    assert seen == [{"claimed": 1, "held": 1}]
    await world.pass_time(wall=1)
    templates = [one.notices[0].plan.template for one in slow.taken]
    assert templates == ["rung", "rung_withdrawn"]


async def test_suspension_and_a_new_cycle_overtake_a_rung() -> None:
    """A rung of a cycle that is over says nothing true any more."""
    suspended = ObligationSuspended(
        obligation="dossier_deadline",
        kind="dossier_deadline",
        unit=UNIT,
        since=MONDAY,
        cause="e1",
    )
    moved = ObligationDueChanged(
        obligation="dossier_deadline",
        kind="dossier_deadline",
        unit=UNIT,
        cycle=2,
        new_due=MONDAY + timedelta(days=9),
        reason="supplement",
        cause="e1",
    )
    for overtaking, reason in ((suspended, "suspended"), (moved, "superseded")):
        world, numbered = World(), Numbered()
        await world.hear(
            chairman(),
            numbered.event(CODE, opened(due=MONDAY)),
            numbered.event(CODE, reached([CHAIR])),
            numbered.event(CODE, overtaking),
        )
        await world.work()
        assert [one.reason for one in world.notices.all()] == [reason]


@pytest.mark.parametrize(
    ("later", "sent"),
    [
        ({}, ["overdue_3"]),
        ({"at": MONDAY - DAY}, ["overdue_1"]),  # Rungs rank by their moments.
        ({"at": MONDAY}, ["overdue_1", "overdue_3"]),
        ({"persons": ["p-06112-director"]}, ["overdue_1"]),
        ({"cycle": 2}, ["overdue_3"]),  # The first one is superseded.
        ({"rung": "overdue_1", "repeat": 1}, ["overdue_1"]),
        ({"rung": "promise_broken"}, ["overdue_1", "promise_broken"]),
        ({"incident": "06112/connection/civil-status-db~1"}, ["overdue_1"]),
    ],
)
async def test_of_two_rungs_for_one_person_only_the_later_one_goes(
    later: dict[str, Any], sent: list[str]
) -> None:
    """Both waited for an outage of ours; another person, or another matter, waits for none."""
    world, numbered = World(), Numbered()
    said = {"persons": [CHAIR], "rung": "overdue_3", "at": MONDAY + DAY, **later}
    incident = said.pop("incident", None)
    second = reached(**said)
    await world.hear(
        chairman(),
        numbered.event(CODE, opened(due=MONDAY)),
        numbered.event(CODE, reached([CHAIR], rung="overdue_1", at=MONDAY)),
        numbered.event(CODE, second.model_copy(update={"incident": incident})),
    )
    await world.work()
    taken = [notice.plan for message in world.mail.taken for notice in message.notices]
    assert sorted(plan.rung or "" for plan in taken) == sent
    reasons = {one.reason for one in world.notices.all() if one.state is State.OBSOLETE}
    assert reasons <= {"overtaken", "superseded"}


async def test_a_later_rung_that_is_withdrawn_overtakes_nothing() -> None:
    """What it would have said is not true; what stands is told."""
    world, numbered = World(), Numbered()
    await world.hear(
        chairman(),
        numbered.event(CODE, opened(due=MONDAY)),
        numbered.event(CODE, reached([CHAIR], rung="overdue_1", at=MONDAY)),
        numbered.event(CODE, reached([CHAIR], rung="overdue_3", at=MONDAY + DAY)),
        numbered.event(CODE, withdrawn("overdue_3")),
    )
    await world.work()
    [message] = world.mail.taken
    assert [notice.plan.rung for notice in message.notices] == ["overdue_1"]


async def test_reminders_keep_quiet_hours_and_escalations_do_not() -> None:
    """A handler's reminder waits for the morning; the Chairman hears at night."""
    night = MONDAY + timedelta(hours=14)
    due = MONDAY + timedelta(days=3)
    handler = "p-06112-handler-1"
    world, numbered = World(now=night), Numbered(now=night)
    early = reached([handler], rung="half", role="handler", at=night, due=due)
    await world.hear(
        chairman(),
        contact(handler, role="staff", email="h@example.test"),
        numbered.event(CODE, opened(due=due)),
        numbered.event(CODE, early),
        numbered.event(CODE, reached([CHAIR], due=night, at=night)),
    )
    await world.work()
    assert [one.address for one in world.mail.taken] == ["chair@example.test"]
    await world.pass_time(simulated=timedelta(hours=8))
    assert [one.address for one in world.mail.taken][1:] == ["h@example.test"]


async def test_a_reminder_that_would_come_too_late_goes_at_night() -> None:
    """Held until morning it would be of no use: its date is before that."""
    night, handler = MONDAY + timedelta(hours=14), "p-06112-handler-1"
    due = night + timedelta(hours=3)
    world, numbered = World(now=night), Numbered(now=night)
    await world.hear(
        contact(handler, role="staff", email="h@example.test"),
        numbered.event(CODE, opened(due=due)),
        numbered.event(
            CODE, reached([handler], rung="most", role="handler", at=night, due=due)
        ),
    )
    await world.work()
    assert len(world.mail.taken) == 1


async def test_a_burst_becomes_one_message_and_floods_nobody() -> None:
    """A hundred rungs at once: two merged mails, every notice in exactly one of them."""
    world, numbered = World(), Numbered()
    await world.hear(chairman())
    for number in range(100):
        code = f"H37.112-261123-{number:04d}"
        await world.hear(
            numbered.event(code, opened(due=MONDAY)), numbered.event(code, reached([CHAIR]))
        )
    await world.work()
    assert [len(one.notices) for one in world.mail.taken] == [50, 50]
    carried = [notice.id for one in world.mail.taken for notice in one.notices]
    assert len(set(carried)) == 100
    assert world.states() == {"sent": 100}


async def test_a_full_bucket_holds_and_then_merges() -> None:
    """Past the rate notices wait and go together; none is lost, none goes twice."""
    world, numbered = World(person=Rate(2, timedelta(minutes=10))), Numbered()
    await world.hear(chairman())
    for number in range(6):
        code = f"H37.112-261123-{number:04d}"
        await world.hear(
            numbered.event(code, opened(due=MONDAY)), numbered.event(code, reached([CHAIR]))
        )
        await world.work()
    assert [len(one.notices) for one in world.mail.taken] == [1, 1]
    assert world.states() == {"sent": 2, "held": 4}
    await world.pass_time(simulated=timedelta(minutes=10))
    assert [len(one.notices) for one in world.mail.taken] == [1, 1, 4]
    assert world.states() == {"sent": 6}


async def test_citizens_notices_are_never_merged() -> None:
    """Each is a legal notice of its own."""
    world, numbered = World(), Numbered()
    await world.hear(
        applicant(),
        numbered.event(CODE, ACCEPTED, contactversion=1),
        numbered.event(CODE, opened()),
        numbered.event(CODE, DossierAssigned(handler="p-06112-handler-1")),
        numbered.event(
            CODE, DossierSupplementRequested(items=("HK-01",), number=1, in_person=False)
        ),
    )
    await world.work()
    # The word "being settled" is overtaken by the request for a supplement.
    templates = [one.notices[0].plan.template for one in world.mail.taken]
    assert sorted(templates) == ["accepted", "supplement_requested"]
    assert world.told("inbound") == ["notice.proven"]


async def test_a_refusal_for_now_is_tried_again_and_one_for_good_falls_back() -> None:
    """Busy: later. No such user: the next channel, and the address is not used again."""
    zalo = Recorder()
    world, numbered = World(rules=EVERY, ports={Channel.ZALO: zalo}), Numbered()
    await world.hear(
        chairman(zalo="0912345678"),
        numbered.event(CODE, opened(due=MONDAY)),
        numbered.event(CODE, reached([CHAIR])),
    )
    world.mail.answers = [Later("provider_busy", "451"), Never("address_refused", "550")]
    await world.work()
    assert world.states() == {"planned": 1}
    await world.pass_time(wall=10)
    assert [one.address for one in zalo.taken] == ["84912345678"]
    assert world.states() == {"failed": 1, "sent": 1}
    assert world.contacts.kept[CHAIR].suppressed == {Channel.EMAIL}
    await world.hear(numbered.event(CODE, reached([CHAIR], rung="overdue_3")))
    await world.work()
    assert len(zalo.taken) == 2


async def test_a_notice_that_a_provider_takes_by_day_only_is_held_until_then() -> None:
    """Not failed, no other channel, no try of the pace used up; in the morning it goes."""
    zalo, sms = Recorder(), Recorder()
    ports = {Channel.ZALO: zalo, Channel.SMS: sms}
    world, numbered = World(rules=EVERY, ports=ports), Numbered()
    await world.hear(
        contact(CHAIR, role="staff", zalo="0912345678", phone="0912345678"),
        numbered.event(CODE, opened(due=MONDAY)),
        numbered.event(CODE, reached([CHAIR])),
    )
    morning = world.wall + timedelta(hours=9)
    zalo.answers = [Closed(morning, "provider_night", "error -133")]
    await world.work()
    [held] = [one for one in world.notices.all() if one.plan.channel is Channel.ZALO]
    assert (held.state, held.reason) == (State.HELD, "provider_night")
    assert held.next_at == world.clock.now() + timedelta(hours=9)
    assert held.tried_since is None
    assert zalo.taken == sms.taken == []
    assert "notice.held" in world.told("notices")
    await world.pass_time(wall=9 * 3600, simulated=timedelta(hours=9))
    assert len(zalo.taken) == 1
    assert sms.taken == []


@pytest.mark.parametrize(
    ("phone", "states"),
    [
        ("0912345678", {Channel.ZALO: State.FAILED, Channel.SMS: State.SENT}),
        (None, {Channel.ZALO: State.FAILED, Channel.SMS: State.FAILED}),
    ],
)
async def test_what_is_urgent_does_not_wait_for_tomorrows_quota(
    phone: str | None, states: dict[Channel, State]
) -> None:
    """An escalation takes the next channel at once."""
    zalo = Recorder()
    world, numbered = World(rules=EVERY, ports={Channel.ZALO: zalo}), Numbered()
    tomorrow = world.wall + timedelta(hours=20)
    zalo.answers = [Closed(tomorrow, "provider_quota", "error -144", urgent_goes_on=True)]
    await world.hear(
        contact(CHAIR, role="staff", zalo="0912345678", phone=phone),
        numbered.event(CODE, opened(due=MONDAY)),
        numbered.event(CODE, reached([CHAIR])),
    )
    await world.work()
    found = {one.plan.channel: one.state for one in world.notices.all()}
    assert found.items() >= states.items()


async def test_what_is_routine_waits_for_tomorrows_quota() -> None:
    """A citizen's news goes by the same channel on the next day."""
    zalo, sms = Recorder(), Recorder()
    ports = {Channel.ZALO: zalo, Channel.SMS: sms}
    world, numbered = World(rules=EVERY, ports=ports), Numbered()
    tomorrow = world.wall + timedelta(hours=24)
    zalo.answers = [Closed(tomorrow, "provider_quota", "error -144", urgent_goes_on=True)]
    await world.hear(
        applicant(email=None, zalo="0912345678", phone="0912345678"),
        numbered.event(CODE, ACCEPTED),
        numbered.event(CODE, opened(due=MONDAY)),
    )
    await world.work()
    assert [one.reason for one in world.notices.all() if one.state is State.HELD] == [
        "provider_quota"
    ]
    await world.pass_time(wall=24 * 3600, simulated=timedelta(hours=24))
    assert [one.notices[0].plan.template for one in zalo.taken] == ["accepted"]
    assert sms.taken == []


async def test_nobody_reachable_is_said_aloud_and_stands_in_the_inbox() -> None:
    """Without any address: undeliverable goes back in, and the inbox keeps it."""
    world, numbered = World(rules=EVERY), Numbered()
    await world.hear(
        contact(CHAIR, role="staff", name="Không địa chỉ"),
        numbered.event(CODE, opened(due=MONDAY)),
        numbered.event(CODE, reached([CHAIR])),
    )
    await world.work()
    assert world.told("inbound") == ["notice.undeliverable"]
    by_channel = {one.plan.channel: one.state for one in world.notices.all()}
    assert by_channel == {
        Channel.EMAIL: State.FAILED,
        Channel.ZALO: State.FAILED,
        Channel.SMS: State.FAILED,
        Channel.INBOX: State.SENT,
    }
    await world.receipts.seen({CHAIR})
    assert [one.state for one in world.notices.all() if one.plan.channel is Channel.INBOX] == [
        State.DELIVERED
    ]


async def test_an_applicant_without_contact_bothers_nobody() -> None:
    """No contact was ever given: one failed notice, no chain, nothing sent back in."""
    world, numbered = World(rules=EVERY), Numbered()
    await world.hear(numbered.event(CODE, ACCEPTED), numbered.event(CODE, opened()))
    await world.work()
    assert [one.reason for one in world.notices.all()] == ["no_contact"]
    assert world.told("inbound") == []


async def test_a_lost_answer_is_sent_again_once_and_marked() -> None:
    """Lost: unknown, then one marked resend; lost again: unknown for good, next channel."""
    world, numbered = World(rules=EVERY), Numbered()
    await world.hear(
        chairman(),
        numbered.event(CODE, opened(due=MONDAY)),
        numbered.event(CODE, reached([CHAIR])),
    )
    world.mail.answers = [Lost("reset")]
    await world.work()
    assert world.states() == {"unknown": 1}
    await world.pass_time(wall=6)
    assert [one.resent for one in world.mail.taken] == [(world.mail.taken[0].id,)]
    assert world.states() == {"sent": 1}
    assert world.told() == ["notice.planned", "notice.unknown", "notice.sent"]


async def test_an_answer_lost_twice_is_never_sent_a_third_time() -> None:
    """It stays unknown, and the next channel says it."""
    world, numbered = World(rules=EVERY), Numbered()
    await world.hear(
        chairman(),
        numbered.event(CODE, opened(due=MONDAY)),
        numbered.event(CODE, reached([CHAIR])),
    )
    world.mail.answers = [Lost("reset"), Lost("reset"), Lost("must not be asked")]
    for _ in range(5):
        await world.pass_time(wall=600)
    assert len(world.mail.answers) == 1
    by_channel = {one.plan.channel: one.state for one in world.notices.all()}
    assert by_channel[Channel.EMAIL] is State.UNKNOWN
    assert by_channel[Channel.INBOX] is State.SENT


async def test_a_provider_that_can_be_asked_saves_the_resend() -> None:
    """What the provider says it has is not sent again."""
    world, numbered = World(), Numbered()
    await world.hear(
        chairman(),
        numbered.event(CODE, opened(due=MONDAY)),
        numbered.event(CODE, reached([CHAIR])),
    )
    world.mail.answers = [Lost("reset")]
    await world.work()
    known = Accepted(Taken("a" * 64, "c…@example.test", 1, "vi", "ref-1", "looked up"))
    world.mail.lookups = [known]
    await world.pass_time(wall=6)
    assert world.mail.taken == []
    assert world.states() == {"sent": 1}


async def test_a_retry_horizon_ends_the_channel_and_goes_on() -> None:
    """A provider that is away for days: given up, then the next channel."""
    world, numbered = World(rules=EVERY), Numbered()
    await world.hear(
        chairman(),
        numbered.event(CODE, opened(due=MONDAY)),
        numbered.event(CODE, reached([CHAIR])),
    )
    world.mail.answers = [Later("provider_away", "refused") for _ in range(50)]
    for _ in range(12):
        await world.pass_time(wall=90_000)
    reasons = {one.plan.channel: one.reason for one in world.notices.all()}
    assert reasons[Channel.EMAIL] == "gave_up"
    assert world.states()["sent"] == 1


async def test_a_correction_takes_back_what_was_told_and_tells_what_is_right() -> None:
    """Struck: a correction. Replaced: the right facts, under the correction's id."""
    world, numbered = World(), Numbered()
    struck = DossierCorrected(replaces="wrong-1", reason="wrong_dossier", by="p-06112-director")
    await world.hear(
        applicant(),
        numbered.event(CODE, ACCEPTED, contactversion=1),
        numbered.event(CODE, opened()),
        numbered.event(CODE, DossierCompleted(result="KQ.1"), event_id="wrong-1"),
    )
    await world.work()
    await world.hear(numbered.event(CODE, struck))
    await world.work()
    assert [one.notices[0].plan.template for one in world.mail.taken] == [
        "accepted",
        "completed",
        "correction",
    ]
    cause = (await world.causes.get({CODE}))[CODE]
    assert cause.status is not None
    assert cause.status.name == "ACCEPTED"


async def test_a_correction_before_sending_drops_the_wrong_notice() -> None:
    """The wrong one is never sent, the right one is."""
    night = MONDAY + timedelta(hours=14)
    world, numbered = World(now=night), Numbered(now=night)
    right = Replacement(time=night, data={"items": ["HK-02"], "number": 1, "in_person": False})
    wrong = DossierSupplementRequested(items=("HK-01",), number=1, in_person=False)
    await world.hear(
        applicant(),
        numbered.event(CODE, ACCEPTED, contactversion=1),
        numbered.event(CODE, opened()),
        numbered.event(CODE, wrong, event_id="wrong-2"),
        numbered.event(
            CODE,
            DossierCorrected(
                replaces="wrong-2", right=right, reason="wrong_data", by="p-06112-director"
            ),
        ),
    )
    await world.work()
    texts = [one.content.text for one in world.mail.taken]
    assert len(texts) == 1
    assert "HK-02" in texts[0]


async def test_the_new_date_says_sorry_too() -> None:
    """An apology that is followed by a new date is one mail, not two."""
    world, numbered = World(), Numbered()
    await world.hear(
        applicant(),
        numbered.event(CODE, ACCEPTED, contactversion=1),
        numbered.event(CODE, opened()),
        numbered.event(CODE, DossierApologyIssued(reason="workload", agency="H37.112")),
        numbered.event(CODE, DossierExtended(new_date=(MONDAY + timedelta(days=9)).date())),
        numbered.event(CODE, DossierExtended(new_date=(MONDAY + timedelta(days=19)).date())),
    )
    await world.work()
    templates = [one.notices[0].plan.template for one in world.mail.taken]
    assert sorted(templates) == ["accepted", "new_date"]


async def test_a_change_of_calendar_is_told_to_the_citizen() -> None:
    """The promise moved by nothing in the dossier: the applicant hears why."""
    world, numbered = World(), Numbered()
    moved = ObligationDueChanged(
        obligation="dossier_deadline",
        kind="dossier_deadline",
        unit=UNIT,
        cycle=2,
        old_due=MONDAY + timedelta(days=3),
        new_due=MONDAY + timedelta(days=4),
        reason="calendar",
        cause="reference:9",
    )
    await world.hear(
        applicant(),
        numbered.event(CODE, ACCEPTED, contactversion=1),
        numbered.event(CODE, opened()),
        numbered.event(CODE, moved),
    )
    await world.work()
    moved_mail = [one for one in world.mail.taken if "thay đổi" in one.content.subject]
    assert len(moved_mail) == 1
    assert "27/11/2026" in moved_mail[0].content.subject


async def test_a_coverage_gap_is_told_to_the_province() -> None:
    """The people of the provincial role hear that nobody answers."""
    view = Reference.empty()
    numbered = Numbered()
    officer = RoleAssigned(
        person="p-20-officer-1", role="province", unit="20", from_day=MONDAY.date()
    )
    view = apply(view, numbered.event("p-20-officer-1", officer))
    world = World(reference=view)
    gap = CoverageGapOpened(gap="g1", unit=UNIT, role="director", why="vacant")
    await world.hear(
        contact("p-20-officer-1", role="staff", email="o@example.test"),
        numbered.event(f"{UNIT}/duty/2026-11-23/am", gap),
    )
    await world.work()
    assert [one.address for one in world.mail.taken] == ["o@example.test"]
    assert "Giám đốc" in world.mail.taken[0].content.subject


async def test_a_gap_that_a_rung_meets_is_told_by_the_rung_alone() -> None:
    """The seat is told of by the night's walk; a handler, whom each dossier names, at once."""
    numbered = Numbered()
    officer = RoleAssigned(
        person="p-20-officer-1", role="province", unit="20", from_day=MONDAY.date()
    )
    hook = Recorder()
    world = World(
        reference=apply(Reference.empty(), numbered.event("p-20-officer-1", officer)),
        rules=Rules(endpoints=(EndpointRule("desk"),)),
        ports={Channel.WEBHOOK: hook},
    )
    met = {"unit": UNIT, "why": "vacant", "obligation": "dossier_deadline", "cycle": 1}
    await world.hear(
        contact("p-20-officer-1", role="staff", email="o@example.test"),
        numbered.event(CODE, CoverageGapOpened(gap="g1", role="chairman", **met)),
    )
    await world.work()
    assert (len(world.mail.taken), len(hook.taken)) == (0, 1)
    await world.hear(numbered.event(CODE, CoverageGapOpened(gap="g2", role="handler", **met)))
    await world.work()
    assert [one.address for one in world.mail.taken] == ["o@example.test"]
    assert len(hook.taken) == 2


async def test_an_unreached_role_is_told_to_whom_the_gap_names() -> None:
    """In the morning, with the reasons in words; and not at all once the gap is closed."""
    world, numbered = World(now=MONDAY + timedelta(hours=14)), Numbered()
    unreached = CoverageGapOpened(
        gap=f"{UNIT}:director:unreachable",
        unit=UNIT,
        role="director",
        why="unreachable",
        reasons=("no_contact", "suppressed"),
        heard_by="chairman",
        persons=(CHAIR,),
    )
    ladder = f"{UNIT}/coverage/ladder"
    await world.hear(
        contact(CHAIR, role="staff", email="c@example.test"),
        numbered.event(ladder, unreached),
    )
    await world.work()
    assert world.mail.taken == []  # It waits for the morning.
    await world.pass_time(simulated=timedelta(hours=10))
    [mail] = world.mail.taken
    assert "Không kênh nào tới được" in mail.content.subject
    assert "chưa có thông tin liên hệ" in mail.content.text

    quiet, again = World(now=MONDAY + timedelta(hours=14)), Numbered()
    closed = CoverageGapClosed(gap=unreached.gap, unit=UNIT, role="director", why="reached")
    await quiet.hear(
        contact(CHAIR, role="staff", email="c@example.test"),
        again.event(ladder, unreached),
    )
    await quiet.work()
    await quiet.hear(again.event(ladder, closed))
    await quiet.pass_time(simulated=timedelta(hours=10))
    assert quiet.mail.taken == []
    assert [one.reason for one in quiet.notices.all()] == ["gap_closed"]


async def test_a_colleague_whose_contact_was_erased_does_not_end_the_ladder() -> None:
    """Nothing is known of them any more, so workflow hears that nobody was told."""
    world, numbered = World(), Numbered()
    await world.hear(
        Outgoing("gone", "motcua.contacts.v1", CHAIR, None),
        numbered.event(CODE, opened(due=MONDAY)),
        numbered.event(CODE, reached([CHAIR])),
    )
    await world.work()
    assert world.told("inbound") == ["notice.undeliverable"]


async def test_webhook_endpoints_hear_what_they_asked_for() -> None:
    """By event, unit and role; an endpoint that is gone is given up."""
    hook = Recorder()
    rules = Rules(
        endpoints=(
            EndpointRule("mine", frozenset({"obligation.rung_reached"}), frozenset({UNIT})),
            EndpointRule("other", units=frozenset({"06001"})),
        )
    )
    world, numbered = World(rules=rules, ports={Channel.WEBHOOK: hook}), Numbered()
    await world.hear(
        numbered.event(CODE, opened(due=MONDAY)), numbered.event(CODE, reached([CHAIR]))
    )
    await world.work()
    assert [one.address for one in hook.taken] == ["mine"]
    world.endpoints.gone.add("mine")
    await world.hear(numbered.event(CODE, reached([CHAIR], rung="overdue_1")))
    await world.work()
    assert len(hook.taken) == 1


async def test_a_refused_acknowledgement_is_told_and_can_be_given_again() -> None:
    """The person hears why, and the form is open for another answer."""
    world, numbered = World(), Numbered()
    await world.hear(
        chairman(),
        numbered.event(CODE, opened(due=MONDAY)),
        numbered.event(CODE, reached([CHAIR])),
    )
    matter = Matter(CODE, "dossier_deadline", 1, "due", CHAIR)
    first = await world.answers.answer(
        matter, cause="workload", promised="2026-11-25", through="link"
    )
    assert first.answer is not None
    refused = ObligationAcknowledgementRefused(
        obligation="dossier_deadline",
        kind="dossier_deadline",
        unit=UNIT,
        rung="due",
        by=CHAIR,
        why="promise_in_the_past",
        cause=first.answer.event,
    )
    await world.hear(numbered.event(CODE, refused))
    await world.work()
    assert "không có hiệu lực" in world.mail.taken[-1].content.subject
    second = await world.answers.answer(
        matter, cause="workload", promised="2026-11-27", through="link"
    )
    assert second.answer is not None
    assert second.answer.promised.isoformat() == "2026-11-27"
    assert world.told("inbound") == ["obligation.acknowledged"] * 2


async def test_an_acknowledgement_from_elsewhere_is_kept_too() -> None:
    """The canonical topic may bring answers that did not come through our form."""
    world, numbered = World(), Numbered()
    said = ObligationAcknowledged(
        obligation="dossier_deadline",
        cycle=1,
        rung="due",
        cause="workload",
        promised=MONDAY.date(),
        by=CHAIR,
    )
    await world.hear(numbered.event(CODE, ACCEPTED), numbered.event(CODE, said))
    cause = (await world.causes.get({CODE}))[CODE]
    assert [one.by for one in cause.owed["dossier_deadline"].promises] == [CHAIR]


async def test_receipts_climb_and_a_bounce_takes_the_next_channel() -> None:
    """Delivered is the last word; a bounce after the taking goes on to the next channel."""
    zalo = Recorder()
    world, numbered = World(rules=EVERY, ports={Channel.ZALO: zalo}), Numbered()
    await world.hear(
        contact(CHAIR, role="staff", zalo="0912345678", phone="0912345678"),
        numbered.event(CODE, opened(due=MONDAY)),
        numbered.event(CODE, reached([CHAIR])),
    )
    await world.work()
    reference = zalo.taken[0].id
    assert await world.receipts(Receipt(Channel.ZALO, reference, "failed", "bounced")) == 1
    await world.work()
    states = {one.plan.channel: one.state for one in world.notices.all()}
    assert states[Channel.ZALO] is State.FAILED
    assert states[Channel.SMS] is State.SENT
    await world.receipts(Receipt(Channel.ZALO, reference, "delivered"))
    await world.receipts(Receipt(Channel.ZALO, reference, "sent"))
    states = {one.plan.channel: one.state for one in world.notices.all()}
    assert states[Channel.ZALO] is State.DELIVERED
    assert await world.receipts(Receipt(Channel.SMS, "nobody's", "delivered")) == 0


async def test_a_broken_contact_record_is_parked_without_a_byte_of_it() -> None:
    """What cannot be read may still name a person."""
    world = World()
    bad = Outgoing("x", applicant().topic, CODE, {"key": CODE, "name": "Ai Đó"})
    await world.hear(bad)
    parked = list(world.parking.parked.values())
    assert len(parked) == 1
    assert parked[0].value is None

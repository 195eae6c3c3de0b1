"""What is counted at the end: on the wire and at the mail catcher, each record by itself."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from deploy.demo.mailbox import Mail
from shared.events.topics import CENTRES, DOSSIERS, NOTICES, OBLIGATIONS, REFERENCE
from shared.kafka.whole import read_to_end

NUMBERED: Final = (DOSSIERS.name, CENTRES.name, OBLIGATIONS.name, NOTICES.name)
SENT: Final = frozenset({"notice.sent", "notice.delivered"})


@dataclass
class Account:
    """Counted facts, and every promise found broken."""

    checks: int = 0
    events: Counter[str] = field(default_factory=Counter)
    repeats: Counter[str] = field(default_factory=Counter)
    resent: int = 0
    mails: int = 0
    violations: list[str] = field(default_factory=list)

    def insist(self, holds: bool, sentence: str) -> None:  # noqa: FBT001 -- The thing checked.
        """Count a check, and keep its sentence if it does not hold."""
        self.checks += 1
        if not holds:
            self.violations.append(sentence)


Stream = dict[str, list[dict[str, Any]]]


async def count_topics(bootstrap: Sequence[str], account: Account) -> dict[str, Stream]:
    """Read every canonical topic: each id once, each subject numbered 1 to n in order."""
    streams: dict[str, Stream] = {}
    for topic in NUMBERED:
        streams[topic] = await _stream(bootstrap, topic, account, by_subject=True)
    await _stream(bootstrap, REFERENCE.name, account, by_subject=False)
    return streams


async def _stream(
    bootstrap: Sequence[str], topic: str, account: Account, *, by_subject: bool
) -> Stream:
    seen: dict[tuple[str, str], dict[str, Any]] = {}
    stream: Stream = defaultdict(list)
    for record in await read_to_end(bootstrap, topic):
        event = orjson.loads(record.value or b"{}")
        name = f"{event['source']}#{event['id']}"
        subject = event["subject"] if by_subject else "all"
        before = seen.setdefault((subject, name), event)
        if before is not event:
            account.repeats[topic] += 1
            account.insist(before == event, f"{topic}: {name} came again with other content")
            continue
        account.events[topic] += 1
        stream[subject].append(event)
    for subject, events in stream.items():
        numbers = [event["sequence"] for event in events]
        account.insist(
            numbers == list(range(1, len(numbers) + 1)),
            f"{topic}: {subject} is numbered {numbers}",
        )
    return stream


def count_rungs(obligations: Stream, account: Account) -> None:
    """No rung of a cycle was climbed twice, whatever its id."""
    climbed: Counter[tuple[Any, ...]] = Counter()
    for subject, events in obligations.items():
        for event in events:
            data = event["data"]
            if event["type"] == "vn.motcua.obligation.rung_reached.v1":
                repeat = data.get("repeat", 0)
                rung = (data["obligation"], data["cycle"], data["rung"], data["rung_at"])
                # What hung on an incident is reached by itself once that is over.
                climbed[subject, *rung, repeat, data.get("incident")] += 1
    for rung, times in climbed.items():
        account.insist(times == 1, f"the rung {rung} was climbed {times} times")


def count_mails(notices: Stream, mails: Iterable[Mail], account: Account) -> None:
    """Each notice at the catcher once, or once more if marked; and none lost."""
    plain: Counter[str] = Counter()
    marked: Counter[str] = Counter()
    for mail in mails:
        account.mails += 1
        parsed = mail.parsed()
        again = {str(one).strip() for one in parsed.get_all("X-Motcua-Resend", ())}
        for one in parsed.get_all("X-Motcua-Notice", ()):
            notice = str(one).strip()
            (marked if notice in again else plain)[notice] += 1
    account.resent = marked.total()
    known = _sent(notices)
    for notice in plain | marked:
        account.insist(
            plain[notice] <= 1 and marked[notice] <= 1,
            f"notice {notice}: {plain[notice]} mails, and {marked[notice]} marked resends",
        )
        account.insist(notice in known, f"a mail carries {notice}, which was never sent")
    for notice, name in known.items():
        arrived = plain[notice] + marked[notice] > 0
        account.insist(arrived or name not in SENT, f"{name} of {notice}, and no mail")
    _count_plans(notices, account)


def _sent(notices: Stream) -> Mapping[str, str]:
    last: dict[str, str] = {}
    for notice, events in notices.items():
        if events[0]["data"]["channel"] == "email":
            names = [e["type"].removeprefix("vn.motcua.").removesuffix(".v1") for e in events]
            ended = [name for name in names if name in SENT]
            last[notice] = ended[-1] if ended else names[-1]
    return last


def _count_plans(notices: Stream, account: Account) -> None:
    """Nobody was to be told one thing twice by one channel under two notices."""
    planned: Counter[tuple[Any, ...]] = Counter()
    for events in notices.values():
        data = events[0]["data"]
        planned[data["about"], data["cause"], data.get("person"), data["channel"]] += 1
    for plan, times in planned.items():
        account.insist(times == 1, f"{plan} was planned {times} times")

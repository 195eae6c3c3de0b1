"""Whether what motcua says is what happened: every figure, every rung, every message.

What happened is known from the stories that were sent and taken; what came of it is read where
anybody could read it: on the topics, in the pages' figures, and at the mail catcher, which
shares nothing with the service that sends.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

import orjson

from deploy.demo.actor import PUBLISHER, applicant_address
from deploy.demo.answers import answers_of, share_of_answer
from deploy.demo.beside import expected_levels
from deploy.demo.closings import closings_of
from deploy.demo.compare_figures import compare_figures
from deploy.demo.corrections import corrections_of, share_of_correction
from deploy.demo.duties import HEAD_KINDS, head_rungs
from deploy.demo.hand_overs import hand_overs_of
from deploy.demo.oracle import (
    ExpectedRung,
    duty_rungs,
    expected_rungs,
    kind_of,
    limits,
    truth_of,
)
from deploy.demo.outages import (
    Hung,
    Rung,
    hung_of,
    link_rungs,
    systems_of,
    told_of,
)
from deploy.demo.province import Month
from deploy.demo.recount import recount
from deploy.demo.report import Line, Report
from deploy.demo.slow_calendar import SlowCalendar
from deploy.demo.staff import DOMAIN
from deploy.demo.stage import Stage
from deploy.demo.story import Story
from deploy.errors import CommandError
from shared.events.codes import PROVINCE
from shared.events.topics import CENTRES, DOSSIERS, NOTICES, OBLIGATIONS, rejected
from shared.kafka.cluster import Cluster
from shared.kafka.whole import read_to_end

KINDS: Final = (
    "dossier_deadline",
    "apology_slip",
    "online_answer",
    "hand_over",
    "supplement_closing",
    "result_correction",
    "duty",
    "connection",
    *HEAD_KINDS,
)
DUES: Final = (answers_of, hand_overs_of, closings_of, corrections_of)
SHARES: Final = {"online_answer": share_of_answer, "result_correction": share_of_correction}
REMINDED: Final = ("supplement_closing", "reminder")
"""The kind and level of which the applicant is notified too."""

BROKEN: Final = "promise_broken"
INCIDENTS: Final = frozenset({"incident.opened", "incident.updated"})
SETTLED: Final = {"sent", "delivered", "obsolete", "failed"}
Codes = Mapping[str, str]
SAME: Final[Codes] = MappingProxyType({})
HELD_MAX: Final = timedelta(hours=10)
"""The longest that a message may be held back: from 21:00 to 07:00."""


async def reconcile(
    playing: Stage, month: Month, *, end: datetime, codes: Codes = SAME
) -> Report:
    """Compare everything that motcua says with what was sent.

    Args:
        playing: The province.
        month: What happens in it.
        end: Until when it was played.
        codes: Codes that units have by now to those that the stories know them by.

    Raises:
        CommandError: a service does not answer what it is asked.
        UnavailableError: the broker went away.
    """
    report = Report()
    calendar, rules = SlowCalendar(), limits(month.first, month.last)
    stories = playing.actor.sent.stories
    truths = {
        code: truth_of(story, rules.get(story.procedure), calendar, end)
        for code, story in stories.items()
    }
    where = playing.installation.kafka
    dossiers, centres, obligations, notices = [
        await _events(where, topic.name, codes)
        for topic in (DOSSIERS, CENTRES, OBLIGATIONS, NOTICES)
    ]

    _compare_intake(report, stories, month, (*dossiers, *centres), end)
    refused = await read_to_end(where, rejected(PUBLISHER).name)
    report.count("events refused to the simulation", 0, len(refused))
    beside = {
        code: [due for dues_of in DUES for due in dues_of(story, calendar, end)]
        for code, story in stories.items()
    }
    figures = await _get(playing, "reporting", "/v1/figures", playing.keys.province)
    owed = {code: (truths[code].unit, beside[code]) for code in stories}
    compare_figures(report, figures, playing.units, truths, owed, end, codes)
    ladders = await _ladders(playing)
    expected = [
        rung
        for code, truth in truths.items()
        for rung in expected_rungs(
            code, truth, rules.get(stories[code].procedure), ladders, calendar, end
        )
    ]
    for code, dues in beside.items():
        expected += expected_levels(code, dues, ladders, SHARES, calendar, end)
    expected += duty_rungs(month, (*playing.units, PROVINCE), ladders, calendar, end)
    expected += head_rungs(month, (*playing.units, PROVINCE), ladders, calendar, end)
    expected += link_rungs(month.outages, ladders, calendar, end)
    _compare_rungs(report, expected, obligations)
    systems = systems_of()
    needs = {
        code: (truths[code].unit, systems[story.procedure]) for code, story in stories.items()
    }
    hung = list(hung_of(expected, month.outages, needs, ladders, calendar))
    _compare_incidents(report, hung, told_of(hung, month.outages, end), obligations)
    report.lines.append(Line("independent audit of all rungs", *await recount(playing, end)))
    await _compare_messages(report, playing, dossiers, obligations, notices, end)
    for service in playing.installation.state.services:
        status = await _get(playing, service, "/statusz", playing.keys.operator)
        report.count(f"records parked by {service}", 0, int(status.get("parked", 0)))
    return report


async def _events(
    where: Cluster | Sequence[str], topic: str, codes: Codes
) -> list[dict[str, Any]]:
    """Return a topic's events, each id and subject once, by the codes of the stories."""
    seen: dict[tuple[str, str], dict[str, Any]] = {}
    for record in await read_to_end(where, topic):
        event = orjson.loads(record.value or b"{}")
        unit, slash, own = event["subject"].partition("/")
        event["subject"] = f"{codes.get(unit, unit)}{slash}{own}"
        seen.setdefault((event["subject"], f"{event['source']}#{event['id']}"), event)
    return list(seen.values())


async def _get(playing: Stage, service: str, path: str, key: str) -> Any:  # noqa: ANN401 - JSON.
    url = f"{playing.installation.http(service)}{path}"
    answer = await playing.http.get(url, headers={"authorization": f"Bearer {key}"})
    if answer.is_error:
        raise CommandError(f"{url} answers {answer.status_code}: {answer.text[:300]}")
    return answer.json()


def _compare_intake(
    report: Report,
    stories: Mapping[str, Story],
    month: Month,
    events: Iterable[Mapping[str, Any]],
    end: datetime,
) -> None:
    """Every act is on the canonical topics once, at the moment when it happened."""
    expected: Counter[tuple[str, str, datetime]] = Counter()
    for code, story in stories.items():
        expected.update((code, act.name, act.at) for act in story.acts if act.at <= end)
    expected.update(one for one in month.events_at_centres if one[2] <= end)
    found = Counter(
        (event["subject"], _name(event), datetime.fromisoformat(event["time"]))
        for event in events
        if not event["source"].endswith(":notifications")
    )
    report.compare("events recorded by intake", expected, found)


def _name(event: Mapping[str, Any]) -> str:
    return str(event["type"]).removeprefix("vn.motcua.").removesuffix(".v1")


async def _ladders(playing: Stage) -> dict[str, list[dict[str, Any]]]:
    answer = await _get(playing, "workflow", "/v1/kinds", playing.keys.province)
    kinds = answer["kinds"] if isinstance(answer, dict) else answer
    return {kind["kind"]: kind["ladder"] for kind in kinds}


def _compare_rungs(
    report: Report, expected: Sequence[ExpectedRung], obligations: Sequence[Mapping[str, Any]]
) -> None:
    """Every rung that fell due was raised, or recorded as overtaken, and no other.

    One that hung on an incident is raised by that; whether it is told, or recorded as
    overtaken, when the incident is over, is for the auditor to say.
    """
    raised: Counter[Rung] = Counter()
    skipped: Counter[Rung] = Counter()
    hung: set[Rung] = set()
    broken = withdrawn = 0
    for event in obligations:
        data = event["data"]
        if data.get("kind") not in KINDS:
            continue
        match _name(event):
            case "obligation.rung_reached" if data.get("incident"):
                hung.add(_rung(event))
            case "obligation.rung_reached" if data["rung"] == BROKEN or data.get("repeat"):
                broken += 1
            case "obligation.rung_reached":
                raised[_rung(event)] += 1
            case "obligation.rung_skipped" if data["why"] == "overtaken":
                skipped[_rung(event)] += 1
            case "obligation.rung_withdrawn":
                withdrawn += 1
    for rung in hung:
        raised[rung] = max(1, raised[rung])
        del skipped[rung]
    for kind in KINDS:
        wanted = Counter(
            (one.subject, one.obligation, one.rung, one.at)
            for one in expected
            if one.kind == kind and one.raised
        )
        report.compare(
            f"rungs raised: {kind}",
            wanted,
            Counter({key: count for key, count in raised.items() if kind_of(key[1]) == kind}),
        )
    overtaken = Counter(
        (one.subject, one.obligation, one.rung, one.at) for one in expected if not one.raised
    )
    report.compare("rungs overtaken by a higher one in the same step", overtaken, skipped)
    report.count("rungs withdrawn", 0, withdrawn)


def _compare_incidents(
    report: Report,
    hung: Iterable[Hung],
    told: Counter[tuple[str, ...]],
    obligations: Sequence[Mapping[str, Any]],
) -> None:
    """What fell due while a link was lost hung on that; each incident was told, and ended."""
    found: Counter[Rung] = Counter()
    said: Counter[tuple[str, ...]] = Counter()
    for event in obligations:
        name = _name(event)
        if name == "obligation.rung_reached" and event["data"].get("incident"):
            found[_rung(event)] += 1
        elif name == "incident.opened":
            said["opened", str(event["subject"])] += 1
        elif name == "incident.closed":
            said["closed", str(event["subject"]), *(event["data"].get("units") or ())] += 1
    report.compare("rungs that hung on an outage", Counter(one.rung for one in hung), found)
    report.compare("incidents told, and told to be over", told, said)


def _rung(event: Mapping[str, Any]) -> Rung:
    data = event["data"]
    moment = datetime.fromisoformat(data["rung_at"]).astimezone(UTC)
    return (event["subject"], data["obligation"], data["rung"], moment)


async def _compare_messages(
    report: Report,
    playing: Stage,
    dossiers: Sequence[Mapping[str, Any]],
    obligations: Sequence[Mapping[str, Any]],
    notices: Sequence[Mapping[str, Any]],
    end: datetime,
) -> None:
    """Everybody who was to hear of something got one message of it, and nobody any other."""
    policy = await _get(playing, "notifications", "/v1/policy", playing.keys.province)
    citizens = {row["event"] for row in policy["citizens"] if "email" in row["channels"]}
    planned: dict[str, Mapping[str, Any]] = {}
    state: dict[str, str] = {}
    for event in notices:
        name = _name(event).partition(".")[2]
        if event["data"]["channel"] == "email":
            planned.setdefault(event["subject"], event["data"])
            if name in SETTLED or event["subject"] not in state:
                state[event["subject"]] = name

    applicants = Counter(
        (event["subject"], event["id"]) for event in dossiers if _name(event) in citizens
    )
    told = Counter(
        (data["cause"], data["about"])
        for data in planned.values()
        if data.get("person") is None and data["about_name"] in citizens
    )
    told.update(
        (data["cause"], data["about"])
        for data in planned.values()
        if data.get("person") is None and data["about_name"] == "obligation.rung_reached"
    )
    report.compare("notices to applicants", applicants + _reminded(obligations), told)
    officials = Counter(
        (event["subject"], event["id"], person)
        for event in obligations
        if _name(event) == "obligation.rung_reached" and not event["data"].get("incident")
        for person in event["data"].get("persons", ())
    )
    reached = Counter(
        (data["cause"], data["about"], data["person"])
        for data in planned.values()
        if data["about_name"] == "obligation.rung_reached" and data.get("person") is not None
    )
    report.compare("alerts to officials", officials, reached)
    hearers = Counter(
        (event["subject"], event["id"], person)
        for event in obligations
        if _name(event) in INCIDENTS
        for person in event["data"].get("persons", ())
    )
    heard = Counter(
        (data["cause"], data["about"], data["person"])
        for data in planned.values()
        if data["about_name"] in INCIDENTS
    )
    report.compare("messages of incidents", hearers, heard)
    unsettled = [notice for notice, name in state.items() if name not in SETTLED]
    report.compare(
        "messages planned and not settled",
        Counter(),
        Counter(set(unsettled) - held_beyond(notices, end)),
    )
    _compare_mail(report, playing, planned, state)


def _reminded(obligations: Iterable[Mapping[str, Any]]) -> Counter[tuple[str, str]]:
    """Return the alerts of which the applicant gets a notice, too."""
    return Counter(
        (str(event["subject"]), str(event["id"]))
        for event in obligations
        if _name(event) == "obligation.rung_reached"
        and (event["data"]["kind"], event["data"]["rung"]) == REMINDED
    )


def held_beyond(notices: Iterable[Mapping[str, Any]], end: datetime) -> set[str]:
    """Return the messages that were held back, as they may be, until later than `end`."""
    until: dict[str, datetime] = {}
    for event in notices:
        if _name(event) == "notice.held":
            until[event["subject"]] = datetime.fromisoformat(event["data"]["until"])
    return {notice for notice, moment in until.items() if end < moment <= end + HELD_MAX}


def _compare_mail(
    report: Report,
    playing: Stage,
    planned: Mapping[str, Mapping[str, Any]],
    state: Mapping[str, str],
) -> None:
    """What the catcher took is what notifications says it sent, each to the right person."""
    addresses = {
        code: applicant_address(story.number)
        for code, story in playing.actor.sent.stories.items()
    }
    sent = Counter(
        (notice, _address(planned[notice], addresses))
        for notice, name in state.items()
        if name in {"sent", "delivered"}
    )
    caught = Counter(
        (notice, mail.recipients[0])
        for mail in playing.mailbox.mails
        for notice in mail.notices()
    )
    report.compare("messages at the mail catcher", sent, caught)
    strange = Counter(
        f"mail {mail.number}"
        for mail in playing.mailbox.mails
        if not mail.notices() or len(mail.recipients) != 1
    )
    report.compare("mails that carry no notice, or go to several", Counter(), strange)


def _address(data: Mapping[str, Any], applicants: Mapping[str, str]) -> str:
    person = data.get("person")
    return f"{person}@{DOMAIN}" if person else applicants.get(str(data["cause"]), "?")

"""What people got, and what was put on record, as lines of a table."""

import re
from datetime import datetime

from services.notifications.core.notice import Plan
from shared.calendar.zone import ICT
from shared.events.envelope import from_document
from shared.events.obligations import ObligationRungReached
from tests.simulation.scenarios.house import House, Sent
from tests.simulation.scenarios.worlds import dossier_code
from tests.unit.workflow.province import PROVINCE, UNIT
from tests.unit.workflow.scenario import shown, written

_FORMER = re.compile(r"\((?:trước đây|before): (\d\d:\d\d) [^\d)]+ (\d\d/\d\d/\d{4})\)")


def messages(house: House) -> list[str]:
    """Return every message that a channel took, a line each."""
    return [message_line(sent) for sent in house.messages]


def message_line(sent: Sent) -> str:
    """Write a message as one line."""
    first = sent.plans[0]
    who = first.recipient.removeprefix(f"p-{UNIT}-").removeprefix(f"p-{PROVINCE}-")
    told = " + ".join(map(told_line, sent.plans))
    resent = " (again)" if sent.message.resent else ""
    moved = "".join(f" was {shown(one)}" for one in former_dates(sent.message.content.text))
    return f"{shown(sent.at)} {who.removeprefix('p-')} {sent.channel} {told}{moved}{resent}"


def former_dates(text: str) -> list[datetime]:
    """Return the dates that a message says no longer hold, as its reader finds them."""
    return [
        datetime.strptime(f"{clock} {day}", "%H:%M %d/%m/%Y").replace(tzinfo=ICT)
        for clock, day in _FORMER.findall(text)
    ]


def told_line(plan: Plan) -> str:
    """Write what a notice tells."""
    facts = plan.facts
    if plan.template != "rung":
        detail = [plan.template, plan.obligation or "", plan.rung or ""]
        detail += [facts.get(name, "") for name in ("unit", "role", "why")]
        if "incident" in facts:
            detail.append("struck" if "reversed" in facts else "")
            if codes := facts.get("units"):
                detail += ["in", *codes.split(",")]
            detail += ["of", *(_letter(code) for code in facts["dossiers"].split(", "))]
        return _about(plan.subject) + " ".join(filter(None, detail))
    repeat = f"~{facts['repeat']}" if "repeat" in facts else ""
    line = f"{plan.obligation}/{plan.cycle} {plan.rung}{repeat}"
    if "late_by_outage_hours" in facts:
        line += f" late {facts['late_by_outage_hours']} h"
    if "data_incomplete_since" in facts:
        since = datetime.fromisoformat(facts["data_incomplete_since"])
        line += f" incomplete since {shown(since)}"
    if "broken_by" in facts:
        line += f" broken by {facts['broken_by'].removeprefix(f'p-{UNIT}-')}"
    if "vacant_roles" in facts:
        line += f" vacant {facts['vacant_roles']}"
    return _about(plan.subject) + line


def _about(subject: str) -> str:
    """Name the subject, unless it is the one that scenarios are about by default."""
    parts = subject.split("/", 2)
    own = parts[2] if len(parts) == 3 else subject
    if own == "m-1" or own == dossier_code("A"):
        return ""
    return f"{_letter(own)}: "


def _letter(own: str) -> str:
    """Return what tables call a dossier, or the id of anything else."""
    letters = {dossier_code(letter): letter for letter in "ABCDEFGH"}
    return letters.get(own, own)


def records(house: House) -> list[str]:
    """Return what workflow put on record, besides the rungs that people were told of."""
    lines: list[str] = []
    for out in house.durable.publisher.published:
        assert out.value is not None, "workflow publishes events only"
        event = from_document(out.value)
        if not isinstance(event.data, ObligationRungReached):
            lines.append(
                f"{shown(event.recordedtime)} {_about(event.subject)}{written(event.data)}"
            )
    return lines

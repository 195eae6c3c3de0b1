"""What a notice says, before it is put into words: facts, read for people.

Only what the recipient may know goes in. A procedure whose name alone would reveal something
about the applicant is called by its neutral name everywhere outside the counter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Protocol

from services.notifications.core.cause import Cause
from services.notifications.core.notice import APPLICANT, Language, Notice, Plan
from services.notifications.core.safety import person_name, printable
from services.notifications.core.words import (
    amount_text,
    day_text,
    kind_word,
    moment_text,
    rung_word,
    subject_title,
    word,
)
from shared.calendar.zone import legal_day
from shared.events.codes import is_matter

NEUTRAL: Final = {"vi": "thủ tục hành chính", "en": "administrative procedure"}

_MOMENTS: Final = (
    "due",
    "former",
    "limit",
    "rung_at",
    "since",
    "until",
    "data_incomplete_since",
)
_DAYS: Final = ("new_date", "broken_promised", "last_day")
_AMOUNTS: Final = ("amount", "fee_due")
_WORDS: Final = {
    "role": "role",
    "reason": "reason",
    "why": "reason",
    "broken_cause": "cause",
    "how": "how",
}
_LISTS: Final = {"vacant_roles": "role", "reasons": "unreached"}
"""Facts that are several codes, with a comma between, and where their words are."""


class Names(Protocol):
    """The names of things, as the reference data have them."""

    def unit(self, code: str) -> str:
        """Return a unit's name, or its code where none is known."""
        ...

    def agency(self, code: str) -> str:
        """Return an agency's name, or its code where none is known."""
        ...

    def procedure(self, code: str) -> tuple[str, bool]:
        """Return a procedure's name for people outside, and whether it is a neutral one."""
        ...


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses that a letter may carry; empty ones are left out."""

    answer: str = ""
    desk: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """One notice, ready to be put into words.

    `values` are texts for the wording, all of them printable.
    """

    template: str
    language: Language
    name: str | None
    values: Mapping[str, str]
    links: Links = field(default_factory=Links)
    resent: bool = False


def letter_of(
    notice: Notice,
    cause: Cause | None,
    *,
    language: Language,
    name: str | None,
    names: Names,
    links: Links,
    resent: bool,
) -> Letter:
    """Return the letter of a notice, with what is true of its cause now."""
    plan = notice.plan
    values = {
        "subject": plan.subject,
        "title": subject_title(plan.subject, language),
        "unit": names.unit(plan.unit),
        "matter": "1" if is_matter(plan.subject) else "",
        **_facts(plan, language),
        **_places(plan, names),
        **_cause_values(plan, cause, names, language),
    }
    return Letter(
        template=plan.template,
        language=language,
        name=person_name(name) if plan.recipient == APPLICANT else None,
        values={key: printable(value) for key, value in values.items()},
        links=links,
        resent=resent,
    )


def _facts(plan: Plan, language: Language) -> dict[str, str]:
    read: dict[str, str] = {}
    for name, value in plan.facts.items():
        if name in _MOMENTS:
            read[name] = moment_text(datetime.fromisoformat(value), language)
        elif name in _DAYS:
            read[name] = day_text(date.fromisoformat(value), language)
        elif name in _AMOUNTS:
            read[name] = amount_text(int(value))
        elif name == "kind":
            read[name] = kind_word(value, language)
        elif name == "rung":
            read[name] = rung_word(plan.facts.get("kind", ""), value, language)
            read["rung_code"] = value
        elif name in _LISTS:
            codes = value.split(", ")
            read[name] = ", ".join(word(_LISTS[name], code, language) for code in codes)
        elif name in _WORDS:
            read[name] = word(_WORDS[name], value, language)
            read[f"{name}_code"] = value
        else:
            read[name] = value
    return read


def _places(plan: Plan, names: Names) -> dict[str, str]:
    places = {
        name: names.unit(plan.facts[name])
        for name in ("from_unit", "to_unit", "unit")
        if name in plan.facts
    }
    if codes := plan.facts.get("units"):
        places["units"] = ", ".join(map(names.unit, codes.split(",")))
    if "agency" in plan.facts:
        places["agency"] = names.agency(plan.facts["agency"])
    return places


def _cause_values(
    plan: Plan, cause: Cause | None, names: Names, language: Language
) -> dict[str, str]:
    if cause is None:
        return {}
    read: dict[str, str] = {}
    if cause.procedure:
        read["procedure"], neutral = names.procedure(cause.procedure)
        if neutral and language == "en":
            read["procedure"] = NEUTRAL["en"]
        # A code would reveal what the neutral name hides.
        read["procedure_code"] = "" if neutral else cause.procedure
    promised = cause.promise_due()
    due = None if promised is None or promised.suspended else promised.due
    if "due" not in plan.facts and plan.recipient == APPLICANT and due is not None:
        read["due"] = moment_text(due, language)
    return read | _moved(plan, cause, language)


def _moved(plan: Plan, cause: Cause, language: Language) -> dict[str, str]:
    """Return the date that moved and what it was, where only the cause knows both by now."""
    if plan.template == "new_date":
        owed = cause.promise_due()
        new = date.fromisoformat(plan.facts["new_date"])
        # The move itself comes on another topic: before this notice is written, or after.
        has_moved = owed is not None and owed.due is not None and legal_day(owed.due) == new
        former = None if owed is None else owed.former if has_moved else owed.due
        return {"former": "" if former is None else moment_text(former, language)}
    if plan.template == "rung_withdrawn":
        owed = cause.owed.get(plan.obligation or "")
        was = plan.facts.get("former")
        if owed is None or owed.due is None or was is None or owed.suspended or owed.ended:
            return {"former": ""}
        moved = owed.cycle > (plan.cycle or 0) and owed.due != datetime.fromisoformat(was)
        return {"due": moment_text(owed.due, language)} if moved else {"former": ""}
    return {}


LinkMaker = Callable[[Plan, Language], Links]

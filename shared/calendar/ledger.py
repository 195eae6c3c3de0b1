"""The ledger of a deadline: every day counted, and every reason, in order.

Entries are data: a key from a closed set, a running count, the event that caused it. The
words in Vietnamese and English, and the rules of law behind them, are in `wording.py`. Which
article a rule is, the table of law says for the day of the entry.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from shared.calendar.wording import LAW, text_of
from shared.calendar.zone import ICT, legal_day
from shared.law.citation import Citation, cite_all

DAY_CHARACTERS = len("2026-01-05")

Language = Literal["vi", "en"]
Count = int | float | None


@dataclass(frozen=True)
class LedgerEntry:
    """One line of the ledger; the entry of a plain day is shared by all ledgers that have it.

    Attributes:
        at: When; for a counted day its first moment.
        key: What, from `wording.TEXTS`.
        count: The running count in the limit's unit; none where the day does not count.
        cause: The id of the event that caused it, if one did.
        params: What the words need: a date, a reason, an amount.
        clock: Whose count it is: the law's (the rule row's own), or the national index.
    """

    at: datetime
    key: str
    count: Count = None
    cause: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    clock: Literal["law", "index"] = "law"

    @property
    def day(self) -> date:
        """Return the legal day of the entry."""
        return legal_day(self.at)

    @property
    def law(self) -> Citation | None:
        """Return where the entry's rule was written on its day, if one says so."""
        rules = LAW.get(self.key)
        return None if rules is None else cite_all(rules, self.day)

    @property
    def row(self) -> Mapping[str, Any]:
        """Return the entry as events carry it, written once; it is shared, so only read it."""
        row: dict[str, Any] | None = self.__dict__.get("_row")
        if row is None:
            row = {"params": {}, **entry_to_document(self)}
            if self.count is None:
                del row["count"]
            self.__dict__["_row"] = row
        return row


@dataclass(frozen=True, slots=True)
class Line:
    """One line as a person reads it."""

    day: date
    text: str
    count: str  # "–" where nothing is counted.
    law: str | None
    clock: str


def explain(entries: Iterable[LedgerEntry], language: Language = "vi") -> list[Line]:
    """Return the ledger in words, in Vietnamese or in English."""
    return [_line(entry, language) for entry in entries]


def _line(entry: LedgerEntry, language: Language) -> Line:
    citation = entry.law
    law = None if citation is None else getattr(citation, language)
    return Line(
        day=entry.day,
        text=text_of(entry.key, entry.params, language, law=law),
        count="–" if entry.count is None else f"{entry.count:g}",
        law=law,
        clock=entry.clock,
    )


def entry_to_document(entry: LedgerEntry) -> dict[str, Any]:
    """Return an entry as JSON can hold it."""
    at = entry.at.astimezone(ICT).isoformat()
    document: dict[str, Any] = {
        "day": at[:DAY_CHARACTERS],
        "at": at,
        "key": entry.key,
        "count": entry.count,
        "clock": entry.clock,
    }
    if (law := entry.law) is not None:
        document["source"] = law.vi
    if entry.cause is not None:
        document["cause"] = entry.cause
    if entry.params:
        document["params"] = dict(entry.params)
    return document


def entry_from_document(document: Mapping[str, Any]) -> LedgerEntry:
    """Return the entry that `entry_to_document` wrote."""
    return LedgerEntry(
        at=datetime.fromisoformat(document["at"]),
        key=document["key"],
        count=document.get("count"),
        cause=document.get("cause"),
        params=dict(document.get("params", {})),
        clock=document.get("clock", "law"),
    )


def ledger_to_documents(entries: Sequence[LedgerEntry]) -> list[dict[str, Any]]:
    """Return a whole ledger as JSON can hold it."""
    return [entry_to_document(entry) for entry in entries]

"""Where a rule is written, in words, on a given day."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import groupby
from typing import Final

from shared.law.rules import Rule
from shared.law.table import ROWS, Row, Weight
from shared.law.texts import Text

_PLACE: Final = re.compile(r"(?P<article>[0-9]+)(?:\.(?P<clause>[0-9]+)(?P<point>[a-zđ])?)?")

_ROWS: Final[Mapping[Rule, tuple[Row, ...]]] = {
    rule: tuple(row for row in ROWS if row.rule is rule) for rule in Rule
}


@dataclass(frozen=True, slots=True)
class Citation:
    """A place in a text of law.

    Attributes:
        vi: In Vietnamese, such as "NĐ 118/2025/NĐ-CP Điều 19 khoản 5".
        en: In English, such as "Decree 118/2025/NĐ-CP, art. 19.5".
        weight: How sure it is that the place says so.
    """

    vi: str
    en: str
    weight: Weight

    @property
    def verified(self) -> bool:
        """Say whether the place may count as verified: one secondary source is not enough."""
        return self.weight is not Weight.ONE


class NoCitationError(LookupError):
    """No text that is known here held the rule on that day."""

    def __init__(self, rule: Rule, day: date) -> None:
        """Name the rule and the day."""
        super().__init__(f"no text of law for {rule} on {day:%Y-%m-%d}")


def cite(rule: Rule, day: date) -> Citation:
    """Return where a rule is written on a legal day.

    The day is that of the dossier's receipt; for what a later event brings about, the day of
    that event.

    Raises:
        NoCitationError: no text that is known here held the rule on that day.
    """
    found = find(rule, day)
    if found is None:
        raise NoCitationError(rule, day)
    return found


def find(rule: Rule, day: date) -> Citation | None:
    """Return where a rule is written on a legal day, none if it was nowhere."""
    row = next((row for row in _ROWS[rule] if row.in_force(day)), None)
    return None if row is None else of_row(row)


def cite_all(rules: Iterable[Rule], day: date) -> Citation | None:
    """Return where several rules are written on a legal day.

    Rules that no text held on that day are left out; none if that leaves nothing.
    """
    found = [each for rule in rules if (each := find(rule, day)) is not None]
    return _joined(found) if found else None


def latest(rules: Iterable[Rule]) -> Citation:
    """Return where rules are written in the latest texts, for what has no day of its own."""
    return _joined([of_row(max(_ROWS[rule], key=lambda row: row.begins)) for rule in rules])


def _joined(found: Sequence[Citation]) -> Citation:
    """Return several citations as one, as sure as the least sure of them."""
    return Citation(
        "; ".join(each.vi for each in found),
        "; ".join(each.en for each in found),
        max((each.weight for each in found), key=list(Weight).index),
    )


@cache
def of_row(row: Row) -> Citation:
    """Return a row of the table in words."""
    vi, en = _vi(row.text, row.places), _en(row.text, row.places)
    if row.amended is not None:
        text, place = row.amended
        vi = f"{vi}, sửa đổi bởi {_vi(text, (place,))}"
        en = f"{en}, amended by {_en(text, (place,))}"
    return Citation(vi, en, row.weight)


def _vi(text: Text, places: tuple[str, ...]) -> str:
    """Return places as "Điều 19 khoản 6, khoản 7": what is in one article names it once."""
    if not places:
        return text.vi
    if text.metrics:
        return f"{text.vi}, chỉ số {', '.join(places)}"
    parts = [_parts(place) for place in places]
    articles = list[str]()
    for article, group in groupby(parts, key=lambda part: part[0]):
        within = ", ".join(filter(None, map(_within, group)))
        articles.append(f"Điều {article} {within}".rstrip())
    return f"{text.vi} {', '.join(articles)}"


def _within(part: tuple[str, str, str]) -> str:
    _, clause, point = part
    return (f"khoản {clause}" if clause else "") + (f" điểm {point}" if point else "")


def _en(text: Text, places: tuple[str, ...]) -> str:
    if not places:
        return text.en
    if text.metrics:
        return f"{text.en}, metric {', '.join(places)}"
    word = "art." if len(places) == 1 else "arts."
    written = (re.sub(r"([a-zđ])$", r"(\1)", place) for place in places)
    return f"{text.en}, {word} {', '.join(written)}"


def _parts(place: str) -> tuple[str, str, str]:
    """Take `11.2c` apart into article, clause and point."""
    found = _PLACE.fullmatch(place)
    assert found is not None, f"{place!r} is no place in a text"
    return found["article"], found["clause"] or "", found["point"] or ""

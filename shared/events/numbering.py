"""Dossier codes in the national pattern, and who may open a dossier under which of them.

A code carries the electronic id of the competent agency, the day of receipt and the number of
that day (decision 0040). Numbers run per prefix and local day. Gaps are allowed, repeats are
not. Past 9,999 a number simply grows a fifth digit. A code is of the pattern only if the
pattern can give it; a code of another shape is another system's and none of this concerns it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Final, Protocol

from shared.events.codes import ELECTRONIC_ID_PATTERN, UNIT_PATTERN

DEFAULT_PATTERN: Final = "{electronic_id}-{yyMMdd}-{seq:04d}"
BELOW: Final = ".*"
"""Ends a grant for every electronic id below one: `H37.*`."""
CENTURY: Final = 2000
DATES: Final[Mapping[str, str]] = {
    "yyMMdd": "%y%m%d",
    "yyyyMMdd": "%Y%m%d",
    "ddMMyy": "%d%m%y",
    "ddMMyyyy": "%d%m%Y",
}
"""The ways to write the day of receipt, and how `strftime` writes each."""

_FIELD: Final = re.compile(r"\{(?P<name>[A-Za-z_]+)(?::0(?P<digits>[1-9])d)?\}")
_LITERAL: Final = re.compile(r"[A-Za-z0-9._-]*")
_PARTS_OUT: Final = re.compile(r"[A-Za-z._-]")
"""What separates a number from other digits."""

_ELECTRONIC_ID: Final = ELECTRONIC_ID_PATTERN.removeprefix("^").removesuffix("$")
_UNIT: Final = UNIT_PATTERN.removeprefix("^").removesuffix("$")
_SHAPES: Final[Mapping[str, str]] = {
    "electronic_id": _ELECTRONIC_ID,
    "unit": _UNIT,
    **{name: f"[0-9]{{{len(name)}}}" for name in DATES},
    "seq": "[0-9]+",
}
_GRANT: Final = re.compile(rf"{_UNIT}|{_ELECTRONIC_ID}(?:\.\*)?")


class CodePatternError(ValueError):
    """A pattern for dossier codes cannot give safe codes that never repeat."""


class NumberedUnit(Protocol):
    """What must be known of a unit to number its dossiers."""

    @property
    def code(self) -> str:
        """The unit's code, such as 06112."""

    @property
    def electronic_id(self) -> str:
        """The unit's electronic identifier, such as H37.117."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """The part of a code that names its agency: an electronic id, a unit's code, or both."""

    electronic_id: str | None = None
    unit: str | None = None

    @property
    def text(self) -> str:
        """The prefix as one string; under it numbers are drawn."""
        return "/".join(part for part in (self.electronic_id, self.unit) if part is not None)

    def under(self, units: Mapping[str, NumberedUnit]) -> "Prefix":
        """Return the prefix with the current code of the unit that it names."""
        unit = None if self.unit is None else units.get(self.unit)
        return self if unit is None else replace(self, unit=unit.code)

    def names(self, unit: NumberedUnit) -> bool:
        """Return whether this is the prefix of a unit."""
        return self.electronic_id in {None, unit.electronic_id} and self.unit in {
            None,
            unit.code,
        }


@dataclass(frozen=True, slots=True)
class CodeParts:
    """What a code of the pattern says."""

    prefix: Prefix
    day: date
    number: int


@dataclass(frozen=True, slots=True)
class CodePattern:
    """A checked pattern such as `{electronic_id}-{yyMMdd}-{seq:04d}`."""

    text: str = DEFAULT_PATTERN

    def __post_init__(self) -> None:
        """Refuse a pattern that could repeat a code or make an unsafe one.

        Raises:
            CodePatternError: says what is wrong with it.
        """
        names = [match["name"] for match in _FIELD.finditer(self.text)]
        rest = _FIELD.sub("", self.text)
        if not _LITERAL.fullmatch(rest):
            raise CodePatternError(
                f"{self.text!r}: between the fields only letters, digits, . _ and - may stand"
            )
        if unknown := sorted(set(names) - set(_SHAPES)):
            raise CodePatternError(f"{self.text!r}: no such field: {', '.join(unknown)}")
        if names.count("seq") != 1:
            raise CodePatternError(f"{self.text!r}: {{seq}} must stand in it once")
        if not {"electronic_id", "unit"} & set(names) or not set(DATES) & set(names):
            raise CodePatternError(
                f"{self.text!r}: the unit and the date must stand in it, or codes would repeat"
            )
        if not _number_is_apart(self.text):
            raise CodePatternError(
                f"{self.text!r}: a letter, . _ or - must separate {{seq}} from the next field, "
                "or two units' codes could be the same"
            )

    def code(self, *, unit: str, electronic_id: str, day: date, number: int) -> str:
        """Return the code of the `number`-th dossier of a prefix on a local day, from 1."""
        assert number >= 1, "the first dossier of a day has number 1"
        values = {
            "electronic_id": electronic_id,
            "unit": unit,
            **{name: day.strftime(form) for name, form in DATES.items()},
        }

        def fill(match: re.Match[str]) -> str:
            if match["name"] == "seq":
                return f"{number:0{match['digits'] or '1'}d}"
            return values[match["name"]]

        return _FIELD.sub(fill, self.text)

    def prefix(self, unit: NumberedUnit) -> Prefix:
        """Return the prefix that a unit's codes bear."""
        names = {match["name"] for match in _FIELD.finditer(self.text)}
        return Prefix(
            electronic_id=unit.electronic_id if "electronic_id" in names else None,
            unit=unit.code if "unit" in names else None,
        )

    def read(self, code: str) -> CodeParts | None:
        """Return what a code says; None when this pattern cannot give it."""
        match = _reader(self.text).fullmatch(code)
        if match is None:
            return None
        found = match.groupdict()
        day = next(_day(name, found[name]) for name in DATES if name in found)
        number = int(found["seq"])
        if day is None or number < 1:
            return None
        prefix = Prefix(found.get("electronic_id"), found.get("unit"))
        made = self.code(
            unit=prefix.unit or "",
            electronic_id=prefix.electronic_id or "",
            day=day,
            number=number,
        )
        return CodeParts(prefix, day, number) if made == code else None


@dataclass(frozen=True, slots=True)
class NumberingRights:
    """Which publishers may open dossiers under codes of the pattern.

    Attributes:
        pattern: The installation's pattern.
        granted: Publisher → what it may number for: a unit's code (06112), an electronic id
            (H37.117), or every id below one (H37.*).
    """

    pattern: CodePattern = field(default_factory=CodePattern)
    granted: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def may_number(
        self, publisher: str, prefix: Prefix, units: Mapping[str, NumberedUnit]
    ) -> bool:
        """Return whether a publisher is registered for a prefix."""
        return any(
            covers(grant, prefix, units) for grant in self.granted.get(publisher, frozenset())
        )


def code_bearer(
    *, receiving: str, competent: str | None, linked: bool, online: bool
) -> str | None:
    """Return the unit whose prefix a new dossier's code carries; None where the portal numbers.

    It is the competent unit. A group of linked procedures has several competent agencies:
    on paper its code carries the prefix of the unit that receives, online that of the portal.

    Args:
        receiving: The unit that receives the dossier.
        competent: The unit that is competent, where it is named.
        linked: The procedure is a group of linked procedures (`liên thông`).
        online: The dossier came through the portal.
    """
    if not linked:
        return competent or receiving
    return None if online else receiving


def is_grant(text: str) -> bool:
    """Return whether a text can say what a publisher numbers for."""
    return _GRANT.fullmatch(text) is not None


def is_unit(grant: str) -> bool:
    """Return whether a grant names a unit by its code, instead of a prefix."""
    return re.fullmatch(_UNIT, grant) is not None


def covers(grant: str, prefix: Prefix, units: Mapping[str, NumberedUnit]) -> bool:
    """Return whether a grant includes a prefix.

    A grant of a unit follows the unit when its electronic id changes.
    """
    if is_unit(grant):
        unit = units.get(grant)
        return unit is not None and prefix.names(unit)
    identifier = prefix.electronic_id
    if identifier is None:
        bearer = units.get(prefix.unit or "")
        if bearer is None:
            return False
        identifier = bearer.electronic_id
    if grant.endswith(BELOW):
        return identifier.startswith(grant.removesuffix("*"))
    return identifier == grant


def _number_is_apart(text: str) -> bool:
    """Return whether no field's digits can run into those of the number."""
    before, _, after = re.split(r"(\{seq[^}]*\})", text, maxsplit=1)
    left = before.rpartition("}")
    right = after.partition("{")
    return (not left[1] or _PARTS_OUT.search(left[2]) is not None) and (
        not right[1] or _PARTS_OUT.search(right[0]) is not None
    )


@lru_cache(maxsize=8)
def _reader(text: str) -> re.Pattern[str]:
    """Return what reads the codes of a pattern; a field that is repeated repeats its value."""
    written, end = "", 0
    seen: set[str] = set()
    for match in _FIELD.finditer(text):
        name = match["name"]
        written += re.escape(text[end : match.start()])
        written += f"(?P={name})" if name in seen else f"(?P<{name}>{_SHAPES[name]})"
        seen.add(name)
        end = match.end()
    return re.compile(written + re.escape(text[end:]))


def _day(form: str, digits: str) -> date | None:
    """Return the day that a code names in one of `DATES`; None where there is no such day."""
    year, month, day = (
        int(digits[form.index(part) : form.rindex(part) + 1]) for part in ("y", "M", "d")
    )
    try:
        return date(year if "yyyy" in form else CENTURY + year, month, day)
    except ValueError:
        return None

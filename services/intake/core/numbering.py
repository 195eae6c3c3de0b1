"""Dossier codes in the national pattern, from a counter per unit and local date.

Gaps are allowed, repeats are not. Past 9,999 a number simply grows a fifth digit.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

DEFAULT_PATTERN: Final = "{electronic_id}-{yyMMdd}-{seq:04d}"

_FIELD: Final = re.compile(r"\{(?P<name>[A-Za-z_]+)(?::0(?P<digits>[1-9])d)?\}")
_FIELDS: Final = frozenset({"electronic_id", "unit", "yyMMdd", "yyyyMMdd", "seq"})
_LITERAL: Final = re.compile(r"[A-Za-z0-9._-]*")


class CodePatternError(ValueError):
    """A pattern for dossier codes cannot give safe codes that never repeat."""


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
        if unknown := sorted(set(names) - _FIELDS):
            raise CodePatternError(f"{self.text!r}: no such field: {', '.join(unknown)}")
        if names.count("seq") != 1:
            raise CodePatternError(f"{self.text!r}: {{seq}} must stand in it once")
        if not {"electronic_id", "unit"} & set(names) or not {"yyMMdd", "yyyyMMdd"} & set(
            names
        ):
            raise CodePatternError(
                f"{self.text!r}: the unit and the date must stand in it, or codes would repeat"
            )

    def code(self, *, unit: str, electronic_id: str, day: date, number: int) -> str:
        """Return the code of the `number`-th dossier of a unit on a local day, from 1."""
        assert number >= 1, "the first dossier of a day has number 1"
        values = {
            "electronic_id": electronic_id,
            "unit": unit,
            "yyMMdd": day.strftime("%y%m%d"),
            "yyyyMMdd": day.strftime("%Y%m%d"),
        }

        def fill(match: re.Match[str]) -> str:
            if match["name"] == "seq":
                return f"{number:0{match['digits'] or '1'}d}"
            return values[match["name"]]

        return _FIELD.sub(fill, self.text)

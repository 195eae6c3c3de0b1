"""The unit that a column of an export means: by code or name, of today or of before July 2025.

A commune of before 1 July 2025 became part of one of today's, and two were divided among two.
What cannot be decided is refused with both units named, and never guessed.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final
from unicodedata import normalize

from deploy.reference.load import BUNDLED

UNITS: Final = "units.csv"
FORMER_UNITS: Final = "former_units.csv"
FORMER_COMMUNES: Final = "former_communes.csv"

TYPES: Final = ("xã ", "phường ", "thị trấn ")
_OLD_STYLE: Final = {
    new: old
    for pair in (
        "oà òa",
        "oá óa",
        "oả ỏa",
        "oã õa",
        "oạ ọa",
        "oè òe",
        "oé óe",
        "uỳ ùy",
        "uý úy",
    )
    for new, old in [pair.split()]
}


class UnclearPlaceError(ValueError):
    """A column names a place that is not one unit of today; the text names the units."""


@dataclass(frozen=True, slots=True)
class Places:
    """What is known of units' codes and names.

    Attributes:
        today: Today's units: code to name.
        aliases: Former codes of today's units, which intake knows itself.
        codes: Codes of communes of before July 2025 to what they are today, one code or two.
        called: Codes and names of before July 2025 as a person reads them.
        names: Normalised names to the codes of today that they can mean.
    """

    today: Mapping[str, str]
    aliases: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    called: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def unit(self, text: str) -> str:
        """Return the code that a column's text means; text that nothing is known of, as it is.

        A code or name of today goes first. A former code of a unit stays as it is, because
        intake takes it, and an export that is imported again must have the same letters.

        Raises:
            UnclearPlaceError: the place is parts of two units, or two places have this name.
        """
        if text in self.today:
            return text
        found = self.codes.get(text)
        if found is None and text not in self.aliases:
            found = self.names.get(_plain(text))
        alias = self.aliases.get(text)
        if alias is not None:
            if found not in {None, (alias,)}:
                both = self._named((alias, *(found or ())))
                raise UnclearPlaceError(
                    f"{text} is a former code of one unit, and before 1 July 2025 it was the "
                    f"code of {self.called[text]}, which is part of another: {both}"
                )
            return text
        if found is None:
            return text
        if len(found) > 1:
            raise UnclearPlaceError(
                f"{self.called.get(text, text)} is not one unit today but {self._named(found)}"
            )
        return found[0]

    def _named(self, codes: tuple[str, ...]) -> str:
        return " and ".join(f"{self.today[code]} ({code})" for code in dict.fromkeys(codes))


@cache
def bundled_places(folder: Path = BUNDLED) -> Places:
    """Return what the bundled tables say.

    Raises:
        OSError: a table cannot be read.
    """
    today = {row["unit"]: row["name"] for row in _rows(folder / UNITS)}
    aliases = {row["code"]: row["unit"] for row in _rows(folder / FORMER_UNITS)}
    old = list(_rows(folder / FORMER_COMMUNES))
    meant: dict[str, dict[str, None]] = {}
    for row in old:
        for name in (row["name"], f"{row['name']}, {row['district']}"):
            for spoken in _spoken(name):
                meant.setdefault(spoken, {}).update(dict.fromkeys(row["today"].split()))
    for code, name in today.items():
        for spoken in _spoken(name):
            # A name of today goes first, unless it is one only without its type.
            known = meant.get(spoken)
            exact = spoken == _plain(name)
            meant[spoken] = {code: None} if exact or known is None else {**known, code: None}
    return Places(
        today=today,
        aliases=aliases,
        codes={row["code"]: tuple(row["today"].split()) for row in old},
        called={row["code"]: f"{row['name']}, {row['district']}" for row in old},
        names={name: tuple(codes) for name, codes in meant.items()},
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _spoken(name: str) -> set[str]:
    """Return a name as people write it: with its type and without."""
    plain = _plain(name)
    bare = next((plain.removeprefix(kind) for kind in TYPES if plain.startswith(kind)), plain)
    return {plain, bare}


def _plain(name: str) -> str:
    """Return a name without what differs between spellings of it: case, spaces, tone marks."""
    text = " ".join(normalize("NFC", name).casefold().split())
    for new, old in _OLD_STYLE.items():
        text = text.replace(new, old)
    return text

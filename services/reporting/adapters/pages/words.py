"""The words of the pages, Vietnamese first; one term for one thing, everywhere (views.md).

They stand in `words.json`, so that whoever knows the language can mend them.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

Pair = tuple[str, str]
"""Vietnamese, English."""


@dataclass(frozen=True, slots=True)
class Words:
    """Every word by its key, statuses by their number, definitions by their figure."""

    words: dict[str, Pair]
    status: dict[int, Pair]
    definitions: tuple[tuple[str, Pair], ...]


@cache
def words() -> Words:
    """Read the words, once."""
    found = json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8"))
    return Words(
        words={key: (pair[0], pair[1]) for key, pair in found["words"].items()},
        status={int(key): (pair[0], pair[1]) for key, pair in found["status"].items()},
        definitions=tuple((key, (vi, en)) for key, vi, en in found["definitions"]),
    )

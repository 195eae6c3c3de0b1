"""Attributes that are not ours: which are ignored and counted, and which are refused.

Middleware adds attributes of its own (`traceid`, `knativearrivaltime`, `iodebeziumop`). They
are left out before anything is kept, compared or logged; only their number goes on. A name
that looks like one of ours misspelt is refused, because what it says would be lost.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Final

from shared.events.faults import Fault, fault
from shared.events.reading import pointer

#: CloudEvents advises 20 characters; Debezium's longest has 31.
NAME_CHARACTERS_MAX: Final = 64
#: More than any chain of middleware adds; each name is compared with ours.
EXTENSIONS_MAX: Final = 50
NAMES_KEPT: Final = 1_024
"""How many names are kept at hand with what they resemble: middleware adds the same few."""

_NAME: Final = re.compile(r"[a-z0-9]+")
_SEPARATORS: Final = re.compile(r"[^a-z0-9]")
#: How alike a name must be to one of ours that is missing, and to any other of ours.
_LIKE_MISSING: Final = 0.75
_LIKE_ANY: Final = 0.88


@dataclass(slots=True)
class Sorted:
    """The attributes of an event, with those that are not ours taken out.

    Attributes:
        ours: What the envelope's model reads.
        ignored: How many valid attributes of others there were.
        faults: Why attributes of others are refused.
    """

    ours: dict[str, Any]
    ignored: int = 0
    faults: list[Fault] = field(default_factory=list)


def sort_out(
    attributes: Mapping[str, Any],
    *,
    ours: Collection[str],
    needed: frozenset[str],
    fields: Mapping[str, Collection[str]],
) -> Sorted:
    """Take the attributes of others out of an event's.

    Args:
        attributes: All attributes but `data`.
        ours: Every name that the contract has for an attribute.
        needed: Those of ours without which an event would say something else.
        fields: The names that belong inside `data`, by type.
    """
    found = Sorted({key: item for key, item in attributes.items() if key in ours})
    strangers = attributes.keys() - found.ours.keys()
    if len(strangers) > EXTENSIONS_MAX:
        found.faults.append(fault("too-many-attributes", limit=EXTENSIONS_MAX))
        return found
    kind = attributes.get("type")
    inside = fields.get(kind, ()) if isinstance(kind, str) else ()
    given = frozenset(key for key, item in found.ours.items() if item is not None)
    for name in sorted(strangers):
        wrong = _fault(name, attributes[name], tuple(sorted(ours)), needed - given, inside)
        if wrong is None:
            found.ignored += 1
        else:
            found.faults.append(wrong)
    return found


def _fault(
    name: str,
    value: object,
    ours: tuple[str, ...],
    missing: frozenset[str],
    inside: Collection[str],
) -> Fault | None:
    path = pointer(name)
    meant = _meant(name[:NAME_CHARACTERS_MAX], ours, missing)
    if meant is not None:
        return fault(
            "unknown-field", path, hint=f", or write {meant}", hint_vi=f", hoặc ghi {meant}"
        )
    if name in inside:
        return fault(
            "unknown-field",
            path,
            hint=", or write it inside data",
            hint_vi=", hoặc ghi vào trong data",
        )
    if len(name) > NAME_CHARACTERS_MAX or _NAME.fullmatch(name) is None:
        return fault("bad-attribute-name", path, limit=NAME_CHARACTERS_MAX)
    if not (value is None or isinstance(value, str | bool | int)):
        return fault(
            "wrong-type",
            path,
            expected="a text, a whole number, or true or false",
            expected_vi="chuỗi ký tự, số nguyên, hoặc true hay false",
        )
    return None


@lru_cache(maxsize=NAMES_KEPT)
def _meant(name: str, ours: tuple[str, ...], missing: frozenset[str]) -> str | None:
    """Return the name of ours that was probably meant."""
    plain = _SEPARATORS.sub("", name.lower())
    found = get_close_matches(plain, sorted(missing), n=1, cutoff=_LIKE_MISSING)
    found = found or get_close_matches(plain, ours, n=1, cutoff=_LIKE_ANY)
    return found[0] if found else None

"""Media types, read and compared as RFC 9110 (section 8.3) and RFC 6839 define them.

Type, subtype, parameter names and charsets are the same in capital and small letters;
parameters may stand in any order, quoted, with spaces around them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

#: A longer header is no media type of anybody's.
CHARACTERS_MAX: Final = 300
TYPES_KEPT: Final = 256
"""How many texts are kept at hand with what they mean: publishers write the same few."""

_UTF8: Final = frozenset({"utf-8", "utf8"})
_TOKEN: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105  # A grammar's word, no secret.
_NAME: Final = re.compile(rf"[ \t]*({_TOKEN}/{_TOKEN})[ \t]*")
_PARAMETER: Final = re.compile(
    rf';[ \t]*(?:({_TOKEN})[ \t]*=[ \t]*(?:({_TOKEN})|"((?:[^"\\]|\\.)*)")[ \t]*)?'
)
_ESCAPED: Final = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class MediaType:
    """One media type: `type/subtype` in small letters, and its parameters by name."""

    name: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_json(self) -> bool:
        """Whether content of this type is JSON."""
        return self.name in {"application/json", "text/json"} or self.name.endswith("+json")

    @property
    def is_utf8(self) -> bool:
        """Whether the text is in UTF-8; without a charset it is, as JSON always is."""
        return self.parameters.get("charset", "utf-8").lower() in _UTF8


@lru_cache(maxsize=TYPES_KEPT)
def media_type(text: str) -> MediaType | None:
    """Read a media type; None when the text is none, or gives one parameter two values."""
    found = _NAME.match(text) if len(text) <= CHARACTERS_MAX else None
    if found is None:
        return None
    parameters: dict[str, str] = {}
    place = found.end()
    while place < len(text):
        part = _PARAMETER.match(text, place)
        if part is None:
            return None
        place = part.end()
        name, plain, quoted = part.groups()
        if name is None:
            continue  # Nothing between two semicolons, or after the last one.
        value = plain if quoted is None else _ESCAPED.sub(r"\1", quoted)
        if parameters.setdefault(name.lower(), value) != value:
            return None
    return MediaType(found.group(1).lower(), parameters)

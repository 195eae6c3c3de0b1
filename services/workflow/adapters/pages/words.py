"""The words of the pages, Vietnamese first; whoever knows the language mends `words.json`."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from shared.web.site import Pair


@cache
def words() -> Mapping[str, Pair]:
    """Read the words, once."""
    found = json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8"))
    return {key: (pair[0], pair[1]) for key, pair in found.items()}

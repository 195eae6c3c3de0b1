"""The law watch as `motcua calendar list` prints it."""

import json
from collections.abc import Iterable, Iterator
from datetime import date

from shared.ops.law_watch import bundled_law_watch
from shared.reference.law_watch import WatchedText


def law_watch_lines(
    today: date, *, as_json: bool, texts: Iterable[WatchedText] | None = None
) -> Iterator[str]:
    """Yield one line for each watched text; `DUE` marks those whose day has come.

    As JSON each line is an object of the state `watched`, with `due` and the row.
    """
    if not as_json:
        yield "Texts to look at again:"
    for one in bundled_law_watch() if texts is None else texts:
        due = one.is_due(today)
        if as_json:
            row = {
                "watch": one.watch,
                "text": one.text,
                "changes": one.changes,
                "look_on": one.look_on.isoformat(),
                "source": one.source,
                "weight": one.weight or None,
            }
            line = {"state": "watched", "due": due, "row": row}
            yield json.dumps(line, ensure_ascii=False)
        else:
            mark = "DUE " if due else ""
            known = f"weight {one.weight}" if one.weight else "not found"
            yield f"  {mark}{one.look_on} {one.watch}: {one.text} ({known}): {one.changes}"

"""The page of every kind, written from its data: `services/workflow/kinds.md`."""

from collections.abc import Iterator
from typing import Final

from services.workflow.core.kinds.kind import Kind
from services.workflow.core.kinds.registry import KINDS
from services.workflow.core.ladder import (
    ClockMinutes,
    FromDue,
    MinutesFromDue,
    MinutesFromStart,
    Rung,
    Share,
    Timing,
)

DAY_MINUTES: Final = 24 * 60


def kinds_page() -> str:
    """Return the whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Kinds of obligation"
    yield ""
    yield (
        "Written from the data in `services/workflow/core/kinds`; a test compares the two. "
        "To write it anew: `python -m services.workflow.usecases.kinds_page > "
        "services/workflow/kinds.md`."
    )
    yield ""
    yield "| kind | tên | name | of | opened by |"
    yield "|---|---|---|---|---|"
    for kind in KINDS.values():
        opened_by = "event" if kind.opens_on is None else "calendar"
        yield (
            f"| [`{kind.id}`](#{kind.id}) | {kind.name.vi} | {kind.name.en} "
            f"| {kind.of} | {opened_by} |"
        )
    for kind in KINDS.values():
        yield from _page(kind)


def _page(kind: Kind) -> Iterator[str]:
    yield ""
    yield f"## {kind.id}"
    yield ""
    yield f"**{kind.name.vi}** · {kind.name.en}"
    yield ""
    for name, words in (
        ("opens", kind.opens),
        ("due", kind.due),
        ("pauses", kind.pauses),
        ("discharged", kind.discharged),
    ):
        yield f"* {name}: {words.vi} {words.en}"
    source = kind.source
    verified = "verified" if source.verified else "not verified word for word"
    yield f"* source: {source.vi} · {source.en} ({verified})"
    yield f"* looks at: {', '.join(f'`{name}`' for name in sorted(kind.watches))}"
    yield ""
    if not kind.ladder.rungs:
        yield "No ladder: it is judged when it happens."
        return
    yield "| rung | when | who | says | |"
    yield "|---|---|---|---|---|"
    for rung in kind.ladder.rungs:
        yield (
            f"| `{rung.id}` | {_when(rung.when)} | {rung.role} | {rung.vi} · {rung.en} "
            f"| {_notes(rung)} |"
        )


def _when(when: Timing) -> str:
    match when:
        case Share(percent):
            return f"{percent} % of the limit used"
        case FromDue(0) | MinutesFromDue(0):
            return "the due moment"
        case FromDue(working_days):
            return f"close of due {working_days:+d} working days"
        case ClockMinutes(minutes):
            return f"{minutes} minutes after it, day and night"
        case MinutesFromStart(minutes):
            return f"{minutes} minutes after the beginning"
        case MinutesFromDue(minutes):
            days, rest = divmod(minutes, DAY_MINUTES)
            return f"{minutes:+d} minutes from due" if rest else f"{days:+d} days from due"


def _notes(rung: Rung) -> str:
    notes = ["statutory"] if rung.statutory else []
    if rung.repeat is not None:
        every, times = rung.repeat.every_working_days, rung.repeat.times_max
        notes.append(f"again every {every} working days, {times} times")
    return "; ".join(notes)


if __name__ == "__main__":
    print(kinds_page(), end="")  # noqa: T201 - this is how the page is written.
